"""Coding at the till: the fields for all lines and for single ones, what fills them in, and what was written there.

The fields are named `coding-<group>-<part>-<dimension>`, where the group is "all" or a line of the basket, and the part
counts from nought; the size of a part is `coding-<group>-<part>-share`. Without script: a button shows the page again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flask_babel import lazy_gettext as _l

from auth.organisation import Unit
from auth.user import User
from core.clock import today
from core.forms import tidied
from orders.actions.coding import remove_favourite, save_favourite
from orders.actions.line_coding import as_said
from orders.basket import Basket, BasketLine
from orders.coded import MOST_PARTS
from orders.coding import LONGEST_CODE, Code, CodingFavourite, Dimension
from orders.coding_queries import (
    MOST_OFFERED,
    Suggested,
    Suggestion,
    codes_named,
    codes_offered,
    current_dimensions,
    favourites_of,
    suggest,
)
from orders.coding_said import Said, SaidCoding, SaidPart, gathered, said_again

ALL = "all"
LONGEST_SHARE = 20
BUTTONS = ("split", "unsplit", "use_favourite", "save_favourite", "remove_favourite")
Sent = Mapping[str, str]  # the fields of a form


@dataclass(frozen=True, slots=True)
class CodeField:
    """A field for a code. `told` is what the code is called and where it came from; `else_code` what holds where it is
    left empty."""

    name: str
    dimension: Dimension
    value: str
    told: Sequence[Any] = ()
    else_code: str = ""


@dataclass(frozen=True, slots=True)
class PartOfGroup:
    number: int
    share_name: str
    share: str
    fields: Sequence[CodeField]


@dataclass(frozen=True, slots=True)
class Group:
    """The fields of a line (None: of all of them)."""

    key: str
    line: BasketLine | None
    said: SaidCoding
    parts: Sequence[PartOfGroup]

    @property
    def may_grow(self) -> bool:
        return len(self.parts) < MOST_PARTS


@dataclass
class CodingTill:
    """`said`: what stands in the fields; none: they are to be filled in. The basket's terms must be at hand then."""

    user: User
    unit: Unit
    basket: Basket
    dimensions: Sequence[Dimension]
    said: Said | None = None
    notice: Any = field(default=None)  # what became of a button
    is_suggested: bool = False  # nobody has said anything yet: what stands in the fields came from above

    @cached_property
    def suggestion(self) -> Suggestion:
        goods = [(line.article.award, line.article.supplier_number) for line in self.basket.lines]
        return suggest(self.user, self.unit, goods, self.dimensions, today())

    @cached_property
    def favourites(self) -> Sequence[CodingFavourite]:
        return favourites_of(self.user, self.basket.organisation)

    @cached_property
    def offered(self) -> Mapping[int, Sequence[Code]]:
        """The codes to choose among, by dimension."""
        return codes_offered(self.dimensions, today())

    def has_more(self, dimension: Dimension) -> bool:
        """Whether the list is longer than what is offered, so that the rest must be looked up."""
        return len(self.offered.get(dimension.id, ())) >= MOST_OFFERED

    def answer(self, sent: Sent) -> bool:
        """Do what a button of the coding asks for; whether it was one."""
        pressed = next((button for button in BUTTONS if button in sent), None)
        if pressed is None or self.said is None:
            return False
        which, whole = sent[pressed], self.said.whole
        if pressed in ("split", "unsplit"):
            self._split(which, is_more=pressed == "split")
        elif pressed == "save_favourite":
            self.notice = save_favourite(
                self.user, self.basket.organisation, sent.get("favourite_name"), whole.parts[0].codes
            )
        else:
            self._favourite(sent.get("favourite", ""), is_gone=pressed == "remove_favourite")
        return True

    def unit_changed(self, sent: Sent) -> bool:
        """Whether the fields were filled in for another unit than the chosen one, and this one's coding is another:
        then they are filled in anew, so that nobody charges a unit that she has just left."""
        if self.said is None or sent.get("coding_unit") in (None, str(self.unit.id)):
            return False
        codes = self.said.whole.parts[0].codes
        if all(codes.get(key) == suggested.code for key, suggested in self.suggestion.whole.items()):
            return False
        self.said = None
        return True

    @property
    def codes(self) -> frozenset[tuple[int, str]]:
        """Every dimension id and code that stands in the fields, for all lines or for one."""
        said = self.said or self._filled_in()
        parts = [part for coding in (said.whole, *said.lines.values()) for part in coding.parts]
        return frozenset((dimension_id, code) for part in parts for dimension_id, code in part.codes.items() if code)

    def groups(self) -> Sequence[Group]:
        """The fields for all lines first, then those of each line; one line alone needs none of its own."""
        if self.said is None:
            self.said, self.is_suggested = self._filled_in(), True
        lines = self.basket.lines if len(self.basket.lines) > 1 or self.said.lines else []
        whole = self._group(ALL, None, self.said.whole, self.suggestion.whole)
        of_lines = zip(lines, self.suggestion.lines, strict=False)
        said = self.said.lines
        return [whole, *(self._group(str(a.id), a, said.get(a.id, SaidCoding()), found) for a, found in of_lines)]

    def _filled_in(self) -> Said:
        keys = [line.id for line in self.basket.lines]
        if (former := self.basket.requisition) is not None:
            known = {(line.award_id, line.free_text_id, line.supplier_number): line.coding for line in former.lines}
            keys_then = [
                (line.article.award_id, line.free_text_id, "" if line.free_text_id else line.article.supplier_number)
                for line in self.basket.lines
            ]
            codings = [known.get(key) for key in keys_then]
            if any(codings):
                again = {key: said_again(coding or ()) for key, coding in zip(keys, codings, strict=True)}
                return gathered(again)
        return as_said(self.suggestion, keys)

    def _group(self, key: str, line: BasketLine | None, said: SaidCoding, found: Mapping[int, Suggested]) -> Group:
        parts = []
        for number, part in enumerate(said.parts):
            prefix = f"coding-{key}-{number}"
            fields = [self._field(f"{prefix}-{d.id}", d, part.codes.get(d.id, ""), found) for d in self.dimensions]
            parts.append(PartOfGroup(number, f"{prefix}-share", part.share, fields))
        return Group(key, line, said, parts)

    def _field(self, name: str, dimension: Dimension, code: str, found: Mapping[int, Suggested]) -> CodeField:
        assert self.said is not None
        told: list[Any] = [self.names[dimension.id, code]] if (dimension.id, code) in self.names else []
        suggested = found.get(dimension.id)
        if suggested is not None and suggested.code == code:
            told.append(suggested.source)
        is_of_line = not name.startswith(f"coding-{ALL}-")
        if not is_of_line and not code and all(self._own_code(line.id, dimension) for line in self.basket.lines):
            told.append(_l("står på raderna"))
        above = self.said.whole.parts[0].codes.get(dimension.id, "") if is_of_line else ""
        return CodeField(name, dimension, code, told, above if not self.said.whole.is_split else "")

    def _own_code(self, line: int, dimension: Dimension) -> bool:
        """Whether a line has a code of its own in each of its parts."""
        assert self.said is not None
        own = self.said.lines.get(line)
        return own is not None and all(part.codes.get(dimension.id) for part in own.parts)

    @cached_property
    def names(self) -> Mapping[tuple[int, str], str]:
        """What the codes in the fields are called: from those on offer, or else from the lists."""
        known = {(key, code.code): code.name for key, codes in self.offered.items() for code in codes}
        codings = [self.said.whole, *self.said.lines.values()] if self.said else []
        listed = {dimension.id for dimension in self.dimensions if dimension.is_listed}
        used = {item for coding in codings for part in coding.parts for item in part.codes.items()}
        more = codes_named(item for item in used - known.keys() if item[0] in listed)
        return known | {key: code.name for key, code in more.items()}

    def _split(self, which: str, *, is_more: bool) -> None:
        assert self.said is not None
        change = SaidCoding.with_part if is_more else SaidCoding.without_parts
        if which == ALL:
            self.said = Said(change(self.said.whole), self.said.lines)
            return
        for line in self.basket.lines:
            if str(line.id) == which:
                own = self.said.lines.get(line.id, SaidCoding())
                if own.is_empty and is_more:  # it is split from what holds for it now
                    own = self.said.of(line.id).without_parts()
                self.said = Said(self.said.whole, {**self.said.lines, line.id: change(own)})

    def _favourite(self, which: str, *, is_gone: bool) -> None:
        assert self.said is not None
        chosen = next((favourite for favourite in self.favourites if str(favourite.id) == which), None)
        if chosen is None:
            self.notice = _l("Välj en favorit.")
        elif is_gone:
            self.notice = remove_favourite(self.user, chosen)
            self.__dict__.pop("favourites")
        else:
            codes = {int(key): code for key, code in chosen.codes.items()}
            kept = {d.id: codes[d.id] for d in self.dimensions if d.id in codes}
            whole = {**self.said.whole.parts[0].codes, **kept}
            self.said = Said(SaidCoding((SaidPart(whole),)), self.said.lines)
            self.notice = _l("Konteringen är ifylld från %(name)s.", name=chosen.name)


