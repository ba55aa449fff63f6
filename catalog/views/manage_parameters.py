"""Pages: the limits, rates and days that law and the office set, each with its days and source."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from auth.login import current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.actions.parameter import set_parameter
from catalog.parameter import parameters
from catalog.parameter_forms import ParameterForm
from catalog.policy import may_manage_parameters
from catalog.views.manage import bp, trail
from core.clock import today
from core.web import requires


@bp.route("/parameters", endpoint="parameters", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def parameters_page() -> Any:
    """Every value, by what it is of; whoever may gives one a new value from a day on."""
    user = current()
    form = ParameterForm(data={"starts_on": today()})
    if form.validate_on_submit():
        with refusals_on(form):
            set_parameter(user, *form.said())
            flash(_("Värdet är sparat."), "success")
            return redirect(url_for("manage.parameters"), 303)
    return render_template(
        "manage/parameters.html",
        stated=parameters(),
        form=form,
        may_manage=may_manage_parameters(user),
        on=today(),
        crumbs=trail(),
    ), status(form)
