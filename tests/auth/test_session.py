"""Sessions: a copied cookie is worth nothing from the very request after log-out, a new password, role or disabling."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from auth.actions.user import Grant, disable_user, end_membership, grant, log_out_user
from auth.permission import Role
from auth.session import LoginSession
from auth.user import User, hash_password
from core.clock import frozen, now
from core.db import TransactionalFlask, commit, db
from tests.auth.conftest import World
from tests.factories.auth import PASSWORD

LogIn = Callable[..., FlaskClient]


def is_in(client: FlaskClient) -> bool:
    return client.get("/password").status_code == 200


def copy_of(client: FlaskClient, app: TransactionalFlask) -> FlaskClient:
    """Another browser with the same cookie: what a thief has."""
    thief = app.test_client()
    with client.session_transaction() as hers, thief.session_transaction() as copied:
        copied.update(hers)
    return thief


def test_a_copied_cookie_is_refused_after_log_out(world: World, app: TransactionalFlask, login_as: LogIn) -> None:
    client = login_as(world.orderer)
    thief = copy_of(client, app)
    assert is_in(thief)
    assert client.post("/logout").status_code == 303
    assert not is_in(client)
    assert not is_in(thief)


def test_a_new_password_logs_out_the_other_browsers_only(
    world: World, app: TransactionalFlask, login_as: LogIn
) -> None:
    world.orderer.password_hash = hash_password(PASSWORD)
    here, there = login_as(world.orderer), login_as(world.orderer, app.test_client())
    new = "en alldeles ny fras"
    answer = here.post("/password", data={"present": PASSWORD, "new": new, "again": new})
    assert answer.status_code == 303
    assert is_in(here)
    assert not is_in(there)


ENDS: dict[str, Callable[[World], object]] = {
    "role given": lambda w: grant(w.admin, w.orderer, Grant(Role.RECEIVER, w.organisation)),
    "role ended": lambda w: end_membership(w.admin, w.orderer.memberships[0]),
    "disabled": lambda w: disable_user(w.admin, w.orderer, w.organisation),
    "logged out by the administrator": lambda w: log_out_user(w.admin, w.orderer, w.organisation),
}


@pytest.mark.parametrize("what", ENDS)
def test_sessions_end_when_rights_change(world: World, login_as: LogIn, what: str) -> None:
    client = login_as(world.orderer)
    assert is_in(client)
    ENDS[what](world)
    commit()
    assert not is_in(client)


@pytest.mark.parametrize(("idle", "stays"), [(timedelta(minutes=59), True), (timedelta(minutes=61), False)])
def test_a_session_ends_after_an_idle_hour(world: World, login_as: LogIn, idle: timedelta, stays: bool) -> None:
    client, start = login_as(world.orderer), now()
    with frozen(start + idle):
        assert is_in(client) is stays


def test_a_busy_session_ends_after_twelve_hours(world: World, login_as: LogIn) -> None:
    client, start = login_as(world.orderer), now()
    for half_hours in range(1, 24):
        with frozen(start + timedelta(minutes=30 * half_hours)):
            assert is_in(client)
    with frozen(start + timedelta(hours=12, minutes=1)):
        assert not is_in(client)


def test_the_token_is_not_kept_in_the_table(world: World, login_as: LogIn) -> None:
    client = login_as(world.orderer)
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    kept = db.session.scalars(select(LoginSession.token_hash)).all()
    assert token not in kept


def test_the_other_browsers_can_be_logged_out(world: World, app: TransactionalFlask, login_as: LogIn) -> None:
    here, there = login_as(world.orderer), login_as(world.orderer, app.test_client())
    assert here.post("/password/sessions/end").status_code == 303
    assert is_in(here)
    assert not is_in(there)


def test_one_acts_for_ones_own_organisations_only(world: World, login_as: LogIn) -> None:
    user = db.session.get(User, world.orderer.id)
    assert user is not None
    client = login_as(user)
    assert client.post("/switch-organisation", data={"organisation_id": world.neighbour.id}).status_code == 404
    assert client.post("/switch-organisation", data={"organisation_id": "x"}).status_code == 404
    assert client.post("/switch-organisation", data={"organisation_id": world.organisation.id}).status_code == 303


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604.1", "Safari, iPhone"),
        ("curl/8.0", "curl/8.0"),
        (None, ""),
    ],
)
def test_a_browser_is_named_as_its_owner_knows_it(told: str | None, known: str) -> None:
    assert LoginSession(browser=told).device == known
