"""User: a person who logs in, and her dated memberships with role, place and amount limit."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.organisation import Organisation, Unit, holds_on
from auth.password import is_guessable
from auth.permission import ROLE_PERMISSIONS, Permission, Role
from core.clock import today
from core.db import Base
from core.errors import RuleBroken
from core.types import Amount, TextEnum, UtcDateTime

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256

# argon2id with 46 MiB and one pass: OWASP's profile, about a tenth of a second here
hasher = PasswordHasher(time_cost=1, memory_cost=47104, parallelism=1)
_hashing = BoundedSemaphore(2)  # at once in a process: many log-ins must not eat the machine's memory
NOBODYS_HASH = hasher.hash("compared with when there is no such user, so that both answers take as long")


class User(Base):
    """A person. What she may do follows from her memberships on the day; without one she may only log in."""

    __tablename__ = "app_user"  # `user` is a reserved word in PostgreSQL

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # kept in lower case
    name: Mapped[str] = mapped_column(String(200))
    sort_name: Mapped[str] = mapped_column(String(255, collation="C").with_variant(String(255), "sqlite"))
    phone: Mapped[str | None] = mapped_column(String(40))
    reference: Mapped[str | None] = mapped_column(String(60))  # default buyer reference on her orders
    language: Mapped[str] = mapped_column(String(5), default="sv")
    password_hash: Mapped[str | None] = mapped_column(String(200))  # none until she has chosen one
    password_changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_active: Mapped[bool] = mapped_column(default=True)
    superior_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    version: Mapped[int] = mapped_column(default=1)

    memberships: Mapped[list[Membership]] = relationship(
        back_populates="user",
        cascade="all, delete-orphan",
        order_by="Membership.id",
        foreign_keys="Membership.user_id",
    )

    __mapper_args__ = {"version_id_col": version}

    is_authenticated = True  # what Flask-Login asks
    is_anonymous = False

    def set_password(self, password: str, at: datetime) -> None:
        """Choose a password. Raises RuleBroken when it is too short, too long or well known."""
        check_password(password, self)
        self.password_hash = hash_password(password)
        self.password_changed_at = at

    def current_memberships(self, on: date | None = None) -> list[Membership]:
        """The memberships that hold on a day (default today); none for a disabled user or in a closed organisation."""
        on = on or today()
        return [m for m in self.memberships if self.is_active and m.organisation.is_active and m.is_current(on)]

    def organisations(self, on: date | None = None) -> list[Organisation]:
        """The organisations she acts in, by name."""
        found = {m.organisation_id: m.organisation for m in self.current_memberships(on)}
        return sorted(found.values(), key=lambda organisation: organisation.sort_name)

    def roles_in(self, organisation_id: int, on: date | None = None) -> set[Role]:
        """Her roles anywhere in an organisation."""
        return {m.role for m in self.current_memberships(on) if m.organisation_id == organisation_id}

    def has_role(self, role: Role, unit: Unit, on: date | None = None) -> bool:
        """Whether she has the role at a unit: for the whole organisation, or for a branch the unit lies in."""
        return any(m.role is role and m.covers(unit) for m in self.current_memberships(on))

    def permissions_in(self, organisation_id: int | None) -> frozenset[Permission]:
        """What her roles in an organisation open; a system administrator's doors are the same everywhere."""
        granted: set[Permission] = set()
        for membership in self.current_memberships():
            if membership.organisation_id == organisation_id or membership.role is Role.SYSTEM_ADMIN:
                granted |= ROLE_PERMISSIONS[membership.role]
        return frozenset(granted)

    def is_at_office(self, role: Role) -> bool:
        """Whether she has the role at the joint procurement office, which sees every organisation's agreements."""
        return any(m.role is role and m.organisation.is_office for m in self.current_memberships())


class LimitPeriod(str, Enum):
    """The days over which an approver's yes adds up: those of the calendar."""

    MONTH = "month"
    YEAR = "year"

    def begins(self, on: date) -> date:
        """The first day of the period that a day lies in."""
        return on.replace(day=1) if self is LimitPeriod.MONTH else on.replace(month=1, day=1)


class Membership(Base):
    """A role somewhere, between two days. An approver's amount limits, for one purchase and for all of a period, are
    excl. VAT; none given means no limit."""

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_after_start"),
        CheckConstraint("amount_limit IS NULL OR amount_limit >= 0", name="limit_not_negative"),
        CheckConstraint("period_limit >= 0", name="period_limit_not_negative"),
        CheckConstraint("(period_limit IS NULL) = (limit_period IS NULL)", name="period_limit_has_period"),
        Index("ix_membership_place", "organisation_id", "role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))  # none: the whole organisation
    role: Mapped[Role] = mapped_column(TextEnum(Role))
    amount_limit: Mapped[Decimal | None] = mapped_column(Amount)
    period_limit: Mapped[Decimal | None] = mapped_column(Amount)
    limit_period: Mapped[LimitPeriod | None] = mapped_column(TextEnum(LimitPeriod))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]

    user: Mapped[User] = relationship(back_populates="memberships", foreign_keys=[user_id])
    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    unit: Mapped[Unit | None] = relationship(lazy="joined")

    def is_current(self, on: date) -> bool:
        return holds_on(self.starts_on, self.ends_on, on)

    def covers(self, unit: Unit) -> bool:
        """Whether the place of this membership is the unit, a unit above it, or the whole organisation."""
        if self.organisation_id != unit.organisation_id:
            return False
        return self.unit is None or unit.is_within(self.unit)

    def reaches(self, amount: Decimal) -> bool:
        """Whether an approver's limit holds an amount excl. VAT; the limit itself is within it."""
        return self.amount_limit is None or amount <= self.amount_limit


def normal_email(text: str) -> str:
    """The form in which addresses are kept and compared."""
    return text.strip().casefold()


def stored_hash(user: User | None) -> str | None:
    """What a password of hers is compared with; nothing where there is no such user, she is disabled or has none."""
    return user.password_hash if user is not None and user.is_active else None


def password_matches(stored: str | None, password: str) -> bool:
    """Compare a password; takes as long when there is nothing to compare with.

    Slow on purpose (a tenth of a second, 46 MiB): call it with no transaction open.
    """
    try:
        with _hashing:
            return hasher.verify(stored or NOBODYS_HASH, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def hash_password(password: str) -> str:
    """The form in which a password is kept (argon2id); as slow as comparing."""
    with _hashing:
        return hasher.hash(password)


def check_password(password: str, user: User) -> None:
    """Length over composition (NIST SP 800-63B, ASVS 6.2): at least 12 characters, not a well-known one, not
    made of her own name, address or organisation. Raises RuleBroken."""
    if len(password) < SHORTEST_PASSWORD:
        raise RuleBroken(_l("Lösenordet måste ha minst %(count)s tecken.", count=SHORTEST_PASSWORD))
    if len(password) > LONGEST_PASSWORD:
        raise RuleBroken(_l("Lösenordet får ha högst %(count)s tecken.", count=LONGEST_PASSWORD))
    own = [user.email, user.name, *(m.organisation.name for m in user.memberships)]
    if is_guessable(password, own):
        raise RuleBroken(_l("Lösenordet är för lätt att gissa. Välj några ord som inte hör ihop."))
