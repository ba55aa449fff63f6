"""Order list: what a list of orders says of each one besides the order itself: whether it has left, and what has come.

*Sent* is the outbox message's state and *received* the sum of the receipts; both are read for the whole list at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from sqlalchemy import case, func, select

from core.db import AnySelect, db, prepared
from exchange.outbox import MessageState, OutboxMessage
from orders.mail import about
from orders.order import Order, OrderLine
from orders.receipt import ReceiptLine


class Arrival(str, Enum):
    NOTHING = "nothing"
    SOME = "some"
    ALL = "all"


def dispatch_of(orders: Sequence[Order]) -> dict[str, MessageState]:
    """Where each order's mail to the supplier is, by order number. One query."""
    numbers = {about(order): order.number for order in orders}
    return {numbers[told]: state for told, state in db.session.execute(*_states(list(numbers)))}


@prepared
def _states(about: list[str]) -> AnySelect:
    return (
        select(OutboxMessage.about, OutboxMessage.state)
        .where(OutboxMessage.about.in_(about), OutboxMessage.kind == "order")
        .order_by(OutboxMessage.id)
    )


def arrivals_of(orders: Sequence[Order]) -> dict[int, Arrival]:
    """What has come of each order, by order id. One query."""
    return {
        order_id: Arrival.ALL if is_whole else Arrival.SOME if is_begun else Arrival.NOTHING
        for order_id, is_whole, is_begun in db.session.execute(*_arrivals([order.id for order in orders]))
    }


@prepared
def _arrivals(order_ids: list[int]) -> AnySelect:
    came = func.coalesce(func.sum(ReceiptLine.quantity), 0)
    by_line = (
        select(
            OrderLine.order_id,
            case((came >= OrderLine.quantity, 1), else_=0).label("is_whole"),
            case((came > 0, 1), else_=0).label("is_begun"),
        )
        .outerjoin(ReceiptLine, ReceiptLine.order_line_id == OrderLine.id)
        .where(OrderLine.order_id.in_(order_ids))
        .group_by(OrderLine.id, OrderLine.order_id, OrderLine.quantity)
        .subquery()
    )
    whole, begun = func.min(by_line.c.is_whole), func.max(by_line.c.is_begun)
    return select(by_line.c.order_id, whole, begun).group_by(by_line.c.order_id)
