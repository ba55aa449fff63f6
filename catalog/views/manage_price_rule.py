"""Pages: an agreement's price rule, and the less strict one that waits for a second person."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from auth.login import current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.actions import price_rule as actions
from catalog.actions.change import changes_of
from catalog.actions.price_index import state_index
from catalog.actions.price_rule import PriceRuleFacts
from catalog.agreement import Agreement
from catalog.forms import VersionedForm
from catalog.managing import agreement_for
from catalog.price_forms import IndexForm, PriceRuleForm
from catalog.price_index import readings_of
from catalog.price_rule import PriceRule, PriceRuleProposal, proposal_of, rule_of
from catalog.views.manage import agreement_trail, bp, change
from core.clock import today
from core.web import number, requires


@bp.route("/agreements/<int:agreement_id>/price-rule", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def price_rule(agreement_id: int) -> Any:
    found = agreement_for(current(), agreement_id)
    rule, proposal = rule_of(found), proposal_of(found)
    form = PriceRuleForm(obj=rule, data={"version": found.version})
    if form.validate_on_submit():
        with refusals_on(form):
            if actions.set_price_rule(current(), found, form.facts(), form.seen, reason=form.reason.data):
                flash(_("Regeln blir mindre sträng när en annan avtalsägare har godkänt det."), "info")
                return redirect(url_for("manage.price_rule", agreement_id=found.id), 303)
            flash(_("Prisregeln är sparad."), "success")
            return redirect(_page_of(found), 303)
    page = render_template(
        "manage/price_rule.html",
        form=form,
        agreement=found,
        proposal=proposal,
        changes=_changes(rule, proposal) if proposal else [],
        may_approve=proposal is not None and proposal.proposed_by_id != current().id,
        crumbs=agreement_trail(found),
    )
    return page, status(form)


@bp.post("/agreements/<int:agreement_id>/price-rule/approve")
@requires(Permission.AGREEMENT_MANAGE)
def approve_price_rule(agreement_id: int) -> Any:
    found = agreement_for(current(), agreement_id)
    actions.approve_price_rule(current(), found, VersionedForm().seen)
    flash(_("Den nya prisregeln gäller."), "success")
    return redirect(_page_of(found), 303)


@bp.post("/agreements/<int:agreement_id>/price-rule/drop")
@requires(Permission.AGREEMENT_MANAGE)
def drop_price_rule(agreement_id: int) -> Any:
    found = agreement_for(current(), agreement_id)
    actions.drop_price_rule(current(), found, VersionedForm().seen)
    flash(_("Förslaget är borttaget. Regeln är som förut."), "success")
    return redirect(_page_of(found), 303)


@bp.route("/agreements/<int:agreement_id>/price-index", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def price_index(agreement_id: int) -> Any:
    """The readings of the index, and the form for a new one."""
    found = agreement_for(current(), agreement_id)
    readings = readings_of(found)
    form = IndexForm(obj=readings[0] if readings else None, data={"version": found.version})
    if form.validate_on_submit():
        with refusals_on(form):
            made = state_index(current(), found, form.facts(), form.seen)
            percent = number(made.permitted_raise)
            flash(_("Indextalet är sparat. Priser får höjas med högst %(percent)s %%.", percent=percent), "success")
            return redirect(url_for("manage.price_index", agreement_id=found.id), 303)
    if not form.is_submitted():
        form.version.data, form.read_on.data = found.version, today()
    page = render_template(
        "manage/price_index.html", form=form, agreement=found, readings=readings, crumbs=agreement_trail(found)
    )
    return page, status(form)


def _changes(rule: PriceRule | None, proposal: PriceRuleProposal) -> list[tuple[Any, Any, Any]]:
    """What a proposal would change: what it is called, now, then."""

    def shown(value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value

    names = changes_of(rule, PriceRuleFacts.of(proposal))
    return [change(name, shown(getattr(rule, name)), shown(getattr(proposal, name))) for name in names]


def _page_of(agreement: Agreement) -> str:
    return url_for("manage.agreement", agreement_id=agreement.id)
