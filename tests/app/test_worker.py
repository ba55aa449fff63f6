"""The worker as it runs: in a thread, as a process, with and without a mail server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import update

from app import worker
from app.worker import may_send, run_once, run_worker
from catalog.supplier import Supplier
from core.clock import now
from core.db import TransactionalFlask, commit, db, unit_of_work
from core.state import advance
from exchange.outbox import MessageState, messages_about
from tests.database import SECRET, new_app
from tests.exchange.test_delivery import messages, only, queue
from tests.exchange.test_outbox import put
from tests.factories.orders import make_order
from tests.mail_server import MailServer, mail_server

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def mailing_app(engine: str, tmp_path: Path, server: MailServer) -> Iterator[TransactionalFlask]:
    """An application of its own that sends to `server`."""
    with new_app(engine, tmp_path, AVROP_SMTP_URL=f"smtp://127.0.0.1:{server.port}") as app:
        yield app


def wait_for(condition: Callable[[], object], seconds: int = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


class TestGate:
    """What happens between the approval and the sending counts."""

    def test_an_order_goes_to_its_supplier(self, app: TransactionalFlask) -> None:
        order = make_order()
        [message] = messages_about(f"order:{order.number}")
        assert may_send(message) is None

    def test_an_order_to_a_supplier_who_was_blocked_meanwhile_does_not_go(self, app: TransactionalFlask) -> None:
        order = make_order()
        order.supplier.blocked_at, order.supplier.blocked_reason = now(), "Konkurs"
        db.session.flush()
        [message] = messages_about(f"order:{order.number}")
        assert "Konkurs" in (may_send(message) or "")

    def test_an_order_that_was_cancelled_meanwhile_does_not_go(self, app: TransactionalFlask) -> None:
        order = make_order()
        advance(order, "cancel")
        db.session.flush()
        [message] = messages_about(f"order:{order.number}")
        assert "annullerad" in (may_send(message) or "")

    def test_an_order_that_is_not_there_does_not_go(self, app: TransactionalFlask) -> None:
        assert may_send(put(about="order:NO-1"))

    def test_other_mail_is_not_held_up(self, app: TransactionalFlask) -> None:
        order = make_order()
        advance(order, "cancel")
        assert may_send(put(kind="cancellation", about=f"order:{order.number}")) is None

    def test_what_is_held_up_is_told_to_the_orderer(self, mailing_app: TransactionalFlask, server: MailServer) -> None:
        with mailing_app.app_context():
            with unit_of_work() as session:
                order = make_order()
                number, orderer = order.number, order.orderer.email
                session.execute(update(Supplier).values(blocked_at=now(), blocked_reason="Konkurs"))
            assert run_once(mailing_app, Event())
            assert only("order").state is MessageState.ABORTED
        told = next(r for r in server.received if r.recipients == (orderer,) and "inte fram" in r.message["Subject"])
        body = told.message.get_body(("plain",))
        assert body is not None and "Konkurs" in body.get_content() and number in body.get_content()
        assert not any(r.message["X-Avrop-Order"] == number for r in server.received)


class TestLoop:
    def test_sends_what_comes_until_it_is_stopped(self, mailing_app: TransactionalFlask, server: MailServer) -> None:
        stop = Event()
        thread = Thread(target=run_worker, args=(mailing_app, stop))
        thread.start()
        try:
            with mailing_app.app_context():
                queue(2, kind="other")
            wait_for(lambda: len(server.received) == 2)
        finally:
            stop.set()
            thread.join(10)
        assert not thread.is_alive()

    def test_waits_for_a_database_that_is_away(
        self, mailing_app: TransactionalFlask, server: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(worker, "TROUBLE_PAUSES", (0.1,))
        with mailing_app.app_context():
            queue(kind="order", about="order:NO-1")
            db.session.execute(db.text("ALTER TABLE purchase_order RENAME TO away"))
            commit()
        stop = Event()
        thread = Thread(target=run_worker, args=(mailing_app, stop))
        thread.start()
        try:
            with mailing_app.app_context():
                wait_for(lambda: only().state is MessageState.SENDING)
                time.sleep(0.3)
                db.session.execute(db.text("ALTER TABLE away RENAME TO purchase_order"))
                commit()
                queue(kind="other")
                wait_for(lambda: only("other").state is MessageState.SENT)
        finally:
            stop.set()
            thread.join(10)

    def test_runs_the_jobs_and_survives_one_that_fails(
        self, fresh_app: TransactionalFlask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ran: list[str] = []

        def broken() -> int:
            ran.append("broken")
            raise RuntimeError("no")

        def sound() -> int:
            ran.append("sound")
            return 1

        monkeypatch.setattr(worker, "JOBS", [broken, sound])
        assert run_once(fresh_app, Event())
        assert ran == ["broken", "sound"]

    def test_without_a_mail_server_the_mail_stays_here_and_counts_as_sent(self, fresh_app: TransactionalFlask) -> None:
        with fresh_app.app_context():
            queue(3, kind="other")
        assert run_once(fresh_app, Event())
        with fresh_app.app_context():
            assert [(m.state, m.last_error) for m in messages()] == [(MessageState.SENT, None)] * 3


class TestCommand:
    @contextmanager
    def run(self, app: TransactionalFlask, server: MailServer, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        settings = app.config["AVROP"]
        env = os.environ | {
            "AVROP_DATABASE_URL": settings.database_url.replace("+psycopg", ""),
            "AVROP_DATA_DIR": str(settings.data_dir),
            "AVROP_SECRET_KEY": SECRET,
            "AVROP_SMTP_URL": f"smtp://127.0.0.1:{server.port}",
        }
        command = [sys.executable, "-m", "app.cli", "worker", *arguments]
        with subprocess.Popen(command, env=env, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    def test_once_sends_what_is_due_and_ends(self, mailing_app: TransactionalFlask, server: MailServer) -> None:
        with mailing_app.app_context():
            queue(3, kind="other")
        with self.run(mailing_app, server, "--once") as process:
            _, told = process.communicate(timeout=60)
        assert process.returncode == 0, told
        assert len(server.received) == 3

    def test_once_says_when_the_mail_server_is_down(self, mailing_app: TransactionalFlask, server: MailServer) -> None:
        server.faults.append("421")
        with mailing_app.app_context():
            queue(3, kind="other")
        with self.run(mailing_app, server, "--once") as process:
            _, told = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "the mail server did not take everything" in told.splitlines()[-1]

    def test_a_signal_lets_it_finish_the_message_in_hand(
        self, mailing_app: TransactionalFlask, server: MailServer
    ) -> None:
        taken = Event()

        def dawdle() -> None:
            taken.set()
            time.sleep(1.5)

        server.meanwhile = dawdle
        with mailing_app.app_context():
            queue(2, kind="other")
        with self.run(mailing_app, server) as process:
            assert taken.wait(60)
            process.send_signal(signal.SIGTERM)
            _, told = process.communicate(timeout=30)
        assert process.returncode == 0, told
        with mailing_app.app_context():
            assert sorted(m.state.value for m in messages()) == ["queued", "sent"]
        assert len(server.received) == 1
