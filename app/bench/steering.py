"""Steering: which supplier may get a big basket, and who must say yes to it by a long table of rules.

The floor is the same statements by the bare driver, their rows fetched and looked at by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import event, func, select

from app.bench.measure import Figure, Work, compare, counted, milliseconds
from app.bench.world import bench_app, publish_rows
from app.demo import make_demo
from auth.organisation import Organisation, Unit
from auth.permission import Role
from auth.user import Membership, User
from catalog.agreement import Agreement, AgreementState, Award, CallOffMethod, Entitlement, Lot
from catalog.category import Category
from catalog.ceiling import Ceiling
from catalog.price_list import Article
from catalog.steering import Ask, findings
from catalog.supplier import Supplier
from core.clock import now, today
from core.db import db, reading, unit_of_work
from core.state import advance
from core.types import sort_key
from orders.approval import ApprovalRule, ApprovalRuleStep, StepKind
from orders.condition import Need
from orders.directory import directory_of
from orders.route import find_route

AGREEMENTS, LINES, RULES = 3_000, 50, 500


def bench_steering(database: str | None, seconds: float, quick: bool) -> Iterator[Figure]:
    """A basket of 50 lines from 50 agreements, of 3,000 (300 when quick); then the route by 500 rules."""
    agreements = 300 if quick else AGREEMENTS
    with bench_app(database) as (_app, _url, _folder):
        make_demo(purchases=20 if quick else 200)
        basket = _add_agreements(agreements)
        with reading():
            yield _beside_floor(f"findings of {LINES} lines, {agreements:,} agreements", basket.judge, seconds)
        buyer = _add_rules(basket.organisation)
        with reading():
            yield _beside_floor(f"the route by {RULES} rules, the last of which fits", buyer.load_and_route, seconds)
            yield _beside_floor(f"the route by {RULES} rules that are in memory", buyer.route_in_memory(), seconds)


@dataclass(frozen=True, slots=True)
class BigBasket:
    organisation: int
    articles: tuple[int, ...]

    def judge(self) -> None:
        """What a basket's page asks about its lines; articles and terms are read anew each time."""
        db.session.expunge_all()
        organisation = db.session.get_one(Organisation, self.organisation)
        articles = db.session.scalars(select(Article).where(Article.id.in_(self.articles))).all()
        judged = findings([Ask(article, Decimal(3)) for article in articles], organisation, today())
        assert len(judged) == LINES


@dataclass(frozen=True, slots=True)
class Buyer:
    organisation: int
    unit: int
    orderer: int

    def _need(self) -> Need:
        orderer = db.session.get_one(User, self.orderer)
        return Need(db.session.get_one(Unit, self.unit), Decimal(7_000), (), orderer, frozenset({self.orderer}))

    def load_and_route(self) -> None:
        """What sending a basket asks: the rules and the approvers are read anew each time."""
        db.session.expunge_all()
        need = self._need()
        assert find_route(need, directory_of(need.unit.organisation, today(), need))

    def route_in_memory(self) -> Work:
        """The search alone, as a page does that asks about many requisitions."""
        need = self._need()
        directory = directory_of(need.unit.organisation, today())
        return lambda: find_route(need, directory)


def _beside_floor(variant: str, ours: Callable[[], object], seconds: float) -> Figure:
    ours()  # what is prepared once for a process is no part of it
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, text: str, parameters: Any, *_rest: object) -> None:
        if text.startswith("SELECT"):
            statements.append((text, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    with counted(db.engine) as queries:
        ours()
    event.remove(db.engine, "before_cursor_execute", note)
    cursor = db.session.connection().connection.cursor()

    def floor() -> None:
        for text, parameters in statements:
            cursor.execute(text, parameters)
            cursor.fetchall()

    value, least = compare(ours, floor, seconds)
    return milliseconds("steering", variant, value, least if statements else None, len(queries))


def _add_agreements(count: int) -> BigBasket:
    """Agreements of the demo's suppliers in its categories, until there are so many; an article in each. Commits."""
    with unit_of_work() as session:
        organisation = session.scalars(select(Organisation).order_by(Organisation.id)).first()
        assert organisation is not None
        suppliers = session.scalars(select(Supplier).where(Supplier.blocked_reason.is_(None))).all()
        categories = session.scalars(select(Category)).all()
        articles: list[int] = []
        for number in range(count - (session.scalar(select(func.count(Agreement.id))) or 0)):
            award = _award(
                number, organisation, suppliers[number % len(suppliers)], categories[number % len(categories)]
            )
            price_list = publish_rows(award, [_row(number)])
            if len(articles) < LINES:
                articles += session.scalars(select(Article.id).where(Article.price_list_id == price_list.id))
        return BigBasket(organisation.id, tuple(articles))


def _award(number: int, organisation: Organisation, supplier: Supplier, category: Category) -> Award:
    title = f"{category.name} {number}"
    agreement = Agreement(
        number=f"BENCH-{number:05d}",
        title=title,
        sort_title=sort_key(title),
        owner=organisation,
        category=category,
        starts_on=today() - timedelta(days=300),
        ends_on=today() + timedelta(days=300),
        created_at=now(),
    )
    agreement.entitlements.append(Entitlement(organisation=organisation, starts_on=agreement.starts_on))
    lot = Lot(number="1", title=title, method=CallOffMethod.SINGLE, clause="Avtalet punkt 4.2")
    agreement.lots.append(lot)
    award = Award(lot=lot, supplier=supplier)
    db.session.add_all([agreement, award, Ceiling(agreement=agreement, limit=Decimal(900_000_000))])
    db.session.flush()
    advance(agreement, "publish")
    agreement.published_at = now()
    assert agreement.state is AgreementState.PUBLISHED
    return award


def _row(number: int) -> dict[str, Any]:
    return {
        "supplier_number": f"{100000 + number}",
        "name": f"Artikel {number}",
        "description": None,
        "unit_code": "C62",
        "price": Decimal("12.50"),
    }


def _add_rules(organisation_id: int) -> Buyer:
    """A table where every unit and amount has its rules, and what is asked about fits the last one. Commits."""
    with unit_of_work() as session:
        organisation = session.get_one(Organisation, organisation_id)
        for old in session.scalars(select(ApprovalRule).where(ApprovalRule.organisation_id == organisation.id)):
            old.is_active = False
        units = session.scalars(select(Unit).where(Unit.organisation_id == organisation.id).order_by(Unit.id)).all()
        own, others = units[-1], [unit for unit in units if not units[-1].is_within(unit)]
        of_role = select(Membership).where(Membership.organisation_id == organisation.id).order_by(Membership.id)
        approver = session.scalars(of_role.where(Membership.role == Role.APPROVER)).first()
        orderer = session.scalars(of_role.where(Membership.role == Role.ORDERER)).first()
        assert approver is not None and orderer is not None and approver.user_id != orderer.user_id
        approver.amount_limit = None
        for number in range(RULES):
            is_last = number == RULES - 1
            low = Decimal(0) if is_last else Decimal(number % 5 * 10_000)
            rule = ApprovalRule(
                organisation=organisation,
                position=1000 + number,
                name=f"Regel {number}",
                unit=None if is_last else others[number % len(others)],
                amount_from=low,
                amount_below=None if is_last else low + 10_000,
            )
            rule.steps.append(ApprovalRuleStep(position=1, kind=StepKind.PERSON, user=approver.user))
            session.add(rule)
        return Buyer(organisation.id, own.id, orderer.user_id)
