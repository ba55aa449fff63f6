"""Case: one line that somebody wants to order, together with everything that the rules need to know about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from catalog.agreement import Agreement, Award, Lot
from catalog.ceiling import ZERO, Ceiling, counted
from catalog.finding import Ask, Facts
from catalog.lowest_total import Wanted
from catalog.price_list import Article


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


class _Sums:
    """What the asks come to under each award: by award id, SEK excl. VAT; `quantities` by unit too."""

    def __init__(self, asks: Iterable[Ask]) -> None:
        self.nets: dict[int, Decimal] = {}
        self.won_nets: dict[int, Decimal] = {}
        self.free_nets: dict[int, Decimal] = {}
        self.quantities: dict[int, dict[str, Decimal]] = {}
        for ask in asks:
            award_id = ask.article.award_id
            _add(self.nets, award_id, ask.net)
            if ask.won is not None:
                _add(self.won_nets, award_id, ask.net)
            elif ask.free is not None:
                _add(self.free_nets, award_id, ask.net)
            if ask.quantity is not None and ask.quantity > 0:
                _add(self.quantities.setdefault(award_id, {}), ask.article.unit_code, ask.quantity)


def _add(sums: dict[Any, Decimal], key: Any, amount: Decimal) -> None:
    sums[key] = sums.get(key, ZERO) + amount


def cases_of(
    asks: Sequence[Ask],
    facts: Facts,
    *,
    charges: Mapping[int, Decimal] | None = None,
    reserved: bool = False,
    promised_at: datetime | None = None,
) -> list[Case]:
    """Each ask together with what its rules need to know, in the order of the asks."""
    sums = _Sums(asks)
    amounts = {award_id: net + (charges or {}).get(award_id, ZERO) for award_id, net in sums.nets.items()}
    cases = []
    seen_awards: set[int] = set()
    seen_agreements: set[int] = set()
    for ask in asks:
        award = facts.awards[ask.article.award_id]
        agreement_id = award.lot.agreement_id
        cases.append(
            Case(
                ask=ask,
                facts=facts,
                award=award,
                nets=sums.nets,
                amounts=amounts,
                reserved=reserved,
                is_first_of_award=award.id not in seen_awards,
                is_first_of_agreement=agreement_id not in seen_agreements,
                won_nets=sums.won_nets,
                free_nets=sums.free_nets,
                quantities=sums.quantities,
                asks=asks,
                promised_at=promised_at,
            )
        )
        seen_awards.add(award.id)
        seen_agreements.add(agreement_id)
    return cases
