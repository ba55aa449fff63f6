"""Every reason not to order, on a real database; and what must hold whatever the numbers, on the pure rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.organisation import Organisation
from catalog.agreement import Agreement, AgreementState, Award, CallOffMethod, Entitlement, Lot
from catalog.ceiling import Ceiling
from catalog.price_list import Article, PriceListState, VatClass
from catalog.rules import judge
from catalog.steering import Ask, Facts, Finding, Level, blocking, findings, stops
from catalog.supplier import Supplier
from core.clock import now, today
from core.db import TransactionalFlask, db
from core.language import speaking
from core.types import line_net
from tests.factories.auth import make_organisation, make_user
from tests.factories.catalog import (
    make_agreement,
    make_award,
    make_category,
    make_ceiling,
    make_lot,
    make_offer,
    make_price_list,
)

DAY = timedelta(days=1)

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def town(app: TransactionalFlask) -> Organisation:
    return make_organisation()


def found(
    article: Article, organisation: Organisation, quantity: object = 1, on: object = None, **more: Any
) -> tuple[Finding, ...]:
    of_ask = {k: more.pop(k) for k in ("choice_ground", "refused") if k in more}
    ask = Ask(article, None if quantity is None else Decimal(str(quantity)), **of_ask)
    return findings([ask], organisation, on or today(), **more)[0]  # type: ignore[arg-type]


def codes(found: tuple[Finding, ...]) -> set[str]:
    """What was found, apart from the remark that nobody has stated a ceiling."""
    return {finding.code for finding in found} - {"ceiling-unknown"}


def the(code: str, found: tuple[Finding, ...]) -> Finding:
    (finding,) = [f for f in found if f.code == code]
    return finding


def offers(lot: Lot, *prices: int) -> list[Article]:
    """One article of each of as many suppliers, in the lot's order."""
    for price in prices:
        make_price_list(make_award(lot), [{"price": Decimal(price)}])
    return [
        db.session.query(Article).filter_by(award_id=award.id).one()
        for award in db.session.query(Award).filter_by(lot_id=lot.id).order_by(Award.rank)
    ]


def test_an_entitled_organisation_may_order_what_is_listed(town: Organisation) -> None:
    assert codes(found(make_offer(town), town)) == set()


# Agreement-not-active


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (AgreementState.DRAFT, "inte publicerat"),
        (AgreementState.PAUSED, "pausat"),
        (AgreementState.ENDED, "avslutat"),
    ],
)
def test_stops_under_an_agreement_that_is_not_published(town: Organisation, state: AgreementState, words: str) -> None:
    article = make_offer(town)
    agreement = article.award.lot.agreement
    db.session.execute(db.update(Agreement).where(Agreement.id == agreement.id).values(state=state))
    db.session.expire_all()
    finding = the("agreement-not-active", found(article, town))
    assert finding.level is Level.STOP
    assert words in str(finding.text) and agreement.number in str(finding.text)


def test_both_days_of_the_agreement_count_and_none_outside(town: Organisation) -> None:
    article = make_offer(town)
    agreement = article.award.lot.agreement
    entitlement = agreement.entitlements[0]
    entitlement.starts_on = agreement.starts_on - 9 * DAY
    make_price_list(article.award, [{"supplier_number": "B"}], effective_from=agreement.starts_on - 9 * DAY)
    db.session.flush()
    row = db.session.query(Article).filter_by(supplier_number="B").one()
    assert "agreement-not-active" not in codes(found(row, town, on=agreement.starts_on))
    assert "agreement-not-active" not in codes(found(row, town, on=agreement.ends_on))
    early = the("agreement-not-active", found(row, town, on=agreement.starts_on - DAY))
    late = the("agreement-not-active", found(row, town, on=agreement.ends_on + DAY))
    assert "börjar gälla först" in str(early.text)
    assert "till och med" in str(late.text)


def test_an_award_may_be_narrower_than_its_agreement(town: Organisation) -> None:
    article = make_offer(town)
    article.award.starts_on = today() + DAY
    db.session.flush()
    assert "först från" in str(the("agreement-not-active", found(article, town)).text)
    article.award.starts_on, article.award.ends_on = None, today() - DAY
    db.session.flush()
    assert "till och med" in str(the("agreement-not-active", found(article, town)).text)


