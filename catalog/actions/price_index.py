"""State what an index has become, with its source, so that a raise can be held against it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from auth.user import User
from catalog.actions.agreement import begin_edit, tell
from catalog.agreement import Agreement
from catalog.price_index import PriceIndex
from catalog.price_rule import rule_of
from core.clock import now, today
from core.db import db
from core.errors import RuleBroken


@dataclass(frozen=True, kw_only=True)
class IndexFacts:
    """A reading: the series, its values at the base and now, where it was read and when."""

    series: str
    base_period: str
    base_value: Decimal
    period: str
    value: Decimal
    source: str
    read_on: date


def state_index(actor: User | None, agreement: Agreement, facts: IndexFacts, version: int) -> PriceIndex:
    """Note a reading; the former ones stay. The agreement's rule must name the clause. Raises NotAllowed, WrongState,
    RuleBroken."""
    begin_edit(actor, agreement, version)
    rule = rule_of(agreement)
    if rule is None or not rule.index_clause:
        raise RuleBroken(_l("Skriv först i prisregeln vad avtalets indexklausul säger."))
    if facts.base_value <= 0 or facts.value <= 0:
        raise RuleBroken(_l("Ett indextal är större än noll."))
    if facts.read_on > today():
        raise RuleBroken(_l("Dagen har inte varit än."))
    reading = PriceIndex(agreement=agreement, stated_at=now(), stated_by=actor, **asdict(facts))
    db.session.add(reading)
    told = asdict(facts) | {
        "base_value": f"{facts.base_value:f}",
        "value": f"{facts.value:f}",
        "read_on": facts.read_on.isoformat(),
        "permitted": f"{reading.permitted_raise:f}",
    }
    tell(actor, "state-index", agreement, **told)
    return reading
