"""Correcting a decided direct procurement whose value or supplier was noted wrong."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from auth.journal import record
from auth.user import User
from core.clock import now
from core.db import db
from core.errors import NotAllowed, RuleBroken
from orders.direct_procurement import Correction, DirectProcurement, RunningSum, lock_sums, running_sum
from orders.policy import may_answer_need


@dataclass(frozen=True, slots=True)
class Corrected:
    """What it shall say: the value in SEK excl. VAT, who got the purchase, and the reasons for it."""

    value: Decimal
    supplier: str
    organisation_number: str | None
    reasons: str | None


def correct(actor: User, procurement: DirectProcurement, said: Corrected, why: str) -> RunningSum:
    """Let a direct procurement say what is true; what it said before is kept in a row that never changes.

    Returns the running sum of its year, which follows. It may have reached the limit: what is bought is bought, and a
    wrong figure in the books would hide it; the next one is refused. Raises NotAllowed, and RuleBroken where nothing is
    changed, no ground is given or the documentation is not whole (LOU 19 a kap. 11 §).
    """
    if not may_answer_need(actor, procurement.report):
        raise NotAllowed(_l("Bara en avtalsägare som inte själv har anmält behovet kan rätta uppgifterna."))
    lock_sums(procurement.organisation)
    db.session.refresh(procurement)
    if not why.strip():
        raise RuleBroken(_l("Skriv vad som var fel."))
    chosen = procurement.chosen
    before = Corrected(procurement.value, chosen.name, chosen.organisation_number, procurement.reasons)
    if said == before:
        raise RuleBroken(_l("Inget är ändrat. Skriv det som är rätt."))
    if _standing(procurement).needs_documentation(said.value) and not (said.reasons and said.organisation_number):
        raise RuleBroken(
            _l("Ange skälen och leverantörens organisationsnummer."),
            way_on=_l("Över dokumentationsgränsen krävs hela formuläret (LOU 19 a kap. 11 §)."),
        )
    _amend(procurement, before, said)
    procurement.corrections.append(
        Correction(
            former_value=before.value,
            former_supplier=before.supplier,
            former_number=before.organisation_number,
            former_reasons=before.reasons if before.reasons != said.reasons else None,
            why=why.strip(),
            made_by=actor,
            made_at=now(),
        )
    )
    db.session.flush()
    standing = _standing(procurement)
    record(
        actor,
        "correct",
        "need-report",
        procurement.report_id,
        organisation_id=procurement.organisation_id,
        title=procurement.report.title,
        value=str(said.value),
        supplier=said.supplier,
        former_value=str(before.value),
        former_supplier=before.supplier,
        running_sum=str(standing.total),
        reason=why.strip(),
    )
    return standing


def _amend(procurement: DirectProcurement, before: Corrected, said: Corrected) -> None:
    chosen = procurement.chosen
    if chosen.price == before.value:
        chosen.price = said.value  # the same figure, noted twice
    procurement.value, procurement.reasons = said.value, said.reasons
    chosen.name, chosen.organisation_number = said.supplier, said.organisation_number


def _standing(procurement: DirectProcurement) -> RunningSum:
    return running_sum(procurement.organisation, procurement.category, procurement.law, procurement.decided_on)
