"""What is said at the till: a line takes from the coding for all what it leaves empty, and a split gives the whole."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.errors import RuleBroken
from orders.coded import Coded, CodedPart
from orders.coding_said import Said, SaidCoding, SaidPart, amounts_of, gathered, said_again

A, K = 1, 2  # dimensions
NET = Decimal("99.99")


def split(*parts: tuple[dict[int, str], str], by_amount: bool = False) -> SaidCoding:
    return SaidCoding(tuple(SaidPart(codes, share) for codes, share in parts), by_amount)


def test_a_line_fills_from_all_what_it_leaves_empty() -> None:
    said = Said(SaidCoding((SaidPart({A: "1", K: "2"}),)), {7: SaidCoding((SaidPart({K: "9"}),)), 8: SaidCoding()})
    assert said.of(7).parts[0].codes == {A: "1", K: "9"}
    assert said.of(8) == said.of(99) == said.whole


def test_a_line_with_a_code_of_its_own_is_split_as_all_are() -> None:
    said = Said(split(({A: "1"}, "60"), ({A: "2"}, "")), {7: SaidCoding((SaidPart({K: "9"}),))})
    assert said.of(7) == split(({A: "1", K: "9"}, "60"), ({A: "2", K: "9"}, ""))


def test_a_split_line_takes_from_all_only_what_their_parts_agree_on() -> None:
    said = Said(split(({A: "1", K: "5"}, "60"), ({A: "2", K: "5"}, "")), {7: split(({A: "3"}, "1"), ({A: "4"}, ""))})
    assert [part.codes for part in said.of(7).parts] == [{A: "3", K: "5"}, {A: "4", K: "5"}]


@pytest.mark.parametrize("shares", [("60", "40"), ("60 %", ""), ("33,33", "66,67%"), ("99,99", "")])
def test_percentages_give_the_whole_line(shares: tuple[str, str]) -> None:
    amounts = amounts_of(split(({A: "1"}, shares[0]), ({A: "2"}, shares[1])), NET)
    assert sum(amount for amount, _ in amounts) == NET
    assert sum(percent or 0 for _, percent in amounts) == 100


@pytest.mark.parametrize("shares", [("60", "39,99"), ("60,00 kr", ""), ("1", "98,99 kr")])
def test_amounts_give_the_whole_line(shares: tuple[str, str]) -> None:
    amounts = amounts_of(split(({A: "1"}, shares[0]), ({A: "2"}, shares[1]), by_amount=True), NET)
    assert sum(amount for amount, _ in amounts) == NET
    assert all(percent is None for _, percent in amounts)


@pytest.mark.parametrize(
    ("shares", "by_amount", "why"),
    [
        (("60", "30"), False, "90 %, men ska vara 100"),
        (("60", "50"), False, "110 %"),
        (("100", ""), False, "100 %"),
        (("", ""), False, "Bara en"),
        (("60", "40"), True, "100 kr, men raden är 99,99"),
        (("99,99", ""), True, "99,99 kr"),
        (("0", "100"), False, "större än noll"),
        (("-5", "105"), False, "större än noll"),
        (("1,234", ""), False, "ingen del"),
        (("NaN", ""), True, "ingen del"),
        (("٥", ""), True, "ingen del"),
    ],
)
def test_shares_that_are_not_the_whole_are_refused_with_the_reason(
    app: object, shares: tuple[str, str], by_amount: bool, why: str
) -> None:
    with pytest.raises(RuleBroken) as refused:
        amounts_of(split(({}, shares[0]), ({}, shares[1]), by_amount=by_amount), NET)
    assert why in str(refused.value.message)


def test_what_it_became_can_be_said_again() -> None:
    parts = tuple(
        CodedPart(amount, (Coded(A, "Ansvar", code),), percent)
        for code, (amount, percent) in zip("12", amounts_of(split(({}, "60"), ({}, "")), NET), strict=True)
    )
    assert amounts_of(said_again(parts), NET) == [(part.amount, part.percent) for part in parts]
    by_amount = tuple(CodedPart(part.amount, part.codes) for part in parts)
    assert amounts_of(said_again(by_amount), NET) == [(part.amount, None) for part in parts]
    assert said_again(()) == SaidCoding()


def test_codings_that_are_the_same_are_gathered_to_one_for_all() -> None:
    coding, other = SaidCoding((SaidPart({A: "1"}),)), SaidCoding((SaidPart({A: "2"}),))
    assert gathered({7: coding, 8: coding}) == Said(coding)
    assert gathered({7: coding, 8: other}) == Said(SaidCoding(), {7: coding, 8: other})


def test_a_split_has_ten_parts_at_most_and_can_be_undone() -> None:
    coding = SaidCoding((SaidPart({A: "1"}),))
    for _ in range(20):
        coding = coding.with_part()
    assert len(coding.parts) == 10
    assert coding.without_parts() == SaidCoding((SaidPart({A: "1"}),))
