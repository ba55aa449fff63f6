"""Ids inside form bodies: what belongs to another organisation is refused by the very field that names it.

The fields are taken from the forms that the routes make: every POST route is opened, and each field whose value is the
id of a thing must stand in REFERENCES with the kind of thing it names. A new one fails until somebody has said so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import request
from wtforms.widgets import HiddenInput

from core.db import TransactionalFlask, commit, db
from core.forms import BaseForm, ChoiceField
from tests.house.test_routes import READING, Browser, Door, ask, contents, doors, log_in
from tests.house.world import OTHER, OWN, World, make_world

ROOT = Path(__file__).parents[2]
WITHIN_A = ("orderer", "approver", "organisation_admin", "agreement_owner")  # to them, what is B's is foreign
EVERYWHERE = ("office_owner", "system_admin")

# `endpoint.field` → the kind of thing in World.things, whose other organisation's one is refused.
REFERENCES = {
    "admin.create_membership.unit": "unit",
    "admin.create_unit.parent": "unit",
    "admin.create_user.unit": "unit",
    "admin.edit_membership.unit": "unit",
    "admin.edit_unit.parent": "unit",
    "admin.substitutions.absent": "user",
    "admin.substitutions.substitute": "user",
    "approvals.by_token.refused": "requisition line",
    "approvals.decide.refused": "requisition line",
    "approvals.reassign.person": "user",
    "auth.away_now.substitute": "user",
    "auth.substitutions.substitute": "user",
    "basket.add.article_id": "article",
    "basket.add_rows.list_id": "shopping list",
    "basket.checkout.address_id": "address",
    "basket.checkout.unit_id": "unit",
    "ceilings.new.award": "award",
    "ceilings.new.lot": "lot",
    "coding.create_combination.if_dimension": "coding dimension",
    "coding.create_combination.then_dimension": "coding dimension",
    "coding.create_default.dimension": "coding dimension",
    "coding.create_default.unit": "unit",
    "coding.edit_combination.if_dimension": "coding dimension",
    "coding.edit_combination.then_dimension": "coding dimension",
    "competitions.new.unit_id": "unit",
    "competitions.opening.witness": "user",
    "conflicts.declare.person": "user",
    "rules.create.coding_dimension": "coding dimension",
    "rules.edit.coding_dimension": "coding dimension",
    "manage.create_agreement.owner": "organisation",
    "manage.create_agreement.responsible": "user",
    "manage.edit_agreement.owner": "organisation",
    "manage.edit_agreement.responsible": "user",
    "manage.entitle.lot": "lot",
    "manage.external.award": "award",
    "manage.external.lot": "lot",
    "needs.new.unit_id": "unit",
    "rules.create.unit": "unit",
    "rules.create.who": "user",
    "rules.create_group.members": "user",
    "rules.edit.unit": "unit",
    "rules.edit.who": "user",
    "rules.edit_group.members": "user",
    "shopping_lists.edit.address_id": "address",
    "shopping_lists.edit.order_unit_id": "unit",
    "shopping_lists.edit.unit_id": "unit",
    "shopping_lists.new.address_id": "address",
    "shopping_lists.new.order_unit_id": "unit",
    "shopping_lists.new.unit_id": "unit",
    "shopping_lists.pick.list_id": "shopping list",
}

PREFIX = {"who": "person:"}
NEEDED = {"basket.add.article_id": {"quantity": "2"}}  # without which the id is not looked at
FORM_REFUSED = 422
REFUSED = {400, 403, 404, FORM_REFUSED}

# Fields that name what is everybody's: there is nothing foreign to name.
SHARED = {
    "admin.create_organisation.contact_buyer_id": "the office's own",
    "admin.edit_organisation.contact_buyer_id": "the office's own",
    "ceilings.new.organisation": "those who may call off",
    "competitions.decide.bid": "those of the competition in the address",
    "conflicts.declare.supplier": "suppliers serve all",
    "conflicts.mine.supplier": "suppliers serve all",
    "manage.add_award.supplier": "suppliers serve all",
    "manage.award.supplier": "suppliers serve all",
    "rules.create.lines": "one tree of categories",
    "rules.edit.lines": "one tree of categories",
    "manage.add_lot.category": "one tree of categories",
    "manage.lot.category": "one tree of categories",
    "manage.category.owner": "the office's own",
    "manage.category.parent": "one tree of categories",
    "manage.create_agreement.category": "one tree of categories",
    "manage.create_category.owner": "the office's own",
    "manage.create_category.parent": "one tree of categories",
    "manage.edit_agreement.category": "one tree of categories",
    "manage.entitle.organisations": "an agreement is procured for whoever took part",
    "manage.external.organisation": "an agreement is procured for whoever took part",
    "needs.direct.category": "one tree of categories",
    "needs.new.category": "one tree of categories",
    "needs.pass_on.category": "one tree of categories",
    "rules.create.category": "one tree of categories",
    "rules.edit.category": "one tree of categories",
}


Contents = dict[str, list[Any]]


class Made(NamedTuple):
    """A field of a form that a request made, as it was when the answer was given."""

    name: str  # endpoint.field
    field: Any


def names_a_thing(field: Any) -> bool:
    """Whether a field's value is the id of something: a choice of numbers, or a number that is called one."""
    if isinstance(field, ChoiceField):
        return field.coerce is int or field.short_name == "who"
    return field.short_name.endswith("_id") and field.short_name != "peppol_id"  # that one is the supplier's own


