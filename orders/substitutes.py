"""Substitutes at the table: who is asked for whom when a step opens."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from auth.substitution import Substitution, in_force
from auth.user import User
from core.clock import today
from core.db import db
from orders.approval import ApprovalStep
from orders.policy import belongs_to


def people_asked(step: ApprovalStep) -> list[tuple[User, User | None]]:
    """Everybody who may decide a step, as (person, the absent one she stands in for, if any); nobody twice.

    A substitute who ordered the thing herself, or has left the organisation, is not asked.
    """
    requisition = step.requisition
    barred = {requisition.orderer_id, requisition.created_by_id, requisition.edited_by_id}
    asked: dict[int, tuple[User, User | None]] = {
        candidate.user.id: (candidate.user, None) for candidate in step.candidates
    }
    rows = db.session.scalars(
        select(Substitution)
        .where(
            Substitution.absent_id.in_(list(asked)),
            Substitution.organisation_id == requisition.organisation_id,
            in_force(today()),
        )
        .options(joinedload(Substitution.substitute), joinedload(Substitution.absent))
    ).all()
    for row in rows:
        if row.substitute_id not in barred and belongs_to(row.substitute, requisition.organisation_id):
            asked.setdefault(row.substitute_id, (row.substitute, row.absent))
    return list(asked.values())
