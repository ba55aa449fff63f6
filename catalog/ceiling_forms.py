"""Forms of ceilings: the limit with what it stands on, when people are warned, and what was called off elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, FileField, IntegerField
from wtforms.validators import Optional
from wtforms.widgets import TextInput

from auth.organisation import Organisation
from catalog.actions.ceiling import Unlocking
from catalog.actions.document import MAX_BYTES
from catalog.actions.external import ExternalFacts
from catalog.agreement import Agreement
from catalog.ceiling import Ceiling
from catalog.ceiling_change import GROUND_HINTS, GROUND_NAMES, Ground, grounds_for
from catalog.forms import MOST, PickField, VersionedForm
from core.forms import BaseForm, DayField, DecimalField, LongTextField, RadioField, Required, SelectField, TextField
from core.language import language
from core.types import sort_key
from exchange.units import UNITS, unit_name


class CeilingForm(VersionedForm):
    """Ground, day and file are needed where a published ceiling is raised; the use case says so."""

    limit = DecimalField(
        _l("Takvolym, kr exkl. moms"),
        places=3,
        min=0,
        max=MOST,
        description=_l("Tomt betyder okänd: allt räknas, men inget stoppas."),
    )
    reason = LongTextField(
        _l("Skäl"), longest=1000, description=_l("Varför grunden är uppfylld, eller varför taket sänks.")
    )
    ground = RadioField(_l("Grund för ett högre tak"), [Optional()])
    decided_on = DayField(_l("Beslutets dag"))
    file = FileField(_l("Beslutet"), description=_l("PDF, Office, OpenDocument eller text, högst 20 MB."))

    def offer(self, ceiling: Ceiling) -> None:
        if not ceiling.is_amount:
            self.limit.label.text = _l("Takvolym, %(unit)s", unit=ceiling.unit_name)
        self.ground.choices = [
            (g.value, f"{GROUND_NAMES[g]}. {GROUND_HINTS[g]}") for g in grounds_for(ceiling.agreement)
        ]

    def unlocking(self) -> Unlocking | None:
        """What is said about a higher ceiling; none where something is missing, which the use case refuses."""
        file = self.file.data
        if not (self.ground.data and self.decided_on.data and isinstance(file, FileStorage) and file.filename):
            return None
        return Unlocking(
            ground=Ground(self.ground.data),
            reason=self.reason.data or "",
            decided_on=self.decided_on.data,
            file_name=file.filename,
            content=file.stream.read(MAX_BYTES + 1),
        )


class WatchForm(VersionedForm):
    """When an agreement's people are told."""

    levels = TextField(
        _l("Varna när så mycket av ett tak är använt, procent"),
        longest=60,
        description=_l("Till exempel 50, 80, 95. Tomt: ingen varning."),
    )
    notice_days = IntegerField(_l("Dagar före sista dag för uppsägning"), [Required()], widget=TextInput())
    decide_days = IntegerField(_l("Dagar före beslut om förlängning"), [Required()], widget=TextInput())
    ends_days = IntegerField(_l("Dagar före avtalets slut"), [Required()], widget=TextInput())

    def validate_levels(self, field: Any) -> None:
        if not re.fullmatch(r"[0-9, %]*", field.data or ""):
            raise ValueError(_l("Skriv hela procent med komma emellan, till exempel 50, 80, 95."))

    @property
    def picked_levels(self) -> list[int]:
        return [int(level) for level in re.findall(r"[0-9]{1,4}", self.levels.data or "")]


class ExternalForm(BaseForm):
    """A call-off made elsewhere. What looks like one that stands is entered when she says so."""

    is_confirmed = BooleanField(_l("Det är ett annat avrop än det som redan är inlagt"))
    called_off_on = DayField(_l("Dag"), [Required()])
    amount = DecimalField(_l("Belopp, kr exkl. moms"), [Required()], places=2, min=-MOST, max=MOST)
    organisation = PickField(_l("Vem som har avropat"), nothing=_l("okänt"))
    lot = PickField(_l("Delområde"), nothing=_l("okänt"))
    award = PickField(_l("Leverantör"), nothing=_l("okänd"))
    quantity = DecimalField(
        _l("Antal"), places=3, min=-MOST, max=MOST, description=_l("Behövs bara om ett tak räknas i en enhet.")
    )
    unit_code = SelectField(_l("Enhet"))
    reference = TextField(
        _l("Referens"), longest=60, description=_l("Till exempel ordernumret eller fakturans nummer.")
    )
    note = LongTextField(_l("Anmärkning"), longest=500)
    is_opening = BooleanField(_l("Ingående balans: summan av det som köptes innan Avrop"))

    def offer(self, agreement: Agreement, organisations: Iterable[Organisation]) -> None:
        self.organisation.offer((o, o.name) for o in organisations)
        self.lot.offer((lot, f"{lot.number} {lot.title}") for lot in agreement.lots)
        awards = ((a, lot) for lot in agreement.lots for a in lot.awards)
        self.award.offer((a, f"{a.supplier.name} ({lot.number})") for a, lot in awards)
        self.unit_code.choices = unit_choices(_l("–"))

    def facts(self) -> ExternalFacts:
        assert self.called_off_on.data and self.amount.data is not None  # required by the form
        return ExternalFacts(
            called_off_on=self.called_off_on.data,
            amount=self.amount.data,
            lot=self.lot.picked,
            award=self.award.picked,
            organisation=self.organisation.picked,
            unit_code=self.unit_code.data or None,
            quantity=self.quantity.data,
            reference=self.reference.data,
            note=self.note.data,
            is_opening=bool(self.is_opening.data),
        )


def unit_choices(nothing: Any) -> list[tuple[str, Any]]:
    """Every unit with its whole name, by name; first the choice that means none."""
    named = ((code, unit_name(code, language(), whole=True)) for code in UNITS)
    return [("", nothing), *sorted(((code, f"{name} ({code})") for code, name in named), key=lambda c: sort_key(c[1]))]
