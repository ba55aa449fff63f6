"""Throttle: how often something may be tried in a span of time, counted in the database so that every process counts
the same."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from sqlalchemy import Integer, String, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.db import Base, db


class Attempt(Base):
    """How many times a key was tried in a window. The key is kept as a hash: addresses are personal data."""

    __tablename__ = "attempt"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    window: Mapped[int] = mapped_column(Integer, primary_key=True)
    count: Mapped[int] = mapped_column(default=1)


def within_limit(key: str, limit: int, span: timedelta) -> bool:
    """Count one try and say whether it is still within the limit. Atomic on both engines; commit it at once."""
    window = int(now().timestamp()) // int(span.total_seconds())
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(Attempt).values(key=sha256(key.encode()).hexdigest(), window=window, count=1)
    counted = insert.on_conflict_do_update(
        index_elements=[Attempt.key, Attempt.window], set_={"count": Attempt.count + 1}
    ).returning(Attempt.count)
    return int(db.session.execute(counted).scalar_one()) <= limit


def forget(key: str) -> None:
    """Start counting anew, after a success."""
    db.session.execute(delete(Attempt).where(Attempt.key == sha256(key.encode()).hexdigest()))
