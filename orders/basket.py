"""Basket: what a person is about to order for one organisation; private, unpriced and without promises."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.organisation import Organisation
from auth.user import User
from catalog.price_list import Article
from core.db import Base
from core.types import Quantity, UtcDateTime
from orders.free_text import FreeText
from orders.requisition import Requisition
from orders.shopping_list import ShoppingList


class Basket(Base):
    __tablename__ = "basket"
    __table_args__ = (UniqueConstraint("user_id", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    # a requisition that was sent back and is being mended: submitting sends that one in again
    requisition_id: Mapped[int | None] = mapped_column(ForeignKey("requisition.id"))
    # the list it was last filled from that remembers a delivery: the till is filled in with that
    shopping_list_id: Mapped[int | None] = mapped_column(ForeignKey("shopping_list.id", ondelete="SET NULL"))
    filled_with: Mapped[str | None] = mapped_column(String(64))  # print of the last form: a double click is one

    user: Mapped[User] = relationship()
    organisation: Mapped[Organisation] = relationship()
    requisition: Mapped[Requisition | None] = relationship()
    shopping_list: Mapped[ShoppingList | None] = relationship()
    lines: Mapped[list[BasketLine]] = relationship(
        back_populates="basket", order_by="BasketLine.id", cascade="all, delete-orphan"
    )


class BasketLine(Base):
    """An article and how many. The row is the one she saw: if the list changes, she is asked before it is sent."""

    __tablename__ = "basket_line"
    __table_args__ = (
        UniqueConstraint("basket_id", "article_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    basket_id: Mapped[int] = mapped_column(ForeignKey("basket.id", ondelete="CASCADE"), index=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"))
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    choice_ground: Mapped[str | None] = mapped_column(String(500))  # orderer's choice: the ground she stated
    note: Mapped[str | None] = mapped_column(String(200))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # a price won in a competition, which the article is the row of: orders.won
    bid_line_id: Mapped[int | None] = mapped_column(ForeignKey("competition_bid_line.id"), index=True)
    # what she has stated herself, where it stands in no price list; the article is the row of that
    free_text_id: Mapped[int | None] = mapped_column(ForeignKey("free_text.id"), index=True)

    free_text: Mapped[FreeText | None] = relationship()
    basket: Mapped[Basket] = relationship(back_populates="lines")
    article: Mapped[Article] = relationship()
