"""What the counters of ceilings must be: the sums of the requisitions that wait, of the orders, and of the call-offs
made elsewhere. A counter moves with each of these in one transaction; this says whether it moved rightly, and what a
ceiling that comes later begins with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import selectinload

from catalog.agreement import Award, Lot
from catalog.ceiling import ZERO, Ceiling, Draw, counted, covers
from catalog.external import ExternalCallOff
from core.db import AnySelect, db
from orders.actions.order import draws_not_come
from orders.order import Order, OrderCharge, OrderLine, OrderState
from orders.order_queries import received_quantities
from orders.receipt import ReceiptLine
from orders.requisition import Requisition, RequisitionCharge, RequisitionLine, RequisitionState

COUNTED = (OrderState.PLACED, OrderState.CONFIRMED, OrderState.CLOSED)


@dataclass(frozen=True, slots=True)
class Sums:
    """What one ceiling's counters must be, in its measure."""

    reserved: Decimal
    ordered: Decimal
    external: Decimal


def sums_for(ceilings: Iterable[Ceiling], agreement_id: int | None = None) -> dict[int, Sums]:
    """By ceiling id. `agreement_id`: look at what belongs to that one alone. Five queries, and a few for each order
    that was closed short."""
    reserved, ordered, external = _reserved(agreement_id), _ordered(agreement_id), _external(agreement_id)
    return {c.id: Sums(_sum(c, reserved), _sum(c, ordered), _sum(c, external)) for c in ceilings}


def wrong_counters() -> list[tuple[Ceiling, Sums]]:
    """The ceilings whose counters are not the sums of their sources, with what they must be."""
    every = select(Ceiling).order_by(Ceiling.id).execution_options(populate_existing=True)
    ceilings = db.session.scalars(every).all()
    sums = sums_for(ceilings)
    return [(c, sums[c.id]) for c in ceilings if Sums(c.reserved, c.ordered, c.external) != sums[c.id]]


Draws = dict[int, list[Draw]]  # by agreement id


def _sum(ceiling: Ceiling, draws: Draws) -> Decimal:
    """What a ceiling counts of them. Never below zero, where a correction came before the ceiling."""
    found = (d for d in draws.get(ceiling.agreement_id, ()) if covers(ceiling, d))
    return max(ZERO, sum((counted(d.amount, d.quantities, ceiling.measure) for d in found), ZERO))


def _reserved(agreement_id: int | None) -> Draws:
    waits = and_(Requisition.state == RequisitionState.SUBMITTED, Requisition.emergency_reason.is_(None))
    lines = _lines(RequisitionLine, Requisition, RequisitionLine.requisition_id == Requisition.id).where(waits)
    charges = _charges(RequisitionCharge, Requisition, RequisitionCharge.requisition_id == Requisition.id).where(waits)
    return _read(agreement_id, lines, charges)


def _ordered(agreement_id: int | None) -> Draws:
    counts = Order.state.in_(COUNTED)
    lines = _lines(OrderLine, Order, OrderLine.order_id == Order.id).where(counts)
    charges = _charges(OrderCharge, Order, OrderCharge.order_id == Order.id).where(counts)
    found = _read(agreement_id, lines, charges)
    for order in _closed_short(agreement_id):
        for draw in draws_not_come(order, received_quantities(order)):
            less = {unit: -quantity for unit, quantity in draw.quantities.items()}
            back = Draw(draw.agreement_id, draw.lot_id, draw.award_id, -draw.amount, draw.organisation_id, less)
            found.setdefault(order.agreement_id, []).append(back)
    return found


def _external(agreement_id: int | None) -> Draws:
    c = ExternalCallOff
    scope = (c.agreement_id, c.lot_id, c.award_id, c.organisation_id, c.unit_code)
    query = select(*scope, func.sum(c.amount).label("amount"), func.sum(c.quantity).label("quantity")).group_by(*scope)
    return _read(agreement_id, query)


def _lines(line: Any, head: Any, belongs: Any) -> AnySelect:
    scope = (Lot.agreement_id, Award.lot_id, line.award_id, head.organisation_id, line.unit_code)
    sums = func.sum(line.net_amount).label("amount"), func.sum(line.quantity).label("quantity")
    return _within(select(*scope, *sums).select_from(line).join(head, belongs), line).group_by(*scope)


def _charges(charge: Any, head: Any, belongs: Any) -> AnySelect:
    scope = (Lot.agreement_id, Award.lot_id, charge.award_id, head.organisation_id)
    found = select(*scope, func.sum(charge.amount).label("amount")).select_from(charge).join(head, belongs)
    return _within(found, charge).group_by(*scope)


def _within(query: AnySelect, part: Any) -> AnySelect:
    return query.join(Award, Award.id == part.award_id).join(Lot, Lot.id == Award.lot_id)


def _read(agreement_id: int | None, *queries: AnySelect) -> Draws:
    found: Draws = {}
    for query in queries:
        of_one = query if agreement_id is None else query.where(query.selected_columns.agreement_id == agreement_id)
        for row in db.session.execute(of_one):
            unit_code = getattr(row, "unit_code", None)
            quantities = {unit_code: row.quantity} if unit_code else {}
            draw = Draw(row.agreement_id, row.lot_id, row.award_id, row.amount, row.organisation_id, quantities)
            found.setdefault(row.agreement_id, []).append(draw)
    return found


def _closed_short(agreement_id: int | None) -> Sequence[Order]:
    """The orders that were closed although something had not come."""
    came = func.coalesce(func.sum(ReceiptLine.quantity), 0)
    short = (
        select(OrderLine.order_id)
        .join(Order, and_(Order.id == OrderLine.order_id, Order.state == OrderState.CLOSED))
        .outerjoin(ReceiptLine, ReceiptLine.order_line_id == OrderLine.id)
        .group_by(OrderLine.id, OrderLine.order_id, OrderLine.quantity)
        .having(came < OrderLine.quantity)
    )
    query = select(Order).where(Order.id.in_(short))
    if agreement_id is not None:
        query = query.where(Order.agreement_id == agreement_id)
    return db.session.scalars(query.options(selectinload(Order.lines), selectinload(Order.charges))).all()
