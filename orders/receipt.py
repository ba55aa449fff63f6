"""Receipt: what came, by line; rows are only added, and what is received is their sum."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import Enum

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.user import User
from core.db import Base
from core.types import Quantity, TextEnum, UtcDateTime
from orders.order import Order, OrderLine


class Deviation(str, Enum):
    NONE = "none"
    DAMAGED = "damaged"
    WRONG = "wrong"  # another article than ordered
    MISSING = "missing"  # on the delivery note but not in the parcel


DEVIATION_NAMES = {
    Deviation.NONE: _l("ingen"),
    Deviation.DAMAGED: _l("skadad"),
    Deviation.WRONG: _l("fel vara"),
    Deviation.MISSING: _l("saknas i paketet"),
}


class Receipt(Base):
    """One delivery taken in."""

    __tablename__ = "receipt"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    note: Mapped[str | None] = mapped_column(String(500))
    key: Mapped[str] = mapped_column(String(64), unique=True)  # of the form: a double click receives once

    order: Mapped[Order] = relationship()
    received_by: Mapped[User] = relationship()
    lines: Mapped[list[ReceiptLine]] = relationship(back_populates="receipt", order_by="ReceiptLine.id")


class ReceiptLine(Base):
    """How much of an order line came. Negative corrects an earlier receipt, with a note."""

    __tablename__ = "receipt_line"
    __table_args__ = (CheckConstraint("quantity <> 0 OR deviation <> 'none'", name="says_something"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    receipt_id: Mapped[int] = mapped_column(ForeignKey("receipt.id"), index=True)
    order_line_id: Mapped[int] = mapped_column(ForeignKey("purchase_order_line.id"), index=True)
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    deviation: Mapped[Deviation] = mapped_column(TextEnum(Deviation), default=Deviation.NONE)
    note: Mapped[str | None] = mapped_column(String(500))

    receipt: Mapped[Receipt] = relationship(back_populates="lines")
    order_line: Mapped[OrderLine] = relationship()


def sum_of(receipts: Iterable[Receipt]) -> dict[int, Decimal]:
    """How much of each line the receipts say has come, by order line id."""
    came: dict[int, Decimal] = {}
    for receipt in receipts:
        for row in receipt.lines:
            came[row.order_line_id] = came.get(row.order_line_id, Decimal(0)) + row.quantity
    return came
