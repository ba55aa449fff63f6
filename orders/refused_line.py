"""Refused line: what an approver left out of a requisition, with her reason, while the rest went on."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.user import User
from catalog.supplier import Supplier
from core.db import Base
from core.types import Amount, Quantity, UnitPrice, UtcDateTime
from orders.coded import CodingOfLine, Parts
from orders.free_text import FreeText

COPIED = (
    "position", "supplier_id", "supplier_number", "name", "unit_code", "quantity", "unit_price", "base_quantity",
    "net_amount", "coding", "free_text_id",
)  # fmt: skip


class RefusedLine(Base):
    """A line as it was asked for. It has left the requisition, so it is not part of what is approved from then on."""

    __tablename__ = "refused_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    requisition_id: Mapped[int] = mapped_column(ForeignKey("requisition.id"), index=True)
    position: Mapped[int]
    supplier_id: Mapped[int] = mapped_column(ForeignKey("supplier.id"))
    supplier_number: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    unit_code: Mapped[str] = mapped_column(String(3))
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    unit_price: Mapped[Decimal] = mapped_column(UnitPrice)
    base_quantity: Mapped[Decimal] = mapped_column(Quantity)
    net_amount: Mapped[Decimal] = mapped_column(Amount)
    coding: Mapped[Parts] = mapped_column(CodingOfLine, nullable=True, default=())  # kontering; none: not coded
    free_text_id: Mapped[int | None] = mapped_column(ForeignKey("free_text.id"), index=True)  # in no price list
    step_id: Mapped[int] = mapped_column(ForeignKey("approval_step.id"))
    refused_by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    refused_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(1000))

    free_text: Mapped[FreeText | None] = relationship()
    supplier: Mapped[Supplier] = relationship()
    refused_by: Mapped[User] = relationship()
