"""Requisition: what is approved. A copy of everything the order will promise, with a hash over it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from hashlib import sha256

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    or_,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.organisation import Organisation, Unit
from auth.user import User
from catalog import words
from catalog.agreement import Agreement, Award, Lot
from catalog.price_list import Article, VatClass
from catalog.supplier import Supplier
from core.clock import now
from core.db import Base
from core.errors import RuleBroken
from core.types import Amount, Percent, Quantity, TextEnum, UnitPrice, UtcDateTime
from orders.coded import CodingOfLine, Parts
from orders.free_text import FreeText
from orders.supplier_choice import Choices, ChoicesKept

MOST_LINES = 200  # as many as can be read with care; so a basket, a list and a pasted text hold no more


class RequisitionState(str, Enum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


S = RequisitionState


class Requisition(Base):
    __tablename__ = "requisition"
    __table_args__ = (
        Index("ix_requisition_orderer", "orderer_id", "state"),
        Index("ix_requisition_organisation", "organisation_id", "submitted_at"),
    )

    TRANSITIONS = {
        (S.DRAFT, "submit"): S.SUBMITTED,
        (S.RETURNED, "submit"): S.SUBMITTED,
        (S.SUBMITTED, "approve"): S.APPROVED,
        (S.SUBMITTED, "send_back"): S.RETURNED,
        (S.SUBMITTED, "reject"): S.REJECTED,
        (S.SUBMITTED, "withdraw"): S.WITHDRAWN,
        (S.RETURNED, "withdraw"): S.WITHDRAWN,
    }

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    orderer_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    created_by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    edited_by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    state: Mapped[RequisitionState] = mapped_column(TextEnum(RequisitionState), default=RequisitionState.DRAFT)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    key: Mapped[str] = mapped_column(String(64), unique=True)  # of the form that made it: a double click makes one

    delivery_name: Mapped[str] = mapped_column(String(200))
    delivery_street: Mapped[str] = mapped_column(String(200))
    delivery_postal_code: Mapped[str] = mapped_column(String(10))
    delivery_city: Mapped[str] = mapped_column(String(100))
    delivery_gln: Mapped[str | None] = mapped_column(String(13))
    goods_marking: Mapped[str | None] = mapped_column(String(100))
    delivery_instructions: Mapped[str | None] = mapped_column(String(500))
    wanted_on: Mapped[date | None]
    buyer_reference: Mapped[str | None] = mapped_column(String(60))
    accounting_cost: Mapped[str | None] = mapped_column(String(100))  # kontering
    message_to_supplier: Mapped[str | None] = mapped_column(Text)
    message_to_approver: Mapped[str | None] = mapped_column(Text)

    net_amount: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))  # charges included
    vat_amount: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    gross_amount: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    choices: Mapped[Choices] = mapped_column(ChoicesKept, nullable=True, default=())  # why these suppliers
    content_hash: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=1)
    # ordered at once, approved after: why, and until when; and when it was told that nobody had answered in time
    emergency_reason: Mapped[str | None] = mapped_column(String(500))
    emergency_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    emergency_overdue_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    organisation: Mapped[Organisation] = relationship()
    unit: Mapped[Unit] = relationship()
    orderer: Mapped[User] = relationship(foreign_keys=[orderer_id])
    lines: Mapped[list[RequisitionLine]] = relationship(
        back_populates="requisition", order_by="RequisitionLine.position", cascade="all, delete-orphan"
    )

    charges: Mapped[list[RequisitionCharge]] = relationship(
        back_populates="requisition", order_by="RequisitionCharge.id", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def number(self) -> str:
        """The internal number: R and the id. Not an order number, which only a placed order has."""
        return f"R{self.id:06d}"

    @property
    def barred(self) -> frozenset[int]:
        """The ids of those who never decide about it: who ordered, created or last edited it."""
        return frozenset({self.orderer_id, self.created_by_id, self.edited_by_id})

    @property
    def asks_in_turn(self) -> bool:
        """Whether some line's supplier is found by turn, so that the answers of those before it may be noted."""
        return any(line.award.lot.asks_in_turn for line in self.lines)

    @property
    def is_emergency(self) -> bool:
        """Whether its orders were placed before anybody had approved them."""
        return self.emergency_reason is not None

    @property
    def is_late(self) -> bool:
        """Whether an emergency order was not decided in time, or is not yet."""
        due = self.emergency_due_at
        return due is not None and (self.decided_at or now()) > due

    def content(self) -> dict[str, object]:
        """Everything an approval covers: lines, prices, quantities, coding, suppliers, delivery and messages."""
        head: tuple[str, ...] = (
            "organisation_id", "unit_id", "orderer_id", "delivery_name", "delivery_street", "delivery_postal_code",
            "delivery_city", "delivery_gln", "goods_marking", "delivery_instructions", "wanted_on", "buyer_reference",
            "accounting_cost", "message_to_supplier", "net_amount", "vat_amount", "gross_amount",
        )  # fmt: skip
        if self.is_emergency:  # came later than what may wait for approval
            head += ("emergency_reason",)
        told = {name: getattr(self, name) for name in head} | {
            "lines": [line.content() for line in self.lines],
            "charges": [charge.content() for charge in self.charges],
        }
        if self.choices:  # as with a line's CAME_LATER
            told["choices"] = [asdict(choice) for choice in self.choices]
        return told

    def compute_hash(self) -> str:
        """SHA-256 over the content in its one canonical spelling."""
        told = json.dumps(self.content(), sort_keys=True, ensure_ascii=False, default=_plain, separators=(",", ":"))
        return sha256(told.encode()).hexdigest()

    def seal(self) -> None:
        """From now on this is what is approved: its hash, the moment, and by when an emergency must be decided."""
        self.content_hash = self.compute_hash()
        self.submitted_at, self.decided_at = now(), None
        if self.is_emergency:
            self.emergency_due_at = self.submitted_at + timedelta(hours=self.unit.emergency_hours or 0)

    def check_unchanged(self) -> None:
        """What is approved must be what was submitted. Raises RuleBroken."""
        if self.content_hash != self.compute_hash():
            raise RuleBroken(_l("Innehållet har ändrats sedan det skickades in. Det måste skickas in på nytt."))

    def check_submittable(self) -> None:
        """Raises RuleBroken when there is nothing to approve or the reference has the wrong form."""
        if not self.lines:
            raise RuleBroken(_l("Det finns inga rader att beställa."))
        self.organisation.check_reference(self.buyer_reference)

    def check_emergency(self) -> None:
        """Only units that may order first, and up to their amount. Raises RuleBroken."""
        if not self.is_emergency:
            return
        if self.unit.emergency_cap is None or self.unit.emergency_hours is None:
            raise RuleBroken(
                _l("%(unit)s får inte göra nödbeställningar.", unit=self.unit.name),
                way_on=_l("Skicka på vanligt sätt, eller fråga organisationens administratör."),
            )
        if self.net_amount > self.unit.emergency_cap:
            raise RuleBroken(
                _l(
                    "%(unit)s får nödbeställa för högst %(cap)s utan moms, och det här är %(amount)s.",
                    unit=self.unit.name,
                    cap=words.kr(self.unit.emergency_cap),
                    amount=words.kr(self.net_amount),
                ),
                way_on=_l("Skicka på vanligt sätt, och ring den som ska godkänna."),
            )


