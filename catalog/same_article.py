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
    was_there = select(same.id).where(same.price_list_id == old_list_id, same.supplier_number == new.supplier_number)
    newcomers = (
        select(new.id, new.gtin)
        .where(new.price_list_id == new_list_id, new.gtin.is_not(None), ~was_there.exists())
        .cte("newcomer")
        .prefix_with("MATERIALIZED")  # first these, few as they are: what is asked of each of them costs
    )
    is_there = select(still.id).where(still.price_list_id == new_list_id, still.supplier_number == old.supplier_number)
    # asked for each by the index of GTIN: `+ 0` keeps the list out of the choice, since it tells nothing
    left = select(func.min(old.id)).where(
        old.gtin == newcomers.c.gtin, old.price_list_id + 0 == old_list_id, ~is_there.exists()
    )
    found = select(newcomers.c.id.label("new_id"), left.scalar_subquery().label("old_id")).subquery()
    pairs = select(found.c.new_id, found.c.old_id).where(found.c.old_id.is_not(None))
    return pairs.cte("renumbered").prefix_with("MATERIALIZED")
