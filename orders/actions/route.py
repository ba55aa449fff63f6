"""What is done to the route of a requisition: laid, opened stage by stage, and closed where nobody need answer."""

from __future__ import annotations

from collections.abc import Sequence

from core.clock import now
from core.db import db
from core.state import advance
from orders import mail
from orders.approval import ApprovalCandidate, ApprovalState, ApprovalStep
from orders.approval_queries import steps_of
from orders.requisition import Requisition
from orders.route import RouteStep
from orders.substitutes import people_asked


def lay_route(requisition: Requisition, route: Sequence[RouteStep]) -> None:
    """The steps of its next round, with the names that were found; those of the first stage are asked."""
    former = steps_of(requisition) if requisition.id else ()  # a new one has none
    steps = [
        ApprovalStep(
            requisition=requisition,
            round=former[-1].round + 1 if former else 1,
            position=position,
            stage=step.stage,
            stage_quorum=step.stage_quorum,
            category_id=step.category.id if step.category else None,
            amount=step.amount,
            state=ApprovalState.WAITING,
            label=step.label,
            quorum=step.quorum,
            yes_needed=step.yes_needed,
            content_hash=requisition.content_hash or "",
            candidates=[ApprovalCandidate(user=person, name=person.name) for person in step.people],
        )
        for position, step in enumerate(route, start=1)
    ]
    db.session.add_all(steps)
    for step in steps:
        if step.stage == steps[0].stage:
            open_step(step)


def open_step(step: ApprovalStep) -> None:
    """It is this step's turn: ask the people, substitutes included."""
    advance(step, "open")
    step.opened_at = now()
    db.session.flush()
    mail.ask_to_approve(step, people_asked(step))


def close_route(requisition: Requisition) -> None:
    """The steps that were not reached are not needed any more."""
    for step in steps_of(requisition):
        if step.state in (ApprovalState.WAITING, ApprovalState.PENDING):
            advance(step, "skip")
