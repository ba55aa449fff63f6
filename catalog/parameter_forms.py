"""The form that says what a limit, a rate or a number of days is from a day on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from catalog.parameter import NAMES
from core.clock import today
from core.forms import BaseForm, DayField, DecimalField, Required, SelectField, TextField


class ParameterForm(BaseForm):
    name = SelectField(_l("Vad"), [Required()], choices=[(key, called) for key, (called, _measured) in NAMES.items()])
    value = DecimalField(
        _l("Nytt värde"), [Required()], min=0, description=_l("Procent, kronor utan moms eller dagar.")
    )
    starts_on = DayField(_l("Från och med"), [Required()])
    source = TextField(
        _l("Källa"), [Required()], longest=200, description=_l("Lagen eller beslutet, till exempel LOU 19 a kap. 2 §.")
    )

    def said(self) -> tuple[str, Decimal, date, str]:
        """Name, value, first day and source. Of a form that is valid."""
        value, first = self.value.data or Decimal(0), self.starts_on.data or today()
        return self.name.data or "", value, first, self.source.data or ""
