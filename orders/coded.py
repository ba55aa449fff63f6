"""Coded: how the amount of a line is charged to the organisation's accounts (kontering), as it stood when it was sent.

A line keeps a copy, names and all: a dimension may be renamed tomorrow, an order may not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, Dialect
from sqlalchemy.types import TypeDecorator

from core.errors import RuleBroken

HUNDRED, ÖRE = Decimal(100), Decimal("0.01")
MOST_PARTS = 10


class Coded(NamedTuple):
    """One code of one dimension: ansvar 12345, Centrumskolan."""

    dimension_id: int
    dimension: str
    code: str
    name: str = ""  # none where the dimension has no list


@dataclass(frozen=True, slots=True)
class CodedPart:
    """A part of a line's amount (SEK excl. VAT) under one coding; `percent` where it was said so."""

    amount: Decimal
    codes: tuple[Coded, ...]
    percent: Decimal | None = None

    def told(self) -> dict[str, Any]:
        """The part as plain JSON: as the database keeps it, and as the content hash sees it."""
        percent = None if self.percent is None else f"{self.percent:f}"
        return {"amount": f"{self.amount:.2f}", "percent": percent, "codes": [list(code) for code in self.codes]}

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> CodedPart:
        """The part that `told` tells."""
        percent = None if told["percent"] is None else Decimal(told["percent"])
        return cls(Decimal(told["amount"]), tuple(Coded(*code) for code in told["codes"]), percent)


Parts = tuple[CodedPart, ...]


class CodingOfLine(TypeDecorator[Parts]):
    """The coding of a line in one column: it is read whole, written once and never searched. None is no coding."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Parts | None, dialect: Dialect) -> Any:
        return [part.told() for part in value] if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> Parts:
        return tuple(CodedPart.read(told) for told in value or ())


class CodedLine(Protocol):
    """A line of a requisition or an order."""

    @property
    def net_amount(self) -> Any: ...
    @property
    def coding(self) -> Any: ...


def codes_of(codings: Iterable[Parts]) -> frozenset[tuple[int, str]]:
    """Every dimension and code that some part of the lines is charged to."""
    return frozenset((c.dimension_id, c.code) for parts in codings for part in parts for c in part.codes)


def shared_out(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """An amount shared out in öre by weights of at most two decimals; the sum is always the whole.

    By largest remainder: each part gets its whole öre, and those left over go where most was cut off, the first
    first. Raises ValueError where no weight is above zero.
    """
    öre, each = int(total / ÖRE), [int(weight / ÖRE) for weight in weights]
    whole = sum(each)
    if whole <= 0 or min(each) < 0:
        raise ValueError("an amount is shared out by weights above zero")
    parts = [divmod(abs(öre) * weight, whole) for weight in each]
    left = abs(öre) - sum(part for part, _ in parts)
    first = sorted(range(len(parts)), key=lambda at: (-parts[at][1], at))[:left]
    sign = 1 if öre >= 0 else -1
    return [ÖRE * sign * (part + (at in first)) for at, (part, _) in enumerate(parts)]


def check_sum(line: CodedLine) -> None:
    """A coding charges all of the line and no more. Raises RuleBroken."""
    if line.coding and sum(part.amount for part in line.coding) != line.net_amount:
        raise RuleBroken(_l("Konteringens delar ger inte radens belopp."))


def codes_text(codes: Iterable[Coded]) -> str:
    """Codes in one line of text: Ansvar 12345, Konto 64600."""
    return ", ".join(f"{code.dimension} {code.code}" for code in codes)


def coding_text(parts: Parts) -> str | None:
    """The coding of a line for the supplier to repeat (UBL AccountingCost, EN 16931 BT-133)."""
    if len(parts) == 1:
        return codes_text(parts[0].codes) or None
    return "; ".join(f"{_kr(part.amount)}: {codes_text(part.codes)}" for part in parts) or None


def common_text(lines: Iterable[CodedLine]) -> str | None:
    """The coding of a whole order, where every line has the same and none is split (BT-19)."""
    codings = {tuple(part.codes for part in line.coding) for line in lines}
    if len(codings) != 1:
        return None
    (only,) = codings
    return codes_text(only[0]) or None if len(only) == 1 else None


def by_coding(lines: Iterable[CodedLine]) -> dict[tuple[Coded, ...], Decimal]:
    """What the lines charge to each coding, in the order in which they first come; the uncoded to no codes."""
    sums: dict[tuple[Coded, ...], Decimal] = {}
    for line in lines:
        for part in line.coding or (CodedPart(line.net_amount, ()),):
            sums[part.codes] = sums.get(part.codes, Decimal(0)) + part.amount
    return sums


def _kr(amount: Decimal) -> str:
    """Swedish: it is read by the supplier."""
    return f"{amount:.2f}".replace(".", ",") + " kr"
