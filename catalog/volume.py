"""Volume: how much of each article was ordered in a year, to weigh the changes of a price list with.

Orders stand a floor above: they tell us what to ask the database, we do not know them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Subquery

YEAR = timedelta(days=365)

Source = Callable[[int, datetime], Subquery]
_sources: list[Source] = []


def tells_volumes(source: Source) -> Source:
    """Register what knows the volumes: an award's id and an instant → a subquery of `supplier_number` and `quantity`
    (thousandths of the unit that was ordered), one row for each article that was ordered."""
    _sources[:] = [source]
    return source


def volumes(award_id: int, since: datetime) -> Subquery:
    """What was ordered of each article of an award since an instant. Raises LookupError where nobody can tell."""
    if not _sources:
        raise LookupError("nobody tells what was ordered")
    return _sources[0](award_id, since)
