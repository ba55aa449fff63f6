"""Queries about conflicts of interest: who must keep away from what, and the declarations a person sees."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import joinedload

from auth.organisation import Organisation
from auth.permission import Role
from auth.policy import managed_organisation_ids
from auth.user import Membership, User
from catalog.supplier import Supplier
from core.clock import today
from core.db import db, paginate, prepared
from core.errors import NotFound
from core.web import Page
from orders.conflict import Conflict, in_force
from orders.requisition import Requisition, RequisitionLine

Pairs = frozenset[tuple[int, int]]  # ids of person and supplier


def in_conflict(requisition: Requisition) -> frozenset[int]:
    """The ids of those who have an interest in a supplier of a requisition today. One query."""
    return frozenset(db.session.scalars(*_in_conflict(requisition.id, today())))


def has_interest(user_id: Any, on: date) -> ColumnElement[bool]:
    """Whether a person has an interest in a supplier of a requisition, as a condition over Requisition."""
    declared = select(Conflict.id).join(RequisitionLine, RequisitionLine.supplier_id == Conflict.supplier_id)
    of_line = RequisitionLine.requisition_id == Requisition.id
    return declared.where(of_line, Conflict.user_id == user_id, in_force(on)).exists()


@prepared
def _in_conflict(requisition_id: int, on: date) -> Select[int]:
    suppliers = select(RequisitionLine.supplier_id).where(RequisitionLine.requisition_id == requisition_id)
    return select(Conflict.user_id).where(Conflict.supplier_id.in_(suppliers), in_force(on))


def conflicts_with(supplier_ids: Collection[int], on: date) -> Pairs:
    """Who has an interest in which of some suppliers on a day. One query, or none where there is no supplier."""
    if not supplier_ids:
        return frozenset()
    return frozenset((user, supplier) for user, supplier in db.session.execute(*_with(list(supplier_ids), on)))


@prepared
def _with(supplier_ids: list[int], on: date) -> Select[int, int]:
    return select(Conflict.user_id, Conflict.supplier_id).where(Conflict.supplier_id.in_(supplier_ids), in_force(on))


def conflicts_at(organisation: Organisation, on: date) -> Pairs:
    """Those of everybody who approves in an organisation. One query."""
    return frozenset((user, supplier) for user, supplier in db.session.execute(*_at(organisation.id, on)))


@prepared
def _at(organisation_id: int, on: date) -> Select[int, int]:
    approvers = select(Membership.user_id).where(
        Membership.organisation_id == organisation_id, Membership.role == Role.APPROVER
    )
    return select(Conflict.user_id, Conflict.supplier_id).where(Conflict.user_id.in_(approvers), in_force(on))


def conflicts_of(user: User) -> Sequence[Conflict]:
    """What has been declared about her, the latest first, with what was withdrawn."""
    return db.session.scalars(_declarations().where(Conflict.user_id == user.id).limit(100)).all()


def conflicts_page(organisation: Organisation, number: int) -> Page:
    """The declarations about those who work in an organisation, and those that were made there."""
    works_here = exists().where(Membership.user_id == Conflict.user_id, Membership.organisation_id == organisation.id)
    return paginate(_declarations().where(or_(works_here, Conflict.organisation_id == organisation.id)), number)


def conflict_for(user: User, conflict_id: int) -> Conflict:
    """A declaration about herself, or one made in an organisation she administers. Raises NotFound."""
    hers = or_(Conflict.user_id == user.id, Conflict.organisation_id.in_(managed_organisation_ids(user)))
    found: Conflict | None = db.session.scalar(_declarations().where(Conflict.id == conflict_id, hers))
    if found is None:
        raise NotFound(_l("Anmälan finns inte, eller så får du inte se den."))
    return found


def suppliers_to_name() -> Sequence[Supplier]:
    """Every supplier, by name."""
    return db.session.scalars(select(Supplier).order_by(Supplier.sort_name, Supplier.id)).all()


def _declarations() -> Select[Any]:
    return (
        select(Conflict)
        .where(Conflict.withdraws_id.is_(None))
        .order_by(Conflict.id.desc())
        .options(
            joinedload(Conflict.user),
            joinedload(Conflict.supplier),
            joinedload(Conflict.made_by),
            joinedload(Conflict.withdrawal).joinedload(Conflict.made_by),
        )
    )
