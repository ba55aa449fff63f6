"""Supplier choice: why a supplier got an order, as it was told and on which facts when the requisition was sent.

A copy, not a view: standings, totals and rankings move on, what was decided on them does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import JSON, Dialect
from sqlalchemy.types import TypeDecorator

from catalog.agreement import METHOD_NAMES, CallOffMethod
from catalog.why import Why
from core.language import speaking


class OfferRow(NamedTuple):
    """What a supplier would have taken for the basket; SEK excl. VAT."""

    award_id: int
    supplier: str
    lines: Decimal
    charges: Decimal
    total: Decimal
    lacking: tuple[str, ...]


class ShareRow(NamedTuple):
    """Where a supplier stood against its share; SEK excl. VAT and percent."""

    award_id: int
    supplier: str
    agreed: Decimal
    used: Decimal
    so_far: Decimal
    behind: Decimal
    is_next: bool


@dataclass(frozen=True, slots=True)
class SupplierChoice:
    """Why one award; `facts` is plain JSON as `catalog.why` gives it."""

    award_id: int
    supplier: str
    lot: str
    method: str
    clause: str
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def method_name(self) -> Any:
        """What the call-off method is called (lazy)."""
        return METHOD_NAMES[CallOffMethod(self.method)]

    @property
    def offers(self) -> list[OfferRow]:
        """The totals that were compared, the best first."""
        return [
            OfferRow(
                award_id=told["award"],
                supplier=told["supplier"],
                lines=Decimal(told["lines"]),
                charges=Decimal(told["charges"]),
                total=Decimal(told["total"]),
                lacking=tuple(told["lacking"]),
            )
            for told in self.facts.get("offers", ())
        ]

    @property
    def shares(self) -> list[ShareRow]:
        """The standing, in the order of the turns."""
        return [
            ShareRow(
                award_id=told["award"],
                supplier=told["supplier"],
                agreed=Decimal(told["agreed"]),
                used=Decimal(told["used"]),
                so_far=Decimal(told["so_far"]),
                behind=Decimal(told["behind"]),
                is_next=told["is_next"],
            )
            for told in self.facts.get("shares", ())
        ]

    @property
    def passed(self) -> list[Mapping[str, Any]]:
        """Who stood before it in the ranking: `award`, `supplier`, `rank` and `how` (catalog.why.WHY_PASSED)."""
        return list(self.facts.get("passed", ()))


Choices = tuple[SupplierChoice, ...]


class ChoicesKept(TypeDecorator[Choices]):
    """The choices of a requisition in one column: read whole, written once, never searched. None is none."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Choices | None, dialect: Dialect) -> Any:
        return [asdict(choice) for choice in value] if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> Choices:
        return tuple(SupplierChoice(**told) for told in value or ())


def choice_of(why: Why) -> SupplierChoice:
    """What is told of a choice now, in the language of whoever reads."""
    award = why.award
    return SupplierChoice(
        award_id=award.id,
        supplier=award.supplier.name,
        lot=f"{award.lot.number} {award.lot.title}",
        method=award.lot.method.value,
        clause=award.lot.clause,
        text=why.text,
        facts=why.facts,
    )


def kept_choices(whys: Iterable[Why]) -> Choices:
    """The choices as they are kept: in Swedish, because the requisition is a public record."""
    with speaking("sv"):
        return tuple(choice_of(why) for why in whys)
