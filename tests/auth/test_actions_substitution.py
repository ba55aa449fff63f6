"""Substitutions: dated, decided by somebody, and never leading back to the one who is away."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from auth.actions.substitution import end_substitution, substitute
from auth.permission import Role
from auth.user import User
from core.clock import today
from core.errors import NotAllowed, RuleBroken, WrongState
from tests.auth.conftest import World
from tests.factories.auth import make_member


def day(offset: int) -> date:
    return today() + timedelta(days=offset)


@pytest.fixture
def colleagues(world: World) -> tuple[User, User, User]:
    two, three = (make_member(Role.APPROVER, world.organisation) for _ in range(2))
    return world.approver, two, three


def test_an_approver_appoints_her_own_substitute(world: World) -> None:
    made = substitute(
        world.approver, world.approver, world.orderer, world.organisation, day(0), day(7), "Delegation § 4"
    )
    assert made.is_current(day(7))
    assert not made.is_current(day(8))
    assert made.decided_by == world.approver


@pytest.mark.parametrize("days", [(0, -1), (-9, -1), (5, 4)])
def test_days_turned_round_or_past_are_refused(world: World, days: tuple[int, int]) -> None:
    with pytest.raises(RuleBroken):
        substitute(world.approver, world.approver, world.orderer, world.organisation, *(day(offset) for offset in days))


def test_the_substitute_belongs_to_the_organisation_today(world: World) -> None:
    disabled = make_member(Role.APPROVER, world.organisation, is_active=False)
    left = make_member(Role.APPROVER, world.organisation, ends_on=day(-1))
    for person in (world.stranger, disabled, left, world.approver):
        with pytest.raises(RuleBroken):
            substitute(world.approver, world.approver, person, world.organisation, day(0), day(1))


def test_appointments_make_no_ring_while_they_overlap(world: World, colleagues: tuple[User, User, User]) -> None:
    one, two, three = colleagues
    substitute(one, one, two, world.organisation, day(0), day(5))
    substitute(two, two, three, world.organisation, day(3), day(9))
    for absent, stand_in in ((two, one), (three, one)):
        with pytest.raises(RuleBroken):
            substitute(absent, absent, stand_in, world.organisation, day(4), day(20))
    substitute(three, three, one, world.organisation, day(10), day(20))


def test_the_same_appointment_is_not_made_twice(world: World, colleagues: tuple[User, User, User]) -> None:
    one, two, three = colleagues
    made = substitute(one, one, two, world.organisation, day(0), day(5))
    with pytest.raises(RuleBroken):
        substitute(one, one, two, world.organisation, day(5), day(6))
    substitute(one, one, three, world.organisation, day(0), day(5))
    end_substitution(one, made)
    substitute(one, one, two, world.organisation, day(5), day(6))


def test_nobody_gets_an_approvers_right_by_appointing_herself(world: World) -> None:
    for person in (world.admin, world.orderer):
        with pytest.raises(NotAllowed):
            substitute(person, world.approver, person, world.organisation, day(0), day(1))
    with pytest.raises(NotAllowed):
        substitute(world.orderer, world.orderer, world.approver, world.organisation, day(0), day(1))


def test_an_appointment_is_ended_once_by_those_it_concerns(world: World) -> None:
    made = substitute(world.admin, world.approver, world.orderer, world.organisation, day(0), day(5))
    for person in (world.orderer, world.stranger):
        with pytest.raises(NotAllowed):
            end_substitution(person, made)
    end_substitution(world.approver, made)
    assert not made.is_current(day(0))
    with pytest.raises(WrongState):
        end_substitution(world.admin, made)
