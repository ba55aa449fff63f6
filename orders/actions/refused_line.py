"""Refusing single lines of a requisition while the rest goes on.

What was approved already stays approved, as long as none of the orders costs more than it did: a line that is gone may
let freight or a small-order fee come to the rest. Where one does, nobody has seen that, and everybody is asked anew.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from auth.journal import record
from auth.user import User
from catalog import ceiling
from core.clock import now
from core.db import db
from core.errors import RuleBroken
from core.state import advance
from orders import mail
from orders.actions.requisition import price
from orders.actions.route import close_route, lay_route
from orders.approval import ApprovalState, ApprovalStep
from orders.refused_line import COPIED, RefusedLine
from orders.requisition import Requisition, RequisitionLine
from orders.requisition_queries import requisition_drafts
from orders.route_queries import need_of_requisition, route_of
from orders.split import OrderDraft, all_draws


def refuse_lines(actor: User, step: ApprovalStep, line_ids: Collection[int], reason: str) -> bool:
    """Leave some lines out, with a reason: sums, charges, reservations and content hash are those of the rest.

    Returns whether everybody is asked anew, because an order of the rest costs more than before. Raises RuleBroken
    where no reason is given, nothing would be left, or a line is not the step's to decide.
    """
    requisition = step.requisition
    refused = _checked(step, line_ids, reason)
    before = requisition_drafts(requisition)
    ceiling.release_reserved(all_draws(before, requisition.organisation_id))
    for line in refused:
        db.session.add(_copy(line, step, actor, reason))
        requisition.lines.remove(line)
    db.session.flush()
    after = price(requisition)
    ceiling.reserve(all_draws(after, requisition.organisation_id))
    requisition.content_hash = requisition.compute_hash()
    record(
        actor,
        "refuse-lines",
        "requisition",
        requisition.id,
        organisation_id=requisition.organisation_id,
        lines=[line.name for line in refused],
        reason=reason,
        net_amount=str(requisition.net_amount),
        content_hash=requisition.content_hash,
    )
    mail.tell_refused(requisition, [line.name for line in refused], actor, reason)
    if _costs_more(before, after):
        close_route(requisition)
        lay_route(requisition, route_of(requisition))
        return True
    _pass_on(step, requisition)
    return False


def _checked(step: ApprovalStep, line_ids: Collection[int], reason: str) -> list[RequisitionLine]:
    requisition = step.requisition
    refused = [line for line in requisition.lines if line.id in line_ids]
    if len(refused) != len(set(line_ids)):
        raise RuleBroken(_l("Raden finns inte längre. Läs igenom begäran igen."))
    if len(refused) == len(requisition.lines):
        raise RuleBroken(_l("Ska ingen rad beställas: avslå hela begäran."))
    if not reason.strip():
        raise RuleBroken(_l("Skriv varför raderna inte ska beställas."))
    if step.category is not None:
        own = {line.id for line in lines_of(step)}
        if any(line.id not in own for line in refused):
            raise RuleBroken(_l("Du kan bara avslå raderna i kategorin %(name)s.", name=step.category.name))
    return refused


def lines_of(step: ApprovalStep) -> list[RequisitionLine]:
    """The lines that a step is about: all, or those of its category."""
    lines = step.requisition.lines
    if step.category is None:
        return list(lines)
    known = {category.id: category for category in need_of_requisition(step.requisition).categories}
    of_line = [known.get(line.award.lot.category_id or line.award.lot.agreement.category_id or 0) for line in lines]
    return [line for line, found in zip(lines, of_line, strict=True) if found and found.is_within(step.category)]


def _copy(line: RequisitionLine, step: ApprovalStep, actor: User, reason: str) -> RefusedLine:
    return RefusedLine(
        requisition_id=line.requisition_id,
        step_id=step.id,
        refused_by=actor,
        refused_at=now(),
        reason=reason.strip(),
        **{name: getattr(line, name) for name in COPIED},
    )


def _costs_more(before: list[OrderDraft], after: list[OrderDraft]) -> bool:
    former = {(draft.supplier.id, draft.agreement.id): draft.totals.net for draft in before}
    return any(draft.totals.net > former[draft.supplier.id, draft.agreement.id] for draft in after)


def _pass_on(step: ApprovalStep, requisition: Requisition) -> None:
    """The steps that are not done are about the rest; one without a line of its own is not asked."""
    need = need_of_requisition(requisition)
    for each in step.this_round:
        if each.state not in (ApprovalState.WAITING, ApprovalState.PENDING):
            continue
        each.content_hash = requisition.content_hash or ""
        if each.category is not None:
            left = need.amount_in(each.category)
            each.amount = left or Decimal(0)
            if left is None and each is not step:
                advance(each, "skip")
