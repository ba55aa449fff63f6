"""The form of a new ceiling."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from catalog.agreement import Agreement
from catalog.ceiling import SEK
from catalog.ceiling_forms import unit_choices
from catalog.forms import MOST, PickField, VersionedForm
from core.forms import DecimalField, SelectField


class OpenCeilingForm(VersionedForm):
    organisation = PickField(_l("För vem"), nothing=_l("alla som får avropa"))
    lot = PickField(_l("Delområde"), nothing=_l("hela avtalet"))
    award = PickField(_l("Leverantör"), nothing=_l("alla"))
    measure = SelectField(_l("Räknas i"))
    limit = DecimalField(
        _l("Takvolym"),
        places=3,
        min=0,
        max=MOST,
        description=_l("I kronor exkl. moms, eller i enheten. Tomt betyder okänd: allt räknas, men inget stoppas."),
    )

    def offer(self, agreement: Agreement) -> None:
        entitled = {e.organisation_id: e.organisation for e in agreement.entitlements}.values()
        self.organisation.offer((o, o.name) for o in sorted(entitled, key=lambda o: o.sort_name))
        self.lot.offer((lot, f"{lot.number} {lot.title}") for lot in agreement.lots)
        awards = ((a, lot) for lot in agreement.lots for a in lot.awards)
        self.award.offer((a, f"{a.supplier.name} ({lot.number})") for a, lot in awards)
        self.measure.choices = unit_choices(_l("kronor"))

    @property
    def picked_measure(self) -> str:
        """The unit, or SEK."""
        return self.measure.data or SEK
