"""Throttling: never more than the limit in any span, however it is laid, and never for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from auth.throttle import forget, take_back, within_limit
from core.clock import frozen
from core.db import TransactionalFlask

SPAN = timedelta(minutes=15)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_the_try_beyond_the_limit_is_refused(app: TransactionalFlask) -> None:
    with frozen(NOON):
        assert [within_limit("a", 3, SPAN) for _ in range(4)] == [True, True, True, False]
        assert within_limit("b", 3, SPAN)


def test_no_span_holds_more_than_the_limit_across_a_window_border(app: TransactionalFlask) -> None:
    for minutes in range(3):
        with frozen(NOON + timedelta(minutes=4 + minutes)):
            assert within_limit("a", 3, SPAN)
    with frozen(NOON + timedelta(minutes=18)):
        assert not within_limit("a", 3, SPAN)


def test_a_refusal_passes_by_itself(app: TransactionalFlask) -> None:
    with frozen(NOON):
        for _ in range(20):
            within_limit("a", 3, SPAN)
    with frozen(NOON + timedelta(minutes=21)):
        assert within_limit("a", 3, SPAN)


def test_a_try_that_turned_out_well_is_not_counted(app: TransactionalFlask) -> None:
    with frozen(NOON):
        for _ in range(10):
            assert within_limit("a", 3, SPAN)
            take_back("a")
        take_back("never tried")
        assert [within_limit("a", 3, SPAN) for _ in range(4)] == [True, True, True, False]


def test_forget_starts_anew(app: TransactionalFlask) -> None:
    with frozen(NOON):
        for _ in range(4):
            within_limit("a", 3, SPAN)
        forget("a")
        assert within_limit("a", 3, SPAN)
