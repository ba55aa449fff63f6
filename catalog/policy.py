"""Who may do what with agreements, suppliers, categories and price lists.

The joint office's agreement owners manage everything. An organisation's own agreement owners manage the agreements
that the organisation owns, and what only belongs to those.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, true

from auth.organisation import Organisation
from auth.permission import Role
from auth.user import User
from catalog.agreement import Agreement, Award, Lot
from catalog.supplier import Supplier
from core.db import db


def owner_organisation_ids(user: User) -> set[int]:
    """The organisations where she is an agreement owner today."""
    return {m.organisation_id for m in user.current_memberships() if m.role is Role.AGREEMENT_OWNER}


def may_manage_for(user: User, owner: Organisation) -> bool:
    """Whether she may create and manage agreements that this organisation owns."""
    return user.is_at_office(Role.AGREEMENT_OWNER) or owner.id in owner_organisation_ids(user)


def may_manage(user: User, agreement: Agreement) -> bool:
    """Whether she may edit, publish, pause and end the agreement, and import its price lists."""
    return may_manage_for(user, agreement.owner)


def manageable(user: User) -> ColumnElement[bool]:
    """The condition on Agreement that holds for those she may manage."""
    if user.is_at_office(Role.AGREEMENT_OWNER):
        return true()
    return Agreement.owner_id.in_(owner_organisation_ids(user))


def may_create_supplier(user: User) -> bool:
    """Any agreement owner may enter a new supplier."""
    return bool(owner_organisation_ids(user))


def may_edit_supplier(user: User, supplier: Supplier) -> bool:
    """Orders go to the address on the supplier, so an organisation may only edit one that is in no other's use."""
    if user.is_at_office(Role.AGREEMENT_OWNER):
        return True
    owners = db.session.scalars(
        select(Agreement.owner_id)
        .distinct()
        .join(Lot, Lot.agreement_id == Agreement.id)
        .join(Award, Award.lot_id == Lot.id)
        .where(Award.supplier_id == supplier.id)
    ).all()
    return may_create_supplier(user) and set(owners) <= owner_organisation_ids(user)


def may_block_supplier(user: User) -> bool:
    """A block stops everybody's orders at once: the office's decision."""
    return user.is_at_office(Role.AGREEMENT_OWNER)


def may_manage_categories(user: User) -> bool:
    """The tree is common to all: the office's."""
    return user.is_at_office(Role.AGREEMENT_OWNER)


def may_manage_parameters(user: User) -> bool:
    """Limits and rates are common to all: the office's."""
    return user.is_at_office(Role.AGREEMENT_OWNER)


def may_manage_synonyms(user: User) -> bool:
    """What a word means is common to all: the office's."""
    return user.is_at_office(Role.AGREEMENT_OWNER)
