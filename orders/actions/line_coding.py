"""Code the lines of a requisition: what was said, or else the defaults, with every rule of the organisation's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from catalog.finding import Finding, Level
from core.clock import today
from core.errors import RuleBroken
from orders.coded import Coded, CodedPart, check_sum
from orders.coding import Dimension
from orders.coding_queries import Suggestion, codes_like, codes_named, current_dimensions, rules_on, suggest
from orders.coding_rule import CodingRule, broken_rules
from orders.coding_said import Codes, Said, SaidCoding, SaidPart, amounts_of
from orders.requisition import Requisition, RequisitionLine

MOST_NEAR = 5  # codes that a refusal names


def code_lines(requisition: Requisition, said: Said | None, keys: Sequence[int]) -> None:
    """Give each line its coding; nothing where the organisation has no dimensions. `keys`: those of `said`, by line.

    With nothing said, the defaults count. Raises RuleBroken with a finding for everything that must be mended.
    """
    on = today()
    dimensions = current_dimensions(requisition.organisation, on)
    if not dimensions:
        return
    requisition.accounting_cost = None  # the free text of those who have no dimensions
    if said is None:
        goods = [(line.award, line.supplier_number) for line in requisition.lines]
        said = as_said(suggest(requisition.orderer, requisition.unit, goods, dimensions, on), keys)
    codings = [said.of(key) for key in keys]
    book = _Book(dimensions, codings, rules_on(requisition.organisation, on), on)
    for line, coding in zip(requisition.lines, codings, strict=True):
        book.enter(line, coding)
    book.check(len(requisition.lines))


def as_said(suggestion: Suggestion, keys: Sequence[int]) -> Said:
    """The defaults as if somebody had said them."""
    lines = {
        key: SaidCoding((SaidPart({at: suggested.code for at, suggested in line.items()}),))
        for key, line in zip(keys, suggestion.lines, strict=True)
        if line
    }
    return Said(SaidCoding((SaidPart({at: suggested.code for at, suggested in suggestion.whole.items()}),)), lines)


class _Book:
    """The dimensions, codes and rules of a day, and what was found wrong: text → the names of the lines it is about."""

    def __init__(
        self, dimensions: Sequence[Dimension], codings: Sequence[SaidCoding], rules: Sequence[CodingRule], on: date
    ) -> None:
        self.dimensions, self.rules, self.on = dimensions, rules, on
        self.wrong: dict[str, list[str]] = {}
        self.near: dict[tuple[int, str], str] = {}
        listed = {dimension.id for dimension in dimensions if dimension.is_listed}
        named = {item for coding in codings for part in coding.parts for item in part.codes.items()}
        self.codes = codes_named(item for item in named if item[0] in listed)

    def enter(self, line: RequisitionLine, said: SaidCoding) -> None:
        """Code a line, or note what is wrong."""
        codes = [self._codes(line, part.codes) for part in said.parts]
        try:
            amounts = amounts_of(said, line.net_amount)
        except RuleBroken as error:
            self._note(line, error.message)
            return
        parts = zip(amounts, codes, strict=True)
        line.coding = tuple(CodedPart(amount, coded, percent) for (amount, percent), coded in parts)
        if not any(coded for coded in codes):
            line.coding = ()
        check_sum(line)

    def check(self, count: int) -> None:
        """Raises RuleBroken where something was wrong: what is so on every one of `count` lines is said once."""
        if not self.wrong:
            return
        texts = [text if len(names) == count else _of_lines(text, names) for text, names in self.wrong.items()]
        raise RuleBroken(
            _l("Konteringen behöver rättas innan du kan skicka."),
            way_on=_l("Ändra under Kontering. Fråga din ekonom om du är osäker."),
            findings=tuple(Finding("coding", Level.STOP, text) for text in texts),
        )

    def _codes(self, line: RequisitionLine, said: Codes) -> tuple[Coded, ...]:
        coded = []
        for dimension in self.dimensions:
            code = said.get(dimension.id)
            if not code:
                if dimension.is_mandatory:
                    self._note(line, _l("%(dimension)s saknas.", dimension=dimension.name))
                continue
            try:
                coded.append(self._coded(dimension, code))
            except RuleBroken as error:
                self._note(line, error.message)
        for rule in broken_rules(self.rules, {code.dimension_id: code.code for code in coded}):
            self._note(line, rule.sentence())
        return tuple(coded)

    def _coded(self, dimension: Dimension, code: str) -> Coded:
        found = self.codes.get((dimension.id, code)) if dimension.is_listed else None
        if dimension.is_listed and found is None and (codes := self._near(dimension, code)):
            told = {**_told(dimension, code), "codes": codes}
            raise RuleBroken(_l("%(dimension)s %(code)s finns inte. Det här liknar: %(codes)s.", **told))
        dimension.check_form(code)
        if not dimension.is_listed:
            return Coded(dimension.id, dimension.name, code)
        if found is None:
            raise RuleBroken(_l("%(dimension)s %(code)s finns inte.", **_told(dimension, code)))
        if not found.is_current(self.on):
            raise RuleBroken(_l("%(dimension)s %(code)s gäller inte i dag.", **_told(dimension, code)))
        return Coded(dimension.id, dimension.name, code, found.name)

    def _near(self, dimension: Dimension, code: str) -> str:
        """The codes that resemble what was written, which may be a name; asked once, however many lines have it."""
        if (dimension.id, code) not in self.near:
            found = codes_like(dimension, code, self.on, MOST_NEAR)
            self.near[dimension.id, code] = ", ".join(f"{each.code} {each.name}" for each in found)
        return self.near[dimension.id, code]

    def _note(self, line: RequisitionLine, text: Any) -> None:
        names = self.wrong.setdefault(str(text), [])
        if line.name not in names[-1:]:
            names.append(line.name)


def _told(dimension: Dimension, code: str) -> Mapping[str, Any]:
    return {"dimension": dimension.name, "code": code}


def _of_lines(text: str, names: Sequence[str]) -> Any:
    return _l("%(names)s: %(text)s", names=", ".join(names), text=text)
