"""Pages: what waits for my decision, and the page behind the link in the mail. Opening a page never decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from auth.login import acting_organisation, current, has_permission
from auth.permission import Permission
from auth.user import User
from auth.views.refusals import status
from core.errors import NotAllowed, NotFound, RuleBroken, WrongState
from core.forms import show_rule
from core.web import requires
from orders.actions import approval as act
from orders.actions.reassign import could_take
from orders.actions.reassign import reassign as hand_over
from orders.approval import ApprovalStep, ApprovalToken
from orders.approval_queries import (
    approval_view,
    decided_by,
    pending_in,
    seat_to_reassign,
    step_to_decide,
    steps_to_decide,
)
from orders.forms import DecideForm, ReassignForm
from orders.policy import may_manage_rules, may_reassign, why_no_seat
from orders.requisition import Requisition, RequisitionState
from orders.rule import why_left_out

bp = Blueprint("approvals", __name__)

Decision = Callable[[User, ApprovalStep, str, str], Requisition]
DECISIONS: dict[str, Decision] = {"approve": act.approve, "reject": act.reject, "send_back": act.send_back}


@bp.get("/approvals")
@requires(Permission.SIGNED_IN)
def index() -> Any:
    """Not only for approvers: a substitute needs no role of her own."""
    user, organisation = current(), acting_organisation()
    return render_template(
        "approvals/index.html",
        steps=steps_to_decide(user, organisation),
        decided=decided_by(user, organisation),
        may_read=has_permission(Permission.ORDER_READ),
    )


@bp.get("/approvals/waiting")
@requires(Permission.ORGANISATION_MANAGE)
def waiting() -> Any:
    """All that waits in the organisation: where its administrator looks when somebody has fallen ill."""
    organisation = acting_organisation()
    if not may_manage_rules(current(), organisation.id):
        raise NotAllowed(_l("Bara organisationens administratör ser allt som väntar."))
    return render_template(
        "approvals/waiting.html",
        organisation=organisation,
        steps=pending_in(organisation),
        may_reassign=lambda step: may_reassign(current(), step),
    )


@bp.route("/approvals/<int:step_id>", methods=["GET", "POST"])
@requires(Permission.SIGNED_IN)
def decide(step_id: int) -> Any:
    user = current()
    step = step_to_decide(user, step_id)
    form = _form(step, step.requisition.content_hash)
    if form.validate_on_submit():
        try:
            _decide(user, step, form)
        except RuleBroken as error:
            show_rule(form, error)
            step = step_to_decide(user, step_id)
        except WrongState:
            return _page(step_to_decide(user, step_id), user, form), WrongState.status
        else:
            return redirect(url_for("approvals.index"), 303)
    return _page(step, user, form), status(form)


@bp.route("/approvals/seats/<int:seat_id>/reassign", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def reassign(seat_id: int) -> Any:
    """Somebody who cannot answer: the organisation's administrator lets another decide."""
    seat = seat_to_reassign(current(), seat_id)
    people, others = could_take(seat.step)
    form = ReassignForm()
    form.person.offer(person for person in people if person.id != current().id)
    if form.validate_on_submit() and form.person.picked:
        requisition_id = seat.step.requisition_id
        try:
            made = hand_over(current(), seat, form.person.picked, form.reason.data or "")
        except RuleBroken as error:
            show_rule(form, error)
            seat = seat_to_reassign(current(), seat_id)
        else:
            flash(_("%(name)s har fått frågan.", name=made.name), "success")
            return redirect(url_for("requisitions.show", requisition_id=requisition_id), 303)
    page = render_template("approvals/reassign.html", form=form, seat=seat, others=others, why_left_out=why_left_out)
    return page, status(form)


@bp.route("/approve/<token>", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
def by_token(token: str) -> Any:
    """The link in the mail. It leads to the log-in first, unless the organisation lets small amounts be decided by
    the link alone; whoever is logged in as somebody else is refused."""
    found = act.find_token(token)
    if found is None:
        raise NotFound(_l("Länken finns inte. Kontrollera att du fick med hela adressen."))
    by_link_alone = act.may_decide_by_link(found)
    if not current_user.is_authenticated and not by_link_alone:
        return redirect(url_for("auth.login", next=request.path), 303)
    if current_user.is_authenticated and current().id != found.user_id:
        raise NotAllowed(_l("Länken är personlig och gäller någon annan. Be om en egen."))
    act.check_person(found)
    try:
        act.check_usable(found)
    except WrongState as error:
        return _settled(found.step, error), error.status
    form = _form(found.step, found.content_hash)
    if form.validate_on_submit():
        try:
            requisition = _decide(found.user, found.step, form)
        except RuleBroken as error:
            show_rule(form, error)
            found = _again(token)
        except WrongState as error:
            return _settled(_again(token).step, error), error.status
        else:
            # whoever came by the link alone has no pages of her own to go to
            if current_user.is_authenticated:
                return redirect(url_for("approvals.index"), 303)
            return render_template("approvals/decided.html", requisition=requisition, decision=form.decision.data)
    return _page(found.step, found.user, form, token=token), status(form)


def _form(step: ApprovalStep, seen_hash: str | None) -> DecideForm:
    """What is decided; the lines that may be refused are read with all the rest when the page is shown."""
    form = DecideForm(data={"seen_hash": seen_hash})
    if form.is_submitted():
        form.offer(step.requisition.lines)
    return form


def _decide(user: User, step: ApprovalStep, form: DecideForm) -> Requisition:
    chosen = form.decision.data or ""
    if chosen not in DECISIONS:
        raise RuleBroken(_l("Välj om du godkänner, avslår eller skickar tillbaka."))
    said = (user, step, form.comment.data or "", form.seen_hash.data or "")
    refused = form.refused.data or () if chosen == "approve" else ()
    requisition = act.approve(*said, refused) if refused else DECISIONS[chosen](*said)
    flash(_outcome(requisition, chosen), "success")
    return requisition


def _outcome(requisition: Requisition, decision: str) -> Any:
    """What came of her decision."""
    number = requisition.number
    if decision == "reject":
        return _("Du har avslagit %(number)s. Beställaren får besked.", number=number)
    if decision == "send_back":
        return _("Du har skickat tillbaka %(number)s. Beställaren får besked.", number=number)
    if requisition.state is RequisitionState.APPROVED and requisition.is_emergency:
        return _("Du har godkänt %(number)s i efterhand. Beställaren får besked.", number=number)
    if requisition.state is RequisitionState.APPROVED:
        return _("Du har godkänt %(number)s. Nu är det beställt.", number=number)
    return _("Du har godkänt %(number)s. Någon till behöver också säga ja.", number=number)


def _page(step: ApprovalStep, user: User, form: DecideForm, token: str | None = None) -> str:
    view = approval_view(step, user)
    form.offer(view.requisition.lines)
    why_not = why_no_seat(user, view.step) if view.seat is None else None
    may_read = current_user.is_authenticated and has_permission(Permission.ORDER_READ)
    return render_template(
        "approvals/decide.html", view=view, form=form, token=token, why_not=why_not, may_read=may_read
    )


def _settled(step: ApprovalStep, error: WrongState) -> str:
    """The page of a link that decides no more: why, and what was decided by whom."""
    may_read = current_user.is_authenticated and has_permission(Permission.ORDER_READ)
    return render_template("approvals/settled.html", step=step, message=error.message, may_read=may_read)


def _again(token: str) -> ApprovalToken:
    found = act.find_token(token)
    if found is None:
        raise NotFound(_l("Länken finns inte längre."))
    return found