def noting(monkeypatch: pytest.MonkeyPatch, is_wanted: Callable[[Any], bool]) -> list[Made]:
    """The wanted fields of every form that a request makes from now on."""
    seen: list[Made] = []
    former = BaseForm.__init__

    def note(self: BaseForm, *args: Any, **kwargs: Any) -> None:
        former(self, *args, **kwargs)
        seen.extend(Made(f"{request.endpoint}.{field.short_name}", field) for field in self if is_wanted(field))

    monkeypatch.setattr(BaseForm, "__init__", note)
    return seen


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Made]:
    """The fields with an id in every form that a request makes."""
    return noting(monkeypatch, names_a_thing)


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> list[Made]:
    """The hidden fields of every form that a request makes."""
    return noting(monkeypatch, lambda field: isinstance(field.widget, HiddenInput))


def writes(app: TransactionalFlask, world: World, actors: tuple[str, ...]) -> Iterator[tuple[Browser, Door, str]]:
    """Every POST route with the actor's own things in its address, for each actor."""
    browsers = [log_in(app, world.actors[name]) for name in actors]
    for browser in browsers:
        for door in doors(app):
            path = door.address(world, OWN)
            if door.method == "POST" and path is not None:
                yield browser, door, path


def test_every_field_that_names_a_thing_is_known(app: TransactionalFlask, made: list[Made]) -> None:
    world = make_world()
    for browser, door, path in writes(app, world, WITHIN_A + EVERYWHERE):
        ask(browser, door, path)
    found = {field.name for field in made}
    known = REFERENCES.keys() | SHARED.keys()
    assert found - known == set(), "add them to REFERENCES with what they name, or to SHARED"
    assert known - found == set(), "no form has these any more"


