"""Pages: those that people open most, beside bare Flask, ORM and Jinja with the same rows, and with many more rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Any

from flask import Flask, render_template_string
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.bench.approvals import decide, make_requisitions
from app.bench.mass import add_orders
from app.bench.measure import Figure, compare, counted, milliseconds, p95, timed
from app.bench.world import Counter, add_articles, bench_app, make_counter
from auth.session import begin_session
from auth.user import User
from catalog.agreement import Award, Lot
from catalog.price_list import Article
from catalog.search import update_index
from core.db import TransactionalFlask, db, reading, unit_of_work
from orders.actions.basket import add
from orders.approval import ApprovalState, ApprovalStep
from orders.basket import Basket, BasketLine
from orders.order import Order
from orders.requisition import Requisition

LIST = 20
FEW = 1_000


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: who opens it, where, and the rows on it, read and written in the plainest way."""

    name: str
    reader: str
    path: str
    read: Callable[[], Sequence[Any]]
    row: str  # Jinja, with the row as `r`


def bench_pages(database: str | None, seconds: float, quick: bool) -> Iterator[Figure]:
    """Each page with 1,000 orders and articles beside its floor, then with 100,000 (10,000 when quick)."""
    many = 10_000 if quick else 100_000
    rounds = 40 if quick else 200
    with bench_app(database) as (app, _url, _folder):
        counter = make_counter(FEW)
        order = _prepare(counter)
        pages = _pages(counter, order)
        readers = {"orderer": _client(app, counter.orderer), "approver": _client(app, counter.approver)}
        few = {}
        for page in pages:
            yield _beside_floor(app, page, readers[page.reader], seconds)
            few[page.name] = _p95(readers[page.reader], page.path, rounds)
        add_orders(order.id, many)
        add_articles(counter.award, many)
        with reading():
            update_index()
        for page in pages:
            value, floor = _p95(readers[page.reader], page.path, rounds), few[page.name]
            yield milliseconds(
                "pages", f"{page.name}, p95 with {many:,} orders and articles, {_engine()}", value, floor
            )


def _engine() -> str:
    return db.engine.dialect.name


def _prepare(counter: Counter) -> Order:
    """Orders, requisitions that wait, a basket, an index. Returns one of the orders."""
    made = make_requisitions(counter, 2 * LIST)
    for requisition in made[:LIST]:
        with unit_of_work():
            decide(counter.approver, requisition)
    with unit_of_work() as session:
        orderer = session.get_one(User, counter.orderer)
        organisation = orderer.memberships[0].organisation
        for article in session.scalars(select(Article).where(Article.id.in_(counter.articles))):
            add(orderer, organisation, article, article.base_quantity)
    with reading() as session:
        update_index()
        order = session.scalars(select(Order).order_by(Order.id).limit(1)).one()
        session.expunge(order)
    add_orders(order.id, FEW)
    return order


def _client(app: TransactionalFlask, user_id: int) -> FlaskClient:
    client = app.test_client()
    with unit_of_work() as session:
        token = begin_session(session.get_one(User, user_id), "bench")
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    db.session.remove()
    return client


def _open(client: FlaskClient, path: str) -> None:
    answer = Context().run(client.get, path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} was answered with {answer.status_code}")


def _p95(client: FlaskClient, path: str, rounds: int) -> float:
    for _ in range(5):
        _open(client, path)
    return p95([timed(lambda: _open(client, path)) for _ in range(rounds)])


def _beside_floor(app: TransactionalFlask, page: Shown, client: FlaskClient, seconds: float) -> Figure:
    _open(client, page.path)
    with counted(db.engine) as queries:
        _open(client, page.path)
    bare = _bare(app, page)
    value, floor = compare(lambda: _open(client, page.path), lambda: _open(bare, "/"), seconds)
    return milliseconds("pages", f"{page.name}, {_engine()}", value, floor, len(queries))


def _bare(app: TransactionalFlask, page: Shown) -> FlaskClient:
    """A Flask with one view: the ORM reads the rows, Jinja writes them into a table. Nobody logs in."""
    bare = Flask("bare")
    template = "<!doctype html><title>x</title><table>{% for r in rows %}<tr>" + page.row + "</tr>{% endfor %}</table>"

    @bare.get("/")
    def show() -> str:
        with app.app_context(), reading():
            rows = page.read()
            return render_template_string(template, rows=rows)

    return bare.test_client()


def _pages(counter: Counter, order: Order) -> list[Shown]:
    def one_order() -> Sequence[Any]:
        found = db.session.scalars(
            select(Order)
            .where(Order.number == order.number)
            .options(selectinload(Order.lines), joinedload(Order.supplier), joinedload(Order.unit))
        ).one()
        return found.lines

    def orders() -> Sequence[Any]:
        statement = select(Order).where(Order.organisation_id == counter.organisation)
        options = (joinedload(Order.supplier), joinedload(Order.unit), joinedload(Order.orderer))
        return db.session.scalars(statement.options(*options).order_by(Order.id.desc()).limit(LIST)).all()

    def articles() -> Sequence[Any]:
        to_award = joinedload(Article.award)
        options = (to_award.joinedload(Award.supplier), to_award.joinedload(Award.lot).joinedload(Lot.agreement))
        return db.session.scalars(select(Article).options(*options).limit(LIST)).all()

    def basket() -> Sequence[Any]:
        to_award = selectinload(Basket.lines).joinedload(BasketLine.article).joinedload(Article.award)
        found = db.session.scalars(
            select(Basket).where(Basket.user_id == counter.orderer).options(to_award.joinedload(Award.supplier))
        ).one()
        return found.lines

    def steps() -> Sequence[Any]:
        to_requisition = joinedload(ApprovalStep.requisition)
        options = (to_requisition.joinedload(Requisition.orderer), to_requisition.joinedload(Requisition.unit))
        waiting = select(ApprovalStep).where(ApprovalStep.state == ApprovalState.PENDING)
        return db.session.scalars(waiting.options(*options).limit(LIST)).all()

    line = "<td>{{ r.name }}</td><td>{{ r.quantity }}</td><td>{{ r.unit_price }}</td><td>{{ r.net_amount }}</td>"
    article = "<td>{{ %s.name }}</td><td>{{ %s.price }}</td><td>{{ %s.award.supplier.name }}</td>"
    return [
        Shown("order", "orderer", f"/orders/{order.number}", one_order, line),
        Shown(
            f"list of {LIST} orders",
            "orderer",
            "/orders?scope=organisation",
            orders,
            "<td>{{ r.number }}</td><td>{{ r.supplier.name }}</td><td>{{ r.unit.name }}</td><td>{{ r.state }}</td>",
        ),
        Shown("search", "orderer", "/search?q=papper", articles, article.replace("%s", "r")),
        Shown("basket", "orderer", "/basket", basket, article.replace("%s", "r.article")),
        Shown(
            "approvals",
            "approver",
            "/approvals",
            steps,
            "<td>{{ r.requisition.number }}</td><td>{{ r.requisition.orderer.name }}</td><td>{{ r.label }}</td>",
        ),
    ]
