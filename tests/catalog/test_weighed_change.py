"""Changes that the price of one does not tell: another unit, another package, another number, tiers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask

from auth.permission import Role
from catalog.actions.price_list import approve, import_price_list
from catalog.actions.price_review import accept, difference_of, refuse
from catalog.agreement import Award, Entitlement
from catalog.comparison_price import Unit, units_in
from catalog.price_change import Kind, PriceChange
from catalog.price_list import Article, PriceList, PriceListState
from catalog.price_refusal import refusals_of
from catalog.price_row import rows_of
from catalog.price_rule import PriceRule
from core.clock import today
from core.db import db
from core.errors import NotAllowed, RuleBroken
from tests.factories.auth import make_member
from tests.factories.catalog import make_agreement, make_award, make_lot
from tests.factories.orders import make_order, make_place

HEADER = "Artikelnummer;Benämning;Enhet;Antal per förpackning;Innehållsenhet;Prisenhet;Pris;Moms;GTIN;Staffelpris"
GTIN = "7310130003547"


@pytest.fixture
def award(app: Flask) -> Award:
    return make_award(make_lot(make_agreement()))


def bring_in(award: Award, *rows: str, actor: object = None) -> PriceList:
    """Rows of number; unit; pack size; pack unit; base quantity; price; GTIN; tiers."""
    lines = [HEADER]
    for row in rows:
        number, unit, size, of, base, price, gtin, tiers = (row.split("|") + [""] * 8)[:8]
        lines.append(f'{number};N;{unit};{size};{of};{base or 1};{price};25;{gtin};"{tiers}"')
    outcome = import_price_list(actor, award, "\n".join(lines).encode(), "lista", today())  # type: ignore[arg-type]
    assert outcome.price_list is not None, outcome.problems
    return outcome.price_list


def give_rule(award: Award, **values: Decimal) -> None:
    db.session.add(PriceRule(agreement_id=award.lot.agreement_id, **values))
    db.session.flush()


def only_change(price_list: PriceList) -> PriceChange:
    [change] = difference_of(price_list).page(None, 1).items
    return change


@pytest.mark.parametrize(
    ("before", "after", "percent"),
    [
        ("a|st||||10", "a|100 st||||1000", None),
        ("a|st||||10", "a|100 st||||1030", "3.0"),
        ("a|förp|10|st||100", "a|förp|8|st||100", "25.0"),  # the same price for fewer
        ("a|förp|10|st||100", "a|förp|8|st||80", None),
        ("a|förp|10|||100", "a|förp|8|||100", "25.0"),  # nobody says of what
        ("a|st||||10", "a|krt|12|st||120", None),
        ("a|st||||10", "a|krt|12|st||132", "10.0"),
        ("a|krt|12|st||120", "a|st||||10", None),
        ("a|flaska|1|l||40", "a|flaska|750|ml||40", "33.3"),
        ("a|kg||||20", "a|hg||||2", None),
        ("a|kg||||20", "a|hg||||2,50", "25.0"),
        ("a|tim||||600", "a|min||||10", None),
        ("a|tim||||600", "a|min||||11", "10.0"),
        ("a|st|||100|500", "a|st|||50|500", "100.0"),  # the price holds for fewer
        ("a|st|||100|500", "a|100 st||||500", None),
        ("a|förp||||100", "a|förp|10|st||100", None),  # only now it says what is in it
        ("a|kg|5|kg||20", "a|kg|10|kg||20", None),  # a kilogram is one, whatever it comes in
        ("a|kg|5|kg||20", "a|kg|10|kg||22", "10.0"),
    ],
)
def test_prices_are_compared_for_what_a_unit_holds(award: Award, before: str, after: str, percent: str | None) -> None:
    approve(None, bring_in(award, before))
    give_rule(award, largest_raise=Decimal(2))
    draft = bring_in(award, after)
    change, totals = only_change(draft), difference_of(draft).totals
    assert change.percent == (None if percent is None else Decimal(percent))
    assert change.kind is (Kind.REWORDED if percent is None else Kind.DEARER)
    assert change.is_breaking == (percent is not None) == (totals.breaking == 1)
    assert (totals.incomparable, change.is_comparable) == (0, True)
    assert totals.largest_percent.quantize(Decimal("0.1")) == Decimal(percent or 0)


INCOMPARABLE = [
    ("a|st||||10", "a|förp||||10"),
    ("a|kg||||10", "a|l||||10"),
    ("a|förp|10|st||10", "a|förp||||10"),  # it no longer says what is in it
    ("a|förp|10|st||10", "a|krt||||10"),
    ("a|förp|10|st||10", "a|förp|10|kg||10"),
    ("a|sats||||10", "a|kit||||10"),
]


@pytest.mark.parametrize(("before", "after"), INCOMPARABLE)
def test_what_cannot_be_compared_is_outside_the_agreement_until_it_is_refused(
    award: Award, before: str, after: str
) -> None:
    approve(None, bring_in(award, before, "b|st||||10"))
    give_rule(award, largest_raise=Decimal(1000))
    draft = bring_in(award, after, "b|st||||10")
    change, totals = only_change(draft), difference_of(draft).totals
    assert (change.is_comparable, change.is_breaking, change.effect, change.percent) == (False, True, None, None)
    assert (totals.breaking, totals.incomparable) == (1, 1)
    with pytest.raises(RuleBroken) as refusal:
        approve(None, draft)
    assert "inte går att jämföra" in str(refusal.value.message)
    refuse(None, draft, "Vi vill ha den gamla enheten", kind=Kind.BREAKING)
    approve(None, draft)
    assert draft.state is PriceListState.PUBLISHED


@pytest.mark.parametrize("limit", ["limit_percent", "limit_effect"])
def test_what_cannot_be_compared_needs_a_second_person(award: Award, limit: str) -> None:
    first, second = (make_member(Role.AGREEMENT_OWNER, award.lot.agreement.owner) for _ in range(2))
    approve(None, bring_in(award, "a|st||||10"))
    give_rule(award, **{limit: Decimal(10_000)})
    draft = bring_in(award, "a|förp||||10", actor=first)
    with pytest.raises(NotAllowed):
        approve(first, draft)
    approve(second, draft)
    assert draft.state is PriceListState.PUBLISHED


def test_what_cannot_be_compared_is_let_through_where_nothing_is_said_of_prices(award: Award) -> None:
    first = make_member(Role.AGREEMENT_OWNER, award.lot.agreement.owner)
    approve(None, bring_in(award, "a|st||||10"))
    give_rule(award, limit_share=Decimal(100))
    draft = bring_in(award, "a|förp||||10", actor=first)
    assert (difference_of(draft).totals.breaking, difference_of(draft).totals.incomparable) == (0, 1)
    approve(first, draft)


def test_a_quantity_of_the_tiers_is_one_of_the_former_units(award: Award) -> None:
    approve(None, bring_in(award, "a|st||||10||12: 9; 144: 8"))
    give_rule(award, largest_raise=Decimal(0))
    same = bring_in(award, "a|krt|12|st||108||12: 96")
    assert (difference_of(same).totals.breaking, only_change(same).kind) == (0, Kind.CHEAPER)
    dearer = bring_in(award, "a|krt|12|st||108||13: 96")  # from 144 on there is no lower price any more
    assert difference_of(dearer).totals.breaking == 1


def test_absurd_sizes_and_prices_break_nothing(award: Award) -> None:
    approve(None, bring_in(award, "a|förp|0,001|mg|1000000|0,0001", "b|förp|1000000|ton|0,001|1000000000"))
    give_rule(award, largest_raise=Decimal(1), limit_effect=Decimal(1))
    draft = bring_in(award, "a|förp|1000000|ton|0,001|1000000000", "b|förp|0,001|mg|1000000|0,0001")
    totals = difference_of(draft).totals
    assert totals.changed == 2 and totals.largest_percent >= 0
    assert len(difference_of(draft).page(None, 1).items) == 2


def test_nothing_is_known_of_a_unit_that_is_not_named() -> None:
    piece = Unit("H87", None, None)
    assert units_in(piece, piece) == 1
    assert units_in(Unit("XPK", Decimal(10), "H87"), piece) == 10
    assert units_in(Unit("XPK", Decimal(10), None), piece) is None


# Another number


def test_article_with_another_number_is_compared_as_the_one_it_is(award: Award) -> None:
    approve(None, bring_in(award, f"old|st||||10|{GTIN}", "b|st||||10"))
    give_rule(award, largest_raise=Decimal(2))
    draft = bring_in(award, f"new|st||||11|{GTIN}", "b|st||||10")
    change, totals = only_change(draft), difference_of(draft).totals
    assert (change.article.supplier_number, change.kind, change.percent) == ("new", Kind.DEARER, Decimal("10.0"))
    assert change.reworded == ["supplier_number"] and change.is_breaking
    assert (totals.new, totals.gone, totals.dearer, totals.changed, totals.breaking) == (0, 0, 1, 1, 1)
    with pytest.raises(RuleBroken):
        approve(None, draft)


def test_refused_new_number_keeps_the_old_one(award: Award) -> None:
    approve(None, bring_in(award, f"old|st||||10|{GTIN}"))
    draft = bring_in(award, f"new|st||||11|{GTIN}")
    refuse(None, draft, "Nej", numbers=["new"])
    assert accept(None, draft, ["new"]) == 2
    assert list(refusals_of(draft)) == []
    refuse(None, draft, "Nej", kind=Kind.DEARER)
    assert [(r.supplier_number, r.kind, r.kept_price, r.offered_price) for r in refusals_of(draft)] == [
        ("new", "dearer", 10, 11),
        ("old", "gone", 10, None),
    ]
    assert difference_of(draft).totals.refused == 1
    approve(None, draft)
    assert [(row.supplier_number, row.price) for row in rows_of(draft)] == [("old", 10)]
    assert difference_of(draft).totals.changed == 0


def test_another_number_and_another_unit_are_compared_too(award: Award) -> None:
    approve(None, bring_in(award, f"old|st||||10|{GTIN}|10: 9"))
    give_rule(award, largest_raise=Decimal(2))
    assert difference_of(bring_in(award, f"new|krt|10|st||90|{GTIN}")).totals.breaking == 0
    assert difference_of(bring_in(award, f"new|krt|10|st||100|{GTIN}")).totals.breaking == 1
    assert difference_of(bring_in(award, f"new|krt||||1|{GTIN}")).totals.incomparable == 1


def test_gtin_joins_nothing_that_is_still_there(award: Award) -> None:
    approve(None, bring_in(award, f"old|st||||10|{GTIN}"))
    totals = difference_of(bring_in(award, f"old|st||||10|{GTIN}", f"new|st||||99|{GTIN}")).totals
    assert (totals.new, totals.gone, totals.dearer) == (1, 0, 0)


def test_several_that_come_back_with_one_gtin_follow_the_same_row(award: Award) -> None:
    approve(None, bring_in(award, f"old|st||||10|{GTIN}", f"older|st||||20|{GTIN}"))
    draft = bring_in(award, f"n1|st||||11|{GTIN}", f"n2|st||||12|{GTIN}")
    totals = difference_of(draft).totals
    assert (totals.new, totals.gone, totals.dearer) == (0, 1, 2)
    refuse(None, draft, "Nej", kind=Kind.DEARER)
    approve(None, draft)
    assert [row.supplier_number for row in rows_of(draft)] == ["old"]


# What it costs


def bought(award: Award, *rows: str, quantities: tuple[str, ...]) -> None:
    """A list in force of which the first article was ordered, once for each quantity."""
    listed = bring_in(award, *rows)
    approve(None, listed)
    place = make_place()
    agreement = award.lot.agreement
    agreement.entitlements.append(Entitlement(organisation=place.organisation, starts_on=agreement.starts_on))
    db.session.flush()
    row = db.session.query(Article).filter_by(price_list_id=listed.id).order_by(Article.id).first()
    assert row is not None
    for quantity in quantities:
        make_order(place, [(row, Decimal(quantity))])


@pytest.mark.parametrize(
    ("after", "effect"),
    [
        ("a|st||||10||10: 9", "20"),  # 20 of them cost a krona more
        ("a|st||||11||10: 8", "2"),  # two that were bought one by one, and the others as before
        ("a|st||||10||20: 8", "0"),
        ("a|st||||10||21: 8", "40"),
        ("a|st||||10", "40"),
        ("a|st||||9||10: 7", "-22"),
        ("a|krt|10|st||90", "18"),  # 20 in two cartons, and two pieces at the carton's price
    ],
)
def test_effect_is_what_last_years_lines_would_have_cost(award: Award, after: str, effect: str) -> None:
    bought(award, "a|st||||10||10: 8", quantities=("1", "1", "20"))
    draft = bring_in(award, after)
    totals = difference_of(draft).totals
    assert only_change(draft).volume == 22
    assert (only_change(draft).effect, totals.effect) == (Decimal(effect), Decimal(effect))
    assert (totals.dearer_effect if Decimal(effect) > 0 else totals.cheaper_effect) == Decimal(effect)


@pytest.mark.parametrize("after", ["a|st||||10||10: 9", "a|st||||10||10: 7"])
def test_effect_of_a_tier_counts_on_the_limit(award: Award, after: str) -> None:
    first, second = (make_member(Role.AGREEMENT_OWNER, award.lot.agreement.owner) for _ in range(2))
    bought(award, "a|st||||10||10: 8", quantities=("20",))
    give_rule(award, limit_effect=Decimal("19.99"))
    draft = bring_in(award, after, actor=first)
    with pytest.raises(NotAllowed):
        approve(first, draft)
    approve(second, draft)


def test_changed_tier_counts_as_a_changed_row(award: Award) -> None:
    approve(None, bring_in(award, "a|st||||10||10: 8", "b|st||||10"))
    totals = difference_of(bring_in(award, "a|st||||10||10: 9", "b|st||||10")).totals
    assert (totals.changed, totals.share) == (1, 50)


@pytest.mark.parametrize(
    ("tiers", "kind"), [("10: 9", Kind.DEARER), ("10: 7", Kind.CHEAPER), ("5: 9; 20: 9", Kind.REWORDED)]
)
def test_changed_tiers_are_of_the_kind_that_they_all_are(award: Award, tiers: str, kind: Kind) -> None:
    approve(None, bring_in(award, "a|st||||10||10: 8"))
    draft = bring_in(award, f"a|st||||10||{tiers}")
    assert only_change(draft).kind is kind
    totals = difference_of(draft).totals
    assert (totals.dearer, totals.cheaper, totals.reworded) == (kind is Kind.DEARER, kind is Kind.CHEAPER, 1)


def test_effect_of_an_article_with_another_number_is_that_of_the_old_one(award: Award) -> None:
    bought(award, f"old|st||||10|{GTIN}", quantities=("3",))
    draft = bring_in(award, f"new|st||||12|{GTIN}")
    totals = difference_of(draft).totals
    assert (totals.effect, totals.gone_spend) == (6, 0)
