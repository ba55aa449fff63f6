"""Delivery to a real server on real transactions: nothing lost, nothing sent twice under another name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from core.clock import frozen, now
from core.config import SmtpServer
from core.db import TransactionalFlask, db, reading, unit_of_work
from exchange import delivery
from exchange.delivery import LEASE, PAUSES, Round, deliver_due
from exchange.outbox import MessageState, OutboxMessage, retry
from exchange.smtp import LONGEST, TIMEOUT, Connection, Mail
from tests.exchange.test_outbox import PDF, put
from tests.mail_server import MailServer, mail_server

FROM = "Avrop <avrop@avrop.test>"
HANGS = "hang after DATA"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


class Killed(BaseException):
    """As SIGKILL: nothing after it runs."""


@contextmanager
def connected(server: MailServer, timeout: float = 5) -> Iterator[Connection]:
    with Connection(SmtpServer("127.0.0.1", server.port, None, None, "opportunistic"), FROM, timeout=timeout) as there:
        yield there


def deliver(server: MailServer, **options: Any) -> Round:
    with connected(server, options.pop("timeout", 5)) as connection:
        return deliver_due(connection.send, **options)


def queue(count: int = 1, **values: Any) -> None:
    with unit_of_work():
        for _ in range(count):
            put(**values)


def messages() -> list[OutboxMessage]:
    """All messages, oldest first, detached: of a reading transaction that is over."""
    with reading() as session:
        found = list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))
        session.expunge_all()
    return found


def only(kind: str = "order") -> OutboxMessage:
    [message] = [m for m in messages() if m.kind == kind]
    return message


@pytest.fixture
def pushed(fresh_app: TransactionalFlask) -> Iterator[Flask]:
    with fresh_app.app_context():
        yield fresh_app


@pytest.mark.usefixtures("pushed")
class TestDelivery:
    def test_what_was_queued_arrives_byte_for_byte_on_one_connection(self, server: MailServer) -> None:
        queue(3, attachments=[PDF], about="order:OSD-2026-00017", reply_to="karin@ostersund.example")
        assert deliver(server) == Round(3)
        assert {m.state for m in messages()} == {MessageState.SENT}
        assert [r.message_id for r in server.received] == [m.message_id for m in messages()]
        assert server.connections == 1
        received = server.received[0].message
        [file] = received.iter_attachments()
        assert (file.get_filename(), file.get_payload(decode=True)) == (PDF.name, PDF.content)
        assert received["X-Avrop-Order"] == "OSD-2026-00017"
        assert received["Subject"] == "Beställning OSD-2026-00017 från Östersunds kommun"
        body = received.get_body(("plain",))
        assert body is not None and "räksmörgåsar" in body.get_content()

    def test_nothing_due_is_nothing_done(self, server: MailServer) -> None:
        assert deliver(server) == Round()

    def test_a_round_ends_at_its_limit_and_when_told_to(self, server: MailServer) -> None:
        queue(5)
        assert deliver(server, limit=2) == Round(2)
        assert deliver(server, stopped=lambda: True) == Round(1)
        assert [m.state for m in messages()] == [MessageState.SENT] * 3 + [MessageState.QUEUED] * 2

    @pytest.mark.parametrize(
        "fault", ["451 at RCPT", "452", "421", "421 at DATA", "hang before banner", "hang after DATA"]
    )
    def test_a_temporary_failure_waits_and_then_goes_under_the_same_name(self, server: MailServer, fault: str) -> None:
        queue(alarm_to="karin@ostersund.example")
        server.faults.append(fault)
        deliver(server, timeout=0.5)
        waiting = only()
        assert (waiting.state, waiting.attempts) == (MessageState.QUEUED, 1)
        assert waiting.last_error
        assert timedelta(seconds=50) < waiting.due_at - now() <= PAUSES[0]
        assert deliver(server) == Round()
        with frozen(now() + PAUSES[0]):
            assert deliver(server) == Round(1)
        assert only().state is MessageState.SENT
        assert {r.message_id for r in server.received} == {waiting.message_id}

    def test_a_server_that_is_down_is_asked_once_a_round(self, server: MailServer) -> None:
        queue(3)
        server.faults.append("421")
        assert deliver(server) == Round(1, is_server_down=True)
        assert [m.attempts for m in messages()] == [1, 0, 0]

    def test_the_pauses_grow_until_three_days_have_passed_and_then_somebody_is_told(self, server: MailServer) -> None:
        queue(alarm_to="karin@ostersund.example")
        begun = moment = now()
        for pause in PAUSES:
            server.faults.append("452")
            with frozen(moment):
                deliver(server)
            assert only().due_at - moment == pause
            moment += pause
        assert timedelta(hours=70) < moment - begun <= timedelta(hours=72)
        server.faults.append("452")
        with frozen(moment):
            deliver(server, limit=1)
        assert only().state is MessageState.FAILED
        assert only("alarm").recipient == "karin@ostersund.example"

    @pytest.mark.parametrize("fault", ["550 at RCPT", "554"])
    def test_a_permanent_failure_alarms_at_once_in_words_that_help(self, server: MailServer, fault: str) -> None:
        queue(alarm_to="karin@ostersund.example")
        server.faults.append(fault)
        assert deliver(server) == Round(2)  # the order, and the alarm right after it
        failed = only()
        assert (failed.state, failed.attempts) == (MessageState.FAILED, 1)
        [alarm] = server.received
        assert alarm.recipients == ("karin@ostersund.example",)
        body = alarm.message.get_body(("plain",))
        assert body is not None
        for told in (failed.subject, failed.recipient, failed.last_error or "?", "Gör så här"):
            assert told in body.get_content().replace("\r\n", "\n")
        assert alarm.message["Auto-Submitted"] == "auto-generated"

    def test_an_alarm_that_fails_raises_no_alarm(self, server: MailServer) -> None:
        queue(kind="alarm", alarm_to="karin@ostersund.example")
        server.faults.append("554")
        deliver(server)
        assert [m.state for m in messages()] == [MessageState.FAILED]

    def test_a_message_that_cannot_be_built_fails_and_lets_the_others_pass(self, server: MailServer) -> None:
        queue(recipient="två adresser@x.example")
        queue()
        assert deliver(server) == Round(2)
        assert [m.state for m in messages()] == [MessageState.FAILED, MessageState.SENT]
        assert "e-postadress" in (messages()[0].last_error or "")
        assert deliver(server) == Round()

    def test_each_message_is_asked_about_shortly_before_it_goes(
        self, server: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Several are read at once, but what takes too long to reach is given back and read anew."""
        monkeypatch.setattr(delivery, "FRESH", timedelta(0))
        queue(3)
        told: list[str] = []

        def ask(message: OutboxMessage) -> None:
            told.append(f"ask {message.id}")

        with connected(server) as connection:

            def send(mail: Mail) -> None:
                told.append("send")
                connection.send(mail)

            assert deliver_due(send, may_send=ask) == Round(3)
        first, second, third = (f"ask {m.id}" for m in messages())
        assert told == [first, second, third, "send", second, third, "send", third, "send"]
        assert {(m.state, m.attempts) for m in messages()} == {(MessageState.SENT, 1)}

    def test_a_message_that_kills_its_worker_each_time_is_given_up(self, server: MailServer) -> None:
        queue()
        with unit_of_work() as session:
            session.execute(update(OutboxMessage).values(attempts=len(PAUSES) + 1))
        deliver(server)
        assert only().state is MessageState.FAILED
        assert not server.received

    def test_what_must_not_go_any_more_is_stopped_and_told(self, server: MailServer) -> None:
        queue(alarm_to="karin@ostersund.example")
        deliver(server, may_send=lambda m: "Leverantören är spärrad." if m.kind == "order" else None)
        stopped = only()
        assert (stopped.state, stopped.last_error) == (MessageState.ABORTED, "Leverantören är spärrad.")
        assert [r.recipients for r in server.received] == [("karin@ostersund.example",)]

    def test_a_failed_message_that_is_resent_is_the_same_message(self, server: MailServer) -> None:
        queue()
        server.faults.append("550 at RCPT")
        deliver(server)
        with unit_of_work() as session:
            retry(session.scalars(select(OutboxMessage)).one())
        assert deliver(server) == Round(1)
        assert server.received[0].message_id == only().message_id
        assert (only().state, only().last_error) == (MessageState.SENT, None)


