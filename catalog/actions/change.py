"""Change: what an edit does to a thing, told to the journal as before and after."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Self

from flask_babel import lazy_gettext as _l

from auth.organisation import Organisation
from auth.user import User
from catalog.category import Category
from catalog.supplier import Supplier
from core.errors import WrongState

Changes = dict[str, list[Any]]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is told of a thing, under the names that the thing itself has for it."""

    @classmethod
    def of(cls, thing: object) -> Self:
        """What is told of it now."""
        return cls(**{field.name: getattr(thing, field.name) for field in fields(cls)})


def apply(thing: object, facts: Facts) -> Changes:
    """Give `thing` every fact; returns those that differed, as `changes_of` has them."""
    changes = changes_of(thing, facts)
    for name in changes:
        setattr(thing, name, getattr(facts, name))
    return changes


def changes_of(thing: object, facts: Facts) -> Changes:
    """The facts that differ from what is told of `thing` now: `{field: [before, after]}`.

    The values are plain JSON: amounts and days as text, people and organisations by name, because what they are
    called on the day is what the journal must remember.
    """
    told = ((field.name, getattr(thing, field.name), getattr(facts, field.name)) for field in fields(facts))
    return {name: [plain(before), plain(after)] for name, before, after in told if before != after}


def check_version(present: int, seen: int) -> None:
    """Whether the form was made from what stands now. Raises WrongState where somebody was before her."""
    if present != seen:
        raise WrongState(
            _l("Någon annan har ändrat uppgifterna medan du hade sidan öppen."),
            way_on=_l("Öppna sidan igen, se vad som ändrades och gör din ändring på nytt."),
        )


def plain(value: Any) -> Any:
    """A value as the journal keeps it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, User | Organisation | Supplier | Category):
        return value.name
    return value
