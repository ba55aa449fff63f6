"""Volume: what was ordered of each article, as the catalogue asks for it when a price list changes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Subquery, func, select, type_coerce

from catalog.volume import tells_volumes
from orders.order import Order, OrderLine, OrderState

NOT_BOUGHT = (OrderState.CANCELLED, OrderState.DECLINED)


@tells_volumes
def ordered_quantities(award_id: int, since: datetime) -> Subquery:
    """The quantities (thousandths) in which an award's articles were ordered since an instant, by the supplier's
    number, and how often."""
    quantity = type_coerce(OrderLine.quantity, BigInteger)
    return (
        select(OrderLine.supplier_number, quantity.label("quantity"), func.count().label("times"))
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.award_id == award_id, Order.placed_at >= since, Order.state.not_in(NOT_BOUGHT))
        .group_by(OrderLine.supplier_number, OrderLine.quantity)
        .subquery("line")
    )
