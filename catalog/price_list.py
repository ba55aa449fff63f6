"""Price list: one version of what an award sells at which price; its rows are the articles of the catalogue.

Published rows are never edited, only superseded by a newer list.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from auth.user import User
from catalog.agreement import Award
from core.db import Base
from core.types import Percent, Quantity, TextEnum, UnitPrice, UtcDateTime


class PriceListState(str, Enum):
    DRAFT = "draft"
    REVIEWED = "reviewed"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    WON = "won"  # the prices of one competition: for its own call-off, never on show
    FREE = "free"  # no list: what was stated in free text under an award, each row for one order, never on show


class VatClass(str, Enum):
    """What kind of VAT an article bears. The percentage follows from the day (catalog.parameter): food is 6 %
    from 2026-04-01 to 2027-12-31, and 12 % before and after."""

    STANDARD = "standard"
    FOOD = "food"
    REDUCED_12 = "reduced-12"
    REDUCED_6 = "reduced-6"
    NONE = "none"


class Tier(NamedTuple):
    """From this quantity on, the whole line costs this much: SEK excl. VAT for the row's base quantity."""

    quantity: Decimal
    price: Decimal


def price_among(tiers: Sequence[Tier], price: Decimal, quantity: Decimal | None) -> Decimal:
    """The price of the highest tier that a quantity reaches, or the price of less."""
    reached = [tier for tier in tiers if quantity is not None and tier.quantity <= quantity]
    return reached[-1].price if reached else price


def tiers_text(tiers: Sequence[tuple[Decimal, Decimal]] | None) -> str | None:
    """How tiers are stored, in the one spelling that makes equal ones equal: `10:9.5 50:8.9`."""
    return " ".join(f"{quantity.normalize():f}:{price.normalize():f}" for quantity, price in tiers or ()) or None


class Tiers(TypeDecorator[tuple[Tier, ...]]):
    """The tiers of a row in rising order, as the text `10:9.5 50:8.9`.

    They stand in the row itself and not in a table of their own: they are read with it a hundred thousand times, and
    what keeps a published row as it is keeps them.
    """

    impl = String(500)
    cache_ok = True

    def process_bind_param(self, value: Sequence[Tier] | None, dialect: Dialect) -> str | None:
        return tiers_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Tier, ...]:
        pairs = (pair.partition(":") for pair in (value or "").split())
        return tuple(Tier(Decimal(quantity), Decimal(price)) for quantity, _, price in pairs)


S = PriceListState
NOT_ON_SHOW = (S.DRAFT, S.REVIEWED, S.WON, S.FREE)


class PriceList(Base):
    __tablename__ = "price_list"
    __table_args__ = (
        UniqueConstraint("award_id", "version"),
        UniqueConstraint("id", "award_id"),
        # at most one list of an award is in force
        Index(
            "uq_price_list_published",
            "award_id",
            unique=True,
            sqlite_where=text("state = 'published'"),
            postgresql_where=text("state = 'published'"),
        ),
    )

    TRANSITIONS = {
        (S.DRAFT, "review"): S.REVIEWED,
        (S.DRAFT, "withdraw"): S.WITHDRAWN,
        (S.REVIEWED, "publish"): S.PUBLISHED,
        (S.REVIEWED, "withdraw"): S.WITHDRAWN,
        (S.DRAFT, "win"): S.WON,
        (S.DRAFT, "gather"): S.FREE,
        (S.PUBLISHED, "supersede"): S.SUPERSEDED,
        (S.PUBLISHED, "withdraw"): S.WITHDRAWN,
    }

    id: Mapped[int] = mapped_column(primary_key=True)
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True)
    version: Mapped[int]
    effective_from: Mapped[date]
    source_name: Mapped[str | None] = mapped_column(String(200))
    source_sha256: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[PriceListState] = mapped_column(TextEnum(PriceListState), default=PriceListState.DRAFT)
    publication: Mapped[int | None] = mapped_column(unique=True)  # rising number that search indexes follow
    article_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    restored_from_id: Mapped[int | None] = mapped_column(ForeignKey("price_list.id"))  # the former list it repeats
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    award: Mapped[Award] = relationship()
    created_by: Mapped[User | None] = relationship(foreign_keys=[created_by_id])
    reviewed_by: Mapped[User | None] = relationship(foreign_keys=[reviewed_by_id])
    restored_from: Mapped[PriceList | None] = relationship(remote_side=[id])
    # rows come by the hundred thousand: they are read and written in bulk, never as a collection

    def is_in_force(self, on: date) -> bool:
        return self.state is S.PUBLISHED and self.effective_from <= on

    @property
    def repeats_agreed_prices(self) -> bool:
        """Whether it takes up a list that another one followed; one that was withdrawn may have been wrong."""
        return self.restored_from is not None and self.restored_from.state is S.SUPERSEDED


