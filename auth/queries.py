"""Queries: organisations, people and journal entries in the scope of the person who asks.

A thing outside the scope raises NotFound, in the same words as a thing that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, and_, false, or_, select, true
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.sql.elements import ColumnElement

from auth.journal import JournalEntry
from auth.organisation import DeliveryAddress, Organisation, OrganisationKind, Unit
from auth.permission import Role
from auth.policy import is_system_admin, managed_organisation_ids, reads_journal_of
from auth.session import IDLE, LONGEST, LoginSession
from auth.substitution import Substitution
from auth.user import Membership, User, normal_email
from core.clock import STOCKHOLM, now, today
from core.db import db, paginate
from core.errors import NotFound
from core.types import sort_key
from core.web import Page

T = TypeVar("T")

# What the journal tells a system administrator: the things of this package, and the outgoing mail.
TECHNICAL = ("organisation", "unit", "address", "user", "membership", "substitution", "session", "outbox")


def found(thing: T | None) -> T:
    """The thing, or NotFound: in the same words whether it does not exist or is not hers."""
    if thing is None:
        raise NotFound(_l("Sidan finns inte, eller så hör den till någon annan."))
    return thing


def _managed(user: User) -> ColumnElement[bool]:
    """The condition that an organisation is one she administers."""
    return true() if is_system_admin(user) else Organisation.id.in_(managed_organisation_ids(user))


# Organisations, units, addresses


def managed_organisations(user: User) -> list[Organisation]:
    """The organisations she administers, by name."""
    return list(db.session.scalars(select(Organisation).where(_managed(user)).order_by(Organisation.sort_name)))


def organisation_for(user: User, organisation_id: int) -> Organisation:
    """An organisation she administers, its identifiers loaded."""
    return found(
        db.session.scalar(
            select(Organisation)
            .where(Organisation.id == organisation_id, _managed(user))
            .options(selectinload(Organisation.identifiers))
        )
    )


def organisation_by_number(organisation_number: str) -> Organisation | None:
    """An organisation by its ten digits; for commands, which act for the whole installation."""
    return db.session.scalar(select(Organisation).where(Organisation.organisation_number == organisation_number))


def unit_tree(organisation: Organisation) -> list[tuple[int, Unit]]:
    """Every unit with its depth (0 at the root), each below its parent, siblings by code."""
    units = db.session.scalars(select(Unit).where(Unit.organisation_id == organisation.id)).all()
    children: dict[int | None, list[Unit]] = {}
    for unit in sorted(units, key=lambda unit: unit.code, reverse=True):
        children.setdefault(unit.parent_id, []).append(unit)
    tree: list[tuple[int, Unit]] = []
    waiting = [(0, unit) for unit in children.get(None, [])]
    while waiting:
        depth, unit = waiting.pop()
        tree.append((depth, unit))
        waiting += [(depth + 1, child) for child in children.get(unit.id, [])]
    return tree


def unit_for(user: User, unit_id: int) -> Unit:
    """A unit of an organisation she administers."""
    return found(
        db.session.scalar(
            select(Unit)
            .join(Unit.organisation)
            .where(Unit.id == unit_id, _managed(user))
            .options(joinedload(Unit.organisation), joinedload(Unit.parent))
        )
    )


def branch_of(unit: Unit) -> list[Unit]:
    """The units below a unit, near or far, without itself."""
    return list(
        db.session.scalars(
            select(Unit).where(
                Unit.organisation_id == unit.organisation_id, Unit.path.startswith(unit.path), Unit.id != unit.id
            )
        )
    )


def addresses_of(unit: Unit) -> list[DeliveryAddress]:
    """The delivery addresses of a unit, those in use first."""
    return list(
        db.session.scalars(
            select(DeliveryAddress)
            .where(DeliveryAddress.unit_id == unit.id)
            .order_by(DeliveryAddress.is_active.desc(), DeliveryAddress.name)
        )
    )


def address_for(user: User, address_id: int) -> DeliveryAddress:
    """A delivery address of an organisation she administers."""
    return found(
        db.session.scalar(
            select(DeliveryAddress)
            .join(DeliveryAddress.unit)
            .join(Unit.organisation)
            .where(DeliveryAddress.id == address_id, _managed(user))
            .options(joinedload(DeliveryAddress.unit).joinedload(Unit.organisation))
        )
    )


# People


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """What the list of people is narrowed to; an empty one shows all in scope."""

    text: str | None = None
    organisation_id: int | None = None
    role: Role | None = None
    disabled: bool = False  # show the disabled ones instead


def _visible_people(user: User) -> Select[User]:
    if is_system_admin(user):
        return select(User)
    hers = select(Membership.user_id).where(Membership.organisation_id.in_(managed_organisation_ids(user)))
    return select(User).where(User.id.in_(hers))


def users_page(user: User, wanted: PeopleFilter, number: int = 1) -> Page:
    """People in scope, by name, with their memberships."""
    statement = _visible_people(user).where(User.is_active.is_(not wanted.disabled))
    if wanted.text:
        statement = statement.where(
            or_(
                User.sort_name.contains(sort_key(wanted.text), autoescape=True),
                User.email.contains(normal_email(wanted.text), autoescape=True),
            )
        )
    if wanted.organisation_id or wanted.role:
        at = select(Membership.user_id).where(_is_live(today()))
        if wanted.organisation_id:
            at = at.where(Membership.organisation_id == wanted.organisation_id)
        if wanted.role:
            at = at.where(Membership.role == wanted.role)
        statement = statement.where(User.id.in_(at))
    return paginate(statement.options(selectinload(User.memberships)).order_by(User.sort_name, User.id), number)


def _is_live(on: date) -> ColumnElement[bool]:
    return or_(Membership.ends_on.is_(None), Membership.ends_on >= on)


def user_for(user: User, user_id: int) -> User:
    """A person in scope, her memberships loaded."""
    return found(
        db.session.scalar(_visible_people(user).where(User.id == user_id).options(selectinload(User.memberships)))
    )


def user_by_id(user_id: int | None) -> User | None:
    """A person, whoever asks; for a name beside somebody who may be seen."""
    return db.session.get(User, user_id) if user_id is not None else None


def user_by_email(email: str) -> User | None:
    """The person with an address, whoever asks: for log-in, reset of passwords and commands."""
    return db.session.scalar(select(User).where(User.email == normal_email(email)))


def membership_for(user: User, membership_id: int) -> Membership:
    """A membership in an organisation she administers."""
    return found(
        db.session.scalar(
            select(Membership)
            .join(Membership.organisation)
            .where(Membership.id == membership_id, _managed(user))
            .options(joinedload(Membership.user).selectinload(User.memberships))
        )
    )


def members_of(organisation: Organisation, role: Role | None = None) -> list[User]:
    """Active people with a role (any, or that one) in an organisation today, by name."""
    hers = select(Membership.user_id).where(
        Membership.organisation_id == organisation.id, Membership.starts_on <= today(), _is_live(today())
    )
    if role:
        hers = hers.where(Membership.role == role)
    return list(
        db.session.scalars(select(User).where(User.is_active, User.id.in_(hers)).order_by(User.sort_name, User.id))
    )


def office_buyers(kept_id: int | None = None) -> list[User]:
    """The agreement owners of the joint office today, by name, and somebody who was chosen before. One query."""
    at_office = select(Membership.user_id).join(Organisation, Organisation.id == Membership.organisation_id)
    hers = at_office.where(
        Organisation.kind == OrganisationKind.OFFICE,
        Membership.role == Role.AGREEMENT_OWNER,
        Membership.starts_on <= today(),
        _is_live(today()),
    )
    wanted = and_(User.is_active, User.id.in_(hers)) if kept_id is None else or_(User.id.in_(hers), User.id == kept_id)
    return list(db.session.scalars(select(User).where(wanted).order_by(User.sort_name, User.id)))


def sessions_of(user: User) -> list[LoginSession]:
    """Her sessions that are still alive, the latest first."""
    return list(
        db.session.scalars(
            select(LoginSession)
            .where(
                LoginSession.user_id == user.id,
                LoginSession.ended_at.is_(None),
                LoginSession.seen_at >= now() - IDLE,
                LoginSession.created_at >= now() - LONGEST,
            )
            .order_by(LoginSession.seen_at.desc())
        )
    )


# Substitutions


def _substitutions() -> Select[Substitution]:
    names = (joinedload(Substitution.absent), joinedload(Substitution.substitute), joinedload(Substitution.decided_by))
    return (
        select(Substitution)
        .options(*names, joinedload(Substitution.organisation))
        .order_by(Substitution.ends_on.desc(), Substitution.id.desc())
    )


def substitutions_of(user: User, organisation: Organisation) -> list[Substitution]:
    """Those she is part of in an organisation, as absent or as substitute; the latest first."""
    hers = or_(Substitution.absent_id == user.id, Substitution.substitute_id == user.id)
    return list(db.session.scalars(_substitutions().where(Substitution.organisation_id == organisation.id, hers)))


def substitutions_in(organisation: Organisation, number: int = 1) -> Page:
    """All in an organisation, the latest first."""
    return paginate(_substitutions().where(Substitution.organisation_id == organisation.id), number)


def substitution_for(user: User, substitution_id: int) -> Substitution:
    """One of her own absences, or one in an organisation she administers."""
    return found(
        db.session.scalar(
            _substitutions()
            .join(Substitution.organisation)
            .where(
                Substitution.id == substitution_id,
                or_(
                    Substitution.absent_id == user.id,
                    _managed(user),
                ),
            )
        )
    )


def substitutions_between(organisation: Organisation, starts_on: date, ends_on: date) -> list[Substitution]:
    """Those in force on any of the days, both ends included."""
    return list(
        db.session.scalars(
            select(Substitution).where(
                Substitution.organisation_id == organisation.id,
                Substitution.ended_at.is_(None),
                Substitution.starts_on <= ends_on,
                Substitution.ends_on >= starts_on,
            )
        )
    )


# The journal


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """What the journal is narrowed to; days are whole days in Stockholm, both included."""

    thing: str | None = None
    thing_id: str | None = None
    actor: str | None = None
    from_day: date | None = None
    to_day: date | None = None


def journal_page(user: User, organisation: Organisation | None, wanted: JournalFilter, number: int = 1) -> Page:
    """The entries she may read, the latest first: her organisation's, and the technical ones of a system
    administrator wherever they happened."""
    statement = select(JournalEntry).where(_readable(user, organisation), *_narrowed(wanted))
    return paginate(statement.order_by(JournalEntry.number.desc()), number, 50)


def _readable(user: User, organisation: Organisation | None) -> ColumnElement[bool]:
    readable: list[ColumnElement[bool]] = [false()]
    if organisation is not None and reads_journal_of(user, organisation):
        readable.append(JournalEntry.organisation_id == organisation.id)
    if is_system_admin(user):
        readable.append(JournalEntry.thing.in_(TECHNICAL))
    return or_(*readable)


def _narrowed(wanted: JournalFilter) -> Iterable[ColumnElement[bool]]:
    if wanted.thing:
        yield JournalEntry.thing == wanted.thing
    if wanted.thing_id:
        yield JournalEntry.thing_id == wanted.thing_id
    if wanted.actor:
        named = select(User.id).where(User.sort_name.contains(sort_key(wanted.actor), autoescape=True))
        yield or_(JournalEntry.actor_id.in_(named), JournalEntry.for_name.contains(wanted.actor, autoescape=True))
    if wanted.from_day:
        yield JournalEntry.at >= _midnight(wanted.from_day)
    if wanted.to_day:
        yield JournalEntry.at < _midnight(wanted.to_day + timedelta(days=1))


def _midnight(day: date) -> datetime:
    """When a day begins in Stockholm."""
    return datetime.combine(day, time(), STOCKHOLM)
