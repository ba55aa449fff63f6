"""Pages: a requisition on its way, and what its orderer can do with it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from auth.journal import entries_about
from auth.login import acting_organisation, current
from auth.permission import Permission
from core.state import can
from core.web import download, requires
from orders.actions import requisition as act
from orders.approval import ApprovalState
from orders.approval_queries import refused_of, steps_of
from orders.order_queries import orders_of
from orders.policy import may_mend, may_reassign, may_withdraw, seat_of
from orders.ranking_queries import evidence_of, refusals_of
from orders.requisition import RequisitionState
from orders.requisition_queries import requisition_drafts, requisition_for
from orders.story import tell

bp = Blueprint("requisitions", __name__, url_prefix="/requisitions")


@bp.get("/<int:requisition_id>")
@requires(Permission.ORDER_READ)
def show(requisition_id: int) -> Any:
    user = current()
    requisition = requisition_for(user, acting_organisation(), requisition_id)
    steps = steps_of(requisition)
    pending = [step for step in steps if step.state is ApprovalState.PENDING]
    is_ordered = requisition.state is RequisitionState.APPROVED or requisition.is_emergency
    return render_template(
        "requisitions/show.html",
        requisition=requisition,
        drafts=requisition_drafts(requisition),
        steps=steps,
        pending=pending,
        to_decide=next((step for step in pending if seat_of(user, step)), None),
        refused=refused_of(requisition),
        may_reassign=next((True for step in steps if may_reassign(user, step)), False),
        verdict=next((seat for step in reversed(steps) for seat in step.candidates if seat.decision), None),
        orders=orders_of(requisition) if is_ordered else (),
        refusals=refusals_of(requisition) if requisition.asks_in_turn else (),
        story=tell(entries_about("requisition", requisition.id)),
        may_withdraw=may_withdraw(user, requisition) and can(requisition, "withdraw") and not requisition.is_emergency,
        may_mend=may_mend(user, requisition) and can(requisition, "submit"),
    )


@bp.get("/<int:requisition_id>/evidence/<int:refusal_id>")
@requires(Permission.ORDER_READ)
def evidence(requisition_id: int, refusal_id: int) -> Any:
    """The file of an entry of the ranking log, always as a download: it comes from outside."""
    found = evidence_of(requisition_for(current(), acting_organisation(), requisition_id), refusal_id)
    return download(found.file_name, found.file_content)


@bp.post("/<int:requisition_id>/withdraw")
@requires(Permission.ORDER_CREATE)
def withdraw(requisition_id: int) -> Any:
    requisition = requisition_for(current(), acting_organisation(), requisition_id)
    act.withdraw(current(), requisition)
    flash(_("Begäran %(number)s är tillbakatagen.", number=requisition.number), "success")
    return redirect(url_for("requisitions.show", requisition_id=requisition_id), 303)


@bp.post("/<int:requisition_id>/mend")
@requires(Permission.ORDER_CREATE)
def mend(requisition_id: int) -> Any:
    requisition = requisition_for(current(), acting_organisation(), requisition_id)
    for name in act.mend(current(), requisition):
        flash(_("%(name)s säljs inte längre och är borttagen.", name=name), "info")
    flash(_("Raderna ligger i varukorgen. Ändra dem och skicka in igen."), "success")
    return redirect(url_for("basket.show"), 303)
