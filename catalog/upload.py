"""Upload: a file that somebody has sent and not yet said yes to. It is hers alone, and gone within a day.

It waits in the database because a page without script cannot send it a second time.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, mapped_column

from auth.user import User
from catalog.agreement import Award
from core.db import Base, db
from core.types import UtcDateTime

PRICES = "prices"


class Upload(Base):
    """One for each person and kind: a register whose changes she looks at, or a price list whose columns she chooses,
    and of these one for each award."""

    __tablename__ = "upload"
    __table_args__ = (
        UniqueConstraint("user_id", "kind", "award_id"),
        Index(
            "uq_upload_user_id_kind",
            *("user_id", "kind"),
            unique=True,
            sqlite_where=text("award_id IS NULL"),
            postgresql_where=text("award_id IS NULL"),
        ),
        {"sqlite_autoincrement": True},  # a file that takes another's place does not get its number
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    kind: Mapped[str] = mapped_column(String(20))  # prices, or that of the register
    file_name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    # of a price list; else none, and empty
    award_id: Mapped[int | None] = mapped_column(ForeignKey("award.id", ondelete="CASCADE"))
    effective_from: Mapped[date | None]
    headings: Mapped[list[str]] = mapped_column(JSON)  # as the file writes them
    samples: Mapped[list[list[str]]] = mapped_column(JSON)  # the first values of each column


def upload_of(user: User, kind: str, award: Award | None = None) -> Upload | None:
    """The file of hers that waits."""
    award_id = award.id if award else None
    return db.session.scalar(
        select(Upload).where(Upload.user_id == user.id, Upload.kind == kind, Upload.award_id == award_id)
    )
