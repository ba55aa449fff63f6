"""Administration of units and their delivery addresses."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from auth.actions import unit as actions
from auth.admin_forms import AddressForm, UnitForm
from auth.login import current
from auth.organisation import Unit
from auth.permission import Permission
from auth.queries import address_for, addresses_of, managed_organisations, organisation_for, unit_for, unit_tree
from auth.views.admin import bp, chosen_organisation, trail
from auth.views.refusals import refusals_on, status
from core.db import hold
from core.web import requires


@bp.get("/units")
@requires(Permission.ORGANISATION_MANAGE)
def units() -> Any:
    organisation = chosen_organisation()
    return render_template(
        "admin/units.html",
        organisation=organisation,
        organisations=managed_organisations(current()),
        tree=unit_tree(organisation),
        crumbs=trail(organisation),
    )


@bp.route("/organisations/<int:organisation_id>/units/new", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def create_unit(organisation_id: int) -> Any:
    organisation = organisation_for(current(), organisation_id)
    form = UnitForm()
    form.parent.offer(unit_tree(organisation))
    if not form.is_submitted():
        form.parent.data = request.args.get("parent", 0, type=int)
    if form.validate_on_submit():
        with refusals_on(form):
            code, name = form.code.data or "", form.name.data or ""
            made = actions.create_unit(current(), organisation, code, name, form.parent.picked)
            actions.allow_emergency(current(), made, form.emergency_cap.data, form.emergency_hours.data)
            flash(_("%(name)s är upplagd.", name=made.name), "success")
            return redirect(url_for("admin.unit", unit_id=made.id), 303)
    crumbs = trail(organisation, (_("Enheter"), url_for("admin.units", organisation=organisation.id)))
    return render_template("admin/unit_edit.html", form=form, unit=None, crumbs=crumbs), status(form)


@bp.get("/units/<int:unit_id>")
@requires(Permission.ORGANISATION_MANAGE)
def unit(unit_id: int) -> Any:
    found = unit_for(current(), unit_id)
    crumbs = trail(found.organisation, (_("Enheter"), url_for("admin.units", organisation=found.organisation_id)))
    return render_template("admin/unit.html", unit=found, addresses=addresses_of(found), crumbs=crumbs)


@bp.route("/units/<int:unit_id>/edit", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def edit_unit(unit_id: int) -> Any:
    found = unit_for(current(), unit_id)
    hold(found.organisation)  # first, as whoever moves a branch does
    hold(found)
    same = {name: getattr(found, name) for name in ("code", "name", "emergency_cap", "emergency_hours")}
    form = UnitForm(data={**same, "parent": found.parent_id or 0})
    form.parent.offer(unit_tree(found.organisation), but=found)
    if form.validate_on_submit():
        with refusals_on(form):
            code, name = form.code.data or "", form.name.data or ""
            actions.edit_unit(current(), found, code, name, form.parent.picked)
            actions.allow_emergency(current(), found, form.emergency_cap.data, form.emergency_hours.data)
            flash(_("Ändringarna är sparade."), "success")
            return redirect(url_for("admin.unit", unit_id=found.id), 303)
    return render_template("admin/unit_edit.html", form=form, unit=found, crumbs=_unit_trail(found)), status(form)


@bp.post("/units/<int:unit_id>/close")
@requires(Permission.ORGANISATION_MANAGE)
def close_unit(unit_id: int) -> Any:
    found = unit_for(current(), unit_id)
    actions.close_unit(current(), found)
    flash(_("%(name)s är stängd.", name=found.name), "success")
    return redirect(url_for("admin.unit", unit_id=found.id), 303)


@bp.post("/units/<int:unit_id>/reopen")
@requires(Permission.ORGANISATION_MANAGE)
def reopen_unit(unit_id: int) -> Any:
    found = unit_for(current(), unit_id)
    actions.reopen_unit(current(), found)
    flash(_("%(name)s är öppen igen.", name=found.name), "success")
    return redirect(url_for("admin.unit", unit_id=found.id), 303)


@bp.route("/units/<int:unit_id>/addresses/new", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def create_address(unit_id: int) -> Any:
    found = unit_for(current(), unit_id)
    form = AddressForm()
    if form.validate_on_submit():
        with refusals_on(form):
            made = actions.create_address(current(), found, form.place())
            flash(_("%(name)s är tillagd.", name=made.name), "success")
            return redirect(url_for("admin.unit", unit_id=found.id), 303)
    return render_template("admin/address_edit.html", form=form, address=None, crumbs=_unit_trail(found)), status(form)


@bp.route("/addresses/<int:address_id>/edit", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def edit_address(address_id: int) -> Any:
    found = address_for(current(), address_id)
    hold(found)
    form = AddressForm(obj=found)
    if form.validate_on_submit():
        with refusals_on(form):
            actions.edit_address(current(), found, form.place())
            flash(_("Ändringarna är sparade."), "success")
            return redirect(url_for("admin.unit", unit_id=found.unit_id), 303)
    page = render_template("admin/address_edit.html", form=form, address=found, crumbs=_unit_trail(found.unit))
    return page, status(form)


@bp.post("/addresses/<int:address_id>/close")
@requires(Permission.ORGANISATION_MANAGE)
def close_address(address_id: int) -> Any:
    found = address_for(current(), address_id)
    actions.close_address(current(), found)
    flash(_("Adressen används inte längre."), "success")
    return redirect(url_for("admin.unit", unit_id=found.unit_id), 303)


@bp.post("/addresses/<int:address_id>/reopen")
@requires(Permission.ORGANISATION_MANAGE)
def reopen_address(address_id: int) -> Any:
    found = address_for(current(), address_id)
    actions.reopen_address(current(), found)
    flash(_("Adressen används igen."), "success")
    return redirect(url_for("admin.unit", unit_id=found.unit_id), 303)


def _unit_trail(unit: Unit) -> list[tuple[Any, str]]:
    return trail(
        unit.organisation,
        (_("Enheter"), url_for("admin.units", organisation=unit.organisation_id)),
        (unit.name, url_for("admin.unit", unit_id=unit.id)),
    )
