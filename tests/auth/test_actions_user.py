"""People: one account each, roles that are ended and not deleted, and no way to more rights than were given."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from auth.actions.user import (
    Grant,
    Person,
    change_membership,
    create_user,
    disable_user,
    edit_user,
    end_membership,
    grant,
    invite,
)
from auth.journal import JournalEntry, entries_about
from auth.permission import Role
from auth.user import Membership, User
from core.clock import today
from core.db import commit, db
from core.errors import NotAllowed, RuleBroken
from tests.auth.conftest import World
from tests.factories.auth import make_member

EVA = Person("Eva Ek", "eva@kommun.example")


def test_an_address_is_one_account(world: World) -> None:
    with pytest.raises(RuleBroken):
        create_user(world.admin, Person("Annan", world.stranger.email.upper()), Grant(Role.ORDERER, world.organisation))


def test_a_person_is_made_with_a_role_the_maker_may_give(world: World) -> None:
    for role, organisation in ((Role.SYSTEM_ADMIN, world.organisation), (Role.ORDERER, world.neighbour)):
        with pytest.raises(NotAllowed):
            create_user(world.admin, EVA, Grant(role, organisation))
    with pytest.raises(NotAllowed):
        create_user(world.orderer, EVA, Grant(Role.ORDERER, world.organisation))


def test_a_role_at_a_neighbours_unit_is_refused(world: World) -> None:
    with pytest.raises(RuleBroken):
        grant(world.admin, world.orderer, Grant(Role.RECEIVER, world.organisation, world.neighbour_unit))


def test_the_same_role_is_not_given_twice_at_a_time(world: World) -> None:
    here = Grant(Role.ORDERER, world.organisation, world.unit)
    with pytest.raises(RuleBroken):
        grant(world.admin, world.orderer, here)
    end_membership(world.admin, world.orderer.memberships[0])
    grant(world.admin, world.orderer, here)


def test_only_an_approver_has_a_limit(world: World) -> None:
    with pytest.raises(RuleBroken):
        grant(world.admin, world.orderer, Grant(Role.RECEIVER, world.organisation, amount_limit=Decimal(1)))
    made = grant(world.admin, world.orderer, Grant(Role.APPROVER, world.organisation, amount_limit=Decimal("0.50")))
    assert made.amount_limit == Decimal("0.50")


def test_a_role_cannot_end_before_it_begins(world: World) -> None:
    with pytest.raises(RuleBroken):
        grant(
            world.admin,
            world.orderer,
            Grant(Role.APPROVER, world.organisation, ends_on=today() - timedelta(days=1)),
        )
    with pytest.raises(RuleBroken):
        change_membership(
            world.admin, world.orderer.memberships[0], None, None, world.orderer.memberships[0].starts_on - timedelta(1)
        )


def test_a_change_does_not_make_the_same_role_twice_at_a_time(world: World) -> None:
    approver = Grant(Role.APPROVER, world.organisation, world.unit, ends_on=today() + timedelta(days=9))
    first = grant(world.admin, world.orderer, approver)
    after = replace(approver, starts_on=today() + timedelta(days=10), ends_on=None)
    second = grant(world.admin, world.orderer, after)
    whole = grant(world.admin, world.orderer, Grant(Role.APPROVER, world.organisation))
    for membership, unit, ends_on in ((first, world.unit, None), (whole, world.unit, None)):
        with pytest.raises(RuleBroken, match="har redan den rollen"):
            change_membership(world.admin, membership, unit, None, ends_on)
    change_membership(world.admin, second, world.unit, Decimal(5), None)  # itself is no other one
    change_membership(world.admin, first, world.unit, Decimal(5), approver.ends_on)
    assert (first.amount_limit, second.amount_limit) == (Decimal(5), Decimal(5))


def test_an_ended_role_stays_in_the_table_and_opens_nothing(world: World) -> None:
    (membership,) = world.orderer.memberships
    end_membership(world.admin, membership)
    assert membership.ends_on == today() - timedelta(days=1)
    assert world.orderer.organisations() == []


def test_a_role_that_has_not_begun_is_taken_away_and_told(world: World) -> None:
    given = grant(world.admin, world.orderer, Grant(Role.APPROVER, world.organisation)).id
    end_membership(world.admin, world.orderer.memberships[1])
    commit()
    assert db.session.get(Membership, given) is None
    acts = db.session.scalars(select(JournalEntry.act).where(JournalEntry.thing == "membership")).all()
    assert list(acts) == ["grant", "end"]


def test_nobody_changes_her_own_roles(world: World) -> None:
    for person in (world.admin, world.system_admin):
        with pytest.raises(NotAllowed):
            grant(person, person, Grant(Role.APPROVER, world.organisation))
        with pytest.raises(NotAllowed):
            end_membership(person, person.memberships[0])
        with pytest.raises(NotAllowed):
            disable_user(person, person, world.organisation)


def test_the_journal_tells_what_was_changed_of_a_person_but_not_to_what(world: World) -> None:
    person = Person(world.orderer.name, "nyadress@kommun.example", world.orderer.phone, world.orderer.reference)
    edit_user(world.admin, world.orderer, person, world.organisation)
    commit()
    assert entries_about("user", world.orderer.id)[-1].details["changed"] == ["email"]


def test_an_account_of_two_organisations_cannot_be_taken_over(world: World) -> None:
    make_member(Role.SYSTEM_ADMIN, world.neighbour, user=world.orderer)
    with pytest.raises(NotAllowed):
        edit_user(world.admin, world.orderer, Person("Karin", "min@kommun.example"), world.organisation)
    with pytest.raises(NotAllowed):
        end_membership(world.admin, world.orderer.memberships[1])


def test_superiors_make_no_ring(world: World) -> None:
    edit_user(world.admin, world.orderer, Person("A", "a@k.example", superior=world.approver.email), None)
    with pytest.raises(RuleBroken):
        edit_user(world.admin, world.approver, Person("B", "b@k.example", superior="a@k.example"), None)
    with pytest.raises(RuleBroken):
        edit_user(world.admin, world.approver, Person("B", "b@k.example", superior="finns.inte@k.example"), None)


def test_only_those_without_a_password_are_invited(world: World) -> None:
    invite(world.admin, world.orderer, world.organisation)
    world.orderer.password_hash = "x"
    with pytest.raises(RuleBroken):
        invite(world.admin, world.orderer, world.organisation)


def test_the_journal_tells_what_was_given_to_whom(world: World) -> None:
    made = create_user(world.admin, EVA, Grant(Role.APPROVER, world.organisation, amount_limit=Decimal(5000)))
    commit()
    entries = db.session.scalars(select(JournalEntry).order_by(JournalEntry.number)).all()
    assert [(e.thing, e.act, e.actor_name) for e in entries] == [
        ("membership", "grant", world.admin.name),
        ("user", "create", world.admin.name),
    ]
    assert entries[0].details["amount_limit"] == "5000"
    assert entries[1].thing_id == str(made.id)
    assert db.session.get(User, made.id) is made
