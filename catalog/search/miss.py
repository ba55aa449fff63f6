"""Miss: a search that found nothing, kept so that the office can see what people ask for in vain.

Only the text, how often and when: never who. What may be a person (an e-mail address, a number as long as a personal
identity number) is not kept at all. A text is counted at most once a minute in each organisation, and an
organisation keeps a limited number of them, so that nobody fills the database by searching.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from catalog.search.analyser import fold
from core.clock import now
from core.db import Base, db, insert_with_conflict, unit_of_work
from core.types import UtcDateTime

log = logging.getLogger(__name__)

LONGEST = 60  # characters; what is longer is no word that somebody could be helped with
PAUSE = timedelta(minutes=1)
MOST = 5_000  # texts of one organisation
_PERSONAL = re.compile(r"@|\d(?:[ -]?\d){5}")


class SearchMiss(Base):
    """A text that an organisation's people searched for without a hit."""

    __tablename__ = "search_miss"
    __table_args__ = (UniqueConstraint("organisation_id", "text"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    text: Mapped[str] = mapped_column(String(LONGEST), index=True)
    count: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class MissRow:
    """A text with what all of some organisations together have searched."""

    text: str
    count: int
    first_at: datetime
    last_at: datetime


def normal(text: str) -> str | None:
    """The text as it is kept; none when it must not be."""
    plain = " ".join(fold(text).split())
    if not any(c.isalpha() for c in plain) or len(plain) > LONGEST or _PERSONAL.search(plain):
        return None
    return plain


def note_miss(organisation_id: int, text: str) -> None:
    """Count a search without a hit, in a short transaction of its own; needs that no other is open.

    A search is never refused because it could not be counted.
    """
    plain = normal(text)
    if plain is None:
        return
    try:
        with unit_of_work():
            _count(organisation_id, plain)
    except SQLAlchemyError:
        log.exception("a search without a hit could not be noted")


def _count(organisation_id: int, text: str) -> None:
    at = now()
    of_organisation = SearchMiss.organisation_id == organisation_id
    known = db.session.scalar(select(SearchMiss).where(of_organisation, SearchMiss.text == text))
    if known is None:
        held = db.session.scalar(select(func.count()).select_from(SearchMiss).where(of_organisation)) or 0
        if held < MOST:
            row = {"organisation_id": organisation_id, "text": text, "count": 1, "first_at": at, "last_at": at}
            db.session.execute(insert_with_conflict(SearchMiss).values(row).on_conflict_do_nothing())
    elif known.last_at <= at - PAUSE:
        db.session.execute(
            update(SearchMiss).where(SearchMiss.id == known.id).values(count=SearchMiss.count + 1, last_at=at),
            execution_options={"synchronize_session": False},
        )


def misses(organisation_ids: Collection[int] | None, most: int = 200) -> Sequence[MissRow]:
    """What was searched for in vain, the most wanted first: of some organisations, or of all (None). One query."""
    total = func.sum(SearchMiss.count).label("total")
    statement = select(SearchMiss.text, total, func.min(SearchMiss.first_at), func.max(SearchMiss.last_at))
    if organisation_ids is not None:
        statement = statement.where(SearchMiss.organisation_id.in_(organisation_ids))
    grouped = statement.group_by(SearchMiss.text).order_by(total.desc(), SearchMiss.text).limit(most)
    return [MissRow(text, int(count), first, last) for text, count, first, last in db.session.execute(grouped)]


def forget_misses(text: str, organisation_ids: Collection[int] | None) -> int:
    """Take a text off the list; returns how many rows it was."""
    statement = delete(SearchMiss).where(SearchMiss.text == text)
    if organisation_ids is not None:
        statement = statement.where(SearchMiss.organisation_id.in_(organisation_ids))
    done = db.session.execute(statement, execution_options={"synchronize_session": False})
    return int(done.rowcount)  # type: ignore[attr-defined]
