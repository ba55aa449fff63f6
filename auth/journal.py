"""Journal: who did what to which thing, when and for whom; append-only and hash-chained.

Each entry carries the hash of the one before it, so that a change, a deletion, a swap or a gap is found by
`verify()`. UPDATE and DELETE are refused by triggers in the database itself. Entries are written in the very
transaction they tell about, as its last statements: the head of the chain is one row, and so the last lock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any, cast

from sqlalchemy import ForeignKey, Index, Select, String, Table, Text, bindparam, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.user import User
from core.clock import now
from core.db import Base, at_commit, db, prepared
from core.types import UtcDateTime

FIRST = "0" * 64  # what the first entry follows
_PENDING = "journal"


class JournalEntry(Base):
    """One act. `number` counts from 1 without gaps; names are copied, because people leave and units are renamed."""

    __tablename__ = "journal_entry"
    __table_args__ = (Index("ix_journal_entry_thing", "thing", "thing_id"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    actor_name: Mapped[str] = mapped_column(String(200))  # "Avrop" where the machine acted
    for_name: Mapped[str | None] = mapped_column(String(200))  # the absent one, when a substitute acted
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    act: Mapped[str] = mapped_column(String(60))  # submit, approve, place …
    thing: Mapped[str] = mapped_column(String(40))  # requisition, order, agreement …
    thing_id: Mapped[str] = mapped_column(String(60))
    detail: Mapped[str] = mapped_column(Text)  # JSON object, keys sorted
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)

    @property
    def details(self) -> dict[str, Any]:
        return json.loads(self.detail)  # type: ignore[no-any-return]


class JournalHead(Base):
    """The end of the chain: one row, locked by whoever appends."""

    __tablename__ = "journal_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


def record(
    actor: User | None,
    act: str,
    thing: str,
    thing_id: object,
    *,
    organisation_id: int | None = None,
    acting_for: User | None = None,
    **detail: Any,
) -> None:
    """Tell the journal; the entry gets its number when the transaction commits, and not at all if it does not.

    `detail` must be plain JSON values (text, whole numbers, lists); amounts go in as text.
    """
    db.session.info.setdefault(_PENDING, []).append(
        {
            "at": now(),
            "actor_id": actor.id if actor else None,
            "actor_name": actor.name if actor else "Avrop",
            "for_name": acting_for.name if acting_for else None,
            "organisation_id": organisation_id,
            "act": act,
            "thing": thing,
            "thing_id": str(thing_id),
            "detail": json.dumps(detail, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str),
        }
    )


_head, _entry = cast(Table, JournalHead.__table__), cast(Table, JournalEntry.__table__)
_TAKE_NUMBERS = (
    update(_head)
    .where(_head.c.id == 1)
    .values(number=_head.c.number + bindparam("many"))
    .returning(_head.c.number, _head.c.hash)
)
_APPEND = insert(_entry)
_CLOSE = update(_head).where(_head.c.id == 1).values(hash=bindparam("last_hash"))


@at_commit
def _append_pending(session: Session) -> None:
    """Number, chain and insert what `record` collected. The UPDATE of the head takes the lock."""
    pending = session.info.pop(_PENDING, None)
    if not pending:
        return
    session.flush()
    taken = session.execute(_TAKE_NUMBERS, {"many": len(pending)}).one()
    number, previous = taken.number - len(pending), taken.hash
    for values in pending:
        number += 1
        values |= {"number": number, "previous_hash": previous}
        previous = values["hash"] = entry_hash(values)
    session.execute(_APPEND, pending)
    session.execute(_CLOSE, {"last_hash": previous})


def entry_hash(values: dict[str, Any]) -> str:
    """SHA-256 over the former hash and every field, in a form that has one spelling only."""
    fields = (
        "number",
        "actor_id",
        "actor_name",
        "for_name",
        "organisation_id",
        "act",
        "thing",
        "thing_id",
        "detail",
    )
    told = [
        values["previous_hash"],
        values["at"].isoformat(timespec="microseconds"),
        *(values[f] for f in fields),
    ]
    return sha256(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def verify(batch: int = 5000, progress: Callable[[int], object] | None = None) -> tuple[int, int | None]:
    """Walk the whole chain. Returns how many entries were whole and the number of the first broken one, if any.

    `progress` is told after every batch how many more were read.
    """
    expected, previous = 1, FIRST
    for entry in _entries(batch):
        values = {c.key: getattr(entry, c.key) for c in JournalEntry.__table__.columns}
        if entry.number != expected or entry.previous_hash != previous or entry.hash != entry_hash(values):
            return expected - 1, expected
        expected, previous = expected + 1, entry.hash
        if progress is not None and entry.number % batch == 0:
            progress(batch)
    head = db.session.execute(select(JournalHead.number, JournalHead.hash)).one()
    if (head.number, head.hash) != (expected - 1, previous):
        return expected - 1, expected
    return expected - 1, None


def _entries(batch: int) -> Iterator[Any]:
    last = 0
    columns = JournalEntry.__table__.columns
    while rows := db.session.execute(
        select(*columns).where(columns.number > last).order_by(columns.number).limit(batch)
    ).all():
        yield from rows
        last = rows[-1].number


def entries_about(thing: str, thing_id: object) -> list[JournalEntry]:
    """The story of one thing, oldest first."""
    return list(db.session.scalars(*_about(thing, str(thing_id))))


@prepared
def _about(thing: str, thing_id: str) -> Select[Any]:
    return (
        select(JournalEntry)
        .where(JournalEntry.thing == thing, JournalEntry.thing_id == thing_id)
        .order_by(JournalEntry.number)
    )
