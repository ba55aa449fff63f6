"""Pages: those that people open most, beside bare Flask, ORM and Jinja with the same rows, and with many more rows.

The floor of a page reads what the page shows, each kind of thing in one plain query, and writes it into tables with a
template that is compiled once. It asks nobody who she is, checks nothing, counts nothing and has no head or foot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload, selectinload

from app.bench.approvals import decide, make_requisitions
from app.bench.mass import add_orders, gather_statistics
from app.bench.measure import Figure, compare, counted, milliseconds, p95, timed
from app.bench.world import Counter, add_articles, bench_app, logged_in, make_counter, open_page
from auth.journal import JournalEntry
from auth.user import User
from catalog.agreement import Award, Lot
from catalog.ceiling import Ceiling
from catalog.price_list import Article
from catalog.search import update_index
from core.db import TransactionalFlask, db, reading, unit_of_work
from exchange.outbox import OutboxMessage
from orders.actions.basket import add
from orders.approval import ApprovalCandidate, ApprovalState, ApprovalStep
from orders.basket import Basket, BasketLine
from orders.order import Order, OrderCharge, OrderFile, OrderLine
from orders.receipt import Receipt
from orders.requisition import Requisition

LIST = 20
FEW = 1_000


@dataclass(frozen=True, slots=True)
class Floor:
    """What a page shows, plainly: selects written as in a view, one for each kind of thing, and a row of each (`r`)."""

    read: Callable[[], Sequence[Select[Any]]]
    rows: Sequence[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: who opens it, where, and what is on it."""

    name: str
    reader: str
    path: str
    floor: Floor


def bench_pages(database: str | None, seconds: float, quick: bool) -> Iterator[Figure]:
    """Each page with 1,000 orders and articles beside its floor, then with 100,000 (10,000 when quick)."""
    many = 10_000 if quick else 100_000
    rounds = 40 if quick else 200
    with bench_app(database) as (app, _url, _folder):
        counter = make_counter(FEW)
        order = _prepare(counter)
        pages = _pages(counter, order)
        readers = {"orderer": logged_in(app, counter.orderer), "approver": logged_in(app, counter.approver)}
        few = {}
        for page in pages:
            yield _beside_floor(app, page, readers[page.reader], seconds)
            few[page.name] = _p95(readers[page.reader], page.path, rounds)
        add_orders(order.id, many)
        add_articles(counter.award, many)
        gather_statistics()
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
    gather_statistics()
    return order


def _p95(client: FlaskClient, path: str, rounds: int) -> float:
    for _ in range(5):
        open_page(client, path)
    return p95([timed(lambda: open_page(client, path)) for _ in range(rounds)])


def _beside_floor(app: TransactionalFlask, page: Shown, client: FlaskClient, seconds: float) -> Figure:
    open_page(client, page.path)
    with counted(db.engine) as queries:
        open_page(client, page.path)
    bare = _bare(app, page)
    value, floor = compare(lambda: open_page(client, page.path), lambda: open_page(bare, "/"), seconds)
    return milliseconds("pages", f"{page.name}, {_engine()}", value, floor, len(queries))


def _bare(app: TransactionalFlask, page: Shown) -> FlaskClient:
    """A Flask with one view: the ORM reads the rows, Jinja writes them into tables. Nobody logs in."""
    bare = Flask("bare")
    tables = (
        "<table>{% for r in kinds[" + str(number) + "] %}<tr>" + row + "</tr>{% endfor %}</table>"
        for number, row in enumerate(page.floor.rows)
    )
    template = bare.jinja_env.from_string("<!doctype html><title>x</title>" + "".join(tables))

    @bare.get("/")
    def show() -> str:
        with app.app_context(), reading():
            return template.render(kinds=[db.session.scalars(rows).unique().all() for rows in page.floor.read()])

    return bare.test_client()


def _pages(counter: Counter, order: Order) -> list[Shown]:
    return [
        Shown("order", "orderer", f"/orders/{order.number}", _order(order)),
        Shown(f"list of {LIST} orders", "orderer", "/orders?scope=organisation", _orders(counter)),
        Shown("search", "orderer", "/search?q=papper", _articles()),
        Shown("basket", "orderer", "/basket", _basket(counter)),
        Shown("approvals", "approver", "/approvals", _steps(counter)),
    ]


