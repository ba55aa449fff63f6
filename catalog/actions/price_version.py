"""Price version: whoever changes an award's lists holds the award, and counts the next version of them meanwhile."""

from __future__ import annotations

from sqlalchemy import func, select

from catalog.agreement import Award
from catalog.price_list import PriceList
from core.db import db


def hold_lists(award_id: int) -> None:
    """Let nobody else change an award's lists before we are done (SQLite has one writer anyway). Nobody who orders from
    the award has to wait."""
    db.session.execute(select(Award.id).where(Award.id == award_id).with_for_update(key_share=True))


def next_version(award_id: int) -> int:
    """The number of an award's next list: two who count at once wait for one another."""
    hold_lists(award_id)
    return (db.session.scalar(select(func.max(PriceList.version)).where(PriceList.award_id == award_id)) or 0) + 1
