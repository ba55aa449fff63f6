"""A seat is handed to somebody else by the administrator; substitutes who are appointed late are asked late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from auth.journal import entries_about
from auth.permission import Role
from auth.substitution import Substitution
from auth.user import User
from core.clock import today
from core.db import TransactionalFlask, commit, db
from core.errors import NotAllowed, RuleBroken, WrongState
from exchange.outbox import messages_about
from orders.actions.approval import approve
from orders.actions.conflict import declare
from orders.actions.reassign import could_take, reassign
from orders.actions.reminder import ask_substitutes
from orders.approval import ApprovalStep, Quorum, StepKind
from orders.approval_queries import steps_of, steps_to_decide
from orders.requisition import Requisition, RequisitionState
from orders.substitutes import people_asked
from tests.factories.auth import make_member, make_organisation, make_substitution
from tests.factories.orders import Place, make_place, make_requisition, make_rule, pending_step

LogIn = Callable[[User], FlaskClient]


@pytest.fixture
def admin(place: Place) -> User:
    return make_member(Role.ORGANISATION_ADMIN, place.organisation)


def say_yes(person: User, step: ApprovalStep) -> Requisition:
    return approve(person, step, None, step.requisition.content_hash or "")


def test_the_new_one_decides_and_the_former_does_not_and_both_names_stay(place: Place, admin: User) -> None:
    other = make_member(Role.APPROVER, place.organisation)
    step = pending_step(make_requisition(place))
    made = reassign(admin, step.candidates[0], other, "Långtidssjuk")
    assert (made.instead_of, made.added_by, made.added_reason) == (place.approver.name, admin.name, "Långtidssjuk")
    assert steps_to_decide(place.approver, place.organisation) == []
    assert steps_to_decide(other, place.organisation) == [step]
    with pytest.raises(NotAllowed, match="gått över"):
        say_yes(place.approver, step)
    assert say_yes(other, step).state is RequisitionState.APPROVED
    assert [seat.user for seat in step.candidates] == [place.approver, other]


def test_the_administrator_finds_all_that_waits_and_nobody_elses(place: Place, admin: User, login_as: LogIn) -> None:
    mine, others = make_requisition(place), make_requisition(make_place())
    decided = make_requisition(place)
    say_yes(place.approver, pending_step(decided))
    commit()
    page = login_as(admin).get("/approvals/waiting")
    assert f"/approvals/seats/{pending_step(mine).candidates[0].id}/reassign" in page.text
    assert f'/requisitions/{decided.id}"' not in page.text and f'/requisitions/{others.id}"' not in page.text
    for person in (place.approver, place.orderer):
        assert login_as(person).get("/approvals/waiting").status_code == 403


def test_it_is_journaled_and_the_new_one_gets_a_mail(place: Place, admin: User) -> None:
    other = make_member(Role.APPROVER, place.organisation)
    requisition = make_requisition(place)
    reassign(admin, pending_step(requisition).candidates[0], other, "Sjuk")
    commit()
    [told] = [entry for entry in entries_about("requisition", requisition.id) if entry.act == "reassign"]
    assert told.actor_name == admin.name and (told.details["to"], told.details["reason"]) == (other.name, "Sjuk")
    assert other.email in [letter.recipient for letter in messages_about(f"requisition:{requisition.id}")]


@pytest.mark.parametrize("who", ["orderer", "subordinate", "limited", "conflicted", "sitting", "stranger"])
def test_never_to_somebody_who_may_not_decide(place: Place, admin: User, who: str) -> None:
    requisition = make_requisition(place)
    step = pending_step(requisition)
    person = place.orderer if who == "orderer" else place.approver
    if who == "orderer":
        make_member(Role.APPROVER, place.organisation, user=place.orderer)
    elif who == "stranger":
        person = make_member(Role.APPROVER, make_organisation())
    elif who != "sitting":
        superior = place.orderer.id if who == "subordinate" else None
        limit = Decimal(1) if who == "limited" else None
        person = make_member(Role.APPROVER, place.organisation, amount_limit=limit, superior_id=superior)
    if who == "conflicted":
        declare(person, place.organisation, person, requisition.lines[0].supplier)
    assert person not in could_take(step)[0]
    with pytest.raises(RuleBroken, match="får inte besluta"):
        reassign(admin, step.candidates[0], person, "Sjuk")


def test_only_the_administrator_and_not_about_her_own_nor_to_herself(place: Place, admin: User) -> None:
    other = make_member(Role.APPROVER, place.organisation)
    seat = pending_step(make_requisition(place)).candidates[0]
    make_member(Role.APPROVER, place.organisation, user=admin)
    make_member(Role.ORGANISATION_ADMIN, place.organisation, user=place.orderer)
    stranger = make_member(Role.ORGANISATION_ADMIN, make_organisation())
    for actor, person in ((other, other), (place.orderer, other), (stranger, other), (admin, admin)):
        with pytest.raises(NotAllowed):
            reassign(actor, seat, person, "Sjuk")
    with pytest.raises(RuleBroken):
        reassign(admin, seat, other, "  ")


def test_what_is_decided_or_handed_over_is_not_handed_over_again(place: Place, admin: User) -> None:
    others = [make_member(Role.APPROVER, place.organisation) for _ in range(2)]
    step = pending_step(make_requisition(place))
    seat = step.candidates[0]
    reassign(admin, seat, others[0], "Sjuk")
    with pytest.raises(WrongState):
        reassign(admin, seat, others[1], "Sjuk")


def test_where_all_must_answer_the_new_one_is_waited_for_instead(place: Place, admin: User) -> None:
    second = make_member(Role.APPROVER, place.organisation, place.unit)
    other = make_member(Role.APPROVER, place.organisation)
    make_rule(place.organisation, {"kind": StepKind.UNIT_APPROVER, "quorum": Quorum.ALL}, position=0)
    step = pending_step(make_requisition(place))
    reassign(admin, next(seat for seat in step.candidates if seat.user == place.approver), other, "Sjuk")
    assert say_yes(second, step).state is RequisitionState.SUBMITTED
    assert say_yes(other, step).state is RequisitionState.APPROVED


def test_the_administrator_does_it_on_the_page(place: Place, admin: User, login_as: LogIn) -> None:
    other = make_member(Role.APPROVER, place.organisation)
    requisition = make_requisition(place)
    [seat] = pending_step(requisition).candidates
    client = login_as(admin)
    assert f"/approvals/seats/{seat.id}/reassign" in client.get(f"/requisitions/{requisition.id}").text
    url = f"/approvals/seats/{seat.id}/reassign"
    assert other.name in client.get(url).text
    assert client.post(url, data={"person": other.id}).status_code == 422
    assert client.post(url, data={"person": place.orderer.id, "reason": "Sjuk"}).status_code == 422
    assert client.post(url, data={"person": other.id, "reason": "Sjuk"}).status_code == 303
    page = client.get(f"/requisitions/{requisition.id}").text
    assert f"{other.name} i stället för {place.approver.name}" in page
    assert url not in login_as(place.orderer).get(f"/requisitions/{requisition.id}").text


# Substitutes


def test_who_orders_does_not_choose_who_decides_about_it(place: Place) -> None:
    substitute = make_member(Role.RECEIVER, place.organisation)
    make_substitution(place.organisation, place.approver, substitute, decided_by=place.orderer)
    step = pending_step(make_requisition(place))
    assert [person for person, _ in people_asked(step)] == [place.approver]
    with pytest.raises(NotAllowed):
        say_yes(substitute, step)


def test_a_substitute_who_is_appointed_later_is_asked_once(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        place = make_place()
        requisition = make_requisition(place)
        substitute = make_member(Role.RECEIVER, place.organisation)
        commit()
        about, address = f"requisition:{requisition.id}", substitute.email
        assert ask_substitutes() == 0
        make_substitution(place.organisation, place.approver, substitute)
        commit()
        assert [ask_substitutes(), ask_substitutes()] == [1, 0]
        assert [letter.recipient for letter in messages_about(about)].count(address) == 1


def test_away_now_with_one_button(place: Place, login_as: LogIn) -> None:
    substitute = make_member(Role.APPROVER, place.organisation)
    client = login_as(place.approver)
    assert "Jag är borta nu" in client.get("/substitutions").text
    last = today() + timedelta(days=5)
    sent = {"substitute": substitute.id, "ends_on": last.isoformat()}
    assert client.post("/substitutions/now", data=sent).status_code == 303
    made = db.session.scalars(select(Substitution)).one()
    assert (made.absent, made.substitute, made.starts_on, made.ends_on) == (place.approver, substitute, today(), last)
    assert client.post("/substitutions/now", data={"substitute": 0}).status_code == 422
    orderer = login_as(place.orderer)
    assert orderer.post("/substitutions/now", data=sent).status_code == 422


def test_a_round_has_one_seat_for_each_person(place: Place, admin: User) -> None:
    other = make_member(Role.APPROVER, place.organisation)
    make_rule(place.organisation, StepKind.UNIT_APPROVER, {"kind": StepKind.PERSON, "user": other}, position=0)
    requisition = make_requisition(place)
    with pytest.raises(RuleBroken):
        reassign(admin, steps_of(requisition)[0].candidates[0], other, "Sjuk")
