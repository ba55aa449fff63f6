"""Price tag: how quantities and prices are written beside an article, in the reader's language.

A page writes a hundred of them and the same ones again and again, so what is written is remembered.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from flask import Flask
from flask_babel import gettext as _
from markupsafe import Markup, escape

from core.language import language
from core.web import number, price
from exchange.units import unit_name

HOUR, LUMP_SUM = "HUR", "LS"


def init_price_tags(app: Flask) -> None:
    """Make price tags known to the templates."""
    app.add_template_filter(unit)
    app.add_template_global(amount_of)
    app.add_template_global(price_of)


def unit(code: str) -> str:
    """What a unit of measure is called on a price tag: XPK is `förp`."""
    return unit_name(code, language())


def amount_of(quantity: Decimal, unit_code: str) -> Markup:
    """How many of what, on one line: `3 förp`."""
    return _amount(language(), quantity, unit_code)


def price_of(amount: Decimal, base_quantity: Decimal, unit_code: str) -> Markup:
    """What so many cost, in SEK: `49,90 kr per förp`, `120,00 kr per 100 st`, `850,00 kr/timme`, or
    `20 000,00 kr fast pris`."""
    return _price(language(), amount, base_quantity, unit_code)


@lru_cache(10_000)
def _amount(_language: str, quantity: Decimal, unit_code: str) -> Markup:
    return Markup("{}&nbsp;{}").format(number(quantity), unit(unit_code))


@lru_cache(10_000)
def _price(_language: str, amount: Decimal, base_quantity: Decimal, unit_code: str) -> Markup:
    if base_quantity == 1 and unit_code == HOUR:
        return escape(_("%(price)s/timme", price=price(amount)))
    if base_quantity == 1 and unit_code == LUMP_SUM:
        return escape(_("%(price)s fast pris", price=price(amount)))
    named = {"price": price(amount), "unit": unit(unit_code)}
    if base_quantity == 1:
        return escape(_("%(price)s per %(unit)s", **named))
    return escape(_("%(price)s per %(quantity)s %(unit)s", quantity=number(base_quantity), **named))