# Not-entitled


def test_delivery_stays_within_the_awards_own_days(town: Organisation) -> None:
    article = make_offer(town)
    award, agreement = article.award, article.award.lot.agreement
    award.ends_on = today() + 10 * DAY

    def on(day: date) -> tuple[Finding, ...]:
        return findings([Ask(article, Decimal(1), deliver_on=day)], town, today())[0]

    assert codes(on(today() + 10 * DAY)) == set()
    late = the("agreement-not-active", on(today() + 11 * DAY))
    assert late.level is Level.STOP and award.supplier.name in str(late.text)
    agreement.delivers_after_end = True
    assert codes(on(today() + 11 * DAY)) == set()


def test_stops_an_organisation_that_was_not_named(town: Organisation) -> None:
    finding = the("not-entitled", found(make_offer(), town))
    assert finding.clause == "LOU 7 kap. 3 §"
    assert town.name in str(finding.text)
    assert finding.way_on is not None


def test_entitlement_is_asked_on_the_order_date(town: Organisation) -> None:
    article = make_offer(town)
    entitlement = article.award.lot.agreement.entitlements[0]
    entitlement.starts_on = today() + DAY
    db.session.flush()
    assert "först från" in str(the("not-entitled", found(article, town)).text)
    assert "not-entitled" not in codes(found(article, town, on=today() + DAY))
    entitlement.starts_on, entitlement.ends_on = today() - 9 * DAY, today() - DAY
    db.session.flush()
    assert "till och med" in str(the("not-entitled", found(article, town)).text)


def test_entitlement_may_be_for_one_lot_only(town: Organisation) -> None:
    agreement = make_agreement()
    (ours,) = offers(make_lot(agreement), 10)
    (others,) = offers(make_lot(agreement), 10)
    entitlement = Entitlement(agreement=agreement, lot=ours.award.lot, organisation=town, starts_on=today())
    db.session.add(entitlement)
    db.session.flush()
    assert codes(found(ours, town)) == set()
    assert codes(found(others, town)) == {"not-entitled"}


# Supplier, category


def test_stops_a_blocked_supplier_and_says_why(town: Organisation) -> None:
    article = make_offer(town)
    article.award.supplier.blocked_at = now()
    article.award.supplier.blocked_reason = "konkurs"
    db.session.flush()
    assert "konkurs" in str(the("supplier-blocked", found(article, town)).text)


def test_a_closed_category_closes_everything_below_it(town: Organisation) -> None:
    closed = make_category(name="Skyddade system", is_closed=True)
    branch = make_category(parent=make_category(parent=closed))
    article = make_offer(town)
    article.award.lot.category = branch
    db.session.flush()
    assert "Skyddade system" in str(the("category-closed", found(article, town)).text)
    article.award.lot.category = make_category()
    db.session.flush()
    assert codes(found(article, town)) == set()
    article.award.lot.agreement.category = closed
    db.session.flush()
    assert codes(found(article, town)) == {"category-closed"}


def test_the_closed_category_of_another_agreement_closes_nothing_here(town: Organisation) -> None:
    first, article, last = (make_offer(town) for _ in range(3))
    first.award.lot.agreement.category = make_category(is_closed=True)
    article.award.lot.agreement.category = make_category()
    last.award.lot.agreement.category = make_category(is_closed=True)
    db.session.flush()
    assert [codes(found(one, town)) for one in (first, article, last)] == [
        {"category-closed"},
        set(),
        {"category-closed"},
    ]


# The supplier whose turn it is


def test_fixed_ranking_sends_to_the_best_placed_first(town: Organisation) -> None:
    lot = make_lot(make_agreement(town), method=CallOffMethod.RANKING, clause="Avtalet punkt 7.1")
    first, second, third = offers(lot, 30, 20, 10)
    assert codes(found(first, town)) == set()
    finding = the("not-next-in-rank", found(second, town))
    assert finding.level is Level.STOP
    assert finding.clause == "Avtalet punkt 7.1"
    assert first.award.supplier.name in str(finding.text)
    assert codes(found(second, town, refused=frozenset({first.award_id}))) == set()
    assert codes(found(third, town, refused=frozenset({first.award_id}))) == {"not-next-in-rank"}
    assert codes(found(third, town, refused=frozenset({first.award_id, second.award_id}))) == set()


