"""What a price list changes, and what was refused of it, in words and as tables to send."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from catalog.actions.price_review import difference_of
from catalog.price_change import Kind, PriceChange
from catalog.price_list import PriceList, VatClass
from catalog.price_refusal import refusals_of
from core.language import language
from core.web import number, price
from exchange.tablefile import Sheet
from exchange.units import unit_name

ONE_NAMES = {
    Kind.DEARER: _l("dyrare"),
    Kind.CHEAPER: _l("billigare"),
    Kind.NEW: _l("ny"),
    Kind.GONE: _l("försvinner"),
    Kind.REWORDED: _l("ändrad text eller enhet"),
}
COLUMN_NAMES = {
    "supplier_number": _l("Artikelnummer"),
    "name": _l("Benämning"),
    "unit_code": _l("Enhet"),
    "description": _l("Beskrivning"),
    "brand": _l("Varumärke"),
    "gtin": _l("GTIN"),
    "synonyms": _l("Sökord"),
    "pack_size": _l("Antal per förpackning"),
    "pack_unit": _l("Innehållsenhet"),
    "minimum_quantity": _l("Minsta antal"),
    "quantity_multiple": _l("Multipel"),
    "base_quantity": _l("Prisenhet"),
    "vat_class": _l("Moms"),
    "classification": _l("UNSPSC"),
    "marks": _l("Märkning"),
    "picture_url": _l("Bild"),
    "lead_time_days": _l("Leveranstid"),
    "tiers": _l("Mängdpriser"),
    "list_price": _l("Listpris"),
    "discount_percent": _l("Rabatt"),
    "is_approximate": _l("Ungefärlig vikt"),
}
VAT_NAMES = {
    VatClass.STANDARD: "25 %",
    VatClass.REDUCED_12: "12 %",
    VatClass.REDUCED_6: "6 %",
    VatClass.NONE: "0 %",
    VatClass.FOOD: _l("livsmedel"),
}
LONGEST = 80


def told(change: PriceChange) -> list[tuple[Any, str, str]]:
    """What else than the price differs: what it is called, before, after."""
    return [
        (
            COLUMN_NAMES[name],
            _shown(name, getattr(change.before, name)),
            _shown(name, getattr(change.after, name)),
        )
        for name in change.reworded
    ]


def _shown(name: str, value: Any) -> str:
    if value is None or value == "":
        return "–"
    if name in ("unit_code", "pack_unit"):
        return unit_name(value, language())
    if isinstance(value, VatClass):
        return str(VAT_NAMES[value])
    if isinstance(value, bool):
        return str(_("ja") if value else _("nej"))
    if name == "tiers":
        return "; ".join(f"{number(quantity)}: {price(cost)}" for quantity, cost in value) or "–"
    text = number(value) if isinstance(value, Decimal) else str(value)
    if name in ("synonyms", "marks"):
        text = text.replace(",", ", ")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def changes_sheet(price_list: PriceList, kind: Kind | None = None) -> Sheet:
    """The difference as a table to send: prices in SEK excl. VAT, effects in SEK a year."""
    headings = (
        *(_("Vad"), _("Artikelnummer"), _("Benämning"), _("Pris nu"), _("Prisenhet nu"), _("Nytt pris")),
        *(_("Ny prisenhet"), _("Ändring, procent"), _("Köpt på ett år"), _("Kostar mer per år, kr")),
        *(_("Annat som ändras"), _("Avböjd därför att")),
    )
    widths = (14, 16, 40, 12, 12, 12, 12, 12, 12, 16, 50, 40)
    return Sheet(
        _("Ändringar"), headings, _change_rows(price_list, kind), widths, frozenset({1}), amounts=frozenset({3, 5, 9})
    )


def _change_rows(price_list: PriceList, kind: Kind | None) -> Iterator[tuple[Any, ...]]:
    for changes in difference_of(price_list).portions(kind):
        for c in changes:
            others = "; ".join(_("%(name)s: %(old)s → %(new)s", name=n, old=old, new=new) for n, old, new in told(c))
            yield (
                *(str(ONE_NAMES[c.kind]), c.article.supplier_number, c.article.name),
                *((c.before.price, c.before.base_quantity) if c.before else (None, None)),
                *((c.after.price, c.after.base_quantity) if c.after else (None, None)),
                *(c.percent, c.volume, c.effect, others or None, c.refusal),
            )


def refused_sheet(price_list: PriceList) -> Sheet:
    """The refused rows as a table for the supplier: what it wanted, what holds instead, and why."""
    headings = (
        *(_("Artikelnummer"), _("Benämning"), _("Vad"), _("Ert pris"), _("Er prisenhet")),
        *(_("Pris som gäller"), _("Prisenhet"), _("Avböjd därför att")),
    )
    rows = (
        (
            *(r.supplier_number, r.name, str(ONE_NAMES[Kind(r.kind)])),
            *(r.offered_price, r.offered_base, r.kept_price, r.kept_base, r.reason),
        )
        for r in refusals_of(price_list)
    )
    return Sheet(
        _("Avböjda rader"), headings, rows, (16, 40, 14, 12, 14, 18, 12, 60), frozenset({0}), amounts=frozenset({3, 5})
    )
