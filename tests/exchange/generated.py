"""Price lists by chance: rows as the reader gives them, every field in every form that it may have.

`AVROP_TEST_TIMES=10 ./avrop test tests/exchange -k "exported or comes"` tries ten times as many lists as usual.
"""

from __future__ import annotations

import os
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from core.checkdigits import gs1_check_digit
from exchange.plaintext import CONTROL
from exchange.pricecolumns import EXAMPLE
from exchange.pricefile import ÖRE, PriceRow
from exchange.units import UNITS

TIMES = int(os.environ.get("AVROP_TEST_TIMES", "1"))


def generated(count: int) -> settings:
    """As many lists, or as many times more as somebody who has the time asks for."""
    return settings(max_examples=count * TIMES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


LETTERS = st.characters(exclude_categories=["Cs", "Cc"])


def texts(limit: int) -> st.SearchStrategy[str]:
    """Texts as the reader gives them: on one line; some begin as a formula does, or as what says that it is none."""
    beginnings = st.sampled_from(["", "", "", "'", "=", "-", "'=", "''"])
    words = st.builds(str.__add__, beginnings, st.text(LETTERS, max_size=limit - 2)).map(lambda t: " ".join(t.split()))
    return words.filter(lambda text: bool(text) and not CONTROL.search(text) and text != EXAMPLE)


def words(limit: int) -> st.SearchStrategy[tuple[str, ...]]:
    word = texts(12).map(lambda text: "".join(c for c in text if c not in ";,|").strip())
    return st.lists(word.filter(bool), max_size=4).map(tuple)


def numbers(limit: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.integers(1, limit * 10**places).map(lambda whole: Decimal(whole).scaleb(-places))


def gtins() -> st.SearchStrategy[str]:
    body = st.sampled_from((7, 11, 12, 13)).flatmap(lambda size: st.text("0123456789", min_size=size, max_size=size))
    return body.map(lambda digits: digits + str(gs1_check_digit(digits)))


def optional(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


def tiers() -> st.SearchStrategy[tuple[tuple[Decimal, Decimal], ...]]:
    steps = st.lists(st.tuples(numbers(1_000_000, 3), numbers(1_000_000_000, 4)), max_size=10, unique_by=lambda s: s[0])
    return steps.map(lambda found: tuple(sorted(found)))


ROWS = st.builds(
    PriceRow,
    line=st.just(0),
    supplier_number=texts(50),
    name=texts(200),
    unit=st.sampled_from(sorted(UNITS)),
    price=numbers(1_000_000_000, 4),
    vat=st.sampled_from(["25", "12", "6", "0", "food"]),
    description=optional(texts(300)),
    gtin=optional(gtins()),
    pack_size=optional(numbers(1_000_000, 3)),
    pack_unit=optional(st.sampled_from(sorted(UNITS))),
    minimum_quantity=optional(numbers(1_000_000, 3)),
    quantity_multiple=optional(numbers(1_000_000, 3)),
    base_quantity=numbers(1_000_000, 3),
    synonyms=words(500),
    marks=words(200),
    classification=optional(st.text("0123456789", min_size=8, max_size=8)),
    manufacturer=optional(texts(100)),
    lead_time_days=optional(st.integers(0, 999)),
    picture=optional(st.just("https://bilder.example/å.jpg?x=1&y=2.png")),
    tiers=tiers(),
    list_price=st.none(),
    discount_percent=st.none(),
    is_approximate=st.booleans(),
)


def discounted(row: PriceRow, list_price: Decimal, percent: Decimal) -> PriceRow:
    """The row with the price that a discount makes; as it was where that would be nothing."""
    price = (list_price * (100 - percent) / 100).quantize(ÖRE, ROUND_HALF_UP)
    return row._replace(price=price, list_price=list_price, discount_percent=percent) if price else row


PRICED = ROWS | st.builds(discounted, ROWS, numbers(1_000_000_000, 4), numbers(99, 2))
LISTS = st.lists(PRICED, min_size=1, max_size=8, unique_by=lambda row: row.supplier_number)
