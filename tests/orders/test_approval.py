"""Deciding: who may, what must hold, and that the last yes places exactly what was approved."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from auth.journal import entries_about
from auth.permission import Role
from auth.substitution import Substitution
from auth.user import User
from catalog.agreement import AgreementState
from catalog.price_list import Article
from core.clock import frozen, now, today
from core.db import TransactionalFlask, commit, db, reading, rollback, unit_of_work
from core.errors import NotAllowed, RuleBroken, WrongState
from exchange.outbox import OutboxMessage, messages_about
from orders.actions.approval import KEEP_LINKS, approve, reject, remove_old_links, send_back, settle_steps
from orders.actions.requisition import mend, submit, withdraw
from orders.approval import ApprovalState, ApprovalToken, Quorum, StepKind
from orders.approval_queries import steps_of, steps_to_decide
from orders.documents import RenderingFailed
from orders.order import Order
from orders.order_queries import orders_of
from orders.requisition import Requisition, RequisitionLine, RequisitionState
from tests.factories.auth import make_member, make_substitution
from tests.factories.catalog import make_ceiling, make_offer, make_price_list
from tests.factories.orders import Place, checkout_at, make_place, make_requisition, make_rule, pending_step


def say_yes(person: User, requisition: Requisition) -> Requisition:
    return approve(person, pending_step(requisition), None, requisition.content_hash or "")


def stand_in(place: Place, absent: User, substitute: User, **values: object) -> Substitution:
    return make_substitution(place.organisation, absent, substitute, **values)


def test_nobody_approves_her_own(app: TransactionalFlask) -> None:
    place = make_place()
    requisition = make_requisition(place)
    make_member(Role.APPROVER, place.organisation, user=place.orderer)
    with pytest.raises(NotAllowed):
        say_yes(place.orderer, requisition)


def test_only_those_who_were_found_may_decide(app: TransactionalFlask) -> None:
    place = make_place()
    requisition = make_requisition(place)
    late = make_member(Role.APPROVER, place.organisation, place.unit)
    with pytest.raises(NotAllowed):
        say_yes(late, requisition)


def test_a_substitute_decides_and_both_names_are_kept(app: TransactionalFlask) -> None:
    place = make_place()
    substitute = make_member(Role.RECEIVER, place.organisation, name="Ersättare Ek")
    stand_in(place, place.approver, substitute)
    requisition = make_requisition(place)
    assert [step.requisition for step in steps_to_decide(substitute, place.organisation)] == [requisition]
    say_yes(substitute, requisition)
    commit()
    [seat] = steps_of(requisition)[0].candidates
    assert (seat.user, seat.decided_by) == (place.approver, substitute)
    decision = next(e for e in entries_about("requisition", requisition.id) if e.act == "approve")
    assert (decision.actor_name, decision.for_name) == (substitute.name, place.approver.name)


@pytest.mark.parametrize("days", [-1, 1])
def test_a_substitute_has_no_say_outside_her_days(app: TransactionalFlask, days: int) -> None:
    place = make_place()
    substitute = make_member(Role.RECEIVER, place.organisation)
    day = today() + timedelta(days=days)
    stand_in(place, place.approver, substitute, starts_on=day, ends_on=day)
    with pytest.raises(NotAllowed):
        say_yes(substitute, make_requisition(place))


def test_the_orderer_cannot_stand_in_for_her_own_approver(app: TransactionalFlask) -> None:
    place = make_place()
    stand_in(place, place.approver, place.orderer)
    with pytest.raises(NotAllowed):
        say_yes(place.orderer, make_requisition(place))


def test_a_substitutes_substitute_has_no_say(app: TransactionalFlask) -> None:
    place = make_place()
    first, second = (make_member(Role.RECEIVER, place.organisation) for _ in range(2))
    stand_in(place, place.approver, first)
    stand_in(place, first, second)
    with pytest.raises(NotAllowed):
        say_yes(second, make_requisition(place))


@pytest.mark.parametrize("change", ["ended", "limited", "disabled", "closed"])
def test_a_right_that_is_gone_decides_nothing_more(app: TransactionalFlask, change: str) -> None:
    place = make_place()
    requisition = make_requisition(place)
    membership = place.approver.memberships[0]
    if change == "ended":
        make_member(Role.RECEIVER, place.organisation, user=place.approver)
        membership.ends_on = membership.starts_on = today() - timedelta(days=1)
    elif change == "limited":
        membership.amount_limit = requisition.net_amount - 1
    elif change == "disabled":
        place.approver.is_active = False
    else:
        place.organisation.is_active = False
    with pytest.raises(NotAllowed):
        say_yes(place.approver, requisition)


def test_a_limit_that_still_holds_the_amount_decides(app: TransactionalFlask) -> None:
    place = make_place()
    requisition = make_requisition(place)
    place.approver.memberships[0].amount_limit = requisition.net_amount
    assert say_yes(place.approver, requisition).state is RequisitionState.APPROVED


def test_a_substitute_for_somebody_without_the_right_has_none_either(app: TransactionalFlask) -> None:
    place = make_place()
    stands_in = make_member(Role.RECEIVER, place.organisation)
    stand_in(place, place.approver, stands_in)
    requisition = make_requisition(place)
    place.approver.memberships[0].ends_on = place.approver.memberships[0].starts_on = today() - timedelta(days=1)
    with pytest.raises(NotAllowed):
        say_yes(stands_in, requisition)


def test_a_substitute_who_has_left_has_no_say_and_is_not_asked(app: TransactionalFlask) -> None:
    place = make_place()
    stands_in = make_member(Role.RECEIVER, place.organisation)
    stand_in(place, place.approver, stands_in)
    stands_in.memberships[0].ends_on = stands_in.memberships[0].starts_on = today() - timedelta(days=1)
    requisition = make_requisition(place)
    assert [message.recipient for message in messages_about(f"requisition:{requisition.id}")] == [place.approver.email]
    with pytest.raises(NotAllowed):
        say_yes(stands_in, requisition)


def test_nobody_decides_two_steps_not_even_for_another(app: TransactionalFlask) -> None:
    place = make_place()
    boss = make_member(Role.APPROVER, place.organisation)
    make_rule(place.organisation, StepKind.UNIT_APPROVER, StepKind.PARENT_APPROVER, position=0)
    requisition = make_requisition(place)
    stand_in(place, boss, place.approver)
    say_yes(place.approver, requisition)
    assert requisition.state is RequisitionState.SUBMITTED
    with pytest.raises(NotAllowed):
        say_yes(place.approver, requisition)
    say_yes(boss, requisition)
    assert requisition.state is RequisitionState.APPROVED


def test_all_of_a_group_must_say_yes(app: TransactionalFlask) -> None:
    place = make_place()
    other = make_member(Role.APPROVER, place.organisation, place.unit)
    make_rule(place.organisation, {"kind": StepKind.UNIT_APPROVER, "quorum": Quorum.ALL}, position=0)
    requisition = make_requisition(place)
    say_yes(place.approver, requisition)
    assert requisition.state is RequisitionState.SUBMITTED
    say_yes(other, requisition)
    assert requisition.state is RequisitionState.APPROVED


@pytest.mark.parametrize("change", ["role ended", "limit lowered", "account closed"])
def test_who_may_decide_no_more_is_not_awaited(app: TransactionalFlask, change: str) -> None:
    place = make_place()
    gone = make_member(Role.APPROVER, place.organisation, place.unit)
    make_rule(place.organisation, {"kind": StepKind.UNIT_APPROVER, "quorum": Quorum.ALL}, position=0)
    requisition = make_requisition(place)
    lose_right(gone, change)
    say_yes(place.approver, requisition)
    assert requisition.state is RequisitionState.APPROVED
    commit()
    [step] = steps_of(requisition)
    assert {seat.name: seat.decision for seat in step.candidates} == {place.approver.name: "approve", gone.name: None}
    [entry] = [e for e in entries_about("requisition", requisition.id) if e.act == "pass-over"]
    assert entry.details["names"] == [gone.name]


def test_nobody_who_is_left_to_ask_is_no_yes(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            make_rule(place.organisation, {"kind": StepKind.UNIT_APPROVER, "quorum": Quorum.ALL}, position=0)
            requisition_id = make_requisition(place).id
            lose_right(place.approver, "account closed")
        assert settle_steps() == 0
        with reading() as session:
            assert session.get_one(Requisition, requisition_id).state is RequisitionState.SUBMITTED


def test_a_step_goes_on_when_the_last_one_awaited_leaves(fresh_app: TransactionalFlask) -> None:
    """Nobody decides any more, so the worker does it; once, however often it looks."""
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            gone = make_member(Role.APPROVER, place.organisation, place.unit)
            make_rule(place.organisation, {"kind": StepKind.UNIT_APPROVER, "quorum": Quorum.ALL}, position=0)
            requisition = make_requisition(place)
            say_yes(place.approver, requisition)
            requisition_id, gone_id = requisition.id, gone.id
        assert settle_steps() == 0
        with unit_of_work() as session:
            lose_right(session.get_one(User, gone_id), "role ended")
        assert [settle_steps(), settle_steps()] == [1, 0]
        with reading() as session:
            requisition = session.get_one(Requisition, requisition_id)
            assert requisition.state is RequisitionState.APPROVED
            assert len(orders_of(requisition)) == 1


def test_secrets_of_links_go_long_after_they_expired(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        with unit_of_work():
            make_requisition()
        with reading() as session:
            expires_at = session.scalars(select(ApprovalToken.expires_at)).one()
        with frozen(expires_at + KEEP_LINKS):
            assert remove_old_links() == 0
        with frozen(expires_at + KEEP_LINKS + timedelta(minutes=1)):
            assert [remove_old_links(), remove_old_links()] == [1, 0]


def lose_right(person: User, change: str) -> None:
    """She can approve nothing of what she was asked."""
    if change == "account closed":
        person.is_active = False
    elif change == "limit lowered":
        person.memberships[0].amount_limit = Decimal(1)
    else:
        person.memberships[0].starts_on = person.memberships[0].ends_on = today() - timedelta(days=1)
    db.session.flush()


def test_the_next_step_is_asked_when_its_turn_comes_and_not_before(app: TransactionalFlask) -> None:
    place = make_place()
    boss = make_member(Role.APPROVER, place.organisation)
    make_rule(place.organisation, StepKind.UNIT_APPROVER, StepKind.PARENT_APPROVER, position=0)
    requisition = make_requisition(place)
    asked = {m.recipient for m in messages_about(f"requisition:{requisition.id}")}
    assert asked == {place.approver.email}
    say_yes(place.approver, requisition)
    assert {m.recipient for m in messages_about(f"requisition:{requisition.id}")} == {
        place.approver.email,
        boss.email,
    }


def test_content_that_changed_behind_the_approvers_back_is_refused(app: TransactionalFlask) -> None:
    place = make_place()
    requisition = make_requisition(place)
    db.session.execute(update(RequisitionLine).values(quantity=Decimal(200)))
    db.session.expire_all()
    with pytest.raises(RuleBroken, match="har ändrats"):
        say_yes(place.approver, requisition)


def test_a_page_that_showed_other_content_is_refused(app: TransactionalFlask) -> None:
    place = make_place()
    requisition = make_requisition(place)
    with pytest.raises(RuleBroken, match="öppnade sidan"):
        approve(place.approver, pending_step(requisition), None, "0" * 64)


def test_rejecting_needs_a_reason_and_gives_the_room_back(app: TransactionalFlask) -> None:
    place = make_place()
    paper = make_offer(place.organisation, price=Decimal(100))
    ceiling = make_ceiling(paper.award.lot.agreement, Decimal(1000))
    requisition = make_requisition(place, [(paper, Decimal(2))])
    commit()
    assert ceiling.reserved == Decimal(200)
    with pytest.raises(RuleBroken):
        reject(place.approver, pending_step(requisition), " ", requisition.content_hash or "")
    reject(place.approver, pending_step(requisition), "Vi har papper", requisition.content_hash or "")
    commit()
    assert requisition.state is RequisitionState.REJECTED
    assert (ceiling.reserved, ceiling.ordered) == (0, 0)
    assert not orders_of(requisition)
    told = [m for m in messages_about(f"requisition:{requisition.id}") if m.kind == "outcome"]
    assert [m.recipient for m in told] == [place.orderer.email]
    assert "Vi har papper" in told[0].text


def test_what_is_sent_back_is_mended_and_asked_anew(app: TransactionalFlask) -> None:
    place = make_place()
    paper = make_offer(place.organisation, price=Decimal(100))
    ceiling = make_ceiling(paper.award.lot.agreement, Decimal(1000))
    requisition = make_requisition(place, [(paper, Decimal(2))])
    first_hash = requisition.content_hash
    send_back(place.approver, pending_step(requisition), "Ta tre", first_hash or "")
    assert requisition.state is RequisitionState.RETURNED
    assert mend(place.orderer, requisition) == []
    again = submit(place.orderer, place.organisation, checkout_at(place, buyer_reference="77"))
    commit()
    assert again is requisition
    assert again.content_hash != first_hash
    assert ceiling.reserved == Decimal(200)
    assert [(s.round, s.state) for s in steps_of(again)] == [(1, ApprovalState.RETURNED), (2, ApprovalState.PENDING)]
    say_yes(place.approver, again)
    assert again.state is RequisitionState.APPROVED


def test_a_supplier_who_cannot_be_reached_any_more_stops_the_placing(app: TransactionalFlask) -> None:
    requisition = make_requisition(place := make_place())
    requisition.lines[0].supplier.order_email = None
    with pytest.raises(RuleBroken, match="saknar e-postadress"):
        say_yes(place.approver, requisition)


def test_withdrawing_gives_the_room_back_and_closes_the_steps(app: TransactionalFlask) -> None:
    place = make_place()
    paper = make_offer(place.organisation, price=Decimal(100))
    ceiling = make_ceiling(paper.award.lot.agreement, None)
    requisition = make_requisition(place, [(paper, Decimal(2))])
    with pytest.raises(NotAllowed):
        withdraw(place.approver, requisition)
    withdraw(place.orderer, requisition)
    commit()
    assert ceiling.reserved == 0
    assert {s.state for s in steps_of(requisition)} == {ApprovalState.SKIPPED}
    with pytest.raises(WrongState):
        approve(place.approver, steps_of(requisition)[0], None, requisition.content_hash or "")


@pytest.mark.parametrize("gate", ["paused", "blocked", "not-entitled", "dearer", "gone"])
def test_a_gate_that_closed_meanwhile_stops_the_placing(app: TransactionalFlask, gate: str) -> None:
    place = make_place()
    paper = make_offer(place.organisation, price=Decimal(100))
    requisition = make_requisition(place, [(paper, Decimal(2))])
    award = paper.award
    if gate == "paused":
        award.lot.agreement.state = AgreementState.PAUSED
    elif gate == "blocked":
        award.supplier.blocked_at, award.supplier.blocked_reason = now(), "Konkurs"
    elif gate == "not-entitled":
        award.lot.agreement.entitlements[0].ends_on = today() - timedelta(days=1)
    elif gate == "dearer":
        make_price_list(award, [{"supplier_number": paper.supplier_number, "price": Decimal(101)}])
    else:
        make_price_list(award, [{"supplier_number": "another"}])
    commit()
    with pytest.raises(RuleBroken) as refused:
        say_yes(place.approver, requisition)
    assert refused.value.findings
    assert refused.value.way_on
    rollback()
    assert requisition.state is RequisitionState.SUBMITTED
    assert db.session.query(Order).count() == 0
    assert not [m for m in db.session.query(OutboxMessage) if m.kind == "order"]


def test_a_new_list_with_equal_terms_does_not_stop_an_order(app: TransactionalFlask) -> None:
    place = make_place()
    paper = make_offer(place.organisation, price=Decimal(100))
    requisition = make_requisition(place, [(paper, Decimal(2))])
    newer = make_price_list(
        paper.award, [{"supplier_number": paper.supplier_number, "price": Decimal(100), "name": paper.name}]
    )
    say_yes(place.approver, requisition)
    [order] = orders_of(requisition)
    assert db.session.get_one(Article, order.lines[0].article_id).price_list_id == newer.id


def test_a_used_ceiling_stops_the_submission(app: TransactionalFlask) -> None:
    place = make_place()
    paper = make_offer(place.organisation, price=Decimal(100))
    make_ceiling(paper.award.lot.agreement, Decimal(150))
    with pytest.raises(RuleBroken) as refused:
        make_requisition(place, [(paper, Decimal(2))])
    assert {f.code for f in refused.value.findings} == {"ceiling-reached"}


def test_a_ceiling_that_is_stated_after_the_submission_stops_nothing_that_waits(app: TransactionalFlask) -> None:
    place = make_place()
    paper = make_offer(place.organisation, price=Decimal(100))
    placed, rejected = make_requisition(place, [(paper, Decimal(2))]), make_requisition(place, [(paper, Decimal(1))])
    late = make_ceiling(paper.award.lot.agreement, Decimal(1000))
    say_yes(place.approver, placed)
    reject(place.approver, pending_step(rejected), "Nej", rejected.content_hash or "")
    commit()
    assert (late.reserved, late.ordered) == (0, Decimal(200))


def test_freight_is_what_was_approved_though_the_terms_change_meanwhile(app: TransactionalFlask) -> None:
    place = make_place()
    paper = make_offer(place.organisation, price=Decimal(100))
    paper.award.freight = Decimal(50)
    ceiling = make_ceiling(paper.award.lot.agreement, Decimal(1000))
    requisition = make_requisition(place, [(paper, Decimal(2))])
    assert requisition.net_amount == Decimal(250)
    paper.award.freight = Decimal(500)
    commit()
    say_yes(place.approver, requisition)
    commit()
    [order] = orders_of(requisition)
    assert order.net_amount == Decimal(250)
    assert (ceiling.reserved, ceiling.ordered) == (Decimal(0), Decimal(250))


def test_one_requisition_becomes_an_order_for_each_supplier(app: TransactionalFlask) -> None:
    place = make_place()
    goods = [(make_offer(place.organisation), Decimal(1)), (make_offer(place.organisation), Decimal(1))]
    requisition = make_requisition(place, goods)
    say_yes(place.approver, requisition)
    orders = orders_of(requisition)
    assert len(orders) == 2
    assert [o.serial for o in orders] == [1, 2]
    assert sum(o.net_amount for o in orders) == requisition.net_amount


def test_a_rendering_error_aborts_and_places_nothing(app: TransactionalFlask) -> None:
    """A buyer without a name stands for any error of the documents: nothing of the order may be left."""
    place = make_place()
    requisition = make_requisition(place)
    commit()
    place.organisation.name = ""  # a mandatory text of the UBL
    commit()
    with pytest.raises(RenderingFailed):
        say_yes(place.approver, requisition)
    rollback()
    assert requisition.state is RequisitionState.SUBMITTED
    assert db.session.query(Order).count() == 0
