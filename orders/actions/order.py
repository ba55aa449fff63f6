"""What is done to a placed order: cancelled, closed, sent once more."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from auth.journal import record
from auth.user import User
from catalog import ceiling
from catalog.ceiling import Draw
from core.clock import now
from core.db import db
from core.errors import NotAllowed, NotFound, RuleBroken, WrongState
from core.state import advance, can, state_name
from core.types import line_net
from exchange import pdf
from exchange.outbox import MessageState, OutboxMessage, abort, messages_about, retry
from orders import mail
from orders.actions.placing import approvers_of
from orders.approval_queries import steps_of
from orders.documents import make_file, order_document
from orders.order import FileKind, Order, OrderState
from orders.order_queries import received_quantities
from orders.policy import may_cancel, may_resend
from orders.split import Taken


def cancel(actor: User, order: Order, reason: str) -> None:
    """Cancel an order of which nothing has come: the room under the ceilings is given back, the supplier is told.

    An order mail that has not left is stopped instead. Raises NotAllowed, WrongState, RuleBroken.
    """
    order = lock_order(order)
    if not may_cancel(actor, order):
        raise NotAllowed(_l("Du får inte annullera den här beställningen."))
    if not reason.strip():
        raise RuleBroken(_l("Skriv varför beställningen annulleras. Leverantören får läsa det."))
    order.check_cancellable(_come(order, received_quantities(order)))
    advance(order, "cancel")
    order.cancelled_at, order.cancelled_by, order.cancel_reason = now(), actor, reason.strip()
    ceiling.release_ordered(draws_of(order))
    file = make_file(
        order,
        FileKind.CANCELLATION,
        f"{order.number}-annullering.pdf",
        "application/pdf",
        pdf.render_order(order_document(order, approvers_of(steps_of(order.requisition)))),
    )
    db.session.add(file)
    never_left = _stop_unsent(order, "cancelled before it was sent")
    if not never_left:
        mail.send_cancellation(order, file)
    record(
        actor,
        "cancel",
        "order",
        order.number,
        organisation_id=order.organisation_id,
        reason=reason.strip(),
        supplier_told=not never_left,
    )


def close(actor: User, order: Order, reason: str) -> None:
    """Await nothing more of an order that has come in part or not at all: the room under the ceilings that the rest
    took is given back. Where nothing has come, an order mail that has not left is stopped.

    Raises NotAllowed, WrongState, RuleBroken.
    """
    order = lock_order(order)
    if not may_cancel(actor, order):
        raise NotAllowed(_l("Du får inte avsluta den här beställningen."))
    if not reason.strip():
        raise RuleBroken(_l("Skriv varför beställningen avslutas."))
    advance(order, "close")
    order.closed_at = now()
    received = received_quantities(order)
    released = draws_not_come(order, received)
    ceiling.release_ordered(released)
    if not _come(order, received):
        _stop_unsent(order, "closed before it was sent")
    record(
        actor,
        "close",
        "order",
        order.number,
        organisation_id=order.organisation_id,
        reason=reason.strip(),
        released=str(sum((draw.amount for draw in released), Decimal(0))),
    )


def resend(actor: User, order: Order, message_id: int) -> None:
    """Send a message about an order once more: the same bytes, the same Message-ID.

    Raises NotAllowed, NotFound for a message about something else, and WrongState while it is being sent or where
    what it tells is no longer true.
    """
    order = lock_order(order)
    if not may_resend(actor, order):
        raise NotAllowed(_l("Du får inte skicka om den här beställningen."))
    message = next((m for m in messages_about(mail.about(order)) if m.id == message_id), None)
    if message is None:
        raise NotFound(_l("Brevet finns inte."))
    check_letter(order, message)
    retry(message)
    record(
        actor,
        "resend",
        "order",
        order.number,
        organisation_id=order.organisation_id,
        kind=message.kind,
        recipient=message.recipient,
    )


def still_holds(order: Order, message: OutboxMessage) -> bool:
    """Whether what a letter tells its reader is still so: nobody is to deliver what nobody awaits."""
    return message.kind != "order" or can(order, "close")


def check_letter(order: Order, message: OutboxMessage) -> None:
    """Raises WrongState, with the way on, for a letter that holds no more."""
    if still_holds(order, message):
        return
    if order.state is OrderState.CLOSED:
        raise WrongState(
            _l("Beställningen är avslutad: inget mer väntas på den, så den skickas inte om."),
            way_on=_l(
                "Vill leverantören ha en kopia? Spara PDF-filen och skicka den själv. Skriv att det är en kopia."
            ),
        )
    raise WrongState(
        _l("Beställningen är %(state)s och kan inte skickas om.", state=state_name(order.state)),
        way_on=_l("Behövs varorna ändå? Välj Beställ igen på beställningens sida."),
    )


def _come(order: Order, received: Mapping[int, Decimal]) -> Decimal:
    """How much has come, of whatever: only whether it is nothing means something."""
    return sum(received.values(), order.blanket.drawn if order.blanket else Decimal(0))


def _stop_unsent(order: Order, why: str) -> bool:
    """Try the order's mail no more; whether it was stopped before its first try, so that it surely never left."""
    for message in messages_about(mail.about(order)):
        if message.kind == "order" and message.state is MessageState.QUEUED:
            has_failed = bool(message.last_error)
            abort(message, why)
            return not (has_failed or message.attempts or message.sent_at)
    return False


def lock_order(order: Order) -> Order:
    """One transaction at a time changes an order or takes in its goods. Reads its columns anew: the rest stays."""
    db.session.flush()  # or what is not written yet is forgotten
    db.session.refresh(order, Order.__table__.columns.keys(), with_for_update=True)
    if order.blanket is not None:
        db.session.refresh(order.blanket, ["drawn"])
    return order


def draws_of(order: Order) -> list[Draw]:
    """What a placed order took of the ceilings."""
    taken = Taken(order.agreement_id, order.organisation_id)
    for line in order.lines:
        taken.add(line.award, line.net_amount, line.unit_code, line.quantity)
    awards = {line.award_id: line.award for line in order.lines}
    for charge in order.charges:
        taken.add(awards[charge.award_id], charge.amount)
    return taken.draws()


def draws_not_come(order: Order, received: Mapping[int, Decimal]) -> list[Draw]:
    """The part of it that stands for goods that have not come, by what has come of each line; freight and fees are
    paid as soon as anything has. Of a blanket order: what is not drawn."""
    taken = Taken(order.agreement_id, order.organisation_id)
    if order.blanket is not None:
        taken.add(order.lines[0].award, order.blanket.left)
        return taken.draws()
    if not any(received.values()):
        return draws_of(order)
    for line in order.lines:
        came = min(received.get(line.id, Decimal(0)), line.quantity)
        rest = line.net_amount - line_net(came, line.unit_price, line.base_quantity)
        taken.add(line.award, rest, line.unit_code, line.quantity - came)
    return taken.draws()
