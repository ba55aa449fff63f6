"""Synonym: a word that people type and what the price lists call it, as the office has said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from core.types import UtcDateTime

LONGEST = 100  # characters of a word or a phrase


class Synonym(Base):
    """Whoever searches for `word` also finds `means`; where it goes both ways, the other way round too.

    The office's own, and common to all organisations. Either side may be several words.
    """

    __tablename__ = "synonym"
    __table_args__ = (UniqueConstraint("word", "means"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(String(LONGEST))
    means: Mapped[str] = mapped_column(String(LONGEST))
    is_both_ways: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
