"""The basket and the till as pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from auth.permission import Role
from auth.user import User
from catalog.agreement import CallOffMethod
from catalog.price_list import Article
from core.clock import local, now, today
from core.db import commit, db
from orders.actions.approval import send_back
from orders.actions.basket import add
from orders.basket import BasketLine
from orders.basket_queries import basket_of
from orders.requisition import Requisition
from tests.factories.auth import make_address, make_member, make_unit
from tests.factories.catalog import make_agreement, make_award, make_lot, make_offer, make_price_list
from tests.factories.orders import Place, make_place, make_requisition, pending_step

LogIn = Callable[[User], FlaskClient]
KEY = "a-key-of-the-form"
SUBMIT = '<button class="btn btn-primary" type="submit">Skicka för godkännande</button>'


def lines_of(place: Place) -> list[BasketLine]:
    db.session.expire_all()
    basket = basket_of(place.orderer, place.organisation)
    return list(basket.lines) if basket else []


def put(place: Place, article: Article, quantity: int = 1) -> BasketLine:
    line = add(place.orderer, place.organisation, article, Decimal(quantity))
    commit()
    return line


def sold_in(method: CallOffMethod, place: Place, **lot: Any) -> list[Article]:
    """One article of each of two suppliers on a lot, by rank."""
    where = make_lot(make_agreement(place.organisation), method=method, **lot)
    lists = [make_price_list(make_award(where), [{"name": f"Vara {number}"}]) for number in (1, 2)]
    return [db.session.query(Article).filter_by(price_list_id=one.id).one() for one in lists]


def till(place: Place, **values: Any) -> dict[str, Any]:
    return {"key": KEY, "unit_id": place.unit.id, "address_id": place.address.id, **values}


# The basket


def test_empty_basket_tells_what_to_do(place: Place, login_as: LogIn) -> None:
    page = login_as(place.orderer).get("/basket")
    assert page.status_code == 200
    assert "Varukorgen är tom" in page.text
    assert 'href="/search"' in page.text


def test_only_orderers_have_a_basket(place: Place, login_as: LogIn) -> None:
    assert login_as(place.approver).get("/basket").status_code == 403


def test_add_goes_back_to_where_she_was(place: Place, login_as: LogIn) -> None:
    article = make_offer(place.organisation, unit_code="KGM")
    form = {"article_id": article.id, "quantity": "2,5", "next": "/search?q=papper"}
    answer = login_as(place.orderer).post("/basket/add", data=form)
    assert (answer.status_code, answer.location) == (303, "/search?q=papper")
    assert [line.quantity for line in lines_of(place)] == [Decimal("2.5")]


def test_add_leads_to_no_other_host(place: Place, login_as: LogIn) -> None:
    form = {"article_id": make_offer(place.organisation).id, "quantity": "1", "next": "//evil.example/"}
    assert login_as(place.orderer).post("/basket/add", data=form).location == "/basket"


@pytest.mark.parametrize("quantity", ["", "0", "-1", "1e30", "två", "9" * 40])
def test_a_quantity_that_is_none_adds_nothing(quantity: str, place: Place, login_as: LogIn) -> None:
    form = {"article_id": make_offer(place.organisation).id, "quantity": quantity}
    assert login_as(place.orderer).post("/basket/add", data=form).status_code == 303
    assert lines_of(place) == []


def test_add_refuses_what_another_organisation_may_order(place: Place, login_as: LogIn) -> None:
    form = {"article_id": make_offer(make_place().organisation).id, "quantity": "1"}
    answer = login_as(place.orderer).post("/basket/add", data=form)
    assert answer.status_code == 422
    assert "LOU 7 kap. 3 §" in answer.text
    assert lines_of(place) == []


def test_what_must_be_competed_for_is_refused_once_with_the_way_to_the_bids(place: Place, login_as: LogIn) -> None:
    article = make_offer(place.organisation, price=Decimal(100))
    article.award.lot.competition_above = Decimal(500)
    commit()
    form = {"article_id": article.id, "quantity": "6"}
    answer = login_as(place.orderer).post("/basket/add", data=form)
    assert answer.status_code == 422
    assert answer.text.count('class="way-on"') == 1
    assert f"/competitions/new/{article.award.lot_id}?article={article.id}&amp;quantity=6" in answer.text
    assert lines_of(place) == []


def test_another_ones_line_is_not_found(place: Place, login_as: LogIn) -> None:
    line = put(place, make_offer(place.organisation))
    colleague = login_as(make_member(Role.ORDERER, place.organisation, place.unit))
    for act in ("", "/remove", "/accept", "/ground"):
        assert colleague.post(f"/basket/{line.id}{act}", data={"quantity": "9"}).status_code == 404
    assert [kept.quantity for kept in lines_of(place)] == [Decimal(1)]


def test_a_line_is_changed_noted_and_removed(place: Place, login_as: LogIn) -> None:
    line_id = put(place, make_offer(place.organisation)).id
    browser = login_as(place.orderer)
    browser.post(f"/basket/{line_id}", data={"quantity": "7", "note": "Blå, om det finns"})
    assert [(line.quantity, line.note) for line in lines_of(place)] == [(Decimal(7), "Blå, om det finns")]
    browser.post(f"/basket/{line_id}/remove")
    assert lines_of(place) == []


def test_basket_shows_the_orders_it_becomes(place: Place, login_as: LogIn) -> None:
    articles = [make_offer(place.organisation), make_offer(place.organisation)]
    for article in articles:
        put(place, article)
    page = login_as(place.orderer).get("/basket").text
    assert "blir 2 beställningar" in page
    assert all(article.award.supplier.name in page for article in articles)
    assert "Till kassan" in page


def test_a_new_price_is_shown_and_accepted(place: Place, login_as: LogIn) -> None:
    old = make_offer(place.organisation, price=Decimal(10))
    line_id = put(place, old).id
    make_price_list(old.award, [{"name": old.name, "supplier_number": old.supplier_number, "price": Decimal("12.50")}])
    browser = login_as(place.orderer)
    page = browser.get("/basket").text
    assert "10,00\xa0kr till 12,50\xa0kr" in page and "Godta nytt pris" in page
    assert 'href="/checkout"' not in page
    browser.post(f"/basket/{line_id}/accept")
    assert [line.article.price for line in lines_of(place)] == [Decimal("12.50")]
    assert 'href="/checkout"' in browser.get("/basket").text


def test_a_ground_is_chosen_among_those_of_the_agreement(place: Place, login_as: LogIn) -> None:
    article = sold_in(CallOffMethod.CHOICE, place, choice_grounds="Passform\nLeveranstid")[0]
    line_id = put(place, article).id
    browser = login_as(place.orderer)
    assert "Leveranstid" in browser.get("/basket").text
    browser.post(f"/basket/{line_id}/ground", data={"ground": "Min svåger"})
    assert lines_of(place)[0].choice_ground is None
    browser.post(f"/basket/{line_id}/ground", data={"ground": "Passform"})
    assert lines_of(place)[0].choice_ground == "Passform"


def test_a_refusal_is_noted_and_opens_the_next_place(place: Place, login_as: LogIn) -> None:
    first, second = sold_in(CallOffMethod.RANKING, place)
    line = put(place, second)
    address = f"/basket/{line.id}/refusal/{first.award_id}"
    browser = login_as(place.orderer)
    assert address in browser.get("/basket").text
    assert browser.get(address).status_code == 200
    asked = local(now())
    said = {"asked_on": asked.date().isoformat(), "asked_time": f"{asked:%H:%M}"}
    said |= {"channel": "telefon", "answer": "silent", "reason": "Svarade inte."}
    too_soon = browser.post(address, data=said)
    assert too_soon.status_code == 422 and "48 timmar" in too_soon.text
    said |= {"answer": "declined", "reason": "Slut i lager till våren."}
    assert browser.post(address, data=said).status_code == 303
    page = browser.get("/basket").text
    assert "Slut i lager till våren." in page and 'href="/checkout"' in page


def test_a_refusal_is_noted_of_better_placed_suppliers_only(place: Place, login_as: LogIn) -> None:
    first, second = sold_in(CallOffMethod.RANKING, place)
    line = put(place, first)
    assert login_as(place.orderer).get(f"/basket/{line.id}/refusal/{second.award_id}").status_code == 404


def test_basket_asks_as_many_queries_for_twenty_lines_as_for_one(
    place: Place, login_as: LogIn, count_queries: Any
) -> None:
    browser = login_as(place.orderer)
    counted = []
    for more in (1, 19):
        for _line in range(more):
            put(place, make_offer(place.organisation))
        with count_queries() as queries:
            assert browser.get("/basket").status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 10, counted


# The till


def test_till_of_an_empty_basket_leads_to_the_basket(place: Place, login_as: LogIn) -> None:
    assert login_as(place.orderer).get("/checkout").location == "/basket"


def test_till_tells_who_will_approve(place: Place, login_as: LogIn) -> None:
    put(place, make_offer(place.organisation))
    page = login_as(place.orderer).get("/checkout").text
    assert place.approver.name in page and SUBMIT in page


def test_till_tells_why_nobody_can_approve(place: Place, login_as: LogIn) -> None:
    put(place, make_offer(place.organisation))
    place.approver.memberships[0].amount_limit = Decimal(1)
    page = login_as(place.orderer).get("/checkout")
    assert "Ingen kan godkänna" in page.text
    assert SUBMIT not in page.text


def test_till_suggests_the_units_own_address(place: Place, login_as: LogIn) -> None:
    other = make_unit(place.organisation)
    make_member(Role.ORDERER, place.organisation, other, user=place.orderer)
    address = make_address(other)
    put(place, make_offer(place.organisation))
    browser = login_as(place.orderer)
    page = browser.post("/checkout", data=till(place, unit_id=other.id, look="1"))
    assert page.status_code == 200
    assert f'<option selected value="{address.id}"' in page.text
    assert db.session.scalar(select(func.count()).select_from(Requisition)) == 0


def test_submit_leads_to_the_requisition(place: Place, login_as: LogIn) -> None:
    put(place, make_offer(place.organisation))
    answer = login_as(place.orderer).post("/checkout", data=till(place, accounting_cost="6410"))
    requisition = db.session.scalars(select(Requisition)).one()
    assert (answer.status_code, answer.location) == (303, f"/requisitions/{requisition.id}")
    assert requisition.accounting_cost == "6410"
    assert lines_of(place) == []


def test_a_double_click_makes_one_requisition(place: Place, login_as: LogIn) -> None:
    put(place, make_offer(place.organisation))
    browser = login_as(place.orderer)
    answers = [browser.post("/checkout", data=till(place)) for _click in range(2)]
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, answers[0].location)}
    assert answers[0].location.startswith("/requisitions/")
    assert db.session.scalar(select(func.count()).select_from(Requisition)) == 1


def test_nobody_is_led_to_what_another_ones_key_made(place: Place, login_as: LogIn) -> None:
    put(place, make_offer(place.organisation))
    login_as(place.orderer).post("/checkout", data=till(place))
    colleague = make_member(Role.ORDERER, place.organisation, place.unit)
    assert login_as(colleague).post("/checkout", data=till(place)).location == "/basket"


@pytest.mark.parametrize(
    "wrong",
    [
        {"wanted_on": "2001-01-01"},
        {"wanted_on": "i morgon"},
        {"key": "k" * 44},
        {"unit_id": "0"},
        {"address_id": "x"},
        {"message_to_supplier": "x" * 1001},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_till_refuses_a_form_of_the_wrong_shape(wrong: dict[str, str], place: Place, login_as: LogIn) -> None:
    put(place, make_offer(place.organisation))
    assert login_as(place.orderer).post("/checkout", data=till(place, **wrong)).status_code == 422
    assert len(lines_of(place)) == 1


def test_till_refuses_the_unit_and_the_address_of_another_organisation(place: Place, login_as: LogIn) -> None:
    put(place, make_offer(place.organisation))
    foreign = make_place()
    browser = login_as(place.orderer)
    assert browser.post("/checkout", data=till(place, unit_id=foreign.unit.id)).status_code == 422
    assert browser.post("/checkout", data=till(place, address_id=foreign.address.id)).status_code == 422


def test_till_shows_what_a_broken_rule_says_and_keeps_the_basket(place: Place, login_as: LogIn) -> None:
    place.organisation.reference_pattern, place.organisation.reference_hint = r"\d{5}", "Fem siffror"
    put(place, make_offer(place.organisation))
    page = login_as(place.orderer).post("/checkout", data=till(place, buyer_reference="Kalle"))
    assert page.status_code == 422
    assert "Fem siffror" in page.text and "Kalle" in page.text
    assert len(lines_of(place)) == 1


def test_till_is_filled_in_with_what_a_returned_requisition_said(place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(place, message_to_approver="Till vårterminen", accounting_cost="6410 / 310")
    send_back(place.approver, pending_step(requisition), "Ta det billigare.", requisition.content_hash or "")
    commit()
    browser = login_as(place.orderer)
    assert browser.post(f"/requisitions/{requisition.id}/mend").location == "/basket"
    assert f'href="/requisitions/{requisition.id}"' in browser.get("/basket").text
    page = browser.get("/checkout").text
    assert "Till vårterminen" in page and "6410 / 310" in page
    answer = browser.post("/checkout", data=till(place, wanted_on=(today() + timedelta(days=3)).isoformat()))
    assert answer.location == f"/requisitions/{requisition.id}"


def test_till_asks_as_many_queries_for_twenty_lines_as_for_one(
    place: Place, login_as: LogIn, count_queries: Any
) -> None:
    browser = login_as(place.orderer)
    counted = []
    for more in (1, 19):
        for _line in range(more):
            put(place, make_offer(place.organisation))
        with count_queries() as queries:
            assert browser.get("/checkout").status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 13, counted


def test_an_old_till_does_not_send_what_lies_in_the_basket_now(place: Place, login_as: LogIn) -> None:
    """She went back in her browser to a page that is sent, and has put something else into the basket since."""
    put(place, make_offer(place.organisation))
    browser = login_as(place.orderer)
    assert browser.post("/checkout", data=till(place)).location.startswith("/requisitions/")
    put(place, make_offer(place.organisation, name="Tejp"))
    assert browser.post("/checkout", data=till(place)).location == "/checkout"
    page = browser.get("/checkout").text
    assert "redan skickad" in page and "Tejp" in page


def test_going_back_and_taking_other_rows_puts_them_into_the_basket(place: Place, login_as: LogIn) -> None:
    paper, pens = make_offer(place.organisation), make_offer(place.organisation)
    browser = login_as(place.orderer)
    rows = {"key": KEY, "row-1-options": paper.id, "row-1-quantity": "2"}
    rows |= {"row-2-options": pens.id, "row-2-quantity": "3"}
    for taken in ("1", "1", "2"):  # a double click, then back and another row
        assert browser.post("/basket/rows", data={**rows, "take": taken}).location == "/basket"
    assert [(line.article_id, line.quantity) for line in lines_of(place)] == [(paper.id, 2), (pens.id, 3)]


def test_a_row_taken_out_is_put_back_from_the_same_page(place: Place, login_as: LogIn) -> None:
    paper = make_offer(place.organisation)
    browser = login_as(place.orderer)
    rows = {"key": KEY, "take": "1", "row-1-options": paper.id, "row-1-quantity": "2"}
    browser.post("/basket/rows", data=rows)
    browser.post(f"/basket/{lines_of(place)[0].id}/remove")
    browser.post("/basket/rows", data=rows)
    assert [line.quantity for line in lines_of(place)] == [2]
