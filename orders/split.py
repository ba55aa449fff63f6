"""Split: which orders some lines become.

Peppol's order carries supplier, agreement, delivery address, invoice party and currency once each; the last three are
one and the same for a requisition, so lines part by supplier and agreement. Freight and small-order fee follow the
awards' terms, once for each order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from catalog.agreement import Agreement, Award
from catalog.ceiling import Draw
from catalog.supplier import Supplier
from exchange.documents import TotalsDocument
from orders.totals import ZERO, totals


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line that knows what it costs: `line` is the basket's or the requisition's own."""

    line: Any
    award: Award
    net_amount: Decimal
    vat_percent: Decimal

    @property
    def is_won(self) -> bool:
        """Whether a competition has decided its price."""
        return getattr(self.line, "bid_line_id", None) is not None

    @property
    def is_blanket(self) -> bool:
        """Whether it is the cap of a blanket order."""
        free = getattr(self.line, "free_text", None)
        return free is not None and free.period is not None


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge on the whole order; `award` is the one whose terms say so, and on whose ceiling it counts."""

    award: Award
    kind: str  # "freight" or "small-order"
    reason: str  # Swedish: it is read by the supplier
    amount: Decimal
    vat_percent: Decimal


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """An order to be: not numbered, not stored."""

    supplier: Supplier
    agreement: Agreement
    lines: tuple[PricedLine, ...]
    charges: tuple[Charge, ...]
    totals: TotalsDocument

    def draws(self, organisation_id: int) -> list[Draw]:
        """What this order of an organisation takes of the ceilings of its awards, its charges included."""
        taken = Taken(self.agreement.id, organisation_id)
        for priced in self.lines:
            taken.add(priced.award, priced.net_amount, priced.line.unit_code, priced.line.quantity)
        for charge in self.charges:
            taken.add(charge.award, charge.amount)
        return taken.draws()


class Taken:
    """What an order takes of the ceilings, award by award."""

    def __init__(self, agreement_id: int, organisation_id: int) -> None:
        self._of = {"agreement_id": agreement_id, "organisation_id": organisation_id}
        self._lots: dict[int, int] = {}
        self._amounts: dict[int, Decimal] = {}
        self._quantities: dict[int, dict[str, Decimal]] = {}

    def add(self, award: Award, amount: Decimal, unit_code: str | None = None, quantity: Decimal = ZERO) -> None:
        """A line, or a charge, which has no unit."""
        self._lots[award.id] = award.lot_id
        self._amounts[award.id] = self._amounts.get(award.id, ZERO) + amount
        if unit_code is not None and quantity:
            of_unit = self._quantities.setdefault(award.id, {})
            of_unit[unit_code] = of_unit.get(unit_code, ZERO) + quantity

    def draws(self) -> list[Draw]:
        """One for each award; those of nothing are left out."""
        return [
            Draw(lot_id=self._lots[id_], award_id=id_, amount=amount, quantities=quantities, **self._of)
            for id_, amount in self._amounts.items()
            if (quantities := self._quantities.get(id_, {})) or amount
        ]


def draft_orders(lines: Iterable[PricedLine], promised: Iterable[Charge] | None = None) -> list[OrderDraft]:
    """The orders that the lines become, in the order in which their first lines stand.

    Their charges follow the awards' terms of today, or are those that were `promised` when the lines were submitted.
    """
    groups: dict[tuple[int, int], list[PricedLine]] = {}
    for line in lines:
        groups.setdefault(_key(line.award), []).append(line)
    if promised is None:
        return [_draft(group, charges_for(group)) for group in groups.values()]
    charges = list(promised)
    return [
        _draft(group, tuple(charge for charge in charges if _key(charge.award) == key)) for key, group in groups.items()
    ]


def _key(award: Award) -> tuple[int, int]:
    return award.supplier_id, award.lot.agreement_id


def all_draws(drafts: Iterable[OrderDraft], organisation_id: int) -> list[Draw]:
    """What several orders of an organisation take of the ceilings together."""
    return [draw for draft in drafts for draw in draft.draws(organisation_id)]


def _draft(lines: Sequence[PricedLine], charges: tuple[Charge, ...]) -> OrderDraft:
    return OrderDraft(
        supplier=lines[0].award.supplier,
        agreement=lines[0].award.lot.agreement,
        lines=tuple(lines),
        charges=charges,
        totals=totals(
            ((line.net_amount, line.vat_percent) for line in lines),
            ((charge.amount, charge.vat_percent) for charge in charges),
        ),
    )


def charges_for(lines: Sequence[PricedLine]) -> tuple[Charge, ...]:
    """Freight and small-order fee of one order.

    Where lines stand under several awards of the same supplier and agreement, the highest charge of a kind that
    applies is taken, once. A charge bears the highest VAT rate among the goods it belongs to. A price won in a
    competition and the cap of a blanket order have them in it.
    """
    lines = [line for line in lines if not (line.is_won or line.is_blanket)]
    if not lines:
        return ()
    total = sum((line.net_amount for line in lines), ZERO)
    vat = max(line.vat_percent for line in lines)
    awards = list({line.award.id: line.award for line in lines}.values())
    freight = [
        Charge(award, "freight", "Frakt", amount, vat) for award in awards if (amount := award.freight_on(total))
    ]
    small = [
        Charge(award, "small-order", "Småorderavgift", amount, vat)
        for award in awards
        if (amount := award.fee_on(total))
    ]
    return tuple(max(kind, key=lambda charge: charge.amount) for kind in (freight, small) if kind)
