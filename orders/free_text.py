"""Free text (fritext): something that stands in no price list, ordered under an award that allows it.

What it is, its unit, price and VAT stand in a row of their own, which the lines of basket, requisition and order point
at as they do at an article. The row and the statement are never changed: who wants it otherwise states it anew.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.organisation import Organisation
from auth.user import User
from catalog.agreement import Award, FreeTextPrice
from catalog.finding import Free, Period
from catalog.price_list import Article
from core.db import Base
from core.types import Percent, TextEnum, UnitPrice, UtcDateTime

HOUR, LUMP_SUM = "HUR", "LS"  # UN/ECE Rec 20


class FreeText(Base):
    """What an orderer has stated of it, for one order. The database keeps it as it is."""

    __tablename__ = "free_text"
    __table_args__ = (
        ForeignKeyConstraint(["article_id", "award_id"], ["article.id", "article.award_id"]),
        UniqueConstraint("author_id", "key"),
        CheckConstraint("(price_kind = 'mark-up') = (list_price IS NOT NULL)", name="list_price_with_mark_up"),
        CheckConstraint("(price_kind = 'mark-up') = (mark_up IS NOT NULL)", name="mark_up_known"),
        CheckConstraint("(file_name IS NULL) = (file_content IS NULL)", name="file_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))  # of the form that made it: a double click makes one
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True)
    article_id: Mapped[int] = mapped_column(unique=True)
    price_kind: Mapped[FreeTextPrice] = mapped_column(TextEnum(FreeTextPrice))
    list_price: Mapped[Decimal | None] = mapped_column(UnitPrice)  # what the mark-up is on
    mark_up: Mapped[Decimal | None] = mapped_column(Percent)
    stated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    file_name: Mapped[str | None] = mapped_column(String(200))  # an offer, a drawing
    file_type: Mapped[str | None] = mapped_column(String(100))
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    file_content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    is_file_sent: Mapped[bool] = mapped_column(default=False)  # to the supplier, with the order
    # a blanket order's period, both days included; none: an order of one thing. Its price is the cap
    blanket_starts_on: Mapped[date | None]
    blanket_ends_on: Mapped[date | None]

    organisation: Mapped[Organisation] = relationship()
    author: Mapped[User] = relationship()
    award: Mapped[Award] = relationship(foreign_keys=[award_id])
    article: Mapped[Article] = relationship(primaryjoin="foreign(FreeText.article_id) == Article.id", viewonly=True)

    @property
    def period(self) -> Period | None:
        """The first and the last day of a blanket order."""
        if self.blanket_starts_on is None or self.blanket_ends_on is None:
            return None
        return self.blanket_starts_on, self.blanket_ends_on

    def as_asked(self) -> Free:
        """What the steering looks at."""
        return Free(self.price_kind, self.mark_up, has_file=self.file_name is not None, period=self.period)


class Line(Protocol):
    """A line of a basket or a requisition."""

    @property
    def free_text(self) -> FreeText | None: ...


def free_of(line: Line) -> Free | None:
    """What the steering looks at of a line that may be free text."""
    return line.free_text.as_asked() if line.free_text is not None else None
