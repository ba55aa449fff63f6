"""Bring call-offs made outside Avrop in from a file: all of it or nothing.

A row that is the same in everything as one that stands is not entered again, or a file that is read twice would count
twice; one that differs in reference or note alone is entered. Both are told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from auth.organisation import Organisation
from auth.user import User
from catalog.actions.external import ExternalFacts, enter
from catalog.actions.intake import Alteration, Intake, Outcome, as_read
from catalog.agreement import Agreement, Award, Lot
from catalog.external import ExternalCallOff, still_counting
from catalog.policy import manageable
from core.db import db
from exchange.externalfile import EXTERNAL
from exchange.registers import Row

Key = tuple[Any, ...]


def import_external(actor: User | None, rows: Iterable[Row]) -> Outcome:
    """Bring the rows in, of agreements that the actor manages. Raises RegisterRefused."""
    return _External(actor, rows).run()


class _External(Intake):
    register = EXTERNAL

    def __init__(self, actor: User | None, rows: Iterable[Row]) -> None:
        super().__init__(actor, rows)
        query = select(Agreement).options(
            joinedload(Agreement.owner),
            selectinload(Agreement.lots).selectinload(Lot.awards).joinedload(Award.supplier),
        )
        found = db.session.scalars(query if actor is None else query.where(manageable(actor)))
        self.agreements = {as_read(agreement.number): agreement for agreement in found}
        self.organisations = {o.organisation_number: o for o in db.session.scalars(select(Organisation))}
        named = {row.values["agreement"] for row in self.rows}
        ids = [agreement.id for number, agreement in self.agreements.items() if number in named]
        self.known = Counter(
            map(_key_of, db.session.scalars(still_counting().where(ExternalCallOff.agreement_id.in_(ids))))
        )
        self.alike = {key[:5] for key in self.known}

    def take(self, row: Row) -> None:
        agreement = self.agreements.get(row.values["agreement"])
        if agreement is None:
            self.refuse(row, "agreement", _l("Avtalet finns inte, eller så sköts det av någon annan."))
            return
        facts = self._facts(row, agreement)
        if facts is None:
            return
        key = _key(agreement.id, facts)
        if self.known[key]:
            self.known[key] -= 1
            self.outcome.unchanged += 1
            self.outcome.remarks.append(_l("Rad %(line)s finns redan och läggs inte in igen.", line=row.line))
            return
        if key[:5] in self.alike:
            text = _l("Rad %(line)s liknar en annan: samma dag, köpare, leverantör och belopp.", line=row.line)
            self.outcome.remarks.append(text)
        self.alike.add(key[:5])
        if self.attempt(row, lambda: enter(self.actor, agreement, facts)):
            name = f"{agreement.number} {facts.called_off_on} {facts.amount} {facts.reference or ''}".rstrip()
            self.outcome.new.append(Alteration(row.line, name))

    def _facts(self, row: Row, agreement: Agreement) -> ExternalFacts | None:
        said, refused = row.values, len(self.refusals)
        lot = next((one for one in agreement.lots if as_read(one.number) == said.get("lot")), None)
        if said.get("lot") and lot is None:
            self.refuse(row, "lot", _l("Avtalet har inget delområde %(lot)s.", lot=said["lot"]))
        award = self._award(row, agreement, lot)
        organisation = self.organisations.get(said.get("organisation") or "")
        if said.get("organisation") and organisation is None:
            self.refuse(row, "organisation", _l("Organisationen finns inte i Avrop."))
        if len(self.refusals) > refused:
            return None
        return ExternalFacts(
            called_off_on=said["called_off_on"],
            amount=said["amount"],
            lot=lot,
            award=award,
            organisation=organisation,
            unit_code=said.get("unit_code"),
            quantity=said.get("quantity"),
            reference=said.get("reference"),
            note=said.get("note"),
            is_opening=bool(said.get("is_opening")),
        )

    def _award(self, row: Row, agreement: Agreement, lot: Lot | None) -> Award | None:
        number = row.values.get("supplier")
        if not number:
            return None
        lots = [lot] if lot is not None else agreement.lots
        found = [a for one in lots for a in one.awards if a.supplier.organisation_number == number]
        if not found:
            self.refuse(row, "supplier", _l("Leverantören står inte i avtalet."))
        elif len(found) > 1:
            self.refuse(row, "lot", _l("Leverantören står på flera delområden. Skriv vilket det gäller."))
        return found[0] if len(found) == 1 else None


def _key_of(row: ExternalCallOff) -> Key:
    return (
        *(row.agreement_id, row.award_id, row.organisation_id, row.called_off_on, row.amount, row.lot_id),
        *(row.unit_code, row.quantity, as_read(row.reference), as_read(row.note), row.is_opening),
    )


def _key(agreement_id: int, facts: ExternalFacts) -> Key:
    lot = facts.award.lot if facts.award else facts.lot
    award, organisation = facts.award, facts.organisation
    return (
        *(agreement_id, award.id if award else None, organisation.id if organisation else None, facts.called_off_on),
        *(facts.amount, lot.id if lot else None, facts.unit_code, facts.quantity),
        *(facts.reference, facts.note, facts.is_opening),
    )
