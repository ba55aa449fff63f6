"""Single lines refused: the rest goes on, with its own sums, hash, ceilings and mail."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from auth.journal import entries_about
from auth.permission import Role
from auth.user import User
from catalog.price_list import Article
from core.db import commit, db
from core.errors import RuleBroken
from exchange.outbox import messages_about
from orders.actions.approval import approve
from orders.approval import ApprovalState, ApprovalStep, Quorum, StepKind
from orders.approval_queries import refused_of, steps_of
from orders.order_queries import orders_of
from orders.requisition import Requisition, RequisitionState
from orders.sent_file import SentFile
from tests.factories.auth import make_member, make_organisation
from tests.factories.catalog import (
    make_agreement,
    make_award,
    make_category,
    make_ceiling,
    make_lot,
    make_offer,
    make_price_list,
)
from tests.factories.coding import make_default, make_dimension
from tests.factories.free_texts import make_free_line
from tests.factories.orders import Place, make_requisition, make_rule, pending_step
from tests.orders.test_route_stages import lines_to, sold_in

LogIn = Callable[[User], FlaskClient]


def two_lines(place: Place) -> Requisition:
    """Of 100 and of 50 kr, from one supplier each."""
    goods = [(make_offer(place.organisation, price=Decimal(price)), Decimal(1)) for price in (100, 50)]
    return make_requisition(place, goods)


def refuse(person: User, requisition: Requisition, *places: int, reason: str = "Behövs inte") -> Requisition:
    ids = [requisition.lines[place].id for place in places]
    return approve(person, pending_step(requisition), reason, requisition.content_hash or "", ids)


def test_the_rest_is_ordered_and_the_refused_is_kept_with_its_reason(place: Place) -> None:
    requisition = two_lines(place)
    name = requisition.lines[1].name
    assert refuse(place.approver, requisition, 1).state is RequisitionState.APPROVED
    [order] = orders_of(requisition)
    assert order.net_amount == Decimal(100) and [line.quantity for line in order.lines] == [1]
    [refused] = refused_of(requisition)
    assert (refused.name, refused.net_amount, refused.refused_by, refused.reason) == (
        name,
        Decimal(50),
        place.approver,
        "Behövs inte",
    )
    requisition.check_unchanged()


def test_what_is_ordered_is_what_was_approved(place: Place) -> None:
    requisition = two_lines(place)
    refuse(place.approver, requisition, 1)
    commit()
    placed = next(e for e in entries_about("order", orders_of(requisition)[0].number) if e.act == "place")
    approved = next(e for e in entries_about("requisition", requisition.id) if e.act == "approve")
    assert placed.details["content_hash"] == approved.details["content_hash"] == requisition.content_hash


def test_the_orderer_is_told(place: Place) -> None:
    requisition = two_lines(place)
    name = requisition.lines[1].name
    refuse(place.approver, requisition, 1)
    [letter] = [m for m in messages_about(f"requisition:{requisition.id}") if m.kind == "refused"]
    assert letter.recipient == place.orderer.email and name in letter.text and "Behövs inte" in letter.text


def test_the_room_under_the_ceiling_is_given_back(place: Place) -> None:
    article, other = (make_offer(place.organisation, price=Decimal(price)) for price in (100, 50))
    ceiling = make_ceiling(other.award.lot.agreement, Decimal(1000))
    requisition = make_requisition(place, [(article, Decimal(1)), (other, Decimal(1))])
    db.session.refresh(ceiling)
    assert ceiling.reserved == Decimal(50)
    refuse(place.approver, requisition, 1)
    db.session.refresh(ceiling)
    assert (ceiling.reserved, ceiling.ordered) == (Decimal(0), Decimal(0))


@pytest.mark.parametrize(("places", "reason"), [((0, 1), "Nej"), ((1,), " ")])
def test_not_all_of_them_and_not_without_a_reason(place: Place, places: tuple[int, ...], reason: str) -> None:
    with pytest.raises(RuleBroken):
        refuse(place.approver, two_lines(place), *places, reason=reason)


def test_a_line_of_another_requisition_is_none_of_hers(place: Place) -> None:
    other, requisition = two_lines(place).lines[0].id, two_lines(place)
    with pytest.raises(RuleBroken, match="finns inte"):
        approve(place.approver, pending_step(requisition), "Nej", requisition.content_hash or "", [other])


def test_it_keeps_how_it_was_coded(place: Place, login_as: LogIn) -> None:
    ansvar = make_dimension(place.organisation, "Ansvar", "12345")
    make_default(ansvar, "12345", unit_id=place.unit.id)
    requisition = two_lines(place)
    coding = requisition.lines[1].coding
    refuse(place.approver, requisition, 1)
    db.session.expire_all()
    [line] = refused_of(requisition)
    assert line.coding == coding and coding
    assert login_as(place.orderer).get(f"/requisitions/{requisition.id}").text.count("Ansvar 12345") == 2


def test_those_before_are_not_asked_again_when_nothing_costs_more(place: Place) -> None:
    boss = make_member(Role.APPROVER, place.organisation)
    make_rule(place.organisation, StepKind.UNIT_APPROVER, {"kind": StepKind.PERSON, "user": boss}, position=0)
    requisition = two_lines(place)
    seen = requisition.content_hash
    approve(place.approver, pending_step(requisition), None, seen or "")
    assert refuse(boss, requisition, 1).state is RequisitionState.APPROVED
    first, second = steps_of(requisition)
    assert (first.content_hash, second.content_hash) == (seen, requisition.content_hash)


def test_those_after_are_asked_about_the_rest(place: Place) -> None:
    boss = make_member(Role.APPROVER, place.organisation)
    make_rule(place.organisation, StepKind.UNIT_APPROVER, {"kind": StepKind.PERSON, "user": boss}, position=0)
    requisition = two_lines(place)
    refuse(place.approver, requisition, 1)
    step = pending_step(requisition)
    assert step.content_hash == requisition.content_hash
    assert approve(boss, step, None, requisition.content_hash or "").state is RequisitionState.APPROVED


def test_who_is_asked_at_the_same_time_gets_a_new_link(place: Place) -> None:
    boss = make_member(Role.APPROVER, place.organisation, place.unit)
    make_rule(place.organisation, {"kind": StepKind.UNIT_APPROVER, "quorum": Quorum.ALL}, position=0)
    requisition = two_lines(place)
    refuse(place.approver, requisition, 1)
    asked = [m for m in messages_about(f"requisition:{requisition.id}") if m.kind == "approval"]
    assert [letter.recipient for letter in asked].count(boss.email) == 2
    assert [letter.recipient for letter in asked].count(place.approver.email) == 1


def test_who_need_not_answer_any_more_gets_no_link(place: Place) -> None:
    other = make_member(Role.APPROVER, place.organisation, place.unit)
    requisition = two_lines(place)
    assert refuse(place.approver, requisition, 1).state is RequisitionState.APPROVED
    asked = [m.recipient for m in messages_about(f"requisition:{requisition.id}") if m.kind == "approval"]
    assert asked.count(other.email) == 1


def test_where_freight_makes_the_rest_dearer_everybody_is_asked_anew(place: Place) -> None:
    boss = make_member(Role.APPROVER, place.organisation)
    make_rule(place.organisation, StepKind.UNIT_APPROVER, {"kind": StepKind.PERSON, "user": boss}, position=0)
    award = make_award(make_lot(make_agreement(place.organisation)))
    award.freight, award.freight_free_from = Decimal(150), Decimal(200)
    listed = make_price_list(award, [{"price": Decimal(150)}, {"price": Decimal(60)}])
    both = db.session.scalars(select(Article).where(Article.price_list_id == listed.id).order_by(Article.id)).all()
    requisition = make_requisition(place, [(article, Decimal(1)) for article in both])
    approve(place.approver, pending_step(requisition), None, requisition.content_hash or "")
    before = requisition.net_amount
    assert refuse(boss, requisition, 1).state is RequisitionState.SUBMITTED
    assert requisition.net_amount > before - 100 and requisition.charges
    rounds: dict[int, list[ApprovalStep]] = {}
    for step in steps_of(requisition):
        rounds.setdefault(step.round, []).append(step)
    assert [step.state for step in rounds[1]] == [ApprovalState.APPROVED, ApprovalState.SKIPPED]
    assert [step.state for step in rounds[2]] == [ApprovalState.PENDING, ApprovalState.WAITING]
    approve(place.approver, pending_step(requisition), None, requisition.content_hash or "")
    assert (
        approve(boss, pending_step(requisition), None, requisition.content_hash or "").state
        is RequisitionState.APPROVED
    )


def test_a_step_for_it_refuses_its_own_lines_only(place: Place) -> None:
    it = make_category(name="IT")
    expert = make_member(Role.APPROVER, place.organisation)
    make_rule(place.organisation, lines_to(expert, it), {"kind": StepKind.UNIT_APPROVER}, position=0)
    goods = [
        (sold_in(place, it, 40), Decimal(1)),
        (sold_in(place, it, 30), Decimal(1)),
        (make_offer(place.organisation), Decimal(1)),
    ]
    requisition = make_requisition(place, goods)
    with pytest.raises(RuleBroken, match="IT"):
        refuse(expert, requisition, 2)
    assert pending_step(requisition).amount == Decimal(70)
    refuse(expert, requisition, 0)
    assert steps_of(requisition)[0].amount == Decimal(30)


def test_a_step_whose_lines_are_all_refused_is_not_asked(place: Place) -> None:
    it = make_category(name="IT")
    expert = make_member(Role.APPROVER, place.organisation)
    make_rule(place.organisation, StepKind.UNIT_APPROVER, lines_to(expert, it), position=0)
    requisition = make_requisition(
        place, [(make_offer(place.organisation), Decimal(1)), (sold_in(place, it, 40), Decimal(1))]
    )
    assert refuse(place.approver, requisition, 1).state is RequisitionState.APPROVED
    assert steps_of(requisition)[1].state is ApprovalState.SKIPPED


def test_a_step_for_lines_of_less_than_an_ore_is_still_asked(place: Place) -> None:
    it = make_category(name="IT")
    expert = make_member(Role.APPROVER, place.organisation)
    make_rule(place.organisation, StepKind.UNIT_APPROVER, lines_to(expert, it), position=0)
    goods = [(make_offer(place.organisation), Decimal(1)) for _ in range(2)]
    spice = make_offer(place.organisation, price=Decimal(1), unit_code="KGM")
    spice.award.lot.category = it
    requisition = make_requisition(place, [*goods, (spice, Decimal("0.001"))])
    assert refuse(place.approver, requisition, 0).state is RequisitionState.SUBMITTED
    assert [seat.user for seat in pending_step(requisition).candidates] == [expert]


def test_it_is_done_on_the_approval_page_and_seen_by_the_orderer(place: Place, login_as: LogIn) -> None:
    requisition = two_lines(place)
    step, line = pending_step(requisition), requisition.lines[1]
    client = login_as(place.approver)
    page = client.get(f"/approvals/{step.id}").text
    assert "Avslå enskilda rader" in page and f'value="{line.id}"' in page
    sent = {"decision": "approve", "seen_hash": requisition.content_hash, "refused": [line.id]}
    assert client.post(f"/approvals/{step.id}", data=sent).status_code == 422  # no reason
    assert client.post(f"/approvals/{step.id}", data={**sent, "comment": "För dyrt"}).status_code == 303
    page = login_as(place.orderer).get(f"/requisitions/{requisition.id}").text
    assert "Avslagna rader" in page and "För dyrt" in page


def test_the_file_of_a_free_text_is_reached_from_the_refusal(place: Place, login_as: LogIn) -> None:
    stated = make_free_line(place, file=SentFile("offert.pdf", b"%PDF-1.7\nOffert")).free_text
    assert stated is not None
    requisition = make_requisition(place, [(make_offer(place.organisation), Decimal(1))])
    lines = [line.free_text_id for line in requisition.lines]
    refuse(place.approver, requisition, lines.index(stated.id))
    commit()
    address = f"/free-text/{stated.id}/file"
    for reader in (place.approver, place.orderer):
        client = login_as(reader)
        page = client.get(f"/requisitions/{requisition.id}").text
        assert f'href="{address}">offert.pdf</a>' in page and "Timpris enligt avtalet." in page
        assert client.get(address).data == b"%PDF-1.7\nOffert"
    stranger = make_member(Role.ORDERER, make_organisation())
    assert login_as(stranger).get(address).status_code == 404
