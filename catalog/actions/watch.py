"""What the clock does with ceilings and days: whoever answers for an agreement is told in time, once.

Jobs of the worker. Each marks what it tells in the transaction in which it does, so any number may run at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from auth.user import User
from catalog.actions.agreement import begin_edit, tell
from catalog.agreement import Agreement
from catalog.ceiling import Ceiling, level_reached
from catalog.mail import tell_coming_day, tell_filling
from catalog.watch import DateKind, DateReminder, Watch, levels_of, usual, written
from catalog.watching import LIVING, MOST_DAYS, ComingDay, days_to_tell, people_of
from core.clock import now, today
from core.db import db, insert_with_conflict, reading, unit_of_work
from core.errors import RuleBroken

MOST_LEVELS = 6


def state_watch(
    actor: User | None,
    agreement: Agreement,
    version: int,
    *,
    levels: Sequence[int],
    notice_days: int,
    decide_days: int,
    ends_days: int,
) -> None:
    """Say at which percents of its ceilings and how many days before its days an agreement's people are told.

    Raises NotAllowed, WrongState, RuleBroken.
    """
    begin_edit(actor, agreement, version)
    if len(levels) > MOST_LEVELS or not all(1 <= level <= 100 for level in levels):
        raise RuleBroken(_l("Ange högst %(most)s nivåer, mellan 1 och 100 procent.", most=MOST_LEVELS))
    days = {"notice_days": notice_days, "decide_days": decide_days, "ends_days": ends_days}
    if not all(0 <= count <= MOST_DAYS for count in days.values()):
        raise RuleBroken(_l("Ange högst %(most)s dagar.", most=MOST_DAYS))
    watch = db.session.get(Watch, agreement.id)
    if watch is None:
        watch = usual(agreement.id)
        db.session.add(watch)
    told = {"levels": written(levels), **days}
    before = {name: getattr(watch, name) for name in told}
    for name, value in told.items():
        setattr(watch, name, value)
    if changes := {name: [before[name], value] for name, value in told.items() if before[name] != value}:
        tell(actor, "state-watch", agreement, changes=changes)


def warn_of_ceilings() -> int:
    """Warn of each ceiling that has reached a level it was not warned of; one that fell below is warned of anew when it
    reaches it again. Returns how many warnings."""
    # columns, not things: there are thousands, and few of them have moved
    counters = Ceiling.reserved, Ceiling.ordered, Ceiling.external
    query = (
        select(Ceiling.id, Ceiling.warned_percent, Ceiling.limit, *counters, Watch.levels)
        .join(Agreement, Agreement.id == Ceiling.agreement_id)
        .outerjoin(Watch, Watch.agreement_id == Agreement.id)
        .where(Agreement.state.in_(LIVING), Ceiling.limit.is_not(None))
        .order_by(Ceiling.id)
    )
    with reading() as session:
        found = [
            (row.id, row.warned_percent)
            for row in session.execute(query)
            if level_reached(row.limit, row.reserved + row.ordered + row.external, levels_of(row.levels))
            != row.warned_percent
        ]
    return sum(_warn(*each) for each in found)


def _warn(ceiling_id: int, warned: int) -> int:
    with unit_of_work() as session:
        ceiling = session.get_one(Ceiling, ceiling_id)
        stated = session.get(Watch, ceiling.agreement_id)
        level = ceiling.level(levels_of(stated.levels if stated else None))
        claim = update(Ceiling).where(Ceiling.id == ceiling_id, Ceiling.warned_percent == warned)
        # not through the ORM: the counters of the row are moved by others meanwhile
        done = session.execute(claim.values(warned_percent=level), execution_options={"synchronize_session": False})
        if done.rowcount != 1 or level <= warned:  # type: ignore[attr-defined]
            return 0
        tell_filling(ceiling, level, people_of(ceiling.agreement))
        return 1


def remind_of_dates() -> int:
    """Tell of each day that comes close, once; of another day anew. Returns how many days."""
    with reading() as session:
        told = {(row.agreement_id, row.kind, row.day) for row in session.execute(_TOLD)}
        waiting = [each for each in days_to_tell(today()) if (each[0], each[1].value, each[2]) not in told]
    return sum(_remind(*each) for each in waiting)


_TOLD = select(DateReminder.agreement_id, DateReminder.kind, DateReminder.day)


def _remind(agreement_id: int, kind: DateKind, day: date) -> int:
    with unit_of_work() as session:
        row = {"agreement_id": agreement_id, "kind": kind.value, "day": day, "told_at": now()}
        claim = insert_with_conflict(DateReminder).values(row).on_conflict_do_nothing().returning(DateReminder.id)
        if session.scalar(claim) is None:
            return 0  # somebody was before us
        agreement = session.get_one(Agreement, agreement_id)
        tell_coming_day(ComingDay(kind, day, agreement), people_of(agreement))
        return 1
