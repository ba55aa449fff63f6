"""Pages: ceilings that need to know what has been ordered."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from auth.login import current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.managing import agreement_for
from catalog.views.manage import agreement_trail
from core.web import requires
from orders.actions.ceiling import open_ceiling
from orders.ceiling_forms import OpenCeilingForm

bp = Blueprint("ceilings", __name__, url_prefix="/admin")


@bp.route("/agreements/<int:agreement_id>/ceilings/new", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def new(agreement_id: int) -> Any:
    found = agreement_for(current(), agreement_id)
    back = url_for("manage.agreement", agreement_id=found.id, _anchor="ceilings")
    form = OpenCeilingForm()
    form.offer(found)
    if not form.is_submitted():
        form.version.data = found.version
    if form.validate_on_submit():
        with refusals_on(form):
            open_ceiling(
                current(),
                found,
                form.seen,
                limit=form.limit.data,
                lot=form.lot.picked,
                award=form.award.picked,
                organisation=form.organisation.picked,
                measure=form.picked_measure,
            )
            flash(_("Taket finns. Det som redan är avropat är inräknat."), "success")
            return redirect(back, 303)
    page = render_template(
        "manage/ceiling_new.html", form=form, agreement=found, back=back, crumbs=agreement_trail(found)
    )
    return page, status(form)
