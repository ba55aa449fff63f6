"""Pages: the organisation's approval rules and groups, and a try of who would approve."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.journal import entries_about
from auth.login import acting_organisation, current
from auth.organisation import Organisation
from auth.permission import Permission, Role
from auth.queries import members_of, unit_tree
from auth.sentences import sentence
from auth.views.refusals import refusals_on, status
from catalog.agreement import Agreement
from catalog.agreement_queries import agreement_for
from core.clock import today
from core.db import hold
from core.errors import NotAllowed, NotFound
from core.web import requires
from orders.actions import rule as act
from orders.approval import ApprovalGroup, ApprovalRule
from orders.coding_queries import current_dimensions
from orders.condition import Need
from orders.directory import directory_of
from orders.policy import may_manage_rules
from orders.route import trace
from orders.rule import condition, period, union_sentence, who_decides, why_left_out, why_not
from orders.rule_effect import effect_of
from orders.rule_forms import GroupForm, RuleForm, TermsForm, TryForm, said_by
from orders.rule_queries import categories, group_for, groups_of, rule_for, rules_of

bp = Blueprint("rules", __name__, url_prefix="/admin/approval-rules")


@bp.get("")
@requires(Permission.RULES_READ)
def index() -> Any:
    """An auditor and a system administrator may read how it stands and try it, but decide nothing here."""
    organisation = acting_organisation()
    form, need = _asked(organisation)
    return render_template(
        "rules/index.html",
        organisation=organisation,
        rules=rules_of(organisation),
        groups=groups_of(organisation),
        condition=condition,
        period=period,
        who_decides=who_decides,
        union=union_sentence(organisation),
        on=today(),
        form=form,
        need=need,
        traced=trace(need, directory_of(organisation, today())) if need else None,
        why_not=why_not,
        why_left_out=why_left_out,
        may_manage=may_manage_rules(current(), organisation.id),
    )


@bp.route("/settings", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def settings() -> Any:
    """What holds for all rules."""
    organisation = _managed()
    form = TermsForm(obj=organisation)
    if form.validate_on_submit():
        with refusals_on(form):
            act.set_terms(current(), organisation, form.terms())
            flash(_("Inställningarna är sparade. De gäller det som skickas in från och med nu."), "success")
            return redirect(url_for("rules.index"), 303)
    return render_template("rules/settings.html", form=form), status(form)


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def create() -> Any:
    return _edit(_held(), None)


@bp.route("/<int:rule_id>", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def edit(rule_id: int) -> Any:
    organisation = _held()
    return _edit(organisation, rule_for(organisation, rule_id))


@bp.post("/<int:rule_id>/move")
@requires(Permission.ORGANISATION_MANAGE)
def move(rule_id: int) -> Any:
    organisation = _held()
    rule = rule_for(organisation, rule_id)
    act.move_rule(current(), rule, rules_of(organisation), up=request.form.get("direction") == "up")
    return redirect(url_for("rules.index"), 303)


@bp.get("/<int:rule_id>/history")
@requires(Permission.RULES_READ)
def history(rule_id: int) -> Any:
    """What a rule has said, from when and by whom."""
    rule = rule_for(acting_organisation(), rule_id)
    entries = list(reversed(entries_about("approval-rule", rule.id)))
    return render_template("rules/history.html", rule=rule, entries=entries, sentence=sentence)


@bp.get("/<int:rule_id>/activity")
@requires(Permission.ORGANISATION_MANAGE)
def activity(rule_id: int) -> Any:
    """What it would mean to take a rule out of use, or into it again, before she says so."""
    rule = rule_for(acting_organisation(), rule_id)
    organisation = _managed()
    effect = effect_of(organisation, rule, None if rule.is_active else act.reopened(rule))
    return render_template("rules/activity.html", rule=rule, effect=effect, condition=condition)


@bp.post("/<int:rule_id>/active")
@requires(Permission.ORGANISATION_MANAGE)
def set_active(rule_id: int) -> Any:
    rule = rule_for(acting_organisation(), rule_id)
    act.set_rule_active(current(), rule, request.form.get("is_active") == "1")
    return redirect(url_for("rules.index"), 303)


@bp.route("/groups/new", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def create_group() -> Any:
    return _edit_group(_held(), None)


@bp.route("/groups/<int:group_id>", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def edit_group(group_id: int) -> Any:
    organisation = _held()
    return _edit_group(organisation, group_for(organisation, group_id))


@bp.post("/groups/<int:group_id>/remove")
@requires(Permission.ORGANISATION_MANAGE)
def remove_group(group_id: int) -> Any:
    act.remove_group(current(), group_for(_held(), group_id))
    flash(_("Gruppen är borttagen."), "success")
    return redirect(url_for("rules.index"), 303)


def _held() -> Organisation:
    """The organisation acted for. One at a time changes its rules and groups, which lean on each other."""
    organisation = acting_organisation()
    hold(organisation)
    return organisation


def _managed() -> Organisation:
    """The same, where she is its administrator. Raises NotAllowed."""
    organisation = _held()
    _check_manager(organisation)
    return organisation


def _check_manager(organisation: Organisation) -> None:
    if not may_manage_rules(current(), organisation.id):
        raise NotAllowed(_l("Bara organisationens administratör får ändra attestreglerna."))


def _edit(organisation: Organisation, rule: ApprovalRule | None) -> Any:
    _check_manager(organisation)
    form = RuleForm(data=said_by(rule) if rule else {})
    people = members_of(organisation, Role.APPROVER)
    dimensions = current_dimensions(organisation, today())
    form.offer(unit_tree(organisation), categories(), people, groups_of(organisation), dimensions)
    form.agreement.look_up = _agreement
    if form.validate_on_submit():
        with refusals_on(form):
            if "look" in request.form:
                effect = effect_of(organisation, rule, act.draft_rule(organisation, form.facts(), instead_of=rule))
                return render_template("rules/edit.html", form=form, is_new=rule is None, effect=effect)
            if rule is None:
                act.create_rule(current(), organisation, form.facts())
            else:
                act.edit_rule(current(), rule, form.facts())
            flash(_("Regeln är sparad. Den gäller det som skickas in från och med nu."), "success")
            return redirect(url_for("rules.index"), 303)
    return render_template("rules/edit.html", form=form, is_new=rule is None), status(form)


def _edit_group(organisation: Organisation, group: ApprovalGroup | None) -> Any:
    _check_manager(organisation)
    said = {"name": group.name, "members": [member.id for member in group.members]} if group else {}
    form = GroupForm(data=said)
    form.offer(members_of(organisation, Role.APPROVER))
    if form.validate_on_submit():
        with refusals_on(form):
            act.save_group(current(), organisation, group, form.name.data or "", form.picked())
            flash(_("Gruppen är sparad."), "success")
            return redirect(url_for("rules.index"), 303)
    return render_template("rules/group.html", form=form, group=group), status(form)


def _asked(organisation: Organisation) -> tuple[TryForm, Need | None]:
    """The form that asks who would approve, and what it asks about; nothing until it is asked."""
    form = TryForm(formdata=request.args if "amount" in request.args else None)
    dimensions = current_dimensions(organisation, today())
    form.offer(members_of(organisation, Role.ORDERER), unit_tree(organisation), categories(), dimensions)
    form.agreement.look_up = _agreement
    if "amount" not in request.args or not form.validate():
        return form, None
    unit, orderer, category = form.unit.picked, form.people[form.orderer.data], form.category.picked
    if unit is None:
        form.unit.errors = [_("Välj en enhet.")]
        return form, None
    dimension, code = form.coding_dimension.picked, form.coding_code.data
    return form, Need(
        unit=unit,
        amount=form.amount.data or Decimal(0),
        categories=(category,) if category else (),
        orderer=orderer,
        barred=frozenset({orderer.id}),
        agreements=frozenset({agreement.id} if (agreement := form.agreement.picked) else ()),
        methods=frozenset({method} if (method := form.method.picked) else ()),
        is_justified=form.is_justified.data,
        has_free_text=form.is_free_text.data,
        is_emergency=form.is_emergency.data,
        codes=frozenset({(dimension.id, code)} if dimension and code else ()),
    )


def _agreement(number: str) -> Agreement | None:
    try:
        return agreement_for(current(), number)
    except NotFound:
        return None
