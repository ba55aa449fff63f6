"""Ceilings that come later, and the sums that all of them must be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auth.user import User
from catalog.agreement import Agreement
from catalog.ceiling import Ceiling
from core.db import TransactionalFlask, db
from core.errors import RuleBroken
from orders.actions.approval import approve, reject
from orders.actions.ceiling import open_ceiling
from orders.actions.order import cancel, close
from orders.actions.receipt import Received, receive
from orders.ceiling_sums import wrong_counters
from orders.order import OrderState
from orders.order_queries import orders_of
from tests.factories.auth import make_organisation
from tests.factories.catalog import make_ceiling, make_external, make_offer
from tests.factories.orders import make_order, make_place, make_requisition, pending_step

pytestmark = pytest.mark.usefixtures("app")


def opened(agreement: Agreement, limit: int | None, actor: User | None = None, **scope: Any) -> Ceiling:
    return open_ceiling(actor, agreement, agreement.version, limit=None if limit is None else Decimal(limit), **scope)


def counters(ceiling: Ceiling) -> tuple[Decimal, Decimal, Decimal]:
    db.session.refresh(ceiling)
    return ceiling.reserved, ceiling.ordered, ceiling.external


def test_a_new_part_begins_with_what_is_called_off_already() -> None:
    place, other = make_place(), make_place()
    paper = make_offer(place.organisation, other.organisation, price=Decimal(10))
    agreement = paper.award.lot.agreement
    make_order(place, [(paper, Decimal(3))])
    make_order(other, [(paper, Decimal(50))])
    waiting = make_requisition(place, [(paper, Decimal(2))])
    make_external(agreement, Decimal(7), organisation=place.organisation)
    make_external(agreement, Decimal(9))
    part = opened(agreement, 100, organisation=place.organisation)
    assert counters(part) == (Decimal(20), Decimal(30), Decimal(7))
    approve(place.approver, pending_step(waiting), None, waiting.content_hash or "")
    assert counters(part) == (Decimal(0), Decimal(50), Decimal(7))


def test_a_part_that_is_full_when_it_comes_stops_the_next_but_not_what_waits() -> None:
    place = make_place()
    paper = make_offer(place.organisation, price=Decimal(10))
    waiting = make_requisition(place, [(paper, Decimal(2))])
    opened(paper.award.lot.agreement, 5, organisation=place.organisation)
    approve(place.approver, pending_step(waiting), None, waiting.content_hash or "")
    [order] = orders_of(waiting)
    assert order.state is OrderState.PLACED
    with pytest.raises(RuleBroken):
        make_requisition(place, [(paper, Decimal(1))])


def test_a_quantity_is_reserved_ordered_and_given_back() -> None:
    place = make_place()
    rope = make_offer(place.organisation, price=Decimal(10), unit_code="MTR")
    ceiling = opened(rope.award.lot.agreement, 10, measure="MTR")
    refused = make_requisition(place, [(rope, Decimal(4))])
    assert counters(ceiling)[0] == Decimal(4)
    reject(place.approver, pending_step(refused), "Nej", refused.content_hash or "")
    order = make_order(place, [(rope, Decimal(6))])
    assert counters(ceiling)[:2] == (Decimal(0), Decimal(6))
    with pytest.raises(RuleBroken), db.session.begin_nested():
        make_requisition(place, [(rope, Decimal("4.001"))])
    receive(place.orderer, order, {order.lines[0].id: Received(Decimal(1))}, None, "key")
    close(place.orderer, order, "Resten behövs inte")
    assert counters(ceiling)[1] == Decimal(1)


def test_the_same_ceiling_is_not_opened_twice() -> None:
    ours = make_organisation()
    agreement = make_offer(ours).award.lot.agreement
    opened(agreement, 5, organisation=ours)
    with pytest.raises(RuleBroken):
        opened(agreement, 6, organisation=ours)
    opened(agreement, 6, organisation=ours, measure="KGM")


def test_a_part_is_of_those_who_may_call_off_and_not_of_one_supplier() -> None:
    ours = make_organisation()
    award = make_offer(ours).award
    with pytest.raises(RuleBroken):
        opened(award.lot.agreement, 5, organisation=make_organisation())
    with pytest.raises(RuleBroken):
        opened(award.lot.agreement, 5, organisation=ours, award=award)
    with pytest.raises(RuleBroken):
        opened(make_offer(ours).award.lot.agreement, 5, lot=award.lot)


def test_counters_that_are_not_their_sums_are_found() -> None:
    place = make_place()
    paper = make_offer(place.organisation, price=Decimal(10))
    ceiling = make_ceiling(paper.award.lot.agreement, None)
    make_order(place, [(paper, Decimal(3))])
    assert wrong_counters() == []
    ceiling.ordered += 1
    db.session.flush()
    [(found, sums)] = wrong_counters()
    assert found == ceiling and sums.ordered == Decimal(30)


ACTS = st.lists(
    st.tuples(st.sampled_from(["approve", "reject", "cancel", "short", "external"]), st.integers(1, 5)), max_size=6
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_whatever_happens_the_counters_are_the_sums(app: TransactionalFlask, acts: list[tuple[str, int]]) -> None:
    attempt = db.session.begin_nested()
    place = make_place()
    rope = make_offer(place.organisation, price=Decimal(10), unit_code="MTR", freight=None)
    agreement = rope.award.lot.agreement
    make_ceiling(agreement, None)
    make_ceiling(agreement, None, lot=rope.award.lot, award=rope.award)
    opened(agreement, None, organisation=place.organisation)
    opened(agreement, None, measure="CMT")
    for number, (act, quantity) in enumerate(acts):
        if act == "external":
            make_external(agreement, Decimal(quantity), unit_code="MTR", quantity=Decimal(quantity))
            continue
        requisition = make_requisition(place, [(rope, Decimal(quantity))])
        if act == "reject":
            reject(place.approver, pending_step(requisition), "Nej", requisition.content_hash or "")
            continue
        approve(place.approver, pending_step(requisition), None, requisition.content_hash or "")
        [order] = orders_of(requisition)
        if act == "cancel":
            cancel(place.orderer, order, "Fel")
        elif act == "short":
            receive(place.orderer, order, {order.lines[0].id: Received(Decimal("0.5"))}, None, f"key-{number}")
            close(place.orderer, order, "Räcker")
    db.session.expire_all()
    assert wrong_counters() == []
    attempt.rollback()