def test_fixed_ranking_passes_over_who_is_blocked_or_out_of_time(town: Organisation) -> None:
    lot = make_lot(make_agreement(town), method=CallOffMethod.RANKING)
    first, second, third = offers(lot, 30, 20, 10)
    first.award.supplier.blocked_at, first.award.supplier.blocked_reason = now(), "konkurs"
    second.award.ends_on = today() - DAY
    db.session.flush()
    assert codes(found(third, town)) == set()


def test_a_full_award_opens_the_next_place_and_says_why(town: Organisation) -> None:
    lot = make_lot(make_agreement(town), method=CallOffMethod.RANKING)
    first, second, third = offers(lot, 100, 100, 100)
    own = make_ceiling(lot.agreement, Decimal(1000), lot=lot, award=first.award, ordered=Decimal(900))
    assert codes(found(second, town, 1)) == {"not-next-in-rank"}  # the first has room for exactly this
    assert codes(found(second, town, 2)) == {"next-in-rank"}
    told = the("next-in-rank", found(second, town, 2))
    assert told.level is Level.INFORM and first.award.supplier.name in str(told.text)
    assert codes(found(third, town, 2)) == {"not-next-in-rank"}
    assert codes(found(first, town, 2)) == {"ceiling-reached"}
    own.ordered = Decimal(1000)
    db.session.flush()
    assert codes(found(second, town, None)) == {"next-in-rank"}  # before a quantity is chosen


def test_what_is_reserved_of_a_full_award_does_not_close_it_to_itself(town: Organisation) -> None:
    lot = make_lot(make_agreement(town), method=CallOffMethod.RANKING)
    first, second = offers(lot, 100, 100)
    make_ceiling(lot.agreement, Decimal(1000), lot=lot, award=first.award, reserved=Decimal(1000))
    of_both = [Ask(first, Decimal(10)), Ask(second, Decimal(1))]
    to_first, to_second = findings(of_both, town, today(), reserved=True)
    assert codes(to_first) == {"ceiling-near"} and "next-in-rank" in codes(to_second)


def test_orderers_choice_wants_one_of_the_stated_grounds(town: Organisation) -> None:
    lot = make_lot(make_agreement(town), method=CallOffMethod.CHOICE, choice_grounds="Ergonomi\nPassar i befintligt")
    one, _other = offers(lot, 10, 20)
    assert the("ground-missing", found(one, town)).level is Level.JUSTIFY
    assert codes(found(one, town, choice_ground="för att jag vill")) == {"ground-missing"}
    assert codes(found(one, town, choice_ground="Ergonomi")) == set()


def test_orderers_choice_of_a_single_supplier_needs_no_ground(town: Organisation) -> None:
    lot = make_lot(make_agreement(town), method=CallOffMethod.CHOICE, choice_grounds="Ergonomi")
    (only,) = offers(lot, 10)
    assert codes(found(only, town)) == set()


@pytest.mark.parametrize("method", [CallOffMethod.COMPETITION, CallOffMethod.DYNAMIC_PURCHASING])
def test_competition_only_is_a_stop(town: Organisation, method: CallOffMethod) -> None:
    (article,) = offers(make_lot(make_agreement(town), method=method), 10)
    finding = the("competition-required", found(article, town))
    assert finding.level is Level.STOP
    assert finding.clause == article.award.lot.clause


@pytest.mark.parametrize("method", [CallOffMethod.SINGLE, CallOffMethod.RANKING, CallOffMethod.COMBINATION])
def test_competition_above_the_lots_limit(town: Organisation, method: CallOffMethod) -> None:
    lot = make_lot(make_agreement(town), method=method, competition_above=Decimal(1000))
    (article,) = offers(lot, 100)
    assert codes(found(article, town, 10)) == set()
    assert codes(found(article, town, 11)) == {"competition-required"}
    together = findings([Ask(article, Decimal(6)), Ask(article, Decimal(6))], town, today())
    assert [codes(f) for f in together] == [{"competition-required"}] * 2


