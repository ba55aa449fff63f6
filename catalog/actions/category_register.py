"""Bring the tree of categories in: parents before what lies below them, whatever order the file has them in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from auth.user import User
from catalog.actions import category as categories
from catalog.actions.category import CategoryFacts
from catalog.actions.intake import Alteration, Intake, Outcome, as_read, differences, said
from catalog.category import Category
from catalog.managing import agreement_owners
from core.db import db
from exchange.registers import CATEGORIES, Row

_TEXTS = ("name", "name_en", "cpv", "is_closed")
_UNKNOWN = object()


def import_categories(actor: User | None, rows: Iterable[Row]) -> Outcome:
    """Bring the rows in. Raises RegisterRefused."""
    return _Categories(actor, rows).run()


class _Categories(Intake):
    register = CATEGORIES

    def __init__(self, actor: User | None, rows: Iterable[Row]) -> None:
        super().__init__(actor, rows)
        found = db.session.scalars(select(Category).options(joinedload(Category.owner)))
        self.known = {as_read(category.code): category for category in found}
        self.owners = {as_read(user.email): user for user in agreement_owners()}
        self.outcome.missing = len(self.known.keys() - {row.values["code"] for row in self.rows})

    def ordered(self) -> list[Row]:
        """By depth in the tree as it will be, so that a parent stands in its place before anything moves below it;
        what would lie below itself is refused."""
        row_of = {row.values["code"]: row for row in self.rows}
        parent_of = {code: as_read(c.parent.code) if c.parent else None for code, c in self.known.items()}
        parent_of |= {code: row.values["parent"] for code, row in row_of.items() if "parent" in row.values}
        depth_of: dict[str, int] = {}

        def depth(code: str) -> int:
            way: list[str] = []
            here: str | None = code
            while here is not None and here not in depth_of and here not in way:
                way.append(here)
                here = parent_of.get(here)
            start = len(parent_of) if here in way else depth_of.get(here, -1) if here else -1  # a ring has no depth
            for number, step in enumerate(reversed(way), 1):
                depth_of[step] = start + number
            return depth_of[code]

        return sorted(self.rows, key=lambda row: (depth(row.values["code"]), row.line))

    def take(self, row: Row) -> None:
        category = self.known.get(row.values["code"])
        told = said(row, category, _TEXTS) if category else {n: row.values[n] for n in _TEXTS if n in row.values}
        if "is_closed" in told:
            told["is_closed"] = bool(told["is_closed"])
        for name, thing in (("parent", self._parent(row, category)), ("owner", self._owner(row, category))):
            if thing is _UNKNOWN:
                return
            if name in row.values:
                told[name] = thing
        if category is None:
            self._create(row, told)
        else:
            self._edit(row, category, told)

    def _create(self, row: Row, told: dict[str, Any]) -> None:
        code = row.values["code"]

        def create() -> None:
            self.known[code] = categories.create(self.actor, CategoryFacts(code=code, **told))

        if self.attempt(row, create):
            self.outcome.new.append(Alteration(row.line, f"{code} {told['name']}"))
        else:
            self.known.pop(code, None)

    def _edit(self, row: Row, category: Category, told: dict[str, Any]) -> None:
        former = CategoryFacts.of(category)
        facts = replace(former, **told)
        if facts == former:
            self.outcome.unchanged += 1
            return
        changes = differences({name: getattr(former, name) for name in told}, told)
        name = f"{category.code} {category.name}"
        if self.attempt(row, lambda: categories.edit(self.actor, category, facts)):
            self.outcome.changed.append(Alteration(row.line, name, changes))

    def _parent(self, row: Row, category: Category | None) -> Any:
        code = row.values.get("parent")
        if code is None:
            return None
        if category is not None and category.parent is not None and as_read(category.parent.code) == code:
            return category.parent
        if code not in self.known:
            self.refuse(row, "parent", _l("Kategorin ”%(name)s” finns inte.", name=code))
            return _UNKNOWN
        return self.known[code]

    def _owner(self, row: Row, category: Category | None) -> Any:
        """A category is owned by somebody who is an agreement owner today, or by the one who owns it already."""
        email = row.values.get("owner")
        if email is None:
            return None
        if category is not None and category.owner is not None and as_read(category.owner.email) == email.lower():
            return category.owner
        if (owner := self.owners.get(email.lower())) is None:
            self.refuse(row, "owner", _l("Det finns ingen avtalsägare med den e-postadressen."))
            return _UNKNOWN
        return owner
