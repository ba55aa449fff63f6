"""Standstill: ten days after the day of sending, on to a working day."""

from __future__ import annotations

from datetime import date

import pytest

from orders.standstill import easter_sunday, is_free, standstill_until


@pytest.mark.parametrize(
    ("sent", "last"),
    [
        (date(2026, 3, 2), date(2026, 3, 12)),  # a Monday: the tenth day after is a Thursday
        (date(2026, 3, 4), date(2026, 3, 16)),  # ends on a Saturday: on to Monday
        (date(2026, 3, 24), date(2026, 4, 7)),  # Good Friday, the weekend and Easter Monday
        (date(2026, 6, 9), date(2026, 6, 22)),  # Midsummer's Eve, a Friday
        (date(2026, 12, 14), date(2026, 12, 28)),  # Christmas Eve, a Thursday, and what follows
        (date(2026, 12, 21), date(2027, 1, 4)),  # New Year's Eve over the turn of the year
        (date(2026, 5, 27), date(2026, 6, 8)),  # the National Day on a Saturday
    ],
)
def test_the_last_day(sent: date, last: date) -> None:
    assert standstill_until(sent) == last


@pytest.mark.parametrize(("year", "day"), [(2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)), (2038, (4, 25))])
def test_easter(year: int, day: tuple[int, int]) -> None:
    assert easter_sunday(year) == date(year, *day)


def test_ascension_day_is_free_and_the_day_after_is_not() -> None:
    assert is_free(date(2026, 5, 14)) and not is_free(date(2026, 5, 15))
