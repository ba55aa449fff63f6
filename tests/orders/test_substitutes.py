"""Who is asked about a step when it opens, when it is reminded of, and when somebody is appointed late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from auth.permission import Role
from auth.user import User
from core.clock import today
from core.db import commit, db
from orders.actions.conflict import declare
from orders.actions.reminder import ask_substitutes
from orders.approval import ApprovalStep
from orders.substitutes import people_asked
from tests.factories.auth import make_member, make_substitution
from tests.factories.orders import Place, make_requisition, pending_step

YESTERDAY = today() - timedelta(days=1)


@pytest.fixture
def step(place: Place) -> ApprovalStep:
    return pending_step(make_requisition(place))


def role_ends(person: User) -> None:
    for right in person.memberships:
        right.starts_on = right.ends_on = YESTERDAY
    db.session.flush()


def disabled(person: User) -> None:
    person.is_active = False
    db.session.flush()


@pytest.mark.parametrize("leaves", [role_ends, disabled])
def test_one_who_may_decide_no_more_is_not_asked_again(
    place: Place, step: ApprovalStep, leaves: Callable[[User], None]
) -> None:
    """A letter with what is bought would go to somebody who has left."""
    colleague = make_member(Role.APPROVER, place.organisation, place.unit)
    step = pending_step(make_requisition(place))
    substitute = make_member(Role.RECEIVER, place.organisation)
    make_substitution(place.organisation, place.approver, substitute)
    assert {person for person, _absent in people_asked(step)} == {place.approver, colleague, substitute}
    leaves(place.approver)
    assert people_asked(step) == [(colleague, None)]


def test_one_who_has_declared_an_interest_since_is_not_asked_again(place: Place, step: ApprovalStep) -> None:
    [line] = step.requisition.lines
    declare(place.approver, place.organisation, place.approver, line.supplier)
    assert people_asked(step) == []


def appointed(place: Place, **values: Any) -> User:
    """Somebody who stands in for the approver from now on."""
    person = make_member(Role.RECEIVER, place.organisation, **values)
    make_substitution(place.organisation, place.approver, person)
    return person


def test_a_substitute_who_may_not_decide_is_not_looked_at_again_and_again(
    place: Place, step: ApprovalStep, count_queries: Callable[[], Any]
) -> None:
    """The job took the step from everybody else, once a minute, only to ask nobody."""
    [line] = step.requisition.lines
    interested = appointed(place)
    declare(interested, place.organisation, interested, line.supplier)
    appointed(place, superior_id=place.orderer.id)
    role_ends(appointed(place))
    make_substitution(place.organisation, place.approver, place.orderer)
    make_substitution(
        place.organisation, place.approver, make_member(Role.RECEIVER, place.organisation), decided_by=place.orderer
    )
    commit()
    with count_queries() as queries:
        assert ask_substitutes() == 0
    assert len(queries) == 1


def test_a_substitute_of_one_who_may_decide_no_more_is_not_asked(place: Place, step: ApprovalStep) -> None:
    appointed(place)
    role_ends(place.approver)
    commit()
    assert ask_substitutes() == 0
