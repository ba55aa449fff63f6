"""Competition (förnyad konkurrensutsättning): a request to all of a lot's suppliers, and the sealed envelope of each.

LOU 7 kap. 8–9 §§: all who can perform are asked, in writing, with time enough; their answers stay unread until the time
is out; the agreement's own criteria decide.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.organisation import Organisation, Unit
from auth.user import User
from catalog.agreement import Agreement, Award, Lot
from catalog.price_list import VatClass
from catalog.supplier import Supplier
from core.clock import local, now
from core.db import Base
from core.errors import RuleBroken
from core.types import Amount, Percent, Quantity, TextEnum, UtcDateTime

MOST_LINES = 30


class CompetitionState(str, Enum):
    INVITED = "invited"  # the suppliers are asked; also when the time is out and nothing is opened yet
    OPENED = "opened"
    DECIDED = "decided"
    ABANDONED = "abandoned"


S = CompetitionState


class Competition(Base):
    """One request. It belongs to the organisation that asks; whoever manages the agreement opens and decides."""

    __tablename__ = "competition"
    __table_args__ = (
        UniqueConstraint("requester_id", "key"),
        CheckConstraint("(state = 'abandoned') = (abandon_reason IS NOT NULL)", name="abandoned_with_reason"),
        CheckConstraint("opened_at IS NULL OR opened_at >= deadline_at", name="opened_after_deadline"),
        CheckConstraint("opened_at IS NULL OR opener_id <> witness_id", name="opened_by_two"),
        CheckConstraint("state = 'invited' OR state = 'abandoned' OR opened_at IS NOT NULL", name="opened_when"),
        Index("ix_competition_organisation_id_announced_at", "organisation_id", "announced_at"),
    )

    TRANSITIONS = {
        (S.INVITED, "open"): S.OPENED,
        (S.OPENED, "decide"): S.DECIDED,
        (S.INVITED, "abandon"): S.ABANDONED,
        (S.OPENED, "abandon"): S.ABANDONED,
        (S.DECIDED, "abandon"): S.ABANDONED,  # before anything is ordered
    }

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))  # of the form: a double click is one request
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    requester_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), index=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    specification: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str | None] = mapped_column(String(200))
    file_type: Mapped[str | None] = mapped_column(String(100))
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    file_content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    estimated_value: Mapped[Decimal | None] = mapped_column(Amount)  # SEK excl. VAT, not told to the suppliers
    wanted_on: Mapped[date | None]
    valid_until: Mapped[date]  # how long bids must hold
    contact_name: Mapped[str] = mapped_column(String(200))  # who answers questions
    contact_email: Mapped[str] = mapped_column(String(254))
    announced_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deadline_at: Mapped[datetime] = mapped_column(UtcDateTime)  # the first instant that is too late
    sealed_with: Mapped[str] = mapped_column(String(16))  # the print of the server's key: core.sealing.key_print
    state: Mapped[CompetitionState] = mapped_column(TextEnum(CompetitionState), default=CompetitionState.INVITED)

    opener_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    witness_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    witness_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    abandoned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    abandoned_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    abandon_reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)

    organisation: Mapped[Organisation] = relationship()
    unit: Mapped[Unit] = relationship()
    requester: Mapped[User] = relationship(foreign_keys=[requester_id])
    opener: Mapped[User | None] = relationship(foreign_keys=[opener_id])
    witness: Mapped[User | None] = relationship(foreign_keys=[witness_id])
    abandoned_by: Mapped[User | None] = relationship(foreign_keys=[abandoned_by_id])
    agreement: Mapped[Agreement] = relationship()
    lot: Mapped[Lot] = relationship()
    lines: Mapped[list[CompetitionLine]] = relationship(
        back_populates="competition", order_by="CompetitionLine.position", cascade="all, delete-orphan"
    )
    criteria: Mapped[list[CompetitionCriterion]] = relationship(
        back_populates="competition", order_by="CompetitionCriterion.position", cascade="all, delete-orphan"
    )
    invitations: Mapped[list[Invitation]] = relationship(
        back_populates="competition", order_by="Invitation.position", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def number(self) -> str:
        """What people call it: F and the id."""
        return f"F{self.id:06d}"

    @property
    def last_day(self) -> date:
        """The last day on which the suppliers may answer, to its last minute."""
        return local(self.deadline_at - timedelta(minutes=1)).date()

    @property
    def last_moment(self) -> str:
        """When the time is out, as people say it: 2026-12-05 23:59."""
        return f"{self.last_day.isoformat()} 23:59"

    @property
    def is_over(self) -> bool:
        """Whether the time for answers is out."""
        return now() >= self.deadline_at

    @property
    def takes_bids(self) -> bool:
        return self.state is S.INVITED and not self.is_over

    @property
    def waits_for_opening(self) -> bool:
        return self.state is S.INVITED and self.is_over

    @property
    def invited(self) -> list[Invitation]:
        """The suppliers that were asked."""
        return [invitation for invitation in self.invitations if invitation.is_invited]

    @property
    def excluded(self) -> list[Invitation]:
        """The suppliers of the lot that were not asked, each with its reason."""
        return [invitation for invitation in self.invitations if not invitation.is_invited]

    def check_openable(self) -> None:
        """Nothing is opened before the time is out (LOU 7:9). Raises RuleBroken."""
        if not self.is_over:
            raise RuleBroken(_l("Anbuden får inte öppnas innan anbudstiden har gått ut."))


class CompetitionLine(Base):
    """What is asked for, and how many; in words that any of the suppliers can answer."""

    __tablename__ = "competition_line"
    __table_args__ = (
        UniqueConstraint("competition_id", "position"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competition.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    unit_code: Mapped[str] = mapped_column(String(3))
    vat_class: Mapped[VatClass] = mapped_column(TextEnum(VatClass), default=VatClass.STANDARD)

    competition: Mapped[Competition] = relationship(back_populates="lines")


class CompetitionCriterion(Base):
    """A criterion as it stood in the lot when the suppliers were asked: what was announced decides."""

    __tablename__ = "competition_criterion"
    __table_args__ = (
        UniqueConstraint("competition_id", "position"),
        CheckConstraint("weight > 0", name="weight_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competition.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    weight: Mapped[Decimal] = mapped_column(Percent)
    is_price: Mapped[bool] = mapped_column(default=False)

    competition: Mapped[Competition] = relationship(back_populates="criteria")


class InvitationOutcome(str, Enum):
    """What lay in the envelope; known to nobody before the opening."""

    BID = "bid"
    DECLINED = "declined"
    SILENT = "silent"
    UNREADABLE = "unreadable"  # changed since it was sealed


class Invitation(Base):
    """A supplier of the lot that was asked, or the reason why it was not.

    Everybody asked has an envelope from the beginning, with nothing in it: so the database does not tell who has
    answered, nor how many have. When the answer came is sealed too.
    """

    __tablename__ = "competition_invitation"
    __table_args__ = (
        UniqueConstraint("competition_id", "award_id"),
        CheckConstraint("(token_hash IS NULL) = (excluded_reason IS NOT NULL)", name="asked_or_excluded"),
        CheckConstraint("(token_hash IS NULL) = (envelope IS NULL)", name="asked_with_envelope"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competition.id", ondelete="CASCADE"))
    position: Mapped[int]
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True)
    supplier_id: Mapped[int] = mapped_column(ForeignKey("supplier.id"), index=True)
    email: Mapped[str | None] = mapped_column(String(254))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    excluded_reason: Mapped[str | None] = mapped_column(String(700))
    envelope: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    outcome: Mapped[InvitationOutcome | None] = mapped_column(TextEnum(InvitationOutcome))

    competition: Mapped[Competition] = relationship(back_populates="invitations")
    award: Mapped[Award] = relationship()
    supplier: Mapped[Supplier] = relationship()

    @property
    def is_invited(self) -> bool:
        return self.token_hash is not None

    @property
    def context(self) -> str:
        """What its envelope is sealed for: it cannot be moved to another invitation."""
        return f"competition {self.competition_id}, award {self.award_id}"
