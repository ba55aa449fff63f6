"""Substitutes at the table: who is asked about a step, in her own name or for somebody she stands in for."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import aliased, contains_eager, joinedload

from auth.organisation import Organisation
from auth.permission import Role
from auth.substitution import Substitution, in_force
from auth.user import Membership, User
from core.clock import today
from core.db import db, prepared
from orders.approval import ApprovalCandidate, ApprovalState, ApprovalStep, ApprovalToken
from orders.conflict_queries import has_interest
from orders.requisition import Requisition

_person = aliased(User)  # the substitution's own may stand in the statement already


def people_asked(step: ApprovalStep) -> list[tuple[User, User | None]]:
    """Everybody who may decide a step and has not, as (person, the absent one she stands in for, if any); nobody twice.

    Nobody is asked who has left, whose role has ended or who has an interest in a supplier, nor for somebody of whom
    that is true. Nor is a substitute who ordered the thing herself, or has the orderer as superior. Two queries.
    """
    seated = {seat.user_id: seat.user for seat in step.candidates if seat.is_open}
    able = set(db.session.scalars(*_able(list(seated), step.requisition_id, today())))
    asked: dict[int, tuple[User, User | None]] = {key: (user, None) for key, user in seated.items() if key in able}
    for row in db.session.scalars(*_substitutions(list(asked), step.requisition_id, today())):
        asked.setdefault(row.substitute_id, (row.substitute, row.absent))
    return list(asked.values())


def unasked_substitutes(on: date) -> Select[int]:
    """The ids of the steps that wait and for which somebody stands in who has got no letter about them."""
    hers = (ApprovalToken.step_id == ApprovalStep.id, ApprovalToken.user_id == Substitution.substitute_id)
    return (
        select(ApprovalStep.id)
        .join(ApprovalStep.requisition)
        .join(ApprovalStep.candidates)
        .join(Substitution, Substitution.absent_id == ApprovalCandidate.user_id)
        .join(Substitution.substitute)
        .where(ApprovalStep.state == ApprovalState.PENDING)
        .where(ApprovalCandidate.decided_at.is_(None), ApprovalCandidate.handed_over_at.is_(None))
        .where(_may_decide(ApprovalCandidate.user_id, on), _may_stand_in(on))
        .where(~select(ApprovalToken.id).where(*hers).exists())
        .distinct()
    )


@prepared
def _able(user_ids: list[int], requisition_id: int, on: date) -> Select[int]:
    found = select(User.id).join(Requisition, Requisition.id == requisition_id)
    return found.where(User.id.in_(user_ids), _may_decide(User.id, on))


@prepared
def _substitutions(absent_ids: list[int], requisition_id: int, on: date) -> Select[Any]:
    return (
        select(Substitution)
        .join(Substitution.substitute)
        .join(Requisition, Requisition.id == requisition_id)
        .where(Substitution.absent_id.in_(absent_ids), _may_stand_in(on))
        .order_by(Substitution.id)
        .options(contains_eager(Substitution.substitute), joinedload(Substitution.absent))
    )


def _may_decide(user_id: Any, on: date) -> ColumnElement[bool]:
    """Whether one who was asked is an approver still, without an interest; over Requisition."""
    return and_(_works_there(user_id, on, Membership.role == Role.APPROVER), ~has_interest(user_id, on))


def _may_stand_in(on: date) -> ColumnElement[bool]:
    """Whether a substitution makes somebody decide about a requisition; over Substitution, its substitute as User, and
    Requisition."""
    own = (Requisition.orderer_id, Requisition.created_by_id, Requisition.edited_by_id)
    by_absent = Substitution.decided_by_id == Substitution.absent_id
    return and_(
        Substitution.organisation_id == Requisition.organisation_id,
        in_force(on),
        or_(by_absent, Substitution.decided_by_id.not_in(own)),  # who orders does not choose who decides about it
        Substitution.substitute_id.not_in(own),
        or_(User.superior_id.is_(None), User.superior_id != Requisition.orderer_id),
        _works_there(Substitution.substitute_id, on),
        ~has_interest(Substitution.substitute_id, on),
    )


def _works_there(user_id: Any, on: date, *holds: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a person has a role today in the requisition's organisation, and both are open; over Requisition."""
    person = select(Membership.id).join(Membership.organisation).join(Membership.user.of_type(_person))
    return (
        person.where(Membership.user_id == user_id, Membership.organisation_id == Requisition.organisation_id, *holds)
        .where(Membership.starts_on <= on, or_(Membership.ends_on.is_(None), Membership.ends_on >= on))
        .where(_person.is_active, Organisation.is_active)
        .exists()
    )