def stands() -> ColumnElement[bool]:
    """Whether a requisition waits to be ordered, or is: that of an emergency is, whatever was said after."""
    return or_(Requisition.state.in_((S.SUBMITTED, S.APPROVED)), Requisition.emergency_reason.is_not(None))


CAME_LATER = ("is_approximate", "bid_line_id", "free_text_id", "coding")


class RequisitionLine(Base):
    """A line with all that the order will promise, copied: the catalogue may change tomorrow, this may not."""

    __tablename__ = "requisition_line"
    __table_args__ = (
        ForeignKeyConstraint(["article_id", "award_id"], ["article.id", "article.award_id"]),
        UniqueConstraint("requisition_id", "position"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    requisition_id: Mapped[int] = mapped_column(ForeignKey("requisition.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    article_id: Mapped[int]
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    supplier_id: Mapped[int] = mapped_column(ForeignKey("supplier.id"))
    supplier_number: Mapped[str] = mapped_column(String(60))
    gtin: Mapped[str | None] = mapped_column(String(14))
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    classification: Mapped[str | None] = mapped_column(String(8))
    unit_code: Mapped[str] = mapped_column(String(3))
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    unit_price: Mapped[Decimal] = mapped_column(UnitPrice)
    base_quantity: Mapped[Decimal] = mapped_column(Quantity)
    net_amount: Mapped[Decimal] = mapped_column(Amount)
    is_approximate: Mapped[bool] = mapped_column(default=False)
    vat_class: Mapped[VatClass] = mapped_column(TextEnum(VatClass))
    vat_percent: Mapped[Decimal] = mapped_column(Percent)
    choice_ground: Mapped[str | None] = mapped_column(String(500))
    note: Mapped[str | None] = mapped_column(String(200))
    bid_line_id: Mapped[int | None] = mapped_column(ForeignKey("competition_bid_line.id"), index=True)  # won price
    free_text_id: Mapped[int | None] = mapped_column(ForeignKey("free_text.id"), index=True)  # in no price list
    coding: Mapped[Parts] = mapped_column(CodingOfLine, nullable=True, default=())  # kontering; none: not coded

    free_text: Mapped[FreeText | None] = relationship()
    requisition: Mapped[Requisition] = relationship(back_populates="lines")
    article: Mapped[Article] = relationship(
        primaryjoin="foreign(RequisitionLine.article_id) == Article.id", viewonly=True
    )
    award: Mapped[Award] = relationship()
    lot: Mapped[Lot] = relationship()
    agreement: Mapped[Agreement] = relationship()
    supplier: Mapped[Supplier] = relationship()

    def content(self) -> dict[str, object]:
        """The line's part of what is approved. What came to the line later counts where it is set, or else what waits
        for approval while the system is brought up to date would seem to be changed."""
        told = {c.key: getattr(self, c.key) for c in self.__table__.columns if c.key not in ("id", "requisition_id")}
        told["coding"] = [part.told() for part in self.coding]
        return {key: value for key, value in told.items() if value or key not in CAME_LATER}


class RequisitionCharge(Base):
    """Freight or small-order fee of one of the orders to be, as the award stated it when the requisition was sent."""

    __tablename__ = "requisition_charge"

    id: Mapped[int] = mapped_column(primary_key=True)
    requisition_id: Mapped[int] = mapped_column(ForeignKey("requisition.id", ondelete="CASCADE"), index=True)
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"))
    kind: Mapped[str] = mapped_column(String(20))  # freight, small-order
    reason: Mapped[str] = mapped_column(String(100))
    amount: Mapped[Decimal] = mapped_column(Amount)
    vat_percent: Mapped[Decimal] = mapped_column(Percent)

    requisition: Mapped[Requisition] = relationship(back_populates="charges")
    award: Mapped[Award] = relationship()

    def content(self) -> dict[str, object]:
        """The charge's part of what is approved."""
        return {name: getattr(self, name) for name in ("award_id", "kind", "reason", "amount", "vat_percent")}


def _plain(value: object) -> str:
    """Amounts and dates have one spelling in the hash, whatever the database handed back."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Enum):
        return str(value.value)
    return str(value)
