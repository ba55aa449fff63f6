"""Queries about emergency orders: the report of what was ordered first and approved after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from auth.organisation import Organisation
from auth.user import User
from core.clock import local, midnight
from core.db import db
from core.state import state_name
from exchange.tablefile import Sheet
from orders.order import Order
from orders.policy import visible

MOST = 10_000


def emergencies_of(user: User, organisation: Organisation, first: date, last: date) -> Sequence[Order]:
    """The emergency orders placed between two days, both included, that she may see; the latest first. One query."""
    begins, ends = midnight(first), midnight(last + timedelta(days=1))
    return db.session.scalars(
        select(Order)
        .where(visible(user, organisation, Order), Order.is_emergency)
        .where(Order.placed_at >= begins, Order.placed_at < ends)
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(MOST)
        .options(
            joinedload(Order.requisition),
            joinedload(Order.organisation),
            joinedload(Order.unit),
            joinedload(Order.orderer),
            joinedload(Order.supplier),
            joinedload(Order.agreement),
        )
    ).all()


def emergencies_sheet(orders: Iterable[Order]) -> Sheet:
    """The report as a table to write, amounts excl. VAT."""
    headings = [
        *(_("Organisation"), _("Enhet"), _("Beställning"), _("Begäran"), _("Beställd"), _("Beställare")),
        *(_("Leverantör"), _("Avtal"), _("Skäl"), _("Godkännande"), _("Senast"), _("Avgjord"), _("Försenat")),
        _("Belopp utan moms"),
    ]
    rows = [_row(order) for order in orders]
    widths = (24, 28, 16, 11, 17, 24, 28, 12, 40, 14, 17, 17, 10, 16)
    return Sheet(str(_("Nödbeställningar")), headings, rows, widths, amounts=frozenset({13}))


def _row(order: Order) -> list[Any]:
    requisition = order.requisition
    return [
        *(order.organisation.name, f"{order.unit.code} {order.unit.name}", order.number, requisition.number),
        *(_minute(order.placed_at), order.orderer.name, order.supplier.name, order.agreement.number),
        *(requisition.emergency_reason or "", str(state_name(requisition.state))),
        *(_minute(requisition.emergency_due_at), _minute(requisition.decided_at)),
        *(str(_("ja")) if requisition.is_late else "", order.net_amount),
    ]


def _minute(moment: datetime | None) -> str:
    return f"{local(moment):%Y-%m-%d %H:%M}" if moment else ""
