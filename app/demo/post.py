"""The post of the demo: messages that went long ago, and one that did not arrive."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from core.db import db
from core.state import advance
from exchange.outbox import MessageState, OutboxMessage, messages_about
from orders.mail import about
from orders.order import Order

ON_ITS_WAY = timedelta(seconds=40)


def deliver(until: datetime) -> None:
    """Mark every message queued before an instant as sent."""
    waiting = select(OutboxMessage).where(OutboxMessage.state == MessageState.QUEUED, OutboxMessage.created_at <= until)
    for message in db.session.scalars(waiting.order_by(OutboxMessage.id)):
        advance(message, "claim")
        message.attempts = 1
        advance(message, "deliver")
        message.sent_at = message.created_at + ON_ITS_WAY


def fail(order: Order) -> None:
    """Let the order's message be refused by the receiving server, for good."""
    for message in messages_about(about(order)):
        advance(message, "claim")
        message.attempts = 1
        advance(message, "fail")
        message.last_error = "550 5.1.1 <order>: mottagaren finns inte"
