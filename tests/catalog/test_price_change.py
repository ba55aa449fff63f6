"""What a price list changes: counted and weighed by the database; refused, limited, published and taken up again."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from auth.permission import Role
from auth.user import User
from catalog.actions.price_list import approve, import_price_list, publish, publish_due, withdraw
from catalog.actions.price_review import accept, difference_of, refuse, restore
from catalog.agreement import Award, Entitlement
from catalog.price_change import Kind, PriceChange, former_of
from catalog.price_history import chart_of, price_history
from catalog.price_list import Article, PriceList, PriceListState
from catalog.price_refusal import SAID, refusals_of
from catalog.price_row import rows_of
from catalog.price_rule import BOUNDS, PriceRule
from catalog.price_sheets import COLUMN_NAMES
from core.clock import STOCKHOLM, frozen, midnight, now, today
from core.db import commit, db
from core.errors import NotAllowed, RuleBroken, WrongState
from orders.actions.approval import approve as decide
from orders.actions.basket import add
from orders.actions.order import cancel
from orders.basket_queries import basket_of, view_basket
from tests.factories.auth import make_member, make_organisation
from tests.factories.catalog import make_agreement, make_award, make_lot, make_price_list
from tests.factories.orders import Place, make_order, make_place, make_requisition, pending_step

HEADER = "Artikelnummer;Benämning;Enhet;Pris;Moms;Prisenhet"
BEFORE = ("same;S;st;10;25;1", "up;U;st;100;25;1", "down;D;st;10;25;1", "gone;G;st;7;25;1", "text;T;st;10;25;1")
CHANGES = {"price-changed", "not-in-price-list"}  # what a basket is told of a new list
AFTER = ("same;S;st;10;25;1", "up;U;st;110;25;1", "down;D;st;5;25;1", "new;N;st;1;25;1", "text;T2;EA;10;25;1")


def bring_in(award: Award, *rows: str, actor: object = None, days: int = 0) -> PriceList:
    data = "\n".join([HEADER, *rows]).encode()
    outcome = import_price_list(actor, award, data, "lista", today() + timedelta(days=days))  # type: ignore[arg-type]
    assert outcome.price_list is not None, outcome.problems
    return outcome.price_list


@pytest.fixture
def award(app: Flask) -> Award:
    return make_award(make_lot(make_agreement()))


@pytest.fixture
def draft(award: Award) -> PriceList:
    approve(None, bring_in(award, *BEFORE))
    return bring_in(award, *AFTER)


def changes(price_list: PriceList, kind: Kind | None = None) -> dict[str, PriceChange]:
    return {c.article.supplier_number: c for c in difference_of(price_list).page(kind, 1).items}


def prices(price_list: PriceList) -> dict[str, Decimal]:
    return {row.supplier_number: row.price for row in rows_of(price_list)}


def give_rule(award: Award, **values: object) -> None:
    db.session.add(PriceRule(agreement_id=award.lot.agreement_id, **values))
    db.session.flush()


def test_every_kind_is_counted_and_named(draft: PriceList) -> None:
    totals = difference_of(draft).totals
    assert (totals.new, totals.gone, totals.dearer, totals.cheaper, totals.reworded) == (1, 1, 1, 1, 1)
    assert (totals.changed, totals.former, totals.share) == (5, 5, Decimal("83.33"))
    assert totals.largest_percent == Decimal(50)
    found = changes(draft)
    assert {number: c.kind for number, c in found.items()} == {
        "up": Kind.DEARER,
        "down": Kind.CHEAPER,
        "new": Kind.NEW,
        "gone": Kind.GONE,
        "text": Kind.REWORDED,
    }
    assert found["up"].percent == Decimal("10.0") and found["down"].percent == Decimal("-50.0")
    assert found["text"].reworded == ["name", "unit_code"] and found["text"].percent is None
    for kind in (Kind.DEARER, Kind.CHEAPER, Kind.NEW, Kind.GONE, Kind.REWORDED):
        assert [c.kind for c in changes(draft, kind).values()] == [kind]


def test_every_column_that_may_differ_has_a_name() -> None:
    assert set(SAID) - {"price"} == set(COLUMN_NAMES)


@pytest.mark.usefixtures("app")
def test_what_costs_the_most_comes_first_by_what_was_ordered() -> None:
    place = make_place()
    award = make_award(make_lot(make_agreement(place.organisation, starts_on=today() - timedelta(days=500))))
    numbers = {"often": "10", "seldom": "10", "cheaper": "10", "stopped": "10", "never": "1000"}
    long_ago = today() - timedelta(days=500)
    rows_in_force = [{"supplier_number": n, "price": Decimal(p)} for n, p in numbers.items()]
    listed = make_price_list(award, rows_in_force, effective_from=long_ago)
    rows = {a.supplier_number: a for a in db.session.query(Article).filter_by(price_list_id=listed.id)}
    make_order(place, [(rows["often"], Decimal(40)), (rows["seldom"], Decimal(1)), (rows["cheaper"], Decimal(5))])
    cancel(place.orderer, make_order(place, [(rows["stopped"], Decimal(900))]), "Fel")
    with frozen(now() - timedelta(days=400)):
        make_order(place, [(rows["never"], Decimal(1))])
    offered = {"often": "11.25", "seldom": "20", "cheaper": "4", "stopped": "99", "never": "2000"}
    new = make_price_list(
        award,
        [{"supplier_number": n, "price": Decimal(p), "name": rows[n].name} for n, p in offered.items()],
        state=PriceListState.DRAFT,
    )
    found = difference_of(new).page(None, 1).items
    assert [(c.article.supplier_number, c.effect) for c in found[:3]] == [
        ("often", Decimal(50)),
        ("cheaper", Decimal(-30)),
        ("seldom", Decimal(10)),
    ]
    assert [c.effect for c in found[3:]] == [0, 0]
    totals = difference_of(new).totals
    assert (totals.dearer_effect, totals.cheaper_effect, totals.effect) == (Decimal(60), Decimal(-30), Decimal(30))


def test_price_for_another_quantity_is_compared_for_one_unit(award: Award) -> None:
    approve(None, bring_in(award, "per;P;st;10;25;1", "dear;D;st;10;25;1", "tiny;T;st;0,0001;25;1000"))
    new = bring_in(award, "per;P;st;1000;25;100", "dear;D;st;1001;25;100", "tiny;T;st;0,0002;25;1000")
    kinds = {number: change.kind for number, change in changes(new).items()}
    assert kinds == {"per": Kind.REWORDED, "dear": Kind.DEARER, "tiny": Kind.DEARER}
    assert difference_of(new).totals.dearer == 2


def test_mistyped_price_in_the_millions_is_counted_and_breaks_nothing(award: Award) -> None:
    approve(None, bring_in(award, "a;A;st;10;25;0,001", "b;B;st;10;25;1"))
    new = bring_in(award, "a;A;st;1000000000;25;0,001", "b;B;st;1000000000;25;1")
    give_rule(award, largest_raise=Decimal(1000), limit_effect=Decimal(1))
    totals = difference_of(new).totals
    assert (totals.dearer, totals.breaking) == (2, 2)
    assert totals.largest_percent > 1_000_000


def test_first_list_is_new_throughout(award: Award) -> None:
    totals = difference_of(bring_in(award, *AFTER)).totals
    assert (totals.new, totals.changed, totals.former, totals.share) == (5, 5, 0, 0)


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        (1, ["N1", "N2", "N3"], "66.67"),  # two of the three are new
        (1, [f"N{n}" for n in range(1, 340)], "99.71"),
        (2, ["X1", "X2", "X3"], "100"),  # nothing is as it was
        (3, ["N1"], "66.67"),  # two of the three are gone
        (3, [], "100"),
    ],
)
def test_share_is_of_all_that_are_in_either_list(award: Award, before: int, after: list[str], share: str) -> None:
    approve(None, bring_in(award, *(f"N{n};N;st;10;25;1" for n in range(1, before + 1))))
    totals = difference_of(bring_in(award, *(f"{n};N;st;10;25;1" for n in after or ["only"]))).totals
    assert totals.share == Decimal(share)
    assert totals.has_outgrown == (totals.new > before)


def test_share_is_never_more_than_all_of_them(award: Award) -> None:
    """Two that come with the GTIN of one that left are both compared with it, and it was one."""
    approve(None, bring_in_gtin(award, "left"))
    totals = difference_of(bring_in_gtin(award, "one", "other")).totals
    assert (totals.changed, totals.new, totals.former, totals.share) == (2, 0, 1, 100)


def bring_in_gtin(award: Award, *numbers: str) -> PriceList:
    rows = [f"{number};A;st;10;25;7340090400001" for number in numbers]
    data = "\n".join(["Artikelnummer;Benämning;Enhet;Pris;Moms;GTIN", *rows]).encode()
    made = import_price_list(None, award, data, "lista", today()).price_list
    assert made is not None
    return made


def test_list_in_force_is_compared_with_the_one_before(draft: PriceList) -> None:
    before = former_of(draft)
    approve(None, draft)
    assert former_of(draft) is before
    assert difference_of(draft).totals.dearer == 1


# Refusing


def test_refused_rows_keep_what_is_in_force(draft: PriceList) -> None:
    refuse(None, draft, "För dyrt", numbers=["up", "new", "gone"])
    assert difference_of(draft).totals.refused == 3
    approve(None, draft)
    assert prices(draft) == {"same": 10, "up": 100, "down": 5, "text": 10, "gone": 7}
    assert draft.article_count == 5
    totals = difference_of(draft).totals
    assert (totals.dearer, totals.new, totals.gone, totals.cheaper) == (0, 0, 0, 1)
    told = {r.supplier_number: (r.kind, r.offered_price, r.kept_price, r.reason) for r in refusals_of(draft)}
    assert told == {
        "up": ("dearer", 110, 100, "För dyrt"),
        "new": ("new", 1, None, "För dyrt"),
        "gone": ("gone", None, 7, "För dyrt"),
    }


def test_nothing_refused_changes_no_row(draft: PriceList) -> None:
    before = list(rows_of(draft))
    approve(None, draft)
    assert list(rows_of(draft)) == before


def test_all_of_a_kind_are_refused_and_taken_back(draft: PriceList) -> None:
    assert refuse(None, draft, "Nej", kind=Kind.DEARER) == 1
    assert refuse(None, draft, "Nej, för dyrt", kind=Kind.DEARER) == 1
    assert [r.reason for r in refusals_of(draft)] == ["Nej, för dyrt"]
    assert accept(None, draft, ["up", "down"]) == 1
    assert difference_of(draft).totals.refused == 0


def test_refusing_needs_a_reason_a_change_and_a_draft(draft: PriceList) -> None:
    with pytest.raises(RuleBroken):
        refuse(None, draft, " ", numbers=["up"])
    with pytest.raises(RuleBroken):
        refuse(None, draft, "Nej", numbers=["same", "unknown"])
    stranger = make_member(Role.AGREEMENT_OWNER, make_organisation())
    with pytest.raises(NotAllowed):
        refuse(stranger, draft, "Nej", numbers=["up"])
    approve(None, draft)
    with pytest.raises(WrongState):
        refuse(None, draft, "Nej", numbers=["up"])
    with pytest.raises(WrongState):
        accept(None, draft)


# The price rule


def owner(award: Award) -> User:
    return make_member(Role.AGREEMENT_OWNER, award.lot.agreement.owner)


@pytest.mark.parametrize(
    ("limit", "value"), [("limit_percent", 49), ("limit_share", 83), ("limit_effect", 0)], ids=lambda v: str(v)
)
def test_above_a_limit_a_second_person_must_approve(award: Award, limit: str, value: int) -> None:
    first, second = owner(award), owner(award)
    place = make_place()
    approve(None, bring_in(award, *BEFORE))
    listed = former_of(bring_in(award, *AFTER))
    assert listed is not None
    entitle_and_buy(award, listed, place)
    give_rule(award, **{limit: Decimal(value)})
    draft = bring_in(award, *AFTER, actor=first)
    for person in (first, None):
        with pytest.raises(NotAllowed):
            approve(person, draft)
    assert draft.state is PriceListState.DRAFT
    approve(second, draft)
    assert (draft.state, draft.reviewed_by_id) == (PriceListState.PUBLISHED, second.id)


def entitle_and_buy(award: Award, listed: PriceList, place: Place) -> None:
    agreement = award.lot.agreement
    agreement.entitlements.append(Entitlement(organisation=place.organisation, starts_on=agreement.starts_on))
    db.session.flush()
    up = db.session.query(Article).filter_by(price_list_id=listed.id, supplier_number="up").one()
    make_order(place, [(up, Decimal(3))])


def test_below_the_limits_one_person_is_enough(award: Award) -> None:
    first = owner(award)
    approve(None, bring_in(award, *BEFORE))
    give_rule(award, limit_percent=Decimal(50), limit_share=Decimal(100), limit_effect=Decimal(1))
    draft = bring_in(award, *AFTER, actor=first)
    approve(first, draft)
    assert draft.state is PriceListState.PUBLISHED


def test_refused_rows_do_not_count_on_the_limits(award: Award) -> None:
    first = owner(award)
    approve(None, bring_in(award, *BEFORE))
    give_rule(award, limit_percent=Decimal(20))
    draft = bring_in(award, *AFTER, actor=first)
    refuse(first, draft, "Fel", numbers=["down"])
    approve(first, draft)
    assert draft.state is PriceListState.PUBLISHED


def test_raise_above_the_agreements_largest_stops_until_it_is_refused(draft: PriceList) -> None:
    give_rule(draft.award, largest_raise=Decimal("9.99"))
    assert difference_of(draft).totals.breaking == 1
    with pytest.raises(RuleBroken):
        approve(None, draft)
    refuse(None, draft, "Högst 9,99 %", kind=Kind.BREAKING)
    approve(None, draft)
    assert prices(draft)["up"] == 100


def test_rounding_to_whole_ore_is_no_breach(award: Award) -> None:
    approve(None, bring_in(award, "a;A;st;0,99;25;1", "b;B;st;0,99;25;1"))
    give_rule(award, largest_raise=Decimal(2))
    new = bring_in(award, "a;A;st;1,01;25;1", "b;B;st;1,02;25;1")
    assert list(changes(new, Kind.BREAKING)) == ["b"]


def test_no_raise_before_the_day_that_the_agreement_names(award: Award) -> None:
    approve(None, bring_in(award, *BEFORE))
    give_rule(award, raises_from=today() + timedelta(days=10))
    assert list(changes(bring_in(award, *AFTER), Kind.BREAKING)) == ["up"]
    assert list(changes(bring_in(award, *AFTER, days=10), Kind.BREAKING)) == []


def bring_in_tiers(
    award: Award, tiers: str, price: str = "10", base: str = "1", actor: User | None = None
) -> PriceList:
    data = f'{HEADER};Staffelpris\na;A;st;{price};25;{base};"{tiers}"'.encode()
    price_list = import_price_list(actor, award, data, "lista", today()).price_list
    assert price_list is not None
    return price_list


@pytest.mark.parametrize(
    ("tiers", "is_breaking"),
    [
        ("10: 8,16; 50: 6", False),
        ("10: 8,17; 50: 6", True),  # dearer from ten on
        ("10: 8", True),  # dearer from fifty on
        ("", True),
        ("20: 8; 50: 6", True),  # dearer from ten to nineteen
        ("2: 1000; 10: 8; 50: 6", True),
        ("5: 8; 50: 5", False),
    ],
)
def test_price_of_many_is_raised_no_more_than_the_price_of_one(award: Award, tiers: str, is_breaking: bool) -> None:
    approve(None, bring_in_tiers(award, "10: 8; 50: 6"))
    give_rule(award, largest_raise=Decimal(2))
    draft = bring_in_tiers(award, tiers)
    assert list(changes(draft, Kind.BREAKING)) == (["a"] if is_breaking else [])
    assert difference_of(draft).totals.breaking == is_breaking


def test_tiers_for_another_base_quantity_are_compared_for_one_unit(award: Award) -> None:
    approve(None, bring_in_tiers(award, "10: 80", "100", "10"))
    give_rule(award, largest_raise=Decimal(2))
    assert difference_of(bring_in_tiers(award, "10: 80", "50", "5")).totals.breaking == 1
    assert difference_of(bring_in_tiers(award, "10: 40", "50", "5")).totals.breaking == 0


def test_no_tier_is_raised_before_the_day_that_the_agreement_names(award: Award) -> None:
    approve(None, bring_in_tiers(award, "10: 8"))
    give_rule(award, raises_from=today() + timedelta(days=10))
    assert difference_of(bring_in_tiers(award, "10: 8,01")).totals.breaking == 1
    assert difference_of(bring_in_tiers(award, "10: 7")).totals.breaking == 0


@pytest.mark.parametrize("tiers", ["10: 9", "10: 7"])
def test_largest_change_of_a_tier_counts_on_the_limit(award: Award, tiers: str) -> None:
    first = owner(award)
    approve(None, bring_in_tiers(award, "10: 8"))
    give_rule(award, limit_percent=Decimal("12.49"))
    draft = bring_in_tiers(award, tiers, actor=first)
    assert difference_of(draft).totals.largest_percent == Decimal("12.50")
    with pytest.raises(NotAllowed):
        approve(first, draft)
    refuse(first, draft, "Fel", numbers=["a"])
    assert difference_of(draft).totals.largest_percent == 0
    approve(first, draft)


@pytest.mark.parametrize("name", ["raises_from", "largest_raise", "limit_percent", "limit_share", "limit_effect"])
def test_every_bound_is_loosened_by_its_absence_and_by_the_other_direction(name: str) -> None:
    before, tighter, looser = (
        (today() + timedelta(days=days) for days in (5, 6, 4)) if name == "raises_from" else map(Decimal, (5, 4, 6))
    )
    rule = PriceRule(**{name: before})
    nothing = dict.fromkeys(BOUNDS)
    assert rule.is_loosened_by(nothing) and rule.is_loosened_by({**nothing, name: looser})
    assert not rule.is_loosened_by({**nothing, name: before}) and not rule.is_loosened_by({**nothing, name: tighter})
    assert not PriceRule().is_loosened_by({**nothing, name: before})


def test_no_limit_is_got_round_by_withdrawing_first(award: Award) -> None:
    first = owner(award)
    approve(None, bring_in(award, *BEFORE))
    give_rule(award, limit_percent=Decimal(5))
    draft = bring_in(award, *AFTER, actor=first)
    former = former_of(draft)
    assert former is not None
    withdraw(first, former, "Fel priser")
    with pytest.raises(NotAllowed):
        approve(first, draft)


# Publishing


def test_list_for_a_day_comes_into_force_at_midnight_in_stockholm(award: Award) -> None:
    with frozen(datetime(2026, 10, 24, 12, tzinfo=STOCKHOLM)):  # the night after, summer time ends
        coming = bring_in(award, *AFTER, days=1)
        approve(None, coming)
    commit()
    with frozen(datetime(2026, 10, 24, 23, 59, tzinfo=STOCKHOLM)):
        assert publish_due() == 0
    with frozen(datetime(2026, 10, 25, 0, 0, tzinfo=STOCKHOLM)):
        assert publish_due() == 1
    assert coming.state is PriceListState.PUBLISHED


def test_due_list_that_grew_above_a_limit_waits_for_a_second_person(award: Award) -> None:
    first, second = owner(award), owner(award)
    approve(None, bring_in(award, "a;A;st;10;25;1"))
    give_rule(award, limit_percent=Decimal(20))
    coming = bring_in(award, "a;A;st;11;25;1", actor=first, days=1)
    approve(first, coming)
    cheap = bring_in(award, "a;A;st;5;25;1", actor=second)
    approve(first, cheap)
    other = make_award(make_lot(make_agreement()))
    approve(None, bring_in(other, *AFTER, days=1))
    commit()
    with frozen(now() + timedelta(days=1)):
        assert publish_due() == 1  # the other one is not held up
        with pytest.raises(NotAllowed):
            publish(first, coming)
        publish(second, coming)
    assert coming.state is PriceListState.PUBLISHED


def test_refused_row_is_asked_about_again_when_another_list_came_between(award: Award) -> None:
    """What was refused is 10 kr as it was in force then; against 5 kr it is a raise like any other."""
    approve(None, bring_in(award, "a;A;st;10;25;1"))
    give_rule(award, largest_raise=Decimal(2))
    coming = bring_in(award, "a;A;st;20;25;1", days=1)
    refuse(None, coming, "För dyrt", kind=Kind.BREAKING)
    approve(None, coming)
    approve(None, bring_in(award, "a;A;st;5;25;1"))
    commit()
    assert difference_of(coming).totals.breaking == 1
    with frozen(now() + timedelta(days=1)):
        assert publish_due() == 0
        with pytest.raises(RuleBroken):
            publish(None, coming)
    assert coming.state is PriceListState.REVIEWED


def test_list_that_was_passed_over_is_not_put_in_force_by_itself(award: Award) -> None:
    """It could not be published on its day, and a later one has been in force since."""
    first, second = owner(award), owner(award)
    approve(None, bring_in(award, "a;A;st;10;25;1"))
    give_rule(award, limit_percent=Decimal(20))
    stuck = bring_in(award, "a;A;st;11;25;1", actor=first, days=1)
    approve(first, stuck)
    approve(first, bring_in(award, "a;A;st;5;25;1", actor=second))
    later = bring_in(award, "a;A;st;12;25;1", actor=first, days=2)
    approve(second, later)
    commit()
    with frozen(now() + timedelta(days=1)):
        assert publish_due() == 0
    with frozen(now() + timedelta(days=2)):
        assert publish_due() == 1
        assert publish_due() == 0  # 11 kr after 12 kr breaks no limit any more
    assert (stuck.state, later.state) == (PriceListState.REVIEWED, PriceListState.PUBLISHED)


def test_former_list_is_taken_up_as_a_new_one(draft: PriceList) -> None:
    former = former_of(draft)
    assert former is not None
    approve(None, draft)
    give_rule(draft.award, largest_raise=Decimal(1))
    again = restore(None, former)
    assert (again.state, again.version, again.restored_from) == (PriceListState.DRAFT, 3, former)
    assert [row._replace(line=0) for row in rows_of(again)] == [row._replace(line=0) for row in rows_of(former)]
    approve(None, again)  # its prices were agreed once, so the largest raise is no matter
    assert (again.state, draft.state) == (PriceListState.PUBLISHED, PriceListState.SUPERSEDED)
    assert former.state is PriceListState.SUPERSEDED


def test_a_list_that_was_withdrawn_is_taken_up_under_the_rule(award: Award) -> None:
    wrong = bring_in(award, "a;A;st;20;25;1")
    approve(None, wrong)
    withdraw(owner(award), wrong, "Fel priser.")
    approve(None, bring_in(award, "a;A;st;10;25;1"))
    give_rule(award, largest_raise=Decimal(1))
    assert difference_of(restore(None, wrong)).totals.breaking == 1


@pytest.mark.parametrize("state", [PriceListState.DRAFT, PriceListState.PUBLISHED])
def test_only_a_list_that_was_in_force_is_taken_up_again(award: Award, state: PriceListState) -> None:
    with pytest.raises(WrongState):
        restore(None, make_price_list(award, state=state))


# What the person with a basket or a requisition is told


@pytest.mark.usefixtures("app")
def test_basket_is_told_of_the_changed_rows_and_of_no_others() -> None:
    place = make_place()
    award = make_award(make_lot(make_agreement(place.organisation)))
    approve(None, bring_in(award, *BEFORE))
    listed = former_of(bring_in(award, *AFTER))
    assert listed is not None
    rows = {a.supplier_number: a for a in db.session.query(Article).filter_by(price_list_id=listed.id)}
    for number in ("same", "up", "down", "gone"):
        add(place.orderer, place.organisation, rows[number], Decimal(1))
    draft = bring_in(award, *AFTER)
    refuse(None, draft, "För dyrt", numbers=["up"])
    approve(None, draft)
    basket = basket_of(place.orderer, place.organisation)
    assert basket is not None
    found = view_basket(basket).findings
    told = {line.article.supplier_number: {f.code for f in found[line.id]} & CHANGES for line in basket.lines}
    assert told == {"same": set(), "up": set(), "down": {"price-changed"}, "gone": {"not-in-price-list"}}


@pytest.mark.usefixtures("app")
def test_approver_is_told_that_the_price_has_changed() -> None:
    place = make_place()
    award = make_award(make_lot(make_agreement(place.organisation)))
    approve(None, bring_in(award, *BEFORE))
    row = db.session.query(Article).filter_by(supplier_number="up").one()
    requisition = make_requisition(place, [(row, Decimal(1))])
    approve(None, bring_in(award, *AFTER))
    with pytest.raises(RuleBroken) as refusal:
        decide(place.approver, pending_step(requisition), None, requisition.content_hash or "")
    assert "price-changed" in {finding.code for finding in refusal.value.findings}


# The history of a price


def test_history_tells_each_price_once(award: Award) -> None:
    day = midnight(today()) + timedelta(hours=12, days=-300)  # noon: the same day also when the clocks have changed
    for days, price in ((0, "10"), (100, "10"), (200, "12,50")):
        with frozen(day + timedelta(days=days)):
            approve(None, bring_in(award, f"a;A;st;{price};25;1"))
    article = db.session.query(Article).filter_by(supplier_number="a").first()
    assert article is not None
    steps = price_history(article)
    assert [(s.price, s.percent) for s in steps] == [(10, None), (Decimal("12.5"), Decimal("25.0"))]
    assert steps[0].until == steps[1].since and steps[1].until is None
    with frozen(day + timedelta(days=300)):
        chart = chart_of(steps)
    assert chart is not None and chart.points == "0,38 400,38 400,8 600,8"


def test_no_chart_of_prices_that_do_not_compare(award: Award) -> None:
    for row in ("a;A;st;10;25;1", "a;A;kg;12;25;1"):
        approve(None, bring_in(award, row))
    article = db.session.query(Article).filter_by(supplier_number="a").first()
    assert article is not None
    steps = price_history(article)
    assert [s.percent for s in steps] == [None, None]
    assert chart_of(steps) is None and chart_of(steps[:1]) is None


# Many rows


@pytest.mark.parametrize("rows", [3, 300])
def test_a_page_asks_as_often_whatever_the_number_of_rows(award: Award, rows: int, count_queries: Any) -> None:
    approve(None, bring_in(award, *(f"{n};N{n};st;10;25;1" for n in range(rows))))
    new = bring_in(award, *(f"{n};N{n};st;11;25;1" for n in range(rows)))
    db.session.flush()
    difference = difference_of(new)
    db.session.expunge_all()
    with count_queries() as queries:
        assert difference.totals.dearer == rows
        assert difference.page(Kind.DEARER, 1).total == rows
    assert len(queries) == 6  # two of them weigh what the database cannot
