"""Allocation keys: whose turn it is, and that the shares become what was agreed."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from catalog.agreement import Award
from catalog.allocation import standing
from catalog.supplier import Supplier

amounts = st.decimals(Decimal("0.01"), Decimal(50_000), places=2)
shares = st.lists(st.integers(1, 100), min_size=2, max_size=6)


def awards_of(*agreed: int) -> list[Award]:
    return [
        Award(id=n, rank=n, share=Decimal(share), supplier=Supplier(name=f"Leverantör {n}"))
        for n, share in enumerate(agreed, start=1)
    ]


def turn(awards: list[Award], used: dict[int, Decimal], amount: Decimal) -> int:
    """The award that gets the next order; of several in turn the first."""
    return next(share.award.id for share in standing(awards, used, amount) if share.is_next)


def test_the_first_order_goes_to_the_largest_share() -> None:
    awards = awards_of(40, 60)
    found = standing(awards, {1: Decimal(0), 2: Decimal(0)}, Decimal(100))
    assert [(s.award.id, s.agreed, s.so_far, s.behind, s.is_next) for s in found] == [
        (2, Decimal("60.0"), Decimal(0), Decimal("60.00"), True),
        (1, Decimal("40.0"), Decimal(0), Decimal("40.00"), False),
    ]


def test_before_anything_is_asked_for_all_are_in_turn() -> None:
    assert [s.is_next for s in standing(awards_of(40, 60), {1: Decimal(0), 2: Decimal(0)}, Decimal(0))] == [True, True]


def test_the_size_of_the_order_counts() -> None:
    """At 60 to 45 of shares 60/40 the second is ahead; an order of 100 would leave the first furthest behind."""
    awards, used = awards_of(60, 40), {1: Decimal(63), 2: Decimal(40)}
    assert turn(awards, used, Decimal(1)) == 2
    assert turn(awards, used, Decimal(100)) == 1


def test_equals_are_both_in_turn() -> None:
    found = standing(awards_of(50, 50), {1: Decimal(100), 2: Decimal(100)}, Decimal(10))
    assert [share.is_next for share in found] == [True, True]


def test_shares_that_sum_to_less_are_shares_of_those_compared() -> None:
    """The third is blocked and not compared: the other two share out between them as agreed."""
    found = standing(awards_of(30, 30), {1: Decimal(0), 2: Decimal(10)}, Decimal(10))
    assert [share.agreed for share in found] == [Decimal("50.0"), Decimal("50.0")]
    assert found[0].award.id == 1


@given(agreed=shares, orders=st.lists(amounts, min_size=1, max_size=60))
def test_nobody_is_ever_ahead_by_more_than_one_order(agreed: list[int], orders: list[Decimal]) -> None:
    """So the shares converge: what divides a supplier from its share stays the same while the total grows."""
    awards = awards_of(*agreed)
    used = {award.id: Decimal(0) for award in awards}
    whole, largest = sum(agreed), max(orders)
    for amount in orders:
        used[turn(awards, used, amount)] += amount
        total = sum(used.values(), Decimal(0))
        for award in awards:
            fair = Decimal(agreed[award.id - 1]) * total / whole
            assert used[award.id] <= fair + largest
            assert used[award.id] >= fair - largest * (len(awards) - 1)


@given(agreed=shares, orders=st.lists(amounts, min_size=2, max_size=40), data=st.data())
def test_what_is_cancelled_is_made_up_for(agreed: list[int], orders: list[Decimal], data: st.DataObject) -> None:
    awards = awards_of(*agreed)
    used = {award.id: Decimal(0) for award in awards}
    placed: list[tuple[int, Decimal]] = []
    for amount in orders:
        placed.append((turn(awards, used, amount), amount))
        used[placed[-1][0]] += amount
    award_id, amount = data.draw(st.sampled_from(placed))
    before = {share.award.id: share.behind for share in standing(awards, used, Decimal(0))}
    used[award_id] -= amount
    after = {share.award.id: share.behind for share in standing(awards, used, Decimal(0))}
    assert after[award_id] >= before[award_id]
    assert all(after[other] <= before[other] for other in after if other != award_id)
    for _again in range(len(orders) * 3):
        used[turn(awards, used, max(orders))] += max(orders)
    total, whole = sum(used.values(), Decimal(0)), sum(agreed)
    assert all(used[a.id] <= Decimal(agreed[a.id - 1]) * total / whole + max(orders) for a in awards)
