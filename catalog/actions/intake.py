"""Intake: a register on its way in, all of it or nothing, with a word about every row that is new, changed or refused.

Each row goes through the same action as on its page, so that every rule holds and the journal is told. A row that says
what stands already costs no query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from flask_babel import lazy_gettext as _l

from auth.user import User
from catalog.actions.change import plain
from core.db import db
from core.errors import AvropError, RuleBroken
from exchange.plaintext import clean
from exchange.registers import Register, Row


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row cannot be brought in: its line, the column where one is to blame, and the reason."""

    line: int
    column: str
    text: Any


class RegisterRefused(RuleBroken):
    """The register cannot be brought in; nothing of it was."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(_l("Registret har %(count)s fel. Inget har lagts in.", count=len(refusals)))
        self.refusals = refusals


@dataclass(frozen=True, slots=True)
class Change:
    """What differs of a thing: the field under its own name, and the values as plain JSON. `of` says of which part."""

    field: str
    before: Any
    after: Any
    of: str = ""

    def __str__(self) -> str:
        prefix = f"{self.of}: " if self.of else ""
        return f"{prefix}{self.field}: {_short(self.before)} → {_short(self.after)}"


@dataclass(frozen=True, slots=True)
class Alteration:
    """One thing that is new or changed: its line, what it is called, and what differs."""

    line: int
    name: str
    changes: Sequence[Change | str] = ()


@dataclass(slots=True)
class Outcome:
    """What was done, or would be."""

    new: list[Alteration] = field(default_factory=list)
    changed: list[Alteration] = field(default_factory=list)
    unchanged: int = 0
    missing: int = 0  # stand in Avrop, but not in the file: they are left alone
    remarks: list[Any] = field(default_factory=list)

    @property
    def has_changes(self) -> bool:
        return bool(self.new or self.changed)

    @property
    def digest(self) -> str:
        """The same for the same changes: what was confirmed must be what was seen."""
        told = [(e.line, e.name, e.changes) for e in (*self.new, *self.changed)]
        return sha256(repr((told, self.unchanged, len(self.new))).encode()).hexdigest()


class Intake:
    """What the registers have in common; each says how a row is taken and in which order."""

    register: Register

    def __init__(self, actor: User | None, rows: Iterable[Row]) -> None:
        self.actor = actor
        self.rows = list(rows)
        self.refusals: list[Refusal] = []
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Bring the rows in, in the running transaction. Raises RegisterRefused with everything that stands against
        it; the caller's transaction must then be rolled back, as both a request and a command do on an exception."""
        for row in self.ordered():
            self.take(row)
        if self.refusals:
            raise RegisterRefused(sorted(self.refusals, key=lambda refusal: refusal.line))
        return self.outcome

    def ordered(self) -> Iterable[Row]:
        """The rows in the order in which they can be taken."""
        return self.rows

    def take(self, row: Row) -> None:
        """Do what a row says, by `attempt`, or refuse it."""
        raise NotImplementedError

    def attempt(self, row: Row, act: Callable[[], object]) -> bool:
        """Whether the act was allowed; one that was not is undone, so that the next row is judged by itself."""
        try:
            with db.session.begin_nested():
                act()
        except AvropError as error:
            self.refuse(row, self.register.key[0], error.message)
            return False
        return True

    def refuse(self, row: Row, field_name: str, text: Any) -> None:
        self.refusals.append(Refusal(row.line, self.register.columns[field_name].heading, text))


def said(row: Row, thing: object, fields: Iterable[str]) -> dict[str, Any]:
    """What a row says of some fields of a thing: of those that its file has, and that differ as a file can tell it."""
    return {
        name: row.values[name]
        for name in fields
        if name in row.values and row.values[name] != as_read(getattr(thing, name, None))
    }


def as_read(value: Any, *, lines: bool = False) -> Any:
    """A value as it comes back when it has been written to a file: texts lose what cells cannot carry."""
    value = plain(value)
    return clean(value, lines=lines) if isinstance(value, str) else value


def differences(before: Mapping[str, Any], after: Mapping[str, Any], of: str = "") -> list[Change]:
    """What differs between two sets of facts, field by field."""
    return [
        Change(name, plain(before[name]), plain(value), of) for name, value in after.items() if before[name] != value
    ]


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
