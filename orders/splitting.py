"""Probable splitting: several purchases of one organisation, in one category and from one supplier, each just under a
limit, within some days.

A purchase may not be split to escape a rule (LOU 5 kap. 7 §, and every attestreglemente). That several are just under
a limit proves nothing: it is shown to the approver and the contract controller, who ask. The limits are those of the
organisation's approval rules, of the lot's renewed competition and of direct procurement. How many days and how far
under are dated parameters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from flask_babel import lazy_gettext as _l


class LimitKind(str, Enum):
    APPROVAL = "approval"  # an amount from which other people approve
    APPROVER = "approver"  # what some approver may say yes to
    COMPETITION = "competition"  # a lot's, above which competition is renewed
    DIRECT = "direct-procurement"


LIMIT_NAMES = {
    LimitKind.APPROVAL: _l("attestreglernas gräns"),
    LimitKind.APPROVER: _l("en attestants beloppsgräns"),
    LimitKind.COMPETITION: _l("gränsen för förnyad konkurrensutsättning"),
    LimitKind.DIRECT: _l("direktupphandlingsgränsen"),
}


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a requisition holds from one supplier in one category of one lot; SEK excl. VAT."""

    requisition_id: int
    organisation_id: int
    unit_id: int
    supplier_id: int
    category_id: int | None
    lot_id: int
    on: date
    amount: Decimal
    competition_above: Decimal | None = None

    @property
    def number(self) -> str:
        """As `Requisition.number` has it."""
        return f"R{self.requisition_id:06d}"


@dataclass(frozen=True, slots=True)
class Measure:
    """What counts as near each other, and as just under."""

    days: int
    near_percent: Decimal


@dataclass(frozen=True, slots=True)
class Split:
    """Purchases that together are probably one; oldest first, at least two."""

    kind: LimitKind
    limit: Decimal
    purchases: tuple[Purchase, ...]

    @property
    def total(self) -> Decimal:
        return sum((p.amount for p in self.purchases), Decimal(0))

    @property
    def limit_name(self) -> Any:
        return LIMIT_NAMES[self.kind]

    @property
    def is_of_one_unit(self) -> bool:
        return len({p.unit_id for p in self.purchases}) == 1


def is_just_under(amount: Decimal, limit: Decimal, measure: Measure, *, may_reach: bool = False) -> bool:
    """Whether an amount is below a limit, but not far. `may_reach`: the limit itself is still below, as it is where a
    rule begins above it."""
    return amount * 100 >= limit * (100 - measure.near_percent) and (amount <= limit if may_reach else amount < limit)


def splits(
    purchases: Iterable[Purchase],
    limits: Collection[Decimal],
    direct: Decimal | None,
    measure: Measure,
    own: Collection[Decimal] = (),
) -> list[Split]:
    """The probable splits of one organisation's purchases, the latest first. `limits`: of its approval rules; `direct`:
    the limit of direct procurement; `own`: what its approvers may say yes to."""
    of_category: dict[Any, list[Purchase]] = {}
    of_lot: dict[Any, list[Purchase]] = {}
    for purchase in purchases:
        of_category.setdefault((purchase.supplier_id, purchase.category_id), []).append(purchase)
        of_lot.setdefault((purchase.supplier_id, purchase.lot_id), []).append(purchase)
    found: list[Split] = []
    for group in of_category.values():
        whole = _whole(group)
        for limit in sorted(set(limits)):
            found += _near(LimitKind.APPROVAL, limit, whole, measure)
        for limit in sorted(set(own)):
            found += _near(LimitKind.APPROVER, limit, whole, measure, may_reach=True)
        if direct is not None:
            found += _near(LimitKind.DIRECT, direct, whole, measure)
    for group in of_lot.values():
        above = group[0].competition_above
        if above is not None:
            found += _near(LimitKind.COMPETITION, above, _whole(group), measure, may_reach=True)
    return sorted(found, key=lambda split: (split.purchases[-1].on, split.limit), reverse=True)


def _whole(group: Sequence[Purchase]) -> list[Purchase]:
    """One for each requisition, with all that it holds of the group."""
    sums: dict[int, Purchase] = {}
    for each in group:
        known = sums.get(each.requisition_id)
        amount = each.amount + (known.amount if known else 0)
        sums[each.requisition_id] = Purchase(
            each.requisition_id,
            each.organisation_id,
            each.unit_id,
            each.supplier_id,
            each.category_id,
            each.lot_id,
            each.on,
            amount,
            each.competition_above,
        )
    return sorted(sums.values(), key=lambda p: (p.on, p.requisition_id))


def _near(
    kind: LimitKind, limit: Decimal, purchases: Sequence[Purchase], measure: Measure, *, may_reach: bool = False
) -> list[Split]:
    """Groups of at least two just under a limit, no more than the measure's days from the first to the last. One that
    is left alone stands with the one before it, where that is near: a long row is parted, but nobody forgotten."""
    under = [p for p in purchases if limit > 0 and is_just_under(p.amount, limit, measure, may_reach=may_reach)]
    near = timedelta(days=measure.days)
    found, start = [], 0
    while start < len(under):
        group = [p for p in under[start:] if p.on <= under[start].on + near]
        before = [p for p in under[max(start - 1, 0) : start] if len(group) == 1 and group[0].on <= p.on + near]
        if len(before + group) > 1:
            found.append(Split(kind, limit, (*before, *group)))
        start += len(group)
    return found
