"""Ranking log: what a better-placed supplier answered, kept as evidence; it opens the next place for one need alone.

LOU 7 kap. 6 § with the agreement's own call-off order (fast rangordning). A need is so many of some articles: an entry
names what was asked for, and opens nothing else and nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Dialect, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from auth.user import User
from catalog.agreement import Award
from catalog.price_list import Article
from core.db import Base
from core.types import UtcDateTime

DECLINED, SILENT = "declined", "silent"
CHANNELS = {
    "e-post": _l("e-post"),
    "telefon": _l("telefon"),
    "portal": _l("leverantörens portal"),
    "möte": _l("möte"),
}
LONGEST_AGO = timedelta(days=30)  # what was asked before that was about another need


class AskedGoods(NamedTuple):
    """So many of an article, as a supplier was asked for them."""

    award_id: int
    supplier_number: str
    gtin: str | None
    name: str
    unit_code: str
    quantity: Decimal

    def is_about(self, article: Article) -> bool:
        """Whether it is this article, or the same from another of the lot's suppliers."""
        if (self.award_id, self.supplier_number) == (article.award_id, article.supplier_number):
            return True
        if self.unit_code != article.unit_code:
            return False
        if self.gtin and article.gtin:
            return self.gtin == article.gtin
        return self.name.casefold() == article.name.casefold()

    def holds(self, article: Article, quantity: Decimal) -> bool:
        """Whether so many of an article are among them."""
        return quantity <= self.quantity and self.is_about(article)


class AskedFor(TypeDecorator[tuple[AskedGoods, ...]]):
    """What a supplier was asked for, in one column: it is read whole and written once."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: tuple[AskedGoods, ...] | None, dialect: Dialect) -> Any:
        return None if value is None else [[*goods[:-1], str(goods.quantity)] for goods in value]

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[AskedGoods, ...] | None:
        return None if value is None else tuple(AskedGoods._make([*told[:5], Decimal(told[5])]) for told in value)


class RankingRefusal(Base):
    """A better-placed supplier could not deliver: asked when, how and for what, what it answered, and who noted it."""

    __tablename__ = "ranking_refusal"
    __table_args__ = (
        CheckConstraint("answer IN ('declined', 'silent')", name="answer_known"),
        CheckConstraint("basket_id IS NOT NULL OR requisition_id IS NOT NULL", name="has_need"),
        CheckConstraint("answer <> 'silent' OR answer_by IS NULL OR noted_at >= answer_by", name="silence_in_time"),
        CheckConstraint("asked_at <= noted_at", name="asked_before_noted"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True)  # the one that did not deliver
    basket_id: Mapped[int | None] = mapped_column(ForeignKey("basket.id"), index=True)
    requisition_id: Mapped[int | None] = mapped_column(ForeignKey("requisition.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer_by: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the lot's time to answer was out
    asked_for: Mapped[tuple[AskedGoods, ...] | None] = mapped_column(AskedFor)  # none: noted before it was kept
    channel: Mapped[str] = mapped_column(String(40))  # one of CHANNELS
    answer: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(500))
    file_name: Mapped[str | None] = mapped_column(String(200))
    file_type: Mapped[str | None] = mapped_column(String(100))
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    file_content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    noted_by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)

    award: Mapped[Award] = relationship()
    noted_by: Mapped[User] = relationship()

    @property
    def channel_name(self) -> Any:
        """How the supplier was asked (lazy)."""
        return CHANNELS.get(self.channel, self.channel)


class Wanted(Protocol):
    """A line of a basket or a requisition."""

    @property
    def article(self) -> Any: ...
    @property
    def quantity(self) -> Any: ...


def refused_by_line(refusals: Iterable[RankingRefusal], lines: Sequence[Wanted]) -> list[frozenset[int]]:
    """For each line, the ids of the awards that have declined or not answered about it.

    What was asked for is used up line by line: twice as many, or something else, is another need and asked anew.
    """
    refused: list[set[int]] = [set() for _ in lines]
    for refusal in refusals:
        left = list(refusal.asked_for or ())
        for at, line in enumerate(lines):
            found = next((n for n, row in enumerate(left) if row.holds(line.article, line.quantity)), None)
            if found is not None:
                left[found] = left[found]._replace(quantity=left[found].quantity - line.quantity)
            if found is not None or refusal.asked_for is None:
                refused[at].add(refusal.award_id)
    return [frozenset(awards) for awards in refused]
