"""Approval: an organisation's rules (attestreglemente), the steps they lead to, and the decisions taken."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.organisation import Organisation, Unit
from auth.user import User
from catalog.agreement import Agreement, CallOffMethod
from catalog.category import Category
from core.db import Base
from core.types import Amount, TextEnum, UtcDateTime
from orders.coding import LONGEST_CODE, Dimension
from orders.requisition import Requisition


class StepKind(str, Enum):
    UNIT_APPROVER = "unit-approver"  # an approver of the ordering unit, or of the nearest unit above with one
    PARENT_APPROVER = "parent-approver"  # the same, starting one unit higher
    PERSON = "person"
    GROUP = "group"


class Quorum(str, Enum):
    ANY = "any"
    ALL = "all"


class Turn(str, Enum):
    """When a step of a rule is asked."""

    AFTER = "after"  # when those before it are done
    BESIDE = "beside"  # at the same time as the step before; both are needed
    EITHER = "either"  # at the same time as the step before; one of them is enough


class ApprovalState(str, Enum):
    WAITING = "waiting"  # its turn has not come
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    RETURNED = "returned"
    SKIPPED = "skipped"  # the requisition was decided or withdrawn before its turn


S = ApprovalState

group_member = Table(
    "approval_group_member",
    Base.metadata,
    Column("group_id", ForeignKey("approval_group.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True),
)


class ApprovalGroup(Base):
    """People who share a step: the IT council, the kitchen managers."""

    __tablename__ = "approval_group"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(String(100))

    members: Mapped[list[User]] = relationship(secondary=group_member, order_by=User.sort_name)


class ApprovalRule(Base):
    """When these conditions hold, these steps are asked in order. The first rule that fits, by position, decides.
    It is asked about what is sent from `starts_on` to `ends_on`, both included; none given is no limit.

    Amounts are excl. VAT; `amount_from` is inclusive and `amount_below` exclusive, so bands meet without overlap.
    """

    __tablename__ = "approval_rule"
    __table_args__ = (
        CheckConstraint("amount_below IS NULL OR amount_below > amount_from", name="band_not_empty"),
        CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
        Index("ix_approval_rule_organisation", "organisation_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))  # the unit and all below; none: everywhere
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))  # some line in this branch
    amount_from: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    amount_below: Mapped[Decimal | None] = mapped_column(Amount)
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreement.id"))  # some line under it
    method: Mapped[CallOffMethod | None] = mapped_column(TextEnum(CallOffMethod))  # some line called off so
    is_justified: Mapped[bool] = mapped_column(default=False)  # only where the orderer has stated a ground
    is_free_text: Mapped[bool] = mapped_column(default=False)  # only where some line stands in no price list
    is_emergency: Mapped[bool] = mapped_column(default=False)  # only what is ordered before it is approved
    # some line charged to this code of this dimension, or to one that begins so
    coding_dimension_id: Mapped[int | None] = mapped_column(ForeignKey("coding_dimension.id"))
    coding_code: Mapped[str | None] = mapped_column(String(LONGEST_CODE))
    is_code_prefix: Mapped[bool] = mapped_column(default=False)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    is_active: Mapped[bool] = mapped_column(default=True)

    organisation: Mapped[Organisation] = relationship()
    unit: Mapped[Unit | None] = relationship()
    category: Mapped[Category | None] = relationship()
    agreement: Mapped[Agreement | None] = relationship()
    coding_dimension: Mapped[Dimension | None] = relationship()
    steps: Mapped[list[ApprovalRuleStep]] = relationship(
        back_populates="rule", order_by="ApprovalRuleStep.position", cascade="all, delete-orphan"
    )


class ApprovalRuleStep(Base):
    __tablename__ = "approval_rule_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("approval_rule.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    kind: Mapped[StepKind] = mapped_column(TextEnum(StepKind))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("approval_group.id"))
    quorum: Mapped[Quorum] = mapped_column(TextEnum(Quorum), default=Quorum.ANY)
    turn: Mapped[Turn] = mapped_column(TextEnum(Turn), default=Turn.AFTER)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))  # the lines of this branch alone

    rule: Mapped[ApprovalRule] = relationship(back_populates="steps")
    user: Mapped[User | None] = relationship()
    group: Mapped[ApprovalGroup | None] = relationship()
    category: Mapped[Category | None] = relationship()


class ApprovalStep(Base):
    """One step of a submitted requisition's route, with the names that were found: a later change of the rules
    does not move it."""

    __tablename__ = "approval_step"
    __table_args__ = (
        UniqueConstraint("requisition_id", "round", "position"),
        Index("ix_approval_step_state", "state", "requisition_id"),
    )

    TRANSITIONS = {
        (S.WAITING, "open"): S.PENDING,
        (S.PENDING, "approve"): S.APPROVED,
        (S.PENDING, "reject"): S.REJECTED,
        (S.PENDING, "send_back"): S.RETURNED,
        (S.PENDING, "skip"): S.SKIPPED,
        (S.WAITING, "skip"): S.SKIPPED,
    }

    id: Mapped[int] = mapped_column(primary_key=True)
    requisition_id: Mapped[int] = mapped_column(ForeignKey("requisition.id"), index=True)
    round: Mapped[int] = mapped_column(default=1)  # 2 when it was sent back and submitted again
    position: Mapped[int]
    stage: Mapped[int]  # those of the same stage are asked at the same time
    stage_quorum: Mapped[Quorum] = mapped_column(TextEnum(Quorum), default=Quorum.ALL)  # steps of the stage to say yes
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))  # it is about these lines alone
    amount: Mapped[Decimal | None] = mapped_column(Amount)  # of those lines, excl. VAT
    label: Mapped[str] = mapped_column(String(200))  # "attestant för Norra skolan"
    quorum: Mapped[Quorum] = mapped_column(TextEnum(Quorum))
    yes_needed: Mapped[int] = mapped_column(default=1)  # of different people: two, where they decide in union
    state: Mapped[ApprovalState] = mapped_column(TextEnum(ApprovalState), default=ApprovalState.WAITING)
    content_hash: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    requisition: Mapped[Requisition] = relationship()
    category: Mapped[Category | None] = relationship()
    candidates: Mapped[list[ApprovalCandidate]] = relationship(
        back_populates="step", order_by="ApprovalCandidate.id", cascade="all, delete-orphan"
    )
    route: Mapped[list[ApprovalStep]] = relationship(  # every step of the same requisition, former rounds first
        primaryjoin="ApprovalStep.requisition_id == remote(foreign(ApprovalStep.requisition_id))",
        order_by="ApprovalStep.round, ApprovalStep.position",
        viewonly=True,
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def net_amount(self) -> Decimal:
        """What is decided here, excl. VAT: the whole requisition, or its own lines."""
        return self.requisition.net_amount if self.amount is None else self.amount

    @property
    def lacks_yes(self) -> int:
        """How many more people must say yes at least."""
        return max(self.yes_needed - sum(seat.decision == "approve" for seat in self.candidates), 0)

    @property
    def this_round(self) -> list[ApprovalStep]:
        """The steps of the round it belongs to, in the order in which they are asked."""
        return [step for step in self.route if step.round == self.round]

    @property
    def beside(self) -> list[ApprovalStep]:
        """The others that are asked at the same time and are not done."""
        together = [step for step in self.this_round if step.stage == self.stage and step is not self]
        return [step for step in together if step.state in (S.WAITING, S.PENDING)]

    @property
    def following(self) -> list[ApprovalStep]:
        """Those whose turn it is after this stage."""
        waiting = [step for step in self.this_round if step.state is S.WAITING and step.stage != self.stage]
        return [step for step in waiting if step.stage == waiting[0].stage]


class ApprovalCandidate(Base):
    """A person who may decide a step, and her decision once taken. A substitute decides for her in her row."""

    __tablename__ = "approval_candidate"
    __table_args__ = (
        UniqueConstraint("step_id", "user_id"),
        Index("ix_approval_candidate_decided_by", "decided_by_id", "decided_at", "id"),
        CheckConstraint("(decided_at IS NULL) = (decision IS NULL)", name="decision_has_time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("approval_step.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    decision: Mapped[str | None] = mapped_column(String(10))  # approve, reject, send_back
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))  # or her substitute
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    comment: Mapped[str | None] = mapped_column(String(1000))
    handed_over_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # to somebody else: she decides no more
    instead_of: Mapped[str | None] = mapped_column(String(200))  # who had the seat before her
    added_by: Mapped[str | None] = mapped_column(String(200))  # the administrator; none: the clock
    added_reason: Mapped[str | None] = mapped_column(String(500))

    step: Mapped[ApprovalStep] = relationship(back_populates="candidates")
    user: Mapped[User] = relationship(foreign_keys=[user_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])

    @property
    def is_open(self) -> bool:
        """Whether it may still be decided from here."""
        return self.decided_at is None and self.handed_over_at is None


class ApprovalToken(Base):
    """The secret in an approval mail, hashed: for one person, one step and one content, once, until a day."""

    __tablename__ = "approval_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("approval_step.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    content_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    step: Mapped[ApprovalStep] = relationship()
    user: Mapped[User] = relationship()
