"""Allowed combinations (sambandskontroll): what a code of one dimension says about another. Data, never code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import Enum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base
from core.types import TextEnum
from orders.coding import LONGEST_CODE, Dimension, within


class Effect(str, Enum):
    """What a rule says. Rules that allow add up: where several fit a code, what one of them allows is allowed."""

    ALLOWED = "allowed"  # only these codes, where one is given
    REQUIRED = "required"  # one of these codes; any where none is named
    FORBIDDEN = "forbidden"  # none of these codes; none at all where none is named


Span = tuple[str, str]


class CodingRule(Base):
    """Where `if_dimension` has a code from … to, `then_dimension` is limited to, needs or must not have `codes`."""

    __tablename__ = "coding_rule"
    __table_args__ = (
        UniqueConstraint("organisation_id", "name"),
        CheckConstraint("if_dimension_id <> then_dimension_id", name="two_dimensions"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(String(60))
    if_dimension_id: Mapped[int] = mapped_column(ForeignKey("coding_dimension.id"))
    from_code: Mapped[str] = mapped_column(String(LONGEST_CODE))
    to_code: Mapped[str] = mapped_column(String(LONGEST_CODE))
    effect: Mapped[Effect] = mapped_column(TextEnum(Effect))
    then_dimension_id: Mapped[int] = mapped_column(ForeignKey("coding_dimension.id"))
    codes: Mapped[str | None] = mapped_column(String(500))  # codes and spans, parted by commas: 410, 600-699
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]

    if_dimension: Mapped[Dimension] = relationship(foreign_keys=[if_dimension_id])
    then_dimension: Mapped[Dimension] = relationship(foreign_keys=[then_dimension_id])

    def is_current(self, on: date) -> bool:
        return within(self.starts_on, self.ends_on, on)

    def names(self, code: str) -> bool:
        """Whether a code of the other dimension is among the rule's; a rule that names none means all."""
        spans = spans_of(self.codes or "")
        return not spans or any(lies_in(code, span) for span in spans)

    def sentence(self) -> Any:
        """The rule in words."""
        told = {
            "name": self.name,
            "dimension": self.if_dimension.name,
            "span": self.from_code if self.from_code == self.to_code else f"{self.from_code}–{self.to_code}",
            "other": self.then_dimension.name,
            "codes": self.codes,
        }
        return _SENTENCES[self.effect, bool(self.codes)] % told


_SENTENCES = {
    (Effect.ALLOWED, True): _l("%(name)s: till %(dimension)s %(span)s hör bara %(other)s %(codes)s."),
    (Effect.ALLOWED, False): _l("%(name)s: till %(dimension)s %(span)s hör vilken %(other)s som helst."),
    (Effect.REQUIRED, True): _l("%(name)s: %(dimension)s %(span)s ska ha %(other)s %(codes)s."),
    (Effect.REQUIRED, False): _l("%(name)s: %(dimension)s %(span)s ska ha %(other)s."),
    (Effect.FORBIDDEN, True): _l("%(name)s: %(dimension)s %(span)s får inte ha %(other)s %(codes)s."),
    (Effect.FORBIDDEN, False): _l("%(name)s: %(dimension)s %(span)s får inte ha %(other)s."),
}


def spans_of(text: str) -> list[Span]:
    """Codes and spans as they are written: "410, 600-699" is 410 alone, and all from 600 to 699."""
    parts = (part.strip() for part in text.replace("–", "-").replace(";", ",").split(","))
    spans = (part.partition("-") for part in parts if part)
    return [(first.strip(), last.strip() or first.strip()) for first, _, last in spans]


def lies_in(code: str, span: Span) -> bool:
    """Whether a code lies in a span, its ends included. Numbers are compared as numbers, other codes as text."""
    first, last = span
    if all(part.isascii() and part.isdigit() for part in (code, first, last)):
        return int(first) <= int(code) <= int(last)
    return first <= code <= last


def broken_rules(rules: Iterable[CodingRule], codes: Mapping[int, str]) -> Iterator[CodingRule]:
    """The rules of the day that a coding breaks. `codes`: dimension id → code, as far as it has them."""
    allowing: dict[tuple[int, int], list[CodingRule]] = {}
    for rule in rules:
        code, other = codes.get(rule.if_dimension_id), codes.get(rule.then_dimension_id)
        if code is None or not lies_in(code, (rule.from_code, rule.to_code)):
            continue
        is_named = other is not None and rule.names(other)
        if rule.effect is Effect.ALLOWED:
            allowing.setdefault((rule.if_dimension_id, rule.then_dimension_id), []).append(rule)
        elif is_named is (rule.effect is Effect.FORBIDDEN):
            yield rule
    for (_, dimension_id), those in allowing.items():
        other = codes.get(dimension_id)
        if other is not None and not any(rule.names(other) for rule in those):
            yield those[0]
