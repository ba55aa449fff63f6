"""Conflict of interest (jäv): a person's declared interest in a supplier, for which she never decides about what is
bought from it (KL 6 kap. 28–32 §§ and 7 kap. 4 §, FL 16–18 §§).

Entries are only added, and the database refuses to change or delete one: a declaration is withdrawn by a new one that
names it.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, and_, or_, select
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from auth.organisation import Organisation, holds_on
from auth.user import User
from catalog.supplier import Supplier
from core.db import Base
from core.types import UtcDateTime


class Conflict(Base):
    """A declaration, between two days, or (with `withdraws`) its withdrawal.

    The interest is the person's and holds wherever she approves; `organisation` is where it was declared.
    """

    __tablename__ = "conflict_declaration"
    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
        Index("ix_conflict_declaration_user", "user_id", "supplier_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    supplier_id: Mapped[int] = mapped_column(ForeignKey("supplier.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(String(500))
    made_by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdraws_id: Mapped[int | None] = mapped_column(ForeignKey("conflict_declaration.id"), unique=True)

    organisation: Mapped[Organisation] = relationship()
    user: Mapped[User] = relationship(foreign_keys=[user_id])
    supplier: Mapped[Supplier] = relationship()
    made_by: Mapped[User] = relationship(foreign_keys=[made_by_id])
    withdraws: Mapped[Conflict | None] = relationship(
        remote_side=[id], foreign_keys=[withdraws_id], back_populates="withdrawal"
    )
    withdrawal: Mapped[Conflict | None] = relationship(foreign_keys=[withdraws_id], back_populates="withdraws")

    def is_current(self, on: date) -> bool:
        return self.withdrawal is None and self.withdraws_id is None and holds_on(self.starts_on, self.ends_on, on)


_withdrawal = aliased(Conflict)


def in_force(on: date) -> ColumnElement[bool]:
    """`is_current` as a condition of a query."""
    return and_(
        Conflict.withdraws_id.is_(None),
        Conflict.starts_on <= on,
        or_(Conflict.ends_on.is_(None), Conflict.ends_on >= on),
        ~select(_withdrawal.id).where(_withdrawal.withdraws_id == Conflict.id).exists(),
    )
