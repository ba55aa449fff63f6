"""A requisition's page, and what its orderer does there."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask.testing import FlaskClient

from auth.permission import Role
from auth.user import User
from core.db import commit, db
from orders.actions.approval import approve, reject, send_back
from orders.basket_queries import basket_of
from orders.order_queries import orders_of
from orders.requisition import Requisition, RequisitionState
from tests.factories.auth import make_member
from tests.factories.catalog import make_offer
from tests.factories.orders import Place, make_place, make_requisition, pending_step

LogIn = Callable[[User], FlaskClient]


def state_of(requisition: Requisition) -> RequisitionState:
    db.session.expire_all()
    return db.session.get_one(Requisition, requisition.id).state


def test_a_submitted_one_tells_who_is_asked_and_what_happened(place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(place)
    page = login_as(place.orderer).get(f"/requisitions/{requisition.id}").text
    assert "Väntar på beslut" in page
    assert f"{place.approver.name} har fått frågan." in page
    assert f"{place.orderer.name} skickade begäran för godkännande" in page
    assert "Ta tillbaka begäran" in page


def test_it_leads_whoever_may_decide_to_her_decision_and_nobody_else(place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(place)
    step = pending_step(requisition)
    link, here = f'href="/approvals/{step.id}"', f"/requisitions/{requisition.id}"
    assert link not in login_as(place.orderer).get(here).text
    browser = login_as(place.approver)
    assert link in browser.get(here).text
    approve(place.approver, step, None, requisition.content_hash or "")
    commit()
    assert link not in browser.get(here).text


def test_an_approved_one_leads_to_its_orders(place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(place)
    approve(place.approver, pending_step(requisition), "Gärna", requisition.content_hash or "")
    commit()
    page = login_as(place.orderer).get(f"/requisitions/{requisition.id}").text
    assert f'href="/orders/{orders_of(requisition)[0].number}"' in page
    assert "Gärna" in page and "Ta tillbaka begäran" not in page


def test_a_rejected_one_says_why(place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(place)
    reject(place.approver, pending_step(requisition), "Inte i budget.", requisition.content_hash or "")
    commit()
    page = login_as(place.orderer).get(f"/requisitions/{requisition.id}").text
    assert "Inte i budget." in page and "Inget är beställt." in page


def test_another_organisations_is_not_found(place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(make_place())
    browser = login_as(place.orderer)
    assert browser.get(f"/requisitions/{requisition.id}").status_code == 404
    for act in ("withdraw", "mend"):
        assert browser.post(f"/requisitions/{requisition.id}/{act}").status_code == 404
    assert state_of(requisition) is RequisitionState.SUBMITTED


def test_withdraw_takes_it_back(place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(place)
    answer = login_as(place.orderer).post(f"/requisitions/{requisition.id}/withdraw")
    assert (answer.status_code, answer.location) == (303, f"/requisitions/{requisition.id}")
    assert state_of(requisition) is RequisitionState.WITHDRAWN


def test_a_colleague_sees_it_but_does_not_withdraw_it(place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(place)
    browser = login_as(make_member(Role.ORDERER, place.organisation, place.unit))
    page = browser.get(f"/requisitions/{requisition.id}")
    assert page.status_code == 200 and "Ta tillbaka begäran" not in page.text
    assert browser.post(f"/requisitions/{requisition.id}/withdraw").status_code == 403
    assert state_of(requisition) is RequisitionState.SUBMITTED


def test_mend_puts_a_returned_one_into_the_basket(place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(place)
    send_back(place.approver, pending_step(requisition), "Ta färre.", requisition.content_hash or "")
    commit()
    browser = login_as(place.orderer)
    assert "Ta färre." in browser.get(f"/requisitions/{requisition.id}").text
    assert browser.post(f"/requisitions/{requisition.id}/mend").location == "/basket"
    db.session.expire_all()
    basket = basket_of(place.orderer, place.organisation)
    assert basket is not None and basket.requisition_id == requisition.id and len(basket.lines) == 1


def test_mend_refuses_what_is_not_returned(place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(place)
    assert login_as(place.orderer).post(f"/requisitions/{requisition.id}/mend").status_code == 422


def test_the_page_asks_as_many_queries_for_twenty_lines_as_for_one(
    place: Place, login_as: LogIn, count_queries: Any
) -> None:
    counted = []
    for lines in (1, 20):
        goods = [(make_offer(place.organisation), Decimal(1)) for _line in range(lines)]
        requisition = make_requisition(place, goods)
        browser = login_as(place.orderer)
        with count_queries() as queries:
            assert browser.get(f"/requisitions/{requisition.id}").status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 10, counted