def test_combination_without_a_limit_can_only_be_competition(town: Organisation) -> None:
    (article,) = offers(make_lot(make_agreement(town), method=CallOffMethod.COMBINATION), 10)
    assert codes(found(article, town)) == {"competition-required"}


def test_allocation_key_points_at_who_is_furthest_behind(town: Organisation) -> None:
    lot = make_lot(make_agreement(town), method=CallOffMethod.ALLOCATION)
    big, small = offers(lot, 10, 10)
    big.award.share, small.award.share = Decimal(70), Decimal(30)
    unknown = the("share-elsewhere", found(big, town))
    assert unknown.level is Level.INFORM
    counted = [
        make_ceiling(lot.agreement, None, lot=lot, award=article.award, ordered=Decimal(ordered))
        for article, ordered in ((big, 800), (small, 200))
    ]
    assert the("share-elsewhere", found(big, town)).level is Level.STOP
    assert codes(found(small, town)) == set()
    counted[0].ordered, counted[1].ordered = Decimal(600), Decimal(400)
    db.session.flush()
    assert codes(found(big, town)) == set()
    assert small.award.supplier.name not in str(the("share-elsewhere", found(small, town)).text)
    # what this very basket has reserved must not push its supplier away when it is placed
    counted[0].ordered, counted[1].ordered, counted[1].reserved = Decimal(800), Decimal(200), Decimal(1000)
    db.session.flush()
    assert codes(found(small, town, 100, reserved=True)) == set()


def test_dynamic_ranking_tells_a_browser_that_the_basket_compares(town: Organisation) -> None:
    lot = make_lot(make_agreement(town), method=CallOffMethod.DYNAMIC_RANKING)
    article, _other = offers(lot, 10, 20)
    assert the("dynamic-ranking", found(article, town, None)).level is Level.INFORM


# The row and the quantity


@pytest.mark.parametrize("state", [PriceListState.DRAFT, PriceListState.REVIEWED, PriceListState.WITHDRAWN])
def test_stops_a_row_of_a_list_that_is_not_published(town: Organisation, state: PriceListState) -> None:
    award = make_award(make_lot(make_agreement(town)))
    price_list = make_price_list(award, state=state)
    article = db.session.query(Article).filter_by(price_list_id=price_list.id).one()
    assert codes(found(article, town)) == {"not-in-price-list"}


def test_stops_a_row_of_a_list_that_is_not_in_force_yet(town: Organisation) -> None:
    award = make_award(make_lot(make_agreement(town)))
    price_list = make_price_list(award, effective_from=today() + DAY)
    article = db.session.query(Article).filter_by(price_list_id=price_list.id).one()
    assert codes(found(article, town)) == {"not-in-price-list"}
    assert codes(found(article, town, on=today() + DAY)) == set()


def test_stops_a_row_that_the_new_list_no_longer_has(town: Organisation) -> None:
    article = make_offer(town)
    make_price_list(article.award, [{"supplier_number": "något annat"}])
    assert codes(found(article, town)) == {"not-in-price-list"}


def same_row(article: Article, **changed: object) -> dict[str, Any]:
    kept = ("supplier_number", "name", "unit_code", "price", "base_quantity", "vat_class")
    return {column: getattr(article, column) for column in kept} | changed


@pytest.mark.parametrize(
    "changed",
    [
        {"price": Decimal("50.00")},
        {"base_quantity": Decimal(100)},
        {"unit_code": "H87"},
        {"vat_class": VatClass.FOOD},
        {"name": "Något helt annat"},
        {"is_approximate": True},
    ],
)
def test_a_changed_row_is_shown_before_it_is_ordered(town: Organisation, changed: dict[str, Any]) -> None:
    article = make_offer(town)
    make_price_list(article.award, [same_row(article, **changed)])
    assert the("price-changed", found(article, town)).level is Level.STOP


def test_a_new_list_with_the_same_row_changes_nothing(town: Organisation) -> None:
    article = make_offer(town)
    make_price_list(article.award, [same_row(article)])
    assert codes(found(article, town)) == set()


