"""The tree of categories."""

from dataclasses import replace

import pytest

from auth.permission import Role
from catalog.actions.category import CategoryFacts, create, edit
from catalog.category import Category
from core.db import db
from core.errors import NotAllowed, RuleBroken
from tests.factories.auth import make_member, make_organisation

pytestmark = pytest.mark.usefixtures("app")


def make_branch() -> tuple[Category, Category, Category]:
    """Kontor > Papper > Kopieringspapper."""
    office = create(None, CategoryFacts(code="K", name="Kontor", cpv="30"))
    paper = create(None, CategoryFacts(code="KP", name="Papper", parent=office))
    return office, paper, create(None, CategoryFacts(code="KPK", name="Kopieringspapper", parent=paper))


def test_path_holds_the_ids_from_the_root() -> None:
    office, paper, copy = make_branch()
    assert copy.path == f"/{office.id}/{paper.id}/{copy.id}/"


def test_moving_a_branch_moves_what_lies_below() -> None:
    office, paper, copy = make_branch()
    edit(None, paper, CategoryFacts(code="KP", name="Papper"))
    db.session.refresh(copy)
    assert paper.path == f"/{paper.id}/"
    assert copy.path == f"/{paper.id}/{copy.id}/"
    assert office.path == f"/{office.id}/"


def test_category_cannot_lie_below_itself() -> None:
    office, _, copy = make_branch()
    with pytest.raises(RuleBroken):
        edit(None, office, CategoryFacts(code="K", name="Kontor", parent=copy))


def test_a_tree_too_deep_is_refused_in_words() -> None:
    office, _, copy = make_branch()
    below: Category | None = None
    with pytest.raises(RuleBroken, match="för många nivåer"):
        for level in range(101):
            below = create(None, CategoryFacts(code=f"D{level}", name="Djupt", parent=below))
    for path in (office.path, copy.path):
        assert len(path) < 200
    with pytest.raises(RuleBroken, match="för många nivåer"):
        edit(None, office, CategoryFacts(code="K", name="Kontor", cpv="30", parent=below))


@pytest.mark.parametrize("values", [{"code": "K"}, {"cpv": "3"}, {"cpv": "30x"}, {"cpv": "123456789"}])
def test_create_refuses_a_taken_code_and_a_wrong_cpv(values: dict[str, str]) -> None:
    make_branch()
    with pytest.raises(RuleBroken):
        create(None, replace(CategoryFacts(code="Z", name="Annat"), **values))


def test_only_the_office_builds_the_tree() -> None:
    with pytest.raises(NotAllowed):
        create(make_member(Role.AGREEMENT_OWNER, make_organisation()), CategoryFacts(code="Z", name="Annat"))
