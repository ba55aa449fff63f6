"""Standstill (avtalsspärr): the days after the decision on which no contract is made, so that a bidder can go to court.

After a renewed competition it is voluntary (LOU 20 kap. 2 §) and takes away the risk that the contract is declared
ineffective (20 kap. 13 §).
"""

from __future__ import annotations

from datetime import date, timedelta

DAYS = 10  # when the notice goes by electronic means (LOU 20 kap. 1 §)
SATURDAY, SUNDAY, FRIDAY = 5, 6, 4
DAY = timedelta(days=1)


def standstill_until(sent_on: date) -> date:
    """The last day of the standstill: ten days after the day of sending, which is not counted; on to the next working
    day where it falls on a weekend, a holiday, or Midsummer's, Christmas or New Year's Eve (lag 1930:173, 2 §)."""
    last = sent_on + DAYS * DAY
    while is_free(last):
        last += DAY
    return last


def is_free(day: date) -> bool:
    """Whether the day is a Saturday or a holiday (lag 1989:253), or an eve that is counted as one."""
    return day.weekday() in (SATURDAY, SUNDAY) or day in holidays(day.year)


def holidays(year: int) -> set[date]:
    """The public holidays and the three eves that do not always fall on a Saturday or Sunday."""
    easter = easter_sunday(year)
    movable = (-2, 1, 39)  # Good Friday, Easter Monday, Ascension Day
    fixed = ((1, 1), (1, 6), (5, 1), (6, 6), (12, 24), (12, 25), (12, 26), (12, 31))
    midsummer_eve = next(d for d in (date(year, 6, 19) + n * DAY for n in range(7)) if d.weekday() == FRIDAY)
    return {easter + days * DAY for days in movable} | {date(year, *day) for day in fixed} | {midsummer_eve}


def easter_sunday(year: int) -> date:
    """Western Easter, by the anonymous Gregorian algorithm (Meeus, Astronomical Algorithms, chapter 8)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, day + 1)
