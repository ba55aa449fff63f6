"""Order: the purchase order, to one supplier under one agreement to one address; numbered and unchangeable."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.organisation import Organisation, Unit
from auth.user import User
from catalog.agreement import Agreement, Award
from catalog.supplier import Supplier
from core.db import Base
from core.errors import RuleBroken
from core.types import Amount, Percent, Quantity, TextEnum, UnitPrice, UtcDateTime
from orders.coded import CodingOfLine, Parts
from orders.free_text import FreeText
from orders.requisition import Requisition
from orders.supplier_choice import Choices

if TYPE_CHECKING:
    from orders.blanket import BlanketOrder


class OrderState(str, Enum):
    """*Sent* is the outbox message's state and *received* the sum of the receipts: neither is here."""

    PLACED = "placed"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    CLOSED = "closed"


S = OrderState


class NumberSeries(Base):
    """The last number drawn per organisation and year; drawn by one statement in the placing transaction."""

    __tablename__ = "number_series"
    __table_args__ = (UniqueConstraint("organisation_id", "year"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    year: Mapped[int]
    last: Mapped[int] = mapped_column(default=0)


class Order(Base):
    __tablename__ = "purchase_order"
    __table_args__ = (
        UniqueConstraint("organisation_id", "year", "serial"),
        UniqueConstraint("requisition_id", "supplier_id", "agreement_id"),
        Index("ix_purchase_order_organisation", "organisation_id", "placed_at", "id"),
        Index("ix_purchase_order_unit", "unit_id", "placed_at", "id"),
        Index("ix_purchase_order_orderer", "orderer_id", "organisation_id", "placed_at", "id"),
    )

    TRANSITIONS = {
        (S.PLACED, "confirm"): S.CONFIRMED,
        (S.PLACED, "decline"): S.DECLINED,
        (S.PLACED, "cancel"): S.CANCELLED,
        (S.CONFIRMED, "cancel"): S.CANCELLED,
        (S.PLACED, "close"): S.CLOSED,
        (S.CONFIRMED, "close"): S.CLOSED,
        (S.CLOSED, "reopen"): S.PLACED,  # a receipt was mistaken
        (S.CLOSED, "reopen_confirmed"): S.CONFIRMED,  # and the supplier had confirmed it
    }

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(30), unique=True)  # OSD-2026-00017
    year: Mapped[int]
    serial: Mapped[int]
    requisition_id: Mapped[int] = mapped_column(ForeignKey("requisition.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    orderer_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    supplier_id: Mapped[int] = mapped_column(ForeignKey("supplier.id"), index=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), index=True)
    state: Mapped[OrderState] = mapped_column(TextEnum(OrderState), default=OrderState.PLACED)
    currency: Mapped[str] = mapped_column(String(3), default="SEK")
    is_emergency: Mapped[bool] = mapped_column(default=False)  # placed before anybody had approved it
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    wanted_on: Mapped[date | None]
    lines_amount: Mapped[Decimal] = mapped_column(Amount)
    charges_amount: Mapped[Decimal] = mapped_column(Amount)
    net_amount: Mapped[Decimal] = mapped_column(Amount)
    vat_amount: Mapped[Decimal] = mapped_column(Amount)
    gross_amount: Mapped[Decimal] = mapped_column(Amount)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by the supplier
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    cancel_reason: Mapped[str | None] = mapped_column(String(500))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    requisition: Mapped[Requisition] = relationship()
    organisation: Mapped[Organisation] = relationship()
    unit: Mapped[Unit] = relationship()
    orderer: Mapped[User] = relationship(foreign_keys=[orderer_id])
    supplier: Mapped[Supplier] = relationship()
    agreement: Mapped[Agreement] = relationship()
    cancelled_by: Mapped[User | None] = relationship(foreign_keys=[cancelled_by_id])
    lines: Mapped[list[OrderLine]] = relationship(back_populates="order", order_by="OrderLine.position")
    charges: Mapped[list[OrderCharge]] = relationship(back_populates="order", order_by="OrderCharge.id")
    documents: Mapped[list[OrderFile]] = relationship(back_populates="order", order_by="OrderFile.id")
    blanket: Mapped[BlanketOrder | None] = relationship(back_populates="order")  # for a period, up to a cap

    __mapper_args__ = {"version_id_col": version}

    @property
    def choices(self) -> Choices:
        """Why this supplier, as it was told when the requisition was sent."""
        award_ids = {line.award_id for line in self.lines}
        return tuple(choice for choice in self.requisition.choices if choice.award_id in award_ids)

    def check_cancellable(self, received: Decimal) -> None:
        """Goods that have come cannot be un-ordered. Raises RuleBroken."""
        if received > 0:
            raise RuleBroken(_l("Något av beställningen är redan mottaget. Avsluta den i stället för att annullera."))


class OrderLine(Base):
    """An ordered line. The database refuses one whose article stands neither in a published list of the award, nor on a
    price that the award's supplier has won in the organisation's competition, nor on a free text that the award
    allows."""

    __tablename__ = "purchase_order_line"
    __table_args__ = (
        ForeignKeyConstraint(["article_id", "award_id"], ["article.id", "article.award_id"]),
        UniqueConstraint("order_id", "position"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    position: Mapped[int]
    article_id: Mapped[int] = mapped_column(index=True)
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True)
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
    vat_percent: Mapped[Decimal] = mapped_column(Percent)
    choice_ground: Mapped[str | None] = mapped_column(String(500))
    note: Mapped[str | None] = mapped_column(String(200))
    # the won price it stands on, once: tied by the database to decision, award, price, quantity and organisation
    bid_line_id: Mapped[int | None] = mapped_column(index=True, unique=True)
    # the free text it stands on, once: tied by the database to award, price, cap and organisation
    free_text_id: Mapped[int | None] = mapped_column(index=True, unique=True)
    coding: Mapped[Parts] = mapped_column(CodingOfLine, nullable=True, default=())  # kontering; none: not coded

    free_text: Mapped[FreeText | None] = relationship(
        primaryjoin="foreign(OrderLine.free_text_id) == FreeText.id", viewonly=True
    )
    order: Mapped[Order] = relationship(back_populates="lines")
    award: Mapped[Award] = relationship()


class OrderCharge(Base):
    """Freight or small-order fee of the whole order, as the award states it."""

    __tablename__ = "purchase_order_charge"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"))  # whose terms it follows; it counts on its ceiling
    kind: Mapped[str] = mapped_column(String(20))  # freight, small-order
    reason: Mapped[str] = mapped_column(String(100))
    amount: Mapped[Decimal] = mapped_column(Amount)
    vat_percent: Mapped[Decimal] = mapped_column(Percent)

    order: Mapped[Order] = relationship(back_populates="charges")


class FileKind(str, Enum):
    PDF = "pdf"
    UBL = "ubl"
    CANCELLATION = "cancellation"  # the PDF that tells the supplier


class OrderFile(Base):
    """The very bytes the supplier gets, with their SHA-256."""

    __tablename__ = "purchase_order_file"
    __table_args__ = (UniqueConstraint("order_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    kind: Mapped[FileKind] = mapped_column(TextEnum(FileKind))
    name: Mapped[str] = mapped_column(String(100))
    media_type: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    order: Mapped[Order] = relationship(back_populates="documents")
