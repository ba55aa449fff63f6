"""Probable splitting: the pure rule at its boundaries, and what it is told of real requisitions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from auth.permission import Role
from catalog.price_list import Article
from core.clock import frozen, now, today
from core.db import TransactionalFlask, db
from orders.actions.approval import reject
from orders.approval_queries import approval_view
from orders.splitting import LimitKind, Measure, Purchase, splits
from orders.splitting_queries import names_of, scope_of, splits_between, splits_sheet, splits_with
from tests.factories.auth import make_member, make_office, make_unit
from tests.factories.catalog import make_category, make_offer
from tests.factories.orders import Place, make_place, make_requisition, make_rule, pending_step

DAY = date(2026, 3, 1)
MEASURE = Measure(30, Decimal(25))
LIMIT = Decimal(10_000)


def bought(number: int, amount: str, days: int = 0, **values: Any) -> Purchase:
    facts = {"organisation_id": 1, "unit_id": 1, "supplier_id": 1, "category_id": 1, "lot_id": 1}
    return Purchase(number, **(facts | {"on": DAY + timedelta(days=days), "amount": Decimal(amount), **values}))


def found(
    *purchases: Purchase, limits: tuple[Decimal, ...] = (LIMIT,), direct: Decimal | None = None
) -> list[list[int]]:
    return [[p.requisition_id for p in s.purchases] for s in splits(purchases, limits, direct, MEASURE)]


@pytest.mark.parametrize(
    ("amount", "is_near"), [("9999.99", True), ("10000", False), ("7500", True), ("7499.99", False), ("20000", False)]
)
def test_just_under_begins_at_a_quarter_below_and_ends_before_the_limit(amount: str, is_near: bool) -> None:
    assert found(bought(1, "9000"), bought(2, amount)) == ([[1, 2]] if is_near else [])


def test_one_purchase_is_no_split() -> None:
    assert found(bought(1, "9000")) == []
    assert found(bought(1, "4500"), bought(1, "4500")) == []  # two lines of one requisition


def test_lines_of_one_requisition_are_one_purchase() -> None:
    assert found(bought(1, "4500"), bought(1, "4500"), bought(2, "9000")) == [[1, 2]]
    assert found(bought(1, "6000"), bought(1, "6000"), bought(2, "9000")) == []


def test_one_just_after_a_full_period_is_not_forgotten() -> None:
    """It lies two days from the second, though more than the days from the first."""
    row = [bought(1, "9000"), bought(2, "9000", 29), bought(3, "9000", 31)]
    assert found(*row) == [[2, 3], [1, 2]]
    assert found(*row, bought(4, "9000", 62)) == [[2, 3], [1, 2]]


@pytest.mark.parametrize(("days", "is_near"), [(30, True), (31, False)])
def test_the_days_are_counted_from_the_first(days: int, is_near: bool) -> None:
    assert found(bought(1, "9000"), bought(2, "9000", days)) == ([[1, 2]] if is_near else [])


def test_a_long_row_is_parted_by_the_days() -> None:
    row = [bought(number, "9000", number * 16) for number in range(4)]
    assert found(*row) == [[2, 3], [0, 1]]


@pytest.mark.parametrize("differs", ["supplier_id", "category_id"])
def test_another_supplier_or_category_is_another_purchase(differs: str) -> None:
    assert found(bought(1, "9000"), bought(2, "9000", **{differs: 2})) == []


def test_two_units_of_one_organisation_are_told_as_such() -> None:
    [split] = splits([bought(1, "9000"), bought(2, "9000", unit_id=2)], [LIMIT], None, MEASURE)
    assert not split.is_of_one_unit and split.total == Decimal(18_000)


def test_a_lots_competition_limit_is_still_below_at_the_limit_itself() -> None:
    above = {"competition_above": LIMIT}
    [split] = splits([bought(1, "10000", **above), bought(2, "9000", **above)], [], None, MEASURE)
    assert split.kind is LimitKind.COMPETITION
    assert splits([bought(1, "10000.01", **above), bought(2, "9000", **above)], [], None, MEASURE) == []
    other = bought(2, "9000", lot_id=2, **above)
    assert splits([bought(1, "9000", **above), other], [], None, MEASURE) == []


def test_the_limit_of_direct_procurement_counts() -> None:
    [split] = splits([bought(1, "690000"), bought(2, "690000")], [], Decimal(700_000), MEASURE)
    assert split.kind is LimitKind.DIRECT


def test_what_an_approver_may_say_yes_to_is_a_limit_that_may_be_reached() -> None:
    [split] = splits([bought(1, "10000"), bought(2, "9000")], [], None, MEASURE, [LIMIT])
    assert split.kind is LimitKind.APPROVER
    assert splits([bought(1, "10000.01"), bought(2, "9000")], [], None, MEASURE, [LIMIT]) == []


def test_a_limit_of_nothing_is_none() -> None:
    assert found(bought(1, "0"), bought(2, "0"), limits=(Decimal(0),)) == []


# Of real requisitions


@pytest.fixture
def place(app: TransactionalFlask) -> Place:
    made = make_place()
    make_rule(made.organisation, amount_from=Decimal(1000))
    return made


@pytest.fixture
def paper(place: Place) -> Article:
    article = make_offer(place.organisation, price=Decimal(10))
    article.award.lot.category = make_category()
    db.session.flush()
    return article


def test_the_approver_sees_what_a_requisition_is_probably_part_of(
    place: Place, paper: Article, count_queries: Callable[[], Any]
) -> None:
    first = make_requisition(place, [(paper, Decimal(90))])
    assert splits_with(first) == []
    second = make_requisition(place, [(paper, Decimal(95))])
    small = make_requisition(place, [(paper, Decimal(10))])
    db.session.flush()
    with count_queries() as queries:
        [split] = splits_with(second)
    assert len(queries) == 1
    assert [p.number for p in split.purchases] == [first.number, second.number]
    assert (split.kind, split.limit, split.total) == (LimitKind.APPROVAL, Decimal(1000), Decimal(1850))
    assert splits_with(small) == []
    assert list(approval_view(pending_step(second), place.approver).splits) == [split]


def test_what_was_refused_or_is_another_organisations_is_no_part(place: Place, paper: Article) -> None:
    refused = make_requisition(place, [(paper, Decimal(90))])
    reject(place.approver, pending_step(refused), "Nej", refused.content_hash or "")
    assert splits_with(make_requisition(place, [(paper, Decimal(95))])) == []


def test_what_was_ordered_in_an_emergency_is_a_part_whatever_was_said_after(place: Place, paper: Article) -> None:
    place.unit.emergency_cap, place.unit.emergency_hours = Decimal(5000), 24
    urgent = make_requisition(place, [(paper, Decimal(90))], emergency_reason="Det brinner.")
    reject(place.approver, pending_step(urgent), "Nej", urgent.content_hash or "")
    [split] = splits_with(make_requisition(place, [(paper, Decimal(95))]))
    assert split.purchases[0].number == urgent.number


def test_what_lies_too_far_back_is_no_part(place: Place, paper: Article) -> None:
    make_requisition(place, [(paper, Decimal(90))])
    with frozen(now() + timedelta(days=31)):
        assert splits_with(make_requisition(place, [(paper, Decimal(95))])) == []


def test_the_controller_sees_those_of_her_organisations(place: Place, paper: Article) -> None:
    for quantity in (90, 95):
        make_requisition(place, [(paper, Decimal(quantity))])
    make_unit(place.organisation)
    first = today() - timedelta(days=1)
    office = make_member(Role.AGREEMENT_OWNER, make_office())
    own, foreign = (
        make_member(Role.AGREEMENT_OWNER, place.organisation),
        make_member(Role.AGREEMENT_OWNER, make_place().organisation),
    )
    assert [len(splits_between(scope_of(user), first)) for user in (office, own, foreign)] == [1, 1, 0]
    assert splits_between(None, today() + timedelta(days=1)) == []
    seen = splits_between(scope_of(own), first)
    rows = list(splits_sheet(seen, names_of(seen)).rows)
    assert len(rows) == 2 and rows[0][0] == place.organisation.name and rows[0][9] == Decimal(900)
