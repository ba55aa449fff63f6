"""How an amount is charged: parts always give the whole, and say in one text what they say in the database."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RuleBroken
from orders.coded import (
    HUNDRED,
    Coded,
    CodedPart,
    by_coding,
    check_sum,
    coding_text,
    common_text,
    shared_out,
)

ANSVAR, KONTO = Coded(1, "Ansvar", "12345", "Centrumskolan"), Coded(2, "Konto", "64600")
öre = st.integers(0, 10**13).map(lambda n: Decimal(n).scaleb(-2))
weights = st.lists(st.integers(1, 10_000).map(lambda n: Decimal(n).scaleb(-2)), min_size=1, max_size=10)


@given(öre, weights)
def test_what_is_shared_out_gives_the_whole_and_no_part_is_an_öre_off(total: Decimal, by: list[Decimal]) -> None:
    parts = shared_out(total, by)
    assert sum(parts) == total
    for part, weight in zip(parts, by, strict=True):
        assert abs(part - total * weight / sum(by)) < Decimal("0.01")


def test_the_öre_left_over_goes_where_most_was_cut_off() -> None:
    assert shared_out(Decimal("0.05"), [Decimal(50), Decimal(50)]) == [Decimal("0.03"), Decimal("0.02")]
    thirds = [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]
    assert shared_out(Decimal("100.00"), thirds) == [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]
    assert shared_out(Decimal("-10.01"), [HUNDRED, HUNDRED]) == [Decimal("-5.01"), Decimal("-5.00")]


@pytest.mark.parametrize("by", [[Decimal(0)], [Decimal(5), Decimal(-1)]])
def test_nothing_is_shared_out_by_weights_that_are_not_above_zero(by: list[Decimal]) -> None:
    with pytest.raises(ValueError, match="weights"):
        shared_out(Decimal(1), by)


def test_a_part_says_the_same_when_it_is_read_again() -> None:
    part = CodedPart(Decimal("10.50"), (ANSVAR, KONTO), Decimal("60.5"))
    assert CodedPart.read(part.told()) == part


def line(net: str, *parts: CodedPart) -> SimpleNamespace:
    return SimpleNamespace(net_amount=Decimal(net), coding=parts)


def test_a_coding_that_is_not_the_whole_line_is_refused() -> None:
    check_sum(line("10.00"))
    check_sum(line("10.00", CodedPart(Decimal("10.00"), (KONTO,))))
    with pytest.raises(RuleBroken):
        check_sum(line("10.00", CodedPart(Decimal("9.99"), (KONTO,))))


def test_the_text_for_the_supplier_names_dimensions_and_the_amounts_of_a_split() -> None:
    whole = (CodedPart(Decimal(10), (ANSVAR, KONTO)),)
    split = (CodedPart(Decimal("6"), (ANSVAR,)), CodedPart(Decimal("4.50"), (KONTO,)))
    assert coding_text(whole) == "Ansvar 12345, Konto 64600"
    assert coding_text(split) == "6,00 kr: Ansvar 12345; 4,50 kr: Konto 64600"
    assert coding_text(()) is None


def test_an_order_has_a_common_text_where_all_lines_are_coded_alike_and_none_is_split() -> None:
    one, other = CodedPart(Decimal(10), (ANSVAR,)), CodedPart(Decimal(7), (ANSVAR,))
    assert common_text([line("10", one), line("7", other)]) == "Ansvar 12345"
    assert common_text([line("10", one), line("7")]) is None
    assert common_text([line("17", one, other)]) is None
    assert common_text([line("10")]) is None


def test_what_lines_charge_is_summed_by_coding_the_uncoded_too() -> None:
    lines = [line("10", CodedPart(Decimal(6), (ANSVAR,)), CodedPart(Decimal(4), (KONTO,))), line("3")]
    lines.append(line("1", CodedPart(Decimal(1), (ANSVAR,))))
    assert by_coding(lines) == {(ANSVAR,): Decimal(7), (KONTO,): Decimal(4), (): Decimal(3)}
