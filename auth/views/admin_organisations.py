"""Administration of organisations, their electronic addresses and their substitutions."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from auth.actions import organisation as actions
from auth.actions.substitution import substitute
from auth.admin_forms import KIND_NAMES, IdentifierForm, OrganisationForm, ParticularsForm
from auth.forms import SubstitutionForOtherForm
from auth.login import current
from auth.organisation import Organisation
from auth.permission import Permission, Role
from auth.policy import is_system_admin
from auth.queries import found as in_scope
from auth.queries import managed_organisations, members_of, office_buyers, organisation_for, substitutions_in
from auth.views.admin import bp, trail
from auth.views.refusals import refusals_on, status
from core.clock import today
from core.db import hold
from core.web import requires


@bp.get("/organisations")
@requires(Permission.ORGANISATION_MANAGE)
def organisations() -> Any:
    found = managed_organisations(current())
    return render_template("admin/organisations.html", organisations=found, kinds=KIND_NAMES, crumbs=trail())


@bp.get("/organisations/<int:organisation_id>")
@requires(Permission.ORGANISATION_MANAGE)
def organisation(organisation_id: int) -> Any:
    return _organisation_page(organisation_for(current(), organisation_id), IdentifierForm()), 200


@bp.route("/organisations/new", methods=["GET", "POST"])
@requires(Permission.SYSTEM_MANAGE)
def create_organisation() -> Any:
    form = OrganisationForm()
    form.offer(office_buyers())
    if form.validate_on_submit():
        with refusals_on(form):
            if form.try_reference():
                made = actions.create_organisation(current(), form.identity(), form.particulars())
                flash(_("%(name)s är upplagd. Lägg till enheter och personer.", name=made.name), "success")
                return redirect(url_for("admin.organisation", organisation_id=made.id), 303)
    return render_template("admin/organisation_edit.html", form=form, organisation=None, crumbs=trail()), status(form)


@bp.route("/organisations/<int:organisation_id>/edit", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def edit_organisation(organisation_id: int) -> Any:
    found = organisation_for(current(), organisation_id)
    hold(found)
    form = OrganisationForm(obj=found) if is_system_admin(current()) else ParticularsForm(obj=found)
    if not form.is_submitted() and isinstance(form, OrganisationForm):
        form.kind.data = found.kind.value
    form.offer(office_buyers(found.contact_buyer_id))
    if form.validate_on_submit():
        with refusals_on(form):
            if form.try_reference():
                identity = form.identity() if isinstance(form, OrganisationForm) else None
                actions.edit_organisation(current(), found, form.particulars(), identity)
                flash(_("Ändringarna är sparade."), "success")
                return redirect(url_for("admin.organisation", organisation_id=found.id), 303)
    page = render_template("admin/organisation_edit.html", form=form, organisation=found, crumbs=trail(found))
    return page, status(form)


@bp.post("/organisations/<int:organisation_id>/close")
@requires(Permission.SYSTEM_MANAGE)
def close_organisation(organisation_id: int) -> Any:
    found = organisation_for(current(), organisation_id)
    actions.close_organisation(current(), found)
    flash(_("%(name)s är stängd.", name=found.name), "success")
    return redirect(url_for("admin.organisation", organisation_id=found.id), 303)


@bp.post("/organisations/<int:organisation_id>/reopen")
@requires(Permission.SYSTEM_MANAGE)
def reopen_organisation(organisation_id: int) -> Any:
    found = organisation_for(current(), organisation_id)
    actions.reopen_organisation(current(), found)
    flash(_("%(name)s är öppen igen.", name=found.name), "success")
    return redirect(url_for("admin.organisation", organisation_id=found.id), 303)


@bp.post("/organisations/<int:organisation_id>/identifiers")
@requires(Permission.ORGANISATION_MANAGE)
def add_identifier(organisation_id: int) -> Any:
    found = organisation_for(current(), organisation_id)
    form = IdentifierForm()
    if form.validate_on_submit():
        with refusals_on(form):
            actions.add_identifier(current(), found, form.scheme.data, form.value.data or "")
            flash(_("Adressen är tillagd."), "success")
            return redirect(url_for("admin.organisation", organisation_id=found.id), 303)
    return _organisation_page(found, form), 422


@bp.post("/organisations/<int:organisation_id>/identifiers/<int:identifier_id>/remove")
@requires(Permission.ORGANISATION_MANAGE)
def remove_identifier(organisation_id: int, identifier_id: int) -> Any:
    found = organisation_for(current(), organisation_id)
    identifier = in_scope(next((i for i in found.identifiers if i.id == identifier_id), None))
    actions.remove_identifier(current(), found, identifier)
    flash(_("Adressen är borttagen."), "success")
    return redirect(url_for("admin.organisation", organisation_id=found.id), 303)


@bp.route("/organisations/<int:organisation_id>/substitutions", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def substitutions(organisation_id: int) -> Any:
    found = organisation_for(current(), organisation_id)
    form = SubstitutionForOtherForm()
    form.absent.offer(members_of(found, Role.APPROVER))
    form.substitute.offer(p for p in members_of(found) if p.id != current().id)
    if form.validate_on_submit() and form.absent.picked and form.substitute.picked:
        with refusals_on(form):
            people = (form.absent.picked, form.substitute.picked)
            made = substitute(current(), *people, found, *form.days(), form.decision.data)
            flash(
                _("%(name)s ersätter %(absent)s.", name=made.substitute.name, absent=made.absent.name),
                "success",
            )
            return redirect(url_for("admin.substitutions", organisation_id=found.id), 303)
    shown = render_template(
        "admin/substitutions.html",
        organisation=found,
        form=form,
        page=substitutions_in(found, request.args.get("page", 1, type=int)),
        today=today(),
        crumbs=trail(found),
    )
    return shown, status(form)


def _organisation_page(organisation: Organisation, form: IdentifierForm) -> str:
    return render_template(
        "admin/organisation.html",
        organisation=organisation,
        form=form,
        kinds=KIND_NAMES,
        schemes=actions.SCHEMES,
        crumbs=trail(),
    )
