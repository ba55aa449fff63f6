"""Comparison: what a new price list changes against the one in force, for whoever decides on it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import aliased

from catalog.price_list import Article, PriceList
from core.db import db
from core.types import rounded


@dataclass(frozen=True, slots=True)
class PriceChange:
    """One article whose price differs; prices in SEK excl. VAT for one unit."""

    supplier_number: str
    name: str
    before: Decimal
    after: Decimal

    @property
    def percent(self) -> Decimal:
        """Plus is dearer: 10.0 is a tenth more."""
        return rounded((self.after - self.before) * 100 / self.before, 1)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many articles are new, gone, dearer and cheaper, and the ten largest changes (in percent, either way)."""

    new: int
    gone: int
    dearer: int
    cheaper: int
    largest: list[PriceChange]


def price_range(price_list: PriceList) -> tuple[Decimal | None, Decimal | None]:
    """The lowest and the highest price of a list; none of an empty one."""
    lowest, highest = db.session.execute(
        select(func.min(Article.price), func.max(Article.price)).where(Article.price_list_id == price_list.id)
    ).one()
    return lowest, highest


def compare(new: PriceList, former: PriceList) -> Comparison:
    """Compare article by article, by the supplier's number. Three queries; only changed prices are fetched."""
    after, before = aliased(Article), aliased(Article)
    rows = db.session.execute(
        select(after.supplier_number, after.name, before.price, before.base_quantity, after.price, after.base_quantity)
        .join(before, before.supplier_number == after.supplier_number)
        .where(after.price_list_id == new.id, before.price_list_id == former.id)
        .where(or_(after.price != before.price, after.base_quantity != before.base_quantity))
    )
    changes = [
        PriceChange(number, name, price_before / base_before, price_after / base_after)
        for number, name, price_before, base_before, price_after, base_after in rows
        if price_before * base_after != price_after * base_before
    ]
    return Comparison(
        new=db.session.scalar(_without_match(new, former)) or 0,
        gone=db.session.scalar(_without_match(former, new)) or 0,
        dearer=sum(change.after > change.before for change in changes),
        cheaper=sum(change.after < change.before for change in changes),
        largest=sorted(changes, key=lambda change: abs(change.percent), reverse=True)[:10],
    )


def _without_match(here: PriceList, there: PriceList) -> Select[int]:
    """How many articles of one list are not in the other."""
    mine, theirs = aliased(Article), aliased(Article)
    match = select(theirs.id).where(theirs.price_list_id == there.id, theirs.supplier_number == mine.supplier_number)
    return select(func.count()).select_from(mine).where(mine.price_list_id == here.id, ~match.exists())
