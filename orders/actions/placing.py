"""Placing: what happens when the last approval is given. One transaction, read from top to bottom.

Gates under lock, ceilings, numbers, totals, documents, outbox, journal: they stand or fall together. A rendering
error aborts here, while somebody is watching.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from flask_babel import lazy_gettext as _l
from sqlalchemy import Table, insert
from sqlalchemy.orm.attributes import set_committed_value

from auth.journal import record
from auth.user import User
from catalog import ceiling
from catalog.price_list import Article
from catalog.rules import judge
from catalog.steering import load_facts, stops
from core.clock import now, today
from core.db import db
from core.errors import RuleBroken
from exchange.documents import ApproverDocument
from orders import mail
from orders.approval import ApprovalState, ApprovalStep
from orders.basket_queries import charges_by_award
from orders.blanket import BlanketOrder
from orders.documents import order_document, render_files
from orders.numbering import draw_number
from orders.order import Order, OrderCharge, OrderFile, OrderLine
from orders.ranking_queries import refusals_of
from orders.requisition import Requisition, RequisitionLine
from orders.requisition_queries import asks_of, requisition_drafts
from orders.split import Charge, OrderDraft, all_draws

Sold = Mapping[tuple[int, str], Article]


def place(actor: User, requisition: Requisition, route: Sequence[ApprovalStep]) -> list[Order]:
    """Place the orders of a requisition that its route has approved.

    Raises RuleBroken with the finding of a gate that has closed.
    """
    drafts = requisition_drafts(requisition)
    for draft in drafts:
        draft.supplier.check_reachable()
    sold = _check_gates(requisition, drafts)
    ceiling.consume(all_draws(drafts, requisition.organisation_id))
    approvers = approvers_of(route)
    return [_place_one(actor, requisition, draft, sold, approvers) for draft in drafts]


def approvers_of(route: Sequence[ApprovalStep]) -> list[ApproverDocument]:
    """Who said yes, and for whom, in the round that counted: the last of the route."""
    last = max((step.round for step in route), default=0)
    return [
        ApproverDocument(
            name=candidate.decided_by.name,
            approved_at=candidate.decided_at,
            on_behalf_of=candidate.name if candidate.decided_by_id != candidate.user_id else None,
        )
        for step in route
        if step.round == last and step.state is ApprovalState.APPROVED
        for candidate in step.candidates
        if candidate.decision == "approve" and candidate.decided_by and candidate.decided_at
    ]


def _check_gates(requisition: Requisition, drafts: list[OrderDraft]) -> Sold:
    """Ask the steering again, on the day of the order. Returns the published rows that the lines stand on now."""
    asks = asks_of(requisition, refusals_of(requisition) if requisition.asks_in_turn else ())
    facts = load_facts(asks, requisition.organisation, today())
    charges, promised_at = charges_by_award(drafts), requisition.submitted_at
    found = judge(asks, facts, charges=charges, reserved=True, promised_at=promised_at)
    if closed := stops(found):
        raise RuleBroken(
            _l("Beställningen kan inte läggas: %(why)s", why=closed[0].text),
            way_on=_l("Skicka tillbaka begäran till beställaren, som kan ändra den."),
            findings=closed,
        )
    return facts.current


def _place_one(
    actor: User, requisition: Requisition, draft: OrderDraft, sold: Sold, approvers: list[ApproverDocument]
) -> Order:
    order = _new_order(requisition, draft)
    _write_lines(order, draft, sold)  # the database checks every line before a document is made of it
    files = render_files(order, order_document(order, approvers))
    db.session.execute(_KEEP_FILES, [{name: getattr(file, name) for name in KEPT} for file in files])
    mail.send_order(order, files)
    urgent: dict[str, Any] = {"is_emergency": True} if order.is_emergency else {}
    record(
        actor,
        "place",
        "order",
        order.number,
        organisation_id=order.organisation_id,
        supplier=order.supplier.name,
        agreement=order.agreement.number,
        net_amount=str(order.net_amount),
        gross_amount=str(order.gross_amount),
        requisition=requisition.number,
        content_hash=requisition.content_hash,
        files={file.name: file.sha256 for file in files},
        **urgent,
    )
    return order


def _new_order(requisition: Requisition, draft: OrderDraft) -> Order:
    number, year, serial = draw_number(requisition.organisation)
    order = Order(
        number=number,
        year=year,
        serial=serial,
        requisition=requisition,
        organisation=requisition.organisation,
        unit=requisition.unit,
        orderer=requisition.orderer,
        supplier=draft.supplier,
        agreement=draft.agreement,
        currency="SEK",
        is_emergency=requisition.is_emergency,
        placed_at=now(),
        wanted_on=requisition.wanted_on,
        lines_amount=draft.totals.lines,
        charges_amount=draft.totals.charges,
        net_amount=draft.totals.net,
        vat_amount=draft.totals.vat,
        gross_amount=draft.totals.gross,
        charges=[_charge(charge) for charge in draft.charges],
        blanket=_blanket(draft),
    )
    db.session.add(order)
    db.session.flush()
    return order


def _blanket(draft: OrderDraft) -> BlanketOrder | None:
    """What makes it a blanket order; its one line is the cap."""
    line = draft.lines[0]
    if not line.is_blanket:
        return None
    starts_on, ends_on = line.line.free_text.period
    return BlanketOrder(starts_on=starts_on, ends_on=ends_on, cap=line.net_amount)


def _write_lines(order: Order, draft: OrderDraft, sold: Sold) -> None:
    """The lines in one statement, however many there are and whatever they leave empty."""
    lines = [_line(position, line.line, sold) for position, line in enumerate(draft.lines, start=1)]
    rows = [{"order_id": order.id, **line} for line in lines]
    written = db.session.scalars(_WRITE_LINES, rows, execution_options={"render_nulls": True})
    set_committed_value(order, "lines", sorted(written, key=lambda line: line.position))


KEPT = ("order_id", "kind", "name", "media_type", "sha256", "content")
_KEEP_FILES = insert(cast(Table, OrderFile.__table__))
_WRITE_LINES = insert(OrderLine).returning(OrderLine)


def _charge(charge: Charge) -> OrderCharge:
    return OrderCharge(
        award_id=charge.award.id,
        kind=charge.kind,
        reason=charge.reason,
        amount=charge.amount,
        vat_percent=charge.vat_percent,
    )


COPIED = (
    "award_id", "supplier_number", "gtin", "name", "description", "classification", "unit_code", "quantity",
    "unit_price", "base_quantity", "net_amount", "is_approximate", "vat_percent", "choice_ground",
    "note", "bid_line_id", "free_text_id", "coding",
)  # fmt: skip


def _line(position: int, line: RequisitionLine, sold: Sold) -> dict[str, object]:
    """The line as it was approved, standing on the row that is published today (its terms are equal: gates); a won
    price and a free text on their own rows."""
    is_its_own = line.bid_line_id is not None or line.free_text_id is not None
    article_id = line.article_id if is_its_own else sold[line.award_id, line.supplier_number].id
    return {"position": position, "article_id": article_id, **{name: getattr(line, name) for name in COPIED}}
