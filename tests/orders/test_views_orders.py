"""The orders' pages: the list, one order's story, its documents, goods in, cancelling and sending again."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from flask.testing import FlaskClient

from auth.permission import Role
from auth.user import User
from catalog.price_list import Article
from core.clock import now
from core.db import commit, db
from core.state import advance
from exchange.outbox import MessageState, OutboxMessage, messages_about
from orders.actions.receipt import Received, receive
from orders.mail import about
from orders.order import FileKind, Order, OrderState
from orders.order_queries import order_for, received_quantities
from tests.factories.auth import make_address, make_member, make_office, make_unit
from tests.factories.catalog import make_agreement, make_award, make_lot, make_offer, make_price_list
from tests.factories.orders import Place, make_order, make_place

LogIn = Callable[[User], FlaskClient]
KEY = "a-key-of-the-form"


def made(place: Place, quantity: int = 2) -> Order:
    """A placed order with one line."""
    order = make_order(place, [(make_offer(place.organisation), Decimal(quantity))])
    commit()
    return order_for(place.orderer, place.organisation, order.number)


def reread(order: Order) -> Order:
    db.session.expire_all()
    return db.session.get_one(Order, order.id)


def letter(order: Order) -> OutboxMessage:
    db.session.expire_all()
    return messages_about(about(order))[0]


def give_up(order: Order) -> None:
    """The mail could not be delivered."""
    message = letter(order)
    advance(message, "claim")
    advance(message, "fail")
    message.last_error = "550 5.1.1 no such mailbox"
    commit()


def came(order: Order, *quantities: str, **values: str) -> dict[str, str]:
    """What the form of a receipt sends."""
    form = {"key": KEY, "note": "", **values}
    for line, quantity in zip(order.lines, quantities, strict=True):
        form |= {f"line-{line.id}-quantity": quantity, f"line-{line.id}-deviation": "none"}
    return form


# The list


def test_the_list_has_three_reaches(place: Place, login_as: LogIn) -> None:
    hers = made(place)
    colleague = make_member(Role.ORDERER, place.organisation, place.unit)
    elsewhere = make_unit(place.organisation)
    far = make_member(Role.ORDERER, place.organisation, elsewhere)
    make_member(Role.APPROVER, place.organisation, elsewhere, user=place.approver)
    same_unit = make_order(Place(place.organisation, place.unit, place.address, colleague, place.approver))
    other_unit = make_order(Place(place.organisation, elsewhere, make_address(elsewhere), far, place.approver))
    foreign = make_order(make_place())
    browser = login_as(place.orderer)
    found = {scope: browser.get(f"/orders?scope={scope}").text for scope in ("mine", "unit", "organisation", "x")}
    assert hers.number in found["mine"] and same_unit.number not in found["mine"]
    assert same_unit.number in found["unit"] and other_unit.number not in found["unit"]
    assert found["x"].count("/orders/") == found["mine"].count("/orders/")
    auditor = login_as(make_member(Role.AUDITOR, place.organisation))
    everything = auditor.get("/orders?scope=organisation").text
    assert other_unit.number in everything and foreign.number not in everything


def test_the_list_is_searched_by_number_supplier_and_state(place: Place, login_as: LogIn) -> None:
    first, second = made(place), made(place)
    browser = login_as(place.orderer)
    by_number = browser.get(f"/orders?q={first.number}").text
    assert f'href="/orders/{first.number}"' in by_number and f'href="/orders/{second.number}"' not in by_number
    assert f'href="/orders/{second.number}"' in browser.get(f"/orders?q={second.supplier.name}").text
    assert "Ingen träff" in browser.get("/orders?state=cancelled").text
    assert browser.get("/orders?page=x&state=x").status_code == 200
    assert browser.get("/orders?page=99999999999999999999").status_code == 200


def test_the_list_shows_what_has_left_and_what_has_come(place: Place, login_as: LogIn) -> None:
    order = made(place, 4)
    browser = login_as(place.orderer)
    assert "skickas snart" in browser.get("/orders").text
    give_up(order)
    receive(place.orderer, order, {order.lines[0].id: Received(Decimal(1))}, None, "one")
    page = browser.get("/orders").text
    assert "kunde inte skickas" in page and "delvis mottagen" in page
    receive(place.orderer, order, {order.lines[0].id: Received(Decimal(3))}, None, "two")
    page = browser.get("/orders").text
    assert ">mottagen<" in page and "delvis mottagen" not in page


def test_the_list_asks_as_many_queries_for_twenty_orders_as_for_one(
    place: Place, login_as: LogIn, count_queries: Any
) -> None:
    browser = login_as(place.orderer)
    counted = []
    for more in (1, 19):
        for _order in range(more):
            make_order(place)
        commit()
        with count_queries() as queries:
            assert browser.get("/orders").status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 10, counted


# One order


def test_the_page_tells_the_story_of_the_order(place: Place, login_as: LogIn) -> None:
    order = made(place, 4)
    receive(place.orderer, order, {order.lines[0].id: Received(Decimal(1))}, "Kom med bil", "one")
    page = login_as(place.orderer).get(f"/orders/{order.number}").text
    told = [
        f"{place.orderer.name} skickade begäran för godkännande",
        f"{place.approver.name} godkände som attestant för {place.unit.name}.",
        f"Beställningen lades hos {order.supplier.name}",
        f"{place.orderer.name} tog emot varor: rad 1: 1.",
    ]
    assert [sentence for sentence in told if sentence not in page] == []
    assert sorted(told, key=page.index) == told
    assert "Kom med bil" in page


def test_another_organisations_order_is_not_found(place: Place, login_as: LogIn) -> None:
    order = made(make_place())
    browser = login_as(place.orderer)
    for path in ("", ".pdf", ".xml", "/receive", "/cancel", "/close", "/again"):
        assert browser.get(f"/orders/{order.number}{path}").status_code == 404, path
    for path in ("/receive", "/cancel", "/close", f"/messages/{letter(order).id}/resend"):
        assert browser.post(f"/orders/{order.number}{path}", data={"reason": "x"}).status_code == 404, path
    assert reread(order).state is OrderState.PLACED


@pytest.mark.parametrize(("ending", "kind"), [("pdf", FileKind.PDF), ("xml", FileKind.UBL)])
def test_documents_are_served_byte_for_byte_as_sent(ending: str, kind: FileKind, place: Place, login_as: LogIn) -> None:
    order = made(place)
    answer = login_as(place.orderer).get(f"/orders/{order.number}.{ending}")
    file = next(file for file in reread(order).documents if file.kind is kind)
    assert answer.status_code == 200 and answer.mimetype == file.media_type
    assert sha256(answer.data).hexdigest() == file.sha256
    assert answer.data in [attachment.content for attachment in letter(order).attachments]


def test_an_order_that_is_not_cancelled_has_no_cancellation(place: Place, login_as: LogIn) -> None:
    assert login_as(place.orderer).get(f"/orders/{made(place).number}/cancellation.pdf").status_code == 404


def test_the_page_asks_as_many_queries_for_twenty_lines_as_for_one(
    place: Place, login_as: LogIn, count_queries: Any
) -> None:
    browser = login_as(place.orderer)
    counted = []
    for lines in (1, 20):
        price_list = make_price_list(make_award(make_lot(make_agreement(place.organisation))), [{}] * lines)
        articles = db.session.query(Article).filter_by(price_list_id=price_list.id).all()
        order = make_order(place, [(article, Decimal(1)) for article in articles])
        commit()
        assert len(order.lines) == lines
        with count_queries() as queries:
            assert browser.get(f"/orders/{order.number}").status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 10, counted


# Sending again


def test_a_letter_that_failed_is_told_in_words_and_sent_again(place: Place, login_as: LogIn) -> None:
    order = made(place)
    give_up(order)
    message = letter(order)
    key = message.message_id
    browser = login_as(place.orderer)
    page = browser.get(f"/orders/{order.number}").text
    assert "Leverantören har inte fått den." in page and "550 5.1.1 no such mailbox" in page
    answer = browser.post(f"/orders/{order.number}/messages/{message.id}/resend")
    assert (answer.status_code, answer.location) == (303, f"/orders/{order.number}")
    again = letter(order)
    assert (again.state, again.message_id) == (MessageState.QUEUED, key)
    assert f"{place.orderer.name} skickade om till {again.recipient}." in browser.get(f"/orders/{order.number}").text


def test_a_colleague_may_not_send_again(place: Place, login_as: LogIn) -> None:
    order = made(place)
    give_up(order)
    browser = login_as(make_member(Role.ORDERER, place.organisation, place.unit))
    assert "Skicka igen" not in browser.get(f"/orders/{order.number}").text
    assert browser.post(f"/orders/{order.number}/messages/{letter(order).id}/resend").status_code == 403
    assert letter(order).state is MessageState.FAILED


def test_the_letter_of_another_order_is_not_found(place: Place, login_as: LogIn) -> None:
    order, other = made(place), made(place)
    give_up(other)
    answer = login_as(place.orderer).post(f"/orders/{order.number}/messages/{letter(other).id}/resend")
    assert answer.status_code == 404
    assert letter(other).state is MessageState.FAILED


def test_a_cancelled_order_is_not_sent_again(place: Place, login_as: LogIn) -> None:
    order = made(place)
    browser = login_as(place.orderer)
    browser.post(f"/orders/{order.number}/cancel", data={"reason": "Fel vara."})
    assert browser.post(f"/orders/{order.number}/messages/{letter(order).id}/resend").status_code == 409
    assert letter(order).state is MessageState.ABORTED


def test_a_closed_order_is_not_sent_again_and_the_way_on_is_told(place: Place, login_as: LogIn) -> None:
    order = made(place, 4)
    give_up(order)
    browser = login_as(place.orderer)
    assert "Skicka igen" in browser.get(f"/orders/{order.number}").text
    browser.post(f"/orders/{order.number}/receive", data={"key": KEY, "all": "1"})
    assert "Skicka igen" not in browser.get(f"/orders/{order.number}").text
    refused = browser.post(f"/orders/{order.number}/messages/{letter(order).id}/resend")
    assert refused.status_code == 409 and "Skriv att det är en kopia" in refused.text
    assert letter(order).state is MessageState.FAILED


def test_an_administrator_of_the_mail_does_not_send_a_cancelled_order(place: Place, login_as: LogIn) -> None:
    order = made(place)
    give_up(order)
    login_as(place.orderer).post(f"/orders/{order.number}/cancel", data={"reason": "Fel vara."})
    browser = login_as(make_member(Role.SYSTEM_ADMIN, make_office()))
    assert browser.post(f"/admin/outbox/{letter(order).id}/resend").status_code == 409
    assert letter(order).state is MessageState.FAILED


# Goods in


def test_all_came_with_one_button(place: Place, login_as: LogIn) -> None:
    order = made(place, 4)
    browser = login_as(place.orderer)
    assert "Allt kom" in browser.get(f"/orders/{order.number}/receive").text
    answer = browser.post(f"/orders/{order.number}/receive", data={"key": KEY, "all": "1"})
    assert (answer.status_code, answer.location) == (303, f"/orders/{order.number}")
    assert reread(order).state is OrderState.CLOSED
    assert set(received_quantities(order).values()) == {Decimal(4)}


def test_a_part_came_and_the_rest_is_suggested(place: Place, login_as: LogIn) -> None:
    order = made(place, 4)
    browser = login_as(place.orderer)
    browser.post(f"/orders/{order.number}/receive", data=came(order, "1,5"))
    assert reread(order).state is OrderState.PLACED
    page = browser.get(f"/orders/{order.number}/receive").text
    assert 'value="2,5"' in page and "mottaget 1,5" in page


def test_a_double_click_receives_once(place: Place, login_as: LogIn) -> None:
    order = made(place, 4)
    browser = login_as(place.orderer)
    for _click in range(2):
        assert browser.post(f"/orders/{order.number}/receive", data=came(order, "1")).status_code == 303
    assert set(received_quantities(order).values()) == {Decimal(1)}


def test_too_many_need_a_comment(place: Place, login_as: LogIn) -> None:
    order = made(place, 4)
    browser = login_as(place.orderer)
    refused = browser.post(f"/orders/{order.number}/receive", data=came(order, "5"))
    assert refused.status_code == 422 and "skriv en kommentar" in refused.text
    note = {f"line-{order.lines[0].id}-note": "En extra i lådan"}
    assert browser.post(f"/orders/{order.number}/receive", data=came(order, "5", **note)).status_code == 303


@pytest.mark.parametrize("quantity", ["många", "1e30", "1.500", "0"])
def test_a_quantity_that_is_none_receives_nothing(quantity: str, place: Place, login_as: LogIn) -> None:
    order = made(place, 4)
    answer = login_as(place.orderer).post(f"/orders/{order.number}/receive", data=came(order, quantity))
    assert answer.status_code == 422
    assert received_quantities(order) == {}


def test_a_closed_order_is_corrected_on_a_page_of_its_own(place: Place, login_as: LogIn) -> None:
    order = make_order(place)
    number, line_id = order.number, order.lines[0].id
    browser = login_as(place.orderer)
    browser.post(f"/orders/{number}/receive", data={"key": "a", "all": "1"})
    assert "Rätta det mottagna" in browser.get(f"/orders/{number}").text
    page = browser.get(f"/orders/{number}/receive").text
    assert "Skriv minus framför" in page and "Allt kom" not in page
    rows = {"key": "b", f"line-{line_id}-quantity": "1", f"line-{line_id}-deviation": "none"}
    refused = browser.post(f"/orders/{number}/receive", data=rows)
    assert refused.status_code == 422 and "är avslutad" in refused.text
    corrected = rows | {"key": "c", f"line-{line_id}-quantity": "-1", f"line-{line_id}-note": "Räknade fel"}
    assert browser.post(f"/orders/{number}/receive", data=corrected).status_code == 303
    page = browser.get(f"/orders/{number}").text
    assert "rättade det mottagna: rad 1: -1" in page.replace("−", "-") and "öppnades igen" in page


def test_a_colleague_without_the_role_does_not_receive(place: Place, login_as: LogIn) -> None:
    order = made(place, 4)
    colleague = make_member(Role.ORDERER, place.organisation, place.unit)
    assert login_as(colleague).get(f"/orders/{order.number}/receive").status_code == 403
    assert login_as(colleague).post(f"/orders/{order.number}/receive", data=came(order, "1")).status_code == 403
    receiver = make_member(Role.RECEIVER, place.organisation, place.unit)
    assert login_as(receiver).post(f"/orders/{order.number}/receive", data=came(order, "1")).status_code == 303


# Cancelling, closing, ordering again


def test_cancel_needs_a_reason_and_tells_it(place: Place, login_as: LogIn) -> None:
    order = made(place)
    browser = login_as(place.orderer)
    assert browser.post(f"/orders/{order.number}/cancel", data={"reason": " "}).status_code == 422
    assert reread(order).state is OrderState.PLACED
    assert browser.post(f"/orders/{order.number}/cancel", data={"reason": "Fel färg."}).status_code == 303
    assert reread(order).state is OrderState.CANCELLED
    assert "Fel färg." in browser.get(f"/orders/{order.number}").text


def test_what_has_come_in_part_is_closed_and_not_cancelled(place: Place, login_as: LogIn) -> None:
    order = made(place, 4)
    receive(place.orderer, order, {order.lines[0].id: Received(Decimal(1))}, None, "one")
    browser = login_as(place.orderer)
    page = browser.get(f"/orders/{order.number}").text
    assert "Annullera beställningen" not in page and "Avsluta, inget mer kommer" in page
    assert browser.post(f"/orders/{order.number}/cancel", data={"reason": "Ångrar mig."}).status_code == 422
    assert browser.post(f"/orders/{order.number}/close", data={"reason": "Slut i lager."}).status_code == 303
    assert reread(order).state is OrderState.CLOSED


@pytest.mark.parametrize("act", ["cancel", "close"])
def test_a_colleague_neither_cancels_nor_closes(act: str, place: Place, login_as: LogIn) -> None:
    order = made(place)
    browser = login_as(make_member(Role.ORDERER, place.organisation, place.unit))
    assert browser.get(f"/orders/{order.number}/{act}").status_code == 403
    assert browser.post(f"/orders/{order.number}/{act}", data={"reason": "x"}).status_code == 403
    assert reread(order).state is OrderState.PLACED


# The same again


def test_again_shows_todays_prices_beside_those_of_the_order_and_puts_nothing_in_the_basket(
    place: Place, login_as: LogIn
) -> None:
    paper = make_offer(place.organisation, price=Decimal(100))
    order = make_order(place, [(paper, Decimal(4))])
    make_price_list(paper.award, [{"supplier_number": paper.supplier_number, "name": "Papper", "price": Decimal(110)}])
    browser = login_as(place.orderer)
    page = browser.get(f"/orders/{order.number}/again").text
    assert "10 % dyrare i dag" in page and "440,00" in page and f"Hette då {paper.name}" in page
    assert "Allt kan beställas igen" in page
    assert "Varukorgen är tom" in browser.get("/basket").text


def test_again_tells_what_is_gone_and_why(place: Place, login_as: LogIn) -> None:
    order = made(place)
    order.supplier.blocked_at, order.supplier.blocked_reason = now(), "Konkurs"
    page = login_as(place.orderer).get(f"/orders/{order.number}/again").text
    assert order.lines[0].name in page and "Kan inte beställas nu" in page and "Konkurs" in page
    assert 'name="take"' not in page


def test_again_asks_as_many_queries_for_ten_lines_as_for_two(place: Place, login_as: LogIn, count_queries: Any) -> None:
    browser = login_as(place.orderer)
    counted = []
    for lines in (2, 10):
        award = make_award(make_lot(make_agreement(place.organisation)))
        price_list = make_price_list(award, [{} for _line in range(lines)])
        articles = db.session.query(Article).filter_by(price_list_id=price_list.id)
        order = make_order(place, [(article, Decimal(1)) for article in articles])
        with count_queries() as queries:
            assert browser.get(f"/orders/{order.number}/again").text.count('name="take"') == lines
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 17, counted


@pytest.mark.parametrize(("role", "shown"), [(Role.AUDITOR, True), (Role.RECEIVER, True), (Role.ORDERER, False)])
def test_whoever_orders_nothing_sees_the_orders_of_others_first(
    place: Place, login_as: LogIn, role: Role, shown: bool
) -> None:
    order = made(place)
    reader = make_member(role, place.organisation)
    commit()
    assert (order.number in login_as(reader).get("/orders").text) is shown
