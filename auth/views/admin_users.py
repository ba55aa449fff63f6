"""Administration of people: accounts and roles."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.actions import user as actions
from auth.admin_forms import GrantForm, MembershipForm, NewPersonForm, PeopleFilterForm, PersonForm
from auth.login import current, current_session
from auth.organisation import Organisation
from auth.permission import Permission, Role
from auth.policy import grantable_roles, may_change_membership, may_grant, may_manage_organisation, may_manage_user
from auth.queries import (
    managed_organisations,
    membership_for,
    sessions_of,
    unit_tree,
    user_by_id,
    user_for,
    users_page,
)
from auth.user import LimitPeriod, Membership
from auth.views.admin import bp, chosen_organisation, trail
from auth.views.refusals import refusals_on, status
from core.clock import today
from core.db import hold
from core.errors import NotAllowed
from core.web import requires


@bp.get("/users")
@requires(Permission.ORGANISATION_MANAGE)
def users() -> Any:
    mine = managed_organisations(current())
    form = PeopleFilterForm(request.args)
    form.offer(mine)
    form.validate()
    page = users_page(current(), form.wanted(), request.args.get("page", 1, type=int))
    return render_template("admin/users.html", page=page, form=form, organisations=mine, today=today(), crumbs=trail())


@bp.route("/users/new", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def create_user() -> Any:
    organisation = chosen_organisation()
    form = NewPersonForm(data={"starts_on": today(), "role": Role.ORDERER.value})
    _offer(form, organisation)
    if form.validate_on_submit():
        with refusals_on(form):
            made = actions.create_user(current(), form.person(), form.grant(organisation))
            flash(_("%(name)s har fått en inbjudan till %(email)s.", name=made.name, email=made.email), "success")
            return redirect(url_for("admin.user", user_id=made.id), 303)
    page = render_template(
        "admin/user_new.html",
        form=form,
        organisation=organisation,
        organisations=managed_organisations(current()),
        crumbs=trail(None, _people()),
    )
    return page, status(form)


@bp.get("/users/<int:user_id>")
@requires(Permission.ORGANISATION_MANAGE)
def user(user_id: int) -> Any:
    found = user_for(current(), user_id)
    mine = [o for o in managed_organisations(current()) if may_grant(current(), found, Role.ORDERER, o)]
    roles = [m for m in found.memberships if may_manage_organisation(current(), m.organisation)]
    return render_template(
        "admin/user.html",
        user=found,
        superior=user_by_id(found.superior_id),
        roles=sorted(roles, key=lambda m: (not _is_live(m), m.organisation.sort_name, m.starts_on)),
        has_roles_elsewhere=len(roles) < len(found.memberships),
        organisations=mine,
        sessions=sessions_of(found) if may_manage_user(current(), found) else [],
        today=today(),
        crumbs=trail(None, _people()),
    )


@bp.route("/users/<int:user_id>/edit", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def edit_user(user_id: int) -> Any:
    found = user_for(current(), user_id)
    if not may_manage_user(current(), found):
        raise NotAllowed(_l("Kontot används också av en annan organisation. Systemadministratören kan ändra det."))
    hold(found)
    superior = user_by_id(found.superior_id)
    form = PersonForm(data=_described(found) | {"superior": superior.email if superior else None})
    if form.validate_on_submit():
        with refusals_on(form):
            actions.edit_user(current(), found, form.person(), _here())
            flash(_("Ändringarna är sparade."), "success")
            return redirect(url_for("admin.user", user_id=found.id), 303)
    return render_template("admin/user_edit.html", form=form, user=found, crumbs=_user_trail(found)), status(form)


@bp.post("/users/<int:user_id>/invite")
@requires(Permission.ORGANISATION_MANAGE)
def invite_user(user_id: int) -> Any:
    found = user_for(current(), user_id)
    actions.invite(current(), found, _here())
    flash(_("En ny inbjudan är skickad till %(email)s.", email=found.email), "success")
    return redirect(url_for("admin.user", user_id=found.id), 303)


@bp.post("/users/<int:user_id>/disable")
@requires(Permission.ORGANISATION_MANAGE)
def disable_user(user_id: int) -> Any:
    found = user_for(current(), user_id)
    actions.disable_user(current(), found, _here())
    flash(_("%(name)s är avstängd och utloggad.", name=found.name), "success")
    return redirect(url_for("admin.user", user_id=found.id), 303)


@bp.post("/users/<int:user_id>/enable")
@requires(Permission.ORGANISATION_MANAGE)
def enable_user(user_id: int) -> Any:
    found = user_for(current(), user_id)
    actions.enable_user(current(), found, _here())
    flash(_("%(name)s kan logga in igen.", name=found.name), "success")
    return redirect(url_for("admin.user", user_id=found.id), 303)


@bp.post("/users/<int:user_id>/log-out")
@requires(Permission.ORGANISATION_MANAGE)
def log_out_user(user_id: int) -> Any:
    found = user_for(current(), user_id)
    actions.log_out_user(current(), found, _here())
    flash(_("%(name)s är utloggad överallt.", name=found.name), "success")
    return redirect(url_for("admin.user", user_id=found.id), 303)


@bp.route("/users/<int:user_id>/memberships/new", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def create_membership(user_id: int) -> Any:
    found, organisation = user_for(current(), user_id), chosen_organisation()
    if not may_grant(current(), found, Role.ORDERER, organisation):
        raise NotAllowed(_l("Ingen ger sig själv roller. Be en annan administratör."))
    form = GrantForm(data={"starts_on": today(), "role": Role.ORDERER.value})
    _offer(form, organisation)
    if form.validate_on_submit():
        with refusals_on(form):
            actions.grant(current(), found, form.grant(organisation))
            flash(_("Rollen är tillagd. %(name)s loggar in på nytt.", name=found.name), "success")
            return redirect(url_for("admin.user", user_id=found.id), 303)
    page = render_template(
        "admin/membership_edit.html",
        form=form,
        user=found,
        organisation=organisation,
        membership=None,
        crumbs=_user_trail(found),
    )
    return page, status(form)


@bp.route("/memberships/<int:membership_id>/edit", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def edit_membership(membership_id: int) -> Any:
    found = membership_for(current(), membership_id)
    if not may_change_membership(current(), found):
        raise NotAllowed(_l("Du får inte ändra den rollen."))
    hold(found)
    values: dict[str, Any] = {"unit": found.unit_id or 0, "amount_limit": found.amount_limit, "ends_on": found.ends_on}
    values |= {"period_limit": found.period_limit, "limit_period": found.limit_period and found.limit_period.value}
    form = MembershipForm(data={name: value for name, value in values.items() if value is not None})
    form.unit.offer(unit_tree(found.organisation))
    if form.validate_on_submit():
        with refusals_on(form):
            changes = (form.unit.picked, form.amount_limit.data, form.ends_on.data)
            per_period = (form.period_limit.data, LimitPeriod(form.limit_period.data))
            actions.change_membership(current(), found, *changes, *per_period)
            flash(_("Rollen är ändrad. %(name)s loggar in på nytt.", name=found.user.name), "success")
            return redirect(url_for("admin.user", user_id=found.user_id), 303)
    page = render_template(
        "admin/membership_edit.html",
        form=form,
        user=found.user,
        organisation=found.organisation,
        membership=found,
        crumbs=_user_trail(found.user),
    )
    return page, status(form)


@bp.post("/memberships/<int:membership_id>/end")
@requires(Permission.ORGANISATION_MANAGE)
def end_membership(membership_id: int) -> Any:
    found = membership_for(current(), membership_id)
    user_id = found.user_id
    actions.end_membership(current(), found)
    flash(_("Rollen är avslutad."), "success")
    return redirect(url_for("admin.user", user_id=user_id), 303)


def _offer(form: GrantForm, organisation: Organisation) -> None:
    form.unit.offer(unit_tree(organisation))
    form.offer_roles(grantable_roles(current(), organisation))


def _here() -> Organisation | None:
    """Where the journal tells an act upon an account."""
    return current_session().organisation


def _is_live(membership: Membership) -> bool:
    return membership.ends_on is None or membership.ends_on >= today()


def _described(user: Any) -> dict[str, Any]:
    return {name: getattr(user, name) for name in ("name", "email", "phone", "reference")}


def _people() -> tuple[str, str]:
    return _("Personer"), url_for("admin.users")


def _user_trail(user: Any) -> list[tuple[Any, str]]:
    return trail(None, _people(), (user.name, url_for("admin.user", user_id=user.id)))
