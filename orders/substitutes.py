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
from orders.policy import belongs_to


def people_asked(step: ApprovalStep) -> list[tuple[User, User | None]]:
    """Everybody who may decide a step, as (person, the absent one she stands in for, if any); nobody twice.

    A substitute who ordered the thing herself, or has left the organisation, is not asked.
    """
    requisition = step.requisition
    asked: dict[int, tuple[User, User | None]] = {
        candidate.user.id: (candidate.user, None) for candidate in step.candidates
    }
    for row in db.session.scalars(*_substitutions(list(asked), requisition.organisation_id, today())):
        if row.substitute_id not in requisition.barred and belongs_to(row.substitute, requisition.organisation_id):
            asked.setdefault(row.substitute_id, (row.substitute, row.absent))
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
