"""What somebody says about coding at the till: one for all lines, and what differs on single ones.

A field that is left empty on a line is filled from the coding for all. So the quick case is one row of fields, and a
line can be given another konto while its ansvar comes from above.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from core.errors import RuleBroken
from orders.coded import HUNDRED, MOST_PARTS, ÖRE, Parts, shared_out

Codes = Mapping[int, str]  # dimension id → code
_SHARE = re.compile(r"\d{1,10}(?:\.\d{1,2})?")


@dataclass(frozen=True, slots=True)
class SaidPart:
    """Codes for a part; `share` as it was written, in percent or SEK. In one of the parts it may be empty: the rest."""

    codes: Codes = field(default_factory=dict)
    share: str = ""


@dataclass(frozen=True, slots=True)
class SaidCoding:
    """A coding of one line or of all; with several parts it is split."""

    parts: tuple[SaidPart, ...] = (SaidPart(),)
    is_by_amount: bool = False

    @property
    def is_split(self) -> bool:
        return len(self.parts) > 1

    @property
    def is_empty(self) -> bool:
        return not self.is_split and not self.parts[0].codes

    def with_part(self) -> SaidCoding:
        """With one more part, of the same codes; as many as there may be."""
        more = (SaidPart(self.parts[-1].codes),) if len(self.parts) < MOST_PARTS else ()
        return SaidCoding((*self.parts, *more), self.is_by_amount)

    def without_parts(self) -> SaidCoding:
        """Not split any more."""
        return SaidCoding((SaidPart(self.parts[0].codes),))


@dataclass(frozen=True, slots=True)
class Said:
    """The coding for all lines, and by line what differs from it."""

    whole: SaidCoding = SaidCoding()
    lines: Mapping[int, SaidCoding] = field(default_factory=dict)

    def of(self, line: int) -> SaidCoding:
        """The coding of one line: its own, and from that for all what it leaves empty."""
        own = self.lines.get(line)
        if own is None or own.is_empty:
            return self.whole
        if not own.is_split:
            parts = (SaidPart({**part.codes, **own.parts[0].codes}, part.share) for part in self.whole.parts)
            return SaidCoding(tuple(parts), self.whole.is_by_amount)
        common = dict(set.intersection(*(set(part.codes.items()) for part in self.whole.parts)))
        return SaidCoding(tuple(SaidPart({**common, **p.codes}, p.share) for p in own.parts), own.is_by_amount)


def amounts_of(said: SaidCoding, net: Decimal) -> list[tuple[Decimal, Decimal | None]]:
    """What each part is charged of a line's net amount, and its percentage where that is what was said. The amounts
    always give the whole. Raises RuleBroken."""
    if not said.is_split:
        return [(net, None)]
    whole = net if said.is_by_amount else HUNDRED
    shares = _shares(said, whole)
    if said.is_by_amount:
        return [(share, None) for share in shares]
    return list(zip(shared_out(net, shares), shares, strict=True))


def said_again(parts: Parts) -> SaidCoding:
    """What was said once, of the coding that it became."""
    is_by_amount = any(part.percent is None for part in parts) and len(parts) > 1
    return SaidCoding(tuple(_part_again(parts, is_by_amount)) or (SaidPart(),), is_by_amount)


def gathered(lines: Mapping[int, SaidCoding]) -> Said:
    """Several codings as one for all where they are the same."""
    codings = list(lines.values())
    if codings and all(coding == codings[0] for coding in codings):
        return Said(codings[0])
    return Said(SaidCoding(), lines)


def _part_again(parts: Parts, is_by_amount: bool) -> Iterator[SaidPart]:
    for part in parts:
        share = part.amount if is_by_amount else part.percent
        text = "" if share is None else f"{share:f}".replace(".", ",")
        yield SaidPart({code.dimension_id: code.code for code in part.codes}, text)


def _shares(said: SaidCoding, whole: Decimal) -> Sequence[Decimal]:
    shares = [_number(part.share) for part in said.parts]
    stated = sum(_known(shares), Decimal(0))
    told = {"stated": _told(stated), "whole": _told(whole)}
    is_off = stated >= whole if None in shares else stated != whole
    if shares.count(None) > 1:
        raise RuleBroken(_l("Skriv hur stor varje del är. Bara en av dem kan vara resten."))
    if is_off and said.is_by_amount:
        raise RuleBroken(_l("Delarna är %(stated)s kr, men raden är %(whole)s kr.", **told))
    if is_off:
        raise RuleBroken(_l("Delarna är %(stated)s %%, men ska vara 100 %%.", **told))
    return [whole - stated if share is None else share for share in shares]


def _known(shares: Iterable[Decimal | None]) -> Iterator[Decimal]:
    return (share for share in shares if share is not None)


def _number(text: str) -> Decimal | None:
    """A share as it is written: 60, 60 %, 1 200,50 kr. None where nothing is. Raises RuleBroken."""
    plain = "".join(text.split()).lower().removesuffix("%").removesuffix("kr").replace(",", ".")
    if not plain:
        return None
    if not (_SHARE.fullmatch(plain) and plain.isascii()) or Decimal(plain) < ÖRE:
        raise RuleBroken(_l("”%(share)s” är ingen del. Skriv ett tal större än noll, till exempel 60.", share=text))
    return Decimal(plain)


def _told(number: Decimal) -> str:
    return f"{number.normalize():f}".replace(".", ",")
