"""Say what a parameter is from a day on."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from auth.journal import record
from auth.organisation import holds_on
from auth.user import User
from catalog.parameter import NAMES, Measured, Parameter
from catalog.policy import may_manage_parameters
from core.clock import today
from core.db import db
from core.errors import NotAllowed, NotFound, RuleBroken
from core.language import speaking

LONGEST_DAYS = 366
MOST_PERCENT = 100


def set_parameter(actor: User, name: str, value: Decimal, starts_on: date, source: str) -> Parameter:
    """Give a parameter a value from a day on, today at the earliest: what was decided by the former ones stands.

    The value that held that day ends the day before, and the new one where that one would have ended. A value that has
    not begun yet is replaced. `source`: the law or the decision. Raises NotAllowed, NotFound and RuleBroken.
    """
    _check(actor, name, value, starts_on)
    ours = Parameter.name == name
    db.session.execute(select(Parameter.id).where(ours).with_for_update())  # then see what somebody before us has said
    rows = db.session.scalars(select(Parameter).where(ours).execution_options(populate_existing=True)).all()
    formers = [row for row in rows if holds_on(row.starts_on, row.ends_on, starts_on)]
    former = max(formers, key=lambda row: row.starts_on, default=None)
    before = former.value if former else None
    if former is not None and former.starts_on == starts_on:
        if starts_on <= today():
            raise RuleBroken(_l("Värdet gäller redan sedan i dag. Ange det nya från i morgon."))
        former.value, former.source, made = value, source, former
    else:
        made = Parameter(name=name, value=value, starts_on=starts_on, source=source)
        later = [row.starts_on for row in rows if row.starts_on > starts_on]
        made.ends_on = min(later) - timedelta(days=1) if later else None
        for row in formers:
            made.ends_on = row.ends_on or made.ends_on
            row.ends_on = starts_on - timedelta(days=1)
        db.session.add(made)
    db.session.flush()
    with speaking("sv"):
        told: dict[str, Any] = {"parameter": str(made.called), "value": str(value), "source": source}
    told |= {"starts_on": starts_on.isoformat(), "before": None if before is None else str(before)}
    record(actor, "set", "parameter", made.id, **told)
    return made


def _check(actor: User, name: str, value: Decimal, starts_on: date) -> None:
    if not may_manage_parameters(actor):
        raise NotAllowed(_l("Bara det gemensamma kontoret får ändra gränser och satser."))
    if name not in NAMES:
        raise NotFound(_l("Värdet finns inte."))
    if starts_on < today():
        raise RuleBroken(_l("Ett nytt värde gäller tidigast från i dag. Det som är beställt räknas inte om."))
    measured = NAMES[name][1]
    if value < 0 or (measured is Measured.PERCENT and value > MOST_PERCENT):
        raise RuleBroken(_l("Ange procent mellan 0 och 100.") if value >= 0 else _l("Ange noll eller mer."))
    if measured is Measured.DAYS and not (1 <= value <= LONGEST_DAYS and value == value.to_integral_value()):
        raise RuleBroken(_l("Ange hela dagar, 1 till %(most)s.", most=LONGEST_DAYS))
