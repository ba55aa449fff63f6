"""Column types: exact decimals on integers, aware instants, enums as text, and the Swedish sort key.

SQLite keeps `Numeric` as a binary float (1,000 × 0.10 sums to 99.9999999999986), so amounts are stored as
integers of their smallest step on both databases and are `Decimal` in Python.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import Any, TypeVar

from sqlalchemy import BigInteger, DateTime, Dialect, String
from sqlalchemy.types import TypeDecorator

E = TypeVar("E", bound=Enum)

LARGEST = 2**63 - 1


class FixedPoint(TypeDecorator[Decimal]):
    """A decimal with a fixed number of places, stored as an integer of its smallest step.

    Refuses a value with more places than it has: rounding is a decision of the caller (`rounded`), never of
    the database.
    """

    impl = BigInteger
    cache_ok = True
    places = 0

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if isinstance(value, float):
            raise TypeError("an exact amount cannot come from a float")
        steps = Decimal(value).scaleb(self.places)
        if not steps.is_finite() or steps != steps.to_integral_value() or abs(steps) > LARGEST:
            raise ValueError(f"{value} does not fit {type(self).__name__} ({self.places} decimals)")
        return int(steps)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-self.places)

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self


class Amount(FixedPoint):
    """Money in SEK, 2 decimals."""

    cache_ok = True
    places = 2


class UnitPrice(FixedPoint):
    """A price in SEK for the base quantity, 4 decimals."""

    cache_ok = True
    places = 4


class Quantity(FixedPoint):
    """A quantity in some unit, 3 decimals."""

    cache_ok = True
    places = 3


class Measured(FixedPoint):
    """What is counted in SEK, two decimals, or in some unit, three: a third decimal that says nothing is left out."""

    cache_ok = True
    places = 3

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        steps = int(value)
        return Decimal(steps).scaleb(-3) if steps % 10 else Decimal(steps // 10).scaleb(-2)


class Percent(FixedPoint):
    """A percentage, 2 decimals: 25.00 is a quarter."""

    cache_ok = True
    places = 2


def rounded(value: Decimal, places: int = 2) -> Decimal:
    """Half away from zero, as Swedish invoices and Peppol's slack expect (3 × 33.335 is 100.01)."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def line_net(quantity: Decimal, price: Decimal, base_quantity: Decimal) -> Decimal:
    """What a line costs in SEK excl. VAT: quantity × price ÷ base quantity, rounded once (EN 16931 BT-131)."""
    return rounded(quantity * price / base_quantity)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored in UTC. A naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant must be aware")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class TextEnum(TypeDecorator[E]):
    """An enum stored as the text of its value.

    Not `sa.Enum`: changing the set of a native or check-constrained enum is a migration that Alembic gets wrong
    on one engine or the other.
    """

    impl = String(40)
    cache_ok = True

    def __init__(self, kind: type[E]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return None if value is None else str(self.kind(value).value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        return None if value is None else self.kind(value)


_AFTER_Z = str.maketrans({"å": "{", "ä": "|", "æ": "|", "ö": "}", "ø": "}", "ü": "y"})  # { | } follow z in ASCII


def sort_key(text: str) -> str:
    """A key that sorts as Swedish does (… z å ä ö) under plain byte order, on every database."""
    if text.isascii():
        return text.lower()[:255]  # what is done below changes nothing in it
    folded = unicodedata.normalize("NFC", text).casefold().translate(_AFTER_Z)
    if folded.isascii():
        return folded[:255]
    plain = unicodedata.normalize("NFKD", folded)
    return "".join(c for c in plain if not unicodedata.combining(c))[:255]
