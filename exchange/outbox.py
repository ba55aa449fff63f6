"""Outbox: mail that was promised in a transaction and is handed over later, bytes and all.

A message is written in the same transaction as what it tells. The worker claims it (a conditional UPDATE and a
commit), talks to the mail server with no transaction open, and marks it. Delivery is at least once: after a crash
the same message may go again, with the same Message-ID.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base
from core.types import TextEnum, UtcDateTime


class MessageState(str, Enum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"  # given up; somebody must act
    BOUNCED = "bounced"
    ABORTED = "aborted"  # stopped before it was sent


class OutboxMessage(Base):
    __tablename__ = "outbox_message"
    __table_args__ = (
        Index("ix_outbox_message_due", "state", "due_at"),
        Index("ix_outbox_message_about", "about"),
    )

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
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a dead worker's claim runs out
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(String(500))

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
