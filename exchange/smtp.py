"""SMTP: a mail in plain values becomes a message with its files, and is handed to the mail server.

The only file that talks to a mail server; it knows no database, so that no transaction can be open here. What
counts as delivered is one thing: the server's 250 after the last byte (RFC 5321, 4.2.5). All else is an error that
says whether trying again makes sense.
"""

from __future__ import annotations

import ipaddress
import select
import smtplib
import socket
import ssl
from base64 import encodebytes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.config import SmtpServer

TIMEOUT = 30.0  # seconds to wait for one answer of the server
LONGEST = 120.0  # seconds that one message may take in all, however slowly the server trickles


@dataclass(frozen=True, slots=True)
class MailFile:
    """An attached file."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """What is to be sent, in plain values. `written_at` is aware; it stays the same when the mail is sent again."""

    message_id: str
    recipient: str
    subject: str
    text: str
    written_at: datetime
    html: str | None = None
    reply_to: str | None = None
    order_number: str | None = None
    is_automatic: bool = True  # nobody waits for the answer of an absent colleague's mailbox
    files: tuple[MailFile, ...] = ()


class SendingFailed(Exception):
    """The server did not take the message. `str()` is a short reason in Swedish, and never holds a password."""


class TemporaryFailure(SendingFailed):
    """Trying again later makes sense."""


class ServerDown(TemporaryFailure):
    """It concerns the server or how we reach it: no other message would do better now."""


class PermanentFailure(SendingFailed):
    """The server said no to this message, and will say so again."""


def build(mail: Mail, mail_from: str) -> EmailMessage:
    """The mail as a message: plain text, HTML beside it, files. Pure ASCII on the wire, lines of 78 at most.

    Raises ValueError for an address that mail servers cannot be asked to take.
    """
    for address in (mail.recipient, mail.reply_to):
        if address is not None and not _is_address(address):
            raise ValueError(f"{address!r} är ingen e-postadress")
    message = EmailMessage(policy=SMTP)
    name, address = parseaddr(mail_from)
    message.set_raw("From", formataddr((name, address)) if name.isascii() else f"{_folded(name)}\n <{address}>")
    message["To"] = mail.recipient
    if mail.reply_to:
        message["Reply-To"] = mail.reply_to
    message.set_raw("Subject", _folded(mail.subject))
    message["Date"] = format_datetime(mail.written_at)
    message["Message-ID"] = mail.message_id
    if mail.order_number:
        message["X-Avrop-Order"] = mail.order_number
    if mail.is_automatic:
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday reply, please
    message.set_content(mail.text, cte="quoted-printable")
    if mail.html:
        message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    if mail.files:
        message.make_mixed()
    for file in mail.files:
        message.attach(_attached(file))
    return message


def _attached(file: MailFile) -> EmailMessage:
    """A file as a part of a message; EmailMessage's own way takes twice as long for the same bytes."""
    part = EmailMessage(policy=SMTP)
    part["Content-Type"] = file.media_type
    part["Content-Transfer-Encoding"] = "base64"
    part.add_header("Content-Disposition", "attachment", filename=file.name)
    part.set_payload(encodebytes(file.content).decode("ascii"))
    return part


