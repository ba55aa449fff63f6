"""Policy: who may manage organisations, people and their roles. Asked by the use cases and by the templates' buttons.

Two kinds of administrator. The *system administrator* keeps organisations and accounts, everywhere. The
*organisation's administrator* keeps the units, addresses and people of her own organisation; an account that is
used elsewhere too is not hers to change, or she could take over rights that she cannot grant.
"""

from __future__ import annotations

from auth.organisation import Organisation
from auth.permission import ROLE_PERMISSIONS, Permission, Role
from auth.substitution import Substitution
from auth.user import Membership, User
from core.clock import today


def is_system_admin(user: User) -> bool:
    """Whether she keeps the whole installation."""
    return any(m.role is Role.SYSTEM_ADMIN for m in user.current_memberships())


def managed_organisation_ids(user: User) -> set[int]:
    """The organisations she is the administrator of; says nothing of a system administrator, who keeps all."""
    return {m.organisation_id for m in user.current_memberships() if m.role is Role.ORGANISATION_ADMIN}


def may_manage_organisation(user: User, organisation: Organisation) -> bool:
    """Units, addresses, people and settings of an organisation."""
    return is_system_admin(user) or organisation.id in managed_organisation_ids(user)


def may_see_user(user: User, other: User) -> bool:
    """Whether a person turns up in her administration: she has, or had, a role in an organisation of hers."""
    managed = managed_organisation_ids(user)
    return is_system_admin(user) or any(m.organisation_id in managed for m in other.memberships)


def may_manage_user(user: User, other: User) -> bool:
    """Change the account itself: name, address, disabling, invitation, ending of sessions."""
    if is_system_admin(user):
        return True
    managed = managed_organisation_ids(user)
    live = [m for m in other.memberships if m.ends_on is None or m.ends_on >= today()]
    return (
        may_see_user(user, other)
        and all(m.organisation_id in managed for m in live)
        and not any(m.role is Role.SYSTEM_ADMIN for m in live)
    )


def may_disable_user(user: User, other: User) -> bool:
    """Nobody locks herself out; so there is always an administrator left."""
    return user.id != other.id and may_manage_user(user, other)


def may_grant(user: User, other: User, role: Role, organisation: Organisation) -> bool:
    """Give, change or end a role of a person. Nobody her own; a system administrator is made by her like only."""
    if user.id == other.id:
        return False
    if is_system_admin(user):
        return True
    return role is not Role.SYSTEM_ADMIN and organisation.id in managed_organisation_ids(user)


def may_change_membership(user: User, membership: Membership) -> bool:
    """`may_grant`, asked of a role that is there already."""
    return may_grant(user, membership.user, membership.role, membership.organisation)


def grantable_roles(user: User, organisation: Organisation) -> list[Role]:
    """The roles she may give to somebody else in an organisation."""
    if not may_manage_organisation(user, organisation):
        return []
    return [role for role in Role if role is not Role.SYSTEM_ADMIN or is_system_admin(user)]


def may_decide_substitution(user: User, absent: User, substitute: User, organisation: Organisation) -> bool:
    """One's own absence as an approver, or anybody's in an organisation one administers.

    Nobody appoints herself: an administrator would otherwise get an approver's right without being granted it.
    """
    if user.id == substitute.id:
        return False
    if user.id == absent.id:
        return Role.APPROVER in user.roles_in(organisation.id)
    return may_manage_organisation(user, organisation)


def may_end_substitution(user: User, substitution: Substitution) -> bool:
    """Her own, or one of an organisation she administers."""
    return user.id == substitution.absent_id or may_manage_organisation(user, substitution.organisation)


def reads_journal_of(user: User, organisation: Organisation) -> bool:
    """All that happened in an organisation, orders included; a system administrator sees technical things only."""
    return any(
        Permission.JOURNAL_READ in ROLE_PERMISSIONS[m.role] and m.role is not Role.SYSTEM_ADMIN
        for m in user.current_memberships()
        if m.organisation_id == organisation.id
    )