def test_the_old_and_the_new_price_are_told(town: Organisation) -> None:
    article = make_offer(town, price=Decimal("45.50"))
    make_price_list(article.award, [same_row(article, price=Decimal("49.90"))])
    finding = the("price-changed", found(article, town))
    with speaking("sv"):
        text = str(finding.text)
    assert "45,50" in text and "49,90" in text


def test_quantity_rule_is_that_of_the_price_list_of_the_day(town: Organisation) -> None:
    article = make_offer(town, supplier_number="A-1", name="Block")
    same = {"supplier_number": "A-1", "name": "Block"}
    make_price_list(article.award, [{**same, "minimum_quantity": Decimal(10)}])
    assert codes(found(article, town, 5)) == {"quantity-rule"}
    make_price_list(article.award, [same])
    assert codes(found(article, town, 5)) == set()


@pytest.mark.parametrize(
    ("quantity", "least", "step", "fits", "example"),
    [
        ("1", None, None, True, ""),
        ("4", "5", None, False, "5"),
        ("5", "5", None, True, ""),
        ("7", None, "6", False, "12"),
        ("12", "10", "6", True, ""),
        ("3", "10", "6", False, "12"),
        ("0.75", None, "0.25", True, ""),
        ("0", None, None, False, "1"),
        ("-1", None, "5", False, "5"),
    ],
)
def test_quantity_rule(
    town: Organisation, quantity: str, least: str | None, step: str | None, fits: bool, example: str
) -> None:
    article = make_offer(
        town,
        minimum_quantity=Decimal(least) if least else None,
        quantity_multiple=Decimal(step) if step else None,
    )
    assert ("quantity-rule" not in codes(found(article, town, quantity))) is fits
    if not fits:
        with speaking("sv"):
            assert str(the("quantity-rule", found(article, town, quantity)).way_on).endswith(f"till {example}.")
    assert codes(found(article, town, None)) == set()


# Ceilings


@pytest.mark.parametrize("scope", ["agreement", "lot", "award"])
def test_a_ceiling_may_be_reached_but_not_passed(town: Organisation, scope: str) -> None:
    article = make_offer(town, price=Decimal(100))
    award = article.award
    places = {"agreement": {}, "lot": {"lot": award.lot}, "award": {"lot": award.lot, "award": award}}
    make_ceiling(award.lot.agreement, Decimal(1000), ordered=Decimal(300), external=Decimal(200), **places[scope])
    assert codes(found(article, town, 5)) == {"ceiling-near"}
    finding = the("ceiling-reached", found(article, town, 6))
    with speaking("sv"):
        assert "500,00" in str(finding.text)
    assert "C-216/17" in str(finding.clause)
    # freight counts as well
    assert codes(found(article, town, 5, charges={award.id: Decimal("0.01")})) == {"ceiling-reached"}


def test_a_full_ceiling_is_told_before_a_quantity_is_chosen(town: Organisation) -> None:
    article = make_offer(town)
    make_ceiling(article.award.lot.agreement, Decimal(10), ordered=Decimal(10))
    assert codes(found(article, town, None)) == {"ceiling-reached"}


def test_lines_of_the_same_agreement_share_its_ceiling(town: Organisation) -> None:
    agreement = make_agreement(town)
    (one,), (two,) = offers(make_lot(agreement), 100), offers(make_lot(agreement), 100)
    make_ceiling(agreement, Decimal(1000))
    asks = [Ask(one, Decimal(5)), Ask(two, Decimal(6))]
    assert [codes(f) for f in findings(asks, town, today())] == [{"ceiling-reached"}] * 2


def test_what_is_reserved_is_not_counted_twice(town: Organisation) -> None:
    article = make_offer(town, price=Decimal(100))
    ceiling = make_ceiling(article.award.lot.agreement, Decimal(1000), reserved=Decimal(1000))
    assert codes(found(article, town, 10)) == {"ceiling-reached"}
    assert codes(found(article, town, 10, reserved=True)) == {"ceiling-near"}
    ceiling.limit = Decimal(999)  # lowered while the requisition waited
    db.session.flush()
    assert codes(found(article, town, 10, reserved=True)) == {"ceiling-reached"}


