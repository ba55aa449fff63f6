"""Outbox: mail that was promised in a transaction and is handed over later, bytes and all.

A message is written in the same transaction as what it tells. The worker claims it (a conditional UPDATE and a
commit), talks to the mail server with no transaction open, and marks it. Delivery is at least once: after a crash
the same message may go again, with the same Message-ID.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from enum import Enum
from functools import cache
from hashlib import sha256
from typing import Any, cast

from flask import current_app
from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    String,
    Table,
    Text,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql.dml import ReturningInsert

from core.clock import now
from core.db import Base, db, insert_with_conflict, mentions
from core.state import advance
from core.types import TextEnum, UtcDateTime


class MessageState(str, Enum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"  # given up; somebody must act
    BOUNCED = "bounced"
    ABORTED = "aborted"  # stopped before it was sent


S = MessageState


class OutboxMessage(Base):
    __tablename__ = "outbox_message"
    __table_args__ = (
        Index("ix_outbox_message_due", "state", "due_at"),
        Index("ix_outbox_message_about", "about"),
    )

    TRANSITIONS = {
        (S.QUEUED, "claim"): S.SENDING,  # this and the next three: by the worker's conditional UPDATE
        (S.SENDING, "claim"): S.SENDING,  # the worker that held it is gone
        (S.SENDING, "release"): S.QUEUED,  # claimed, and then there was no time for it
        (S.SENDING, "deliver"): S.SENT,
        (S.SENDING, "postpone"): S.QUEUED,
        (S.SENDING, "fail"): S.FAILED,
        (S.SENDING, "refuse"): S.ABORTED,  # what it tells is no longer true
        (S.SENT, "bounce"): S.BOUNCED,
        (S.QUEUED, "abort"): S.ABORTED,
        (S.FAILED, "abort"): S.ABORTED,
        (S.BOUNCED, "abort"): S.ABORTED,
        (S.QUEUED, "retry"): S.QUEUED,  # now, instead of when its pause is over
        (S.SENT, "retry"): S.QUEUED,
        (S.FAILED, "retry"): S.QUEUED,
        (S.BOUNCED, "retry"): S.QUEUED,
        (S.ABORTED, "retry"): S.QUEUED,
    }

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(120), unique=True)  # the same promise is queued once
    kind: Mapped[str] = mapped_column(String(40))  # order, cancellation, approval, alarm, password …
    about: Mapped[str | None] = mapped_column(String(60))  # order:OSD-2026-00017
    recipient: Mapped[str] = mapped_column(String(254))
    reply_to: Mapped[str | None] = mapped_column(String(254))
    alarm_to: Mapped[str | None] = mapped_column(String(254))  # who is told when it cannot be delivered
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    state: Mapped[MessageState] = mapped_column(TextEnum(MessageState), default=MessageState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)  # claims since it was queued or resent
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a dead worker's claim runs out
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(String(500))
    # not shown in any list before: that it was sent at all tells something (a receipt of a sealed bid)
    listed_from: Mapped[datetime | None] = mapped_column(UtcDateTime)

    attachments: Mapped[list[Attachment]] = relationship(back_populates="message", order_by="Attachment.id")


class Attachment(Base):
    __tablename__ = "outbox_attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("outbox_message.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    media_type: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    message: Mapped[OutboxMessage] = relationship(back_populates="attachments")


@dataclass(frozen=True, slots=True)
class AttachmentContent:
    """A file to send along: its name, its media type such as `application/pdf`, its bytes."""

    name: str
    media_type: str
    content: bytes


def enqueue(
    *,
    dedupe_key: str,
    kind: str,
    recipient: str,
    subject: str,
    text: str,
    html: str | None = None,
    reply_to: str | None = None,
    alarm_to: str | None = None,
    about: str | None = None,
    attachments: Sequence[AttachmentContent] = (),
    listed_from: datetime | None = None,
) -> int | None:
    """Promise a message, in the caller's transaction. Its id, or none when the same `dedupe_key` is promised already.

    `recipient`, `reply_to` and `alarm_to` are bare addresses. Raises ValueError for a line break or NUL in what
    becomes a header: a name with one in it could otherwise add recipients of its own. Before `listed_from` no list of
    mail shows it.
    """
    for value in (recipient, subject, reply_to, alarm_to):
        _check_header(value)
    for attachment in attachments:
        _check_header(attachment.name)
        _check_header(attachment.media_type)
    if "\0" in text or "\0" in (html or ""):
        raise ValueError("a message cannot hold NUL")
    moment = now()
    values = {
        "dedupe_key": dedupe_key,
        "kind": kind,
        "about": about,
        "recipient": recipient,
        "reply_to": reply_to,
        "alarm_to": alarm_to,
        "subject": subject if len(subject) <= 200 else f"{subject[:199]}…",
        "text": text,
        "html": html,
        "message_id": _new_message_id(),
        "state": MessageState.QUEUED,
        "attempts": 0,
        "created_at": moment,
        "due_at": moment,
        "listed_from": listed_from,
    }
    message_id: int | None = db.session.scalar(_promised(db.engine.dialect.name), values)
    if message_id is not None and attachments:
        db.session.execute(_ATTACH, [_attached(message_id, file) for file in attachments])
    return message_id


@cache
def _promised(_dialect: str) -> ReturningInsert[int]:
    """Somebody may queue the same at this very moment: the database decides who was first."""
    row = cast(Table, OutboxMessage.__table__).c
    queue = insert_with_conflict(OutboxMessage).on_conflict_do_nothing(index_elements=[row.dedupe_key])
    return queue.returning(row.id)  # type: ignore[no-any-return]


_ATTACH = insert(cast(Table, Attachment.__table__))


def messages_about(about: str) -> list[OutboxMessage]:
    """Every message about one thing (`order:OSD-2026-00017`), oldest first."""
    return list(
        db.session.scalars(select(OutboxMessage).where(OutboxMessage.about == about).order_by(OutboxMessage.id))
    )


def messages(
    *, recipient: str | None = None, text: str | None = None, state: MessageState | None = None
) -> Select[OutboxMessage]:
    """Messages newest first: to one address, with a text in address or subject, in one state."""
    found = select(OutboxMessage).where(_is_listed()).order_by(OutboxMessage.id.desc())
    if recipient:
        found = found.where(OutboxMessage.recipient == recipient)
    if text:
        in_it = mentions(OutboxMessage.recipient, text)
        found = found.where(in_it | mentions(OutboxMessage.subject, text))
    return found if state is None else found.where(OutboxMessage.state == state)


def count_by_state() -> dict[MessageState, int]:
    """How many messages are in each state; states that hold none are left out."""
    counted = select(OutboxMessage.state, func.count()).where(_is_listed()).group_by(OutboxMessage.state)
    return dict(db.session.execute(counted).all())


def _is_listed() -> ColumnElement[bool]:
    return or_(OutboxMessage.listed_from.is_(None), OutboxMessage.listed_from <= now())


def retry(message: OutboxMessage) -> None:
    """Send it now, whether it waits, failed or was sent before: the same bytes and Message-ID, all attempts anew.

    Raises WrongState while a worker has it in hand.
    """
    _lock(message)
    advance(message, "retry")
    message.due_at = now()
    message.attempts = 0


def abort(message: OutboxMessage, reason: str) -> None:
    """Stop a message that waits or failed. Raises WrongState when it is being sent or has been."""
    _lock(message)
    advance(message, "abort")
    message.last_error = reason[:500]


def _lock(message: OutboxMessage) -> None:
    """Read it again under lock, so that no worker claims it in between."""
    db.session.flush()
    db.session.refresh(message, with_for_update=True)


def _attached(message_id: int, file: AttachmentContent) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "name": file.name,
        "media_type": file.media_type,
        "sha256": sha256(file.content).hexdigest(),
        "content": file.content,
    }


def _check_header(value: str | None) -> None:
    if value is not None and (not value or any(c in value for c in "\r\n\0")):
        raise ValueError("a header of a message cannot be empty or hold a line break or NUL")


def _new_message_id() -> str:
    """Made once, kept through every resend: it is how a receiver knows two copies for one (RFC 5322, 3.6.4)."""
    host = parseaddr(current_app.config["AVROP"].mail_from)[1].rpartition("@")[2]
    return f"<{secrets.token_hex(16)}@{host}>"
