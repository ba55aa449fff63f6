"""Earlier price: what an article cost in lists further back than the one that a new list follows.

The largest raise that an agreement allows holds for a year and not for a list, or two lists after each other would add
up to more. And an article that was away for a while is held against what it cost last: it is not new.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import CTE, ColumnElement, case, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from catalog.comparison_price import Unit
from catalog.price_list import Article, PriceList
from catalog.volume import YEAR
from core.clock import local, midnight, today
from core.db import db


def earlier_rows(price_list: PriceList, former: PriceList, renumbered: CTE) -> CTE:
    """Triples (`new_id`, `old_id`, `is_last`) of rows of a list and those of lists before the former one that they are
    held against: what changes against the price of a year ago (0), what comes back against its last one (1) as well.

    `renumbered`: the pairs of the two lists that follow each other. One query, for the list of a year ago.
    """
    year_ago = _list_of_a_year_ago(price_list)
    back = _newcomers(price_list, former, renumbered)
    found = [
        select(back.c.new_id, _last(price_list, back).label("old_id"), literal(1).label("is_last")),
        select(back.c.new_id, _of_a_year_ago(price_list, year_ago, back), literal(0)),
    ]
    if year_ago != former.id:
        changed = _changed(price_list, former, renumbered)
        found.append(select(changed.c.new_id, _of_a_year_ago(price_list, year_ago, changed), literal(0)))
    rows = union_all(*found).subquery()
    return select(rows).where(rows.c.old_id.is_not(None)).cte("earlier").prefix_with("MATERIALIZED")


def _newcomers(price_list: PriceList, former: PriceList, renumbered: CTE) -> CTE:
    """What the former list does not have, under this number or another."""
    new, same = aliased(Article), aliased(Article)
    was_there = select(same.id).where(same.price_list_id == former.id, same.supplier_number == new.supplier_number)
    found = select(new.id.label("new_id"), new.supplier_number.label("number"), new.gtin).where(
        new.price_list_id == price_list.id, ~was_there.exists(), new.id.not_in(select(renumbered.c.new_id))
    )
    return found.cte("back").prefix_with("MATERIALIZED")


def _changed(price_list: PriceList, former: PriceList, renumbered: CTE) -> CTE:
    """What has another price than in the former list, by what it was called there."""
    new, old = aliased(Article), aliased(Article)
    told = ("price", "base_quantity", "tiers", *Unit._fields)
    differs = or_(*(getattr(new, name).is_distinct_from(getattr(old, name)) for name in told))
    row = select(new.id.label("new_id"), old.supplier_number.label("number")).select_from(new)
    same = row.join(old, (old.price_list_id == former.id) & (old.supplier_number == new.supplier_number))
    moved = row.join(renumbered, renumbered.c.new_id == new.id).join(old, old.id == renumbered.c.old_id)
    both = union_all(same.where(new.price_list_id == price_list.id, differs), moved.where(differs))
    return both.cte("changed").prefix_with("MATERIALIZED")


def _last(price_list: PriceList, row: CTE) -> ColumnElement[int]:
    """What a row cost last: the one with its number, or one with its GTIN that has left."""
    old, gone, still = aliased(Article), aliased(Article), aliased(Article)
    by_number = (
        select(old.id)
        .join(PriceList, PriceList.id == old.price_list_id)
        .where(old.award_id == price_list.award_id, old.supplier_number == row.c.number, *_were_in_force(price_list))
    )
    is_there = select(still.id).where(
        still.price_list_id == price_list.id, still.supplier_number == gone.supplier_number
    )
    by_gtin = (
        select(gone.id)
        .join(PriceList, PriceList.id == gone.price_list_id)
        # `+ 0` keeps the award out of the choice of index: that of GTIN is asked
        .where(gone.gtin == row.c.gtin, gone.award_id + 0 == price_list.award_id, *_were_in_force(price_list))
        .where(~is_there.correlate(gone).exists())
    )
    latest = -PriceList.publication
    found = (query.order_by(latest).limit(1).correlate(row).scalar_subquery() for query in (by_number, by_gtin))
    return func.coalesce(*found)


def _of_a_year_ago(price_list: PriceList, year_ago: int | None, row: CTE) -> ColumnElement[int]:
    """What a row cost a year ago. What was away then is held against its last price before, and what is younger
    against its first."""
    there, old = aliased(Article), aliased(Article)
    then = select(there.id).where(there.price_list_id == year_ago, there.supplier_number == row.c.number)
    other = (
        select(old.id)
        .join(PriceList, PriceList.id == old.price_list_id)
        .where(old.award_id == price_list.award_id, old.supplier_number == row.c.number, *_were_in_force(price_list))
        .order_by(_nearest_to_a_year_ago(price_list))
        .limit(1)
    )
    return func.coalesce(then.correlate(row).scalar_subquery(), other.correlate(row).scalar_subquery())


def _list_of_a_year_ago(price_list: PriceList) -> int | None:
    lists = select(PriceList.id).where(PriceList.award_id == price_list.award_id, *_were_in_force(price_list))
    return db.session.scalar(lists.order_by(_nearest_to_a_year_ago(price_list)).limit(1))


def _were_in_force(price_list: PriceList) -> list[ColumnElement[bool]]:
    """The lists before this one. One that was withdrawn is among them: nobody gets round a rule by withdrawing."""
    conditions: list[ColumnElement[bool]] = [PriceList.publication.is_not(None)]
    if price_list.publication is not None:
        conditions.append(PriceList.publication < price_list.publication)
    return conditions


def _nearest_to_a_year_ago(price_list: PriceList) -> ColumnElement[Any]:
    """What comes first in this order was in force a year before the list is, or is the first that was after."""
    next_day = midnight(_first_day(price_list) - YEAR + timedelta(days=1))
    return case((PriceList.published_at < next_day, -PriceList.publication), else_=PriceList.publication)


def _first_day(price_list: PriceList) -> date:
    """The day on which a list came into force, or does so at the earliest."""
    if price_list.published_at is not None:
        return local(price_list.published_at).date()
    return max(price_list.effective_from, today())
