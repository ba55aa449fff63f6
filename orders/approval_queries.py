"""Queries about approval: the route of a requisition, what waits for whom, and what an approver decides with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from auth.organisation import Organisation
from auth.user import User
from catalog.ceiling import Ceiling
from catalog.rules import judge
from catalog.steering import Finding, load_facts, stops
from core.clock import today
from core.db import db, prepared
from core.errors import NotFound
from orders.approval import ApprovalCandidate, ApprovalState, ApprovalStep
from orders.basket_queries import charges_by_award
from orders.policy import absent_of, belongs_to, may_manage_rules, seat_of, stood_in_for
from orders.ranking import RankingRefusal
from orders.ranking_queries import refusals_of
from orders.refused_line import RefusedLine
from orders.requisition import Requisition, RequisitionState
from orders.requisition_queries import asks_of, load_requisition, requisition_drafts
from orders.split import OrderDraft
from orders.splitting import Split
from orders.splitting_queries import splits_with


def steps_of(requisition: Requisition) -> Sequence[ApprovalStep]:
    """The route of a requisition, former rounds first, with the names and decisions."""
    return db.session.scalars(*_route(requisition.id)).unique().all()


@prepared
def _route(requisition_id: int) -> Select[Any]:
    return (
        select(ApprovalStep)
        .where(ApprovalStep.requisition_id == requisition_id)
        .order_by(ApprovalStep.round, ApprovalStep.position)
        .options(joinedload(ApprovalStep.candidates).options(*_people()))
    )


def with_route() -> Any:
    """Loader option of a step: with its whole route and the people of each step, in the same query."""
    return joinedload(ApprovalStep.route).joinedload(ApprovalStep.candidates).options(*_people())


def reload_step(step: ApprovalStep) -> ApprovalStep:
    """A step and its route as the database has them now, whatever was read before."""
    found = db.session.scalars(*_route(step.requisition_id), execution_options={"populate_existing": True})
    route = found.unique().all()
    fresh: ApprovalStep = next(other for other in route if other.id == step.id)
    set_committed_value(fresh, "route", route)
    return fresh


def _people() -> tuple[Any, ...]:
    return joinedload(ApprovalCandidate.decided_by), joinedload(ApprovalCandidate.user)


def waiting_for(user_id: int, organisation_id: int, on: date) -> Select[int]:
    """The ids of the steps that wait for her, in her own name or for somebody she stands in for."""
    absent = stood_in_for(user_id, organisation_id, on)
    asked = select(ApprovalCandidate.step_id).where(
        ApprovalCandidate.decided_at.is_(None),
        ApprovalCandidate.handed_over_at.is_(None),
        or_(ApprovalCandidate.user_id == user_id, ApprovalCandidate.user_id.in_(absent)),
    )
    return (
        select(ApprovalStep.id)
        .join(ApprovalStep.requisition)
        .where(
            ApprovalStep.state == ApprovalState.PENDING,
            ApprovalStep.id.in_(asked),
            Requisition.organisation_id == organisation_id,
            Requisition.orderer_id != user_id,
        )
    )


def seat_to_reassign(user: User, seat_id: int) -> ApprovalCandidate:
    """A seat at a step of an organisation whose rules she manages. Raises NotFound."""
    seat = (
        db.session.scalars(
            select(ApprovalCandidate)
            .where(ApprovalCandidate.id == seat_id)
            .options(joinedload(ApprovalCandidate.step).options(joinedload(ApprovalStep.requisition), with_route()))
        )
        .unique()
        .one_or_none()
    )
    if seat is None or not may_manage_rules(user, seat.step.requisition.organisation_id):
        raise NotFound(_l("Begäran finns inte, eller så får du inte se den."))
    return seat


def steps_to_decide(user: User, organisation: Organisation) -> Sequence[ApprovalStep]:
    """The steps that wait for her, with their requisitions; the hundred oldest, oldest first."""
    return db.session.scalars(*_to_decide(user.id, organisation.id, today())).all()


@prepared
def _to_decide(user_id: int, organisation_id: int, on: date) -> Select[Any]:
    to_requisition = joinedload(ApprovalStep.requisition)
    return (
        select(ApprovalStep)
        .where(ApprovalStep.id.in_(waiting_for(user_id, organisation_id, on)))
        .order_by(ApprovalStep.opened_at, ApprovalStep.id)
        .options(
            to_requisition.joinedload(Requisition.orderer),
            to_requisition.joinedload(Requisition.unit),
            selectinload(ApprovalStep.candidates),
        )
        .limit(100)
    )


MOST_PENDING = 200


def pending_in(organisation: Organisation) -> Sequence[ApprovalStep]:
    """The steps of an organisation that somebody has been asked about, whoever it is; the 200 oldest, oldest first. Two
    queries."""
    to_requisition = joinedload(ApprovalStep.requisition)
    return db.session.scalars(
        select(ApprovalStep)
        .join(ApprovalStep.requisition)
        .where(ApprovalStep.state == ApprovalState.PENDING, Requisition.organisation_id == organisation.id)
        .order_by(ApprovalStep.opened_at, ApprovalStep.id)
        .options(
            to_requisition.joinedload(Requisition.orderer),
            to_requisition.joinedload(Requisition.unit),
            selectinload(ApprovalStep.candidates),
        )
        .limit(MOST_PENDING)
    ).all()


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """What an approver decides with: the requisition as orders, its findings today, the ceilings, the route."""

    step: ApprovalStep
    requisition: Requisition
    seat: ApprovalCandidate | None  # from which she may decide; none when she may only look
    drafts: list[OrderDraft]
    findings: dict[int, tuple[Finding, ...]]  # by requisition line id, as of today
    ceilings: list[Ceiling]
    steps: Sequence[ApprovalStep]
    refusals: Sequence[RankingRefusal]
    splits: Sequence[Split] = ()  # purchases that this one is probably a part of

    @property
    def is_stopped(self) -> bool:
        """Whether a gate has closed since it was submitted, so that a yes would be refused; what was ordered in an
        emergency passed them all."""
        if self.requisition.is_emergency:
            return False
        return bool(stops(self.findings.values()))


def approval_view(step: ApprovalStep, user: User) -> ApprovalView:
    """Load what the approval page shows of a step that has its route, with a constant number of queries."""
    requisition = load_requisition(step.requisition_id)
    lines = requisition.lines
    drafts = requisition_drafts(requisition)
    refusals = refusals_of(requisition) if requisition.asks_in_turn else ()
    asks = asks_of(requisition, refusals)
    facts = load_facts(asks, requisition.organisation, today())
    judged = judge(
        asks,
        facts,
        charges=charges_by_award(drafts),
        reserved=requisition.state in (RequisitionState.SUBMITTED, RequisitionState.APPROVED),  # counted already
        promised_at=requisition.submitted_at,
    )
    ceilings = {c.id: c for line in lines for c in facts.ceilings.get(line.award_id, ())}
    return ApprovalView(
        step=step,
        requisition=requisition,
        seat=seat_of(user, step) if step.state is ApprovalState.PENDING else None,
        drafts=drafts,
        findings={line.id: of_line for line, of_line in zip(lines, judged, strict=True)},
        ceilings=list(ceilings.values()),
        steps=step.route,
        refusals=refusals,
        splits=splits_with(requisition),
    )


def refused_of(requisition: Requisition) -> Sequence[RefusedLine]:
    """The lines that approvers left out of a requisition, in the order in which they did."""
    return db.session.scalars(*_refused(requisition.id)).all()


@prepared
def _refused(requisition_id: int) -> Select[Any]:
    return (
        select(RefusedLine)
        .where(RefusedLine.requisition_id == requisition_id)
        .order_by(RefusedLine.id)
        .options(*map(joinedload, (RefusedLine.supplier, RefusedLine.refused_by, RefusedLine.free_text)))
    )


def decided_by(user: User, organisation: Organisation) -> Sequence[ApprovalCandidate]:
    """The last ten decisions she took, for herself or somebody else, newest first; the requisitions loaded."""
    return db.session.scalars(*_decided_by(user.id, organisation.id)).all()


@prepared
def _decided_by(user_id: int, organisation_id: int) -> Select[Any]:
    to_requisition = joinedload(ApprovalCandidate.step).joinedload(ApprovalStep.requisition)
    return (
        select(ApprovalCandidate)
        .join(ApprovalCandidate.step)
        .join(ApprovalStep.requisition)
        .where(ApprovalCandidate.decided_by_id == user_id, Requisition.organisation_id == organisation_id)
        .order_by(ApprovalCandidate.decided_at.desc(), ApprovalCandidate.id.desc())
        .limit(10)
        .options(to_requisition.joinedload(Requisition.orderer), to_requisition.joinedload(Requisition.unit))
    )


def step_to_decide(user: User, step_id: int) -> ApprovalStep:
    """A step she was asked about, in her own name or for somebody she stands in for, whatever its state; with its
    route. Whoever has left the organisation sees it no more. Raises NotFound.
    """
    step: ApprovalStep | None = db.session.scalars(*_step(step_id)).unique().one_or_none()
    if step is not None and belongs_to(user, step.requisition.organisation_id):
        asked = {candidate.user_id for candidate in step.candidates}
        if user.id in asked or asked & absent_of(user, step.requisition.organisation_id):
            return step
    raise NotFound(_l("Begäran finns inte, eller så får du inte se den."))


@prepared
def _step(step_id: int) -> Select[Any]:
    return (
        select(ApprovalStep)
        .where(ApprovalStep.id == step_id)
        .options(joinedload(ApprovalStep.requisition), with_route())
    )
