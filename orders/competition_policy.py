"""Who may do what with competitions, and who sees them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select

from auth.organisation import Organisation, Unit
from auth.permission import ROLE_PERMISSIONS, Permission, Role
from auth.user import User
from catalog.agreement import Agreement
from catalog.policy import may_manage
from orders.competition import Competition
from orders.policy import may_order, sees_everything

may_ask_for_bids = may_order  # whoever may order for a unit, which then gets what is won

READERS = (Role.AGREEMENT_OWNER, Role.ORGANISATION_ADMIN, Role.AUDITOR)


def may_run(user: User, competition: Competition) -> bool:
    """Open, weigh, decide: who manages the agreement, or an agreement owner of the organisation that asks."""
    return may_manage(user, competition.agreement) or Role.AGREEMENT_OWNER in user.roles_in(competition.organisation_id)


def may_abandon(user: User, competition: Competition) -> bool:
    """Before anything is opened also who asked."""
    return may_run(user, competition) or (user.id == competition.requester_id and competition.opened_at is None)


def may_witness(user: User, competition: Competition) -> bool:
    """Be the second person at the opening: somebody of the organisation or one of the office's agreement owners, and
    never the one who opens."""
    if user.id == competition.opener_id:
        return False
    roles = user.roles_in(competition.organisation_id)
    reads = any(Permission.CATALOGUE_READ in ROLE_PERMISSIONS[role] for role in roles)  # or she cannot open the page
    return reads or user.is_at_office(Role.AGREEMENT_OWNER)


def may_take(user: User, competition: Competition) -> bool:
    """Put what was won into one's basket."""
    return may_order(user, competition.unit)


def visible_competitions(user: User, organisation: Organisation) -> ColumnElement[bool]:
    """The condition that keeps a query to the competitions she may see, where she acts.

    Her own, and those that she is to witness; of the places where she owns agreements, administers or audits; of the
    agreements that her organisation owns; the office's agreement owners see all.
    """
    if sees_everything(user, organisation):
        return Competition.id.is_not(None)
    places: list[ColumnElement[bool]] = [Competition.requester_id == user.id]
    owned: list[ColumnElement[bool]] = []
    for membership in user.current_memberships():
        if membership.organisation_id != organisation.id or membership.role not in READERS:
            continue
        if membership.unit is None:
            places.append(Competition.organisation_id == organisation.id)
        else:
            branch = select(Unit.id).where(
                Unit.organisation_id == organisation.id, Unit.path.startswith(membership.unit.path)
            )
            places.append(Competition.unit_id.in_(branch))
        if membership.role is Role.AGREEMENT_OWNER:
            of_owner = select(Agreement.id).where(Agreement.owner_id == organisation.id)
            owned.append(Competition.agreement_id.in_(of_owner))
    return or_(
        Competition.witness_id == user.id, and_(Competition.organisation_id == organisation.id, or_(*places)), *owned
    )
