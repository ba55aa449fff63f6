"""Shopping list: articles with quantities under a name, to be ordered again and again; hers alone or shared.

A line keeps the row of the price list that was chosen, so the list can tell what has changed since. What is ordered is
always the row of the day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.organisation import DeliveryAddress, Organisation, Unit
from auth.user import User
from catalog.price_list import Article
from core.db import Base
from core.errors import RuleBroken
from core.types import Quantity, TextEnum, UtcDateTime
from orders.requisition import MOST_LINES


class Sharing(str, Enum):
    """Who sees a list, besides its owner."""

    PRIVATE = "private"
    UNIT = "unit"  # those who work at a unit, below it, or above it
    ORGANISATION = "organisation"


SHARING_NAMES = {
    Sharing.PRIVATE: _l("Bara jag"),
    Sharing.UNIT: _l("Min enhet"),
    Sharing.ORGANISATION: _l("Hela organisationen"),
}


class ShoppingList(Base):
    """A list may remember what the till asks for: then it is a template for a whole order."""

    __tablename__ = "shopping_list"
    __table_args__ = (
        CheckConstraint("sharing <> 'unit' OR unit_id IS NOT NULL", name="shared_unit_known"),
        Index("ix_shopping_list_organisation_id_sharing", "organisation_id", "sharing"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    sort_name: Mapped[str] = mapped_column(String(255))
    sharing: Mapped[Sharing] = mapped_column(TextEnum(Sharing), default=Sharing.PRIVATE)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))  # the one it is shared with
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    filled_with: Mapped[str | None] = mapped_column(String(64))  # print of the last form: a double click is one

    # what the till is filled in with, where the list remembers it
    order_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    address_id: Mapped[int | None] = mapped_column(ForeignKey("delivery_address.id"))
    buyer_reference: Mapped[str | None] = mapped_column(String(60))
    accounting_cost: Mapped[str | None] = mapped_column(String(100))

    organisation: Mapped[Organisation] = relationship()
    owner: Mapped[User] = relationship()
    unit: Mapped[Unit | None] = relationship(foreign_keys=[unit_id])
    order_unit: Mapped[Unit | None] = relationship(foreign_keys=[order_unit_id])
    address: Mapped[DeliveryAddress | None] = relationship()
    lines: Mapped[list[ShoppingListLine]] = relationship(
        back_populates="shopping_list",
        order_by="(ShoppingListLine.position, ShoppingListLine.id)",
        cascade="all, delete-orphan",
    )

    @property
    def remembers(self) -> dict[str, int | str]:
        """What it fills the till in with, by the names of the till's fields."""
        kept = {
            "unit_id": self.order_unit_id,
            "address_id": self.address_id,
            "buyer_reference": self.buyer_reference,
            "accounting_cost": self.accounting_cost,
        }
        return {name: value for name, value in kept.items() if value is not None}

    def put(self, article: Article, quantity: Decimal) -> ShoppingListLine:
        """Write an article down, of whichever price list: it has one line, and more of it is added there.

        Raises RuleBroken when the list is full.
        """
        key = (article.award_id, article.supplier_number)
        for line in self.lines:
            if (line.article.award_id, line.article.supplier_number) == key:
                line.article, line.quantity = article, line.quantity + quantity
                return line
        if len(self.lines) >= MOST_LINES:
            raise RuleBroken(_l("En lista rymmer %(count)s artiklar. Gör en till.", count=MOST_LINES))
        line = ShoppingListLine(article=article, quantity=quantity, position=len(self.lines) + 1)
        self.lines.append(line)
        return line

    def arrange(self, lines: Sequence[ShoppingListLine]) -> None:
        """Give the lines the order they are named in, and leave out those that are not named."""
        for position, line in enumerate(lines, start=1):
            line.position = position
        self.lines = list(lines)


class ShoppingListLine(Base):
    __tablename__ = "shopping_list_line"
    __table_args__ = (
        UniqueConstraint("list_id", "article_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("shopping_list.id", ondelete="CASCADE"))
    position: Mapped[int]
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"), index=True)  # as it was chosen
    quantity: Mapped[Decimal] = mapped_column(Quantity)

    shopping_list: Mapped[ShoppingList] = relationship(back_populates="lines")
    article: Mapped[Article] = relationship()
