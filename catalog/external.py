"""External call-off: what was called off under an agreement but not ordered here, and the balance it began with.

A row is never changed or deleted (the database refuses it): a wrong one is met by a counter row with a reason.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.organisation import Organisation
from auth.user import User
from catalog.agreement import Agreement, Award, Lot
from catalog.ceiling import Draw
from core.db import Base
from core.types import Amount, Quantity, UtcDateTime


class ExternalCallOff(Base):
    """SEK excl. VAT, and a quantity where a ceiling counts one. Below zero it takes an earlier row back.

    Lot, award and organisation may be left open where nobody knows them: it then counts on what is known alone.
    """

    __tablename__ = "external_call_off"
    __table_args__ = (
        CheckConstraint("lot_id IS NOT NULL OR award_id IS NULL", name="award_has_lot"),
        CheckConstraint("(unit_code IS NULL) = (quantity IS NULL)", name="quantity_has_unit"),
        CheckConstraint("(corrects_id IS NULL) = (reason IS NULL)", name="correction_has_reason"),
        Index("ix_external_call_off_agreement", "agreement_id", "called_off_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"))
    award_id: Mapped[int | None] = mapped_column(ForeignKey("award.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    called_off_on: Mapped[date]
    amount: Mapped[Decimal] = mapped_column(Amount)
    unit_code: Mapped[str | None] = mapped_column(String(3))
    quantity: Mapped[Decimal | None] = mapped_column(Quantity)
    reference: Mapped[str | None] = mapped_column(String(60))  # the order's or invoice's number over there
    note: Mapped[str | None] = mapped_column(String(500))
    is_opening: Mapped[bool] = mapped_column(default=False)  # the sum of what came before Avrop, up to its day
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("external_call_off.id"), unique=True)
    reason: Mapped[str | None] = mapped_column(String(500))  # why it is corrected
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))

    agreement: Mapped[Agreement] = relationship()
    lot: Mapped[Lot | None] = relationship()
    award: Mapped[Award | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    entered_by: Mapped[User | None] = relationship()
    corrects: Mapped[ExternalCallOff | None] = relationship(remote_side=id)

    def draw(self) -> Draw:
        """What it takes of the ceilings."""
        quantities = {self.unit_code: self.quantity} if self.unit_code and self.quantity is not None else {}
        return Draw(self.agreement_id, self.lot_id, self.award_id, self.amount, self.organisation_id, quantities)


def still_counting() -> Select[ExternalCallOff]:
    """The rows that are neither taken back nor take one back, in the order of their days."""
    taken_back = select(ExternalCallOff.corrects_id).where(ExternalCallOff.corrects_id.is_not(None))
    return (
        select(ExternalCallOff)
        .where(ExternalCallOff.corrects_id.is_(None), ExternalCallOff.id.not_in(taken_back))
        .order_by(ExternalCallOff.called_off_on, ExternalCallOff.id)
    )
