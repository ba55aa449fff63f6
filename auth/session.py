"""Session: a log-in that can be ended. The cookie holds a random token, the table its hash.

Flask's signed cookie alone survives log-out: whoever copied it is still logged in. A row that can be ended
cannot (ASVS 7.4.1).
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import ForeignKey, Select, String, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from auth.organisation import Organisation
from auth.user import Membership, User
from core.clock import now
from core.db import Base, db, prepared
from core.types import UtcDateTime

IDLE = timedelta(minutes=60)
LONGEST = timedelta(hours=12)
TOUCH = timedelta(seconds=60)  # how exact "last seen" is


# What a browser says of itself holds the names of its forebears, so the youngest name comes first.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    *(("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad")),
    *(("Mac OS", "Mac"), ("CrOS", "Chromebook"), ("Linux", "Linux")),
)


class LoginSession(Base):
    """One browser in which a person is logged in, and the organisation she acts for in it."""

    __tablename__ = "login_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    browser: Mapped[str | None] = mapped_column(String(200))

    user: Mapped[User] = relationship()
    organisation: Mapped[Organisation | None] = relationship()

    @property
    def device(self) -> str:
        """The browser in words that its owner knows it by, such as "Firefox, Windows"."""
        told = self.browser or ""
        known = [name for marks, name in _BROWSERS if marks in told][:1] + [
            n for marks, n in _SYSTEMS if marks in told
        ][:1]
        return ", ".join(known) or told

    def is_alive(self, at: datetime) -> bool:
        return self.ended_at is None and at - self.seen_at <= IDLE and at - self.created_at <= LONGEST


def digest(token: str) -> str:
    """How a secret token is kept: a stolen table logs nobody in."""
    return sha256(token.encode()).hexdigest()


def begin_session(user: User, browser: str | None) -> str:
    """Log a person in; returns the new token, which exists nowhere else."""
    token = secrets.token_urlsafe(32)
    organisations = user.organisations()
    db.session.add(
        LoginSession(
            token_hash=digest(token),
            user=user,
            organisation=organisations[0] if organisations else None,
            created_at=now(),
            seen_at=now(),
            browser=(browser or "")[:200] or None,
        )
    )
    return token


def find_session(token: str) -> LoginSession | None:
    """The living session of a token, its user and her memberships loaded, or none."""
    found = db.session.scalars(*_by_token(digest(token))).unique().one_or_none()  # one query, asked on every page
    return found if found and found.user.is_active and found.is_alive(now()) else None


@prepared
def _by_token(token_hash: str) -> Select[Any]:
    memberships = joinedload(LoginSession.user, innerjoin=True).joinedload(User.memberships)
    return (
        select(LoginSession)
        .where(LoginSession.token_hash == token_hash)
        .options(
            # outer, or SQLite joins every membership there is to its organisation before it looks for hers
            memberships.joinedload(Membership.organisation, innerjoin=False),
        )  # the organisation she acts for is one of these, so it is there too
    )


def end_sessions(user_id: int, but: int | None = None) -> None:
    """End every session of a user, except one: at password change, role change and disabling."""
    statement = update(LoginSession).where(LoginSession.user_id == user_id, LoginSession.ended_at.is_(None))
    if but is not None:
        statement = statement.where(LoginSession.id != but)
    db.session.execute(statement.values(ended_at=now()), execution_options={"synchronize_session": "fetch"})