def open_till(user: User, unit: Unit | None, basket: Basket, sent: Sent | None) -> CodingTill | None:
    """The coding of the till; none where the organisation has no dimensions, which one query tells.

    `sent`: the form, where it says how to code.
    """
    dimensions = current_dimensions(basket.organisation, today()) if unit else []
    if unit is None or not dimensions:
        return None
    till = CodingTill(user, unit, basket, dimensions)
    if sent is not None and "coding_unit" in sent:
        till.said = _said_in(sent, dimensions, [line.id for line in basket.lines])
    return till


def _said_in(sent: Sent, dimensions: Sequence[Dimension], lines: Sequence[int]) -> Said:
    """What a form says."""
    own = {line: _coding_in(sent, str(line), dimensions) for line in lines}
    said = {line: coding for line, coding in own.items() if not coding.is_empty}
    return Said(_coding_in(sent, ALL, dimensions), said)


def _coding_in(sent: Sent, group: str, dimensions: Sequence[Dimension]) -> SaidCoding:
    parts = tuple(_parts_in(sent, group, dimensions))
    return SaidCoding(parts or (SaidPart(),), sent.get(f"coding-{group}-by") == "amount")


def _parts_in(sent: Sent, group: str, dimensions: Sequence[Dimension]) -> Iterator[SaidPart]:
    for number in range(MOST_PARTS):
        names = {dimension.id: f"coding-{group}-{number}-{dimension.id}" for dimension in dimensions}
        if not any(name in sent for name in names.values()):
            return
        codes = {key: code for key, name in names.items() if (code := _code_in(sent.get(name, "")))}
        yield SaidPart(codes, (tidied(sent.get(f"coding-{group}-{number}-share", "")) or "")[:LONGEST_SHARE])


def _code_in(text: str) -> str:
    """The code that begins what was written: people add the name, as they read it in the list."""
    words = (tidied(text) or "").split(maxsplit=1)
    return words[0][: LONGEST_CODE + 1] if words else ""  # one more, so that one too long is refused
