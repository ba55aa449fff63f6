"""The forms that declare a conflict of interest."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l

from auth.forms import PersonField
from catalog.supplier import Supplier
from core.forms import BaseForm, DayField, LongTextField, Required, SelectField


class ConflictForm(BaseForm):
    """One's own interest."""

    supplier = SelectField(_l("Leverantör"), [Required()], coerce=int, choices=[])
    starts_on = DayField(_l("Från och med"), [Required()])
    ends_on = DayField(_l("Till och med"), description=_l("Tomt betyder tills vidare."))
    reason = LongTextField(
        _l("Varför"), longest=500, description=_l("Skriv bara det som behövs. Administratören och revisorn läser det.")
    )

    def offer(self, suppliers: Iterable[Supplier]) -> None:
        self.suppliers = {supplier.id: supplier for supplier in suppliers}
        self.supplier.choices = [(0, _l("Välj en leverantör"))]
        self.supplier.choices += [(supplier.id, supplier.name) for supplier in self.suppliers.values()]

    @property
    def picked(self) -> Supplier | None:
        return self.suppliers.get(self.supplier.data or 0)


class ConflictOfOtherForm(ConflictForm):
    """The interest of somebody else, noted by the organisation's administrator."""

    leads = ("person",)
    person = PersonField(_l("Vem är jävig?"))
