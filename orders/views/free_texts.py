"""Pages: order what stands in no price list, where the supplier's award allows it; and the files of it."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from auth.login import acting_organisation, current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.agreement import FREE_TEXT_PRICE_NAMES
from catalog.queries import award_for
from core.clock import today
from core.web import download, requires
from orders.actions import free_text as act
from orders.free_text_forms import BlanketForm, FreeTextForm
from orders.free_text_queries import free_text_for

bp = Blueprint("free_texts", __name__, url_prefix="/free-text")


@bp.route("/new/<int:award_id>", methods=["GET", "POST"])
@requires(Permission.ORDER_CREATE)
def new(award_id: int) -> Any:
    """State it, or read why that is not possible here and what is."""
    user, organisation = current(), acting_organisation()
    award = award_for(user, award_id)
    form = FreeTextForm(data={"key": secrets.token_urlsafe(24)})
    form.offer(award)
    closed = act.closed_to(organisation, award)
    if not closed and form.validate_on_submit():
        with refusals_on(form):
            line = act.state(user, organisation, award, form.facts())
            flash(_("%(name)s ligger i varukorgen.", name=line.article.name), "success")
            return redirect(url_for("basket.show"), 303)
        award = award_for(user, award_id)  # the refusal has undone what was read
    said = [FREE_TEXT_PRICE_NAMES[price] for price in award.free_text_prices]
    page = render_template("free_texts/new.html", form=form, award=award, closed=closed, said_prices=said)
    return page, status(form)


@bp.route("/blanket/<int:award_id>", methods=["GET", "POST"])
@requires(Permission.ORDER_CREATE)
def blanket(award_id: int) -> Any:
    """A blanket order, or why there can be none here."""
    user, organisation = current(), acting_organisation()
    award = award_for(user, award_id)
    form = BlanketForm(data={"key": secrets.token_urlsafe(24), "starts_on": today()})
    closed = act.closed_to(organisation, award)
    if not closed and form.validate_on_submit():
        with refusals_on(form):
            line = act.state(user, organisation, award, form.facts())
            flash(_("%(name)s ligger i varukorgen.", name=line.article.name), "success")
            return redirect(url_for("basket.show"), 303)
        award = award_for(user, award_id)  # the refusal has undone what was read
    return render_template("free_texts/blanket.html", form=form, award=award, closed=closed), status(form)


@bp.get("/<int:free_text_id>/file")
@requires(Permission.CATALOGUE_READ)
def file(free_text_id: int) -> Any:
    """The file of a free text, always as a download: it comes from outside and is never run in our pages."""
    found = free_text_for(current(), acting_organisation(), free_text_id)
    return download(found.file_name, found.file_content)
