"""Logging in: the right password opens, everything else gets one and the same answer."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.demo import LOGINS
from auth.actions.account import TRIES_PER_ACCOUNT, TRIES_PER_ADDRESS
from auth.journal import JournalEntry
from auth.user import hash_password
from core.db import TransactionalFlask, db
from tests.auth.conftest import World
from tests.factories.auth import PASSWORD, make_user

LogIn = Callable[..., FlaskClient]
HASHED = hash_password(PASSWORD)


@pytest.fixture
def email(world: World) -> str:
    world.orderer.password_hash = HASHED
    return world.orderer.email


def try_in(client: FlaskClient, email: str, password: str, **more: str) -> TestResponse:
    return client.post("/login", data={"email": email, "password": password, **more})


def test_the_right_password_opens_and_the_journal_tells(client: FlaskClient, email: str, world: World) -> None:
    answer = try_in(client, email.upper(), PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/password").status_code == 200
    told = db.session.scalars(select(JournalEntry).where(JournalEntry.act == "log-in")).one()
    assert (told.actor_name, told.organisation_id) == (world.orderer.name, world.organisation.id)


def test_wrong_unknown_disabled_and_invited_get_the_same_answer(app: TransactionalFlask, email: str) -> None:
    make_user(email="av@kommun.example", password_hash=HASHED, is_active=False)
    make_user(email="ny@kommun.example")
    tries = [(email, "fel"), *((f"{who}@kommun.example", PASSWORD) for who in ("okand", "av", "ny"))]
    answers = [try_in(app.test_client(), *who) for who in tries]
    texts = [re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text) for answer in answers]
    pages = {text.replace(email, "") for text, (email, _password) in zip(texts, tries, strict=True)}
    assert {answer.status_code for answer in answers} == {422}
    assert len(pages) == 1
    assert len({tuple(sorted(answer.headers.keys())) for answer in answers}) == 1


def test_a_new_token_is_given_at_log_in(client: FlaskClient, email: str, login_as: LogIn, world: World) -> None:
    login_as(world.orderer)
    with client.session_transaction() as cookie:
        former = cookie["_user_id"]
        cookie["left"] = "behind"
    try_in(client, email, PASSWORD)
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != former
        assert "left" not in cookie


@pytest.mark.parametrize(
    ("target", "lands"),
    [
        ("/orders?page=2", "/orders?page=2"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_next_leads_nowhere_but_here(client: FlaskClient, email: str, target: str, lands: str) -> None:
    assert try_in(client, email, PASSWORD, next=target).headers["Location"] == lands


def test_an_account_takes_ten_tries_and_then_a_pause(client: FlaskClient, email: str) -> None:
    for _ in range(TRIES_PER_ACCOUNT):
        assert try_in(client, email, "fel").status_code == 422
    answer = try_in(client, email, PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 900
    assert "många försök" in answer.text
    assert try_in(client, "okand@kommun.example", "fel").status_code == 422


def test_a_success_starts_the_count_anew(client: FlaskClient, email: str) -> None:
    for _ in range(TRIES_PER_ACCOUNT - 1):
        try_in(client, email, "fel")
    assert try_in(client, email, PASSWORD).status_code == 303
    assert try_in(client, email, PASSWORD).status_code == 303


def test_an_address_that_tries_many_accounts_is_stopped(
    client: FlaskClient, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth.actions.account.TRIES_PER_ADDRESS", 3)
    assert TRIES_PER_ADDRESS == 100
    for number in range(3):
        assert try_in(client, f"person{number}@kommun.example", "fel").status_code == 422
    assert try_in(client, email, PASSWORD).status_code == 429


def test_an_address_from_which_many_log_in_rightly_is_never_stopped(
    client: FlaskClient, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth.actions.account.TRIES_PER_ADDRESS", 2)
    for _ in range(4):
        assert try_in(client, email, PASSWORD).status_code == 303


@pytest.mark.parametrize("peer, statuses", [("127.0.0.1", [422, 422, 422]), ("198.51.100.9", [422, 422, 429])])
def test_only_a_proxy_on_this_machine_tells_whom_it_speaks_for(
    peer: str, statuses: list[int], client: FlaskClient, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth.actions.account.TRIES_PER_ADDRESS", 2)
    answers = [
        client.post(
            "/login",
            data={"email": f"person{number}@kommun.example", "password": "fel"},
            headers={"X-Forwarded-For": f"10.0.0.1, 192.0.2.{number}"},
            environ_base={"REMOTE_ADDR": peer},
        ).status_code
        for number in range(3)
    ]
    assert answers == statuses


def test_no_secret_reaches_the_log(client: FlaskClient, email: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        try_in(client, email, "kanarie-hemlighet")
        try_in(client, "kanarie-i-fel-ruta", "x")
    assert "refused" in caplog.text
    assert "kanarie" not in caplog.text


def test_no_transaction_is_open_while_the_password_is_compared(
    client: FlaskClient, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    from auth.actions import account

    compare = account.password_matches

    def watched(stored: str | None, password: str) -> bool:
        seen.append(db.session().in_transaction())
        return compare(stored, password)

    monkeypatch.setattr(account, "password_matches", watched)
    try_in(client, email, PASSWORD)
    assert seen == [False]


def test_demo_log_ins_are_shown_only_where_there_are_some(app: TransactionalFlask, client: FlaskClient) -> None:
    assert "demodata" not in client.get("/login").text
    app.config["DEMO_LOGINS"] = LOGINS[:1]
    try:
        page = client.get("/login").text
    finally:
        del app.config["DEMO_LOGINS"]
    assert LOGINS[0].email in page
    assert LOGINS[0].password in page


def test_the_language_is_kept_with_the_person(world: World, client: FlaskClient, login_as: LogIn) -> None:
    assert client.post("/language", data={"language": "en", "next": "//evil.example"}).headers["Location"] == "/"
    cookie = client.get_cookie("language")
    assert cookie is not None and cookie.value == "en"
    login_as(world.orderer)
    client.post("/language", data={"language": "en"})
    client.post("/language", data={"language": "xx"})
    db.session.expire_all()
    assert world.orderer.language == "en"


def test_a_stranger_is_led_to_the_log_in_page_and_back(client: FlaskClient) -> None:
    answer = client.get("/admin/users?page=2")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/admin/users?page%3D2")
