"""Pages: what the columns of a supplier's file hold, where their headings do not say it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _

from auth.login import current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.actions import column_map as actions
from catalog.managing import award_for
from catalog.price_forms import ColumnsForm
from catalog.upload import PRICES, upload_of
from catalog.views.manage import agreement_trail, bp
from catalog.views.manage_price_lists import arrived, page_of_award
from core.web import requires
from exchange.csvtext import visible
from exchange.pricecolumns import MANDATORY, heading, possible_fields, usual_field


@bp.route("/awards/<int:award_id>/columns", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def price_columns(award_id: int) -> Any:
    """A select for each column of the file that waits, with the first values under it."""
    award = award_for(current(), award_id)
    upload = upload_of(current(), PRICES, award)
    if upload is None:
        return redirect(page_of_award(award), 303)
    form = ColumnsForm()
    asked = [request.form.get(f"column-{n}", "") for n in range(len(upload.headings))]
    if form.validate_on_submit():
        with refusals_on(form):
            possible = map(possible_fields, upload.headings)
            fields = [field if field in those else "" for field, those in zip(asked, possible, strict=True)]
            outcome = actions.choose(current(), award, request.form.get("upload", 0, type=int), fields)
            return arrived(award, outcome, refused=200)  # the choice is kept, whatever the rows are like
    chosen = asked if form.is_submitted() else [usual_field(written) for written in upload.headings]
    page = render_template(
        "manage/price_columns.html",
        form=form,
        award=award,
        upload=upload,
        columns=[
            (
                visible(written),
                upload.samples[n],
                chosen[n],
                [(f, heading(f), f in MANDATORY) for f in possible_fields(written)],
            )
            for n, written in enumerate(upload.headings)
        ],
        crumbs=[*agreement_trail(award.lot.agreement), (award.supplier.name, page_of_award(award))],
    )
    return page, status(form)


@bp.post("/awards/<int:award_id>/columns/forget")
@requires(Permission.AGREEMENT_MANAGE)
def forget_columns(award_id: int) -> Any:
    award = award_for(current(), award_id)
    actions.forget(current(), award, request.form.get("column_map", 0, type=int))
    flash(_("Glömt. Nästa fil med de rubrikerna frågar igen."), "success")
    return redirect(page_of_award(award), 303)
