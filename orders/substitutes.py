"""Substitutes at the table: who is asked for whom when a step opens."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from auth.substitution import Substitution, in_force
from auth.user import User
from core.clock import today
from core.db import db, prepared
from orders.approval import ApprovalStep
from orders.conflict_queries import in_conflict
from orders.policy import belongs_to


def people_asked(step: ApprovalStep) -> list[tuple[User, User | None]]:
    """Everybody who may decide a step and has not, as (person, the absent one she stands in for, if any); nobody twice.

    A substitute who ordered the thing herself, has the orderer as superior, has an interest in a supplier of it, or
    has left the organisation, is not asked.
    """
    requisition = step.requisition
    barred = requisition.barred | in_conflict(requisition)
    asked: dict[int, tuple[User, User | None]] = {
        candidate.user.id: (candidate.user, None) for candidate in step.candidates if candidate.is_open
    }
    for row in db.session.scalars(*_substitutions(list(asked), requisition.organisation_id, today())):
        stand_in = row.substitute
        if row.decided_by_id in requisition.barred and row.decided_by_id != row.absent_id:
            continue  # who orders does not choose who decides about it
        if stand_in.id in barred or stand_in.superior_id == requisition.orderer_id:
            continue
        if belongs_to(stand_in, requisition.organisation_id):
            asked.setdefault(stand_in.id, (stand_in, row.absent))
    return list(asked.values())


@prepared
def _substitutions(absent_ids: list[int], organisation_id: int, on: date) -> Select[Any]:
    return (
        select(Substitution)
        .where(
            Substitution.absent_id.in_(absent_ids),
            Substitution.organisation_id == organisation_id,
            in_force(on),
        )
        .options(joinedload(Substitution.substitute), joinedload(Substitution.absent))
    )
