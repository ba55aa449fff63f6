"""Pages: my own conflicts of interest, and those of an organisation's people."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.login import acting_organisation, current
from auth.permission import Permission
from auth.queries import members_of
from auth.views.refusals import refusals_on, status
from core.clock import today
from core.errors import NotAllowed
from core.web import requires
from orders.actions import conflict as act
from orders.conflict import Conflict
from orders.conflict_forms import ConflictForm, ConflictOfOtherForm
from orders.conflict_queries import conflict_for, conflicts_of, conflicts_page, suppliers_to_name
from orders.policy import may_manage_rules, may_withdraw_conflict

bp = Blueprint("conflicts", __name__)


@bp.route("/conflicts", methods=["GET", "POST"])
@requires(Permission.SIGNED_IN)
def mine() -> Any:
    """Anybody may: a substitute decides without being an approver."""
    user = current()
    form = ConflictForm(data={"starts_on": today(), "supplier": request.args.get("supplier", 0, int)})
    form.offer(suppliers_to_name())
    if form.validate_on_submit():
        with refusals_on(form):
            if _declared(form, user):
                return redirect(url_for("conflicts.mine"), 303)
    found = conflicts_of(user)
    page = render_template("conflicts/mine.html", form=form, found=found, on=today(), may_withdraw=_may_withdraw)
    return page, status(form)


@bp.get("/admin/conflicts")
@requires(Permission.RULES_READ)
def index() -> Any:
    return _page(None), 200


@bp.post("/admin/conflicts")
@requires(Permission.ORGANISATION_MANAGE)
def declare() -> Any:
    organisation = acting_organisation()
    if not may_manage_rules(current(), organisation.id):
        raise NotAllowed(_l("Bara organisationens administratör får anmäla jäv för andra."))
    form = ConflictOfOtherForm()
    _offer(form)
    if form.validate_on_submit() and form.person.picked:
        with refusals_on(form):
            if _declared(form, form.person.picked):
                return redirect(url_for("conflicts.index"), 303)
    return _page(form), 422


@bp.post("/conflicts/<int:conflict_id>/withdraw")
@requires(Permission.SIGNED_IN)
def withdraw(conflict_id: int) -> Any:
    conflict = conflict_for(current(), conflict_id)
    act.withdraw(current(), conflict)
    flash(_("Anmälan är tillbakatagen. Den finns kvar i historiken."), "success")
    return redirect(url_for("conflicts.mine" if conflict.user_id == current().id else "conflicts.index"), 303)


def _declared(form: ConflictForm, person: Any) -> bool:
    """Whether a valid form was taken; says what is missing where it was not."""
    if form.picked is None:
        form.supplier.errors = [_("Välj en leverantör.")]
        return False
    days = (form.starts_on.data, form.ends_on.data)
    act.declare(current(), acting_organisation(), person, form.picked, *days, form.reason.data)
    flash(_("Jävet mot %(supplier)s är anmält.", supplier=form.picked.name), "success")
    return True


def _page(form: ConflictOfOtherForm | None) -> str:
    organisation = acting_organisation()
    may_manage = may_manage_rules(current(), organisation.id)
    if may_manage and form is None:
        form = ConflictOfOtherForm(formdata=None, data={"starts_on": today()})
        _offer(form)
    return render_template(
        "conflicts/index.html",
        page=conflicts_page(organisation, request.args.get("page", 1, int)),
        organisation=organisation,
        form=form if may_manage else None,
        on=today(),
        may_withdraw=_may_withdraw,
    )


def _offer(form: ConflictOfOtherForm) -> None:
    form.person.offer(person for person in members_of(acting_organisation()) if person.id != current().id)
    form.offer(suppliers_to_name())


def _may_withdraw(conflict: Conflict) -> bool:
    return may_withdraw_conflict(current(), conflict)
