"""Pages: agreements, for those who manage them."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.login import current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.actions import agreement as actions
from catalog.agreement import Agreement, AgreementState
from catalog.ceiling_change import changes_of
from catalog.checklist import checklist
from catalog.forms import AgreementForm
from catalog.managing import (
    agreement_for,
    agreement_owners,
    agreements_page,
    category_tree,
    ceilings_of,
    live_price_lists,
    other_ceilings_of,
    own_ceilings,
    possible_owners,
)
from catalog.price_list import PriceListState
from catalog.price_rule import proposal_of
from catalog.suggestion import suggest_categories
from catalog.views.manage import agreement_trail, ask_reason, bp, page_number, search_text, story, trail
from catalog.watch import watch_of
from core.clock import today
from core.errors import NotAllowed
from core.state import can
from core.web import requires


@bp.get("/agreements")
@requires(Permission.AGREEMENT_MANAGE)
def agreements() -> Any:
    wanted = request.args.get("state", "")
    state = AgreementState(wanted) if wanted in [s.value for s in AgreementState] else None
    page = agreements_page(current(), search_text(), state, page_number())
    return render_template(
        "manage/agreements.html",
        page=page,
        ceilings=own_ceilings(page.items),
        text=search_text(),
        state=state,
        states=list(AgreementState),
        today=today(),
        crumbs=trail(),
    )


@bp.route("/agreements/new", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def create_agreement() -> Any:
    form = _form(None)
    is_picking = form.category.take_pick()
    if not is_picking and form.validate_on_submit():
        with refusals_on(form):
            made = actions.create(current(), form.facts(), reason=form.reason.data)
            flash(_("Avtalet är upplagt som utkast. Fyll på med delområden och leverantörer."), "success")
            return redirect(url_for("manage.agreement", agreement_id=made.id), 303)
    return _edit_page(form, None, is_picking)


@bp.get("/agreements/<int:agreement_id>")
@requires(Permission.AGREEMENT_MANAGE)
def agreement(agreement_id: int) -> Any:
    found = agreement_for(current(), agreement_id)
    ceilings, price_lists = ceilings_of(found), live_price_lists(found)
    priced = {a for a, lists in price_lists.items() if any(p.state is PriceListState.PUBLISHED for p in lists)}
    own = ceilings.get((None, None))
    checks = checklist(found, priced, own is not None and own.limit is not None)
    return render_template(
        "manage/agreement.html",
        agreement=found,
        ceilings=ceilings,
        shown_ceilings=[
            *(c for k, c in ceilings.items() if k == (None, None) or c.limit is not None or c.used),
            *other_ceilings_of(found),
        ],
        changes=changes_of(found),
        watch=watch_of(found),
        price_lists=price_lists,
        proposal=proposal_of(found),
        checks=checks,
        may_publish=can(found, "publish") and all(check.is_done for check in checks if check.is_needed),
        can=can,
        story=story("agreement", found.id),
        today=today(),
        crumbs=agreement_trail(),
    )


@bp.route("/agreements/<int:agreement_id>/edit", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def edit_agreement(agreement_id: int) -> Any:
    found = agreement_for(current(), agreement_id)
    form = _form(found)
    is_picking = form.category.take_pick()
    if not is_picking and form.validate_on_submit():
        with refusals_on(form):
            actions.edit(current(), found, form.facts(), form.seen, reason=form.reason.data)
            flash(_("Avtalet är sparat."), "success")
            return redirect(page_of(found), 303)
    return _edit_page(form, found, is_picking)


@bp.post("/agreements/<int:agreement_id>/publish")
@requires(Permission.AGREEMENT_MANAGE)
def publish_agreement(agreement_id: int) -> Any:
    found = agreement_for(current(), agreement_id)
    actions.publish(current(), found)
    flash(_("Avtalet är publicerat. Nu kan medarbetarna hitta det."), "success")
    return redirect(page_of(found), 303)


@bp.route("/agreements/<int:agreement_id>/pause", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def pause_agreement(agreement_id: int) -> Any:
    found = agreement_for(current(), agreement_id)
    return ask_reason(
        lambda reason: actions.pause(current(), found, reason),
        page_of(found),
        title=_("Pausa avtalet"),
        lead=_("Inga nya beställningar kan göras tills du öppnar avtalet igen. Det som är beställt gäller."),
        button=_("Pausa avtalet"),
        done=_("Avtalet är pausat."),
        crumbs=agreement_trail(found),
    )


@bp.post("/agreements/<int:agreement_id>/resume")
@requires(Permission.AGREEMENT_MANAGE)
def resume_agreement(agreement_id: int) -> Any:
    found = agreement_for(current(), agreement_id)
    actions.resume(current(), found)
    flash(_("Avtalet är öppet igen."), "success")
    return redirect(page_of(found), 303)


@bp.route("/agreements/<int:agreement_id>/end", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def end_agreement(agreement_id: int) -> Any:
    found = agreement_for(current(), agreement_id)
    return ask_reason(
        lambda reason: actions.end(current(), found, reason),
        page_of(found),
        title=_("Avsluta avtalet"),
        lead=_("Ingen kan beställa mer, och avtalet kan inte öppnas igen. Allt som är beställt finns kvar."),
        button=_("Avsluta avtalet"),
        done=_("Avtalet är avslutat."),
        crumbs=agreement_trail(found),
    )


def page_of(agreement: Agreement, anchor: str | None = None) -> str:
    """The address of an agreement's page, or of a section on it."""
    return url_for("manage.agreement", agreement_id=agreement.id, _anchor=anchor)


def _edit_page(form: AgreementForm, agreement: Agreement | None, is_picking: bool) -> Any:
    """The form with the categories that its own words suggest; picking one of them saves nothing yet."""
    words = f"{form.title.data or ''} {form.summary.data or ''}"
    page = render_template(
        "manage/agreement_edit.html",
        form=form,
        agreement=agreement,
        suggested=suggest_categories(words, form.category.things.values(), besides=form.category.data),
        crumbs=agreement_trail(agreement),
    )
    return page, 200 if is_picking else status(form)


def _form(agreement: Agreement | None) -> AgreementForm:
    """The form with its choices. Raises NotAllowed for whoever may not create an agreement for anybody."""
    owners = possible_owners(current())
    if not owners:
        raise NotAllowed(_l("Bara den som är avtalsägare får lägga upp avtal."))
    if agreement is not None and agreement.owner not in owners:
        owners.append(agreement.owner)
    people = list(agreement_owners({owner.id for owner in owners}))
    if agreement is not None and agreement.responsible is not None and agreement.responsible not in people:
        people.append(agreement.responsible)
    form = AgreementForm(obj=agreement) if agreement else AgreementForm(data={"payment_terms": "30 dagar netto"})
    form.offer(owners, people, category_tree())
    if not form.is_submitted():
        if agreement is not None:
            form.show(agreement)
        else:
            form.owner.data = owners[0].id
            form.responsible.data = current().id if current() in people else 0
            form.follow_up_class.data = "C"
    return form
