"""The grammar of the demo's price lists: a product with its sizes, colours and packs becomes many articles.

    product("Pärm A4 {back} {colour}", "24.90", back="40 mm|60 mm=1.15|80 mm=1.3", colour="svart|blå")

gives six articles. An option may carry a price factor after `=`. Options combine freely; names are Swedish as price
lists write them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from itertools import product as combinations

from catalog.price_list import VatClass
from core.types import rounded

FEWEST_ÖRE = Decimal("0.10")


@dataclass(frozen=True, slots=True)
class Product:
    """A family of articles. Prices are SEK excl. VAT for `base` units."""

    name: str
    price: Decimal
    unit: str
    options: dict[str, list[tuple[str, Decimal]]]
    words: str | None  # what orderers call it
    text: str | None
    marks: tuple[str, ...]  # one of these for each article; an empty one is no mark
    classification: str | None
    pack: tuple[Decimal, str] | None
    base: Decimal
    minimum: Decimal | None
    multiple: Decimal | None
    vat: VatClass
    lead: int | None
    tiers: list[tuple[str, Decimal]]  # from which quantity, and what part of the price
    is_approximate: bool


@dataclass(frozen=True, slots=True)
class Item:
    """One article before it has a supplier: `key` is the same for every supplier of the same thing."""

    key: str
    name: str
    brand: str | None
    text: str | None
    price: Decimal
    marks: str | None
    product: Product = field(repr=False)


def product(
    name: str,
    price: str,
    unit: str = "H87",
    *,
    words: str | None = None,
    text: str | None = None,
    marks: str = "",
    unspsc: str | None = None,
    pack: str | None = None,
    base: int = 1,
    minimum: int | None = None,
    multiple: int | None = None,
    vat: VatClass = VatClass.STANDARD,
    lead: int | None = None,
    tiers: str = "",
    approximate: bool = False,
    **options: str,
) -> Product:
    """A product in the words of a price list; `pack` is "500 XST", `marks` is "Svanen||EU Ecolabel", `tiers` is
    "25=0.96|100=0.92": from 25 on 4 percent less."""
    size, _, pack_unit = (pack or "").partition(" ")
    return Product(
        name=name,
        price=Decimal(price),
        unit=unit,
        options={axis: [_option(part) for part in text.split("|")] for axis, text in options.items()},
        words=words,
        text=text,
        marks=tuple(marks.split("|")),
        classification=unspsc,
        pack=(Decimal(size), pack_unit) if pack else None,
        base=Decimal(base),
        minimum=Decimal(minimum) if minimum else None,
        multiple=Decimal(multiple) if multiple else None,
        vat=vat,
        lead=lead,
        tiers=[_option(part) for part in tiers.split("|")] if tiers else [],
        is_approximate=approximate,
    )


def _option(text: str) -> tuple[str, Decimal]:
    name, _, factor = text.partition("=")
    return name, Decimal(factor or 1)


def items_of(product: Product) -> Iterator[Item]:
    """Every article of a product. A price varies by a few percent from its factors, always in the same way."""
    axes = list(product.options)
    for chosen in combinations(*product.options.values()):
        words = {axis: option for axis, (option, _) in zip(axes, chosen, strict=True)}
        name = " ".join(product.name.format(**words).split())
        chance = chance_of(name)
        price = product.price * (97 + chance % 7) / 100
        for _, factor in chosen:
            price *= factor
        marks = product.marks[chance // 7 % len(product.marks)]
        yield Item(
            key=name,
            name=name,
            brand=words.get("brand") or None,
            text=product.text.format(**words) if product.text else None,
            price=max(FEWEST_ÖRE, tidy(price)),
            marks=marks or None,
            product=product,
        )


def chance_of(text: str) -> int:
    """A number that looks like chance and is the same on every machine (`hash` is not)."""
    return int.from_bytes(sha256(text.encode()).digest()[:6], "big")


def tidy(price: Decimal) -> Decimal:
    """Prices as suppliers set them: whole kronor above a thousand, tenths above fifty, öre below."""
    return rounded(price, 0 if price >= 1000 else 1 if price >= 50 else 2)
