"""Words: amounts, days and people as findings name them. Lazy: they become Swedish or English when printed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from catalog.agreement import Agreement
from core import web
from core.language import language
from exchange.units import unit_name


def kr(amount: Decimal | None, places: int = 2) -> Any:
    """An amount in SEK: `1 234,50 kr`. Nothing where there is none."""
    return LazyString(web.kr, amount, places)


def measured(value: Decimal | None, unit_code: str | None, places: int = 0) -> Any:
    """An amount in SEK, or a quantity with its unit: `1 200 kg`. Nothing where there is none."""
    return LazyString(_measured, value, unit_code, places)


def _measured(value: Decimal | None, unit_code: str | None, places: int) -> str:
    if unit_code is None or value is None:
        return web.kr(value, places)
    return f"{web.number(value)}\N{NO-BREAK SPACE}{unit_name(unit_code, language())}"


def unit(unit_code: str) -> Any:
    """What a unit is called: kg."""
    return LazyString(lambda: unit_name(unit_code, language()))


def day(value: date) -> Any:
    """1 april 2026."""
    return LazyString(web.long_day, value)


def number(value: Decimal) -> Any:
    """A number without needless decimals."""
    return LazyString(web.number, value)


def price(amount: Decimal, base_quantity: Decimal) -> Any:
    """A unit price, with the quantity that it is for where that is not one."""
    if base_quantity == 1:
        return LazyString(web.price, amount)
    return _l("%(price)s per %(base)s", price=LazyString(web.price, amount), base=number(base_quantity))


def helper(agreement: Agreement) -> Any:
    """Who can help: the agreement's responsible buyer, by name and address."""
    person = agreement.responsible
    return f"{person.name} ({person.email})" if person is not None else _l("upphandlingskontoret")


def ask_buyer(agreement: Agreement) -> Any:
    """The way on where nothing else is to be done."""
    return _l("Kontakta %(help)s, som kan avtalet.", help=helper(agreement))


def another_or_ask(agreement: Agreement) -> Any:
    """The way on where this agreement is of no use."""
    return _l("Sök efter en liknande vara på ett annat avtal, eller kontakta %(help)s.", help=helper(agreement))
