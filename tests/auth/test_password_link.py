"""Choosing a password by mail: once, for a short time, for one person, from our own address."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from auth.actions.account import RESETS_PER_ACCOUNT, RESETS_PER_ADDRESS
from auth.actions.user import Grant, Person, create_user
from auth.password_link import make_token, user_of_token
from auth.permission import Role
from auth.user import hash_password
from core.clock import frozen, now
from core.db import TransactionalFlask, db
from exchange.outbox import OutboxMessage
from tests.auth.conftest import World
from tests.factories.auth import PASSWORD, make_user

NEW = {"new": "en alldeles ny fras", "again": "en alldeles ny fras"}
HASHED = hash_password(PASSWORD)


def messages() -> list[OutboxMessage]:
    return list(db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


def link_in(message: OutboxMessage) -> str:
    return next(line for line in message.text.splitlines() if line.startswith("http"))


def test_a_forgotten_password_is_chosen_anew(app: TransactionalFlask, client: FlaskClient) -> None:
    user = make_user(password_hash=HASHED)
    client.post("/forgot", data={"email": user.email.upper()}, headers={"Host": "avrop.test"})
    (message,) = messages()
    link = link_in(message)
    assert link.startswith("http://avrop.test/reset/")
    assert (message.recipient, message.kind) == (user.email, "password")
    assert message.html is not None and link in message.html
    path = link.removeprefix("http://avrop.test")
    assert client.get(path).status_code == 200
    assert client.post(path, data=NEW).headers["Location"] == "/login"
    assert client.post("/login", data={"email": user.email, "password": NEW["new"]}).status_code == 303


def test_the_link_is_never_built_from_the_host_header(app: TransactionalFlask, client: FlaskClient) -> None:
    user = make_user(password_hash=HASHED)
    client.post("/forgot", data={"email": user.email}, headers={"X-Forwarded-Host": "evil.example"})
    client.post("/forgot", data={"email": user.email}, headers={"Host": "evil.example"})
    assert messages()
    assert all("evil" not in message.text for message in messages())


def test_a_link_works_once(app: TransactionalFlask, client: FlaskClient) -> None:
    path = f"/reset/{make_token(make_user(password_hash=HASHED))}"
    assert client.post(path, data=NEW).status_code == 303
    for answer in (client.get(path), client.post(path, data=NEW)):
        assert answer.status_code == 404
        assert "gäller inte längre" in answer.text


def test_opening_a_link_decides_nothing(app: TransactionalFlask, client: FlaskClient) -> None:
    user = make_user(password_hash=HASHED)
    path = f"/reset/{make_token(user)}"
    for _ in range(3):
        assert client.get(path).status_code == 200
        client.head(path)
    db.session.expire_all()
    assert user.password_hash == HASHED


@pytest.mark.parametrize(
    ("hashed", "works", "over"),
    [(HASHED, timedelta(minutes=59), timedelta(minutes=61)), (None, timedelta(days=6), timedelta(days=8))],
    ids=["reset", "invitation"],
)
def test_a_link_grows_old(app: TransactionalFlask, hashed: str | None, works: timedelta, over: timedelta) -> None:
    user, begin = make_user(password_hash=hashed), now()
    token = make_token(user)
    with pytest.MonkeyPatch.context() as patch:
        for age, owner in ((works, user), (over, None)):
            patch.setattr("itsdangerous.timed.time.time", lambda age=age: (begin + age).timestamp())
            assert user_of_token(token) is owner


def test_an_invitation_dies_when_a_password_is_chosen(app: TransactionalFlask) -> None:
    user = make_user()
    token = make_token(user)
    assert user_of_token(token) is user
    user.password_hash = HASHED
    assert user_of_token(token) is None


@pytest.mark.parametrize("change", [{"email": "ny@kommun.example"}, {"is_active": False}])
def test_a_link_dies_with_the_address_and_the_account(app: TransactionalFlask, change: dict[str, object]) -> None:
    user = make_user(password_hash=HASHED)
    token = make_token(user)
    for key, value in change.items():
        setattr(user, key, value)
    assert user_of_token(token) is None


def test_a_link_is_one_persons(app: TransactionalFlask) -> None:
    one, other = make_user(password_hash=HASHED), make_user(password_hash=HASHED)
    mine, theirs = make_token(one).split("."), make_token(other).split(".")
    assert user_of_token(".".join([theirs[0], *mine[1:]])) is None


@pytest.mark.parametrize("token", ["x", "..", "a.b.c", "å", "MQ.x.y", "WzFd.x.y", "OTk5OTk5OTk5OTk5OTk5OTk5OTk.x.y"])
def test_a_forged_link_is_nobodys(app: TransactionalFlask, client: FlaskClient, token: str) -> None:
    assert user_of_token(token) is None
    assert client.get(f"/reset/{token}").status_code == 404


def test_a_weak_password_is_refused_and_the_link_lives(app: TransactionalFlask, client: FlaskClient) -> None:
    path = f"/reset/{make_token(make_user(password_hash=HASHED))}"
    assert client.post(path, data={"new": "kort", "again": "kort"}).status_code == 422
    assert client.post(path, data={**NEW, "again": "något annat"}).status_code == 422
    assert client.post(path, data=NEW).status_code == 303


def test_known_unknown_and_disabled_get_the_same_answer(app: TransactionalFlask, client: FlaskClient) -> None:
    known, disabled = make_user(password_hash=HASHED), make_user(password_hash=HASHED, is_active=False)
    pages = set()
    for email in (known.email, disabled.email, "okand@kommun.example"):
        answer = client.post("/forgot", data={"email": email})
        page = re.sub(r'name="csrf_token" value="[^"]*"', "", client.get("/login").text)  # it tells the second
        pages.add((answer.status_code, answer.headers["Location"], page))
    assert len(pages) == 1
    assert [message.recipient for message in messages()] == [known.email]


def test_a_mailbox_is_not_flooded_and_the_asker_not_told(app: TransactionalFlask, client: FlaskClient) -> None:
    user = make_user(password_hash=HASHED)
    start = now()
    for number in range(RESETS_PER_ACCOUNT + 2):
        with frozen(start + timedelta(seconds=number)), pytest.MonkeyPatch.context() as patch:
            patch.setattr("itsdangerous.timed.time.time", lambda number=number: start.timestamp() + number)
            assert client.post("/forgot", data={"email": user.email}).status_code == 303
    assert len(messages()) == RESETS_PER_ACCOUNT


def test_a_network_address_that_asks_too_much_is_told_to_wait(app: TransactionalFlask, client: FlaskClient) -> None:
    for number in range(RESETS_PER_ADDRESS):
        assert client.post("/forgot", data={"email": f"p{number}@kommun.example"}).status_code == 303
    answer = client.post("/forgot", data={"email": "sista@kommun.example"})
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers


def test_a_new_person_is_invited(world: World) -> None:
    made = create_user(world.admin, Person("Eva Ek", "EVA@kommun.example"), Grant(Role.ORDERER, world.organisation))
    (message,) = messages()
    assert message.recipient == "eva@kommun.example"
    assert world.admin.name in message.text
    assert user_of_token(link_in(message).rpartition("/")[2]) is made
