"""Bring a register of entitlements in: new ones are given, of those that stand only the last day can be drawn in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from auth.organisation import Organisation
from auth.user import User
from catalog.actions import entitlement as entitlements
from catalog.actions.intake import Alteration, Change, Intake, Outcome, as_read
from catalog.agreement import Agreement, Entitlement, Lot
from catalog.policy import manageable
from core.db import db
from exchange.registers import ENTITLEMENTS, Row

Key = tuple[int, int | None, int, date]  # agreement, lot, organisation, first day


def import_entitlements(actor: User | None, rows: Iterable[Row]) -> Outcome:
    """Bring the rows in, of agreements that the actor manages. Raises RegisterRefused."""
    return _Entitlements(actor, rows).run()


class _Entitlements(Intake):
    register = ENTITLEMENTS

    def __init__(self, actor: User | None, rows: Iterable[Row]) -> None:
        super().__init__(actor, rows)
        query = select(Agreement).options(
            joinedload(Agreement.owner),
            selectinload(Agreement.lots),
            selectinload(Agreement.entitlements).joinedload(Entitlement.organisation),
        )
        found = db.session.scalars(query if actor is None else query.where(manageable(actor)))
        self.agreements = {as_read(agreement.number): agreement for agreement in found}
        self.organisations = {o.organisation_number: o for o in db.session.scalars(select(Organisation))}
        self.known: dict[Key, Entitlement] = {
            (e.agreement_id, e.lot_id, e.organisation_id, e.starts_on): e
            for agreement in self.agreements.values()
            for e in agreement.entitlements
        }
        self.met: set[Key] = set()

    def run(self) -> Outcome:
        outcome = super().run()
        in_file = {row.values["agreement"] for row in self.rows}
        here = {a.id for number, a in self.agreements.items() if number in in_file}
        outcome.missing = sum(key[0] in here for key in self.known.keys() - self.met)
        return outcome

    def take(self, row: Row) -> None:
        agreement = self.agreements.get(row.values["agreement"])
        if agreement is None:
            self.refuse(row, "agreement", _l("Avtalet finns inte, eller så sköts det av någon annan."))
            return
        lot, organisation = self._lot(row, agreement), self._organisation(row)
        if organisation is None or (lot is None and row.values.get("lot")):
            return
        starts_on = row.values.get("starts_on") or agreement.starts_on
        key = (agreement.id, lot.id if lot else None, organisation.id, starts_on)
        if key in self.met:
            self.refuse(row, "organisation", _l("Samma rätt att avropa står på en tidigare rad."))
            return
        self.met.add(key)
        if (entitlement := self.known.get(key)) is not None:
            self._end(row, entitlement)
        else:
            self._give(row, agreement, lot, organisation, starts_on)

    def _give(self, row: Row, agreement: Agreement, lot: Lot | None, to: Organisation, starts_on: date) -> None:
        terms: dict[str, Any] = {"lot": lot, "starts_on": starts_on, "ends_on": row.values.get("ends_on")}
        reason = row.values.get("reason")
        if self.attempt(
            row, lambda: entitlements.entitle(self.actor, agreement, [to], agreement.version, reason=reason, **terms)
        ):
            self.outcome.new.append(Alteration(row.line, _name(agreement, lot, to)))

    def _end(self, row: Row, entitlement: Entitlement) -> None:
        ends_on = row.values.get("ends_on", entitlement.ends_on)
        former = entitlement.ends_on
        if ends_on == former:
            self.outcome.unchanged += 1
        elif ends_on is None:
            self.refuse(row, "ends_on", _l("Rätten att avropa har en sista dag, och den kan inte tas bort här."))
        else:
            name = _name(entitlement.agreement, entitlement.lot, entitlement.organisation)
            version = entitlement.agreement.version
            if self.attempt(row, lambda: entitlements.end_entitlement(self.actor, entitlement, ends_on, version)):
                before = former.isoformat() if former else None
                self.outcome.changed.append(
                    Alteration(row.line, name, [Change("ends_on", before, ends_on.isoformat())])
                )

    def _lot(self, row: Row, agreement: Agreement) -> Lot | None:
        number = row.values.get("lot")
        lot = next((lot for lot in agreement.lots if as_read(lot.number) == number), None) if number else None
        if number and lot is None:
            self.refuse(row, "lot", _l("Avtalet har inget delområde %(lot)s.", lot=number))
        return lot

    def _organisation(self, row: Row) -> Organisation | None:
        """By its number; where a name is given it must be that one's: two columns that differ are a slip."""
        organisation = self.organisations.get(row.values["organisation"])
        if organisation is None:
            self.refuse(row, "organisation", _l("Organisationen finns inte i Avrop."))
            return None
        name = row.values.get("organisation_name")
        if name is not None and name.casefold() != (as_read(organisation.name) or "").casefold():
            text = _l("Organisationsnumret hör till %(name)s. Rätta det ena.", name=organisation.name)
            self.refuse(row, "organisation_name", text)
            return None
        return organisation


def _name(agreement: Agreement, lot: Lot | None, organisation: Organisation) -> str:
    return " ".join(part for part in (agreement.number, lot.number if lot else "", organisation.name) if part)
