"""Same article: which rows of two price lists are the same though the supplier has given them another number."""

from __future__ import annotations

from sqlalchemy import CTE, func, select
from sqlalchemy.orm import aliased

from catalog.price_list import Article


def renumbered(new_list_id: int, old_list_id: int) -> CTE:
    """Pairs (`new_id`, `old_id`) of rows with the same GTIN where either number is only in its own list.

    An article that leaves with one number and comes back with another is compared, and weighed, as the one that it is.
    Where several left with that GTIN it is the first of them.
    """
    new, old, same, still = aliased(Article), aliased(Article), aliased(Article), aliased(Article)
    # asked for each row by the index of GTIN: `+ 0` keeps the list out of the choice, since it tells nothing
    left = (
        select(func.min(old.id))
        .where(
            old.gtin == new.gtin,
            old.price_list_id + 0 == old_list_id,
            ~select(still.id)
            .where(still.price_list_id == new_list_id, still.supplier_number == old.supplier_number)
            .exists(),
        )
        .correlate(new)
        .scalar_subquery()
    )
    was_there = select(same.id).where(same.price_list_id == old_list_id, same.supplier_number == new.supplier_number)
    found = (
        select(new.id.label("new_id"), left.label("old_id"))
        .where(new.price_list_id == new_list_id, new.gtin.is_not(None), ~was_there.exists())
        .subquery()
    )
    pairs = select(found.c.new_id, found.c.old_id).where(found.c.old_id.is_not(None))
    return pairs.cte("renumbered").prefix_with("MATERIALIZED")