class Connection:
    """One conversation with the mail server for as many mails as there are; opened when the first one comes.

    Use as a context manager. `longest` bounds what one mail may take after the connection stands, so that a
    worker's claim on it can be made to last longer.
    """

    def __init__(
        self, server: SmtpServer, mail_from: str, *, timeout: float = TIMEOUT, longest: float = LONGEST
    ) -> None:
        self._server = server
        self._mail_from = mail_from
        self._envelope_from = parseaddr(mail_from)[1]
        self._timeout = timeout
        self._longest = longest
        self._smtp: smtplib.SMTP | None = None
        self._watchdog = _Watchdog(longest / 10)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._watchdog.end()

    def send(self, mail: Mail) -> None:
        """Hand over one mail. Returns when the server has taken it.

        Raises TemporaryFailure or PermanentFailure, and ValueError for a mail that cannot be built.
        """
        content = build(mail, self._mail_from).as_bytes()
        try:
            smtp = self._open()
            with self._at_most(smtp):
                self._transmit(smtp, mail.recipient, content)
        except SendingFailed:
            self._drop()
            raise
        except TimeoutError:
            self._drop()
            raise ServerDown("Mejlservern svarar inte i tid.") from None
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise ServerDown(f"Förbindelsen med mejlservern bröts ({_short(error)}).") from None

    def close(self) -> None:
        """Say good-bye. What was taken is taken: an error here means nothing."""
        if self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
            self._drop()

    def _transmit(self, smtp: smtplib.SMTP, recipient: str, content: bytes) -> None:
        size = [f"size={len(content)}"] if smtp.has_extn("size") else []
        _expect(smtp.mail(self._envelope_from, size))
        _expect(smtp.rcpt(recipient))
        try:
            _expect(smtp.data(content))
        except smtplib.SMTPDataError as error:  # no to DATA itself
            _expect((error.smtp_code, error.smtp_error))

    def _open(self) -> smtplib.SMTP:
        """The open connection, or a new one where the server has closed it meanwhile."""
        if self._smtp is not None and _has_ended(self._smtp):
            self._drop()
        if self._smtp is None:
            self._smtp = self._connect()
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        host = self._envelope_from.rpartition("@")[2]  # said in EHLO; asking the name service could hang
        try:
            if server.security == "tls":
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                    server.host, server.port, host, timeout=self._timeout, context=ssl.create_default_context()
                )
            else:
                smtp = smtplib.SMTP(server.host, server.port, host, timeout=self._timeout)
        except TimeoutError:
            raise ServerDown("Mejlservern svarar inte i tid.") from None
        except (OSError, smtplib.SMTPException) as error:
            raise ServerDown(f"Mejlservern går inte att nå ({_short(error)}).") from None
        try:
            with self._at_most(smtp):
                self._prepare(smtp)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _prepare(self, smtp: smtplib.SMTP) -> None:
        """Encrypt and log in, as the setting demands."""
        server = self._server
        try:
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls" or (server.security == "opportunistic" and smtp.has_extn("starttls")):
                smtp.starttls(context=self._tls_context())
                smtp.ehlo_or_helo_if_needed()
            if server.user is not None:
                if not isinstance(smtp.sock, ssl.SSLSocket) and not _is_this_machine(server.host):
                    raise ServerDown("Lösenordet skickas inte utan TLS till mejlservern.")
                smtp.login(server.user, server.password or "")
        except smtplib.SMTPAuthenticationError as error:  # its text may repeat what we said
            raise ServerDown(f"Mejlservern godtar inte inloggningen ({error.smtp_code}).") from None
        except smtplib.SMTPNotSupportedError:
            raise ServerDown("Mejlservern erbjuder inte den TLS eller inloggning som krävs.") from None
        except UnicodeError:
            raise ServerDown("Inloggningen till mejlservern har tecken utanför ASCII.") from None
        except ssl.SSLError as error:
            raise ServerDown(f"Mejlserverns TLS går inte att lita på ({_short(error)}).") from None

    def _tls_context(self) -> ssl.SSLContext:
        """Verified wherever TLS is demanded or a password is said.

        TLS that is merely taken when offered keeps listeners out; whoever could fake the server could as well leave
        out the offer, so an unknown certificate is better than clear text (RFC 7435).
        """
        context = ssl.create_default_context()
        if self._server.security == "opportunistic" and self._server.user is None:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    @contextmanager
    def _at_most(self, smtp: smtplib.SMTP) -> Iterator[None]:
        """Cut the connection after `longest` seconds: the socket's own timeout begins anew with every byte."""
        self._watchdog.guard(smtp, self._longest)
        try:
            yield
        finally:
            self._watchdog.rest()


class _Watchdog(Thread):
    """One thread for all mails of a connection, because a timer for each would cost more than sending them."""

    def __init__(self, pause: float) -> None:
        super().__init__(daemon=True)
        self._pause = pause
        self._guarded: tuple[smtplib.SMTP, float] | None = None
        self._is_over = Event()

    def guard(self, smtp: smtplib.SMTP, seconds: float) -> None:
        if not self.is_alive():
            self.start()
        self._guarded = (smtp, monotonic() + seconds)

    def rest(self) -> None:
        self._guarded = None

    def end(self) -> None:
        self._is_over.set()

    def run(self) -> None:
        while not self._is_over.wait(self._pause):
            guarded = self._guarded
            if guarded is not None and monotonic() > guarded[1] and guarded[0].sock is not None:
                with suppress(OSError):  # the plain socket's, because TLS would want to say good-bye
                    socket.socket.shutdown(guarded[0].sock, socket.SHUT_RDWR)


def _expect(answer: tuple[int, bytes | str]) -> None:
    """Pass over a 250 or 251, raise what any other answer means (RFC 5321, 4.2.1)."""
    code, text = answer
    if code in (250, 251):
        return
    said = _clean(f"{code} {_text(text)}")
    if code in (421, 530, 534, 535, 538):  # shutting down, or wants a log-in: the same for every message
        raise ServerDown(f"Mejlservern tar inte emot just nu: {said}")
    if 500 <= code < 600:
        raise PermanentFailure(f"Mejlservern säger nej: {said}")
    raise TemporaryFailure(f"Mejlservern bad oss försöka senare: {said}")


def _has_ended(smtp: smtplib.SMTP) -> bool:
    """Whether the server hung up while nobody was talking: it has nothing to say unasked but good-bye."""
    if smtp.sock is None:
        return True
    poll = select.poll()
    poll.register(smtp.sock, select.POLLIN)
    return bool(poll.poll(0))


def _folded(text: str) -> str:
    """The value of a header in short lines. EmailMessage's own folding loses spaces in a long Swedish subject."""
    return Header(text, None if text.isascii() else "utf-8", 76, "Subject").encode()


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_address(text: str) -> bool:
    local, _, host = text.rpartition("@")
    return bool(local and host) and text.isascii() and text.isprintable() and not set(text) & set(' ,;:<>()[]"\\')


def _short(error: Exception) -> str:
    """An error in a few words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _clean(error.verify_message)
    if isinstance(error, smtplib.SMTPResponseException):
        return _clean(f"{error.smtp_code} {_text(error.smtp_error)}")
    if isinstance(error, OSError) and error.strerror:
        return _clean(error.strerror)
    return _clean(str(error) or type(error).__name__)


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _clean(text: str) -> str:
    """One line that can be shown anywhere, 300 characters at most."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]
