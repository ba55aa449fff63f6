"""Shared form: what several people keep, each on a page of her own. Nobody overwrites what she has not seen.

The page carries what it was filled in with. If something else stands there when it comes back, nothing is saved: she
is told what others have changed, what she has written stays, and what she has not touched follows the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, FieldList, FormField, HiddenField, SelectField

from core.errors import WrongState
from core.forms import BaseForm, Change
from core.web import day, number


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A field that holds a value, and its label, which tells the number of its part where there are several."""

    field: Field
    label: Any

    @property
    def stands(self) -> Any:
        """What the thing itself says, whatever was sent in."""
        return _plain(self.field.object_data)


class SharedForm(BaseForm):
    """A form filled in with what stands. Fill it in alike when it is asked for and when it is sent (`core.db.hold` the
    thing first, so that two that come in the same instant see each other). One without `seen` is no page of ours and
    is not compared."""

    seen = HiddenField()

    def process(self, *args: Any, **kwargs: Any) -> None:
        super().process(*args, **kwargs)
        self._leaves = [*_leaves(field for field in self if field.name not in ("seen", "csrf_token"))]
        self._was = _read(self.seen.data)
        self.seen.data = json.dumps({leaf.field.name: leaf.stands for leaf in self._leaves}, ensure_ascii=False)

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether it may be saved. Where others have changed something, `broken_rule` and `changes` say so."""
        is_valid: bool = super().validate(extra_validators)
        others = [leaf for leaf in self._leaves if leaf.stands != self._was.get(leaf.field.name, leaf.stands)]
        if not others:
            return is_valid
        self.changes = [Change(leaf.field.id, leaf.label, _shown(leaf.field)) for leaf in others]
        self.broken_rule = WrongState(
            _l("Någon annan har ändrat uppgifterna medan du hade sidan öppen. Inget är sparat än."),
            way_on=_l("Det du har skrivit står kvar. Se efter att det stämmer ihop, och spara igen."),
        )
        for leaf in others:
            if _plain(leaf.field.data) == self._was[leaf.field.name]:  # not touched by her
                value = leaf.field.object_data
                leaf.field.process_data(value.value if isinstance(value, Enum) else value)
                leaf.field.raw_data = None
        return False


def _leaves(fields: Any) -> Iterator[_Leaf]:
    for field in fields:
        if isinstance(field, FieldList):
            for place, entry in enumerate(field, start=1):
                for leaf in _leaves([entry]):
                    told = {"part": field.label.text, "number": place, "field": leaf.label}
                    yield _Leaf(leaf.field, _l("%(part)s %(number)s, %(field)s", **told))
        elif isinstance(field, FormField):
            yield from _leaves(field)
        else:
            yield _Leaf(field, field.label.text)


def _plain(value: Any) -> Any:
    """A value as it comes back from JSON, with one spelling for each number."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else value


def _read(text: str | None) -> dict[str, Any]:
    """What a page was filled in with; nothing where it does not say, or says what no page of ours does."""
    try:
        read = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _shown(field: Field) -> Any:
    """What the thing says in a field, as people read it."""
    value = field.object_data
    if isinstance(field, SelectField):
        names = {choice.value: choice.label for choice in field._choices_from_input(field.choices)}
        many = value if isinstance(value, list) else [value]
        return ", ".join(str(names.get(_plain(each), each)).strip() for each in many if each is not None) or "–"
    if isinstance(value, bool):
        return _("ja") if value else _("nej")
    if isinstance(value, Decimal):
        return number(value)
    return day(value) if isinstance(value, date) else value or "–"
