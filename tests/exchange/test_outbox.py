"""The outbox: promised in the transaction, delivered at least once, with the same bytes and Message-ID."""

from __future__ import annotations

from hashlib import sha256
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from core.clock import now
from core.db import TransactionalFlask, commit, db, rollback, unit_of_work
from core.errors import WrongState
from core.state import advance
from exchange.outbox import AttachmentContent, MessageState, OutboxMessage, abort, enqueue, messages_about, retry
from tests.factories import unique

PDF = AttachmentContent("order-å.pdf", "application/pdf", bytes(range(256)) * 40)


def put(**values: Any) -> OutboxMessage:
    message_id = enqueue(
        **{
            "dedupe_key": f"test:{unique()}",
            "kind": "order",
            "recipient": "order@leverantor.example",
            "subject": "Beställning OSD-2026-00017 från Östersunds kommun",
            "text": "Hej!\nVi beställer räksmörgåsar.",
            **values,
        }
    )
    return db.session.get_one(OutboxMessage, message_id)


def test_a_message_carries_its_bytes_and_their_hash(app: TransactionalFlask) -> None:
    message = put(attachments=[PDF], about="order:A-1")
    commit()
    [attachment] = message.attachments
    assert attachment.content == PDF.content
    assert attachment.sha256 == sha256(PDF.content).hexdigest()
    assert message.state is MessageState.QUEUED
    assert message.message_id.startswith("<") and message.message_id.endswith("@avrop.test>")
    assert messages_about("order:A-1") == [message]


def test_a_rolled_back_promise_leaves_nothing(app: TransactionalFlask) -> None:
    put(dedupe_key="gone")
    rollback()
    assert db.session.scalar(select(func.count()).where(OutboxMessage.dedupe_key == "gone")) == 0


def test_the_same_promise_is_queued_once(app: TransactionalFlask) -> None:
    first = put(dedupe_key="one")
    assert enqueue(dedupe_key="one", kind="order", recipient="b@x.example", subject="s", text="t") is None
    commit()
    assert first.recipient == "order@leverantor.example"


def test_two_who_promise_the_same_at_once_both_keep_their_transaction(fresh_app: TransactionalFlask) -> None:
    barrier = Barrier(2)
    queued: list[bool] = []

    def promise(number: int) -> None:
        with fresh_app.app_context():
            barrier.wait()
            with unit_of_work():
                put(dedupe_key=f"own-{number}")
                again = enqueue(dedupe_key="same", kind="x", recipient="a@x.example", subject="s", text="t")
                queued.append(again is not None)

    threads = [Thread(target=promise, args=(n,)) for n in range(2)]
    [t.start() for t in threads]
    [t.join(60) for t in threads]
    assert sorted(queued) == [False, True]
    with fresh_app.app_context():
        keys = db.session.scalars(select(OutboxMessage.dedupe_key).order_by(OutboxMessage.dedupe_key)).all()
        assert list(keys) == ["own-0", "own-1", "same"]


@pytest.mark.parametrize("name", ["recipient", "subject", "reply_to", "alarm_to"])
@pytest.mark.parametrize("value", ["a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\0b", ""])
def test_no_header_can_be_smuggled_in(app: TransactionalFlask, name: str, value: str) -> None:
    with pytest.raises(ValueError, match="header"):
        put(**{name: value})


def test_no_header_can_be_smuggled_in_through_a_file_name(app: TransactionalFlask) -> None:
    with pytest.raises(ValueError, match="header"):
        put(attachments=[AttachmentContent("a\r\nX: y.pdf", "application/pdf", b"x")])


@pytest.mark.parametrize("state", list(MessageState))
@pytest.mark.parametrize("act", ["claim", "deliver", "postpone", "fail", "refuse", "bounce", "abort", "retry"])
def test_every_act_leads_where_the_table_says_or_is_refused(
    app: TransactionalFlask, state: MessageState, act: str
) -> None:
    message = put()
    message.state = state
    following = OutboxMessage.TRANSITIONS.get((state, act))
    if following is None:
        with pytest.raises(WrongState):
            advance(message, act)
    else:
        advance(message, act)
    assert message.state is (following or state)


def test_a_resend_keeps_the_message_id_and_begins_the_attempts_anew(app: TransactionalFlask) -> None:
    message = put()
    message_id = message.message_id
    message.state, message.attempts = MessageState.FAILED, 9
    retry(message)
    assert (message.state, message.attempts, message.message_id) == (MessageState.QUEUED, 0, message_id)
    assert message.due_at <= now()


def test_a_message_in_the_hands_of_a_worker_is_neither_resent_nor_stopped(app: TransactionalFlask) -> None:
    message = put()
    message.state = MessageState.SENDING
    for act in (lambda: retry(message), lambda: abort(message, "för sent")):
        with pytest.raises(WrongState):
            act()
