"""Column map: what the columns of a supplier's files hold, chosen by hand once for each row of headings, by each
organisation for the agreements that it owns: nobody changes how another one's files are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from catalog.agreement import Award
from core.db import Base, db
from core.types import UtcDateTime
from exchange.header import ColumnChoice


class ColumnMap(Base):
    """`fields` says for each of the `headings` (folded, in the file's order) which field it holds, "" for none."""

    __tablename__ = "column_map"
    __table_args__ = (UniqueConstraint("organisation_id", "supplier_id", "fingerprint"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))  # the owner of the agreements
    supplier_id: Mapped[int] = mapped_column(ForeignKey("supplier.id", ondelete="CASCADE"))
    fingerprint: Mapped[str] = mapped_column(String(64))  # SHA-256 of the folded headings
    headings: Mapped[list[str]] = mapped_column(JSON)
    fields: Mapped[list[str]] = mapped_column(JSON)
    written: Mapped[list[str]] = mapped_column(JSON)  # the headings as people read them
    chosen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    chosen_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


def fingerprint_of(headings: Sequence[str]) -> str:
    """What tells one row of (folded) headings from another."""
    return sha256("\n".join(headings).encode()).hexdigest()


def column_maps(award: Award) -> Sequence[ColumnMap]:
    """What the owner of an award's agreement chose for the supplier's files, the latest first."""
    owner_id = award.lot.agreement.owner_id
    wanted = select(ColumnMap).where(ColumnMap.organisation_id == owner_id, ColumnMap.supplier_id == award.supplier_id)
    return db.session.scalars(wanted.order_by(ColumnMap.chosen_at.desc(), ColumnMap.id)).all()


def column_choices(award: Award) -> list[ColumnChoice]:
    """The same as the reader of files wants it."""
    return [ColumnChoice(tuple(m.headings), tuple(m.fields)) for m in column_maps(award)]
