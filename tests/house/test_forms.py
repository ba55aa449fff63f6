"""The summary of what is wrong leads down the page: its links stand in the order of the fields they lead to."""

from __future__ import annotations

import re

import pytest
from wtforms import FieldList, FormField

from core.db import TransactionalFlask, commit
from core.forms import BaseForm
from tests.house.test_routes import READING, ask, doors, log_in
from tests.house.world import OWN, make_world

ACTORS = ("orderer", "approver", "organisation_admin", "agreement_owner", "office_owner", "system_admin")
INPUT_ID = re.compile(r'<(?:input|select|textarea)[^>]*\sid="([^"]+)"')


def spoil(form: BaseForm) -> None:
    """Let every field of the form have an error."""
    for field in form:
        if isinstance(field, FieldList | FormField):
            for inner in field:
                spoil(inner)
        else:
            field.errors = ["fel"]


def test_every_summary_lists_what_is_wrong_in_the_order_of_its_page(
    app: TransactionalFlask, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[BaseForm] = []
    problems = BaseForm.problems

    def note(form: BaseForm) -> object:
        shown.append(form)
        return problems(form)

    monkeypatch.setattr(BaseForm, "problems", note)
    world = make_world()
    commit()
    wrong, kinds = {}, set()
    for browser in [log_in(app, world.actors[name]) for name in ACTORS]:
        for door in doors(app):
            path = door.address(world, OWN)
            if door.method != READING or path is None:
                continue
            shown.clear()
            answer = ask(browser, door, path)
            page = INPUT_ID.findall(answer.text) if shown else []
            for form in shown:
                kinds.add(type(form).__name__)
                spoil(form)
                summary = [problem.input_id for problem in problems(form) if problem.input_id in page]
                if summary != sorted(summary, key=page.index):
                    wrong[type(form).__name__] = f"{door}: {summary}, but on the page {sorted(summary, key=page.index)}"
    assert wrong == {}, "let the class name its fields in the order of the page"
    assert len(kinds) > 40, f"hardly any page with a form was opened: {sorted(kinds)}"
