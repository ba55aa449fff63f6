"""Users: passwords that cannot be guessed, and rights that follow from dated memberships."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from auth.permission import Permission, Role
from auth.user import check_password, hash_password, password_matches, stored_hash
from core.clock import today
from core.db import TransactionalFlask
from core.errors import RuleBroken
from tests.factories.auth import make_member, make_organisation, make_unit, make_user


@pytest.mark.parametrize(
    "weak", ["kort", "aaaaaaaaaaaa", "lösenord1234", "sommarvinter1", "karinkarin12", "x" * 257, "Password1234"]
)
def test_a_weak_password_is_refused(app: TransactionalFlask, weak: str) -> None:
    user = make_user(name="Karin Ek", email="karin@kommun.example")
    with pytest.raises(RuleBroken):
        check_password(weak, user)


@pytest.mark.parametrize(
    "strong", ["hästar äter gräs", "tre åar och en ö " * 8, "7-skidor-i-mars", " kaffe med mjölk "]
)
def test_a_long_password_of_any_characters_is_taken(app: TransactionalFlask, strong: str) -> None:
    check_password(strong, make_user())


def test_case_and_spaces_of_a_password_count() -> None:
    stored = hash_password(" Kaffe med mjölk ")
    assert password_matches(stored, " Kaffe med mjölk ")
    assert not password_matches(stored, "Kaffe med mjölk")
    assert not password_matches(stored, " kaffe med mjölk ")
    assert not password_matches(None, " Kaffe med mjölk ")


def test_a_disabled_user_has_no_password_to_compare_with(app: TransactionalFlask) -> None:
    user = make_user(password_hash="x", is_active=False)
    assert stored_hash(user) is None
    assert stored_hash(None) is None


@pytest.mark.parametrize(
    ("from_day", "to_day", "holds"), [(0, 0, True), (-1, None, True), (1, None, False), (-9, -1, False), (-9, 0, True)]
)
def test_a_membership_holds_on_its_first_and_last_day(
    app: TransactionalFlask, from_day: int, to_day: int | None, holds: bool
) -> None:
    def day(offset: int) -> date:
        return today() + timedelta(days=offset)

    organisation = make_organisation()
    ends_on = None if to_day is None else day(to_day)
    user = make_member(Role.ORDERER, organisation, starts_on=day(from_day), ends_on=ends_on)
    assert (Permission.ORDER_CREATE in user.permissions_in(organisation.id)) is holds


def test_a_role_covers_the_branch_below_its_unit(app: TransactionalFlask) -> None:
    organisation = make_organisation()
    school = make_unit(organisation)
    kitchen, other = make_unit(organisation, school), make_unit(organisation)
    user = make_member(Role.APPROVER, organisation, school)
    assert user.has_role(Role.APPROVER, kitchen)
    assert not user.has_role(Role.APPROVER, other)


def test_a_closed_organisation_gives_no_rights(app: TransactionalFlask) -> None:
    organisation = make_organisation(is_active=False)
    user = make_member(Role.ORDERER, organisation)
    assert user.permissions_in(organisation.id) == set()
