"""Watch: what an agreement's people are warned of in time, how full its ceilings are and which days come closer.

Where nothing is stated for an agreement, the levels and days below hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog.agreement import Agreement
from core.db import Base, db
from core.types import UtcDateTime

LEVELS = (50, 80, 95)  # percent of a ceiling


class DateKind(str, Enum):
    """A day in the life of an agreement that somebody must act before."""

    NOTICE = "notice"  # the last day to give notice
    DECIDE = "decide"  # the last day to decide about the next extension
    ENDS = "ends"


DATE_NAMES = {
    DateKind.NOTICE: _l("uppsägning senast"),
    DateKind.DECIDE: _l("förlängning beslutas senast"),
    DateKind.ENDS: _l("avtalet slutar"),
}
DAYS_BEFORE = {DateKind.NOTICE: 60, DateKind.DECIDE: 60, DateKind.ENDS: 120}


class Watch(Base):
    """What is stated for one agreement."""

    __tablename__ = "agreement_watch"
    __table_args__ = (
        CheckConstraint("notice_days >= 0 AND decide_days >= 0 AND ends_days >= 0", name="days_positive"),
    )

    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id", ondelete="CASCADE"), primary_key=True)
    levels: Mapped[str] = mapped_column(String(60))  # whole percents, rising, between commas
    notice_days: Mapped[int]  # how long before the day
    decide_days: Mapped[int]
    ends_days: Mapped[int]

    def days_before(self, kind: DateKind) -> int:
        """How many days before such a day its people are told."""
        return {
            DateKind.NOTICE: self.notice_days,
            DateKind.DECIDE: self.decide_days,
            DateKind.ENDS: self.ends_days,
        }[kind]


class DateReminder(Base):
    """That the people of an agreement were told of a day. Another day is told of anew."""

    __tablename__ = "date_reminder"
    __table_args__ = (UniqueConstraint("agreement_id", "kind", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(40))
    day: Mapped[date]
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)


def watch_of(agreement: Agreement) -> Watch:
    """What holds for an agreement: what is stated, or else what holds for all."""
    return db.session.get(Watch, agreement.id) or usual(agreement.id)


def usual(agreement_id: int) -> Watch:
    """What holds where nothing is stated; not stored."""
    return Watch(
        agreement_id=agreement_id,
        levels=written(LEVELS),
        notice_days=DAYS_BEFORE[DateKind.NOTICE],
        decide_days=DAYS_BEFORE[DateKind.DECIDE],
        ends_days=DAYS_BEFORE[DateKind.ENDS],
    )


def written(levels: Sequence[int]) -> str:
    """Levels as they are stored: rising, each once."""
    return ",".join(map(str, sorted(set(levels))))


def levels_of(stated: str | None) -> tuple[int, ...]:
    """The levels that hold, from what is stored; none stored: those for all."""
    return LEVELS if stated is None else tuple(int(level) for level in stated.split(",") if level)
