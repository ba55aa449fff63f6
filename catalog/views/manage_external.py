"""Pages: what was called off under an agreement but not ordered here."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from auth.login import current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.actions import external as actions
from catalog.ceiling_forms import ExternalForm
from catalog.managing import agreement_for, entitlable, external_for, external_of
from catalog.views.manage import agreement_trail, ask_reason, bp
from core.web import requires


@bp.route("/agreements/<int:agreement_id>/external", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def external(agreement_id: int) -> Any:
    """The list, and the form for one more."""
    found = agreement_for(current(), agreement_id)
    form, twin = ExternalForm(), None
    form.offer(found, entitlable())
    if form.validate_on_submit():
        twin = actions.alike(found, form.facts())
        if twin is None or form.is_confirmed.data:
            with refusals_on(form):
                actions.enter(current(), found, form.facts())
                flash(_("Avropet är inlagt och räknas mot taken."), "success")
                return redirect(url_for("manage.external", agreement_id=found.id), 303)
    rows = external_of(found)
    page = render_template(
        "manage/external.html",
        agreement=found,
        form=form,
        twin=twin,
        rows=rows,
        taken_back={row.corrects_id for row in rows},
        total=sum(row.amount for row in rows),
        crumbs=agreement_trail(found),
    )
    return page, 422 if twin else status(form)


@bp.route("/external/<int:external_id>/correct", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def correct_external(external_id: int) -> Any:
    found = external_for(current(), external_id)
    return ask_reason(
        lambda reason: actions.take_back(current(), found, reason),
        url_for("manage.external", agreement_id=found.agreement_id),
        title=_("Rätta avropet"),
        lead=_("Raden tas inte bort. En motrad drar ifrån den, och båda syns med skälet. Lägg sedan in det rätta."),
        button=_("Dra ifrån raden"),
        done=_("Raden är rättad."),
        crumbs=agreement_trail(found.agreement),
    )