def test_no_body_names_what_belongs_to_another_organisation(app: TransactionalFlask, made: list[Made]) -> None:
    world = make_world()
    tried: set[str] = set()
    commit()  # the journal is written then
    before = contents()  # every attempt is undone
    wrong: list[str] = []
    for browser, door, path in writes(app, world, WITHIN_A):
        made.clear()
        ask(browser, door, path)
        for name, field in [own for own in made if own.name in REFERENCES]:
            rest = NEEDED.get(name, {})
            kind = REFERENCES[name]
            foreign = f"{PREFIX.get(field.short_name, '')}{world.things[kind][OTHER]}"
            status, errors = send(browser, path, made, {field.name: foreign, **rest}, before)
            if status not in REFUSED or status == FORM_REFUSED and not errors.get(field.name):
                wrong.append(f"{door} took {field.name}={foreign}: {status}")
            ours = next(choices_of(field), None if isinstance(field, ChoiceField) else str(world.things[kind][OWN]))
            if ours is None:  # nobody to choose from, for her
                continue
            tried.add(name)
            status, errors = send(browser, path, made, {field.name: ours, **rest}, before)
            if errors.get(field.name) or status in REFUSED - {FORM_REFUSED}:
                wrong.append(f"{door} refused her own {field.name}={ours}: {status}")
    assert wrong == []
    assert REFERENCES.keys() - tried == set(), "nobody could name a thing of her own there: make one in world.py"


def choices_of(field: Any) -> Iterator[str]:
    """What a list offers, apart from "none"."""
    if isinstance(field, ChoiceField):
        yield from (str(key) for key, *_ in field.iter_choices() if str(key) not in ("0", ""))


def send(
    browser: Browser, path: str, made: list[Made], body: dict[str, str], before: Contents
) -> tuple[int, dict[str, Any]]:
    """POST a body; gives the status and the errors by field. A refusal must leave everything as it was, and whatever
    was done is undone."""
    made.clear()
    attempt = db.session.get_bind().begin_nested()  # type: ignore[union-attr]  # the test's own connection
    try:
        response = browser.client.post(path, data=body, headers=browser.headers)
        db.session.remove()
        if response.status_code >= 400:
            assert contents() == before, f"{path} refused {body} and yet changed something"
        return response.status_code, {one.field.name: one.field.errors for one in made}
    finally:
        db.session.remove()
        attempt.rollback()


def test_what_a_page_hides_in_its_form_is_taken_back_as_it_is(app: TransactionalFlask, hidden: list[Made]) -> None:
    """Nobody can mend a field that is not shown: sent as it came, it is right, whatever else of the form is not."""
    world = make_world()
    commit()
    before = contents()
    pages = {door.rule.rule: door for door in doors(app) if door.method == READING}
    wrong, tried = set(), set()
    for browser, door, path in writes(app, world, WITHIN_A + EVERYWHERE):
        if door.rule.rule not in pages or ask(browser, pages[door.rule.rule], path).status_code != 200:
            continue
        page = browser.client.get(path, headers=browser.headers).text
        if (
            'method="post"' not in page[page.index("<main") : page.index("</main>")]
        ):  # it says why there is nothing to send
            continue
        body = {name: value for tag in HIDDEN.findall(page) for name, value in [(_of(tag, "name"), _of(tag, "value"))]}
        _, errors = send(browser, path, hidden, body, before)
        tried.add(door.rule.endpoint)
        wrong |= {f"{name}: {said}" for name, said in errors.items() if said}
    assert wrong == set()
    assert len(tried) > 40, "hardly any page with a form was opened"


HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')


def _of(tag: str, attribute: str) -> str:
    found = re.search(rf'{attribute}="([^"]*)"', tag)
    return found.group(1) if found else ""


def test_nobody_switches_to_an_organisation_that_is_not_hers(app: TransactionalFlask) -> None:
    """The one id that is read from a body without a form."""
    bare = re.compile(r"request\.form(?:\.get\(|\[)\"(\w*_id)\"")
    read = {name for file in ROOT.glob("*/views/*.py") for name in bare.findall(file.read_text())}
    assert read == {"organisation_id"}
    world = make_world()
    browser = log_in(app, world.actors["orderer"])
    commit()
    before = contents()
    db.session.remove()
    theirs = {"organisation_id": str(world.things["organisation"][OTHER])}
    status, _ = send(browser, "/switch-organisation", [], theirs, before)
    assert status in (403, 404)
