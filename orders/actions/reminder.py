"""Steps that have waited too long: reminded of once, then taken higher up once; and substitutes who are asked late.

Jobs of the worker. Each marks what it has done in the transaction in which it is done, so any number may run at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from auth.journal import record
from auth.organisation import Organisation
from auth.permission import Role
from auth.queries import members_of
from core.clock import now, today
from core.db import db, reading, unit_of_work
from core.language import speaking
from orders import mail
from orders.actions.reassign import add_seat, could_take
from orders.approval import ApprovalState, ApprovalStep, ApprovalToken, Quorum
from orders.approval_queries import reload_step
from orders.directory import directory_of
from orders.requisition import Requisition
from orders.requisition_queries import load_requisition
from orders.route import above
from orders.route_queries import need_of_requisition
from orders.substitutes import people_asked, unasked_substitutes


def remind_of_steps() -> int:
    """Remind everybody who may decide a step that has waited as many days as its organisation says; once. Returns how
    many steps."""
    return _each_late(Organisation.remind_after_days, ApprovalStep.reminded_at.is_(None), _remind)


def escalate_steps() -> int:
    """Ask those above, once, about a step that has waited as many days as its organisation says; where there is nobody
    who may, or all who were asked must answer, the administrators are told. Returns how many steps."""
    return _each_late(Organisation.escalate_after_days, ApprovalStep.escalated_at.is_(None), _escalate)


def ask_substitutes() -> int:
    """Ask those who stand in for somebody since a step was opened. Returns how many."""
    with reading() as session:
        steps = list(session.scalars(unasked_substitutes(today())))
    return sum(_with_step(step_id, _ask_late) for step_id in steps)


def _each_late(
    days: InstrumentedAttribute[int | None], is_left: ColumnElement[bool], act: Callable[[ApprovalStep], int]
) -> int:
    with reading() as session:
        waits = [found for found in session.scalars(select(days).where(days.is_not(None)).distinct()) if found]
        if not waits:
            return 0
        over = or_(*(((days == wait) & (ApprovalStep.opened_at < now() - timedelta(days=wait))) for wait in waits))
        late = list(
            session.scalars(
                select(ApprovalStep.id)
                .join(ApprovalStep.requisition)
                .join(Requisition.organisation)
                .where(ApprovalStep.state == ApprovalState.PENDING, is_left, over)
                .order_by(ApprovalStep.id)
            )
        )
    return sum(_with_step(step_id, act) for step_id in late)


def _with_step(step_id: int, act: Callable[[ApprovalStep], int]) -> int:
    """Do something to a step that is still waited for, with nobody else at it."""
    with unit_of_work() as session:
        known = session.get_one(ApprovalStep, step_id)
        requisition = load_requisition(known.requisition_id, lock=True)
        step = reload_step(known)
        step.requisition = requisition
        return act(step) if step.state is ApprovalState.PENDING else 0


def _remind(step: ApprovalStep) -> int:
    if step.reminded_at is not None:
        return 0  # somebody was before us
    step.reminded_at = now()
    asked = people_asked(step)
    mail.ask_to_approve(step, asked, is_reminder=True)
    _tell(step, "remind", names=[person.name for person, _absent in asked])
    return 1


def _escalate(step: ApprovalStep) -> int:
    if step.escalated_at is not None:
        return 0
    step.escalated_at = now()
    requisition = step.requisition
    need = need_of_requisition(requisition)
    directory = directory_of(requisition.organisation, today(), need)
    higher = above(need, directory, {person.id for person in could_take(step)[0]})
    if higher and step.quorum is Quorum.ANY:
        for person in higher:
            with speaking(person.language):
                reason = str(_("Ingen har svarat i tid."))
            add_seat(step, person, instead_of=None, added_by=None, reason=reason)
        _tell(step, "escalate", names=[person.name for person in higher])
        return 1
    administrators = members_of(requisition.organisation, Role.ORGANISATION_ADMIN)
    administrators = [person for person in administrators if person.id not in requisition.barred]
    mail.tell_stuck(step, administrators)
    _tell(step, "escalate", names=[person.name for person in administrators])
    return 1


def _ask_late(step: ApprovalStep) -> int:
    """Those who have not been asked before."""
    known = set(db.session.scalars(select(ApprovalToken.user_id).where(ApprovalToken.step_id == step.id)))
    new = [(person, absent) for person, absent in people_asked(step) if absent is not None and person.id not in known]
    mail.ask_to_approve(step, new)
    return len(new)


def _tell(step: ApprovalStep, act: str, names: list[str]) -> None:
    record(
        None,
        act,
        "requisition",
        step.requisition_id,
        organisation_id=step.requisition.organisation_id,
        step=step.label,
        names=names,
    )
