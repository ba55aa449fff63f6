"""The post of the demo: messages that went long ago, and one that did not arrive."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from core.db import db
from core.state import advance
from exchange.outbox import MessageState, OutboxMessage

ON_ITS_WAY = timedelta(seconds=40)


def deliver(until: datetime) -> None:
    """Mark every message queued before an instant as sent."""
    waiting = select(OutboxMessage).where(OutboxMessage.state == MessageState.QUEUED, OutboxMessage.created_at <= until)
    for message in db.session.scalars(waiting.order_by(OutboxMessage.id)):
        advance(message, "claim")
        message.attempts = 1
        advance(message, "deliver")
        message.sent_at = message.created_at + ON_ITS_WAY


def fail(about: str) -> None:
    """Let the message about an order be refused by the receiving server, for good."""
    waiting = select(OutboxMessage).where(OutboxMessage.about == about, OutboxMessage.state == MessageState.QUEUED)
    for message in db.session.scalars(waiting):
        advance(message, "claim")
        message.attempts = 1
        advance(message, "fail")
        message.last_error = "550 5.1.1 mottagaren finns inte (order mailbox unavailable)"
