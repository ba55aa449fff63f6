"""Organisations: numbers with check digits, unique prefixes, patterns that end, and an address that stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auth.actions.organisation import (
    GLN,
    ORGANISATION_NUMBER,
    Identity,
    Particulars,
    add_identifier,
    check_pattern,
    close_organisation,
    create_organisation,
    edit_organisation,
    remove_identifier,
    reopen_organisation,
)
from auth.organisation import OrganisationKind
from auth.permission import Permission
from core.errors import NotAllowed, RuleBroken
from tests.auth.conftest import World
from tests.factories.auth import organisation_number

NEW = Identity("2120002528", "Ånge kommun", OrganisationKind.MUNICIPALITY, "ANG")


def test_a_new_organisation_has_its_number_as_electronic_address(world: World) -> None:
    made = create_organisation(world.system_admin, NEW, Particulars(city="Ånge"))
    assert [(i.scheme, i.value) for i in made.identifiers] == [(ORGANISATION_NUMBER, "2120002528")]
    assert (made.city, made.sort_name) == ("Ånge", "{nge kommun")


def test_only_the_system_administrator_founds_and_closes(world: World) -> None:
    for person in (world.admin, world.orderer):
        with pytest.raises(NotAllowed):
            create_organisation(person, NEW, Particulars())
        with pytest.raises(NotAllowed):
            close_organisation(person, world.neighbour)


def test_number_and_prefix_are_one_organisations(world: World) -> None:
    create_organisation(world.system_admin, NEW, Particulars())
    for taken in (replace(NEW, order_prefix="XYZ"), replace(NEW, organisation_number=organisation_number())):
        with pytest.raises(RuleBroken):
            create_organisation(world.system_admin, taken, Particulars())


def test_an_organisation_changes_its_particulars_but_not_what_it_is(world: World) -> None:
    edit_organisation(world.admin, world.organisation, Particulars(street="Nya gatan 1"))
    assert world.organisation.street == "Nya gatan 1"
    with pytest.raises(NotAllowed):
        edit_organisation(world.admin, world.organisation, Particulars(), NEW)
    with pytest.raises(NotAllowed):
        edit_organisation(world.admin, world.neighbour, Particulars())


def test_a_closed_organisation_gives_its_people_nothing_to_do(world: World) -> None:
    close_organisation(world.system_admin, world.organisation)
    assert world.orderer.permissions_in(world.organisation.id) == set()
    reopen_organisation(world.system_admin, world.organisation)
    assert Permission.ORDER_CREATE in world.orderer.permissions_in(world.organisation.id)


def test_nobody_closes_the_ground_under_her_own_feet(world: World) -> None:
    with pytest.raises(RuleBroken):
        close_organisation(world.system_admin, world.system_admin.organisations()[0])


@pytest.mark.parametrize(
    ("scheme", "value"),
    [(GLN, "7350000000010"), (GLN, "735000000001"), (GLN, ""), (ORGANISATION_NUMBER, "2120002529"), ("9955", "1")],
)
def test_an_electronic_address_with_a_wrong_check_digit_is_refused(world: World, scheme: str, value: str) -> None:
    with pytest.raises(RuleBroken):
        add_identifier(world.admin, world.organisation, scheme, value)


def test_electronic_addresses_come_and_go_but_one_remains(world: World) -> None:
    organisation = world.organisation
    add_identifier(world.admin, organisation, GLN, "7350000 00001 6")
    (only,) = organisation.identifiers
    assert only.value == "7350000000016"
    with pytest.raises(RuleBroken):
        add_identifier(world.admin, organisation, GLN, "7350000000016")
    with pytest.raises(RuleBroken):
        remove_identifier(world.admin, organisation, only)
    add_identifier(world.admin, organisation, ORGANISATION_NUMBER, "212000-2528")
    remove_identifier(world.admin, organisation, only)
    assert [i.scheme for i in organisation.identifiers] == [ORGANISATION_NUMBER]


@pytest.mark.parametrize(
    "pattern",
    [
        *("[0-9", "(a+)+", "(a|b*)*c", r"(.)\1", "(?P<a>.)(?P=a)", "(x{2,}){3}"),
        *("((a+))+b", "(a|aa)+b", "a{99999999999}", "a?" * 30 + "a" * 30, ".*" * 8 + "x"),
    ],
)
def test_a_pattern_that_is_none_or_never_ends_is_refused(world: World, pattern: str) -> None:
    with pytest.raises(RuleBroken):
        check_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["[0-9]{5}", "[A-ZÅÄÖ]{2}[0-9]+", "(10|20)[0-9]{3}", r"(?:A|B)\+?[0-9]{2,4}-?[0-9]*"]
)
def test_a_plain_pattern_is_taken(world: World, pattern: str) -> None:
    check_pattern(pattern)
