"""The form that chooses call-offs by kind, days and agreement."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.forms import SelectField, TextField
from orders.forms import DaysForm
from orders.reasoned import KIND_NAMES, Kind


class ReasonedForm(DaysForm):
    """Which call-offs, of which days."""

    kind = SelectField(
        _l("Vilka avrop"), choices=[(kind.value, name) for kind, name in KIND_NAMES.items()], default=Kind.RANK.value
    )
    agreement = TextField(_l("Avtal"), longest=100, description=_l("Nummer eller en del av namnet."))

    @property
    def picked(self) -> Kind:
        """The kind that is asked for."""
        return next((kind for kind in Kind if kind.value == self.kind.data), Kind.RANK)
