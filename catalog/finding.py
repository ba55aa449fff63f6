"""Finding: what a rule has to say about a line that somebody wants to order; and what is asked, of which facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from auth.organisation import Organisation
from catalog.agreement import Award, Entitlement, FreeTextPrice
from catalog.ceiling import ZERO, Ceiling
from catalog.lowest_total import Matches
from catalog.price_list import Article
from core.types import line_net


class Level(Enum):
    STOP = "stop"  # cannot be ordered
    JUSTIFY = "justify"  # cannot be submitted before she has stated her ground
    INFORM = "inform"


LEVELS = tuple(Level)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule has to say about a line. Texts are lazy: they become Swedish or English when printed."""

    code: str
    level: Level
    text: Any
    clause: Any = None
    way_on: Any = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Won:
    """The price an article has won in a competition of this organisation, for so many and no other number of them."""

    number: str  # of the competition
    quantity: Decimal
    standstill_until: date | None = None
    taken_by: str | None = None  # the requisition that has it already


Period = tuple[date, date]  # both days included


@dataclass(frozen=True, slots=True)
class Free:
    """What was stated of something that stands in no price list. `mark_up`: in percent, on a list price; `period`: of
    a blanket order, whose price is its cap."""

    price: FreeTextPrice
    mark_up: Decimal | None = None
    has_file: bool = False
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A line that somebody wants to order. Without a quantity (browsing) no rule about amounts is asked.

    `article` is the row she saw, whether or not it is in force; `choice_ground` what she stated where the agreement
    lets the orderer choose among suppliers; `deliver_on` the day she wants it, when she has said one; `won` what makes
    it orderable where a competition has decided; `free` where it was stated in free text; `refused` the ids of the
    awards whose suppliers have declined or not answered about this very line.
    """

    article: Article
    quantity: Decimal | None = None
    choice_ground: str | None = None
    deliver_on: date | None = None
    won: Won | None = None
    free: Free | None = None
    refused: frozenset[int] = frozenset()

    @property
    def net(self) -> Decimal:
        """The line's amount excl. VAT at the price she saw; zero while no (usable) quantity is given."""
        if self.quantity is None or self.quantity <= 0:
            return ZERO
        return line_net(self.quantity, self.article.price_for(self.quantity), self.article.base_quantity)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database knows, for one organisation and one day, about everything that is asked for."""

    organisation: Organisation
    on: date
    awards: Mapping[int, Award]  # those of the rivals, by id; with lot, agreement, supplier and responsible buyer
    rivals: Mapping[int, Sequence[Award]]  # lot id → all its awards, by rank
    entitlements: Mapping[int, Sequence[Entitlement]]  # agreement id → those of the organisation
    ceilings: Mapping[int, Sequence[Ceiling]]  # award id → those that bind it
    current: Mapping[tuple[int, str], Article]  # (award id, supplier's number) → the row in force
    closed: Mapping[int, str] = field(default_factory=dict)  # award id → name of the closed category it lies in
    matches: Matches = field(default_factory=dict)  # the same goods at rivals, where the lowest total decides
