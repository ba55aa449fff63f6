"""Numbering: order numbers per organisation and year, unique and without gaps.

The number is drawn inside the placing transaction by one statement: a rollback gives it back, and a second transaction
waits for the row. Never max() + 1.
"""

from __future__ import annotations

from functools import cache
from typing import cast

from sqlalchemy import Table, bindparam
from sqlalchemy.sql.dml import ReturningInsert

from auth.organisation import Organisation
from core.clock import today
from core.db import db, insert_with_conflict
from orders.order import NumberSeries


def draw_number(organisation: Organisation) -> tuple[str, int, int]:
    """The next number of this year (Stockholm) as (number, year, serial): OSD-2026-00017."""
    year = today().year
    place = {"organisation_id": organisation.id, "year": year}
    serial = db.session.execute(_next(db.engine.dialect.name), place).scalar_one()
    return f"{organisation.order_prefix}-{year}-{serial:05d}", year, serial


@cache
def _next(_dialect: str) -> ReturningInsert[int]:
    row = cast(Table, NumberSeries.__table__).c
    first = insert_with_conflict(NumberSeries).values(
        organisation_id=bindparam("organisation_id"), year=bindparam("year"), last=1
    )
    drawn = first.on_conflict_do_update(index_elements=[row.organisation_id, row.year], set_={"last": row.last + 1})
    return drawn.returning(row.last)  # type: ignore[no-any-return]
