"""What must hold after every crash: asked of the database, of the mail server's log and of what people were told.

Each function returns what is wrong, in words; the numbers follow the list of invariants in the order they are checked.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text

from auth.journal import JournalEntry, verify
from catalog.ceiling import Ceiling
from core.db import db
from exchange.outbox import Attachment, MessageState, OutboxMessage
from orders.order import NumberSeries, Order, OrderCharge, OrderFile, OrderLine
from orders.requisition import Requisition, RequisitionState
from tests.crash.buyers import Told


def broken(told: Told, log: Path) -> list[str]:
    """Everything that is wrong; empty when the system kept its word."""
    taken = [json.loads(line) for line in log.read_text("utf-8").splitlines() if line.endswith("}")]
    return [*told.faults, *_database(), *_promises(told), *_numbers(), *_amounts(), *_mail(taken), *_journal()]


def _database() -> Iterator[str]:
    if db.engine.dialect.name == "sqlite" and (said := db.session.scalar(text("PRAGMA integrity_check"))) != "ok":
        yield f"the database is damaged: {said}"


def _promises(told: Told) -> Iterator[str]:
    """What somebody was told has happened."""
    states = dict(db.session.execute(select(Requisition.id, Requisition.state)).all())
    orders = Counter(db.session.scalars(select(Order.requisition_id)).all())
    for id_ in told.submitted - states.keys():
        yield f"requisition {id_} was acknowledged and is gone"
    for id_ in told.approved:
        if states.get(id_) is not RequisitionState.APPROVED:
            yield f"the approval of {id_} was acknowledged and is gone"
    for id_, state in states.items():
        expected = 1 if state is RequisitionState.APPROVED else 0  # each basket here has one supplier
        if orders[id_] != expected:
            yield f"requisition {id_} is {state.value} and has {orders[id_]} orders"
    if told.submitted and not told.submitted & {i for i, s in states.items() if s is RequisitionState.APPROVED}:
        yield "nothing was approved: the test has no power"


def _numbers() -> Iterator[str]:
    """Order numbers: no two alike, no gap."""
    serials = defaultdict(list)
    for organisation, year, serial in db.session.execute(select(Order.organisation_id, Order.year, Order.serial)):
        serials[organisation, year].append(serial)
    for series in db.session.scalars(select(NumberSeries)):
        drawn = sorted(serials.pop((series.organisation_id, series.year), []))
        if drawn != list(range(1, series.last + 1)):
            yield f"series {series.organisation_id}/{series.year} has {drawn} and stands at {series.last}"
    if serials:
        yield f"orders without a series: {dict(serials)}"


def _amounts() -> Iterator[str]:
    """Totals are sums of lines, and ceilings are sums of orders that they never let past."""
    lines = _sums(OrderLine.order_id, OrderLine.net_amount)
    charges = _sums(OrderCharge.order_id, OrderCharge.amount)
    ordered: defaultdict[int, Decimal] = defaultdict(Decimal)
    for order in db.session.scalars(select(Order)):
        ordered[order.agreement_id] += order.net_amount
        if order.net_amount != lines[order.id] + charges[order.id]:
            yield f"{order.number}: {order.net_amount} is not the sum of its lines"
    waiting = _reserved()
    for ceiling in db.session.scalars(select(Ceiling)):
        if ceiling.ordered != ordered[ceiling.agreement_id]:
            yield f"ceiling {ceiling.id} counts {ceiling.ordered}, its orders are {ordered[ceiling.agreement_id]}"
        if ceiling.reserved != waiting[ceiling.agreement_id]:
            yield f"ceiling {ceiling.id} reserves {ceiling.reserved}, waiting is {waiting[ceiling.agreement_id]}"
        if ceiling.limit is not None and ceiling.used > ceiling.limit:
            yield f"ceiling {ceiling.id} is passed: {ceiling.used} of {ceiling.limit}"


def _sums(key: Any, amount: Any) -> defaultdict[int, Decimal]:
    found = db.session.execute(select(key, func.sum(amount)).group_by(key)).all()
    return defaultdict(Decimal, {row[0]: row[1] for row in found})


def _reserved() -> defaultdict[int, Decimal]:
    found: defaultdict[int, Decimal] = defaultdict(Decimal)
    for requisition in db.session.scalars(select(Requisition).where(Requisition.state == RequisitionState.SUBMITTED)):
        for line in requisition.lines:
            found[line.agreement_id] += line.net_amount
    return found


def _mail(taken: list[dict[str, Any]]) -> Iterator[str]:
    """Every message went at least once, under one name, with the bytes that were stored; none went unpromised."""
    messages = {message.message_id: message for message in db.session.scalars(select(OutboxMessage))}
    files = defaultdict(list)
    for message_id, sha in db.session.execute(
        select(OutboxMessage.message_id, Attachment.sha256).join(Attachment.message).order_by(Attachment.id)
    ):
        files[message_id].append(sha)
    seen = Counter(mail["message_id"] for mail in taken)
    for mail in taken:
        message = messages.get(mail["message_id"])
        if message is None:
            yield f"{mail} was sent and never promised"
        elif (mail["to"], mail["files"]) != (message.recipient, files[message.message_id]):
            yield f"{mail} is not what was promised"
    for message in messages.values():
        if message.state is not MessageState.SENT:
            yield f"message {message.id} is {message.state.value}: {message.last_error}"
        elif not seen[message.message_id]:
            yield f"message {message.id} is marked as sent and never came"
    yield from _order_mail({m.about: files[m.message_id] for m in messages.values() if m.kind == "order"})
    twice = defaultdict(set)
    for mail in taken:
        if mail["order"] and mail["files"]:
            twice[mail["order"]].add(mail["message_id"])
    for number, names in twice.items():
        if len(names) > 1:
            yield f"{number} was sent under {len(names)} names"


def _order_mail(sent: dict[str | None, list[str]]) -> Iterator[str]:
    """Each order was promised to its supplier with the very files that are kept."""
    kept = defaultdict(list)
    for number, sha in db.session.execute(
        select(Order.number, OrderFile.sha256).join(OrderFile.order).order_by(OrderFile.id)
    ):
        kept[f"order:{number}"].append(sha)
    if kept != sent:
        yield f"orders and their mail differ: {set(kept) ^ set(sent)}"


def _journal() -> Iterator[str]:
    """The chain is whole, and each act is told exactly once."""
    _, first_broken = verify()
    if first_broken is not None:
        yield f"the journal is broken at {first_broken}"
    told = Counter(db.session.execute(select(JournalEntry.act, JournalEntry.thing, JournalEntry.thing_id)).all())
    for (act, thing, id_), times in told.items():
        if times > 1 and act in ("submit", "approve", "place"):
            yield f"{act} of {thing} {id_} is told {times} times"
    for number in db.session.scalars(select(Order.number)):
        if not told["place", "order", number]:
            yield f"nobody tells that {number} was placed"
    for id_ in db.session.scalars(select(Requisition.id)):
        if not told["submit", "requisition", str(id_)]:
            yield f"nobody tells that requisition {id_} was submitted"
