"""Supplier block: why and since when a supplier gets no orders, decided by whom, and how it ended.

What stops an order is `Supplier.blocked_at`, which every gate reads; this is its story, and the block that is planned.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from auth.user import User
from catalog.supplier import Supplier
from core.db import Base, db
from core.types import UtcDateTime

OPEN = text("lifted_at IS NULL")


class SupplierBlock(Base):
    """One block. It begins on its day, at once where that is today or before; one supplier has one at a time."""

    __tablename__ = "supplier_block"
    __table_args__ = (
        CheckConstraint("(lifted_at IS NULL) = (lift_reason IS NULL)", name="lifted_with_reason"),
        Index("uq_supplier_block_open", "supplier_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    supplier_id: Mapped[int] = mapped_column(ForeignKey("supplier.id"), index=True)
    starts_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(500))
    decision: Mapped[str | None] = mapped_column(String(200))  # its number or where it stands
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    begun_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # none: it waits for its day
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    lift_reason: Mapped[str | None] = mapped_column(String(500))

    supplier: Mapped[Supplier] = relationship()
    made_by: Mapped[User | None] = relationship(foreign_keys=[made_by_id])
    lifted_by: Mapped[User | None] = relationship(foreign_keys=[lifted_by_id])


def open_block(supplier: Supplier) -> SupplierBlock | None:
    """The block that holds or waits for its day; none where there is none."""
    query = select(SupplierBlock).where(SupplierBlock.supplier_id == supplier.id, SupplierBlock.lifted_at.is_(None))
    return db.session.scalar(query)


def blocks_of(supplier: Supplier) -> list[SupplierBlock]:
    """Every block of a supplier, the latest first."""
    query = select(SupplierBlock).where(SupplierBlock.supplier_id == supplier.id).order_by(SupplierBlock.id.desc())
    people = joinedload(SupplierBlock.made_by), joinedload(SupplierBlock.lifted_by)
    return list(db.session.scalars(query.options(*people)))
