"""Queries: in the scope of who asks, and as many for thirty rows as for three."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from auth.journal import record
from auth.permission import Role
from auth.queries import (
    JournalFilter,
    PeopleFilter,
    address_for,
    journal_page,
    managed_organisations,
    membership_for,
    organisation_for,
    substitution_for,
    unit_for,
    unit_tree,
    user_for,
    users_page,
)
from core.clock import frozen
from core.db import commit
from core.errors import NotFound
from tests.auth.conftest import World
from tests.factories.auth import make_address, make_member, make_substitution, make_unit


def test_an_administrator_is_shown_her_own_organisation(world: World) -> None:
    assert managed_organisations(world.admin) == [world.organisation]
    assert {world.organisation, world.neighbour} < set(managed_organisations(world.system_admin))
    assert managed_organisations(world.orderer) == []


def test_what_is_a_neighbours_is_not_found(world: World) -> None:
    address = make_address(world.neighbour_unit)
    away = make_substitution(world.neighbour, world.stranger, make_member(Role.APPROVER, world.neighbour))
    questions = [
        lambda user: organisation_for(user, world.neighbour.id),
        lambda user: unit_for(user, world.neighbour_unit.id),
        lambda user: address_for(user, address.id),
        lambda user: user_for(user, world.stranger.id),
        lambda user: membership_for(user, world.stranger.memberships[0].id),
        lambda user: substitution_for(user, away.id),
    ]
    for question in questions:
        for person in (world.admin, world.orderer):
            with pytest.raises(NotFound):
                question(person)
        assert question(world.system_admin) is not None
    assert substitution_for(world.stranger, away.id) is away


def test_the_tree_has_every_unit_below_its_parent(world: World) -> None:
    school = make_unit(world.organisation, code="200")
    kitchen = make_unit(world.organisation, school, code="100")
    library = make_unit(world.organisation, school, code="150")
    last = make_unit(world.organisation, code="300")
    world.unit.code = "099"
    expected = [(0, world.unit), (0, school), (1, kitchen), (1, library), (0, last)]
    assert unit_tree(world.organisation) == expected


def test_people_are_found_by_part_of_name_or_address_whatever_the_case(world: World) -> None:
    asa = make_member(Role.ORDERER, world.organisation, name="Åsa Öberg", email="asa.oberg@kommun.example")
    for text in ("åsa", "ÖBERG", "sa ö", "oberg@", "ASA.O"):
        assert users_page(world.admin, PeopleFilter(text=text)).items == [asa]
    for text in ("%", "_", "kanarie"):
        assert users_page(world.admin, PeopleFilter(text=text)).items == []


def test_people_are_narrowed_by_role_and_organisation(world: World) -> None:
    assert users_page(world.system_admin, PeopleFilter(organisation_id=world.neighbour.id)).items == [world.stranger]
    assert users_page(world.admin, PeopleFilter(role=Role.AUDITOR)).items == [world.auditor]
    assert users_page(world.admin, PeopleFilter(organisation_id=world.neighbour.id)).items == []
    world.orderer.is_active = False
    assert users_page(world.admin, PeopleFilter(disabled=True)).items == [world.orderer]
    assert world.orderer not in users_page(world.admin, PeopleFilter()).items


def test_the_page_beyond_the_last_is_the_last(world: World) -> None:
    for _ in range(30):
        make_member(Role.ORDERER, world.organisation)
    page = users_page(world.admin, PeopleFilter(), 10**30)
    assert (page.number, page.pages, page.total) == (2, 2, 34)
    assert users_page(world.admin, PeopleFilter(), -4).number == 1


def test_the_journal_is_read_in_ones_own_organisation(world: World) -> None:
    record(world.orderer, "submit", "requisition", 1, organisation_id=world.organisation.id)
    record(world.stranger, "submit", "requisition", 2, organisation_id=world.neighbour.id)
    record(world.stranger, "edit", "unit", 3, organisation_id=world.neighbour.id)
    commit()

    def told(person: object, organisation: object) -> list[tuple[str, str]]:
        page = journal_page(person, organisation, JournalFilter())  # type: ignore[arg-type]
        return [(entry.thing, entry.thing_id) for entry in page.items]

    assert told(world.auditor, world.organisation) == [("requisition", "1")]
    assert told(world.auditor, world.neighbour) == []
    assert told(world.system_admin, world.system_admin.organisations()[0]) == [("unit", "3")]
    assert told(world.orderer, world.organisation) == []


def test_the_journal_is_narrowed_to_whole_days_in_stockholm(world: World) -> None:
    evening = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)  # the first of July, half past midnight, in Stockholm
    with frozen(evening):
        record(world.orderer, "edit", "unit", 1, organisation_id=world.organisation.id)
        commit()

    def total(**wanted: object) -> int:
        return journal_page(world.auditor, world.organisation, JournalFilter(**wanted)).total  # type: ignore[arg-type]

    day = evening.date() + timedelta(days=1)
    assert total(from_day=day, to_day=day) == 1
    assert total(to_day=evening.date()) == 0
    assert total(actor=world.orderer.name[:8].upper()) == 1
    assert total(actor="Ingen") == 0
    assert total(thing="unit", thing_id="1") == 1
    assert total(thing="user") == 0
