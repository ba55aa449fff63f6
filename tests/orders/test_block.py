"""A supplier's block: at once at every door, with what it stops, and everybody concerned told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.worker import may_send
from auth.permission import Role
from auth.user import User
from catalog.actions.supplier import unblock
from catalog.agreement import CallOffMethod
from catalog.price_list import Article
from catalog.supplier import Supplier
from catalog.supplier_block import SupplierBlock, blocks_of, open_block
from core.clock import frozen, now, today
from core.db import TransactionalFlask, commit, db, reading, unit_of_work
from core.errors import NotAllowed, RuleBroken, WrongState
from exchange.outbox import OutboxMessage, messages_about
from orders.actions.basket import add
from orders.actions.bidding import BidFacts, bid
from orders.actions.block import begin_blocks, block_supplier
from orders.actions.weighing import decide
from orders.basket_queries import basket_of
from orders.competition_queries import bids_of
from orders.order import Order, OrderState
from orders.stopped import stopped_by, stopped_for
from tests.concurrency import at_once, wait_for_a_waiting_one
from tests.factories.auth import make_member, make_office
from tests.factories.catalog import make_agreement, make_award, make_lot, make_offer, make_supplier
from tests.factories.competitions import Scene, invitations_of, make_bid, make_competition, open_together
from tests.factories.orders import Place, checkout_at, make_order, make_place, make_requisition, pending_step
from tests.orders.test_concurrency import say_yes

LogIn = Callable[[User], FlaskClient]
REASON = "Sanktionslistan"


@pytest.fixture
def paper(place: Place) -> Article:
    return make_offer(place.organisation, name="Kopieringspapper")


def block(supplier: Supplier, **values: Any) -> SupplierBlock:
    made = block_supplier(make_member(Role.AGREEMENT_OWNER, make_office()), supplier, REASON, **values)
    commit()
    return made


def refusal(client: FlaskClient, path: str, **data: Any) -> str:
    answer = client.post(path, data=data)
    assert answer.status_code in (409, 422), answer.text
    assert REASON in answer.text
    return answer.text


def test_each_door_refuses_in_the_next_request(place: Place, paper: Article, login_as: LogIn) -> None:
    waiting = make_requisition(place, [(paper, Decimal(1))])
    add(place.orderer, place.organisation, paper, Decimal(1))
    commit()
    orderer = login_as(place.orderer)
    step, hash_seen = pending_step(waiting).id, waiting.content_hash or ""
    key = checkout_at(place).key
    till = {"key": key, "unit_id": place.unit.id, "address_id": place.address.id}
    article_page = f"/articles/{paper.id}"
    assert REASON not in orderer.get(article_page).text
    block(paper.award.supplier)
    assert REASON in orderer.get(article_page).text  # the article
    refusal(orderer, "/basket/add", article_id=paper.id, quantity=1)  # into the basket
    assert REASON in orderer.get("/basket").text
    refusal(orderer, "/checkout", **till)  # the till
    assert "Spärrad" in orderer.get(f"/agreements/{paper.award.lot.agreement.number}").text
    approver = login_as(place.approver)
    assert REASON in approver.get(f"/approvals/{step}").text
    refusal(approver, f"/approvals/{step}", seen_hash=hash_seen, decision="approve", comment="")  # the last yes


def test_an_order_that_has_not_left_is_not_sent(place: Place, paper: Article) -> None:
    order = make_order(place, [(paper, Decimal(1))])
    [letter] = [m for m in messages_about(f"order:{order.number}") if m.kind == "order"]
    assert may_send(letter) is None
    block(paper.award.supplier)
    assert REASON in (may_send(letter) or "")


def scene_of(place: Place) -> Scene:
    office = make_office()
    buyer, witness = (make_member(Role.AGREEMENT_OWNER, office) for _ in range(2))
    lot = make_lot(make_agreement(place.organisation), method=CallOffMethod.COMPETITION)
    for _ in range(2):
        make_award(lot)
    return Scene(place, lot, buyer, witness)


def test_a_blocked_supplier_bids_no_more_and_wins_nothing(place: Place) -> None:
    scene = scene_of(place)
    with frozen(now() - timedelta(days=30)):
        opened = make_competition(scene)
        first, second = invitations_of(opened)
        make_bid(first, "900", "500")
        make_bid(second, "950", "550")
    asked = invitations_of(make_competition(scene))[0]
    open_together(scene, opened)
    best = next(b for b in bids_of(opened) if b.invitation_id == first.id)
    block(best.invitation.supplier)
    with pytest.raises(RuleBroken, match=REASON):
        decide(scene.buyer, opened, best.id, "Lägst pris")
    prices = {line.id: Decimal(9) for line in asked.competition.lines}
    assert asked.supplier.is_blocked
    with pytest.raises(RuleBroken, match="spärrat"):
        bid(asked, BidFacts(prices=prices, valid_until=asked.competition.valid_until))


def test_the_page_of_the_block_shows_what_it_stops_and_cancels_nothing(
    place: Place, paper: Article, login_as: LogIn
) -> None:
    waiting = make_requisition(place, [(paper, Decimal(1))])
    order = make_order(place, [(paper, Decimal(2))])
    add(place.orderer, place.organisation, paper, Decimal(3))
    supplier = paper.award.supplier
    block(supplier, decision="UPK 2026/99")
    found = stopped_by(supplier)
    assert [r.id for r in found.requisitions] == [waiting.id]
    assert [o.id for o in found.orders] == [order.id] and order.state is OrderState.PLACED
    basket = basket_of(place.orderer, place.organisation)
    assert basket is not None and [b.id for b in found.baskets] == [basket.id]
    office = login_as(make_member(Role.AGREEMENT_OWNER, make_office()))
    text = office.get(f"/admin/suppliers/{supplier.id}/stopped").text
    for part in (REASON, "UPK 2026/99", waiting.number, order.number, place.orderer.name):
        assert part in text
    assert stopped_by(make_supplier()).is_empty


def test_an_open_competition_is_stopped_and_other_organisations_see_only_their_own(place: Place) -> None:
    scene = scene_of(place)
    competition = make_competition(scene)
    supplier = scene.lot.awards[0].supplier
    assert [c.id for c in stopped_by(supplier).competitions] == [competition.id]
    own, foreign = (make_member(Role.AGREEMENT_OWNER, p.organisation) for p in (place, make_place()))
    assert [c.id for c in stopped_for(own, supplier).competitions] == [competition.id]
    assert stopped_for(foreign, supplier).is_empty


def test_everybody_concerned_gets_one_letter(place: Place, paper: Article) -> None:
    waiting = make_requisition(place, [(paper, Decimal(1))])
    order = make_order(place, [(paper, Decimal(2))])
    add(place.orderer, place.organisation, paper, Decimal(3))
    supplier = paper.award.supplier
    block(supplier)
    letters = {m.recipient: m.text for m in messages_about(f"supplier:{supplier.id}")}
    assert letters.keys() == {place.orderer.email, place.approver.email}
    assert waiting.number in letters[place.approver.email] and order.number not in letters[place.approver.email]
    mine = letters[place.orderer.email]
    assert waiting.number in mine and order.number in mine and "varukorgen" in mine and REASON in mine


def test_a_block_is_lifted_with_a_reason_and_its_story_stays(place: Place, paper: Article) -> None:
    supplier = paper.award.supplier
    made = block(supplier)
    boss = make_member(Role.AGREEMENT_OWNER, make_office())
    with pytest.raises(WrongState):
        block_supplier(boss, supplier, "Igen")
    with pytest.raises(RuleBroken):
        unblock(boss, supplier, " ")
    unblock(boss, supplier, "Rättelse")
    assert not supplier.is_blocked and open_block(supplier) is None
    assert (made.lift_reason, made.lifted_by) == ("Rättelse", boss)
    make_requisition(place, [(paper, Decimal(1))])
    block_supplier(boss, supplier, "Konkurs")
    assert [b.reason for b in blocks_of(supplier)] == ["Konkurs", REASON]


def test_only_the_office_blocks(place: Place, paper: Article) -> None:
    with pytest.raises(NotAllowed):
        block_supplier(make_member(Role.AGREEMENT_OWNER, place.organisation), paper.award.supplier, REASON)


def test_a_planned_block_begins_on_its_day_and_tells_then(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            paper = make_offer(place.organisation)
            make_requisition(place, [(paper, Decimal(1))])
            boss = make_member(Role.AGREEMENT_OWNER, make_office())
            made = block_supplier(boss, paper.award.supplier, REASON, starts_on=today() + timedelta(days=2))
            supplier_id = made.supplier_id
            assert made.begun_at is None and not made.supplier.is_blocked
        assert begin_blocks() == 0
        with frozen(now() + timedelta(days=2)):
            assert (begin_blocks(), begin_blocks()) == (1, 0)
        with reading():
            assert db.session.get_one(Supplier, supplier_id).blocked_reason == REASON
            letters = select(OutboxMessage).where(OutboxMessage.kind == "blocked")
            assert len(db.session.scalars(letters).all()) == 2


def test_a_planned_block_that_is_taken_back_never_begins(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        with unit_of_work():
            boss, supplier = make_member(Role.AGREEMENT_OWNER, make_office()), make_supplier()
            block_supplier(boss, supplier, REASON, starts_on=today() + timedelta(days=1))
            unblock(boss, supplier, "Behövs inte")
        with frozen(now() + timedelta(days=3)):
            assert begin_blocks() == 0


def test_a_supplier_that_is_blocked_in_the_same_instant_gets_no_order(fresh_app: TransactionalFlask) -> None:
    """The last yes waits for the block that is being made, and meets it."""
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        paper = make_offer(place.organisation, price=Decimal(100))
        step = (pending_step(make_requisition(place, [(paper, Decimal(1))])).id, place.approver.id)
        officer, supplier_id = make_member(Role.AGREEMENT_OWNER, make_office()).id, paper.award.supplier_id
    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            block_supplier(db.session.get_one(User, officer), db.session.get_one(Supplier, supplier_id), "Konkurs")
            coming = pool.submit(at_once, fresh_app, lambda _: say_yes(*step), 1)
            wait_for_a_waiting_one()
        assert coming.result() == Counter({"rule-broken": 1})
    with fresh_app.app_context(), reading():
        assert db.session.scalar(select(func.count()).select_from(Order)) == 0


def test_whoever_blocks_a_supplier_waits_for_an_order_that_is_being_placed(fresh_app: TransactionalFlask) -> None:
    """And tells the orderer of it: the order is one of those that the block stops."""
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        paper = make_offer(place.organisation, price=Decimal(100))
        step = (pending_step(make_requisition(place, [(paper, Decimal(1))])).id, place.approver.id)
        officer, supplier_id = make_member(Role.AGREEMENT_OWNER, make_office()).id, paper.award.supplier_id

    def block(_: int) -> None:
        block_supplier(db.session.get_one(User, officer), db.session.get_one(Supplier, supplier_id), "Konkurs")

    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            say_yes(*step)
            coming = pool.submit(at_once, fresh_app, block, 1)
            wait_for_a_waiting_one()
        assert coming.result() == Counter({"done": 1})
    with fresh_app.app_context(), reading():
        [number] = db.session.scalars(select(Order.number))
        [told] = db.session.scalars(select(OutboxMessage.text).where(OutboxMessage.kind == "blocked"))
        assert number in told