def test_an_unknown_ceiling_is_no_stop_and_is_told_once(town: Organisation) -> None:
    article = make_offer(town)
    make_ceiling(article.award.lot.agreement, None, ordered=Decimal(10**9))
    judged = findings([Ask(article, Decimal(1)), Ask(article, Decimal(2))], town, today())
    assert [[f.code for f in of_one] for of_one in judged] == [["ceiling-unknown"], []]


# Remarks


def test_small_orders_and_freight_are_told_before(town: Organisation) -> None:
    article = make_offer(town, price=Decimal(100))
    award = article.award
    award.minimum_order, award.small_order_fee = Decimal(500), Decimal(95)
    award.freight, award.freight_free_from = Decimal(150), Decimal(1000)
    db.session.flush()
    assert codes(found(article, town, 4)) == {"minimum-order", "freight"}
    assert codes(found(article, town, 5)) == {"freight"}
    assert codes(found(article, town, 10)) == set()


def test_the_end_of_an_agreement_is_told_sixty_days_before(town: Organisation) -> None:
    article = make_offer(town)
    last = article.award.lot.agreement.ends_on
    assert codes(found(article, town, on=last - 60 * DAY)) == {"agreement-ends-soon"}
    assert codes(found(article, town, on=last - 61 * DAY)) == set()


def test_the_responsible_buyer_is_named_as_the_way_on(town: Organisation) -> None:
    article = make_offer()
    article.award.lot.agreement.responsible = make_user(name="Maj Holm", email="maj.holm@kontor.example")
    db.session.flush()
    assert "Maj Holm (maj.holm@kontor.example)" in str(the("not-entitled", found(article, town)).way_on)


def test_stops_come_first_and_grounds_block_without_being_stops(town: Organisation) -> None:
    lot = make_lot(make_agreement(), method=CallOffMethod.CHOICE, choice_grounds="Ergonomi")
    article, _other = offers(lot, 10, 20)
    judged = found(article, town)
    assert [f.level for f in judged] == [Level.STOP, Level.JUSTIFY, Level.INFORM]
    assert [f.code for f in stops([judged])] == ["not-entitled"]
    assert [f.code for f in blocking([judged])] == ["not-entitled", "ground-missing"]


def test_every_stop_has_a_clause_and_a_way_on(town: Organisation) -> None:
    lot = make_lot(make_agreement(), method=CallOffMethod.COMPETITION, category=make_category(is_closed=True))
    (article,) = offers(lot, 10)
    article.award.supplier.blocked_at, article.award.supplier.blocked_reason = now(), "konkurs"
    make_ceiling(lot.agreement, Decimal(0))
    make_price_list(article.award, [])
    all_stops = stops([found(article, town, 0)])
    assert len(all_stops) >= 6
    assert all(said is not None and str(said) for f in all_stops for said in (f.text, f.clause, f.way_on))


def test_a_whole_basket_takes_as_many_queries_as_one_line(town: Organisation, count_queries: Callable[[], Any]) -> None:
    ids = [make_offer(town).id for _ in range(50)]
    counted = []
    for some in (ids[:1], ids):
        db.session.flush()
        db.session.expunge_all()
        organisation = db.session.get_one(Organisation, town.id)
        asks = [Ask(article, Decimal(1)) for article in db.session.query(Article).filter(Article.id.in_(some))]
        with count_queries() as queries:
            judged = findings(asks, organisation, today())
            assert len(judged) == len(some)
            assert stops(judged) == ()
            assert all(str(f.text) for of_one in judged for f in of_one)
        counted.append(len(queries))
    assert counted == [3, 3]


# Whatever the numbers


