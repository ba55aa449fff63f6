"""Throttle: how often something may be tried in a span of time, counted in the database so that every process counts
the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from flask_babel import lazy_gettext as _l
from sqlalchemy import Integer, String, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.db import Base, db, insert_with_conflict
from core.errors import AvropError

WINDOWS = 3  # how many windows a span is cut into


class Attempt(Base):
    """How many times a key was tried in a window, which is named by its first minute (`minute_of`). The key is kept as
    a hash: addresses are personal data."""

    __tablename__ = "attempt"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    window: Mapped[int] = mapped_column(Integer, primary_key=True)
    count: Mapped[int] = mapped_column(default=1)


class TooManyTries(AvropError):
    """Tried too often; it passes by itself. `span` tells the longest that one has to wait."""

    status = 429
    code = "too-many-tries"

    def __init__(self, span: timedelta) -> None:
        minutes = int(span.total_seconds()) // 60
        super().__init__(
            _l(
                "Det har blivit för många försök på kort tid. Försök igen om %(minutes)s minuter.",
                minutes=minutes,
            )
        )
        self.span = span


def within_limit(key: str, limit: int, span: timedelta) -> bool:
    """Count one try and say whether it is still within the limit, however the span (whole minutes) is laid: the last
    few windows, each a third of it, are summed. Counts alike on both engines; commit it at once."""
    hashed, width = _hashed(key), int(span.total_seconds()) // 60 // WINDOWS
    window = minute_of(now()) // width * width
    insert = insert_with_conflict(Attempt).values(key=hashed, window=window, count=1)
    db.session.execute(
        insert.on_conflict_do_update(index_elements=[Attempt.key, Attempt.window], set_={"count": Attempt.count + 1})
    )
    db.session.execute(delete(Attempt).where(Attempt.key == hashed, Attempt.window < window - WINDOWS * width))
    tried = db.session.scalar(select(func.sum(Attempt.count)).where(Attempt.key == hashed))
    return int(tried or 0) <= limit


def take_back(key: str) -> None:
    """Uncount one try: what many people share, such as an address, is not used up by those who do right."""
    hashed = _hashed(key)
    newest = select(func.max(Attempt.window)).where(Attempt.key == hashed).scalar_subquery()
    db.session.execute(
        update(Attempt).where(Attempt.key == hashed, Attempt.window == newest).values(count=Attempt.count - 1),
        execution_options={"synchronize_session": False},
    )


def forget(key: str) -> None:
    """Start counting anew, after a success."""
    db.session.execute(delete(Attempt).where(Attempt.key == _hashed(key)))


def minute_of(at: datetime) -> int:
    """The whole minutes between 1970 and an instant."""
    return int(at.timestamp()) // 60


def _hashed(key: str) -> str:
    return sha256(key.encode()).hexdigest()
