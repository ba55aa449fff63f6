"""Why a supplier: judged in the basket, kept with the requisition and the order, and not worked out anew."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from auth.user import User
from catalog.agreement import CallOffMethod, Lot
from catalog.ceiling import Ceiling
from catalog.price_list import Article
from core.clock import now, today
from core.db import commit, db
from core.errors import RuleBroken
from orders.actions.approval import approve
from orders.actions.basket import add, state_ground
from orders.actions.order import cancel
from orders.actions.ranking import note_refusal
from orders.actions.requisition import submit
from orders.actions.switch import switch
from orders.basket import Basket
from orders.basket_queries import BasketView, basket_of, view_basket
from orders.order import Order
from orders.order_queries import orders_of
from orders.reasoned import Kind, reasoned_call_offs
from orders.requisition import Requisition
from tests.factories.catalog import make_agreement, make_award, make_ceiling, make_lot, make_price_list
from tests.factories.orders import Place, checkout_at, pending_step

LogIn = Callable[[User], FlaskClient]
PAPER, PEN = "07310869000010", "07310869000027"


def lot_of(place: Place, method: CallOffMethod, **values: Any) -> Lot:
    return make_lot(make_agreement(place.organisation), method=method, **values)


def sold(lot: Lot, price: int, *gtins: str, **award: Any) -> list[Article]:
    """A new supplier of the lot that sells some goods, all at one price."""
    rows = [{"gtin": gtin, "name": f"Vara {gtin[-2:]}", "price": Decimal(price)} for gtin in gtins or (PAPER,)]
    made = make_award(lot, **award)
    make_ceiling(lot.agreement, None, lot=lot, award=made)
    make_price_list(made, rows)
    return list(db.session.scalars(select(Article).where(Article.award_id == made.id).order_by(Article.id)))


def put(place: Place, article: Article, quantity: int = 10) -> Basket:
    return add(place.orderer, place.organisation, article, Decimal(quantity)).basket


def view_of(place: Place) -> BasketView:
    basket = basket_of(place.orderer, place.organisation)
    assert basket is not None
    return view_basket(basket)


def codes(place: Place) -> set[str]:
    found = view_of(place).findings.values()
    return {f.code for of_line in found for f in of_line if f.level.value != "inform"}


def sent(place: Place) -> Requisition:
    return submit(place.orderer, place.organisation, checkout_at(place))


def placed(place: Place, requisition: Requisition) -> Order:
    approve(place.approver, pending_step(requisition), None, requisition.content_hash or "")
    [order] = orders_of(requisition)
    return order


# Dynamic ranking


def test_the_lowest_total_gets_the_basket(place: Place) -> None:
    lot = lot_of(place, CallOffMethod.DYNAMIC_RANKING)
    [dear], [cheap] = sold(lot, 30), sold(lot, 20, freight=Decimal(49))
    basket = put(place, dear)
    assert codes(place) == {"lowest-total-elsewhere"}
    with pytest.raises(RuleBroken):
        sent(place)
    assert [row.supplier for row in view_of(place).next_in_turn(dear.award)] == [cheap.award.supplier.name]
    switch(place.orderer, basket, cheap.award)
    assert [(line.article, line.quantity) for line in basket.lines] == [(cheap, Decimal(10))]
    assert codes(place) == set()


def test_the_turn_follows_the_size_of_the_basket(place: Place) -> None:
    lot = lot_of(place, CallOffMethod.DYNAMIC_RANKING)
    [dear], [_cheap] = sold(lot, 30), sold(lot, 20, freight=Decimal(49))
    put(place, dear, 4)  # 120 against 80 + 49
    assert codes(place) == set()
    put(place, dear, 1)  # 150 against 100 + 49
    assert codes(place) == {"lowest-total-elsewhere"}


def test_lines_do_not_lie_with_two_when_one_can_deliver_all(place: Place) -> None:
    lot = lot_of(place, CallOffMethod.DYNAMIC_RANKING)
    one, other = sold(lot, 30, PAPER, PEN), sold(lot, 20, PAPER, PEN)
    put(place, one[0])
    basket = put(place, other[1])
    view = view_of(place)
    stopped = [line.article for line in basket.lines if any(f.level.value == "stop" for f in view.findings[line.id])]
    assert stopped == [one[0]]


def test_who_is_cheaper_in_part_must_be_answered_for(place: Place) -> None:
    lot = lot_of(place, CallOffMethod.DYNAMIC_RANKING)
    whole, _part = sold(lot, 30, PAPER, PEN), sold(lot, 20, PAPER)
    put(place, whole[0])
    basket = put(place, whole[1])
    assert codes(place) == {"comparison-incomplete"}
    state_ground(place.orderer, basket.lines[0], "Pennorna ska till samma kurs i morgon")
    assert codes(place) == set()
    [choice] = sent(place).choices
    assert choice.facts["grounds"] == ["Pennorna ska till samma kurs i morgon"]
    assert [(row.supplier, row.lacking) for row in choice.offers][1][1] == ("Vara 27",)


def test_goods_without_gtin_are_not_quietly_beyond_comparison(place: Place) -> None:
    lot = lot_of(place, CallOffMethod.DYNAMIC_RANKING)
    [article], _other = sold(lot, 30, ""), sold(lot, 20)
    put(place, article)
    assert codes(place) == {"comparison-incomplete"}


def test_switching_moves_all_or_nothing(place: Place) -> None:
    lot = lot_of(place, CallOffMethod.DYNAMIC_RANKING)
    one, other = sold(lot, 30, PAPER, PEN), sold(lot, 20, PAPER)
    put(place, one[0])
    basket = put(place, one[1])
    with pytest.raises(RuleBroken, match="Vara 27"):
        switch(place.orderer, basket, other[0].award)
    assert [line.article for line in basket.lines] == one


def test_switching_joins_a_line_of_a_former_price_list(place: Place) -> None:
    """An article has one line in a basket, whichever of its lists the line stands on."""
    lot = lot_of(place, CallOffMethod.DYNAMIC_RANKING)
    [dear], [cheap] = sold(lot, 30), sold(lot, 20)
    put(place, cheap)
    row = {"supplier_number": cheap.supplier_number, "gtin": PAPER, "name": cheap.name, "price": Decimal(21)}
    make_price_list(cheap.award, [row])
    basket = put(place, dear, 5)
    switch(place.orderer, basket, cheap.award)
    assert [(line.article.price, line.quantity) for line in basket.lines] == [(Decimal(21), Decimal(15))]


def test_the_comparison_stays_with_the_order_when_prices_move(place: Place) -> None:
    lot = lot_of(place, CallOffMethod.DYNAMIC_RANKING)
    [dear], [cheap] = sold(lot, 30), sold(lot, 20)
    put(place, cheap)
    requisition = sent(place)
    make_price_list(dear.award, [{"gtin": PAPER, "name": "Vara 10", "price": Decimal(1)}])
    order = placed(place, requisition)
    [choice] = order.choices
    assert [(row.supplier, row.total) for row in choice.offers] == [
        (cheap.award.supplier.name, Decimal(200)),
        (dear.award.supplier.name, Decimal(300)),
    ]
    assert "lägst totalpris" in choice.text
    assert choice.clause == lot.clause


def test_the_explanation_is_part_of_what_is_approved(place: Place) -> None:
    lot = lot_of(place, CallOffMethod.DYNAMIC_RANKING)
    sold(lot, 30)
    put(place, sold(lot, 20)[0])
    requisition = sent(place)
    commit()
    db.session.expire_all()
    requisition.check_unchanged()
    requisition.choices = ()
    with pytest.raises(RuleBroken):
        requisition.check_unchanged()


# Allocation


def shares(place: Place) -> tuple[list[Article], list[Article]]:
    lot = lot_of(place, CallOffMethod.ALLOCATION)
    return sold(lot, 10, share=Decimal(60)), sold(lot, 10, share=Decimal(40))


def test_the_standing_is_kept_with_the_order(place: Place) -> None:
    [big], [small] = shares(place)
    put(place, small)
    assert codes(place) == {"share-elsewhere"}
    switch(place.orderer, basket_of(place.orderer, place.organisation) or Basket(), big.award)
    order = placed(place, sent(place))
    [choice] = order.choices
    assert [(row.supplier, row.behind, row.is_next) for row in choice.shares] == [
        (big.award.supplier.name, Decimal(60), True),
        (small.award.supplier.name, Decimal(40), False),
    ]


def test_what_waits_for_approval_counts_in_the_standing(place: Place) -> None:
    [big], [small] = shares(place)
    put(place, big)
    sent(place)
    put(place, big)
    assert codes(place) == {"share-elsewhere"}
    switch(place.orderer, basket_of(place.orderer, place.organisation) or Basket(), small.award)
    assert codes(place) == set()


def test_a_cancelled_order_gives_the_turn_back(place: Place) -> None:
    [big], [small] = shares(place)
    put(place, big)
    order = placed(place, sent(place))
    put(place, small)
    assert codes(place) == set()
    cancel(place.orderer, order, "Fel vara")
    assert codes(place) == {"share-elsewhere"}


def test_call_offs_made_elsewhere_count_in_the_standing(place: Place) -> None:
    [big], [_small] = shares(place)
    counter = db.session.scalars(select(Ceiling).where(Ceiling.award_id == big.award_id)).one()
    counter.external = Decimal(1000)
    db.session.flush()
    put(place, big)
    assert codes(place) == {"share-elsewhere"}


def test_the_turn_of_the_submission_holds_at_the_approval(place: Place) -> None:
    """Another's cancelled order meanwhile changes whose turn the next one is, not this one's."""
    [big], [small] = shares(place)
    put(place, big)
    first = placed(place, sent(place))
    put(place, small)
    second = sent(place)
    cancel(place.orderer, first, "Fel vara")
    assert placed(place, second).supplier == small.award.supplier


@pytest.mark.parametrize("method", [CallOffMethod.ALLOCATION, CallOffMethod.DYNAMIC_RANKING])
def test_a_no_of_the_one_in_turn_opens_for_the_next(place: Place, login_as: LogIn, method: CallOffMethod) -> None:
    lot = lot_of(place, method)
    [first], [second] = sold(lot, 10, share=Decimal(60)), sold(lot, 20, share=Decimal(40))
    line = put(place, second).lines[0]
    commit()
    browser = login_as(place.orderer)
    address = f"/basket/{line.id}/refusal/{first.award_id}"
    assert address in browser.get("/basket").text
    assert "står på tur" in browser.get(address).text
    note_refusal(place.orderer, line.basket, first.award, now(), "telefon", "declined", "Slut till mars")
    assert codes(place) == set()
    order = placed(place, sent(place))
    commit()
    assert [row["how"] for row in order.choices[0].passed] == ["refused"]
    assert "Slut till mars" in browser.get(f"/orders/{order.number}").text
    [one] = reasoned_call_offs(place.orderer, place.organisation, Kind.RANK, today(), today())
    assert one.order == order and "Slut till mars" in one.reasons[0]


@pytest.mark.parametrize("method", [CallOffMethod.ALLOCATION, CallOffMethod.DYNAMIC_RANKING])
def test_a_no_about_one_line_opens_nothing_for_the_others(place: Place, method: CallOffMethod) -> None:
    lot = lot_of(place, method)
    [first, _], second = sold(lot, 10, PAPER, PEN, share=Decimal(60)), sold(lot, 20, PAPER, PEN, share=Decimal(40))
    basket = put(place, second[0], 1)
    note_refusal(place.orderer, basket, first.award, now(), "telefon", "declined", "Slut till mars")
    assert codes(place) == set()
    put(place, second[1], 500)
    assert {"share-elsewhere", "lowest-total-elsewhere"} & codes(place)


# The others


def test_the_log_is_told_with_the_order_to_the_second_in_rank(place: Place, login_as: LogIn) -> None:
    lot = lot_of(place, CallOffMethod.RANKING)
    [first], [second] = sold(lot, 10), sold(lot, 20)
    basket = put(place, second)
    note_refusal(place.orderer, basket, first.award, now(), "telefon", "declined", "Slut till mars")
    order = placed(place, sent(place))
    commit()
    [choice] = order.choices
    assert [(row["supplier"], row["how"]) for row in choice.passed] == [(first.award.supplier.name, "refused")]
    page = login_as(place.orderer).get(f"/orders/{order.number}").text
    assert "Slut till mars" in page and "har plats 2 i rangordningen" in page


def test_a_full_ceiling_is_named_as_the_reason(place: Place) -> None:
    lot = lot_of(place, CallOffMethod.RANKING)
    [first], [second] = sold(lot, 10), sold(lot, 20)
    counter = db.session.scalars(select(Ceiling).where(Ceiling.award_id == first.award_id)).one()
    counter.limit = Decimal(50)
    db.session.flush()
    put(place, second)
    [choice] = sent(place).choices
    assert [row["how"] for row in choice.passed] == ["full"]
    assert "takvolym" in choice.text


@pytest.mark.parametrize(
    ("method", "values", "said"),
    [
        (CallOffMethod.SINGLE, {}, "enda leverantör"),
        (CallOffMethod.RANKING, {}, "står först i rangordningen"),
        (CallOffMethod.COMBINATION, {"competition_above": Decimal(5000)}, "Konkurrensutsättning krävs först över"),
        (CallOffMethod.CHOICE, {"choice_grounds": "Närhet\nPassform"}, "den enda som kan leverera"),
        (CallOffMethod.ALLOCATION, {}, "längst efter sin andel"),
        (CallOffMethod.DYNAMIC_RANKING, {}, "Bara"),
    ],
)
def test_each_method_says_why_in_plain_words(
    place: Place, login_as: LogIn, method: CallOffMethod, values: dict[str, Any], said: str
) -> None:
    lot = lot_of(place, method, **values)
    put(place, sold(lot, 10, share=Decimal(100))[0])
    commit()
    assert said in login_as(place.orderer).get("/basket").text
    requisition = sent(place)
    step = pending_step(requisition)
    commit()
    assert said in login_as(place.approver).get(f"/approvals/{step.id}").text
    assert said in login_as(place.orderer).get(f"/requisitions/{requisition.id}").text
    order = placed(place, requisition)
    commit()
    page = login_as(place.orderer).get(f"/orders/{order.number}").text
    assert said in page and lot.clause in page


def test_the_orderers_ground_is_told_with_the_order(place: Place) -> None:
    lot = lot_of(place, CallOffMethod.CHOICE, choice_grounds="Närhet\nPassform")
    sold(lot, 10)
    basket = put(place, sold(lot, 20)[0])
    assert codes(place) == {"ground-missing"}
    state_ground(place.orderer, basket.lines[0], "Passform")
    order = placed(place, sent(place))
    assert order.choices[0].facts["grounds"] == ["Passform"]
    assert "Passform" in order.choices[0].text


def test_what_was_sent_before_the_choice_was_kept_still_shows_its_method(place: Place, login_as: LogIn) -> None:
    put(place, sold(lot_of(place, CallOffMethod.SINGLE), 10)[0])
    requisition = sent(place)
    requisition.choices = ()
    commit()
    assert "Avropsordning: en leverantör" in login_as(place.orderer).get(f"/requisitions/{requisition.id}").text


def test_the_switch_is_a_button(place: Place, login_as: LogIn) -> None:
    lot = lot_of(place, CallOffMethod.DYNAMIC_RANKING)
    [dear], [cheap] = sold(lot, 30), sold(lot, 20)
    line_id = put(place, dear).lines[0].id
    commit()
    browser = login_as(place.orderer)
    address = f"/basket/{line_id}/switch/{cheap.award_id}"
    assert address in browser.get("/basket").text
    assert browser.post(address).status_code == 303
    page = browser.get("/basket").text
    assert cheap.supplier_number in page and dear.supplier_number not in page
    assert browser.post(address).status_code == 404  # the line is gone
    elsewhere = sold(lot_of(place, CallOffMethod.SINGLE), 1)[0].award_id
    line_id = view_of(place).basket.lines[0].id
    assert browser.post(f"/basket/{line_id}/switch/{elsewhere}").status_code == 404


def test_her_own_words_must_be_words(place: Place, login_as: LogIn) -> None:
    lot = lot_of(place, CallOffMethod.DYNAMIC_RANKING)
    [article], _other = sold(lot, 30, ""), sold(lot, 20)
    line_id = put(place, article).lines[0].id
    commit()
    browser = login_as(place.orderer)
    browser.post(f"/basket/{line_id}/ground", data={"ground": "ja"})
    assert codes(place) == {"comparison-incomplete"}
    browser.post(f"/basket/{line_id}/ground", data={"ground": "Ringde båda, den andra är dyrare"})
    assert codes(place) == set()


def test_a_dynamic_basket_is_judged_with_one_query_more(place: Place, count_queries: Any) -> None:
    counted = []
    for method in (CallOffMethod.RANKING, CallOffMethod.DYNAMIC_RANKING):
        lot = lot_of(place, method)
        articles = sold(lot, 10, *(f"{number:014d}" for number in range(20)))
        sold(lot, 20, *(f"{number:014d}" for number in range(20)))
        for article in articles:
            put(place, article)
        commit()
        db.session.expire_all()
        with count_queries() as queries:
            view_of(place)
        counted.append(len(queries))
    assert counted[1] <= counted[0] + 1
