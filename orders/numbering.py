"""Numbering: order numbers per organisation and year, unique and without gaps.

The number is drawn inside the placing transaction by one UPDATE: a rollback gives it back, and a second transaction
waits for the row. Never max() + 1.
"""

from __future__ import annotations

from sqlalchemy import update

from auth.organisation import Organisation
from core.clock import today
from core.db import db, insert_with_conflict
from orders.order import NumberSeries


def draw_number(organisation: Organisation) -> tuple[str, int, int]:
    """The next number of this year (Stockholm) as (number, year, serial): OSD-2026-00017."""
    year = today().year
    drawn = (
        update(NumberSeries)
        .where(NumberSeries.organisation_id == organisation.id, NumberSeries.year == year)
        .values(last=NumberSeries.last + 1)
        .returning(NumberSeries.last)
    )
    serial = db.session.scalar(drawn)
    if serial is None:
        first = insert_with_conflict(NumberSeries).values(organisation_id=organisation.id, year=year, last=0)
        db.session.execute(first.on_conflict_do_nothing())
        serial = db.session.scalars(drawn).one()
    return f"{organisation.order_prefix}-{year}-{serial:05d}", year, serial
