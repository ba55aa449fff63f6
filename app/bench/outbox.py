"""Outbox: promised mail handed to a server on loopback, beside bare smtplib with the same mails on one connection."""

from __future__ import annotations

import multiprocessing
import os
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, TCPServer
from typing import Any

from sqlalchemy import update

from app.bench.measure import Figure, rate, timed
from app.bench.world import bench_app
from core.clock import now
from core.config import SmtpServer
from core.db import db, unit_of_work
from exchange.delivery import deliver_due
from exchange.outbox import AttachmentContent, MessageState, OutboxMessage, enqueue
from exchange.smtp import Connection, Mail, MailFile, build

SENDER = "Avrop <avrop@prov.example>"
PDF_SIZE = 30_000


def bench_outbox(database: str | None, _seconds: float, quick: bool) -> Iterator[Figure]:
    """Mails of 30 kB: 100 when quick, else 1,000."""
    count = 100 if quick else 1000
    content = os.urandom(PDF_SIZE)
    with bench_app(database), _sink() as port:
        server = SmtpServer("127.0.0.1", port, None, None, "opportunistic")
        with unit_of_work():
            for number in range(count):
                enqueue(
                    dedupe_key=f"bench:{number}",
                    kind="order",
                    recipient="order@provleverans.example",
                    subject=f"Beställning PRO-2026-{number:05d}",
                    text="Hej!\n\nHär kommer en beställning.\n",
                    html="<p>Hej!</p><p>Här kommer en beställning.</p>",
                    attachments=[AttachmentContent("order.pdf", "application/pdf", content)],
                )
        for turn in ("warm", "measured"):
            _queue_again()
            ours = timed(lambda: _deliver(server, count))
            floor = timed(lambda: _bare(port, count, content))
            if turn == "measured":
                yield rate("outbox", f"30 kB PDF, {db.engine.dialect.name}", count / ours, count / floor, "mails/s")


def _queue_again() -> None:
    with unit_of_work() as session:
        session.execute(update(OutboxMessage).values(state=MessageState.QUEUED, due_at=now(), attempts=0))


def _deliver(server: SmtpServer, count: int) -> None:
    with Connection(server, SENDER) as connection:
        done = deliver_due(connection.send, limit=count)
    if done.tried != count:
        raise RuntimeError(f"{done.tried} of {count} mails were sent")


def _bare(port: int, count: int, content: bytes) -> None:
    """The same mails without a database: built by the same function, handed over one after the other."""
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for number in range(count):
            mail = Mail(
                message_id=f"<{number}@prov.example>",
                recipient="order@provleverans.example",
                subject=f"Beställning PRO-2026-{number:05d}",
                text="Hej!\n\nHär kommer en beställning.\n",
                html="<p>Hej!</p><p>Här kommer en beställning.</p>",
                written_at=now(),
                files=(MailFile("order.pdf", "application/pdf", content),),
            )
            smtp.sendmail("avrop@prov.example", [mail.recipient], build(mail, SENDER).as_bytes())


class _Sink(StreamRequestHandler):
    """Says yes to everything, as a mail server with nothing to do would."""

    def handle(self) -> None:
        self._say("220 sink")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say("354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
            if verb == b"QUIT":
                self._say("221 bye")
                return
            self._say("250 yes")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


def _serve(port: Any) -> None:
    with TCPServer(("127.0.0.1", 0), _Sink) as server:
        port.send(server.server_address[1])
        server.serve_forever()


@contextmanager
def _sink() -> Iterator[int]:
    """A mail server in a process of its own; gives its port."""
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    process = context.Process(target=_serve, args=(far,), daemon=True)
    process.start()
    try:
        yield near.recv()
    finally:
        process.terminate()
        process.join()
