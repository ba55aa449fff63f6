"""A real SMTP server on loopback that can be told to misbehave.

`server.faults` is a queue of what to do wrong, one for each connection (`CONNECTION_FAULTS`) or message; when it is
empty everything is taken. `server.received` has every mail whose DATA was complete, also where no answer was given.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from threading import Thread
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

TLS = Path(__file__).parent / "exchange" / "tls"  # self-signed, for localhost and 127.0.0.1
USER, PASSWORD = "avrop", "hemligt-for-alla"
HANG = 60  # seconds: longer than any test waits

# What goes wrong before a word is said, and what the server says when it goes wrong later.
CONNECTION_FAULTS = frozenset({"421", "hang before banner", "drop before banner"})
RCPT_FAULTS = {"451 at RCPT": "451 4.7.1 Greylisted, come back later", "550 at RCPT": "550 5.1.1 No such user here"}
DATA_FAULTS = {"452": "452 4.2.2 Mailbox full", "554": "554 5.6.0 Not wanted", "421 at DATA": "421 4.3.0 Shutting down"}


@dataclass(frozen=True)
class Received:
    """A mail as the server got it, and what it thinks of the way it came."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    answered: bool
    encrypted: bool
    connection: int  # the same number for mails of one connection

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=default)  # type: ignore[return-value]

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])


@dataclass
class MailServer:
    port: int = 0
    faults: deque[str] = field(default_factory=deque)
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    meanwhile: Callable[[], None] | None = None  # called with the whole DATA in hand, before the answer

    async def handle_RCPT(self, server: Any, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if self.faults and self.faults[0] in RCPT_FAULTS:
            return RCPT_FAULTS[self.faults.popleft()]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fault = self.faults.popleft() if self.faults else ""
        if fault in DATA_FAULTS:
            return DATA_FAULTS[fault]
        assert isinstance(envelope.content, bytes)
        self.received.append(
            Received(
                sender=str(envelope.mail_from),
                recipients=tuple(str(r) for r in envelope.rcpt_tos),
                content=envelope.content,
                answered=not fault,
                encrypted=session.ssl is not None,
                connection=server.connection_number,  # type: ignore[attr-defined]
            )
        )
        if self.meanwhile:
            await asyncio.get_running_loop().run_in_executor(None, self.meanwhile)
        if fault == "hang after DATA":
            await asyncio.sleep(HANG)
        if fault == "drop after DATA":
            assert server.transport is not None
            server.transport.abort()
        if fault == "drop at QUIT":
            server.handle_QUIT = None  # type: ignore[attr-defined]
            asyncio.get_running_loop().call_later(0.05, server.transport.abort)  # type: ignore[union-attr]
        return "250 Taken"


class _Silent(asyncio.Protocol):
    """A server that takes the connection and then says too little."""

    def __init__(self, fault: str) -> None:
        self.fault = fault

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        if self.fault == "421":
            transport.write(b"421 4.3.2 Too busy\r\n")
            transport.close()
        elif self.fault == "drop before banner":
            transport.abort()


@contextmanager
def mail_server(*, tls: str = "", auth: bool = False) -> Iterator[MailServer]:
    """Run a server for as long as the block lasts. `tls`: "starttls" offers it, "tls" speaks nothing else."""
    state = MailServer()
    loop = asyncio.new_event_loop()
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    def protocol() -> asyncio.Protocol:
        state.connections += 1
        if state.faults and state.faults[0] in CONNECTION_FAULTS:
            return _Silent(state.faults.popleft())
        smtp = SMTP(
            state,
            hostname="mejl.example",
            loop=loop,
            tls_context=context if tls == "starttls" else None,
            authenticator=check if auth else None,
            auth_require_tls=False,
            enable_SMTPUTF8=False,
            data_size_limit=2_000_000,
        )
        smtp.connection_number = state.connections  # type: ignore[attr-defined]
        return smtp

    server = loop.run_until_complete(
        loop.create_server(protocol, "127.0.0.1", 0, ssl=context if tls == "tls" else None)
    )
    state.port = server.sockets[0].getsockname()[1]
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        loop.call_soon_threadsafe(lambda: asyncio.ensure_future(_end(server, loop)))
        thread.join(10)
        loop.close()


async def _end(server: asyncio.Server, loop: asyncio.AbstractEventLoop) -> None:
    server.close()
    tasks = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await loop.shutdown_default_executor()
    loop.stop()
