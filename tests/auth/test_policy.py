"""Policy: who may manage whom, tried on every pair that could take over a right it was not given."""

from __future__ import annotations

from datetime import timedelta

from auth.permission import Role
from auth.policy import (
    grantable_roles,
    may_decide_substitution,
    may_disable_user,
    may_grant,
    may_manage_organisation,
    may_manage_user,
    may_see_user,
    reads_journal_of,
)
from core.clock import today
from tests.auth.conftest import World
from tests.factories.auth import make_member


def test_an_administrator_keeps_her_own_organisation_only(world: World) -> None:
    assert may_manage_organisation(world.admin, world.organisation)
    assert not may_manage_organisation(world.admin, world.neighbour)
    assert may_manage_organisation(world.system_admin, world.neighbour)
    for person in (world.orderer, world.approver, world.auditor):
        assert not may_manage_organisation(person, world.organisation)


def test_an_administrator_sees_people_of_her_organisation_only(world: World) -> None:
    assert may_see_user(world.admin, world.orderer)
    assert not may_see_user(world.admin, world.stranger)
    assert may_see_user(world.system_admin, world.stranger)


def test_an_account_used_elsewhere_too_is_not_hers_to_change(world: World) -> None:
    assert may_manage_user(world.admin, world.orderer)
    make_member(Role.ORDERER, world.neighbour, user=world.orderer)
    assert may_see_user(world.admin, world.orderer)
    assert not may_manage_user(world.admin, world.orderer)


def test_a_role_elsewhere_that_is_over_takes_nothing_away(world: World) -> None:
    make_member(Role.ORDERER, world.neighbour, user=world.orderer, ends_on=today() - timedelta(days=1))
    assert may_manage_user(world.admin, world.orderer)


def test_an_administrator_cannot_touch_a_system_administrator_of_her_own_organisation(world: World) -> None:
    make_member(Role.SYSTEM_ADMIN, world.organisation, user=world.orderer)
    assert not may_manage_user(world.admin, world.orderer)


def test_nobody_grants_herself_anything(world: World) -> None:
    for person in (world.admin, world.system_admin):
        for role in Role:
            assert not may_grant(person, person, role, world.organisation)


def test_a_system_administrator_is_made_by_her_like_only(world: World) -> None:
    assert not may_grant(world.admin, world.orderer, Role.SYSTEM_ADMIN, world.organisation)
    assert may_grant(world.system_admin, world.orderer, Role.SYSTEM_ADMIN, world.organisation)
    assert Role.SYSTEM_ADMIN not in grantable_roles(world.admin, world.organisation)
    assert grantable_roles(world.admin, world.neighbour) == []


def test_an_administrator_grants_in_her_own_organisation_only(world: World) -> None:
    assert may_grant(world.admin, world.orderer, Role.APPROVER, world.organisation)
    assert not may_grant(world.admin, world.orderer, Role.APPROVER, world.neighbour)
    assert not may_grant(world.orderer, world.approver, Role.ORDERER, world.organisation)


def test_nobody_disables_herself(world: World) -> None:
    assert not may_disable_user(world.admin, world.admin)
    assert not may_disable_user(world.system_admin, world.system_admin)
    assert may_disable_user(world.admin, world.orderer)


def test_nobody_appoints_herself_as_substitute(world: World) -> None:
    assert may_decide_substitution(world.approver, world.approver, world.orderer, world.organisation)
    assert may_decide_substitution(world.admin, world.approver, world.orderer, world.organisation)
    assert not may_decide_substitution(world.admin, world.approver, world.admin, world.organisation)
    assert not may_decide_substitution(world.orderer, world.approver, world.orderer, world.organisation)


def test_only_those_with_a_reading_role_read_the_whole_journal(world: World) -> None:
    assert reads_journal_of(world.admin, world.organisation)
    assert reads_journal_of(world.auditor, world.organisation)
    assert not reads_journal_of(world.auditor, world.neighbour)
    assert not reads_journal_of(world.system_admin, world.organisation)
    assert not reads_journal_of(world.orderer, world.organisation)
