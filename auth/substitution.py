"""Substitution: who may act for whom, between two days, decided by somebody. Both names are always kept."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, and_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.organisation import Organisation, holds_on
from auth.user import User
from core.db import Base
from core.types import UtcDateTime


class Substitution(Base):
    """`substitute` acts for `absent` (ersättare) in one organisation; the limit is that of the absent."""

    __tablename__ = "substitution"
    __table_args__ = (
        CheckConstraint("absent_id <> substitute_id", name="not_oneself"),
        CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    absent_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), index=True)
    substitute_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    decision: Mapped[str | None] = mapped_column(String(200))  # reference of the decision (delegationsordning)
    decided_by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # ended before its last day

    organisation: Mapped[Organisation] = relationship()
    absent: Mapped[User] = relationship(foreign_keys=[absent_id])
    substitute: Mapped[User] = relationship(foreign_keys=[substitute_id])
    decided_by: Mapped[User] = relationship(foreign_keys=[decided_by_id])

    def is_current(self, on: date) -> bool:
        return self.ended_at is None and holds_on(self.starts_on, self.ends_on, on)


def in_force(on: date) -> ColumnElement[bool]:
    """`is_current` as a condition of a query."""
    return and_(Substitution.ended_at.is_(None), Substitution.starts_on <= on, Substitution.ends_on >= on)
