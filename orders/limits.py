"""Limits: how much of what an approver may say yes to in a month or a year she has said yes to already."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from auth.organisation import Unit
from auth.permission import Role
from auth.user import LimitPeriod, Membership
from core.clock import midnight
from core.db import db, prepared
from orders.approval import ApprovalCandidate, ApprovalStep
from orders.requisition import Requisition, RequisitionState

COUNTED = (RequisitionState.SUBMITTED, RequisitionState.APPROVED)  # what was turned down or taken back takes no room
_place = aliased(Unit)
_other, _other_place = aliased(Membership), aliased(Unit)  # of the same approver


def used_of(rights: Iterable[Membership], on: date, but_for: int = 0) -> dict[int, Decimal]:
    """What has been approved by each right, by its id, in the period that a day lies in; excl. VAT.

    Counts her own decisions and those of her substitutes, at the units where the right holds, and where none of hers
    does: a rule may name her there. Not those about the requisition `but_for`. One query, and none where no right is
    limited so.
    """
    limited = [right.id for right in rights if right.period_limit is not None]
    if not limited:
        return {}
    month, year = (midnight(period.begins(on)) for period in (LimitPeriod.MONTH, LimitPeriod.YEAR))
    rows = db.session.execute(*_used(limited, month, year, but_for)).all()
    return {row.right: row.amount for row in rows}


def has_room(right: Membership, amount: Decimal, used: dict[int, Decimal]) -> bool:
    """Whether a right's limit for its period holds so much more."""
    return right.period_limit is None or used.get(right.id, Decimal(0)) + amount <= right.period_limit


@prepared
def _used(ids: list[int], month: datetime, year: datetime, but_for: int) -> Select[Any]:
    amount = func.coalesce(ApprovalStep.amount, Requisition.net_amount)
    covers = or_(Membership.unit_id.is_(None), Unit.path.startswith(_place.path))
    of_another = (
        select(_other.id)
        .join(_other_place, _other_place.id == _other.unit_id, isouter=True)
        .where(
            _other.user_id == Membership.user_id,
            _other.organisation_id == Membership.organisation_id,
            _other.role == Role.APPROVER,
            or_(_other.unit_id.is_(None), Unit.path.startswith(_other_place.path)),
        )
    )
    told = (
        select(Membership.id.label("right"), ApprovalStep.requisition_id, func.max(amount).label("amount"))
        .join(_place, _place.id == Membership.unit_id, isouter=True)
        .join(ApprovalCandidate, ApprovalCandidate.user_id == Membership.user_id)
        .join(ApprovalStep, ApprovalStep.id == ApprovalCandidate.step_id)
        .join(
            Requisition,
            and_(
                Requisition.id == ApprovalStep.requisition_id,
                Requisition.organisation_id == Membership.organisation_id,
            ),
        )
        .join(Unit, Unit.id == Requisition.unit_id)
        .where(
            Membership.id.in_(ids),
            ApprovalCandidate.decision == "approve",
            or_(  # no CASE of the two: SQLite would compare its text with an instant's, of another zone
                and_(Membership.limit_period == LimitPeriod.MONTH, ApprovalCandidate.decided_at >= month),
                and_(Membership.limit_period == LimitPeriod.YEAR, ApprovalCandidate.decided_at >= year),
            ),
            Requisition.state.in_(COUNTED),
            Requisition.id != but_for,
            or_(covers, ~of_another.exists()),
        )
        .group_by(Membership.id, ApprovalStep.requisition_id)
        .subquery()
    )
    return select(told.c.right, func.sum(told.c.amount).label("amount")).group_by(told.c.right)
