"""User: accounts, and the roles of people. A change of rights ends the sessions that were begun under the former."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from auth.actions.organisation import check_manager
from auth.journal import record
from auth.mail import send_invitation
from auth.organisation import Organisation, Unit
from auth.permission import Role
from auth.policy import may_disable_user, may_grant, may_manage_user
from auth.queries import user_by_email
from auth.session import end_sessions
from auth.user import LimitPeriod, Membership, User, normal_email
from core.clock import today
from core.db import db, hold
from core.errors import NotAllowed, RuleBroken
from core.types import sort_key


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a person; the reference is the one her orders begin with, the superior is an address."""

    name: str
    email: str
    phone: str | None = None
    reference: str | None = None
    superior: str | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at a unit and below it, or in the whole organisation. Limits are excl. VAT; none means no limit."""

    role: Role
    organisation: Organisation
    unit: Unit | None = None
    amount_limit: Decimal | None = None
    starts_on: date | None = None  # today
    ends_on: date | None = None
    period_limit: Decimal | None = None
    limit_period: LimitPeriod | None = None  # of `period_limit`


def create_user(actor: User | None, person: Person, first: Grant, *, invite: bool = True) -> User:
    """A new person with her first role, invited by mail to choose a password. `actor` is None for a command.

    Raises RuleBroken when the address is taken: an account is one person's, wherever she works.
    """
    if actor is not None:
        check_manager(actor, first.organisation)
    user = User()
    _describe(user, person)
    db.session.add(user)
    db.session.flush()
    grant(actor, user, first)
    _record(actor, "create", user, first.organisation.id)
    if invite:
        send_invitation(user, actor)
    return user


def edit_user(actor: User, user: User, person: Person, organisation: Organisation | None) -> None:
    """Change an account. `organisation` is where the journal tells it."""
    _check_manager(actor, user)
    former = _told(user)
    _describe(user, person)
    changed = sorted(name for name, value in _told(user).items() if value != former[name])
    if "email" in changed:
        end_sessions(user.id)
    _record(actor, "edit", user, organisation.id if organisation else None, changed=changed)


def invite(actor: User, user: User, organisation: Organisation | None) -> None:
    """Send the invitation again; earlier links keep working until their days are over."""
    _check_manager(actor, user)
    if user.password_hash is not None or not user.is_active:
        raise RuleBroken(_l("%(name)s har redan valt ett lösenord eller är avstängd.", name=user.name))
    send_invitation(user, actor)
    _record(actor, "invite", user, organisation.id if organisation else None)


def disable_user(actor: User, user: User, organisation: Organisation | None) -> None:
    """Shut an account; whoever is logged in with it is out at the next click."""
    if not may_disable_user(actor, user):
        raise NotAllowed(_l("Du får inte stänga av det här kontot."))
    user.is_active = False
    end_sessions(user.id)
    _record(actor, "disable", user, organisation.id if organisation else None)


def enable_user(actor: User, user: User, organisation: Organisation | None) -> None:
    """Undo `disable_user`."""
    _check_manager(actor, user)
    user.is_active = True
    _record(actor, "enable", user, organisation.id if organisation else None)


def log_out_user(actor: User, user: User, organisation: Organisation | None) -> None:
    """End every session of a person: a lost telephone, a shared computer."""
    _check_manager(actor, user)
    end_sessions(user.id)
    _record(actor, "end-sessions", user, organisation.id if organisation else None)


def grant(actor: User | None, user: User, wanted: Grant) -> Membership:
    """Give a person a role. `actor` is None for a command.

    Raises NotAllowed for a role that is not the actor's to give, RuleBroken for a role she has already there.
    """
    if actor is not None and not may_grant(actor, user, wanted.role, wanted.organisation):
        raise NotAllowed(_l("Du får inte ge den rollen till den personen."))
    starts_on = wanted.starts_on or today()
    _check_span(starts_on, wanted.ends_on)
    _check_place(wanted.organisation, wanted.unit)
    hold(user)  # or two who give it in the same instant both find nothing
    _check_given_once(user, wanted.role, (wanted.organisation, wanted.unit), (starts_on, wanted.ends_on))
    membership = Membership(
        organisation=wanted.organisation,
        unit=wanted.unit,
        role=wanted.role,
        amount_limit=_limit(wanted.role, wanted.amount_limit),
        starts_on=starts_on,
        ends_on=wanted.ends_on,
    )
    membership.period_limit, membership.limit_period = _period(wanted.role, wanted.period_limit, wanted.limit_period)
    user.memberships.append(membership)
    db.session.flush()
    end_sessions(user.id)
    _record_role(actor, "grant", membership)
    return membership


def change_membership(
    actor: User,
    membership: Membership,
    unit: Unit | None,
    amount_limit: Decimal | None,
    ends_on: date | None,
    period_limit: Decimal | None = None,
    limit_period: LimitPeriod | None = None,
) -> None:
    """Change the place, the limits or the last day of a role; the role itself is ended and another one given.

    Raises NotAllowed, and RuleBroken for a role she has already there on some of the days.
    """
    _check_grantor(actor, membership)
    _check_span(membership.starts_on, ends_on)
    _check_place(membership.organisation, unit)
    hold(membership.user)
    here, days = (membership.organisation, unit), (membership.starts_on, ends_on)
    _check_given_once(membership.user, membership.role, here, days, but=membership)
    membership.unit = unit
    membership.amount_limit = _limit(membership.role, amount_limit)
    membership.period_limit, membership.limit_period = _period(membership.role, period_limit, limit_period)
    membership.ends_on = ends_on
    end_sessions(membership.user_id)
    _record_role(actor, "change", membership)


def end_membership(actor: User, membership: Membership) -> None:
    """End a role: yesterday was its last day. One that has not begun is removed. The journal remembers both."""
    _check_grantor(actor, membership)
    end_sessions(membership.user_id)
    _record_role(actor, "end", membership)
    yesterday = today() - timedelta(days=1)
    if membership.starts_on > yesterday:
        membership.user.memberships.remove(membership)
    else:
        membership.ends_on = min(membership.ends_on or yesterday, yesterday)


def _told(user: User) -> dict[str, object]:
    return {name: getattr(user, name) for name in ("name", "email", "phone", "reference", "superior_id")}


def _describe(user: User, person: Person) -> None:
    email = normal_email(person.email)
    with db.session.no_autoflush:
        other = user_by_email(email)
        if other is not None and other is not user:
            raise RuleBroken(
                _l("Det finns redan ett konto med adressen %(email)s.", email=email),
                way_on=_l("Ser du inte personen i listan kan systemadministratören lägga till en roll hos er."),
            )
        superior = _superior(user, person.superior)
        user.name, user.sort_name, user.email = person.name, sort_key(person.name), email
        user.phone, user.reference = person.phone, person.reference
        user.superior_id = superior.id if superior else None


def _superior(user: User, email: str | None) -> User | None:
    if email is None:
        return None
    superior = user_by_email(email)
    if superior is None:
        raise RuleBroken(_l("Det finns ingen person med adressen %(email)s att ha som chef.", email=email))
    if _is_above(user, superior):
        raise RuleBroken(_l("Ingen kan vara chef över sin egen chef."))
    return superior


def _is_above(user: User, other: User) -> bool:
    """Whether a person is the superior, near or far, of another, or that other herself."""
    above: User | None = other
    seen: set[int] = set()
    while above is not None and above.id not in seen:
        if above is user:
            return True
        seen.add(above.id)
        above = db.session.get(User, above.superior_id) if above.superior_id else None
    return False


def _check_given_once(
    user: User,
    role: Role,
    where: tuple[Organisation, Unit | None],
    days: tuple[date, date | None],
    but: Membership | None = None,
) -> None:
    """Nobody has a role twice in one place on one day. Raises RuleBroken."""
    same = (m for m in user.memberships if (m.role, m.organisation, m.unit) == (role, *where) and m is not but)
    if any(_overlaps(other, *days) for other in same):
        raise RuleBroken(_l("%(name)s har redan den rollen där under de dagarna.", name=user.name))


def _overlaps(membership: Membership, starts_on: date, ends_on: date | None) -> bool:
    begins_in_time = ends_on is None or membership.starts_on <= ends_on
    return begins_in_time and (membership.ends_on is None or membership.ends_on >= starts_on)


def _limit(role: Role, amount_limit: Decimal | None) -> Decimal | None:
    if amount_limit is not None and role is not Role.APPROVER:
        raise RuleBroken(_l("Bara en attestant har en beloppsgräns."))
    return amount_limit


def _period(role: Role, limit: Decimal | None, period: LimitPeriod | None) -> tuple[Decimal | None, LimitPeriod | None]:
    """A limit for a period, or neither: a period alone says nothing."""
    limit = _limit(role, limit)
    return (None, None) if limit is None else (limit, period or LimitPeriod.MONTH)


def _check_span(starts_on: date, ends_on: date | None) -> None:
    if ends_on is not None and ends_on < starts_on:
        raise RuleBroken(_l("Sista dagen kan inte komma före den första."))


def _check_place(organisation: Organisation, unit: Unit | None) -> None:
    if unit is not None and unit.organisation_id != organisation.id:
        raise RuleBroken(_l("Enheten hör till en annan organisation."))


def _check_manager(actor: User, user: User) -> None:
    if not may_manage_user(actor, user):
        raise NotAllowed(
            _l("Kontot används också av en annan organisation."),
            way_on=_l("Systemadministratören kan ändra kontot. Rollerna hos er kan du ändra själv."),
        )


def _check_grantor(actor: User, membership: Membership) -> None:
    if not may_grant(actor, membership.user, membership.role, membership.organisation):
        raise NotAllowed(_l("Du får inte ändra den rollen."))


def _record(actor: User | None, act: str, user: User, organisation_id: int | None, **detail: Any) -> None:
    record(actor, act, "user", user.id, organisation_id=organisation_id, name=user.name, **detail)


def _record_role(actor: User | None, act: str, membership: Membership) -> None:
    record(
        actor,
        act,
        "membership",
        membership.id,
        organisation_id=membership.organisation_id,
        name=membership.user.name,
        role=membership.role.value,
        unit=membership.unit.name if membership.unit else None,
        amount_limit=None if membership.amount_limit is None else str(membership.amount_limit),
        period_limit=None if membership.period_limit is None else str(membership.period_limit),
        limit_period=membership.limit_period.value if membership.limit_period else None,
        starts_on=membership.starts_on.isoformat(),
        ends_on=membership.ends_on.isoformat() if membership.ends_on else None,
    )
