"""Queries about orders: what a person may see of them, and what has come."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from auth.journal import JournalEntry
from auth.organisation import Organisation
from auth.user import User
from catalog.supplier import Supplier
from core.db import db, paginate
from core.errors import NotFound
from core.web import Page
from orders.order import Order, OrderLine, OrderState
from orders.policy import visible
from orders.receipt import Receipt, ReceiptLine
from orders.requisition import Requisition

PAGE_SIZE = 20


def order_for(user: User, organisation: Organisation, number: str) -> Order:
    """An order she may see, with its lines. Raises NotFound."""
    found = db.session.scalar(
        select(Order)
        .where(Order.number == number, visible(user, organisation, Order))
        .options(
            selectinload(Order.lines),
            selectinload(Order.charges),
            selectinload(Order.documents),
            joinedload(Order.requisition),
            joinedload(Order.organisation),
            joinedload(Order.unit),
            joinedload(Order.orderer),
            joinedload(Order.supplier),
            joinedload(Order.agreement),
        )
    )
    if found is None:
        raise NotFound(_l("Beställningen finns inte, eller så får du inte se den."))
    return found


def orders_page(
    user: User,
    organisation: Organisation,
    *,
    scope: str = "mine",
    text: str = "",
    state: OrderState | None = None,
    page: int = 1,
) -> Page:
    """A page of orders she may see, newest first: `mine`, my `unit`'s, or all of the `organisation` she may see."""
    condition = [visible(user, organisation, Order)]
    if scope == "mine":
        condition = [Order.organisation_id == organisation.id, Order.orderer_id == user.id]
    elif scope == "unit":
        units = {m.unit_id for m in user.current_memberships() if m.organisation_id == organisation.id and m.unit_id}
        condition.append(Order.unit_id.in_(units))
    if state is not None:
        condition.append(Order.state == state)
    if text:
        suppliers = select(Supplier.id).where(Supplier.name.icontains(text, autoescape=True))
        condition.append(or_(Order.number.icontains(text, autoescape=True), Order.supplier_id.in_(suppliers)))
    loaded = (joinedload(Order.supplier), joinedload(Order.unit), joinedload(Order.orderer))
    newest_first = select(Order).where(*condition).order_by(Order.placed_at.desc(), Order.id.desc())
    return paginate(newest_first.options(*loaded), page, PAGE_SIZE)


def orders_of(requisition: Requisition) -> Sequence[Order]:
    """The orders a requisition became."""
    return db.session.scalars(
        select(Order)
        .where(Order.requisition_id == requisition.id)
        .order_by(Order.id)
        .options(joinedload(Order.supplier))
    ).all()


def orders_to_receive(user: User, organisation: Organisation) -> Sequence[Order]:
    """Her own orders that are still awaited, those wanted first on top."""
    return db.session.scalars(
        select(Order)
        .where(
            Order.orderer_id == user.id,
            Order.organisation_id == organisation.id,
            Order.state.in_([OrderState.PLACED, OrderState.CONFIRMED]),
        )
        .order_by(Order.wanted_on.is_(None), Order.wanted_on, Order.id)
        .options(joinedload(Order.supplier))
        .limit(20)
    ).all()


def received_quantities(order: Order) -> dict[int, Decimal]:
    """How much of each line has come, by order line id: the sum of the receipts."""
    rows = db.session.execute(
        select(ReceiptLine.order_line_id, func.sum(ReceiptLine.quantity))
        .join(OrderLine, OrderLine.id == ReceiptLine.order_line_id)
        .where(OrderLine.order_id == order.id)
        .group_by(ReceiptLine.order_line_id)
    )
    return {row[0]: row[1] for row in rows}


def receipts_of(order: Order) -> Sequence[Receipt]:
    """The deliveries taken in for an order, oldest first."""
    return db.session.scalars(
        select(Receipt)
        .where(Receipt.order_id == order.id)
        .order_by(Receipt.id)
        .options(joinedload(Receipt.received_by), selectinload(Receipt.lines).joinedload(ReceiptLine.order_line))
    ).all()


def entries_of(order: Order) -> Sequence[JournalEntry]:
    """What the journal tells of an order and of the requisition it comes from, oldest first."""
    of_order = and_(JournalEntry.thing == "order", JournalEntry.thing_id == order.number)
    of_requisition = and_(JournalEntry.thing == "requisition", JournalEntry.thing_id == str(order.requisition_id))
    return db.session.scalars(
        select(JournalEntry).where(or_(of_order, of_requisition)).order_by(JournalEntry.number)
    ).all()
