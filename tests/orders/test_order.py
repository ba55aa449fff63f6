"""After placing: cancelled, closed, received; and what the database itself refuses."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DatabaseError

from auth.journal import entries_about
from auth.permission import Role
from catalog.price_list import Article, PriceListState
from core.clock import now
from core.db import TransactionalFlask, commit, db
from core.errors import NotAllowed, NotFound, RuleBroken, WrongState
from core.state import advance
from exchange.outbox import MessageState, messages_about
from orders import order_queries
from orders.actions.order import cancel, close
from orders.actions.receipt import Received, receive
from orders.order import FileKind, Order, OrderLine, OrderState
from orders.order_queries import order_for, orders_page, received_quantities
from orders.receipt import Deviation
from tests.factories.auth import make_member, make_office, make_unit, make_user
from tests.factories.catalog import make_agreement, make_award, make_ceiling, make_lot, make_offer, make_price_list
from tests.factories.orders import make_order, make_place


def test_cancelling_gives_the_room_back_and_stops_the_mail_that_has_not_left(app: TransactionalFlask) -> None:
    place = make_place()
    paper = make_offer(place.organisation, price=Decimal(100))
    ceiling = make_ceiling(paper.award.lot.agreement, Decimal(1000))
    order = make_order(place, [(paper, Decimal(3))])
    commit()
    assert ceiling.ordered == Decimal(300)
    cancel(place.orderer, order, "Fel sort")
    commit()
    assert ceiling.ordered == 0
    assert order.state is OrderState.CANCELLED
    assert [(m.kind, m.state) for m in messages_about(f"order:{order.number}")] == [("order", MessageState.ABORTED)]


def test_a_supplier_who_has_the_order_is_told_that_it_is_cancelled(app: TransactionalFlask) -> None:
    place = make_place()
    order = make_order(place)
    [sent] = messages_about(f"order:{order.number}")
    db.session.execute(text("UPDATE outbox_message SET state='sent'"))
    db.session.expire_all()
    assert sent.state is MessageState.SENT
    cancel(place.orderer, order, "Fel sort & <storlek>")
    commit()
    told = next(m for m in messages_about(f"order:{order.number}") if m.kind == "cancellation")
    assert told.recipient == order.supplier.order_email
    assert "Fel sort" in told.text
    [attached] = told.attachments
    stored = next(file for file in order.documents if file.kind is FileKind.CANCELLATION)
    assert attached.content == stored.content


@pytest.mark.parametrize("told", ["sent_at = created_at", "last_error = '451 try later'", "attempts = 2"])
def test_who_may_have_the_order_is_told_and_gets_it_no_more(told: str, app: TransactionalFlask) -> None:
    """It was sent and waits to be sent once more, or was tried without anybody knowing what came of it."""
    place = make_place()
    order = make_order(place)
    db.session.execute(text(f"UPDATE outbox_message SET {told}"))
    db.session.expire_all()
    cancel(place.orderer, order, "Fel sort")
    commit()
    letters = [(m.kind, m.state) for m in messages_about(f"order:{order.number}")]
    assert letters == [("order", MessageState.ABORTED), ("cancellation", MessageState.QUEUED)]


def test_what_has_come_cannot_be_cancelled_but_closed(app: TransactionalFlask) -> None:
    place = make_place()
    order = make_order(place)
    receive(place.orderer, order, {order.lines[0].id: Received(Decimal(1))}, None, "k")
    with pytest.raises(RuleBroken):
        cancel(place.orderer, order, "Ångrade mig")
    close(place.orderer, order, "Resten kommer inte")
    assert order.state is OrderState.CLOSED
    with pytest.raises(WrongState):
        close(place.orderer, order, "igen")


def test_closing_stops_the_mail_of_an_order_that_nobody_has_heard_of(app: TransactionalFlask) -> None:
    """Or the supplier delivers what is awaited no more."""
    place = make_place()
    order, begun = make_order(place), make_order(place)
    receive(place.orderer, begun, {begun.lines[0].id: Received(Decimal(1))}, None, "k")
    for each in (order, begun):
        close(place.orderer, each, "Behövs inte")
    states = [m.state for each in (order, begun) for m in messages_about(f"order:{each.number}")]
    assert states == [MessageState.ABORTED, MessageState.QUEUED]


def test_a_stranger_neither_cancels_nor_receives(app: TransactionalFlask) -> None:
    place = make_place()
    order = make_order(place)
    stranger = make_member(Role.ORDERER, place.organisation, place.unit)
    with pytest.raises(NotAllowed):
        cancel(stranger, order, "Nej")
    with pytest.raises(NotAllowed):
        receive(stranger, order, {order.lines[0].id: Received(Decimal(1))}, None, "k")


def test_receipts_add_up_and_the_last_closes_the_order(app: TransactionalFlask) -> None:
    place = make_place()
    receiver = make_member(Role.RECEIVER, place.organisation, place.unit)
    goods = [(make_offer(place.organisation), Decimal(4))]
    order = make_order(place, goods)
    [line] = order.lines
    receive(receiver, order, {line.id: Received(Decimal("1.5"))}, None, "a")
    receive(receiver, order, {line.id: Received(Decimal(0), Deviation.DAMAGED, "blött")}, None, "b")
    receive(receiver, order, {line.id: Received(Decimal("-0.5"), note="räknade fel")}, None, "c")
    assert received_quantities(order) == {line.id: Decimal(1)}
    assert order.state is OrderState.PLACED
    receive(receiver, order, {line.id: Received(Decimal(3))}, "allt", "d")
    assert order.state is OrderState.CLOSED
    with pytest.raises(RuleBroken):
        receive(receiver, order, {line.id: Received(Decimal(1))}, None, "e")


def test_closing_short_gives_back_the_room_of_what_never_comes(app: TransactionalFlask) -> None:
    place = make_place()
    paper = make_offer(place.organisation, price=Decimal("33.335"), base_quantity=Decimal(1))
    paper.award.freight = Decimal(50)
    ceiling = make_ceiling(paper.award.lot.agreement, Decimal(1000))
    order = make_order(place, [(paper, Decimal(10))])
    db.session.refresh(ceiling)
    assert ceiling.ordered == Decimal("383.35")
    receive(place.orderer, order, {order.lines[0].id: Received(Decimal(3))}, None, "k")
    close(place.orderer, order, "Resten kommer inte")
    commit()
    assert ceiling.ordered == Decimal("150.01")  # 3 × 33.335 and the freight
    [entry] = [e for e in entries_about("order", order.number) if e.act == "close"]
    assert entry.details["released"] == "233.34"


def test_closing_what_never_came_gives_all_of_it_back(app: TransactionalFlask) -> None:
    place = make_place()
    paper = make_offer(place.organisation, price=Decimal(100))
    paper.award.freight = Decimal(50)
    ceiling = make_ceiling(paper.award.lot.agreement, Decimal(1000))
    close(place.orderer, make_order(place, [(paper, Decimal(3))]), "Kommer inte")
    commit()
    assert ceiling.ordered == 0


def test_a_page_of_orders_knows_its_neighbours_without_counting(
    app: TransactionalFlask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_queries, "PAGE_SIZE", 1)
    place = make_place()
    offer = make_offer(place.organisation)
    older, newer = (make_order(place, [(offer, Decimal(1))]) for _ in range(2))
    first, second, beyond = (orders_page(place.orderer, place.organisation, page=number) for number in (0, 2, 10**30))
    assert (first.items, first.number, first.has_previous, first.has_next) == ([newer], 1, False, True)
    assert (second.items, second.number, second.has_previous, second.has_next) == ([older], 2, True, False)
    assert (beyond.items, beyond.has_previous, beyond.has_next) == ([], True, False)
    without_a_unit = make_member(Role.AUDITOR, place.organisation)
    assert orders_page(without_a_unit, place.organisation, scope="unit").items == []


def test_what_was_received_by_mistake_is_corrected_and_opens_the_order_again(app: TransactionalFlask) -> None:
    place = make_place()
    paper = make_offer(place.organisation, price=Decimal(100))
    ceiling = make_ceiling(paper.award.lot.agreement, Decimal(1000))
    order = make_order(place, [(paper, Decimal(3))])
    [line] = order.lines
    receive(place.orderer, order, {line.id: Received(Decimal(3))}, None, "a")
    assert order.state is OrderState.CLOSED
    with pytest.raises(RuleBroken):  # says why
        receive(place.orderer, order, {line.id: Received(Decimal(-1))}, None, "b")
    receive(place.orderer, order, {line.id: Received(Decimal(-1), note="räknade fel")}, None, "c")
    commit()
    assert order.state.value == "placed" and order.closed_at is None
    assert ceiling.ordered == Decimal(300)
    acts = [entry.act for entry in entries_about("order", order.number)]
    assert acts[-2:] == ["receive", "reopen"]
    receive(place.orderer, order, {line.id: Received(Decimal(1))}, None, "d")
    assert order.state.value == "closed"


def test_an_order_that_is_opened_again_becomes_what_it_was(app: TransactionalFlask) -> None:
    place = make_place()
    order = make_order(place, [(make_offer(place.organisation), Decimal(3))])
    advance(order, "confirm")
    order.confirmed_at = now()
    [line] = order.lines
    receive(place.orderer, order, {line.id: Received(Decimal(3))}, None, "a")
    receive(place.orderer, order, {line.id: Received(Decimal(-1), note="räknade fel")}, None, "b")
    assert order.state is OrderState.CONFIRMED


def test_one_too_many_is_corrected_without_opening_the_order(app: TransactionalFlask) -> None:
    place = make_place()
    order = make_order(place, [(make_offer(place.organisation), Decimal(3))])
    [line] = order.lines
    receive(place.orderer, order, {line.id: Received(Decimal(4), note="en extra")}, None, "a")
    receive(place.orderer, order, {line.id: Received(Decimal(-1), note="räknade fel")}, None, "b")
    assert order.state is OrderState.CLOSED
    assert received_quantities(order) == {line.id: Decimal(3)}


def test_an_order_closed_short_opens_again_only_while_its_room_is_there(app: TransactionalFlask) -> None:
    place = make_place()
    paper = make_offer(place.organisation, price=Decimal(100))
    ceiling = make_ceiling(paper.award.lot.agreement, Decimal(300))
    order = make_order(place, [(paper, Decimal(3))])
    [line] = order.lines
    receive(place.orderer, order, {line.id: Received(Decimal(2))}, None, "a")
    close(place.orderer, order, "Resten kommer inte")
    commit()
    assert ceiling.ordered == Decimal(200)
    wrong = {line.id: Received(Decimal(-1), note="räknade fel")}
    receive(place.orderer, order, wrong, None, "b")
    commit()
    assert (order.state.value, ceiling.ordered) == ("placed", Decimal(300))
    close(place.orderer, order, "Nu är det slut")
    make_order(place, [(paper, Decimal(2))])  # takes the room
    with pytest.raises(RuleBroken, match="Takvolymen"):
        receive(place.orderer, order, wrong, None, "c")


def test_too_much_needs_a_comment_and_has_an_end(app: TransactionalFlask) -> None:
    place = make_place()
    order = make_order(place, [(make_offer(place.organisation), Decimal(2))])
    [line] = order.lines
    with pytest.raises(RuleBroken):
        receive(place.orderer, order, {line.id: Received(Decimal(3))}, None, "a")
    with pytest.raises(RuleBroken):
        receive(place.orderer, order, {line.id: Received(Decimal(21), note="många")}, None, "a")
    with pytest.raises(RuleBroken):
        receive(place.orderer, order, {line.id: Received(Decimal(-1), note="minus")}, None, "a")
    receive(place.orderer, order, {line.id: Received(Decimal(3), note="en extra")}, None, "a")
    assert received_quantities(order)[line.id] == Decimal(3)


def test_the_same_form_sent_twice_receives_once(app: TransactionalFlask) -> None:
    place = make_place()
    order = make_order(place)
    [line] = order.lines
    first = receive(place.orderer, order, {line.id: Received(Decimal(1))}, None, "same")
    assert receive(place.orderer, order, {line.id: Received(Decimal(1))}, None, "same") is first
    assert received_quantities(order)[line.id] == Decimal(1)


def test_everybody_sees_her_own_and_those_of_her_place(app: TransactionalFlask) -> None:
    place = make_place()
    order = make_order(place)
    other_unit = make_unit(place.organisation)
    sees = [
        place.orderer,
        place.approver,
        make_member(Role.ORDERER, place.organisation, place.unit),
        make_member(Role.AUDITOR, place.organisation),
        make_member(Role.ORGANISATION_ADMIN, place.organisation),
    ]
    does_not = [
        make_member(Role.ORDERER, place.organisation, other_unit),
        make_member(Role.SYSTEM_ADMIN, place.organisation),
        make_user(),
    ]
    for user in sees:
        assert order_for(user, place.organisation, order.number) is order
    for user in does_not:
        with pytest.raises(NotFound):
            order_for(user, place.organisation, order.number)


def test_the_office_sees_every_organisations_orders(app: TransactionalFlask) -> None:
    order = make_order()
    office = make_office(name="Kontoret")
    owner = make_member(Role.AGREEMENT_OWNER, office)
    assert order_for(owner, office, order.number) is order
    assert orders_page(owner, office, scope="organisation").items


def test_a_role_in_two_organisations_never_mixes_them(app: TransactionalFlask) -> None:
    place, other = make_place(), make_place()
    order = make_order(place)
    both = make_member(Role.AUDITOR, place.organisation)
    make_member(Role.AUDITOR, other.organisation, user=both)
    assert order_for(both, place.organisation, order.number) is order
    with pytest.raises(NotFound):
        order_for(both, other.organisation, order.number)


FROZEN = (
    "UPDATE purchase_order_line SET quantity=1",
    "DELETE FROM purchase_order_line",
    "UPDATE purchase_order SET net_amount=1",
    "UPDATE purchase_order SET number='X'",
    "DELETE FROM purchase_order",
    "UPDATE purchase_order_file SET sha256='x'",
    "UPDATE outbox_attachment SET sha256='x'",
)


@pytest.mark.parametrize("statement", FROZEN)
def test_the_database_keeps_a_placed_order_as_it_is(app: TransactionalFlask, statement: str) -> None:
    make_order()
    with pytest.raises(DatabaseError, match=r"never|queued"):
        db.session.execute(text(statement))


def test_a_placed_order_gets_no_further_line(app: TransactionalFlask) -> None:
    order = make_order()
    [line] = order.lines
    values = {c.key: getattr(line, c.key) for c in OrderLine.__table__.columns if c.key != "id"}
    with pytest.raises(DatabaseError, match="never changed"):
        db.session.execute(insert(OrderLine).values(**values | {"position": 2}))


@pytest.mark.parametrize("state", [PriceListState.DRAFT, PriceListState.REVIEWED, PriceListState.WITHDRAWN])
def test_no_line_without_a_published_row(app: TransactionalFlask, state: PriceListState) -> None:
    order = make_order()
    [line] = order.lines
    award = make_award(make_lot(make_agreement(order.organisation)))
    price_list = make_price_list(award, [{}], state=state)
    article = db.session.scalars(select(Article).where(Article.price_list_id == price_list.id)).one()
    values = {c.key: getattr(line, c.key) for c in OrderLine.__table__.columns if c.key != "id"}
    db.session.execute(insert(Order).values(**_copy_of(order)))
    copy_id = db.session.scalars(select(Order.id).where(Order.number == "COPY")).one()
    with pytest.raises(DatabaseError, match="published price list"):
        db.session.execute(
            insert(OrderLine).values(**values | {"order_id": copy_id, "article_id": article.id, "award_id": award.id})
        )


def test_no_line_with_an_article_of_another_award(app: TransactionalFlask) -> None:
    order = make_order()
    [line] = order.lines
    foreign = make_offer()
    values = {c.key: getattr(line, c.key) for c in OrderLine.__table__.columns if c.key != "id"}
    db.session.execute(insert(Order).values(**_copy_of(order)))
    copy_id = db.session.scalars(select(Order.id).where(Order.number == "COPY")).one()
    with pytest.raises(DatabaseError, match="published price list"):
        db.session.execute(insert(OrderLine).values(**values | {"order_id": copy_id, "article_id": foreign.id}))


def _copy_of(order: Order) -> dict[str, object]:
    """The columns of an order, as another one without lines or documents."""
    other = make_place()
    requisition = make_order(other).requisition
    values = {c.key: getattr(order, c.key) for c in Order.__table__.columns if c.key != "id"}
    return values | {"number": "COPY", "serial": 999, "requisition_id": requisition.id, "placed_at": now()}


def test_the_story_of_an_order_is_in_the_journal(app: TransactionalFlask) -> None:
    place = make_place()
    order = make_order(place)
    cancel(place.orderer, order, "Fel")
    commit()
    assert [e.act for e in entries_about("order", order.number)] == ["place", "cancel"]
