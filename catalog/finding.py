"""Finding: what a rule has to say about a line that somebody wants to order; and what the rules are asked about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from auth.organisation import Organisation
from catalog.agreement import Agreement, Award, Entitlement, FreeTextPrice, Lot
from catalog.ceiling import ZERO, Ceiling, counted
from catalog.lowest_total import Matches, Wanted
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


@dataclass(frozen=True, slots=True)
class Case:
    """One ask together with everything its rules need to know."""

    ask: Ask
    facts: Facts
    award: Award
    nets: Mapping[int, Decimal]  # award id → the lines of all the asks, excl. VAT
    amounts: Mapping[int, Decimal]  # award id → lines and charges
    reserved: bool  # the amounts already stand in the ceilings' reservations
    is_first_of_award: bool  # what concerns a whole order or agreement is said once, at its first line
    is_first_of_agreement: bool
    won_nets: Mapping[int, Decimal] = field(default_factory=dict)  # award id → its lines that a competition decided
    free_nets: Mapping[int, Decimal] = field(default_factory=dict)  # award id → its lines in free text
    asks: Sequence[Ask] = ()  # all that is asked for together
    quantities: Mapping[int, Mapping[str, Decimal]] = field(default_factory=dict)  # award id → unit → how many
    promised_at: datetime | None = None  # when the amounts were reserved

    @property
    def lot(self) -> Lot:
        return self.award.lot

    @property
    def agreement(self) -> Agreement:
        return self.award.lot.agreement

    @property
    def row(self) -> Article | None:
        """The row in force of the article that is asked for; none when the price list no longer has it."""
        return self.facts.current.get((self.award.id, self.ask.article.supplier_number))

    @property
    def refused(self) -> frozenset[int]:
        """The ids of the awards whose suppliers have declined or not answered: about this line where each line has its
        place in a ranking, about everything that is asked of the lot where share or total decides for all of it."""
        if not self.lot.asks_in_turn or self.lot.is_ranked:
            return self.ask.refused
        of_lot = (a.refused for a in self.asks if self.facts.awards[a.article.award_id].lot_id == self.lot.id)
        return frozenset.intersection(self.ask.refused, *of_lot)

    @property
    def rivals(self) -> Sequence[Award]:
        """The lot's awards that could take the order today, this one included."""
        return [a for a in self.willing if a.id == self.award.id or not self.is_full(a)]

    @property
    def willing(self) -> Sequence[Award]:
        """The lot's awards whose suppliers are open and have not declined, with room under their own ceiling or not."""
        own, on, refused = self.award.id, self.facts.on, self.refused
        return [
            a
            for a in self.facts.rivals[self.lot.id]
            if a.id == own or (a.is_active(on) and not a.supplier.is_blocked and a.id not in refused)
        ]

    @property
    def is_first_listed(self) -> bool:
        """Whether it is the first of its award that is asked from the price list."""
        listed = (a for a in self.asks if a.won is None and a.article.award_id == self.award.id)
        return next(listed, None) is self.ask

    @property
    def wanted(self) -> list[Wanted]:
        """What is asked of the lot from price lists, and how many; without what has no (usable) quantity."""
        return [
            (ask.article, ask.quantity)
            for ask in self.asks
            if ask.won is None and ask.quantity and ask.quantity > 0
            if self.facts.awards[ask.article.award_id].lot_id == self.lot.id
        ]

    def is_full(self, award: Award) -> bool:
        """Whether an award's own ceiling has no room for what is asked of its lot, or none at all."""
        return any(self._is_reached(c) for c in self.facts.ceilings.get(award.id, ()) if c.award_id == award.id)

    def _is_reached(self, own: Ceiling) -> bool:
        if own.limit is None:
            return False
        mine = self.counted([own.award_id or 0], own) if self.reserved else ZERO
        room = own.limit - (own.used - mine)
        return room <= 0 or room < self.counted((a.id for a in self.facts.rivals[self.lot.id]), own)

    def counted(self, award_ids: Iterable[int], ceiling: Ceiling) -> Decimal:
        """How much of what is asked under some awards a ceiling would count."""
        asked = ((self.amounts.get(id_, ZERO), self.quantities.get(id_, {})) for id_ in award_ids)
        return sum((counted(amount, quantities, ceiling.measure) for amount, quantities in asked), ZERO)

    @property
    def lot_amount(self) -> Decimal:
        return sum((self.amounts.get(a.id, ZERO) for a in self.facts.rivals[self.lot.id]), ZERO)

    @property
    def uncontested_amount(self) -> Decimal:
        """What is asked of the lot without the lines that a competition has decided."""
        return self.lot_amount - sum((self.won_nets.get(a.id, ZERO) for a in self.facts.rivals[self.lot.id]), ZERO)