class Publication(Base):
    """The counter behind `PriceList.publication`: one row."""

    __tablename__ = "publication"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class Article(Base):
    """A row of a price list: something that can be ordered, at a price for `base_quantity` units, excl. VAT."""

    __tablename__ = "article"
    __table_args__ = (
        ForeignKeyConstraint(["price_list_id", "award_id"], ["price_list.id", "price_list.award_id"]),
        UniqueConstraint("id", "award_id"),  # what an order line points at
        UniqueConstraint("price_list_id", "supplier_number"),
        CheckConstraint("price > 0", name="price_positive"),
        CheckConstraint("base_quantity > 0", name="base_quantity_positive"),
        Index("ix_article_award_number", "award_id", "supplier_number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    price_list_id: Mapped[int] = mapped_column(index=True)
    award_id: Mapped[int]
    supplier_number: Mapped[str] = mapped_column(String(60))
    gtin: Mapped[str | None] = mapped_column(String(14), index=True)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    brand: Mapped[str | None] = mapped_column(String(100))
    synonyms: Mapped[str | None] = mapped_column(String(500))  # search words of the supplier
    unit_code: Mapped[str] = mapped_column(String(3))  # UN/ECE Rec 20, or Rec 21 with prefix X
    pack_size: Mapped[Decimal | None] = mapped_column(Quantity)
    pack_unit: Mapped[str | None] = mapped_column(String(3))
    minimum_quantity: Mapped[Decimal | None] = mapped_column(Quantity)
    quantity_multiple: Mapped[Decimal | None] = mapped_column(Quantity)
    price: Mapped[Decimal] = mapped_column(UnitPrice)
    tiers: Mapped[tuple[Tier, ...]] = mapped_column(Tiers, nullable=True)  # lower prices for more
    list_price: Mapped[Decimal | None] = mapped_column(UnitPrice)  # where the price is so much off a list
    discount_percent: Mapped[Decimal | None] = mapped_column(Percent)
    is_approximate: Mapped[bool] = mapped_column(default=False)  # weighed: what is delivered is what is paid for
    base_quantity: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(1))
    vat_class: Mapped[VatClass] = mapped_column(TextEnum(VatClass), default=VatClass.STANDARD)
    classification: Mapped[str | None] = mapped_column(String(8))  # UNSPSC
    marks: Mapped[str | None] = mapped_column(String(200))  # sustainability marks, separated by commas
    picture_url: Mapped[str | None] = mapped_column(String(500))
    lead_time_days: Mapped[int | None]

    price_list: Mapped[PriceList] = relationship(
        primaryjoin="foreign(Article.price_list_id) == PriceList.id", viewonly=True
    )
    award: Mapped[Award] = relationship(primaryjoin="foreign(Article.award_id) == Award.id", viewonly=True)

    def price_for(self, quantity: Decimal | None) -> Decimal:
        """The price of each base quantity when so much is ordered; without a quantity that of the smallest order."""
        return price_among(self.tiers or (), self.price, quantity)

    def next_tier(self, quantity: Decimal) -> Tier | None:
        """The nearest quantity above this one from which the price is lower."""
        price = self.price_for(quantity)
        return next((t for t in self.tiers or () if t.quantity > quantity and t.price < price), None)

    @property
    def mark_list(self) -> list[str]:
        return [m.strip() for m in (self.marks or "").split(",") if m.strip()]
