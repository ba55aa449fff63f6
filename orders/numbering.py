"""Numbering: order numbers per organisation and year, unique and without gaps.

The number is drawn inside the placing transaction by one statement: a rollback gives it back, and a second transaction
waits for the row. Never max() + 1.
"""

from __future__ import annotations

from auth.organisation import Organisation
from core.clock import today
from core.db import db, insert_with_conflict
from orders.order import NumberSeries


def draw_number(organisation: Organisation) -> tuple[str, int, int]:
    """The next number of this year (Stockholm) as (number, year, serial): OSD-2026-00017."""
    year = today().year
    first = insert_with_conflict(NumberSeries).values(organisation_id=organisation.id, year=year, last=1)
    drawn = first.on_conflict_do_update(
        index_elements=[NumberSeries.organisation_id, NumberSeries.year], set_={"last": NumberSeries.last + 1}
    )
    serial = db.session.scalars(drawn.returning(NumberSeries.last)).one()
    return f"{organisation.order_prefix}-{year}-{serial:05d}", year, serial
