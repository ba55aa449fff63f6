"""Two in union, and limits for a month or a year: in the route, and again when the decision is taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from auth.permission import Role
from auth.user import LimitPeriod, User
from core.clock import STOCKHOLM, frozen, today
from core.db import db
from core.errors import NotAllowed, WrongState
from orders.actions.approval import approve, reject
from orders.actions.rule import ApprovalTerms, set_terms
from orders.approval import ApprovalState, Quorum, StepKind
from orders.approval_queries import steps_of
from orders.directory import directory_of
from orders.requisition import Requisition, RequisitionState
from orders.route import Bar, NobodyCanApprove, RouteStep, find_route, trace
from tests.factories.auth import make_member, make_substitution, make_unit
from tests.factories.catalog import make_offer
from tests.factories.orders import Place, make_requisition, make_rule, pending_step
from tests.orders.test_route import Need

LogIn = Callable[[User], FlaskClient]
LIMIT = Decimal(1000)


def steps_for(place: Place, amount: int) -> list[RouteStep]:
    need = Need(place.unit, Decimal(amount), (), place.orderer, frozenset({place.orderer.id}))
    return find_route(need, directory_of(place.organisation, today(), need))


def bought_for(place: Place, amount: int) -> Requisition:
    article = make_offer(place.organisation, price=Decimal(1))
    return make_requisition(place, [(article, Decimal(amount))])


def say_yes(person: User, requisition: Requisition) -> Requisition:
    return approve(person, pending_step(requisition), None, requisition.content_hash or "")


def in_union(place: Place, amount: Decimal | None = LIMIT) -> None:
    set_terms(make_member(Role.ORGANISATION_ADMIN, place.organisation), place.organisation, ApprovalTerms(amount))


def limited(place: Place, period: LimitPeriod = LimitPeriod.MONTH) -> None:
    [right] = place.approver.memberships
    right.period_limit, right.limit_period = LIMIT, period
    db.session.flush()


def test_from_the_amount_on_two_take_the_last_step(place: Place) -> None:
    above = make_member(Role.APPROVER, place.organisation)
    in_union(place)
    [below], [from_it] = steps_for(place, 999), steps_for(place, 1000)
    assert (below.people, below.yes_needed) == ((place.approver,), 1)
    assert (from_it.people, from_it.yes_needed) == ((place.approver, above), 2)


def test_only_the_last_step_takes_two(place: Place) -> None:
    above = [make_member(Role.APPROVER, place.organisation) for _ in range(2)]
    make_rule(place.organisation, StepKind.UNIT_APPROVER, StepKind.PARENT_APPROVER, position=0)
    in_union(place)
    steps = steps_for(place, 1000)
    assert [(list(step.people), step.yes_needed) for step in steps] == [([place.approver], 1), (above, 2)]


def test_one_alone_cannot_be_two(place: Place) -> None:
    in_union(place)
    with pytest.raises(NobodyCanApprove, match="två i förening.*" + place.approver.name):
        steps_for(place, 1000)


@pytest.mark.parametrize("quorum", Quorum)
def test_the_order_waits_for_the_second_yes(place: Place, quorum: Quorum) -> None:
    second = make_member(Role.APPROVER, place.organisation, place.unit)
    make_rule(place.organisation, {"kind": StepKind.UNIT_APPROVER, "quorum": quorum}, position=0)
    in_union(place)
    requisition = bought_for(place, 1000)
    assert say_yes(place.approver, requisition).state is RequisitionState.SUBMITTED
    step = pending_step(requisition)
    assert step.state is ApprovalState.PENDING and step.lacks_yes == 1
    with pytest.raises(WrongState, match="redan"):
        say_yes(place.approver, requisition)
    assert say_yes(second, requisition).state is RequisitionState.APPROVED


def test_one_person_is_not_two_as_a_substitute_either(place: Place) -> None:
    second = make_member(Role.APPROVER, place.organisation, place.unit)
    make_substitution(place.organisation, second, place.approver)
    in_union(place)
    requisition = bought_for(place, 1000)
    say_yes(place.approver, requisition)
    with pytest.raises(WrongState):
        say_yes(place.approver, requisition)


def test_one_no_is_enough(place: Place) -> None:
    second = make_member(Role.APPROVER, place.organisation, place.unit)
    in_union(place)
    requisition = bought_for(place, 1000)
    say_yes(place.approver, requisition)
    reject(second, pending_step(requisition), "Nej", requisition.content_hash or "")
    assert requisition.state is RequisitionState.REJECTED


def test_what_waits_when_the_amount_is_set_goes_on_as_it_was(place: Place) -> None:
    requisition = bought_for(place, 1000)
    in_union(place)
    assert say_yes(place.approver, requisition).state is RequisitionState.APPROVED


def test_only_the_organisations_administrator_sets_it(place: Place) -> None:
    with pytest.raises(NotAllowed):
        set_terms(place.approver, place.organisation, ApprovalTerms(LIMIT))


def test_the_rules_page_says_it_in_a_sentence(place: Place, login_as: LogIn) -> None:
    client = login_as(make_member(Role.ORGANISATION_ADMIN, place.organisation))
    assert "i förening" not in client.get("/admin/approval-rules").text
    assert client.post("/admin/approval-rules/settings", data={"union_from": "1000"}).status_code == 303
    assert "två olika personer" in client.get("/admin/approval-rules").text


def test_the_page_of_the_first_says_that_a_second_is_needed(place: Place, login_as: LogIn) -> None:
    make_member(Role.APPROVER, place.organisation, place.unit)
    in_union(place)
    step = pending_step(bought_for(place, 1000))
    assert "Två beslutar i förening" in login_as(place.approver).get(f"/approvals/{step.id}").text


def test_what_she_has_approved_this_month_counts_against_her_limit(place: Place) -> None:
    limited(place)
    say_yes(place.approver, bought_for(place, 600))
    assert [step.people for step in steps_for(place, 400)] == [(place.approver,)]
    need = Need(place.unit, Decimal(401), (), place.orderer, frozenset())
    [out] = trace(need, directory_of(place.organisation, today(), need)).steps[0].left_out
    assert (out.bar, out.limit, out.used) == (Bar.PERIOD_FULL, LIMIT, Decimal(600))


def test_it_is_asked_again_when_she_decides(place: Place) -> None:
    limited(place)
    first, second = bought_for(place, 600), bought_for(place, 600)
    say_yes(place.approver, first)
    with pytest.raises(NotAllowed):
        say_yes(place.approver, second)


def test_what_was_turned_down_takes_no_room(place: Place) -> None:
    limited(place)
    reject(place.approver, pending_step(first := bought_for(place, 600)), "Nej", first.content_hash or "")
    assert say_yes(place.approver, bought_for(place, 600)).state is RequisitionState.APPROVED


def test_her_substitute_uses_her_limit(place: Place) -> None:
    limited(place)
    substitute = make_member(Role.RECEIVER, place.organisation)
    make_substitution(place.organisation, place.approver, substitute)
    say_yes(substitute, bought_for(place, 600))
    with pytest.raises(NobodyCanApprove):
        bought_for(place, 600)


@pytest.mark.parametrize(
    ("period", "later", "is_free"),
    [
        (LimitPeriod.MONTH, datetime(2026, 3, 31, 23, 59, tzinfo=STOCKHOLM), False),
        (LimitPeriod.MONTH, datetime(2026, 4, 1, 0, 1, tzinfo=STOCKHOLM), True),
        (LimitPeriod.YEAR, datetime(2026, 12, 31, 23, 59, tzinfo=STOCKHOLM), False),
        (LimitPeriod.YEAR, datetime(2027, 1, 1, 0, 1, tzinfo=STOCKHOLM), True),
    ],
)
def test_a_period_is_the_calendars(place: Place, period: LimitPeriod, later: datetime, is_free: bool) -> None:
    limited(place, period)
    requisition = bought_for(place, 600)
    say_yes(place.approver, requisition)
    [seat] = steps_of(requisition)[0].candidates
    seat.decided_at = datetime(2026, 3, 2, 12, 0, tzinfo=STOCKHOLM)
    db.session.flush()
    with frozen(later):
        used = directory_of(place.organisation, today()).used
    assert used == ({} if is_free else {place.approver.memberships[0].id: Decimal(600)})


@pytest.mark.parametrize(
    ("decided", "counts"),
    [
        (datetime(2026, 3, 31, 23, 30, tzinfo=STOCKHOLM), False),
        (datetime(2026, 4, 1, 0, 30, tzinfo=STOCKHOLM), True),  # the evening before, in UTC
    ],
)
def test_a_period_begins_at_midnight_in_stockholm(place: Place, decided: datetime, counts: bool) -> None:
    limited(place)
    with frozen(decided):
        say_yes(place.approver, bought_for(place, 600))
    with frozen(datetime(2026, 4, 2, 12, 0, tzinfo=STOCKHOLM)):
        used = directory_of(place.organisation, today()).used
    assert used == ({place.approver.memberships[0].id: Decimal(600)} if counts else {})


def test_a_limit_counts_where_its_role_holds(place: Place) -> None:
    limited(place)
    elsewhere = make_unit(place.organisation)
    make_member(Role.APPROVER, place.organisation, elsewhere, user=place.approver)
    requisition = bought_for(place, 600)
    say_yes(place.approver, requisition)
    requisition.unit = elsewhere
    db.session.flush()
    assert directory_of(place.organisation, today()).used == {}


def test_a_limit_counts_where_a_rule_names_her_outside_her_role(place: Place) -> None:
    """Or a rule that names a person would be a way round her limit."""
    person = make_member(Role.APPROVER, place.organisation, make_unit(place.organisation))
    [right] = person.memberships
    right.period_limit, right.limit_period = LIMIT, LimitPeriod.MONTH
    make_rule(place.organisation, {"kind": StepKind.PERSON, "user": person}, position=0)
    say_yes(person, bought_for(place, 600))
    with pytest.raises(NobodyCanApprove):
        bought_for(place, 600)


def test_a_period_without_a_limit_is_none(place: Place, login_as: LogIn) -> None:
    client = login_as(make_member(Role.ORGANISATION_ADMIN, place.organisation))
    [right] = place.approver.memberships
    url = f"/admin/memberships/{right.id}/edit"
    sent = {"unit": right.unit_id or 0, "limit_period": "year"}
    assert client.post(url, data=sent).status_code == 303
    db.session.refresh(right)
    assert (right.period_limit, right.limit_period) == (None, None)
    client.post(url, data={**sent, "period_limit": "5000"})
    db.session.refresh(right)
    assert (right.period_limit, right.limit_period) == (Decimal(5000), LimitPeriod.YEAR)
    assert "5\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}kr per år" in client.get(f"/admin/users/{place.approver.id}").text
