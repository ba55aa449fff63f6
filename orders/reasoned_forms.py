"""The form that chooses call-offs by kind, days and agreement."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l

from core.clock import today
from core.forms import BaseForm, DayField, SelectField, TextField
from orders.reasoned import KIND_NAMES, Kind


class ReasonedForm(BaseForm):
    """A GET form, so no token."""

    class Meta(BaseForm.Meta):
        csrf = False

    kind = SelectField(
        _l("Vilka avrop"), choices=[(kind.value, name) for kind, name in KIND_NAMES.items()], default=Kind.RANK.value
    )
    first = DayField(_l("Från och med"))
    last = DayField(_l("Till och med"))
    agreement = TextField(_l("Avtal"), longest=100, description=_l("Nummer eller en del av namnet."))

    @property
    def picked(self) -> Kind:
        """The kind that is asked for."""
        return next((kind for kind in Kind if kind.value == self.kind.data), Kind.RANK)

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day, of this year where none can be read."""
        return self.first.data or date(today().year, 1, 1), self.last.data or today()
