"""Placed orders with their coding as a table for the ledger: one row for each part of a line, and of what is charged
on the whole order, so that the rows of an order sum to its net amount."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from auth.organisation import Organisation
from auth.user import User
from core.clock import local, midnight
from core.db import db
from core.errors import RuleBroken
from core.state import state_name
from exchange.plaintext import clean
from exchange.tablefile import Form, Sheet, write_table
from orders.coded import CodedPart, by_coding, shared_out
from orders.coding_queries import dimensions_of
from orders.order import Order
from orders.policy import visible

LONGEST_PERIOD = timedelta(days=366)
CHARGES = {"freight": _l("Frakt"), "small-order": _l("Småorderavgift")}
_AMOUNT = 13  # the column of the part's amount


def write_coded_orders(user: User, organisation: Organisation, first: date, last: date, form: Form) -> bytes:
    """The orders that she may see, placed on the days from `first` to `last`. Amounts are SEK excl. VAT.

    Raises RuleBroken for a period that is backwards or longer than a year.
    """
    if last < first or last - first > LONGEST_PERIOD:
        raise RuleBroken(_l("Välj en period på högst ett år, med första dagen först."))
    orders = _orders(user, organisation, first, last)
    names = _dimension_names(organisation, orders)
    sheet = Sheet(
        _("Beställningar"),
        [
            *(_("Ordernummer"), _("Beställd"), _("Läge"), _("Leverantör"), _("Organisationsnummer"), _("Avtal")),
            *(_("Enhet"), _("Enhetens namn"), _("Beställare"), _("Referens"), _("Rad"), _("Artikelnummer"), _("Vara")),
            *(_("Belopp utan moms"), _("Procent"), _("Moms, procent")),
            *names,
        ],
        (row for order in orders for row in _rows(order, names)),
        [*(18, 12, 14, 30, 14, 14, 12, 24, 24, 16, 6, 16, 40, 14, 9, 9), *(14 for _name in names)],
        amounts=frozenset({_AMOUNT}),
    )
    return write_table(form, sheet)


def _orders(user: User, organisation: Organisation, first: date, last: date) -> Sequence[Order]:
    here = Order.organisation_id == organisation.id
    period = Order.placed_at >= midnight(first), Order.placed_at < midnight(last + timedelta(days=1))
    query = select(Order).where(visible(user, organisation, Order), here, *period).order_by(Order.placed_at, Order.id)
    whole = (selectinload(Order.lines), selectinload(Order.charges), joinedload(Order.requisition))
    parties = (Order.supplier, Order.agreement, Order.unit, Order.orderer)
    return db.session.scalars(query.options(*whole, *map(joinedload, parties))).unique().all()


def _dimension_names(organisation: Organisation, orders: Sequence[Order]) -> list[str]:
    """The organisation's dimensions in its order, then such as some order has under a former name."""
    used = (code.dimension for order in orders for line in order.lines for part in line.coding for code in part.codes)
    return list(dict.fromkeys([*(dimension.name for dimension in dimensions_of(organisation)), *used]))


def _rows(order: Order, names: Sequence[str]) -> Iterator[list[Any]]:
    for line in order.lines:
        for part in line.coding or (CodedPart(line.net_amount, ()),):
            yield _row(order, names, part, line.vat_percent, line.position, line.supplier_number, line.name)
    for charge in order.charges:
        sums = {codes: amount for codes, amount in by_coding(order.lines).items() if amount > 0} or {(): charge.amount}
        amounts = shared_out(charge.amount, list(sums.values())) if charge.amount else [charge.amount]
        for codes, amount in zip(sums, amounts, strict=False):
            name = str(CHARGES.get(charge.kind, charge.reason))
            yield _row(order, names, CodedPart(amount, codes), charge.vat_percent, None, None, name)


def _row(order: Order, names: Sequence[str], part: CodedPart, vat: Any, *what: Any) -> list[Any]:
    codes = {code.dimension: code.code for code in part.codes}
    row = [
        *(order.number, local(order.placed_at).date().isoformat(), str(state_name(order.state))),
        *(order.supplier.name, order.supplier.organisation_number, order.agreement.number),
        *(order.unit.code, order.unit.name, order.orderer.name, order.requisition.buyer_reference),
        *(*what, part.amount, part.percent, vat),
        *(codes.get(name) for name in names),
    ]
    return [clean(value) if isinstance(value, str) else value for value in row]
