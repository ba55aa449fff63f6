"""The same button pressed twice, or in two tabs: through the pages, with real commits, on both engines.

What came of it is what one press does, and everybody who pressed is told so in words.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from auth.session import begin_session
from core.db import TransactionalFlask, db, reading, unit_of_work
from orders.actions.approval import send_back
from orders.actions.basket import add
from orders.actions.favourite import keep
from orders.actions.shopping_list import ListTerms, create
from orders.approval import ApprovalCandidate
from orders.basket import Basket, BasketLine
from orders.basket_queries import basket_of
from orders.favourite import Favourite
from orders.order import Order
from orders.receipt import Receipt
from orders.requisition import Requisition
from orders.shopping_list import ShoppingList, ShoppingListLine
from tests.factories.catalog import make_offer
from tests.factories.orders import make_order, make_place, make_requisition, pending_step

TABS = 8
Sent = tuple[str, Mapping[str, str]]  # an address, and what the form says


def press(app: TransactionalFlask, token: str, *sent: Sent) -> list[TestResponse]:
    """Send forms from so many tabs of one browser at the same moment; the answers in their order."""
    gate = threading.Barrier(len(sent))

    def send(one: Sent) -> TestResponse:
        tab = app.test_client()
        with tab.session_transaction() as cookie:
            cookie["_user_id"] = token
        gate.wait(timeout=30)
        return tab.post(one[0], data=one[1])

    with ThreadPoolExecutor(len(sent)) as pool:
        return list(pool.map(send, sent))


def came_of(answers: Sequence[TestResponse]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def count(thing: type) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(thing)) or 0


def test_a_favourite_pressed_twice_is_kept_once_and_taken_away_once(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            address, token = f"/favourites/{make_offer(place.organisation).id}", begin_session(place.orderer, "test")
        assert came_of(press(fresh_app, token, *[(address, {})] * TABS)) == {303: TABS}
        assert count(Favourite) == 1
        assert came_of(press(fresh_app, token, *[(f"{address}/remove", {})] * TABS)) == {303: TABS}
        assert count(Favourite) == 0


def test_a_favourite_pressed_again_tells_what_is_so(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            paper = make_offer(place.organisation)
            keep(place.orderer, paper)
            address, token = f"/favourites/{paper.id}", begin_session(place.orderer, "test")
        press(fresh_app, token, (address, {}))
        assert count(Favourite) == 1


def test_a_new_list_sent_twice_is_made_once(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            paper = make_offer(place.organisation)
            add(place.orderer, place.organisation, paper, Decimal(1))
            form = {"name": "Veckan", "sharing": "private", "unit_id": str(place.unit.id), "key": "the same form"}
            form |= {"order_unit_id": "0", "address_id": "0"}
            pick = {"list_id": "0", "name": "Städ", "quantity": "2", "key": "another form"}
            here, token = f"/lists/pick/{paper.id}", begin_session(place.orderer, "test")
        answers = press(fresh_app, token, *[("/lists/new?of=basket", form)] * TABS, *[(here, pick)] * TABS)
        assert came_of(answers) == {303: 2 * TABS}
        assert len({answer.location for answer in answers[:TABS]}) == 1  # everybody comes to the one list
        assert (count(ShoppingList), count(ShoppingListLine)) == (2, 2)


def test_an_article_written_on_a_list_from_many_tabs_has_one_line(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            paper = make_offer(place.organisation)
            kept = create(place.orderer, place.organisation, ListTerms("Veckan"))
            form = {"list_id": str(kept.id), "quantity": "2", "name": ""}
            here, token = f"/lists/pick/{paper.id}", begin_session(place.orderer, "test")
        same, tabs = [(here, {**form, "key": "one"})] * TABS, [(here, {**form, "key": f"tab {n}"}) for n in range(TABS)]
        assert came_of(press(fresh_app, token, *same)) == came_of(press(fresh_app, token, *tabs)) == {303: TABS}
        with reading() as session:
            assert [line.quantity for line in session.scalars(select(ShoppingListLine))] == [Decimal(2 + 2 * TABS)]


def test_a_list_saved_and_thrown_away_from_many_tabs_ends_in_words(fresh_app: TransactionalFlask) -> None:
    """One change after the other, each on what the one before it has left; who comes too late is told so."""
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            goods = [(make_offer(place.organisation), Decimal(1)) for _article in range(3)]
            kept = create(place.orderer, place.organisation, ListTerms("Veckan"), goods)
            first, second, third = (line.id for line in kept.lines)
            form = {"name": "Ny", "sharing": "private", "unit_id": str(place.unit.id)}
            form |= {"order_unit_id": "0", "address_id": "0"}
            form |= {f"line-{line}-quantity": "7" for line in (first, second, third)}
            edit, throw = f"/lists/{kept.id}/edit", f"/lists/{kept.id}/delete"
            token = begin_session(place.orderer, "test")
            one_less, moved = {**form, f"line-{third}-remove": "y"}, {**form, "move": f"{second}:up"}
        answers = press(fresh_app, token, *[(edit, one_less), (edit, moved)] * TABS)
        assert came_of(answers) == {303: 2 * TABS}
        with reading() as session:
            lines = session.scalars(select(ShoppingListLine).order_by(ShoppingListLine.position)).all()
            assert [(line.position, line.quantity) for line in lines] == [(1, Decimal(7)), (2, Decimal(7))]
        answers = press(fresh_app, token, *[(throw, {})] * TABS, (edit, form))
        assert set(came_of(answers)) <= {303, 404} and came_of(answers)[303] >= 1
        assert all("Listan finns inte" in answer.text for answer in answers if answer.status_code == 404)
        assert count(ShoppingList) == 0


def test_rows_sent_twice_lie_in_the_basket_once(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            paper = make_offer(place.organisation)
            kept = create(place.orderer, place.organisation, ListTerms("Veckan"), [(paper, Decimal(2))])
            form = {"take": "1", "row-1-options": str(paper.id), "row-1-quantity": "2", "list_id": str(kept.id)}
            token = begin_session(place.orderer, "test")
        answers = press(fresh_app, token, *[("/basket/rows", {**form, "key": "the same form"})] * TABS)
        assert {answer.location for answer in answers} == {"/basket"}
        with reading() as session:
            assert [line.quantity for line in session.scalars(select(BasketLine))] == [Decimal(2)]
        press(fresh_app, token, ("/basket/rows", {**form, "key": "the page opened anew"}))
        with reading() as session:
            assert [line.quantity for line in session.scalars(select(BasketLine))] == [Decimal(4)]


def test_a_list_thrown_away_while_the_basket_is_filled_from_it(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        for _again in range(5):
            with unit_of_work():
                place = make_place()
                paper = make_offer(place.organisation)
                terms = ListTerms("Veckan", accounting_cost="6410")
                kept = create(place.orderer, place.organisation, terms, [(paper, Decimal(2))])
                form = {"take": "1", "row-1-options": str(paper.id), "row-1-quantity": "2", "list_id": str(kept.id)}
                delete, token = f"/lists/{kept.id}/delete", begin_session(place.orderer, "test")
            filled, thrown = press(fresh_app, token, ("/basket/rows", form), (delete, {}))
            assert thrown.status_code == 303 and filled.status_code in (303, 404)


def test_a_basket_line_taken_out_twice_is_gone(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            for _article in range(2):
                line = add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
            gone, token = f"/basket/{line.id}/remove", begin_session(place.orderer, "test")
        answers = press(fresh_app, token, *[(gone, {})] * TABS)
        assert came_of(answers) == {303: 1, 404: TABS - 1}
        assert all("finns inte i din varukorg" in answer.text for answer in answers if answer.status_code == 404)
        assert count(BasketLine) == 1


def test_a_basket_line_changed_while_another_tab_sends_the_basket(fresh_app: TransactionalFlask) -> None:
    """What is sent is what was there; the change comes before it, or is told that it came too late."""
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            line = add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
            till = {"key": "k", "unit_id": str(place.unit.id), "address_id": str(place.address.id)}
            change, token = f"/basket/{line.id}", begin_session(place.orderer, "test")
        sent = [("/checkout", till), (change, {"quantity": "5"})] * 3
        answers = press(fresh_app, token, *sent)
        assert came_of(answers[::2]) == {303: 3}
        assert all("finns inte i din varukorg" in answer.text for answer in answers[1::2] if answer.status_code == 404)
        assert set(came_of(answers[1::2])) <= {303, 404}
        with reading() as session:
            changed = any(answer.status_code == 303 for answer in answers[1::2])
            [requisition] = session.scalars(select(Requisition))
            assert [line.quantity for line in requisition.lines] == [Decimal(5 if changed else 1)]


def test_a_basket_sent_from_many_tabs_becomes_one_requisition(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
            form = {"unit_id": str(place.unit.id), "address_id": str(place.address.id)}
            token = begin_session(place.orderer, "test")
        same = [("/checkout", {**form, "key": "one"})] * TABS
        others = [("/checkout", {**form, "key": f"tab {tab}"}) for tab in range(TABS)]
        assert came_of(press(fresh_app, token, *same, *others)) == {303: 2 * TABS}
        assert count(Requisition) == 1


def test_a_returned_requisition_mended_twice_lies_in_the_basket_once(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            requisition = make_requisition(place)
            send_back(place.approver, pending_step(requisition), "Färre", requisition.content_hash or "")
            mend, token = f"/requisitions/{requisition.id}/mend", begin_session(place.orderer, "test")
        answers = press(fresh_app, token, *[(mend, {})] * TABS)
        assert {answer.location for answer in answers} == {"/basket"}
        assert count(BasketLine) == 1
        with unit_of_work():
            till = {"unit_id": str(place.unit.id), "address_id": str(place.address.id), "key": "sent again"}
        assert came_of(press(fresh_app, token, *[("/checkout", till)] * TABS)) == {303: TABS}
        assert count(Requisition) == 1


def test_a_step_approved_from_many_tabs_is_decided_once(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            step = pending_step(make_requisition(place))
            form = {"seen_hash": step.content_hash, "decision": "approve", "comment": ""}
            address, token = f"/approvals/{step.id}", begin_session(place.approver, "test")
        answers = press(fresh_app, token, *[(address, form)] * TABS)
        assert came_of(answers) == {303: 1, 409: TABS - 1}
        assert all("Beslutet är redan taget" in answer.text for answer in answers if answer.status_code == 409)
        assert count(Order) == 1
        with reading() as session:
            assert [seat.decision for seat in session.scalars(select(ApprovalCandidate))] == ["approve"]


def test_goods_taken_in_from_many_tabs_come_once(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            address = f"/orders/{make_order(place).number}/receive"
            token = begin_session(place.orderer, "test")
        same = [(address, {"all": "1", "note": "", "key": "one"})] * TABS
        answers = press(fresh_app, token, *same, (address, {"all": "1", "note": "", "key": "another tab"}))
        assert set(came_of(answers)) <= {303, 422}
        assert count(Receipt) == 1


def test_the_last_line_and_the_need_go_together(fresh_app: TransactionalFlask) -> None:
    """Two lines taken out at once: whichever is last finds the basket empty, and the need is gone."""
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            paper = make_offer(place.organisation)
            requisition = make_requisition(place, [(paper, Decimal(1)), (make_offer(place.organisation), Decimal(1))])
            send_back(place.approver, pending_step(requisition), "Färre", requisition.content_hash or "")
            mend, token = f"/requisitions/{requisition.id}/mend", begin_session(place.orderer, "test")
        press(fresh_app, token, (mend, {}))
        with reading() as session:
            lines = session.scalars(select(BasketLine.id)).all()
        assert came_of(press(fresh_app, token, *[(f"/basket/{line}/remove", {}) for line in lines])) == {303: 2}
        with reading():
            basket = basket_of(db.session.get_one(Basket, 1).user, db.session.get_one(Basket, 1).organisation)
            assert basket is not None and basket.requisition_id is None
