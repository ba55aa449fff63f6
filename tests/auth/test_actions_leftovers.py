"""What logging in leaves behind goes after a while, and not before."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from auth.actions.leftovers import KEEP_ATTEMPTS, KEEP_SESSIONS, remove_leftovers
from auth.session import LoginSession, begin_session
from auth.throttle import Attempt, within_limit
from core.clock import frozen, now
from core.db import Base, TransactionalFlask, db, reading, unit_of_work
from tests.factories.auth import make_user

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def count(table: type[Base]) -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_sessions_and_attempts_go_when_their_time_has_come(fresh_app: TransactionalFlask) -> None:
    start = now()
    with fresh_app.app_context():
        with unit_of_work():
            begin_session(make_user(), "Firefox")
            for span in (15 * MINUTE, HOUR):
                within_limit(f"a try in {span}", 3, span)
        with frozen(start + KEEP_ATTEMPTS - HOUR):
            assert (remove_leftovers(), count(Attempt), count(LoginSession)) == (0, 2, 1)
        with frozen(start + KEEP_ATTEMPTS + HOUR):
            assert (remove_leftovers(), count(Attempt), count(LoginSession)) == (2, 0, 1)
        with frozen(start + KEEP_SESSIONS - MINUTE):
            assert remove_leftovers() == 0
        with frozen(start + KEEP_SESSIONS + MINUTE):
            assert (remove_leftovers(), count(LoginSession)) == (1, 0)