def _order(order: Order) -> Floor:
    """An order with its lines and charges, what is kept of it, and what was sent, received and done."""

    def read() -> Sequence[Select[Any]]:
        told = or_(JournalEntry.thing_id == order.number, JournalEntry.thing_id == str(order.requisition_id))
        return (
            select(Order)
            .where(Order.number == order.number)
            .options(joinedload(Order.supplier), joinedload(Order.unit), joinedload(Order.orderer)),
            select(OrderLine).where(OrderLine.order_id == order.id),
            select(OrderCharge).where(OrderCharge.order_id == order.id),
            select(OrderFile).where(OrderFile.order_id == order.id),
            select(Receipt).where(Receipt.order_id == order.id),
            select(OutboxMessage).where(OutboxMessage.about == f"order:{order.number}"),
            select(JournalEntry).where(JournalEntry.thing.in_(["order", "requisition"]), told),
        )

    rows = (
        ORDER,
        "<td>{{ r.name }}</td><td>{{ r.quantity }}</td><td>{{ r.unit_price }}</td><td>{{ r.net_amount }}</td>",
        "<td>{{ r.kind }}</td><td>{{ r.amount }}</td>",
        "<td>{{ r.name }}</td><td>{{ r.size }}</td>",
        "<td>{{ r.received_at }}</td><td>{{ r.note }}</td>",
        "<td>{{ r.recipient }}</td><td>{{ r.state }}</td>",
        "<td>{{ r.at }}</td><td>{{ r.actor_name }}</td><td>{{ r.detail }}</td>",
    )
    return Floor(read, rows)


ORDER = "<td>{{ r.number }}</td><td>{{ r.supplier.name }}</td><td>{{ r.unit.name }}</td><td>{{ r.state }}</td>"


def _orders(counter: Counter) -> Floor:
    """Twenty orders, and whether each has left."""
    latest = select(Order.number).where(Order.organisation_id == counter.organisation).order_by(Order.id.desc())
    sent = [f"order:{number}" for number in db.session.scalars(latest.limit(LIST))]

    def read() -> Sequence[Select[Any]]:
        return (
            select(Order)
            .where(Order.organisation_id == counter.organisation)
            .options(joinedload(Order.supplier), joinedload(Order.unit), joinedload(Order.orderer))
            .order_by(Order.id.desc())
            .limit(LIST),
            select(OutboxMessage).where(OutboxMessage.about.in_(sent)),
        )

    return Floor(read, (ORDER, "<td>{{ r.about }}</td><td>{{ r.state }}</td>"))


def _articles() -> Floor:
    """A page of hits with the agreement and the supplier of each. What is found and how often is not in the floor."""

    def read() -> Sequence[Select[Any]]:
        to_award = joinedload(Article.award)
        to_agreement = to_award.joinedload(Award.lot).joinedload(Lot.agreement)
        return (select(Article).options(to_award.joinedload(Award.supplier), to_agreement).limit(LIST),)

    row = "<td>{{ r.name }}</td><td>{{ r.description }}</td><td>{{ r.price }}</td><td>{{ r.unit_code }}</td>"
    terms = "<td>{{ r.award.supplier.name }}</td><td>{{ r.award.lot.agreement.title }}</td>"
    return Floor(read, (row + terms,))


def _basket(counter: Counter) -> Floor:
    """The lines of a basket, each with the row on sale and its agreement, and the ceilings that bind them."""

    def read() -> Sequence[Select[Any]]:
        to_article = joinedload(BasketLine.article)
        to_award = to_article.joinedload(Article.award)
        return (
            select(BasketLine)
            .join(BasketLine.basket)
            .where(Basket.user_id == counter.orderer)
            .options(
                to_article.joinedload(Article.price_list),
                to_award.joinedload(Award.supplier),
                to_award.joinedload(Award.lot).joinedload(Lot.agreement),
            ),
            select(Ceiling),
        )

    line = "<td>{{ r.article.name }}</td><td>{{ r.quantity }}</td><td>{{ r.article.price }}</td>"
    terms = "<td>{{ r.article.award.supplier.name }}</td><td>{{ r.article.award.lot.agreement.title }}</td>"
    return Floor(read, (line + terms, "<td>{{ r.limit }}</td><td>{{ r.reserved }}</td>"))


def _steps(counter: Counter) -> Floor:
    """What waits for a decision, and what she has decided."""

    def read() -> Sequence[Select[Any]]:
        to_requisition = joinedload(ApprovalStep.requisition)
        decided = joinedload(ApprovalCandidate.step).joinedload(ApprovalStep.requisition)
        return (
            select(ApprovalStep)
            .where(ApprovalStep.state == ApprovalState.PENDING)
            .options(
                to_requisition.joinedload(Requisition.orderer),
                to_requisition.joinedload(Requisition.unit),
                selectinload(ApprovalStep.candidates),
            )
            .limit(100),
            select(ApprovalCandidate)
            .where(ApprovalCandidate.decided_by_id == counter.approver)
            .options(decided.joinedload(Requisition.orderer), decided.joinedload(Requisition.unit))
            .limit(10),
        )

    asked = (
        "<td>{{ %s.number }}</td><td>{{ %s.orderer.name }}</td><td>{{ %s.unit.name }}</td><td>{{ %s.net_amount }}</td>"
    )
    waiting = asked.replace("%s", "r.requisition") + "<td>{{ r.label }}</td>"
    return Floor(read, (waiting, asked.replace("%s", "r.step.requisition") + "<td>{{ r.decision }}</td>"))