class TestCrashes:
    def test_an_answer_that_was_lost_sends_the_same_message_again(self, pushed: Flask, server: MailServer) -> None:
        """The server took it and the line broke: twice is right, under one name."""
        queue()
        server.faults.append("drop after DATA")
        deliver(server)
        with frozen(now() + PAUSES[0]):
            deliver(server)
        assert [r.answered for r in server.received] == [False, True]
        assert len({r.message_id for r in server.received}) == 1
        assert only().state is MessageState.SENT

    def test_the_message_of_a_dead_worker_is_taken_when_its_claim_runs_out(
        self, pushed: Flask, server: MailServer
    ) -> None:
        queue()

        def die(mail: Mail) -> None:
            raise Killed

        with pytest.raises(Killed):
            deliver_due(die)
        assert only().state is MessageState.SENDING
        assert deliver(server) == Round()
        with frozen(now() + LEASE + timedelta(seconds=1)):
            assert deliver(server) == Round(1)
        assert (only().state, only().attempts) == (MessageState.SENT, 2)

    def test_a_dead_worker_repeats_one_message_at_most(self, pushed: Flask, server: MailServer) -> None:
        queue(3)
        with connected(server) as connection, pytest.raises(Killed):

            def die_at_the_second(mail: Mail) -> None:
                connection.send(mail)
                if len(server.received) == 2:
                    raise Killed

            deliver_due(die_at_the_second)
        with frozen(now() + LEASE + timedelta(seconds=1)):
            assert deliver(server) == Round(2)
        first, second, third = (m.message_id for m in messages())
        assert [r.message_id for r in server.received] == [first, second, second, third]
        assert {m.state for m in messages()} == {MessageState.SENT}

    def test_what_a_dead_worker_had_in_hand_goes_one_by_one(self, pushed: Flask) -> None:
        """One of them may be what killed it, and must not take the others along again."""
        queue(3)

        def die(mail: Mail) -> None:
            raise Killed

        with pytest.raises(Killed):
            deliver_due(die)
        assert [m.attempts for m in messages()] == [1, 1, 1]
        with frozen(now() + LEASE + timedelta(seconds=1)):
            for expected in ([2, 1, 1], [2, 2, 1], [2, 2, 2]):
                with pytest.raises(Killed):
                    deliver_due(die)
                assert [m.attempts for m in messages()] == expected

    def test_a_claim_lasts_longer_than_any_mail_may_take(self) -> None:
        assert LEASE.total_seconds() > LONGEST * 2 + TIMEOUT

    def test_a_worker_that_overslept_its_claim_still_tells_that_the_message_went(
        self, pushed: Flask, server: MailServer
    ) -> None:
        queue()

        def oversleep(mail: Mail) -> None:
            with frozen(now() + LEASE + timedelta(seconds=1)), unit_of_work() as session:
                session.execute(update(OutboxMessage).values(claimed_until=now() + LEASE))  # another has it now

        deliver_due(oversleep)
        assert only().state is MessageState.SENT

    def test_a_worker_that_overslept_its_claim_cannot_fail_what_another_has_in_hand(
        self, pushed: Flask, server: MailServer
    ) -> None:
        queue()

        def oversleep(mail: Mail) -> None:
            with unit_of_work() as session:
                session.execute(update(OutboxMessage).values(claimed_until=now() + 2 * LEASE))
            raise ValueError("too late")

        deliver_due(oversleep)
        assert only().state is MessageState.SENDING


