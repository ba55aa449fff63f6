"""Blanket orders: within the agreement and the award's cap, drawn never beyond it, and what is left is given back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from auth.journal import entries_about
from auth.user import User
from catalog.actions.supplier import block
from catalog.agreement import Award
from catalog.ceiling import Ceiling
from core.clock import frozen, now, today
from core.db import TransactionalFlask, commit, db, reading, unit_of_work
from core.errors import NotAllowed, RuleBroken, WrongState
from orders.actions.approval import approve
from orders.actions.basket import change
from orders.actions.blanket import draw, end_blankets
from orders.actions.order import cancel, close
from orders.actions.receipt import Received, receive
from orders.actions.requisition import submit
from orders.blanket import BlanketDraw, BlanketOrder
from orders.order import FileKind, Order, OrderState
from orders.order_queries import orders_of
from tests.concurrency import at_once
from tests.factories import unique
from tests.factories.catalog import make_ceiling
from tests.factories.free_texts import make_free_award, make_free_line, make_free_requisition
from tests.factories.needs import make_buyer
from tests.factories.orders import Place, checkout_at, make_order, make_place, pending_step


def spring() -> tuple[Any, Any]:
    return today(), today() + timedelta(days=90)


def make_blanket(place: Place, award: Award | None = None, cap: str = "10000") -> Order:
    award = award or make_free_award(place.organisation, freight=Decimal(95))
    requisition = make_free_requisition(place, award, period=spring(), price=Decimal(cap), name="Reparationer")
    approve(place.approver, pending_step(requisition), None, requisition.content_hash or "")
    return orders_of(requisition)[0]


def draw_from(place: Place, order: Order, amount: str, **values: Any) -> BlanketDraw:
    said = {"came_on": today(), "note": None, "key": f"draw-{unique()}", **values}
    return draw(place.orderer, order, Decimal(amount), **said)


# Before it is placed


@pytest.mark.parametrize("days", [(-1, -1), (0, 5000), (10, 9), (-5000, 10)])
def test_its_period_lies_ahead_and_within_the_agreement(place: Place, days: tuple[int, int]) -> None:
    first, last = (today() + timedelta(days=count) for count in days)
    with pytest.raises(RuleBroken) as caught:
        make_free_line(place, period=(first, last))
    assert [finding.code for finding in caught.value.findings] == ["blanket-period"]


def test_an_award_that_ends_before_the_agreement_ends_it_too(place: Place) -> None:
    award = make_free_award(place.organisation, ends_on=today() + timedelta(days=30))
    with pytest.raises(RuleBroken):
        make_free_line(place, award, period=(today(), today() + timedelta(days=31)))
    make_free_line(place, award, period=(today(), today() + timedelta(days=30)))


def test_its_cap_is_within_the_awards(place: Place) -> None:
    with pytest.raises(RuleBroken) as caught:
        make_free_line(place, make_free_award(place.organisation, cap="9999"), period=spring())
    assert [finding.code for finding in caught.value.findings] == ["free-text-over-cap"]


def test_a_rate_does_not_bind_the_cap(place: Place) -> None:
    award = make_free_award(place.organisation, free_text_by_estimate=False, free_text_rate=Decimal(500))
    assert make_free_line(place, award, period=spring()).article.price == 10_000


def test_where_no_free_text_is_allowed_there_is_no_blanket_order(place: Place) -> None:
    with pytest.raises(RuleBroken) as caught:
        make_free_line(place, make_free_award(place.organisation, cap=None), period=spring())
    assert [finding.code for finding in caught.value.findings] == ["free-text-not-allowed"]


def test_it_is_one(place: Place) -> None:
    line = make_free_line(place, period=spring(), price=Decimal(100))
    change(place.orderer, line, Decimal(2))
    with pytest.raises(RuleBroken) as caught:
        submit(place.orderer, place.organisation, checkout_at(place))
    assert [finding.code for finding in caught.value.findings] == ["quantity-rule"]


def test_nothing_else_stands_on_it(place: Place) -> None:
    award = make_free_award(place.organisation)
    make_free_line(place, award, period=spring())
    make_free_line(place, award)
    with pytest.raises(RuleBroken, match="skickas för sig"):
        submit(place.orderer, place.organisation, checkout_at(place))


# Placed


def test_the_whole_cap_is_approved_and_counted_at_once(place: Place) -> None:
    award = make_free_award(place.organisation, freight=Decimal(95))
    ceiling = make_ceiling(award.lot.agreement, Decimal(12_000))
    order = make_blanket(place, award)
    assert (order.net_amount, order.charges_amount) == (10_000, 0)
    assert order.blanket is not None and (order.blanket.cap, order.blanket.left) == (10_000, 10_000)
    db.session.refresh(ceiling)
    assert (ceiling.reserved, ceiling.ordered) == (0, 10_000)


def test_its_documents_say_what_it_is(place: Place, official_findings: Callable[[bytes], list[Any]]) -> None:
    order = make_blanket(place)
    commit()
    files = {file.kind: file.content for file in order.documents}
    told = " ".join(PdfReader(BytesIO(files[FileKind.PDF])).pages[0].extract_text().split())
    assert "RAMORDER" in told and "för högst 10 000,00 kr exkl. moms" in told.replace("\xa0", " ")
    assert official_findings(files[FileKind.UBL]) == []
    assert f"<cbc:EndDate>{spring()[1].isoformat()}</cbc:EndDate>".encode() in files[FileKind.UBL]


def test_it_is_drawn_until_nothing_is_left(place: Place) -> None:
    order = make_blanket(place)
    draw_from(place, order, "9000")
    with pytest.raises(RuleBroken, match="kvar av ramordern"):
        draw_from(place, order, "1000.01")
    draw_from(place, order, "1000")
    assert order.blanket is not None and order.blanket.left == 0 and order.state is OrderState.PLACED
    commit()
    assert [entry.details["left"] for entry in entries_about("order", order.number) if entry.act == "draw"] == [
        "1000.00", "0.00",
    ]  # fmt: skip


def test_a_draw_is_taken_back_with_a_reason_and_no_further(place: Place) -> None:
    order = make_blanket(place)
    draw_from(place, order, "500")
    with pytest.raises(RuleBroken, match="varför"):
        draw_from(place, order, "-100")
    with pytest.raises(RuleBroken, match="kan inte tas tillbaka"):
        draw_from(place, order, "-500.01", note="Fel")
    draw_from(place, order, "-500", note="Fel ramorder")
    assert order.blanket is not None and order.blanket.drawn == 0


def test_the_same_form_draws_once(place: Place) -> None:
    order = make_blanket(place)
    assert draw_from(place, order, "500", key="k") is draw_from(place, order, "500", key="k")
    assert order.blanket is not None and order.blanket.drawn == 500


def test_what_came_came_within_the_period_and_not_tomorrow(place: Place) -> None:
    order = make_blanket(place)
    for day in (today() - timedelta(days=1), today() + timedelta(days=1)):
        with pytest.raises(RuleBroken, match="Dagen ska ligga"):
            draw_from(place, order, "1", came_on=day)


def test_nothing_is_drawn_from_a_blocked_supplier_but_what_came_before(place: Place) -> None:
    order = make_blanket(place)
    with frozen(now() + timedelta(days=3)):
        block(make_buyer(), order.supplier, "Konkurs.")
        with pytest.raises(RuleBroken, match="spärrad"):
            draw_from(place, order, "100")
        draw_from(place, order, "100", came_on=today() - timedelta(days=1))
        draw_from(place, order, "-50", note="Krediterat.")
    assert order.blanket is not None
    assert order.blanket.drawn == Decimal(50)


def test_only_who_may_receive_draws(place: Place) -> None:
    with pytest.raises(NotAllowed):
        draw(place.approver, make_blanket(place), Decimal(1), today(), None, "k")


def test_an_ordinary_order_has_nothing_to_draw_from_and_a_blanket_order_no_pieces(place: Place) -> None:
    with pytest.raises(RuleBroken, match="ingen ramorder"):
        draw_from(place, make_order(place), "1")
    order = make_blanket(place)
    with pytest.raises(RuleBroken, match="i kronor"):
        receive(place.orderer, order, {order.lines[0].id: Received(Decimal(1))}, None, "k")


# Ended


def test_closing_gives_back_what_was_not_drawn(place: Place) -> None:
    award = make_free_award(place.organisation)
    ceiling = make_ceiling(award.lot.agreement, Decimal(10_000))
    order = make_blanket(place, award)
    draw_from(place, order, "2500.50")
    close(place.orderer, order, "Flyttar till andra lokaler.")
    db.session.refresh(ceiling)
    assert ceiling.ordered == Decimal("2500.50") and order.state is OrderState.CLOSED
    with pytest.raises(WrongState):
        draw_from(place, order, "1")


def test_one_that_is_drawn_from_is_not_cancelled(place: Place) -> None:
    award = make_free_award(place.organisation)
    ceiling = make_ceiling(award.lot.agreement, Decimal(10_000))
    order = make_blanket(place, award)
    draw_from(place, order, "1")
    with pytest.raises(RuleBroken, match="redan mottaget"):
        cancel(place.orderer, order, "Ångrar")
    draw_from(place, order, "-1", note="Fel")
    cancel(place.orderer, order, "Ångrar")
    db.session.refresh(ceiling)
    assert ceiling.ordered == 0


def test_the_worker_ends_it_with_its_period_once(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        award = make_free_award(place.organisation)
        ceiling_id = make_ceiling(award.lot.agreement, Decimal(10_000)).id
        order = make_blanket(place, award)
        draw_from(place, order, "4000")
        order_id, last = order.id, spring()[1]
    with fresh_app.app_context():
        with frozen(now() + (last - today())):
            assert end_blankets() == 0
        with frozen(now() + (last - today()) + timedelta(days=1)):
            assert [end_blankets(), end_blankets()] == [1, 0]
        with reading():
            assert db.session.get_one(Order, order_id).state is OrderState.CLOSED
            assert db.session.get_one(Ceiling, ceiling_id).ordered == 4000


def test_the_database_keeps_cap_period_and_draws(place: Place) -> None:
    order = make_blanket(place)
    made = draw_from(place, order, "10")
    commit()
    for statement in (
        "UPDATE blanket_order SET cap = cap + 1",
        "UPDATE blanket_order SET drawn = cap + 1",
        "UPDATE blanket_order SET drawn = -1",
        "DELETE FROM blanket_order",
        f"UPDATE blanket_draw SET amount = 1 WHERE id = {made.id}",
        f"DELETE FROM blanket_draw WHERE id = {made.id}",
    ):
        with pytest.raises(DatabaseError), db.session.begin_nested():
            db.session.execute(text(statement))


def test_draws_racing_for_the_last_of_it(fresh_app: TransactionalFlask) -> None:
    """Sixteen deliveries at once, room for five: five are noted, and not one öre more."""
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        order = make_blanket(place, cap="5500")
        order_id, orderer_id = order.id, place.orderer.id

    def draw_one(number: int) -> None:
        found, orderer = db.session.get_one(Order, order_id), db.session.get_one(User, orderer_id)
        draw(orderer, found, Decimal(1000), today(), None, f"k{number}")

    assert at_once(fresh_app, draw_one, 16) == Counter({"done": 5, "rule-broken": 11})
    with fresh_app.app_context(), reading():
        assert db.session.scalars(select(BlanketOrder.drawn)).one() == 5000
        assert db.session.scalar(select(func.count()).select_from(BlanketDraw)) == 5


def test_a_draw_and_the_end_of_the_period_at_once(fresh_app: TransactionalFlask) -> None:
    """Whoever is first: what is drawn and what is given back are the cap together."""
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        award = make_free_award(place.organisation)
        ceiling_id = make_ceiling(award.lot.agreement, Decimal(10_000)).id
        order = make_blanket(place, award)
        order_id, orderer_id = order.id, place.orderer.id

    def act(number: int) -> None:
        found, orderer = db.session.get_one(Order, order_id), db.session.get_one(User, orderer_id)
        if number == 7:
            close(orderer, found, "Slut")
        else:
            draw(orderer, found, Decimal(10), today(), None, f"k{number}")

    outcome = at_once(fresh_app, act, 16)
    assert set(outcome) <= {"done", "wrong-state"} and outcome["done"] >= 1
    with fresh_app.app_context(), reading():
        drawn = db.session.scalars(select(BlanketOrder.drawn)).one()
        assert db.session.get_one(Ceiling, ceiling_id).ordered == drawn == 10 * (outcome["done"] - 1)
