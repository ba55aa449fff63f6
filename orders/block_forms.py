"""The form of a supplier's block."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.forms import DayField, LongTextField, Required, TextField
from orders.forms import ReasonForm


class BlockForm(ReasonForm):
    reason = LongTextField(
        _l("Skäl"), [Required()], longest=500, description=_l("Visas för den som försöker beställa.")
    )
    decision = TextField(_l("Beslut"), longest=200, description=_l("Beslutets nummer, eller var det står."))
    starts_on = DayField(_l("Från och med"), description=_l("Tomt: genast."))
