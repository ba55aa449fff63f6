"""Handing a seat to somebody else: what the organisation's administrator does when nobody who was asked can decide."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

from auth.journal import record
from auth.user import User
from core.clock import now, today
from core.db import db
from core.errors import NotAllowed, RuleBroken, WrongState
from core.state import can
from orders import mail
from orders.approval import ApprovalCandidate, ApprovalState, ApprovalStep
from orders.approval_queries import reload_step
from orders.directory import directory_of
from orders.policy import may_reassign
from orders.requisition_queries import load_requisition
from orders.route import LeftOut, who_could
from orders.route_queries import need_of_requisition


def reassign(actor: User, seat: ApprovalCandidate, person: User, reason: str) -> ApprovalCandidate:
    """Let `person` decide in the place of whoever has the seat. Both names stay in the step, and the reason.

    Raises NotAllowed, also for who ordered, created or changed the requisition and for who takes the seat herself;
    RuleBroken for a person who may not decide about it; WrongState where it is decided already.
    """
    step = _held(seat.step)
    seat = next(each for each in step.candidates if each.id == seat.id)
    if not may_reassign(actor, step) or actor.id == person.id:
        raise NotAllowed(_l("Du får inte välja vem som ska besluta här. Ingen väljer sig själv eller sitt eget köp."))
    if not seat.is_open or not can(step, "skip"):
        raise WrongState(_l("Beslutet är redan taget, eller så har någon annan fått frågan."))
    if not reason.strip():
        raise RuleBroken(_l("Skriv varför någon annan ska besluta."))
    if person.id not in {free.id for free in could_take(step)[0]}:
        raise RuleBroken(_l("%(name)s får inte besluta om den här begäran.", name=person.name))
    seat.handed_over_at = now()
    made = add_seat(step, person, instead_of=seat.name, added_by=actor.name, reason=reason.strip())
    record(
        actor,
        "reassign",
        "requisition",
        step.requisition_id,
        organisation_id=step.requisition.organisation_id,
        name=seat.name,
        to=person.name,
        step=step.label,
        reason=reason.strip(),
    )
    return made


def could_take(step: ApprovalStep) -> tuple[Sequence[User], Sequence[LeftOut]]:
    """The organisation's approvers who may decide a step and sit in none of its round, and why the others may not."""
    requisition = step.requisition
    need = need_of_requisition(requisition)
    directory = directory_of(requisition.organisation, today(), need)
    sitting = [seat for each in step.this_round for seat in each.candidates]
    taken = {seat.user_id for seat in sitting} | {seat.decided_by_id for seat in sitting if seat.decided_by_id}
    return who_could(need, directory, taken, step.net_amount)


def add_seat(
    step: ApprovalStep, person: User, *, instead_of: str | None, added_by: str | None, reason: str
) -> ApprovalCandidate:
    """One more who may decide a step, asked at once where it is its turn."""
    made = ApprovalCandidate(
        user=person, name=person.name, instead_of=instead_of, added_by=added_by, added_reason=reason
    )
    step.candidates.append(made)
    db.session.flush()
    if step.state is ApprovalState.PENDING:
        mail.ask_to_approve(step, [(person, None)])
    return made


def _held(step: ApprovalStep) -> ApprovalStep:
    """A step as the database has it now, with nobody else at it."""
    requisition = load_requisition(step.requisition_id, lock=True)
    step = reload_step(step)
    step.requisition = requisition
    return step
