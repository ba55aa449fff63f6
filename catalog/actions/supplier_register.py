"""Bring a register of suppliers in: new ones are entered, known ones edited by their organisation number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from auth.user import User
from catalog.actions import supplier as suppliers
from catalog.actions.intake import Alteration, Intake, Outcome, as_read, differences, said
from catalog.actions.supplier import SupplierFacts
from catalog.supplier import Channel, Supplier
from core.db import db
from exchange.registers import SUPPLIERS, Row

_FIELDS = [field.name for field in fields(SupplierFacts)]
_STANDARD = {"channel": Channel.EMAIL, "country": "SE"}  # what an empty cell means where there must be something


def import_suppliers(actor: User | None, rows: Iterable[Row]) -> Outcome:
    """Bring the rows in. Raises RegisterRefused."""
    return _Suppliers(actor, rows).run()


class _Suppliers(Intake):
    register = SUPPLIERS

    def __init__(self, actor: User | None, rows: Iterable[Row]) -> None:
        super().__init__(actor, rows)
        self.known = {s.organisation_number: s for s in db.session.scalars(select(Supplier))}
        in_file = {row.values["organisation_number"] for row in self.rows}
        self.outcome.missing = len(self.known.keys() - in_file)

    def take(self, row: Row) -> None:
        supplier = self.known.get(row.values["organisation_number"])
        blocked = row.values.get("blocked_reason")
        if "blocked_reason" in row.values and blocked != as_read(supplier.blocked_reason if supplier else None):
            text = _l("En leverantör spärras och släpps på sin egen sida, med skäl. Lämna kolumnen som den är.")
            self.refuse(row, "blocked_reason", text)
        elif supplier is None:
            self._create(row)
        else:
            self._edit(row, supplier)

    def _create(self, row: Row) -> None:
        facts = SupplierFacts(**{name: value for name, value in _told(row.values).items() if value is not None})
        if self.attempt(row, lambda: suppliers.create(self.actor, facts)):
            self.outcome.new.append(Alteration(row.line, facts.name))

    def _edit(self, row: Row, supplier: Supplier) -> None:
        told = _told(said(row, supplier, _FIELDS))
        former = SupplierFacts.of(supplier)
        facts = replace(former, **told)
        if facts == former:
            self.outcome.unchanged += 1
            return
        name, changes = supplier.name, differences({name: getattr(former, name) for name in told}, told)
        if self.attempt(row, lambda: suppliers.edit(self.actor, supplier, facts, supplier.version)):
            self.outcome.changed.append(Alteration(row.line, name, changes))


def _told(values: Any) -> dict[str, Any]:
    """The facts that values of a row are."""
    told = {name: values[name] for name in _FIELDS if name in values}
    told |= {name: standard for name, standard in _STANDARD.items() if name in told and told[name] is None}
    return told | ({"channel": Channel(told["channel"])} if "channel" in told else {})
