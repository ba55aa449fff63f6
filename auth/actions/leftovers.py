"""Leftovers of logging in: what is not needed any more is removed, since it tells of people."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from auth.session import LoginSession
from auth.throttle import Attempt, minute_of
from core.clock import now
from core.db import reading, unit_of_work

KEEP_SESSIONS = timedelta(days=30)  # counted from when the person was last seen in it; long over by then
KEEP_ATTEMPTS = timedelta(days=1)  # longer than any span in which tries are counted


def remove_leftovers() -> int:
    """Remove old sessions and old counts of tries; returns how many. A job of the worker, which takes the write lock
    only when there is something to remove. The journal keeps that somebody logged in."""
    old_sessions = LoginSession.seen_at < now() - KEEP_SESSIONS
    old_attempts = Attempt.window < minute_of(now() - KEEP_ATTEMPTS)
    with reading() as session:
        sessions = list(session.scalars(select(LoginSession.id).where(old_sessions)))
        attempts = list(session.scalars(select(Attempt.window).where(old_attempts)))
    if sessions or attempts:
        with unit_of_work() as session:
            session.execute(delete(LoginSession).where(old_sessions))
            session.execute(delete(Attempt).where(old_attempts))
    return len(sessions) + len(attempts)
