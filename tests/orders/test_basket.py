"""The basket and the till: what may lie there, what may be sent, and what opens the next place in a ranking."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from auth.journal import entries_about
from auth.permission import Role
from catalog.agreement import CallOffMethod
from catalog.price_list import Article, VatClass
from core.clock import now
from core.db import TransactionalFlask, commit, db
from core.errors import NotAllowed, RuleBroken
from orders.actions.approval import send_back
from orders.actions.basket import accept_change, add, add_all, change, remove, state_ground
from orders.actions.ranking import note_refusal
from orders.actions.requisition import mend, submit, withdraw
from orders.approval import StepKind
from orders.basket_queries import basket_of, view_basket
from orders.ranking import RankingRefusal
from orders.ranking_queries import refusals_of
from orders.requisition import RequisitionState
from tests.factories.auth import make_member, make_organisation, make_unit
from tests.factories.catalog import make_agreement, make_award, make_lot, make_offer, make_price_list
from tests.factories.orders import Place, checkout_at, make_place, make_requisition, make_rule, pending_step


def codes(place: Place) -> set[str]:
    basket = basket_of(place.orderer, place.organisation)
    assert basket is not None
    return {f.code for found in view_basket(basket).findings.values() for f in found if f.level.value != "inform"}


def only_article(price_list_id: int) -> Article:
    return db.session.query(Article).filter_by(price_list_id=price_list_id).one()


def ranked_offers(place: Place) -> list[Article]:
    """The same need at two suppliers of one lot, ranked 1 and 2."""
    lot = make_lot(make_agreement(place.organisation), method=CallOffMethod.RANKING, answer_hours=48)
    return [only_article(make_price_list(make_award(lot, rank=rank), [{}]).id) for rank in (1, 2)]


def test_more_of_the_same_becomes_one_line(app: TransactionalFlask) -> None:
    place = make_place()
    paper = make_offer(place.organisation)
    first = add(place.orderer, place.organisation, paper, Decimal(2))
    assert add(place.orderer, place.organisation, paper, Decimal(3)) is first
    assert first.quantity == Decimal(5)
    change(place.orderer, first, Decimal(1))
    assert first.quantity == Decimal(1)
    remove(place.orderer, first)
    db.session.flush()
    basket = basket_of(place.orderer, place.organisation)
    assert basket is not None
    assert basket.lines == []


def test_an_article_has_one_line_whichever_price_list_it_came_from(app: TransactionalFlask) -> None:
    place = make_place()
    old = make_offer(place.organisation, price=Decimal(10))
    line = add(place.orderer, place.organisation, old, Decimal(2))
    terms = {"supplier_number": old.supplier_number, "name": old.name, "price": Decimal(12)}
    new = only_article(make_price_list(old.award, [terms]).id)
    assert add(place.orderer, place.organisation, new, Decimal(1)) is line
    assert (line.article, line.quantity) == (new, Decimal(3))
    accept_change(place.orderer, line)  # nothing left to accept, and no second line in its way
    db.session.flush()
    assert codes(place) == set()


def test_what_may_not_be_ordered_never_gets_into_the_basket(app: TransactionalFlask) -> None:
    place = make_place()
    foreign = make_offer(make_organisation())
    with pytest.raises(RuleBroken) as refused:
        add(place.orderer, place.organisation, foreign, Decimal(1))
    assert [f.code for f in refused.value.findings] == ["not-entitled"]
    assert refused.value.way_on


def test_a_competition_is_not_ordered_from_a_basket(app: TransactionalFlask) -> None:
    place = make_place()
    lot = make_lot(make_agreement(place.organisation), method=CallOffMethod.COMPETITION)
    article = only_article(make_price_list(make_award(lot), [{}]).id)
    with pytest.raises(RuleBroken) as refused:
        add(place.orderer, place.organisation, article, Decimal(1))
    assert "competition-required" in {f.code for f in refused.value.findings}


def test_the_second_in_rank_waits_for_the_first_to_decline(app: TransactionalFlask) -> None:
    place = make_place()
    first, second = ranked_offers(place)
    line = add(place.orderer, place.organisation, second, Decimal(1))
    assert codes(place) == {"not-next-in-rank"}
    with pytest.raises(RuleBroken):
        submit(place.orderer, place.organisation, checkout_at(place))
    note_refusal(place.orderer, line.basket, first.award, now(), "telefon", "declined", "Slut i lager till mars")
    assert codes(place) == set()
    requisition = submit(place.orderer, place.organisation, checkout_at(place))
    commit()
    [evidence] = refusals_of(requisition)
    assert (evidence.award, evidence.reason) == (first.award, "Slut i lager till mars")
    assert [e.act for e in entries_about("award", first.award.id)] == ["note-refusal"]


def test_a_refusal_opens_the_next_place_for_that_need_alone(app: TransactionalFlask) -> None:
    place = make_place()
    first, second = ranked_offers(place)
    line = add(place.orderer, place.organisation, second, Decimal(1))
    note_refusal(place.orderer, line.basket, first.award, now(), "telefon", "declined", "Slut")
    submit(place.orderer, place.organisation, checkout_at(place))
    add(place.orderer, place.organisation, second, Decimal(1))
    assert codes(place) == {"not-next-in-rank"}


def test_a_refusal_is_forgotten_with_the_last_line_of_its_need(app: TransactionalFlask) -> None:
    place = make_place()
    first, second = ranked_offers(place)
    line = add(place.orderer, place.organisation, second, Decimal(1))
    note_refusal(place.orderer, line.basket, first.award, now(), "telefon", "declined", "Slut")
    remove(place.orderer, line)
    add(place.orderer, place.organisation, second, Decimal(1))
    assert codes(place) == {"not-next-in-rank"}
    assert [e.act for e in entries_about("award", first.award.id)] == []  # told when the transaction ends
    commit()
    assert [e.act for e in entries_about("award", first.award.id)] == ["note-refusal"]


def test_silence_counts_only_after_the_time_to_answer(app: TransactionalFlask) -> None:
    place = make_place()
    first, second = ranked_offers(place)
    line = add(place.orderer, place.organisation, second, Decimal(1))
    with pytest.raises(RuleBroken, match="48"):
        note_refusal(
            place.orderer, line.basket, first.award, now() - timedelta(hours=47), "e-post", "silent", "Inget svar"
        )
    assert db.session.query(RankingRefusal).count() == 0
    note_refusal(place.orderer, line.basket, first.award, now() - timedelta(hours=48), "e-post", "silent", "Inget")
    assert codes(place) == set()


def test_the_orderers_choice_needs_a_ground_of_the_agreement(app: TransactionalFlask) -> None:
    place = make_place()
    lot = make_lot(
        make_agreement(place.organisation), method=CallOffMethod.CHOICE, choice_grounds="Närmast\nPassar utrustningen"
    )
    make_award(lot)
    article = only_article(make_price_list(make_award(lot), [{}]).id)
    line = add(place.orderer, place.organisation, article, Decimal(1))
    assert codes(place) == {"ground-missing"}
    with pytest.raises(RuleBroken):
        state_ground(place.orderer, line, "Trevligast")
    state_ground(place.orderer, line, "Passar utrustningen")
    requisition = submit(place.orderer, place.organisation, checkout_at(place))
    assert requisition.lines[0].choice_ground == "Passar utrustningen"


def test_a_new_price_is_shown_and_taken_only_when_accepted(app: TransactionalFlask) -> None:
    place = make_place()
    paper = make_offer(place.organisation, price=Decimal(100))
    line = add(place.orderer, place.organisation, paper, Decimal(1))
    make_price_list(paper.award, [{"supplier_number": paper.supplier_number, "name": paper.name, "price": Decimal(90)}])
    commit()
    assert codes(place) == {"price-changed"}
    with pytest.raises(RuleBroken):
        submit(place.orderer, place.organisation, checkout_at(place))
    accept_change(place.orderer, line)
    commit()
    assert codes(place) == set()
    assert submit(place.orderer, place.organisation, checkout_at(place)).net_amount == Decimal(90)


def test_what_is_not_sold_any_more_cannot_be_accepted(app: TransactionalFlask) -> None:
    place = make_place()
    paper = make_offer(place.organisation)
    line = add(place.orderer, place.organisation, paper, Decimal(1))
    make_price_list(paper.award, [{"supplier_number": "another"}])
    commit()
    assert codes(place) == {"not-in-price-list"}
    with pytest.raises(RuleBroken):
        accept_change(place.orderer, line)


def test_submitting_needs_the_right_for_the_unit(app: TransactionalFlask) -> None:
    place = make_place()
    add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
    with pytest.raises(NotAllowed):
        submit(place.orderer, place.organisation, checkout_at(place, unit=make_unit(place.organisation)))


def test_goods_are_not_delivered_to_another_organisation(app: TransactionalFlask) -> None:
    place, other = make_place(), make_place()
    add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
    with pytest.raises(RuleBroken):
        submit(place.orderer, place.organisation, checkout_at(place, address=other.address))


def test_a_reference_of_the_wrong_form_is_told_with_the_right_one(app: TransactionalFlask) -> None:
    place = make_place(reference_pattern=r"\d{7}", reference_hint="sju siffror")
    add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
    with pytest.raises(RuleBroken, match="sju siffror"):
        submit(place.orderer, place.organisation, checkout_at(place, buyer_reference="12"))


def test_the_same_form_twice_is_the_same_requisition(app: TransactionalFlask) -> None:
    place = make_place()
    add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
    checkout = checkout_at(place)
    first = submit(place.orderer, place.organisation, checkout)
    assert submit(place.orderer, place.organisation, checkout) is first
    assert first.state is RequisitionState.SUBMITTED


def test_an_empty_basket_is_not_sent(app: TransactionalFlask) -> None:
    place = make_place()
    with pytest.raises(RuleBroken, match="tom"):
        submit(place.orderer, place.organisation, checkout_at(place))


def test_nobody_who_can_approve_is_told_at_the_till(app: TransactionalFlask) -> None:
    place = make_place()
    make_rule(place.organisation, {"kind": StepKind.PERSON, "user": place.orderer}, position=0)
    add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
    with pytest.raises(RuleBroken) as refused:
        submit(place.orderer, place.organisation, checkout_at(place))
    assert refused.value.code == "nobody-can-approve"


def test_the_vat_is_that_of_the_day_of_delivery(app: TransactionalFlask) -> None:
    """Food bears 6 % until the end of 2027 and 12 % from 2028 (prop. 2025/26:55)."""
    place = make_place()
    milk = make_offer(place.organisation, vat_class=VatClass.FOOD, price=Decimal(100))
    milk.award.lot.agreement.delivers_after_end = True
    for wanted_on, percent in ((date(2027, 12, 31), 6), (date(2028, 1, 1), 12)):
        add(place.orderer, place.organisation, milk, Decimal(1))
        requisition = submit(place.orderer, place.organisation, checkout_at(place, wanted_on=wanted_on))
        assert requisition.lines[0].vat_percent == Decimal(percent)
        assert requisition.vat_amount == Decimal(percent)


def test_nothing_is_delivered_after_an_agreement_that_does_not_allow_it(app: TransactionalFlask) -> None:
    place = make_place()
    paper = make_offer(place.organisation)
    agreement = paper.award.lot.agreement
    late = checkout_at(place, wanted_on=agreement.ends_on + timedelta(days=1))
    add(place.orderer, place.organisation, paper, Decimal(1))
    with pytest.raises(RuleBroken) as refused:
        submit(place.orderer, place.organisation, late)
    assert [f.code for f in refused.value.findings] == ["agreement-not-active"]
    agreement.delivers_after_end = True
    db.session.flush()
    assert submit(place.orderer, place.organisation, late).state is RequisitionState.SUBMITTED


def test_many_articles_lie_in_the_basket_together_at_the_prices_of_their_rows(app: TransactionalFlask) -> None:
    place = make_place()
    paper, pens = make_offer(place.organisation, price=Decimal(100)), make_offer(place.organisation, price=Decimal(9))
    wanted = [(paper, Decimal(2)), (pens, Decimal(3)), (paper, Decimal(1))]
    assert add_all(place.orderer, place.organisation, wanted) == [(), (), ()]
    basket = basket_of(place.orderer, place.organisation)
    assert basket is not None
    assert [(line.article, line.quantity) for line in basket.lines] == [(paper, Decimal(3)), (pens, Decimal(3))]


def test_of_many_articles_none_lies_in_the_basket_when_one_may_not(app: TransactionalFlask) -> None:
    place = make_place()
    paper, foreign = make_offer(place.organisation), make_offer(make_organisation())
    fine, refused = add_all(place.orderer, place.organisation, [(paper, Decimal(2)), (foreign, Decimal(1))])
    assert (fine, [finding.code for finding in refused]) == ((), ["not-entitled"])
    basket = basket_of(place.orderer, place.organisation)
    assert basket is not None
    assert basket.lines == []


def test_the_same_article_on_two_rows_counts_together(app: TransactionalFlask) -> None:
    place = make_place()
    dozen = make_offer(place.organisation, quantity_multiple=Decimal(12))
    refused = add_all(place.orderer, place.organisation, [(dozen, Decimal(6)), (dozen, Decimal(5))])
    assert [[finding.code for finding in found] for found in refused] == [["quantity-rule"], ["quantity-rule"]]
    assert add_all(place.orderer, place.organisation, [(dozen, Decimal(6)), (dozen, Decimal(6))]) == [(), ()]


def test_adding_many_asks_as_many_questions_for_ten_as_for_one(app: TransactionalFlask, count_queries: Any) -> None:
    counted = []
    for lines in (1, 10):
        place = make_place()
        award = make_offer(place.organisation).award
        make_price_list(award, [{"supplier_number": f"A-{number}"} for number in range(lines)])
        articles = db.session.query(Article).filter(Article.award_id == award.id, Article.supplier_number.like("A-%"))
        commit()
        wanted = [(article, Decimal(1)) for article in articles]
        assert len(wanted) == lines
        with count_queries() as queries:
            assert add_all(place.orderer, place.organisation, wanted) == [()] * lines
        counted.append(len([sql for sql in queries if sql.startswith("SELECT")]))
    assert counted[1] <= counted[0] + 2, counted


def test_what_was_taken_back_while_it_was_mended_is_sent_as_a_need_of_its_own(app: TransactionalFlask) -> None:
    place = make_place()
    returned = make_requisition(place)
    send_back(place.approver, pending_step(returned), "Ta färre", returned.content_hash or "")
    mend(place.orderer, returned)
    withdraw(place.orderer, returned)
    made = submit(place.orderer, place.organisation, checkout_at(place))
    commit()
    assert made is not returned
    assert (made.state, returned.state) == (RequisitionState.SUBMITTED, RequisitionState.WITHDRAWN)
    acts = [entry.act for entry in entries_about("requisition", returned.id)]
    assert acts == ["submit", "send-back", "mend", "withdraw"]


def test_emptying_the_basket_ends_the_mending(app: TransactionalFlask) -> None:
    place = make_place()
    returned = make_requisition(place)
    send_back(place.approver, pending_step(returned), "Ta något annat", returned.content_hash or "")
    mend(place.orderer, returned)
    basket = basket_of(place.orderer, place.organisation)
    assert basket is not None and basket.requisition_id == returned.id
    remove(place.orderer, basket.lines[0])
    add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
    assert submit(place.orderer, place.organisation, checkout_at(place)) is not returned
    assert returned.state is RequisitionState.RETURNED


@pytest.mark.parametrize("unit", ["closed", "of another organisation"])
def test_nobody_orders_for_a_unit_that_is_not_there_to_order_for(app: TransactionalFlask, unit: str) -> None:
    place = make_place()
    add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
    if unit == "closed":
        place.unit.is_active = False
        wanted = place.unit
    else:
        wanted = make_unit(make_organisation())
        make_member(Role.ORDERER, wanted.organisation, user=place.orderer)
    with pytest.raises(NotAllowed):
        submit(place.orderer, place.organisation, checkout_at(place, unit=wanted))
