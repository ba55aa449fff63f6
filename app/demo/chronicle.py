"""The chronicle: what happened when. Acts are played in the order of time, each with the clock stopped at its instant,
so that numbers, ceilings, prices and the journal become what they would have become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from heapq import heappop, heappush
from itertools import count

from core.clock import STOCKHOLM, frozen

Act = Callable[[], None]


@dataclass
class Chronicle:
    """A queue of acts by instant; an act may add later ones. Days count backwards from `today`."""

    today: date
    _acts: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)

    def at(self, instant: datetime, act: Act) -> None:
        """Let `act` happen at an instant; acts of the same instant happen in the order they were added."""
        heappush(self._acts, (instant, next(self._order), act))

    def instant(self, days_ago: int, hour: int, minute: int = 0) -> datetime:
        """A wall-clock time in Stockholm, so many days ago."""
        return datetime.combine(self.today - timedelta(days=days_ago), time(hour, minute), STOCKHOLM)

    def workday(self, workdays: int) -> int:
        """How many days ago so many working days ago was."""
        days_ago = 0
        while workdays:
            days_ago += 1
            workdays -= (self.today - timedelta(days=days_ago)).weekday() < 5
        return days_ago

    def play(self) -> None:
        """Let everything happen."""
        while self._acts:
            instant, _, act = heappop(self._acts)
            with frozen(instant):
                act()


def working_hours(instant: datetime) -> datetime:
    """The same instant, or the next when somebody is at work: weekdays 7 to 17 in Stockholm."""
    local = instant.astimezone(STOCKHOLM)
    if local.hour >= 17:
        local = (local + timedelta(days=1)).replace(hour=7, minute=local.minute)
    elif local.hour < 7:
        local = local.replace(hour=7)
    while local.weekday() >= 5:
        local += timedelta(days=1)
    return local
