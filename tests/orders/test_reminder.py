"""Steps that wait too long: reminded of once, taken higher up once, whatever runs how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from auth.journal import entries_about
from auth.permission import Role
from core.clock import frozen, now
from core.db import TransactionalFlask, commit, db
from exchange.outbox import messages_about
from orders.actions.approval import approve
from orders.actions.reminder import escalate_steps, remind_of_steps
from orders.approval import Quorum, StepKind
from orders.requisition import Requisition, RequisitionState
from tests.factories.auth import make_member, make_substitution
from tests.factories.orders import Place, make_place, make_requisition, make_rule, pending_step

DAY = timedelta(days=1)


@dataclass
class Waiting:
    place: Place
    requisition: Requisition

    def letters(self, subject: str) -> list[str]:
        """To whom letters with such a subject went."""
        about = messages_about(f"requisition:{self.requisition.id}")
        return sorted(letter.recipient for letter in about if letter.subject.startswith(subject))


@pytest.fixture
def waiting(fresh_app: TransactionalFlask) -> Iterator[Waiting]:
    with fresh_app.app_context():
        place = make_place()
        place.organisation.remind_after_days, place.organisation.escalate_after_days = 3, 5
        yield Waiting(place, make_requisition(place))


def test_the_asked_and_their_substitutes_are_reminded_once(waiting: Waiting) -> None:
    place = waiting.place
    substitute = make_member(Role.RECEIVER, place.organisation)
    make_substitution(place.organisation, place.approver, substitute, ends_on=(now() + 9 * DAY).date())
    addresses = sorted([place.approver.email, substitute.email])
    commit()
    with frozen(now() + 2 * DAY):
        assert remind_of_steps() == 0
    with frozen(now() + 3 * DAY + timedelta(minutes=1)):
        assert [remind_of_steps(), remind_of_steps()] == [1, 0]
    with frozen(now() + 40 * DAY):
        assert remind_of_steps() == 0
    assert waiting.letters("Påminnelse") == addresses


@pytest.mark.parametrize("job", [remind_of_steps, escalate_steps])
def test_nobody_is_told_where_the_organisation_has_set_no_days(waiting: Waiting, job: object) -> None:
    organisation = waiting.place.organisation
    organisation.remind_after_days = organisation.escalate_after_days = None
    commit()
    with frozen(now() + 40 * DAY):
        assert job() == 0  # type: ignore[operator]


def test_what_is_decided_is_not_reminded_of(waiting: Waiting) -> None:
    step = pending_step(waiting.requisition)
    approve(waiting.place.approver, step, None, waiting.requisition.content_hash or "")
    commit()
    with frozen(now() + 40 * DAY):
        assert (remind_of_steps(), escalate_steps()) == (0, 0)


def test_those_above_are_asked_too_and_either_decides(waiting: Waiting) -> None:
    above = make_member(Role.APPROVER, waiting.place.organisation)
    commit()
    with frozen(now() + 6 * DAY):
        assert [escalate_steps(), escalate_steps()] == [1, 0]
        assert waiting.letters("Att godkänna").count(above.email) == 1
        step = pending_step(waiting.requisition)
        assert [seat.user for seat in step.candidates] == [waiting.place.approver, above]
        requisition = approve(above, step, None, waiting.requisition.content_hash or "")
        assert requisition.state is RequisitionState.APPROVED
        commit()
    acts = [entry.act for entry in entries_about("requisition", requisition.id)]
    assert acts.count("escalate") == 1


def test_who_is_barred_is_not_asked_from_above(waiting: Waiting) -> None:
    make_member(Role.APPROVER, waiting.place.organisation, superior_id=waiting.place.orderer.id)
    admin = make_member(Role.ORGANISATION_ADMIN, waiting.place.organisation)
    make_member(Role.ORGANISATION_ADMIN, waiting.place.organisation, user=waiting.place.orderer)
    address, name = admin.email, admin.name
    commit()
    with frozen(now() + 6 * DAY):
        assert [escalate_steps(), escalate_steps()] == [1, 0]
    assert waiting.letters("Ett beslut har fastnat") == [address]
    [told] = [entry for entry in entries_about("requisition", waiting.requisition.id) if entry.act == "escalate"]
    assert told.details["names"] == [name]  # nobody who got no letter
    assert len(pending_step(waiting.requisition).candidates) == 1


def test_where_all_must_answer_the_administrator_is_told(waiting: Waiting) -> None:
    place = waiting.place
    make_member(Role.APPROVER, place.organisation)
    address = make_member(Role.ORGANISATION_ADMIN, place.organisation).email
    make_rule(place.organisation, {"kind": StepKind.UNIT_APPROVER, "quorum": Quorum.ALL}, position=0)
    waiting.requisition = make_requisition(place)
    commit()
    with frozen(now() + 6 * DAY):
        assert escalate_steps() == 2
    db.session.expire_all()
    assert waiting.letters("Ett beslut har fastnat") == [address]