class TestTogether:
    def test_no_transaction_is_open_while_the_server_takes_its_time(
        self, fresh_app: TransactionalFlask, server: MailServer
    ) -> None:
        """Somebody else writes while the server holds the whole message; on SQLite a lock would stop her."""
        wrote = Event()
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start < now()"
        )

        def write_meanwhile() -> None:
            with fresh_app.app_context():
                if db.engine.dialect.name == "postgresql":
                    assert db.session.scalar(waiting) == 0
                    db.session.rollback()
                queue(kind="other")
                wrote.set()

        server.meanwhile = write_meanwhile
        with fresh_app.app_context():
            queue()
            deliver(server, limit=1)
            assert wrote.is_set()
            assert {m.kind: m.state for m in messages()} == {
                "order": MessageState.SENT,
                "other": MessageState.QUEUED,
            }

    def test_two_workers_at_once_send_each_message_once(
        self, fresh_app: TransactionalFlask, server: MailServer
    ) -> None:
        with fresh_app.app_context():
            queue(30)

        def work() -> None:
            with fresh_app.app_context():
                deliver(server, timeout=30)

        workers = [Thread(target=work) for _ in range(3)]
        [w.start() for w in workers]
        [w.join(60) for w in workers]
        with fresh_app.app_context():
            assert sorted(r.message_id for r in server.received) == sorted(m.message_id for m in messages())
            assert {m.state for m in messages()} == {MessageState.SENT}
            assert {m.attempts for m in messages()} == {1}
