"""Allocation (fördelningsnyckel): who of a lot's suppliers is furthest behind its agreed share (LOU 7 kap. 6 §).

The order itself is counted: next is whoever would lack most of its share once an order of this size has been placed. So
shares converge whatever the sizes, and nobody is ever ahead of its share by more than one order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from catalog.agreement import Agreement, Award, CallOffMethod
from catalog.ceiling import ZERO, Ceiling
from core.db import db, locks_rows
from core.types import rounded


@dataclass(frozen=True, slots=True)
class Share:
    """Where one supplier stands. Amounts in SEK excl. VAT; percent of all that is shared out among those compared."""

    award: Award
    agreed: Decimal  # percent
    used: Decimal  # ordered, waiting for approval and called off elsewhere
    so_far: Decimal  # percent of what all have got
    behind: Decimal  # what it lacks of its share when this order is counted; below zero: it is ahead
    is_next: bool

    @property
    def award_id(self) -> int:
        return self.award.id

    @property
    def supplier(self) -> str:
        return self.award.supplier.name


def standing(awards: Sequence[Award], used: Mapping[int, Decimal], amount: Decimal) -> list[Share]:
    """The suppliers in the order of their turns, for an order of so much; the first of them, or several, `is_next`.

    Compared without any rounding: shares are percentages, `used` SEK by award id.
    """
    weights = {award.id: award.share or ZERO for award in awards}
    whole = sum(weights.values(), ZERO)
    total = sum((used[award.id] for award in awards), ZERO)
    lacks = {id_: weight * (total + amount) - used[id_] * whole for id_, weight in weights.items()}  # × whole
    most = max(lacks.values())
    found = [
        Share(
            award=award,
            agreed=rounded(weights[award.id] * 100 / whole, 1),
            used=used[award.id],
            so_far=rounded(used[award.id] * 100 / total, 1) if total else ZERO,
            behind=rounded(lacks[award.id] / whole),
            is_next=lacks[award.id] == most,
        )
        for award in awards
    ]
    return sorted(found, key=lambda share: (not share.is_next, -lacks[share.award.id], share.award.rank))


def standings_of(agreement: Agreement, ceilings: Iterable[Ceiling], on: date) -> dict[int, list[Share]]:
    """Where the suppliers of each lot that shares its call-offs out stand on a day, by lot id; no order counted."""
    used = {ceiling.award_id: ceiling.used for ceiling in ceilings if ceiling.is_amount}
    found = {}
    for lot in agreement.lots:
        awards = [award for award in lot.awards if award.is_active(on) and not award.supplier.is_blocked]
        counted = {award.id: used[award.id] for award in awards if award.id in used and award.share}
        if lot.method is CallOffMethod.ALLOCATION and awards and len(counted) == len(awards):
            found[lot.id] = standing(awards, counted, ZERO)
    return found


def takes_turns(awards: Iterable[Award]) -> bool:
    """Whether some award's lot shares its call-offs out."""
    return any(award.lot.method is CallOffMethod.ALLOCATION for award in awards)


def hold_ceilings(awards: Iterable[Award]) -> bool:
    """Keep the counters of the awards' agreements to oneself until the transaction ends; whether one had to wait.

    What is guaranteed: the standing that a submission is judged by is the one that its own reservation is added to.
    Of two that submit at the same moment the second reads, after waiting, what the first has reserved; so nobody gets
    an order out of turn, and the shares are as if they had come one by one. On SQLite a writer is alone anyway.
    All the agreements' counters are taken, in the order in which reservations change them: nobody waits in a circle.
    """
    if not locks_rows():
        return False
    agreement_ids = {award.lot.agreement_id for award in awards}
    held = select(Ceiling.id).where(Ceiling.agreement_id.in_(agreement_ids)).order_by(Ceiling.id).with_for_update()
    db.session.execute(held)
    return True
