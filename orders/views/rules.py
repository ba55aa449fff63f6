"""Pages: the organisation's approval rules and groups, and a try of who would approve."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.login import acting_organisation, current
from auth.organisation import Organisation
from auth.permission import Permission, Role
from auth.queries import members_of, unit_tree
from auth.views.refusals import refusals_on, status
from core.clock import today
from core.errors import NotAllowed
from core.web import requires
from orders.actions import rule as act
from orders.approval import ApprovalGroup, ApprovalRule
from orders.policy import may_manage_rules
from orders.route import Need, NobodyCanApprove, directory_of, find_route, fits
from orders.rule import condition, who_decides
from orders.rule_forms import GroupForm, RuleForm, TryForm, said_by
from orders.rule_queries import categories, group_for, groups_of, rule_for, rules_of

bp = Blueprint("rules", __name__, url_prefix="/admin/approval-rules")


@bp.get("")
@requires(Permission.ORGANISATION_MANAGE)
def index() -> Any:
    """A system administrator may read how it stands, but decides nothing here."""
    organisation = acting_organisation()
    form, outcome, rule = _try_out(organisation)
    return render_template(
        "rules/index.html",
        organisation=organisation,
        rules=rules_of(organisation),
        groups=groups_of(organisation),
        condition=condition,
        who_decides=who_decides,
        form=form,
        outcome=outcome,
        fitting=rule,
        may_manage=may_manage_rules(current(), organisation.id),
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def create() -> Any:
    return _edit(None)


@bp.route("/<int:rule_id>", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def edit(rule_id: int) -> Any:
    return _edit(rule_for(acting_organisation(), rule_id))


@bp.post("/<int:rule_id>/move")
@requires(Permission.ORGANISATION_MANAGE)
def move(rule_id: int) -> Any:
    rule = rule_for(acting_organisation(), rule_id)
    act.move_rule(current(), rule, rules_of(acting_organisation()), up=request.form.get("direction") == "up")
    return redirect(url_for("rules.index"), 303)


@bp.post("/<int:rule_id>/active")
@requires(Permission.ORGANISATION_MANAGE)
def set_active(rule_id: int) -> Any:
    rule = rule_for(acting_organisation(), rule_id)
    act.set_rule_active(current(), rule, request.form.get("is_active") == "1")
    return redirect(url_for("rules.index"), 303)


@bp.route("/groups/new", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def create_group() -> Any:
    return _edit_group(None)


@bp.route("/groups/<int:group_id>", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def edit_group(group_id: int) -> Any:
    return _edit_group(group_for(acting_organisation(), group_id))


@bp.post("/groups/<int:group_id>/remove")
@requires(Permission.ORGANISATION_MANAGE)
def remove_group(group_id: int) -> Any:
    act.remove_group(current(), group_for(acting_organisation(), group_id))
    flash(_("Gruppen är borttagen."), "success")
    return redirect(url_for("rules.index"), 303)


def _managed() -> Organisation:
    """The organisation acted for, whose administrator she is. Raises NotAllowed."""
    organisation = acting_organisation()
    if not may_manage_rules(current(), organisation.id):
        raise NotAllowed(_l("Bara organisationens administratör får ändra attestreglerna."))
    return organisation


def _edit(rule: ApprovalRule | None) -> Any:
    organisation = _managed()
    form = RuleForm(data=said_by(rule) if rule else {})
    people = members_of(organisation, Role.APPROVER)
    form.offer(unit_tree(organisation), categories(), people, groups_of(organisation))
    if form.validate_on_submit():
        with refusals_on(form):
            if rule is None:
                act.create_rule(current(), organisation, form.facts())
            else:
                act.edit_rule(current(), rule, form.facts())
            flash(_("Regeln är sparad. Den gäller det som skickas in från och med nu."), "success")
            return redirect(url_for("rules.index"), 303)
    return render_template("rules/edit.html", form=form, is_new=rule is None), status(form)


def _edit_group(group: ApprovalGroup | None) -> Any:
    organisation = _managed()
    said = {"name": group.name, "members": [member.id for member in group.members]} if group else {}
    form = GroupForm(data=said)
    form.offer(members_of(organisation, Role.APPROVER))
    if form.validate_on_submit():
        with refusals_on(form):
            act.save_group(current(), organisation, group, form.name.data or "", form.picked())
            flash(_("Gruppen är sparad."), "success")
            return redirect(url_for("rules.index"), 303)
    return render_template("rules/group.html", form=form, group=group), status(form)


def _try_out(organisation: Organisation) -> tuple[TryForm, Any, ApprovalRule | None]:
    """The question, who would approve (or why nobody can), and the rule that decides. Nothing until it is asked."""
    form = TryForm(formdata=request.args if "amount" in request.args else None)
    form.offer(members_of(organisation, Role.ORDERER), unit_tree(organisation), categories())
    if "amount" not in request.args or not form.validate():
        return form, None, None
    unit, orderer = form.unit.picked, form.people[form.orderer.data]
    if unit is None:
        form.unit.errors = [_("Välj en enhet.")]
        return form, None, None
    category = form.category.picked
    need = Need(
        unit=unit,
        amount=form.amount.data or Decimal(0),
        categories=(category,) if category else (),
        orderer=orderer,
        barred=frozenset({orderer.id}),
    )
    directory = directory_of(organisation, today())
    rule = next((rule for rule in directory.rules if fits(rule, need)), None)
    try:
        return form, find_route(need, directory), rule
    except NobodyCanApprove as nobody:
        return form, nobody, rule
