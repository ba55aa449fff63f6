"""Comparison price: what a kilogram, a litre, a metre or a piece costs, so that packs of different sizes compare."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from catalog.price_list import Article
from core.types import rounded
from exchange.units import is_package

# unit → the unit that prices are compared in, and how many of that one it is (UN/ECE Rec 20)
_MEASURES = {
    code: (base, Decimal(size))
    for base, sizes in {
        "KGM": "KGM 1 HGM 0.1 GRM 0.001 MGM 0.000001 TNE 1000",
        "LTR": "LTR 1 DLT 0.1 CLT 0.01 MLT 0.001 DMQ 1 MTQ 1000",
        "MTR": "MTR 1 LM 1 CMT 0.01 MMT 0.001 KMT 1000",
        "MTK": "MTK 1 CMK 0.0001",
        "HUR": f"HUR 1 MIN {Decimal(1) / 60}",
        "KWH": "KWH 1 MWH 1000",
        "H87": "H87 1 C62 1 EA 1 DZN 12 CEN 100",
    }.items()
    for code, size in zip(sizes.split()[::2], sizes.split()[1::2], strict=True)
}


def is_measured(unit_code: str) -> bool:
    """Whether the unit is one of measure: a kilogram is one, whatever is said of what it comes in."""
    return unit_code in _MEASURES and _MEASURES[unit_code][0] != "H87"


class Unit(NamedTuple):
    """What is sold as one: its UN/ECE code, and what is in it where the price list says so."""

    unit_code: str
    pack_size: Decimal | None
    pack_unit: str | None


@dataclass(frozen=True, slots=True)
class ComparisonPrice:
    """SEK excl. VAT for one `unit_code`, with four decimals."""

    amount: Decimal
    unit_code: str


def comparison_price(article: Article) -> ComparisonPrice | None:
    """The price of one kilogram, litre, metre, square metre or piece of what an article holds.

    None for a package of which the price list does not say what is in it: a small bottle is not cheaper than a large
    one because it costs less. For units of another kind (hours, pairs) the price of one unit.
    """
    held = _contents(Unit(article.unit_code, article.pack_size, article.pack_unit))
    if held is None:
        return None
    unit_code, size = held
    return ComparisonPrice(rounded(article.price / article.base_quantity / size, 4), unit_code)


def units_in(one: Unit, other: Unit) -> Decimal | None:
    """How many of the other unit make one of this one; none where that cannot be told.

    What a package holds that did not say so before is no other package: it is compared as the one it was.
    """
    if one == other or (one.unit_code == other.unit_code and (not one.pack_size or is_measured(one.unit_code))):
        return Decimal(1)
    if one._replace(pack_size=None) == other._replace(pack_size=None) and one.pack_size and other.pack_size:
        return one.pack_size / other.pack_size
    mine, theirs = _contents(one), _contents(other)
    return mine[1] / theirs[1] if mine and theirs and mine[0] == theirs[0] else None


def _contents(unit: Unit) -> tuple[str, Decimal] | None:
    """What is in a unit: the unit that prices are compared in, and how many of it."""
    unit_code, held = unit.unit_code, Decimal(1)
    if unit.pack_size and unit.pack_unit and not is_measured(unit_code):
        unit_code, held = unit.pack_unit, unit.pack_size
    elif is_package(unit_code):
        return None
    base, size = _MEASURES.get(unit_code, (unit_code, Decimal(1)))
    return base, held * size
