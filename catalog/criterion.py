"""Criterion: what the bids in a lot's renewed competition are weighed by (LOU 7:9, as the agreement states it).

A lot without criteria is decided by the price alone. Where there are some, one of them is the price, and the weights
sum to 100.
"""

from __future__ import annotations

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalog.agreement import Lot
from core.db import Base
from core.types import Percent

WHOLE = Decimal(100)
MOST_CRITERIA = 8


class LotCriterion(Base):
    __tablename__ = "lot_criterion"
    __table_args__ = (
        UniqueConstraint("lot_id", "position"),
        CheckConstraint("weight > 0", name="weight_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)  # what gives how many points, in the agreement's words
    weight: Mapped[Decimal] = mapped_column(Percent)
    is_price: Mapped[bool] = mapped_column(default=False)

    lot: Mapped[Lot] = relationship()


PRICE_NAME = _l("Pris")
