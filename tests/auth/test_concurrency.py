"""Two at once, with real commits on both engines: the second one waits, and then reads what the first has left."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from auth.actions.account import reset_password
from auth.actions.unit import close_unit, create_unit, move_unit
from auth.actions.user import Grant, grant
from auth.organisation import Organisation, Unit
from auth.password_link import make_token
from auth.permission import Role
from auth.user import Membership, User
from core.db import TransactionalFlask, db, reading, unit_of_work
from tests.concurrency import at_once, wait_for_a_waiting_one
from tests.factories.auth import make_member, make_organisation, make_unit


def test_a_unit_that_is_made_below_one_that_is_being_moved_lies_where_that_one_lies(
    fresh_app: TransactionalFlask,
) -> None:
    with fresh_app.app_context(), unit_of_work():
        organisation = make_organisation()
        admin = make_member(Role.ORGANISATION_ADMIN, organisation).id
        school, other = make_unit(organisation).id, make_unit(organisation).id
        here = organisation.id

    def make(_: int) -> None:
        found = db.session.get_one(Organisation, here), "K1", "Köket", db.session.get_one(Unit, school)
        create_unit(db.session.get_one(User, admin), *found)

    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            moved, below = db.session.get_one(Unit, school), db.session.get_one(Unit, other)
            move_unit(db.session.get_one(User, admin), moved, below)
            coming = pool.submit(at_once, fresh_app, make, 1)
            wait_for_a_waiting_one()
        assert coming.result() == Counter({"done": 1})
    with fresh_app.app_context(), reading():
        made = db.session.scalars(select(Unit).where(Unit.code == "K1")).one()
        assert made.path == f"/{other}/{school}/{made.id}/"


def test_no_unit_is_made_below_one_that_is_being_closed(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        organisation = make_organisation()
        admin = make_member(Role.ORGANISATION_ADMIN, organisation).id
        school, here = make_unit(organisation).id, organisation.id

    def make(_: int) -> None:
        found = db.session.get_one(Organisation, here), "K1", "Köket", db.session.get_one(Unit, school)
        create_unit(db.session.get_one(User, admin), *found)

    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            close_unit(db.session.get_one(User, admin), db.session.get_one(Unit, school))
            coming = pool.submit(at_once, fresh_app, make, 1)
            wait_for_a_waiting_one()
        assert coming.result() == Counter({"rule-broken": 1})


def test_a_role_is_given_once_in_the_same_instant(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        organisation = make_organisation()
        people = [make_member(role, organisation).id for role in (Role.ORGANISATION_ADMIN, Role.ORDERER)]
        here = organisation.id

    def give(_: int) -> None:
        admin, person = (db.session.get_one(User, key) for key in people)
        grant(admin, person, Grant(Role.RECEIVER, db.session.get_one(Organisation, here)))

    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            give(0)
            coming = pool.submit(at_once, fresh_app, give, 1)
            wait_for_a_waiting_one()
        assert coming.result() == Counter({"rule-broken": 1})
    with fresh_app.app_context(), reading():
        given = db.session.scalars(select(Membership).where(Membership.role == Role.RECEIVER)).all()
        assert len(given) == 1


def test_a_password_link_is_used_once_in_the_same_instant(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        person = make_member(Role.ORDERER, make_organisation())
        person.password_hash = "set"
        db.session.flush()
        token = make_token(person)

    def choose(_: int) -> None:
        reset_password(token, "snöskoter-lingon-9")

    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            reset_password(token, "norrsken-kaffe-7")
            coming = pool.submit(at_once, fresh_app, choose, 1)
            wait_for_a_waiting_one()
        assert coming.result() == Counter({"not-found": 1})
