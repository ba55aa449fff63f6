"""One's own account: the present password is asked for, and nothing is guessed at leisure."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient

from auth.actions.account import TRIES_PER_ACCOUNT
from auth.user import hash_password, password_matches
from core.db import db
from tests.auth.conftest import World
from tests.factories.auth import PASSWORD

LogIn = Callable[..., FlaskClient]
NEW = "en alldeles ny fras"


def test_the_present_password_is_asked_for(world: World, login_as: LogIn) -> None:
    world.orderer.password_hash = hash_password(PASSWORD)
    client = login_as(world.orderer)
    answer = client.post("/password", data={"present": "fel", "new": NEW, "again": NEW})
    assert answer.status_code == 422
    assert "nuvarande lösenord stämmer inte" in answer.text
    db.session.expire_all()
    assert password_matches(world.orderer.password_hash, PASSWORD)


def test_the_present_password_cannot_be_guessed_at_leisure(world: World, login_as: LogIn) -> None:
    world.orderer.password_hash = hash_password(PASSWORD)
    client = login_as(world.orderer)
    for _ in range(TRIES_PER_ACCOUNT):
        client.post("/password", data={"present": "fel", "new": NEW, "again": NEW})
    answer = client.post("/password", data={"present": PASSWORD, "new": NEW, "again": NEW})
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers


def test_a_weak_new_password_is_refused(world: World, login_as: LogIn) -> None:
    world.orderer.password_hash = hash_password(PASSWORD)
    client = login_as(world.orderer)
    assert client.post("/password", data={"present": PASSWORD, "new": "kort", "again": "kort"}).status_code == 422
