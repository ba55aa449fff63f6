"""Pages: what the bids in a lot's renewed competition are weighed by."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms.validators import ValidationError

from auth.login import current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.actions.criterion import CriterionFacts, set_criteria
from catalog.criterion import MOST_CRITERIA, PRICE_NAME, WHOLE, LotCriterion
from catalog.forms import VersionedForm
from catalog.managing import lot_for
from catalog.views.manage import agreement_trail, bp
from catalog.views.manage_agreements import page_of
from core.db import db
from core.forms import BaseForm, DecimalField, LongTextField, TextField
from core.web import requires


class CriteriaForm(VersionedForm):
    price_weight = DecimalField(
        _l("Prisets vikt, poäng"),
        places=2,
        min=0,
        max=WHOLE,
        description=_l("Tomt när bara priset avgör: då vinner lägst totalpris."),
    )


class CriterionForm(BaseForm):
    """One criterion beside the price; a row without a name is no row."""

    class Meta(BaseForm.Meta):
        csrf = False  # the page's own form carries the token

    name = TextField(_l("Kriterium"))
    weight = DecimalField(_l("Vikt, poäng"), places=2, min=Decimal("0.01"), max=WHOLE)
    description = LongTextField(_l("Vad ger poäng?"), longest=2000)

    @property
    def is_blank(self) -> bool:
        said = (self.name, self.weight, self.description)
        return not any(str(text).strip() for field in said for text in field.raw_data or ())

    def validate_name(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_l("Skriv vad kriteriet heter."))

    def validate_weight(self, field: Any) -> None:
        if field.data is None:
            raise ValidationError(_l("Ge kriteriet en vikt."))


@bp.route("/lots/<int:lot_id>/criteria", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def criteria(lot_id: int) -> Any:
    lot = lot_for(current(), lot_id)
    known = db.session.scalars(
        select(LotCriterion).where(LotCriterion.lot_id == lot.id).order_by(LotCriterion.position)
    ).all()
    price = next((criterion for criterion in known if criterion.is_price), None)
    form = CriteriaForm(data={"price_weight": price.weight if price else None, "version": lot.agreement.version})
    rows = _rows([criterion for criterion in known if not criterion.is_price])
    written = [row for row in rows if not row.is_blank]
    if form.is_submitted() and form.validate_all(written, _l("Kontrollera kriterierna.")):
        with refusals_on(form):
            set_criteria(current(), lot, _said(form, rows), form.seen)
            flash(_("Kriterierna är sparade. De gäller förfrågningar som skickas från och med nu."), "success")
            return redirect(page_of(lot.agreement, "lots"), 303)
        lot = lot_for(current(), lot_id)  # the refusal has undone what was read
    return render_template(
        "manage/criteria.html",
        form=form,
        rows=rows,
        lot=lot,
        back=page_of(lot.agreement, "lots"),
        crumbs=agreement_trail(lot.agreement),
    ), status(form)


def _rows(known: Sequence[LotCriterion]) -> list[CriterionForm]:
    rows = []
    for number in range(1, MOST_CRITERIA):
        one = known[number - 1] if number <= len(known) else None
        said = {"name": one.name, "weight": one.weight, "description": one.description} if one else {}
        rows.append(CriterionForm(prefix=f"criterion-{number}", data=said))
    return rows


def _said(form: CriteriaForm, rows: Sequence[CriterionForm]) -> list[CriterionFacts]:
    """The criteria of the page, the price first; none where no weight stands anywhere."""
    others = [
        CriterionFacts(row.name.data or "", row.weight.data or Decimal(0), row.description.data)
        for row in rows
        if not row.is_blank
    ]
    if not form.price_weight.data:
        return others
    return [CriterionFacts(str(PRICE_NAME), form.price_weight.data, is_price=True), *others]
