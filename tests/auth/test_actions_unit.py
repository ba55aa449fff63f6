"""Units: a tree without rings, moved with all that lies below, and addresses with true numbers."""

from __future__ import annotations

import pytest

from auth.actions.unit import (
    Place,
    close_address,
    close_unit,
    create_address,
    create_unit,
    edit_unit,
    move_unit,
    reopen_unit,
)
from auth.organisation import Unit
from core.db import db
from core.errors import NotAllowed, RuleBroken
from tests.auth.conftest import World
from tests.factories.auth import make_unit

KITCHEN = Place("Köket", "Skolgatan 1", "83131", "Östersund")


def test_a_branch_moves_whole(world: World) -> None:
    school = make_unit(world.organisation)
    kitchen = make_unit(world.organisation, school)
    store = make_unit(world.organisation, kitchen)
    move_unit(world.admin, kitchen, world.unit)
    db.session.flush()
    db.session.expire_all()
    assert kitchen.parent == world.unit
    assert store.is_within(world.unit)
    assert store.is_within(kitchen)
    assert not store.is_within(school)
    assert store.path == f"{world.unit.path}{kitchen.id}/{store.id}/"


def test_a_unit_cannot_lie_below_itself(world: World) -> None:
    below = make_unit(world.organisation, world.unit)
    for parent in (world.unit, below):
        with pytest.raises(RuleBroken):
            move_unit(world.admin, world.unit, parent)


def test_a_unit_stays_in_its_organisation(world: World) -> None:
    with pytest.raises(RuleBroken):
        create_unit(world.admin, world.organisation, "900", "Ny", world.neighbour_unit)


def test_a_tree_too_deep_is_refused_in_words(world: World) -> None:
    below: Unit | None = None
    with pytest.raises(RuleBroken, match="för många nivåer"):
        for level in range(101):
            below = create_unit(world.admin, world.organisation, f"D{level}", "Djupt", below)
    assert below is not None
    branch = create_unit(world.admin, world.organisation, "B", "Gren", None)
    create_unit(world.admin, world.organisation, "B1", "Under grenen", branch)
    assert below.parent is not None
    with pytest.raises(RuleBroken, match="för många nivåer"):
        move_unit(world.admin, branch, below)


def test_a_code_is_one_units(world: World) -> None:
    create_unit(world.admin, world.organisation, "900", "Ny", None)
    with pytest.raises(RuleBroken):
        create_unit(world.admin, world.organisation, "900", "Annan", None)
    with pytest.raises(RuleBroken):
        edit_unit(world.admin, world.unit, "900", "Annan", None)
    create_unit(world.system_admin, world.neighbour, "900", "Grannens", None)


def test_a_unit_closes_after_those_below_it(world: World) -> None:
    below = make_unit(world.organisation, world.unit)
    with pytest.raises(RuleBroken):
        close_unit(world.admin, world.unit)
    close_unit(world.admin, below)
    close_unit(world.admin, world.unit)
    with pytest.raises(RuleBroken):
        reopen_unit(world.admin, below)
    with pytest.raises(RuleBroken):
        create_unit(world.admin, world.organisation, "901", "Ny", world.unit)


def test_a_neighbours_tree_is_not_hers(world: World) -> None:
    for act in (
        lambda: create_unit(world.admin, world.neighbour, "1", "Ny", None),
        lambda: close_unit(world.admin, world.neighbour_unit),
        lambda: create_address(world.admin, world.neighbour_unit, KITCHEN),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_a_delivery_address_has_a_true_gln(world: World) -> None:
    with pytest.raises(RuleBroken):
        create_address(world.admin, world.unit, Place("A", "B", "83131", "C", gln="7350000000010"))
    made = create_address(world.admin, world.unit, Place("A", "B", "83131", "C", gln="73500000 00016"))
    assert made.gln == "7350000000016"
    close_address(world.admin, made)
    assert not made.is_active
