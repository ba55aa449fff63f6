"""Price refusal: a row of a draft that is not accepted, and why.

A refused change keeps the row in force, a refused new article is left out, and one that was taken out stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ForeignKey,
    String,
    Table,
    UniqueConstraint,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from catalog.price_list import Article, PriceList
from core.db import Base, db
from core.types import Quantity, UnitPrice, UtcDateTime


class PriceRefusal(Base):
    __tablename__ = "price_refusal"
    __table_args__ = (UniqueConstraint("price_list_id", "supplier_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    price_list_id: Mapped[int] = mapped_column(ForeignKey("price_list.id", ondelete="CASCADE"))
    supplier_number: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(20))  # dearer, cheaper, new, gone, reworded
    name: Mapped[str] = mapped_column(String(200))
    # what was in force and what the supplier wanted, kept for the file to the supplier: the draft loses it
    kept_price: Mapped[Decimal | None] = mapped_column(UnitPrice)
    kept_base: Mapped[Decimal | None] = mapped_column(Quantity)
    offered_price: Mapped[Decimal | None] = mapped_column(UnitPrice)
    offered_base: Mapped[Decimal | None] = mapped_column(Quantity)
    reason: Mapped[str] = mapped_column(String(500))
    refused_at: Mapped[datetime] = mapped_column(UtcDateTime)
    refused_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


_ARTICLE: Any = Article.__table__
_OLD = _ARTICLE.alias("old")
# What a row says, without what tells which row it is
SAID = [column.key for column in _ARTICLE.columns if column.key not in ("id", "price_list_id", "award_id")]


def refusals_of(price_list: PriceList) -> Sequence[PriceRefusal]:
    """Every row of a list that was refused, by the supplier's number."""
    wanted = select(PriceRefusal).where(PriceRefusal.price_list_id == price_list.id)
    return db.session.scalars(wanted.order_by(PriceRefusal.supplier_number)).all()


def refusal_count(price_list: PriceList) -> int:
    """How many rows of a list were refused."""
    return db.session.scalar(select(func.count()).where(PriceRefusal.price_list_id == price_list.id)) or 0


def keep_refused(draft: PriceList, former: PriceList | None) -> None:
    """Make the rows of a draft what its refusals say; five statements, however many rows.

    Afterwards nothing that was refused differs from the list in force.
    """
    connection = db.session.connection()
    of_draft, of_former = _ARTICLE.c.price_list_id == draft.id, _OLD.c.price_list_id == (former.id if former else 0)
    same = _OLD.c.supplier_number == _ARTICLE.c.supplier_number
    in_force = exists().where(of_former, same).correlate(_ARTICLE)
    connection.execute(delete(_ARTICLE).where(of_draft, _is_refused(draft, _ARTICLE), ~in_force))
    refusal = PriceRefusal.__table__
    is_refused = (refusal.c.price_list_id == draft.id) & (refusal.c.supplier_number == _OLD.c.supplier_number)
    keep = update(_ARTICLE).values({name: _OLD.c[name] for name in SAID})
    connection.execute(keep.where(of_draft, same, of_former, is_refused))
    is_there = exists().where(of_draft, same).correlate(_OLD)
    copy_rows(_OLD, draft, of_former & _is_refused(draft, _OLD) & ~is_there)
    count = select(func.count()).where(_ARTICLE.c.price_list_id == draft.id)
    draft.article_count = connection.scalar(count) or 0


def _is_refused(draft: PriceList, article: Any) -> Any:
    number = article.c.supplier_number
    return (
        exists()
        .where(PriceRefusal.price_list_id == draft.id, PriceRefusal.supplier_number == number)
        .correlate(article)
    )


def copy_rows(source: Table, draft: PriceList, condition: Any) -> None:
    """Put copies of rows into a draft, in their old order."""
    names = ["price_list_id", "award_id", *SAID]
    found = select(literal(draft.id), literal(draft.award_id), *(source.c[name] for name in SAID))
    db.session.connection().execute(insert(_ARTICLE).from_select(names, found.where(condition).order_by(source.c.id)))


def copy_list(source: PriceList, draft: PriceList) -> None:
    """Put every row of a list into a draft that has none."""
    copy_rows(_OLD, draft, _OLD.c.price_list_id == source.id)
    draft.article_count = source.article_count
