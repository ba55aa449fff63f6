"""The mailbox that stands in for a mail server, and the administrator's page of what goes out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from auth.journal import entries_about
from auth.permission import Role
from auth.user import User
from core.db import TransactionalFlask, commit, db
from exchange.outbox import MessageState, OutboxMessage
from tests.database import new_app
from tests.exchange.test_outbox import PDF, put
from tests.factories.auth import make_member, make_organisation

LogIn = Callable[[User], FlaskClient]
TEXT = "Hej!\nBesluta här:\nhttp://avrop.test/approve/abc-_X.\nInte http://avrop.test.evil.example/x <b>fet</b>"


@pytest.fixture
def somebody(app: TransactionalFlask) -> User:
    return make_member(Role.ORDERER, make_organisation())


@pytest.fixture
def administrator(app: TransactionalFlask) -> User:
    return make_member(Role.SYSTEM_ADMIN, make_organisation())


class TestMailbox:
    def test_shows_the_newest_first_and_says_that_nothing_leaves(self, somebody: User, login_as: LogIn) -> None:
        put(subject="Äldst")
        put(subject="Nyast", attachments=[PDF])
        page = login_as(somebody).get("/mailbox").text
        assert "Inget lämnar den här datorn" in page
        assert 0 < page.index("Nyast") < page.index("Äldst")

    def test_finds_by_address_and_subject(self, somebody: User, login_as: LogIn) -> None:
        put(recipient="anna@x.example", subject="Ett")
        put(recipient="bo@x.example", subject="Två")
        browser = login_as(somebody)
        for query, seen, unseen in (
            ("?q=ANNA", "Ett", "Två"),
            ("?q=två", "Två", "Ett"),
            ("?to=bo@x.example", "Två", "Ett"),
        ):
            page = browser.get(f"/mailbox{query}").text
            assert seen in page and unseen not in page
        assert "Inga brev hittades" in browser.get("/mailbox?q=%25").text

    def test_a_letter_links_to_us_and_to_nobody_else(self, somebody: User, login_as: LogIn) -> None:
        message = put(text=TEXT)
        page = login_as(somebody).get(f"/mailbox/{message.id}").text
        assert '<a href="http://avrop.test/approve/abc-_X">http://avrop.test/approve/abc-_X</a>.<br>' in page
        assert 'href="http://avrop.test.evil' not in page
        assert "<b>fet" not in page and "Besluta här:<br>" in page

    def test_the_formatted_letter_can_do_nothing(self, somebody: User, login_as: LogIn) -> None:
        message = put(html="<p style='color:red'>Hej<script>alert(1)</script>")
        answer = login_as(somebody).get(f"/mailbox/{message.id}/letter")
        assert "<p style" in answer.text
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "sandbox" in policy and "script-src" not in policy

    def test_an_attachment_comes_byte_for_byte(self, somebody: User, login_as: LogIn) -> None:
        message = put(attachments=[PDF])
        commit()
        browser, path = login_as(somebody), f"/mailbox/{message.id}/attachments/{message.attachments[0].id}"
        saved, shown = browser.get(path), browser.get(f"{path}?view=1")
        assert saved.data == shown.data == PDF.content
        assert saved.headers["Content-Disposition"].startswith("attachment")
        assert shown.headers["Content-Disposition"].startswith("inline")
        assert saved.headers["X-Content-Type-Options"] == "nosniff"

    def test_what_is_not_there_is_not_found(self, somebody: User, login_as: LogIn) -> None:
        message, other = put(attachments=[PDF]), put()
        commit()
        browser = login_as(somebody)
        for path in (
            "/mailbox/9999999",
            f"/mailbox/{other.id}/attachments/{message.attachments[0].id}",
            f"/mailbox/{other.id}/letter",
        ):
            assert browser.get(path).status_code == 404

    def test_asks_for_a_log_in(self, client: FlaskClient) -> None:
        assert client.get("/mailbox").status_code == 303

    def test_is_not_there_when_mail_leaves(self, engine: str, tmp_path: Path) -> None:
        with new_app(engine, tmp_path, AVROP_SMTP_URL="smtp://127.0.0.1:1") as app, app.app_context():
            assert app.test_client().get("/mailbox").status_code == 404

    def test_a_long_list_costs_few_queries(
        self, somebody: User, login_as: LogIn, count_queries: Callable[[], Any]
    ) -> None:
        for _ in range(30):
            put(attachments=[PDF])
        browser = login_as(somebody)
        with count_queries() as queries:
            assert "Sida 1 av 2" in browser.get("/mailbox").text
        assert len(queries) <= 10


class TestQueue:
    def test_shows_states_and_errors_but_no_text(self, administrator: User, login_as: LogIn) -> None:
        message = put(text="hemlig-länk", subject="Beställning A-1")
        message.state, message.last_error = MessageState.FAILED, "550 No such user"
        put(subject="Väntar")
        browser = login_as(administrator)
        page = browser.get("/admin/outbox").text
        assert "Beställning A-1" in page and "550 No such user" in page and "Väntar" in page
        assert "hemlig-länk" not in page
        failed = browser.get("/admin/outbox?state=failed").text
        assert "Beställning A-1" in failed and "Väntar" not in failed.split("<table")[1]

    def test_resend_queues_it_again_and_is_journalled(self, administrator: User, login_as: LogIn) -> None:
        message = put()
        message.state = MessageState.FAILED
        assert login_as(administrator).post(f"/admin/outbox/{message.id}/resend").status_code == 303
        db.session.expire_all()
        assert db.session.get_one(OutboxMessage, message.id).state is MessageState.QUEUED
        assert [e.act for e in entries_about("outbox", message.id)] == ["resend"]

    def test_stop_keeps_it_here_and_is_journalled(self, administrator: User, login_as: LogIn) -> None:
        message = put()
        assert login_as(administrator).post(f"/admin/outbox/{message.id}/stop").status_code == 303
        db.session.expire_all()
        stopped = db.session.get_one(OutboxMessage, message.id)
        assert stopped.state is MessageState.ABORTED and administrator.name in (stopped.last_error or "")
        assert [e.act for e in entries_about("outbox", message.id)] == ["stop"]

    def test_what_is_being_sent_is_left_alone(self, administrator: User, login_as: LogIn) -> None:
        message = put()
        message.state = MessageState.SENDING
        assert login_as(administrator).post(f"/admin/outbox/{message.id}/resend").status_code == 409

    def test_is_for_administrators(self, somebody: User, login_as: LogIn) -> None:
        assert login_as(somebody).get("/admin/outbox").status_code == 403
