"""The only clock: instants are aware UTC, days are days in Stockholm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")

_stopped_at: datetime | None = None


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _stopped_at or datetime.now(UTC)


def today() -> date:
    """The present day where the orderers are (Europe/Stockholm)."""
    return local(now()).date()


def local(instant: datetime) -> datetime:
    """The same instant on a Stockholm wall clock."""
    return instant.astimezone(STOCKHOLM)


def midnight(day: date) -> datetime:
    """The instant at which a day begins in Stockholm, aware, in UTC."""
    return datetime.combine(day, time(), STOCKHOLM).astimezone(UTC)


@contextmanager
def frozen(instant: datetime) -> Iterator[None]:
    """Stop the clock of the whole process at `instant` (aware): for tests, and to write the demo's history."""
    global _stopped_at
    if instant.tzinfo is None:
        raise ValueError("an instant must be aware")
    former, _stopped_at = _stopped_at, instant.astimezone(UTC)
    try:
        yield
    finally:
        _stopped_at = former
