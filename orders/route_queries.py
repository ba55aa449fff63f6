"""What the approval rules look at, read of a basket or of a requisition; and the route they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from auth.organisation import Unit
from auth.user import User
from catalog.agreement import Award
from catalog.category import Category
from catalog.queries import categories_of
from core.clock import today
from orders.basket_queries import BasketView
from orders.coded import codes_of
from orders.condition import Need
from orders.directory import directory_of
from orders.requisition import Requisition
from orders.route import NobodyCanApprove, RouteStep, find_route


def route_of(requisition: Requisition) -> list[RouteStep]:
    """Who must say yes. Raises NobodyCanApprove."""
    need = need_of_requisition(requisition)
    return find_route(need, directory_of(requisition.organisation, today(), need))


def need_of_requisition(requisition: Requisition) -> Need:
    """What the rules look at, of what was sent. One query."""
    lines = [(line.award, line.net_amount, line.choice_ground) for line in requisition.lines]
    need = need_of(requisition.unit, requisition.net_amount, requisition.orderer, requisition.barred, lines)
    has_free_text = any(line.free_text_id for line in requisition.lines)
    codes = codes_of(line.coding for line in requisition.lines)
    return replace(need, has_free_text=has_free_text, is_emergency=requisition.is_emergency, codes=codes)


def need_of(
    unit: Unit,
    amount: Decimal,
    orderer: User,
    barred: frozenset[int],
    lines: Sequence[tuple[Award, Decimal, str | None]],
) -> Need:
    """What the rules look at, of lines as (award, sum excl. VAT, stated ground). One query."""
    lots = {award.lot_id: award.lot for award, _, _ in lines}
    categories = {category.id: category for category in categories_of(lots.values())}
    parts: dict[Category | None, Decimal] = {}
    for award, net_amount, _ground in lines:
        category = categories.get(award.lot.category_id or award.lot.agreement.category_id or 0)
        parts[category] = parts.get(category, Decimal(0)) + net_amount
    return Need(
        unit=unit,
        amount=amount,
        categories=tuple(categories.values()),
        orderer=orderer,
        barred=barred,
        suppliers=frozenset(award.supplier_id for award, _, _ in lines),
        agreements=frozenset(lot.agreement_id for lot in lots.values()),
        methods=frozenset(lot.method for lot in lots.values()),
        is_justified=any(ground for _, _, ground in lines),
        parts=tuple(parts.items()),
    )


def route_preview(
    actor: User,
    unit: Unit,
    view: BasketView,
    codes: frozenset[tuple[int, str]] = frozenset(),
    *,
    is_emergency: bool = False,
) -> list[RouteStep] | NobodyCanApprove:
    """Who would have to say yes to a basket if it were sent now, coded so; or why nobody can."""
    priced = [line for draft in view.drafts for line in draft.lines]
    lines = [(line.award, line.net_amount, line.line.choice_ground) for line in priced]
    need = need_of(unit, view.net_amount, actor, frozenset({actor.id}), lines)
    has_free_text = any(line.line.free_text_id for line in priced)
    need = replace(need, has_free_text=has_free_text, is_emergency=is_emergency, codes=codes)
    try:
        return find_route(need, directory_of(view.basket.organisation, today(), need))
    except NobodyCanApprove as nobody:
        return nobody
