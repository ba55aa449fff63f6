"""Parameter: numbers that law changes, each with its days: VAT rates, direct-procurement limits.

Never constants in the code. The first rows are written by the first migration, with their sources.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, Select, String, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from auth.organisation import holds_on
from catalog.price_list import VatClass
from core.db import Base, db, prepared
from core.errors import RuleBroken
from core.types import Amount


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


def parameter(name: str, on: date) -> Decimal:
    """The value that holds on a day. Raises RuleBroken when the table has none."""
    for row in db.session.scalars(select(Parameter).where(Parameter.name == name)):
        if holds_on(row.starts_on, row.ends_on, on):
            return row.value
    raise RuleBroken(f"parameter {name} has no value on {on}")


def vat_rates(on: date) -> dict[VatClass, Decimal]:
    """The VAT percentage of every class on a day (mervärdesskattelagen; food by prop. 2025/26:55)."""
    return {VatClass(row.name.removeprefix("vat.")): row.value for row in db.session.execute(*_rates(on))}


@prepared
def _rates(on: date) -> Select[str, Decimal]:
    is_current = and_(Parameter.starts_on <= on, or_(Parameter.ends_on.is_(None), Parameter.ends_on >= on))
    return select(Parameter.name, Parameter.value).where(Parameter.name.like("vat.%"), is_current)
