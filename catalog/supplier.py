"""Supplier: a company that has won a place on an agreement, and the address its orders are sent to."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from core.errors import RuleBroken
from core.types import TextEnum, UtcDateTime


class Channel(str, Enum):
    """How orders reach the supplier. Peppol falls back to e-mail until an access point is connected."""

    EMAIL = "email"
    PEPPOL = "peppol"


class Supplier(Base):
    __tablename__ = "supplier"
    __table_args__ = (CheckConstraint("(blocked_at IS NULL) = (blocked_reason IS NULL)", name="block_has_reason"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_number: Mapped[str] = mapped_column(String(10), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    sort_name: Mapped[str] = mapped_column(String(255, collation="C").with_variant(String(255), "sqlite"))
    street: Mapped[str | None] = mapped_column(String(200))
    postal_code: Mapped[str | None] = mapped_column(String(10))
    city: Mapped[str | None] = mapped_column(String(100))
    country: Mapped[str] = mapped_column(String(2), default="SE")
    order_email: Mapped[str | None] = mapped_column(String(254))
    contact_name: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    channel: Mapped[Channel] = mapped_column(TextEnum(Channel), default=Channel.EMAIL)
    peppol_scheme: Mapped[str | None] = mapped_column(String(4))  # 0007 or 0088
    peppol_id: Mapped[str | None] = mapped_column(String(35))
    blocked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    blocked_reason: Mapped[str | None] = mapped_column(String(500))
    blocked_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_blocked(self) -> bool:
        return self.blocked_at is not None

    def check_reachable(self) -> None:
        """Orders must have somewhere to go. Raises RuleBroken."""
        if not self.order_email:
            raise RuleBroken(_l("%(name)s saknar e-postadress för beställningar.", name=self.name))
