"""SMTP against a real server: what arrives, what counts as delivered, and what each kind of no means."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from email.utils import parseaddr

import pytest

from core.config import SmtpServer
from exchange.smtp import Connection, Mail, MailFile, PermanentFailure, ServerDown, TemporaryFailure, build
from tests.mail_server import PASSWORD, TLS, USER, MailServer, mail_server

FROM = "Avrop för Östersund <avrop@jamtland.example>"
PDF = MailFile("Beställning ÖSD-2026-00017 räksmörgås.pdf", "application/pdf", bytes(range(256)) * 120)
XML = MailFile("OSD-2026-00017.xml", "application/xml", "<å>&amp;</å>\n".encode())
MAIL = Mail(
    message_id="<0123456789abcdef@jamtland.example>",
    recipient="order@leverantor.example",
    reply_to="karin@ostersund.example",
    subject="Beställning OSD-2026-00017 från Östersunds kommun, Frösö skola: räksmörgåsar, smör och bröd till fredag",
    text="Hej!\n.punkt först på raden\nFrom här: åäö ÅÄÖ €\n" + "lång rad " * 300,
    html="<p>Hej! <b>åäö</b></p>" + "<p>lång</p>" * 400,
    written_at=datetime(2026, 3, 2, 8, 30, tzinfo=UTC),
    order_number="OSD-2026-00017",
    is_automatic=False,
    files=(PDF, XML),
)


def at(server: MailServer, security: str = "opportunistic", user: str | None = None, password: str = "") -> SmtpServer:
    return SmtpServer("127.0.0.1", server.port, user, password or None, security)


def test_a_mail_arrives_as_it_was_written() -> None:
    with mail_server() as server, Connection(at(server), FROM) as connection:
        connection.send(MAIL)
    [received] = server.received
    assert (received.sender, received.recipients) == ("avrop@jamtland.example", (MAIL.recipient,))
    message = received.message
    assert message["Subject"] == MAIL.subject
    assert message["From"].addresses[0].display_name == "Avrop för Östersund"
    assert (message["To"], message["Reply-To"]) == (MAIL.recipient, MAIL.reply_to)
    assert message["Date"].datetime == MAIL.written_at
    assert (message["Message-ID"], message["X-Avrop-Order"]) == (MAIL.message_id, MAIL.order_number)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None and plain.get_content().replace("\r\n", "\n").rstrip("\n") == MAIL.text.rstrip("\n")
    assert html is not None and html.get_content().strip() == MAIL.html
    files = [(f.get_filename(), f.get_content_type(), f.get_payload(decode=True)) for f in message.iter_attachments()]
    assert files == [(f.name, f.media_type, f.content) for f in MAIL.files]


def test_the_wire_carries_ascii_in_lines_that_every_server_takes() -> None:
    content = build(MAIL, FROM).as_bytes()
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")


@pytest.mark.parametrize("length", range(1, 200, 7))
def test_a_subject_of_any_length_survives_folding(length: int) -> None:
    subject = ("Å ä ö, & räksmörgås (3 × 33,335) " * 7)[:length].strip()
    message = message_from_bytes(build(replace(MAIL, subject=subject), FROM).as_bytes(), policy=default)
    assert message["Subject"] == subject


@pytest.mark.parametrize("length", range(5, 100, 6))
def test_a_file_name_of_any_length_survives_folding(length: int) -> None:
    name = ("Beställning (ÖSD) & räksmörgås; 'nr' 17 " * 4)[:length].strip() + ".pdf"
    content = build(replace(MAIL, files=(replace(PDF, name=name),)), FROM).as_bytes()
    [file] = message_from_bytes(content, policy=default).iter_attachments()
    assert (file.get_filename(), file.get_payload(decode=True)) == (name, PDF.content)


@pytest.mark.parametrize(
    "name", ["Avrop", "Inköp i Östersund", "Upphandlingskontoret i Jämtlands län & Härjedalen (gemensamt)"]
)
def test_the_senders_name_survives(name: str) -> None:
    message = message_from_bytes(build(MAIL, f'"{name}" <a@b.example>').as_bytes())  # the newer parser adds spaces
    told, address = parseaddr(str(make_header(decode_header(message["From"]))))
    assert (told.strip(), address) == (name, "a@b.example")


def test_only_what_nobody_should_answer_is_marked_automatic() -> None:
    assert build(MAIL, FROM)["Auto-Submitted"] is None
    assert build(replace(MAIL, is_automatic=True), FROM)["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("address", ["åsa@kommun.example", "a b@c.example", "a@b.example,c@d.example", "@x", "x@", "x"])
def test_an_address_that_no_server_takes_cannot_be_built(address: str) -> None:
    with pytest.raises(ValueError, match="e-postadress"):
        build(replace(MAIL, recipient=address), FROM)


def test_many_mails_share_one_connection() -> None:
    with mail_server() as server, Connection(at(server), FROM) as connection:
        for number in range(5):
            connection.send(replace(MAIL, message_id=f"<{number}@x.example>"))
    assert [r.message_id for r in server.received] == [f"<{n}@x.example>" for n in range(5)]
    assert server.connections == 1


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        ("451 at RCPT", TemporaryFailure, "Greylisted"),
        ("452", TemporaryFailure, "Mailbox full"),
        ("421", ServerDown, "Too busy"),
        ("421 at DATA", ServerDown, "Shutting down"),
        ("550 at RCPT", PermanentFailure, "No such user here"),
        ("554", PermanentFailure, "Not wanted"),
        ("drop before banner", ServerDown, "Mejlservern"),
        ("drop after DATA", ServerDown, "bröts"),
        ("hang before banner", ServerDown, "Mejlservern"),
        ("hang after DATA", ServerDown, "bröts"),
    ],
)
def test_each_fault_says_whether_to_try_again_and_the_next_mail_gets_through(
    fault: str, kind: type[Exception], told: str
) -> None:
    with mail_server() as server, Connection(at(server), FROM, timeout=0.5) as connection:
        server.faults.append(fault)
        with pytest.raises((TemporaryFailure, PermanentFailure), match=told) as failure:
            connection.send(MAIL)
        assert failure.type is kind
        connection.send(MAIL)
    assert server.received[-1].answered


def test_a_server_that_is_not_there_is_down() -> None:
    with mail_server() as server:
        nobody = at(server)
    with Connection(nobody, FROM) as connection, pytest.raises(ServerDown, match="går inte att nå"):
        connection.send(MAIL)


def test_an_error_at_quit_changes_nothing() -> None:
    with mail_server() as server, Connection(at(server), FROM, timeout=1) as connection:
        server.faults.append("drop at QUIT")
        connection.send(MAIL)
        time.sleep(0.2)
    assert len(server.received) == 1


def test_a_connection_that_the_server_closed_meanwhile_is_opened_again() -> None:
    with mail_server() as server, Connection(at(server), FROM) as connection:
        server.faults.append("drop at QUIT")
        connection.send(MAIL)
        time.sleep(0.2)
        connection.send(MAIL)
    assert [r.connection for r in server.received] == [1, 2]


def test_no_mail_takes_longer_than_its_time_however_slow_the_server() -> None:
    with mail_server() as server, Connection(at(server), FROM, longest=0.5) as connection:
        server.faults.append("hang after DATA")
        begun = time.monotonic()
        with pytest.raises(ServerDown):
            connection.send(MAIL)
        assert time.monotonic() - begun < 5


class TestTls:
    @pytest.fixture
    def trusted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "certificate.pem"))

    @pytest.mark.parametrize(("offer", "security"), [("starttls", "starttls"), ("tls", "tls")])
    def test_a_certificate_that_nobody_vouches_for_is_refused(self, offer: str, security: str) -> None:
        with mail_server(tls=offer) as server, Connection(at(server, security), FROM) as connection:
            with pytest.raises(ServerDown, match="self-signed certificate"):
                connection.send(MAIL)
            assert not server.received

    @pytest.mark.usefixtures("trusted")
    @pytest.mark.parametrize(("offer", "security"), [("starttls", "starttls"), ("tls", "tls")])
    def test_a_trusted_certificate_encrypts(self, offer: str, security: str) -> None:
        with mail_server(tls=offer) as server, Connection(at(server, security), FROM) as connection:
            connection.send(MAIL)
            assert offer == "tls" or server.received[0].encrypted
            assert len(server.received) == 1

    def test_starttls_is_taken_when_offered(self) -> None:
        with mail_server(tls="starttls") as server, Connection(at(server), FROM) as connection:
            connection.send(MAIL)
        assert server.received[0].encrypted

    def test_demanded_starttls_that_is_not_offered_sends_nothing(self) -> None:
        with mail_server() as server, Connection(at(server, "starttls"), FROM) as connection:
            with pytest.raises(ServerDown, match="erbjuder inte"):
                connection.send(MAIL)
            assert not server.received


def log_in(server: MailServer, password: str) -> Connection:
    return Connection(at(server, user=USER, password=password), FROM)


class TestLogIn:
    def test_the_right_password_lets_mail_through(self) -> None:
        with mail_server(auth=True) as server, log_in(server, PASSWORD) as connection:
            connection.send(MAIL)
        assert len(server.received) == 1

    @pytest.mark.parametrize("password", ["fel-lösen", "fel-ord"])  # the first cannot even be said in SMTP
    def test_a_wrong_password_is_the_servers_trouble_and_is_never_told(self, password: str) -> None:
        with mail_server(auth=True) as server, log_in(server, password) as connection:
            with pytest.raises(ServerDown, match="[Ii]nloggningen") as failure:
                connection.send(MAIL)
            assert not server.received
        assert password not in str(failure.value) + repr(connection)

    def test_a_password_never_leaves_this_machine_in_the_clear(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("exchange.smtp._is_this_machine", lambda host: False)
        with mail_server(auth=True) as server, log_in(server, PASSWORD) as connection:
            with pytest.raises(ServerDown, match="utan TLS"):
                connection.send(MAIL)
            assert not server.received
