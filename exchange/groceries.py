"""A list of real groceries without prices → a price file whose prices are generated, and say so.

The source is a CSV with gtin13, product_name and ingredients. The same GTIN gets the same price each time.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from core.checkdigits import gs1_ok
from exchange.csvtext import decode, visible
from exchange.plaintext import CONTROL
from exchange.pricecolumns import COLUMNS
from exchange.table import MAX_BYTES

FIELDS = ("supplier_number", "name", "description", "gtin", "unit", "price", "vat")
MARK = "Pris genererat"


@dataclass(slots=True)
class Generated:
    """A price file as text, how many articles are in it, and what was left out (line and reason)."""

    text: str = ""
    articles: int = 0
    dropped: list[tuple[int, str]] = field(default_factory=list)


def generate_prices(data: bytes) -> Generated:
    """Make the price file. Raises Unreadable for what is no CSV, and ValueError for a broken one or one without
    the columns."""
    made = Generated()
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([COLUMNS[name].heading for name in FIELDS])
    seen: set[str] = set()
    for line, row in enumerate(_read(decode(data, max_bytes=MAX_BYTES)), 2):
        gtin = (row["gtin13"] or "").strip()
        name = " ".join(CONTROL.sub(" ", row["product_name"] or "").split()).lstrip("=+-@ ")[:200]
        why = _refusal(gtin, name, seen)
        if why:
            made.dropped.append((line, why))
            continue
        seen.add(gtin)
        ingredients = " ".join(CONTROL.sub(" ", row.get("ingredients") or "").replace("_", "").split())
        description = f"{MARK}. {ingredients[:1000]}".strip()
        price = f"{_price(gtin):.2f}".replace(".", ",")
        writer.writerow([gtin, name, description, gtin, "st", price, "livsmedel"])
        made.articles += 1
    made.text = out.getvalue()
    return made


def _read(text: str) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        if not {"gtin13", "product_name"} <= set(reader.fieldnames or ()):
            raise ValueError("the file lacks the columns gtin13 and product_name")
        yield from reader
    except csv.Error as error:
        raise ValueError(f"the file is broken: {error}") from None


def _refusal(gtin: str, name: str, seen: set[str]) -> str | None:
    if not (len(gtin) == 13 and gs1_ok(gtin)):
        return f"kontrollsiffran i GTIN {visible(gtin)} stämmer inte"
    if not name:
        return f"GTIN {gtin} saknar namn"
    return f"GTIN {gtin} finns redan" if gtin in seen else None


def _price(gtin: str) -> Decimal:
    """Somewhere between 8 and 120 kr, most of them low, seeded by the GTIN."""
    spread = Random(gtin).triangular(8, 120, 22)  # noqa: S311  a price to look at, no secret
    return Decimal(int(spread * 2) * 50 + 45).scaleb(-2)
