"""Bring code lists and allowed combinations in: all of the file, or nothing. What it does not name is left alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import insert, select

from auth.actions.organisation import check_manager
from auth.journal import record
from auth.organisation import Organisation
from auth.user import User
from catalog.actions.intake import Alteration, Intake, Outcome, as_read, differences
from core.db import db
from core.errors import AvropError
from exchange.codingfile import CODES, COMBINATIONS
from exchange.registers import Row
from orders.actions.coding import CodeFacts, CombinationFacts, check_days, save_combination
from orders.coding import Code, Dimension
from orders.coding_queries import dimensions_of, rules_of
from orders.coding_rule import CodingRule, Effect


def import_codes(actor: User | None, organisation: Organisation, rows: Iterable[Row]) -> Outcome:
    """Bring code lists in. Raises NotAllowed, RegisterRefused."""
    return _Codes(actor, organisation, rows).run()


def import_combinations(actor: User | None, organisation: Organisation, rows: Iterable[Row]) -> Outcome:
    """Bring allowed combinations in. Raises NotAllowed, RegisterRefused."""
    return _Combinations(actor, organisation, rows).run()


class _OfOrganisation(Intake):
    def __init__(self, actor: User | None, organisation: Organisation, rows: Iterable[Row]) -> None:
        super().__init__(actor, rows)
        self.organisation = organisation
        self.dimensions = {(as_read(d.name) or "").casefold(): d for d in dimensions_of(organisation)}

    def dimension(self, row: Row, field: str) -> Dimension | None:
        """The dimension that a row names."""
        named = row.values[field]
        if (found := self.dimensions.get(named.casefold())) is None:
            self.refuse(row, field, _l("Koddelen ”%(name)s” finns inte. Lägg upp den först.", name=named))
        return found


class _Codes(_OfOrganisation):
    """Lists may be long: all that is new is written in one statement."""

    register = CODES

    def __init__(self, actor: User | None, organisation: Organisation, rows: Iterable[Row]) -> None:
        super().__init__(actor, organisation, rows)
        ids = [dimension.id for dimension in self.dimensions.values()]
        found = db.session.scalars(select(Code).where(Code.dimension_id.in_(ids)))
        self.known = {(code.dimension_id, code.code): code for code in found}
        self.made: dict[int, list[dict[str, Any]]] = {}
        self.altered: dict[int, dict[str, Any]] = {}
        self.met: set[tuple[int, str]] = set()

    def run(self) -> Outcome:
        if self.actor is not None:
            check_manager(self.actor, self.organisation)
        outcome = super().run()
        outcome.missing = len(self.known.keys() - self.met)
        if self.made:
            db.session.execute(insert(Code), [code for made in self.made.values() for code in made])
        for dimension in self.dimensions.values():
            self._tell(dimension)
        return outcome

    def _tell(self, dimension: Dimension) -> None:
        """The journal is told once of each dimension, however long its list."""
        made, altered = self.made.get(dimension.id, []), self.altered.get(dimension.id, {})
        if made or altered:
            record(
                self.actor,
                "import-codes",
                "coding-dimension",
                dimension.id,
                organisation_id=self.organisation.id,
                name=dimension.name,
                new=[[code["code"], code["name"]] for code in made],
                changed=altered,
                count=len(made) + len(altered),
            )

    def take(self, row: Row) -> None:
        dimension = self.dimension(row, "dimension")
        if dimension is None:
            return
        number = row.values["code"]
        key = dimension.id, number
        if key in self.met:
            self.refuse(row, "code", _l("Samma kod står på en tidigare rad."))
            return
        self.met.add(key)
        code = self.known.get(key)
        before = CodeFacts.of(code) if code else CodeFacts(name="")
        facts = replace(before, **{name: row.values[name] for name in vars(before) if name in row.values})
        try:
            dimension.check_form(number)
            check_days(facts.starts_on, facts.ends_on)
        except AvropError as error:
            self.refuse(row, "code", error.message)
            return
        named = f"{dimension.name} {number} {facts.name}"
        if code is None:
            told = {"dimension_id": dimension.id, "code": number, **vars(facts)}
            self.made.setdefault(dimension.id, []).append(told)
            self.outcome.new.append(Alteration(row.line, named))
        elif changes := differences(vars(before), vars(facts)):
            for name, value in vars(facts).items():
                setattr(code, name, value)
            differing = {change.field: [change.before, change.after] for change in changes}
            self.altered.setdefault(dimension.id, {})[number] = differing
            self.outcome.changed.append(Alteration(row.line, named, changes))
        else:
            self.outcome.unchanged += 1


class _Combinations(_OfOrganisation):
    register = COMBINATIONS

    def __init__(self, actor: User | None, organisation: Organisation, rows: Iterable[Row]) -> None:
        super().__init__(actor, organisation, rows)
        self.known: dict[Any, CodingRule] = {as_read(rule.name): rule for rule in rules_of(organisation)}
        self.outcome.missing = len(self.known.keys() - {row.values["name"] for row in self.rows})

    def take(self, row: Row) -> None:
        one, other = self.dimension(row, "if_dimension"), self.dimension(row, "then_dimension")
        if one is None or other is None:
            return
        told = row.values
        rule = self.known.get(told["name"])
        facts = CombinationFacts(
            name=rule.name if rule else told["name"],
            if_dimension=one,
            from_code=told["from_code"],
            to_code=told.get("to_code") or told["from_code"],
            effect=Effect(told["effect"]),
            then_dimension=other,
            codes=told.get("codes", rule.codes if rule else None),
            starts_on=told.get("starts_on", rule.starts_on if rule else None),
            ends_on=told.get("ends_on", rule.ends_on if rule else None),
        )
        before = _plain(CombinationFacts.of(rule)) if rule else {}
        changes = differences(before, _plain(facts)) if rule else []
        if rule is not None and not changes:
            self.outcome.unchanged += 1
        elif self.attempt(row, lambda: save_combination(self.actor, self.organisation, rule, facts)):
            (self.outcome.changed if rule else self.outcome.new).append(Alteration(row.line, facts.name, changes))


def _plain(facts: CombinationFacts) -> dict[str, Any]:
    return vars(facts) | {"if_dimension": facts.if_dimension.name, "then_dimension": facts.then_dimension.name}
