"""What was won takes the ordinary road to an order, once, and in the number it was won for."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from auth.permission import Role
from catalog.price_list import Article, PriceList, PriceListState
from core.clock import frozen
from core.db import TransactionalFlask, db, unit_of_work
from core.errors import RuleBroken
from orders.actions.approval import approve, send_back
from orders.actions.basket import add, change
from orders.actions.competition import abandon, take_to_basket
from orders.actions.requisition import mend, submit
from orders.bid import BidLine
from orders.competition import Competition
from orders.order_queries import orders_of
from orders.requisition import Requisition
from tests.concurrency import WORKERS, at_once
from tests.factories.auth import make_member
from tests.factories.catalog import make_ceiling
from tests.factories.competitions import (
    Scene,
    after_deadline,
    make_decided,
    make_scene,
)
from tests.factories.orders import checkout_at, pending_step
from tests.orders.test_concurrency import ids_of, submit_as


def test_the_won_prices_take_the_ordinary_road_to_an_order(scene: Scene) -> None:
    decision = make_decided(scene)
    place, competition = scene.place, decision.competition
    scene.lot.awards[1].freight = Decimal(300)  # a won price has it in it
    requisition = ordered(scene, competition)
    assert requisition.net_amount == decision.bid.net_amount == Decimal(10050)
    approve(place.approver, pending_step(requisition), None, requisition.content_hash or "")
    [order] = orders_of(requisition)
    assert order.supplier.name == scene.suppliers[1]
    assert [(line.name, line.quantity, line.unit_price) for line in order.lines] == [
        ("Höj- och sänkbart bord", Decimal(10), Decimal(880)),
        ("Montering", Decimal("2.5"), Decimal(500)),
    ]
    assert order.net_amount == Decimal(10050)


def ordered(scene: Scene, competition: Competition) -> Requisition:
    place = scene.place
    take_to_basket(place.orderer, competition)
    return submit(place.orderer, place.organisation, checkout_at(place))


def test_what_is_won_is_ordered_once(scene: Scene) -> None:
    decision = make_decided(scene)
    ordered(scene, decision.competition)
    with pytest.raises(RuleBroken, match="ligger redan i begäran"):
        take_to_basket(scene.place.orderer, decision.competition)
    with pytest.raises(RuleBroken, match="ligger redan i en begäran"):
        abandon(scene.buyer, decision.competition, "För sent.")


def test_what_is_won_is_ordered_in_the_number_it_was_won_for(scene: Scene) -> None:
    decision = make_decided(scene)
    place = scene.place
    basket = take_to_basket(place.orderer, decision.competition)
    change(place.orderer, basket.lines[0], Decimal(11))
    with pytest.raises(RuleBroken) as refused:
        submit(place.orderer, place.organisation, checkout_at(place))
    assert [f.code for f in refused.value.findings] == ["quantity-rule"]


def test_nothing_is_ordered_during_the_standstill(scene: Scene) -> None:
    decision = make_decided(scene, standstill=True)
    until = decision.standstill_until
    assert until is not None
    with after_deadline(decision.competition), pytest.raises(RuleBroken) as refused:
        ordered(scene, decision.competition)
    assert {f.code for f in refused.value.findings} == {"standstill"}
    day_after = decision.decided_at + (until - decision.decided_at.date()) + timedelta(days=1)
    with frozen(day_after):
        submit(scene.place.orderer, scene.place.organisation, checkout_at(scene.place))


def test_a_returned_requisition_is_mended_and_sent_again(scene: Scene) -> None:
    decision = make_decided(scene)
    place = scene.place
    requisition = ordered(scene, decision.competition)
    send_back(place.approver, pending_step(requisition), "Fel konto.", requisition.content_hash or "")
    assert mend(place.orderer, requisition) == []
    again = submit(place.orderer, place.organisation, checkout_at(place))
    assert again is requisition and all(line.bid_line_id for line in again.lines)
    approve(place.approver, pending_step(again), None, again.content_hash or "")
    assert orders_of(again)[0].net_amount == Decimal(10050)


def test_an_abandoned_competition_gives_nobody_anything(scene: Scene) -> None:
    decision = make_decided(scene)
    take_to_basket(scene.place.orderer, decision.competition)
    with after_deadline(decision.competition):
        abandon(scene.buyer, decision.competition, "Anslaget drogs in.")
    with pytest.raises(RuleBroken) as refused:
        submit(scene.place.orderer, scene.place.organisation, checkout_at(scene.place))
    assert {"competition-required", "not-in-price-list"} <= {f.code for f in refused.value.findings}


def test_the_ceiling_holds_for_what_is_won_too(scene: Scene) -> None:
    make_ceiling(scene.agreement, Decimal(10_000))
    decision = make_decided(scene)
    with pytest.raises(RuleBroken) as refused:
        ordered(scene, decision.competition)
    assert {f.code for f in refused.value.findings} == {"ceiling-reached"}


def test_the_won_prices_are_on_no_show(scene: Scene) -> None:
    decision = make_decided(scene)
    won = db.session.scalars(select(PriceList).where(PriceList.award_id == decision.bid.award_id)).one()
    assert won.state is PriceListState.WON and won.publication is None
    article = db.session.scalars(select(Article).where(Article.price_list_id == won.id)).first()
    assert article is not None
    with pytest.raises(RuleBroken):
        add(scene.place.orderer, scene.place.organisation, article, Decimal(10))


def test_the_database_ties_an_order_line_to_the_decision(scene: Scene) -> None:
    """Nothing but the very decision lets a line stand on a won price: each part is wrong in turn, and refused."""
    decision = make_decided(scene)
    requisition = ordered(scene, decision.competition)
    approve(scene.place.approver, pending_step(requisition), None, requisition.content_hash or "")
    lost = db.session.scalars(select(BidLine).where(BidLine.bid_id != decision.bid_id)).first()
    won = decision.bid.lines[0]
    other = make_decided(make_scene()).bid.lines[0]
    assert lost is not None
    good = {
        "article": won.article_id, "award": decision.bid.award_id, "bid_line": won.id,
        "price": 880 * 10_000, "quantity": 10 * 1000,
    }  # fmt: skip
    assert not refusal_of(good, scene), "refused only because it was ordered already"
    for wrong in (
        {"bid_line": None},
        {"bid_line": lost.id},
        {"bid_line": other.id},
        {"price": 1},
        {"quantity": 11 * 1000},
        {"award": scene.lot.awards[0].id},
    ):
        assert refusal_of(good | wrong, scene), wrong


def refusal_of(line: dict[str, object], scene: Scene) -> bool:
    """Whether the database itself refuses such a line of a new order."""
    columns = "requisition_id, organisation_id, unit_id, orderer_id, agreement_id, state, currency, "
    columns += "placed_at, lines_amount, charges_amount, net_amount, vat_amount, gross_amount, version, year"
    try:
        with db.session.begin_nested():
            db.session.execute(
                text(
                    f"INSERT INTO purchase_order ({columns}, number, serial, supplier_id) "
                    f"SELECT {columns}, 'P-1', 98765, :id "
                    "FROM purchase_order LIMIT 1"
                ),
                {"id": scene.lot.awards[2].supplier_id},
            )
            db.session.execute(
                text(
                    "INSERT INTO purchase_order_line (order_id, position, article_id, award_id, supplier_number, name, "
                    "unit_code, quantity, unit_price, base_quantity, net_amount, is_approximate, vat_percent, "
                    "bid_line_id) SELECT max(id), 1, :article, :award, 'x', 'x', 'C62', :quantity, :price, 1000, 1, "
                    ":no, 2500, :bid_line FROM purchase_order"
                ),
                line | {"no": False},
            )
    except IntegrityError as error:
        return "price won" in str(error) or "published price list" in str(error)
    return False


def test_a_line_stands_on_a_won_price_once(scene: Scene) -> None:
    decision = make_decided(scene)
    requisition = ordered(scene, decision.competition)
    approve(scene.place.approver, pending_step(requisition), None, requisition.content_hash or "")
    [order] = orders_of(requisition)
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(text("UPDATE competition_decision SET bid_id = bid_id"))
    assert len({line.bid_line_id for line in order.lines}) == 2


def test_of_many_who_send_what_was_won_one_has_it(fresh_app: TransactionalFlask) -> None:
    """Not two requisitions that stand in each other's way until somebody takes hers back."""
    with fresh_app.app_context(), unit_of_work():
        scene = make_scene()
        competition = make_decided(scene).competition
        place = scene.place
        people = [make_member(Role.ORDERER, place.organisation, place.unit) for _ in range(WORKERS)]
        for person in people:
            take_to_basket(person, competition)
        ids, here = [person.id for person in people], ids_of(place)
    outcome = at_once(fresh_app, lambda n: submit_as(ids[n], here, f"key-{n}"), WORKERS)
    assert outcome == {"done": 1, "rule-broken": WORKERS - 1}
