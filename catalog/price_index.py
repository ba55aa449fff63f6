"""Price index: what an index clause permits, as somebody has read it from the index (SCB's KPI, AKI, PPI …).

The permitted raise is the index now through the index at the base, which is when the prices in force were set. Once a
list that follows a statement is in force the statement is spent: the next raise needs a new one, with a new base.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.user import User
from catalog.agreement import Agreement
from catalog.price_list import PriceList
from catalog.price_rule import PriceRule, PriceTerms, rule_of
from core.db import Base, db
from core.types import Quantity, UtcDateTime


class PriceIndex(Base):
    """One reading. The latest holds."""

    __tablename__ = "price_index"
    __table_args__ = (CheckConstraint("base_value > 0 AND value > 0", name="values_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id", ondelete="CASCADE"), index=True)
    series: Mapped[str] = mapped_column(String(200))  # "SCB KPI 1980=100", "AKI SNI C, preliminärt"
    base_period: Mapped[str] = mapped_column(String(40))  # "oktober 2025"
    base_value: Mapped[Decimal] = mapped_column(Quantity)
    period: Mapped[str] = mapped_column(String(40))
    value: Mapped[Decimal] = mapped_column(Quantity)
    source: Mapped[str] = mapped_column(String(300))
    read_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stated_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))

    agreement: Mapped[Agreement] = relationship()
    stated_by: Mapped[User | None] = relationship()

    @property
    def permitted_raise(self) -> Decimal:
        """In percent, rounded down to hundredths; zero where the index has fallen."""
        rise = (self.value / self.base_value - 1) * 100
        return max(Decimal(0), rise.quantize(Decimal("0.01"), ROUND_DOWN))


def readings_of(agreement: Agreement) -> list[PriceIndex]:
    """Every reading, the latest first."""
    query = select(PriceIndex).where(PriceIndex.agreement_id == agreement.id).order_by(PriceIndex.id.desc())
    return list(db.session.scalars(query))


class Rules(NamedTuple):
    """What holds for a list: `rule` for what it raises itself, narrowed to what the `reading` of an index permits, and
    `yearly`, the agreement's own, for what it raises together with others."""

    rule: PriceRule | None
    reading: PriceIndex | None
    yearly: PriceRule | None


def rules_for(price_list: PriceList, former: PriceList | None) -> Rules:
    """What holds for a list. `former`: the list in force, by which a reading may be spent."""
    agreement = price_list.award.lot.agreement
    rule, readings = rule_of(agreement), readings_of(agreement)
    if not readings:
        return Rules(rule, None, rule)
    reading = None if is_spent(readings[0], former) else readings[0]
    permitted = reading.permitted_raise if reading is not None else Decimal(0)
    said = {name: getattr(rule, name) for name in PriceTerms.__annotations__} if rule is not None else {}
    largest = said.get("largest_raise")
    said["largest_raise"] = permitted if largest is None else min(largest, permitted)
    return Rules(PriceRule(agreement_id=agreement.id, **said), reading, rule)  # the narrowed one is never stored


def is_spent(reading: PriceIndex, former: PriceList | None) -> bool:
    """Whether a list has come into force since the index was read."""
    return former is not None and former.published_at is not None and former.published_at > reading.stated_at
