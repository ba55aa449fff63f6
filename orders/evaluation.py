"""Evaluation: which bid is the best by the announced criteria. Pure; totals are ours, grades are people's with reasons.

Without criteria the lowest total wins. With weights, the lowest total gets the whole weight of the price and the others
as much less as they cost more (weight × lowest ÷ own); a grade from 0 to 10 gives its tenths of the criterion's weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.types import rounded
from orders.bid import Bid
from orders.competition import CompetitionCriterion

TOP_GRADE = Decimal(10)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A bid with its points per criterion (hundredths; none while a grade is missing) and its place, from 1."""

    bid: Bid
    points: tuple[Decimal | None, ...]
    total: Decimal | None
    place: int | None  # none for a rejected bid, and while grades are missing


def evaluate(bids: Sequence[Bid], criteria: Sequence[CompetitionCriterion]) -> list[Ranked]:
    """The bids, the best first; those that are rejected, or wait for grades, last. Equal bids share a place."""
    lowest = min((bid.net_amount for bid in bids if bid.rejected_reason is None), default=Decimal(0))
    scored = []
    for bid in bids:
        points = tuple(_points(bid, criterion, lowest) for criterion in criteria)
        known = [p for p in points if p is not None]
        complete = bid.rejected_reason is None and len(known) == len(points)
        scored.append((bid, points, sum(known, Decimal(0)) if complete and criteria else None, complete))
    can_be_ranked = all(complete for bid, _, _, complete in scored if bid.rejected_reason is None)
    ranked = []
    for bid, points, total, complete in scored:
        better = [
            other
            for other, _, others, is_in in scored
            if is_in and _is_better(others, other.net_amount, total, bid.net_amount)
        ]
        place = len(better) + 1 if complete and can_be_ranked else None
        ranked.append(Ranked(bid, points, total, place))
    return sorted(ranked, key=lambda r: (r.place is None, r.place or 0, r.bid.net_amount, r.bid.id))


def _is_better(points: Decimal | None, price: Decimal, own_points: Decimal | None, own_price: Decimal) -> bool:
    if points is None or own_points is None:
        return price < own_price
    return points > own_points


def _points(bid: Bid, criterion: CompetitionCriterion, lowest: Decimal) -> Decimal | None:
    if bid.rejected_reason is not None:
        return None
    if criterion.is_price:
        return rounded(criterion.weight * lowest / bid.net_amount)
    score = bid.score_of(criterion)
    return rounded(criterion.weight * score.grade / TOP_GRADE) if score else None
