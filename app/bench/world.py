"""What the measurements work on: a database of their own, and the smallest organisation that can order."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.engine import make_url

from app.bench.documents import GOODS
from app.factory import create_app
from app.migrate import upgrade
from auth.organisation import DeliveryAddress, Organisation, OrganisationKind, Unit
from auth.permission import Role
from auth.session import begin_session
from auth.user import Membership, User
from catalog.agreement import Agreement, AgreementState, Award, CallOffMethod, Entitlement, Lot
from catalog.ceiling import Ceiling
from catalog.price_list import Article, PriceList, Publication
from catalog.supplier import Supplier
from core.clock import now, today
from core.config import Settings, read_settings
from core.db import TransactionalFlask, db, unit_of_work
from core.state import advance
from core.types import sort_key
from orders.approval import ApprovalRule, ApprovalRuleStep, StepKind

LINES = 5
PLENTY = Decimal("900000000")


def settings_for(url: str, folder: Path) -> Settings:
    """Settings of the measurement: nothing of the surroundings but the database."""
    return read_settings({"AVROP_DATABASE_URL": url, "AVROP_DATA_DIR": str(folder), "AVROP_SECRET_KEY": "x" * 40})


@contextmanager
def own_database(url: str | None) -> Iterator[tuple[str, Path]]:
    """A new database that is removed afterwards, and a folder beside it.

    Without a URL a SQLite file. With one: the file it names, which must not exist yet; or a new database on the
    PostgreSQL server it names, whose own database is not touched. Raises click.ClickException.
    """
    with tempfile.TemporaryDirectory(prefix="avrop-bench-") as name:
        folder = Path(name)
        if url is None:
            yield f"sqlite:///{folder / 'avrop.db'}", folder
            return
        given = make_url(settings_for(url, folder).database_url)
        if given.get_backend_name() == "sqlite":
            with _new_file(Path(given.database or "")):
                yield url, folder
            return
        made = f"avrop_bench_{secrets.token_hex(6)}"
        server = create_engine(given, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {made} ENCODING 'UTF8' TEMPLATE template0"))
        try:
            yield given.set(database=made).render_as_string(hide_password=False), folder
        finally:
            with server.connect() as connection:
                connection.execute(text(f"DROP DATABASE {made} WITH (FORCE)"))
            server.dispose()


@contextmanager
def _new_file(path: Path) -> Iterator[None]:
    if path.exists():
        raise click.ClickException(f"{path} exists already: the measurement makes a database of its own")
    try:
        yield
    finally:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)


@contextmanager
def bench_app(url: str | None) -> Iterator[tuple[TransactionalFlask, str, Path]]:
    """An application on a database of its own, its context pushed; with the URL and the folder for other processes."""
    with own_database(url) as (own, folder):
        app = create_app(settings_for(own, folder))
        app.config["WTF_CSRF_ENABLED"] = False  # a token would have to be fetched before each measured POST
        with app.app_context():
            upgrade()
            db.session.remove()
            try:
                yield app, own, folder
            finally:
                db.session.remove()
                db.engine.dispose()


@dataclass(frozen=True, slots=True)
class Counter:
    """Where orders are made: the ids of what takes part."""

    organisation: int
    unit: int
    address: int
    orderer: int
    approver: int
    award: int
    price_list: int
    articles: tuple[int, ...]


def make_counter(articles: int = LINES) -> Counter:
    """One organisation, one agreement with a high ceiling, one published price list. Commits."""
    with unit_of_work() as session:
        organisation = new_organisation("2129000001", "Provköpings kommun", OrganisationKind.MUNICIPALITY, "PRO")
        unit = Unit(organisation=organisation, code="311", name="Björkbackens skola")
        session.add(unit)
        session.flush()
        unit.place_below(None)
        address = DeliveryAddress(
            unit=unit, name="Björkbackens skola", street="Skolgatan 2", postal_code="83131", city="Östersund"
        )
        session.add(address)
        orderer = new_person("kim@prov.example", "Kim Prov", organisation, Role.ORDERER)
        approver = new_person("robin@prov.example", "Robin Prov", organisation, Role.APPROVER)
        rule = ApprovalRule(organisation=organisation, position=1, name="Alla inköp")
        rule.steps.append(ApprovalRuleStep(position=1, kind=StepKind.PERSON, user=approver))
        session.add(rule)
        award = _award(organisation)
        price_list = publish_rows(award, _goods(articles))
        some = select(Article.id).where(Article.price_list_id == price_list.id).order_by(Article.id).limit(LINES)
        return Counter(
            organisation.id,
            unit.id,
            address.id,
            orderer.id,
            approver.id,
            award.id,
            price_list.id,
            tuple(session.scalars(some)),
        )


def add_articles(award_id: int, count: int) -> None:
    """A second lot of the same supplier, with so many articles. Commits."""
    with unit_of_work() as session:
        former = session.get_one(Award, award_id)
        lot = Lot(number="2", title="Mera papper", method=CallOffMethod.SINGLE, clause="Avtalet punkt 4.3")
        former.lot.agreement.lots.append(lot)
        award = Award(lot=lot, supplier=former.supplier)
        session.add(award)
        session.flush()
        publish_rows(award, _goods(count))


def publish_rows(award: Award, rows: Sequence[dict[str, Any]]) -> PriceList:
    """Put a price list of these articles in force, without reading a file."""
    session = db.session
    price_list = PriceList(award=award, version=1, effective_from=today(), created_at=now(), article_count=len(rows))
    session.add(price_list)
    session.flush()
    places = {"price_list_id": price_list.id, "award_id": award.id}
    for start in range(0, len(rows), 1000):
        session.execute(insert(Article.__table__), [row | places for row in rows[start : start + 1000]])  # type: ignore[arg-type]
    advance(price_list, "review")
    session.flush()
    advance(price_list, "publish")
    counter = session.get_one(Publication, 1)
    counter.last += 1
    price_list.published_at, price_list.publication = now(), counter.last
    session.flush()
    return price_list


def new_organisation(number: str, name: str, kind: OrganisationKind, prefix: str) -> Organisation:
    """An organisation that orders."""
    organisation = Organisation(
        organisation_number=number,
        name=name,
        sort_name=sort_key(name),
        kind=kind,
        order_prefix=prefix,
        street="Rådhusgatan 1",
        postal_code="83182",
        city="Östersund",
    )
    db.session.add(organisation)
    return organisation


def new_person(email: str, name: str, organisation: Organisation, role: Role) -> User:
    """Somebody with a role in the whole of an organisation."""
    user = User(email=email, name=name, sort_name=sort_key(name))
    user.memberships.append(Membership(organisation=organisation, role=role, starts_on=today() - timedelta(days=9)))
    db.session.add(user)
    return user


def new_supplier(number: str, name: str) -> Supplier:
    """A supplier who takes orders by mail."""
    supplier = Supplier(
        organisation_number=number,
        name=name,
        sort_name=sort_key(name),
        street="Industrigatan 3",
        postal_code="83148",
        city="Östersund",
        order_email="order@provleverans.example",
    )
    db.session.add(supplier)
    return supplier


def _award(organisation: Organisation) -> Award:
    supplier = new_supplier("5569000007", "Provleverans Norr AB")
    agreement = Agreement(
        number="UK-2025-014",
        title="Kontorsmaterial",
        sort_title=sort_key("Kontorsmaterial"),
        summary="Papper, pennor och annat till kontoret.",
        owner=organisation,
        starts_on=today() - timedelta(days=300),
        ends_on=today() + timedelta(days=300),
        created_at=now(),
    )
    agreement.entitlements.append(Entitlement(organisation=organisation, starts_on=agreement.starts_on))
    lot = Lot(number="1", title="Papper", method=CallOffMethod.SINGLE, clause="Avtalet punkt 4.2")
    agreement.lots.append(lot)
    award = Award(lot=lot, supplier=supplier)
    db.session.add_all([agreement, award, Ceiling(agreement=agreement, limit=PLENTY)])
    db.session.flush()
    advance(agreement, "publish")
    agreement.published_at = now()
    assert agreement.state is AgreementState.PUBLISHED
    return award


def _goods(count: int) -> list[dict[str, Any]]:
    """Rows of a price list: a handful of things over and over, each with a number of its own."""
    rows = []
    for number in range(count):
        name, description, unit, price = GOODS[number % len(GOODS)]
        rows.append(
            {
                "supplier_number": f"{100000 + number}",
                "name": f"{name} {number}",
                "description": description,
                "unit_code": unit,
                "price": Decimal(price),
            }
        )
    return rows


def logged_in(app: Flask, user_id: int) -> FlaskClient:
    """The browser of somebody who has logged in. Commits."""
    client = app.test_client()
    with unit_of_work() as session:
        token = begin_session(session.get_one(User, user_id), "bench")
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    db.session.remove()
    return client


def open_page(client: FlaskClient, path: str) -> None:
    """Open a page as a request of its own. Raises RuntimeError when it is not shown."""
    answer = Context().run(client.get, path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} was answered with {answer.status_code}")
