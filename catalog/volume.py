"""Volume: how much of each article was ordered in a year, to weigh the changes of a price list with.

Orders stand a floor above: they tell us what to ask the database, we do not know them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Subquery, cast, func, select

YEAR = timedelta(days=365)

Source = Callable[[int, datetime], Subquery]
_sources: list[Source] = []


def tells_volumes(source: Source) -> Source:
    """Register what knows the volumes: an award's id and an instant → a subquery of `supplier_number`, `quantity`
    (of a line, in thousandths of the unit that was ordered) and `times` (how many such lines)."""
    _sources[:] = [source]
    return source


def line_quantities(award_id: int, since: datetime) -> Subquery:
    """What was ordered of each article of an award since an instant, in one line each time: a tier's price is the
    line's. Raises LookupError where nobody can tell."""
    if not _sources:
        raise LookupError("nobody tells what was ordered")
    return _sources[0](award_id, since)


def volumes(award_id: int, since: datetime) -> Subquery:
    """The same, summed: `supplier_number` and `quantity` (thousandths), one row for each article."""
    lines = line_quantities(award_id, since)
    quantity = cast(func.sum(lines.c.quantity * lines.c.times), BigInteger)
    return (
        select(lines.c.supplier_number, quantity.label("quantity")).group_by(lines.c.supplier_number).subquery("volume")
    )
