"""Taking in goods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import insert, select

from auth.journal import record
from auth.user import User
from catalog import ceiling
from core.clock import now
from core.db import db
from core.errors import NotAllowed, RuleBroken, WrongState
from core.state import advance, can
from orders.actions.order import draws_not_come, lock_order
from orders.order import Order
from orders.order_queries import received_quantities
from orders.policy import may_receive
from orders.receipt import Deviation, Receipt, ReceiptLine

MOST_TIMES = 10  # more than ten times what was ordered is a slip of the finger


@dataclass(frozen=True, slots=True)
class Received:
    """What came of one line. Negative takes back part of an earlier receipt, and needs a note."""

    quantity: Decimal
    deviation: Deviation = Deviation.NONE
    note: str | None = None


def receive(actor: User, order: Order, came: Mapping[int, Received], note: str | None, key: str) -> Receipt:
    """Take in a delivery, whole, in part or with too much; `came` is by order line id.

    When every line has come in full the order closes. A closed order takes corrections only, and opens again when
    something is awaited after all. The same `key` makes one receipt. Raises NotAllowed, WrongState and RuleBroken.
    """
    order = lock_order(order)
    if done := db.session.scalar(select(Receipt).where(Receipt.key == key)):
        return done
    if order.blanket is not None:
        raise RuleBroken(_l("En ramorder tas emot i kronor. Anteckna vad som kom på ramorderns sida."))
    if not may_receive(actor, order):
        raise NotAllowed(_l("Du får inte ta emot den här beställningen."))
    was_closed = can(order, "reopen")
    if not was_closed and not can(order, "close"):
        raise WrongState(_l("Beställningen är annullerad, så inget mer kan tas emot på den."))
    came = {line_id: row for line_id, row in came.items() if row.quantity or row.deviation is not Deviation.NONE}
    if not came:
        raise RuleBroken(_l("Ange hur mycket som har kommit på minst en rad."))
    if was_closed and not all(row.quantity < 0 for row in came.values()):
        raise RuleBroken(_l("Beställningen är avslutad. Rätta genom att skriva minus framför det som inte har kommit."))
    received = received_quantities(order)
    _check_quantities(order, came, received)
    given_back = draws_not_come(order, received) if was_closed else []
    receipt = _store(Receipt(order=order, received_at=now(), received_by=actor, note=note, key=key), came)
    rows = [(line, came[line.id]) for line in order.lines if line.id in came]
    told = [[line.position, str(row.quantity), row.deviation.value] for line, row in rows]
    record(actor, "receive", "order", order.number, organisation_id=order.organisation_id, lines=told, note=note)
    for line, row in rows:
        received[line.id] = received.get(line.id, Decimal(0)) + row.quantity
    has_all = all(received.get(line.id, Decimal(0)) >= line.quantity for line in order.lines)
    if has_all and not was_closed:
        advance(order, "close")
        order.closed_at = now()
        record(actor, "close", "order", order.number, organisation_id=order.organisation_id, reason="allt mottaget")
    elif was_closed and not has_all:
        advance(order, "reopen_confirmed" if order.confirmed_at else "reopen")
        order.closed_at = None
        ceiling.take_again(given_back)
        record(actor, "reopen", "order", order.number, organisation_id=order.organisation_id)
    return receipt


def _store(receipt: Receipt, came: Mapping[int, Received]) -> Receipt:
    """The delivery and its rows, which are written in one statement however many they are."""
    db.session.add(receipt)
    db.session.flush()
    rows = [
        {
            "receipt_id": receipt.id,
            "order_line_id": line_id,
            "quantity": row.quantity,
            "deviation": row.deviation,
            "note": row.note,
        }
        for line_id, row in came.items()
    ]
    db.session.execute(insert(ReceiptLine), rows, execution_options={"render_nulls": True})
    return receipt


def _check_quantities(order: Order, came: Mapping[int, Received], received: Mapping[int, Decimal]) -> None:
    lines = {line.id: line for line in order.lines}
    for line_id, row in came.items():
        line = lines.get(line_id)
        if line is None:
            raise RuleBroken(_l("Raden hör inte till beställningen."))
        sum_after = received.get(line_id, Decimal(0)) + row.quantity
        if sum_after < 0:
            raise RuleBroken(_l("%(name)s: mer än vad som har kommit kan inte tas tillbaka.", name=line.name))
        if sum_after > line.quantity * MOST_TIMES:
            raise RuleBroken(_l("%(name)s: antalet verkar orimligt. Kontrollera det.", name=line.name))
        if (row.quantity < 0 or sum_after > line.quantity) and not row.note:
            raise RuleBroken(
                _l("%(name)s: skriv en kommentar när mer har kommit än beställt, eller när du rättar.", name=line.name)
            )
