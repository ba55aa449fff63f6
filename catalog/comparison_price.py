"""Comparison price: what a kilogram, a litre, a metre or a piece costs, so that packs of different sizes compare."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

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
        "H87": "H87 1 C62 1 EA 1 DZN 12 CEN 100",
    }.items()
    for code, size in zip(sizes.split()[::2], sizes.split()[1::2], strict=True)
}


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
    unit_code, held = article.unit_code, Decimal(1)
    if article.pack_size and article.pack_unit:
        unit_code, held = article.pack_unit, article.pack_size
    elif is_package(unit_code):
        return None
    base, size = _MEASURES.get(unit_code, (unit_code, Decimal(1)))
    return ComparisonPrice(rounded(article.price / article.base_quantity / (held * size), 4), base)
