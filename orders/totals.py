"""Totals: the sums of an order, reckoned once and never again.

A line is rounded half up to 2 decimals, totals are sums of rounded lines, and VAT is reckoned per rate on the net sum
of that rate (EN 16931 BG-23; Peppol T01 rules R008–R017 and R024). All amounts in SEK.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from core.types import rounded
from exchange.documents import TotalsDocument, VatDocument

ZERO = Decimal("0.00")
Taxed = tuple[Decimal, Decimal]  # net amount, VAT percent


def totals(lines: Iterable[Taxed], charges: Iterable[Taxed] = ()) -> TotalsDocument:
    """The totals of rounded lines and charges, each with its VAT percentage."""
    lines, charges = list(lines), list(charges)
    bases: dict[Decimal, Decimal] = {}
    for amount, percent in [*lines, *charges]:
        bases[percent] = bases.get(percent, ZERO) + amount
    rates = tuple(
        VatDocument(percent=percent, base=base, amount=rounded(base * percent / 100))
        for percent, base in sorted(bases.items(), reverse=True)
    )
    on_lines = sum((amount for amount, _ in lines), ZERO)
    on_charges = sum((amount for amount, _ in charges), ZERO)
    vat = sum((rate.amount for rate in rates), ZERO)
    net = on_lines + on_charges
    return TotalsDocument(lines=on_lines, charges=on_charges, net=net, vat=vat, gross=net + vat, vat_rates=rates)
