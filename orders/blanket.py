"""Blanket order (ramorder): for a period, up to a cap, one supplier's work or goods are drawn as they come.

Its cap is what was approved, what the ceilings count, and what a free text of the award carries. What is drawn is the
sum of the draws, and never more than the cap; what is left is given back when the order is closed or the period ends.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.user import User
from core.db import Base
from core.types import Amount, UtcDateTime
from orders.order import Order


class BlanketOrder(Base):
    """What makes an order a blanket order. `cap` and `drawn`: SEK excl. VAT."""

    __tablename__ = "blanket_order"
    __table_args__ = (
        CheckConstraint("drawn >= 0 AND drawn <= cap", name="drawn_within_cap"),
        CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id"), unique=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date] = mapped_column(index=True)
    cap: Mapped[Decimal] = mapped_column(Amount)
    drawn: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))

    order: Mapped[Order] = relationship(back_populates="blanket")
    draws: Mapped[list[BlanketDraw]] = relationship(back_populates="blanket", order_by="BlanketDraw.id")

    @property
    def left(self) -> Decimal:
        return self.cap - self.drawn

    @property
    def percent_drawn(self) -> int:
        """Whole percent of the cap, rounded down so that 100 means all of it."""
        return int(self.drawn * 100 / self.cap)


class BlanketDraw(Base):
    """What came one day, in SEK excl. VAT; negative takes back part of an earlier one, and says why."""

    __tablename__ = "blanket_draw"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount_told"),
        CheckConstraint("amount > 0 OR note IS NOT NULL", name="correction_explained"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)  # of the form that made it: a double click makes one
    blanket_id: Mapped[int] = mapped_column(ForeignKey("blanket_order.id"), index=True)
    amount: Mapped[Decimal] = mapped_column(Amount)
    came_on: Mapped[date]
    note: Mapped[str | None] = mapped_column(String(500))
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    drawn_by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))

    blanket: Mapped[BlanketOrder] = relationship(back_populates="draws")
    drawn_by: Mapped[User] = relationship()
