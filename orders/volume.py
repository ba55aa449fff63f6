"""Volume: what was ordered of each article, as the catalogue asks for it when a price list changes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Subquery, cast, func, select, type_coerce

from catalog.volume import tells_volumes
from orders.order import Order, OrderLine, OrderState

NOT_BOUGHT = (OrderState.CANCELLED, OrderState.DECLINED)


@tells_volumes
def ordered_volumes(award_id: int, since: datetime) -> Subquery:
    """The quantities (thousandths) of an award's articles on the orders since an instant, by the supplier's number."""
    quantity = cast(func.sum(type_coerce(OrderLine.quantity, BigInteger)), BigInteger)
    return (
        select(OrderLine.supplier_number, quantity.label("quantity"))
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.award_id == award_id, Order.placed_at >= since, Order.state.not_in(NOT_BOUGHT))
        .group_by(OrderLine.supplier_number)
        .subquery("volume")
    )
