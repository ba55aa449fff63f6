"""Totals are sums of what is shown, and VAT is reckoned per rate."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.types import line_net, rounded
from orders.totals import totals

amounts = st.decimals(Decimal("0.01"), Decimal("999999.99"), places=2)
percents = st.sampled_from([Decimal(25), Decimal(12), Decimal(6), Decimal(0)])
taxed = st.lists(st.tuples(amounts, percents), min_size=1, max_size=30)


def test_a_line_is_rounded_half_up() -> None:
    """100.005 becomes 100.01, as Peppol's examples and Swedish invoices have it."""
    assert line_net(Decimal(3), Decimal("33.335"), Decimal(1)) == Decimal("100.01")


def test_a_price_for_a_hundred_is_divided() -> None:
    assert line_net(Decimal(250), Decimal("12.50"), Decimal(100)) == Decimal("31.25")


def test_vat_is_reckoned_on_the_sum_of_a_rate_and_not_line_by_line() -> None:
    """Three lines of 0.10 at 25 %: 0.08 on the sum, where line by line would give 0.09."""
    assert totals([(Decimal("0.10"), Decimal(25))] * 3).vat == Decimal("0.08")


@given(lines=taxed, charges=taxed)
def test_what_is_shown_adds_up(lines: list[tuple[Decimal, Decimal]], charges: list[tuple[Decimal, Decimal]]) -> None:
    found = totals(lines, charges)
    assert found.lines == sum(amount for amount, _ in lines)
    assert found.net == found.lines + found.charges == sum(rate.base for rate in found.vat_rates)
    assert found.vat == sum(rate.amount for rate in found.vat_rates)
    assert found.gross == found.net + found.vat
    assert all(rate.amount == rounded(rate.base * rate.percent / 100) for rate in found.vat_rates)
    assert [rate.percent for rate in found.vat_rates] == sorted({p for _, p in [*lines, *charges]}, reverse=True)
