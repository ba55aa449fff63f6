"""Queries about orders: what a person may see of them, and what has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, and_, false, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from auth.journal import JournalEntry
from auth.organisation import Organisation, Unit
from auth.permission import Role
from auth.user import User
from catalog.supplier import Supplier
from core.db import AnySelect, db, mentions, prepared
from core.errors import NotFound
from orders.order import Order, OrderLine, OrderState
from orders.policy import may_see, sees_everything, visible
from orders.receipt import Receipt, ReceiptLine
from orders.requisition import Requisition

PAGE_SIZE = 20
LAST_PAGE = 10_000  # nobody leafs further; a search finds what is older


def order_for(user: User, organisation: Organisation, number: str) -> Order:
    """An order she may see, with its lines. Raises NotFound."""
    statement = _anywhere(number) if sees_everything(user, organisation) else _within(number, organisation.id)
    found: Order | None = db.session.scalars(*statement).unique().one_or_none()
    if found is None or not may_see(user, organisation, found):
        raise NotFound(_l("Beställningen finns inte, eller så får du inte se den."))
    return found


@prepared
def _within(number: str, organisation_id: int) -> Select[Any]:
    return _whole(number).where(Order.organisation_id == organisation_id)


@prepared
def _anywhere(number: str) -> Select[Any]:
    return _whole(number)


def _whole(number: str) -> Select[Any]:
    """An order with all that its page shows; only the lines can be many."""
    return (
        select(Order)
        .where(Order.number == number)
        .options(
            selectinload(Order.lines).joinedload(OrderLine.free_text),
            joinedload(Order.charges),
            joinedload(Order.documents),
            joinedload(Order.requisition),
            joinedload(Order.organisation),
            joinedload(Order.unit),
            joinedload(Order.orderer),
            joinedload(Order.supplier),
            joinedload(Order.agreement),
            joinedload(Order.blanket),
        )
    )


@dataclass(frozen=True, slots=True)
class OrderPage:
    """A page of a list that is too long to be counted: whether there is another one is all that is asked."""

    items: Sequence[Order]
    number: int
    has_next: bool

    @property
    def has_previous(self) -> bool:
        return self.number > 1


def orders_page(
    user: User,
    organisation: Organisation,
    *,
    scope: str = "mine",
    text: str = "",
    state: OrderState | None = None,
    page: int = 1,
) -> OrderPage:
    """A page of orders she may see, newest first: `mine`, my `unit`'s, or all of the `organisation` she may see.

    One beyond the last is empty.
    """
    condition = [visible(user, organisation, Order)]
    if scope == "mine":
        condition = [Order.organisation_id == organisation.id, Order.orderer_id == user.id]
    elif scope == "unit":
        units = {m.unit_id for m in user.current_memberships() if m.organisation_id == organisation.id and m.unit_id}
        condition.append(Order.unit_id.in_(units) if units else false())  # or SQLite looks for it in every order
    if state is not None:
        condition.append(Order.state == state)
    if text:
        suppliers = select(Supplier.id).where(mentions(Supplier.name, text))
        condition.append(or_(mentions(Order.number, text), Order.supplier_id.in_(suppliers)))
    loaded = (joinedload(Order.supplier), joinedload(Order.unit), joinedload(Order.orderer), joinedload(Order.blanket))
    newest_first = select(Order).where(*condition).order_by(Order.placed_at.desc(), Order.id.desc()).options(*loaded)
    number = min(max(page, 1), LAST_PAGE)
    found = db.session.scalars(newest_first.limit(PAGE_SIZE + 1).offset((number - 1) * PAGE_SIZE)).all()
    return OrderPage(items=found[:PAGE_SIZE], number=number, has_next=len(found) > PAGE_SIZE and number < LAST_PAGE)


def orders_of(requisition: Requisition) -> Sequence[Order]:
    """The orders a requisition became."""
    return db.session.scalars(*_became(requisition.id)).all()


@prepared
def _became(requisition_id: int) -> Select[Any]:
    return (
        select(Order)
        .where(Order.requisition_id == requisition_id)
        .order_by(Order.id)
        .options(joinedload(Order.supplier))
    )


def orders_to_receive(user: User, organisation: Organisation) -> Sequence[Order]:
    """Her own orders that are still awaited and those of the units she receives for, those wanted first on top."""
    branches = [
        membership.unit.path if membership.unit else "/"
        for membership in user.current_memberships()
        if membership.organisation_id == organisation.id and membership.role is Role.RECEIVER
    ]
    within = [Order.unit_id.in_(select(Unit.id).where(Unit.path.startswith(path))) for path in branches]
    return db.session.scalars(
        select(Order)
        .where(
            or_(Order.orderer_id == user.id, *within),
            Order.organisation_id == organisation.id,
            Order.state.in_([OrderState.PLACED, OrderState.CONFIRMED]),
        )
        .order_by(Order.wanted_on.is_(None), Order.wanted_on, Order.id)
        .options(joinedload(Order.supplier))
        .limit(20)
    ).all()


def received_quantities(order: Order) -> dict[int, Decimal]:
    """How much of each line has come, by order line id: the sum of the receipts."""
    return dict(db.session.execute(*_received(order.id)).all())


@prepared
def _received(order_id: int) -> AnySelect:
    return (
        select(ReceiptLine.order_line_id, func.sum(ReceiptLine.quantity))
        .join(OrderLine, OrderLine.id == ReceiptLine.order_line_id)
        .where(OrderLine.order_id == order_id)
        .group_by(ReceiptLine.order_line_id)
    )


def receipts_of(order: Order) -> Sequence[Receipt]:
    """The deliveries taken in for an order, oldest first."""
    return db.session.scalars(*_receipts(order.id)).all()


@prepared
def _receipts(order_id: int) -> Select[Any]:
    return (
        select(Receipt)
        .where(Receipt.order_id == order_id)
        .order_by(Receipt.id)
        .options(joinedload(Receipt.received_by), selectinload(Receipt.lines).joinedload(ReceiptLine.order_line))
    )


def entries_of(order: Order) -> Sequence[JournalEntry]:
    """What the journal tells of an order and of the requisition it comes from, oldest first."""
    return db.session.scalars(*_entries(order.number, str(order.requisition_id))).all()


@prepared
def _entries(order_number: str, requisition_id: str) -> Select[Any]:
    of_order = and_(JournalEntry.thing == "order", JournalEntry.thing_id == order_number)
    of_requisition = and_(JournalEntry.thing == "requisition", JournalEntry.thing_id == requisition_id)
    return select(JournalEntry).where(or_(of_order, of_requisition)).order_by(JournalEntry.number)
