"""Enter what was called off under an agreement but not ordered here, and take a wrong entry back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from auth.organisation import Organisation
from auth.user import User
from catalog.actions.agreement import check_may_manage, tell
from catalog.agreement import Agreement, Award, Lot
from catalog.ceiling import count_external
from catalog.external import ExternalCallOff, still_counting
from core.clock import now, today
from core.db import db
from core.errors import RuleBroken, WrongState
from core.types import rounded


@dataclass(frozen=True, kw_only=True)
class ExternalFacts:
    """One call-off. `amount` in SEK excl. VAT; only an opening balance may be below zero, to even another out."""

    called_off_on: date
    amount: Decimal
    lot: Lot | None = None
    award: Award | None = None
    organisation: Organisation | None = None
    unit_code: str | None = None
    quantity: Decimal | None = None
    reference: str | None = None
    note: str | None = None
    is_opening: bool = False


def enter(actor: User | None, agreement: Agreement, facts: ExternalFacts) -> ExternalCallOff:
    """Count a call-off on every ceiling it falls within, whether there is room or not: it has happened.

    Raises NotAllowed, RuleBroken.
    """
    check_may_manage(actor, agreement)
    _check(agreement, facts)
    row = ExternalCallOff(
        agreement=agreement,
        lot=facts.award.lot if facts.award else facts.lot,
        award=facts.award,
        organisation=facts.organisation,
        called_off_on=facts.called_off_on,
        amount=facts.amount,
        unit_code=facts.unit_code,
        quantity=facts.quantity,
        reference=facts.reference,
        note=facts.note,
        is_opening=facts.is_opening,
    )
    _store(actor, row)
    tell(
        actor,
        "enter-external",
        agreement,
        amount=f"{row.amount:f}",
        day=row.called_off_on.isoformat(),
        supplier=facts.award.supplier.name if facts.award else None,
        organisation=facts.organisation.name if facts.organisation else None,
        reference=row.reference,
    )
    return row


def take_back(actor: User | None, row: ExternalCallOff, reason: str) -> None:
    """Meet a wrong entry by a counter row, with the reason; both stay. Raises NotAllowed, RuleBroken, WrongState."""
    check_may_manage(actor, row.agreement)
    if not reason.strip():
        raise RuleBroken(_l("Skriv varför raden rättas."))
    if row.corrects_id is not None:
        raise WrongState(_l("Raden är själv en rättelse. Lägg in det rätta som en ny rad."))
    if db.session.scalar(select(ExternalCallOff.id).where(ExternalCallOff.corrects_id == row.id)):
        raise WrongState(_l("Raden är redan rättad."))
    counter = ExternalCallOff(
        agreement=row.agreement,
        lot=row.lot,
        award=row.award,
        organisation=row.organisation,
        called_off_on=row.called_off_on,
        amount=-row.amount,
        unit_code=row.unit_code,
        quantity=None if row.quantity is None else -row.quantity,
        reference=row.reference,
        is_opening=row.is_opening,
        corrects_id=row.id,
        reason=reason.strip(),
    )
    _store(actor, counter)
    told = {"amount": f"{row.amount:f}", "day": row.called_off_on.isoformat(), "reference": row.reference}
    tell(actor, "correct-external", row.agreement, reason=counter.reason, **told)


def alike(agreement: Agreement, facts: ExternalFacts) -> ExternalCallOff | None:
    """An entry that says the same about when, who, from whom and how much, and was not taken back; none where there
    is none."""
    query = still_counting().where(
        ExternalCallOff.agreement_id == agreement.id,
        ExternalCallOff.award_id == (facts.award.id if facts.award else None),
        ExternalCallOff.organisation_id == (facts.organisation.id if facts.organisation else None),
        ExternalCallOff.called_off_on == facts.called_off_on,
        ExternalCallOff.amount == facts.amount,
    )
    return db.session.scalars(query).first()


def _store(actor: User | None, row: ExternalCallOff) -> None:
    row.entered_at, row.entered_by = now(), actor
    db.session.add(row)
    db.session.flush()
    count_external([row.draw()])


def _check(agreement: Agreement, facts: ExternalFacts) -> None:
    if rounded(facts.amount) != facts.amount or not facts.amount or (facts.amount < 0 and not facts.is_opening):
        raise RuleBroken(_l("Beloppet måste vara större än noll. Rätta en rad som är fel i stället för att dra ifrån."))
    if (facts.unit_code is None) != (facts.quantity is None):
        raise RuleBroken(_l("Ange både antal och enhet, eller ingetdera."))
    if facts.called_off_on > today():
        raise RuleBroken(_l("Dagen har inte varit än."))
    lot = facts.award.lot if facts.award else facts.lot
    if lot is not None and lot.agreement_id != agreement.id:
        raise RuleBroken(_l("Delområdet hör inte till avtalet."))