def pure_facts(limit: Decimal | None, used: Decimal, ranks: list[int]) -> tuple[Facts, list[Article]]:
    """A lot with ranked awards under one ceiling, without a database."""
    day = today()
    town = Organisation(id=1, name="Kommunen")
    agreement = Agreement(id=1, number="UK-1", state=AgreementState.PUBLISHED, starts_on=day, ends_on=day + 365 * DAY)
    lot = Lot(id=1, agreement_id=1, agreement=agreement, method=CallOffMethod.RANKING, clause="4.2", answer_hours=48)
    awards = [
        Award(id=n, lot_id=1, lot=lot, rank=rank, supplier=Supplier(id=n, name=f"Leverantör {n}"))
        for n, rank in enumerate(ranks, 1)
    ]
    articles = [
        Article(
            id=award.id,
            award_id=award.id,
            supplier_number="A",
            name="Papper",
            unit_code="KGM",
            price=Decimal("33.335"),
            base_quantity=Decimal(1),
            vat_class=VatClass.STANDARD,
        )
        for award in awards
    ]
    zero = Decimal(0)
    ceiling = Ceiling(id=1, agreement_id=1, limit=limit, reserved=zero, ordered=used, external=zero)
    facts = Facts(
        organisation=town,
        on=day,
        awards={award.id: award for award in awards},
        rivals={1: sorted(awards, key=lambda award: award.rank)},
        entitlements={1: [Entitlement(organisation_id=1, agreement_id=1, starts_on=day)]},
        ceilings={award.id: [ceiling] for award in awards},
        current={(article.award_id, "A"): article for article in articles},
    )
    return facts, articles


amounts = st.decimals(0, 10**7, places=2)
quantities = st.decimals("0.001", 10**4, places=3)


@given(limit=amounts, used=amounts, asked=st.lists(quantities, min_size=1, max_size=6))
def test_what_passes_never_exceeds_the_ceiling(limit: Decimal, used: Decimal, asked: list[Decimal]) -> None:
    facts, (article,) = pure_facts(limit, used, [1])
    judged = judge([Ask(article, quantity) for quantity in asked], facts)
    total = sum((line_net(q, article.price, article.base_quantity) for q in asked), used)
    assert any(f.code == "ceiling-reached" for f in stops(judged)) == (total > limit or (total == used >= limit))


@given(used=amounts, asked=st.lists(quantities, min_size=1, max_size=6))
def test_an_unknown_ceiling_never_stops(used: Decimal, asked: list[Decimal]) -> None:
    facts, (article,) = pure_facts(None, used, [1])
    assert stops(judge([Ask(article, quantity) for quantity in asked], facts)) == ()


@given(ranks=st.lists(st.integers(1, 9), min_size=1, max_size=6, unique=True), data=st.data())
def test_exactly_one_place_is_open_in_a_fixed_ranking(ranks: list[int], data: st.DataObject) -> None:
    facts, articles = pure_facts(None, Decimal(0), ranks)
    refused = data.draw(st.sets(st.sampled_from(sorted(facts.awards)), max_size=len(ranks) - 1))
    judged = judge([Ask(article, Decimal(1), refused=frozenset(refused)) for article in articles], facts)
    open_ = {a.award_id for a, f in zip(articles, judged, strict=True) if not stops([f])}
    assert len(open_ - refused) == 1
    assert min(facts.awards[a].rank for a in open_ - refused) == min(
        award.rank for award in facts.awards.values() if award.id not in refused
    )


@given(
    quantity=quantities,
    least=st.none() | quantities,
    step=st.none() | st.decimals("0.25", 100, places=2),
)
def test_the_quantity_suggested_is_one_that_fits(
    quantity: Decimal, least: Decimal | None, step: Decimal | None
) -> None:
    facts, (article,) = pure_facts(None, Decimal(0), [1])
    article.minimum_quantity, article.quantity_multiple = least, step
    judged = judge([Ask(article, quantity)], facts)[0]
    breaks = (least is not None and quantity < least) or (step is not None and quantity % step != 0)
    assert ("quantity-rule" in codes(judged)) == breaks


@pytest.mark.parametrize(
    ("unit", "fits"), [("H87", False), ("XPK", False), ("PR", False), ("KGM", True), ("LTR", True)]
)
def test_what_is_counted_is_sold_whole(unit: str, fits: bool) -> None:
    facts, (article,) = pure_facts(None, Decimal(0), [1])
    article.unit_code = unit
    assert ("quantity-rule" not in codes(judge([Ask(article, Decimal("2.5"))], facts)[0])) is fits
    assert "quantity-rule" not in codes(judge([Ask(article, Decimal(3))], facts)[0])
