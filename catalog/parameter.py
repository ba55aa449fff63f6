"""Parameter: numbers that law changes, each with its days: VAT rates, direct-procurement limits.

Never constants in the code. The first rows are written by the first migration, with their sources.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Select, String, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from auth.organisation import holds_on
from catalog.price_list import VatClass
from core.db import Base, db, prepared
from core.errors import RuleBroken
from core.types import Amount


class Measured(str, Enum):
    """What the value of a parameter counts."""

    PERCENT = "percent"
    AMOUNT = "amount"  # SEK excl. VAT
    DAYS = "days"


# Every parameter that the program asks for: what people call it, and what it counts.
NAMES: dict[str, tuple[Any, Measured]] = {
    "vat.standard": (_l("Moms, vanlig sats"), Measured.PERCENT),
    "vat.food": (_l("Moms, livsmedel"), Measured.PERCENT),
    "vat.reduced-12": (_l("Moms, nedsatt sats 12"), Measured.PERCENT),
    "vat.reduced-6": (_l("Moms, nedsatt sats 6"), Measured.PERCENT),
    "vat.none": (_l("Moms, undantaget"), Measured.PERCENT),
    "direct-procurement.lou": (_l("Direktupphandlingsgräns enligt LOU"), Measured.AMOUNT),
    "direct-procurement.luf": (_l("Direktupphandlingsgräns enligt LUF"), Measured.AMOUNT),
    "direct-procurement.documentation": (_l("Direktupphandling dokumenteras från"), Measured.AMOUNT),
    "splitting.days": (_l("Sannolik uppdelning: köp inom så många dagar"), Measured.DAYS),
    "splitting.near-percent": (_l("Sannolik uppdelning: högst så långt under en gräns"), Measured.PERCENT),
    "need.answer-days": (_l("Behov besvaras inom så många arbetsdagar"), Measured.DAYS),
    "competition.answer-days": (_l("Minsta anbudstid vid förnyad konkurrensutsättning"), Measured.DAYS),
    "competition.answer-days.dynamic": (_l("Minsta anbudstid i ett dynamiskt inköpssystem"), Measured.DAYS),
}


class Parameter(Base):
    """A value between two days, both inclusive. Amounts in SEK excl. VAT, rates in percent."""

    __tablename__ = "parameter"
    __table_args__ = (
        UniqueConstraint("name", "starts_on"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))  # vat.food, direct-procurement.lou …
    value: Mapped[Decimal] = mapped_column(Amount)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    source: Mapped[str] = mapped_column(String(200))

    @property
    def called(self) -> Any:
        return NAMES[self.name][0] if self.name in NAMES else self.name

    @property
    def measured(self) -> Measured:
        return NAMES[self.name][1] if self.name in NAMES else Measured.AMOUNT


class Stated(NamedTuple):
    """A value and the last day on which it is the one that holds."""

    row: Parameter
    ends_on: date | None


def parameter(name: str, on: date) -> Decimal:
    """The value that holds on a day, of several the latest. Raises RuleBroken when the table has none."""
    rows = db.session.scalars(select(Parameter).where(Parameter.name == name).order_by(Parameter.starts_on.desc()))
    for row in rows:
        if holds_on(row.starts_on, row.ends_on, on):
            return row.value
    raise RuleBroken(f"parameter {name} has no value on {on}")


def parameters() -> list[Stated]:
    """Every value of every parameter there is a name for: in the order of the names, the latest day first."""
    order = list(NAMES)
    rows = db.session.scalars(select(Parameter).where(Parameter.name.in_(order)).order_by(Parameter.starts_on.desc()))
    stated: list[Stated] = []
    for row in sorted(rows, key=lambda row: order.index(row.name)):
        later = stated[-1].row if stated and stated[-1].row.name == row.name else None
        ends = [day for day in (row.ends_on, later and later.starts_on - timedelta(days=1)) if day]
        stated.append(Stated(row, min(ends, default=None)))
    return stated


def vat_rates(on: date) -> dict[VatClass, Decimal]:
    """The VAT percentage of every class on a day (mervärdesskattelagen; food by prop. 2025/26:55)."""
    return {VatClass(row.name.removeprefix("vat.")): row.value for row in db.session.execute(*_rates(on))}


@prepared
def _rates(on: date) -> Select[str, Decimal]:
    is_current = and_(Parameter.starts_on <= on, or_(Parameter.ends_on.is_(None), Parameter.ends_on >= on))
    return select(Parameter.name, Parameter.value).where(Parameter.name.like("vat.%"), is_current)
