"""The worker: hands over the mail that waits, and does what has to be done now and then. Any number may run at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.indexing import keep_index
from app.pictures import follow_pictures, keep_pictures
from auth.actions.leftovers import remove_leftovers
from catalog.actions.price_list import publish_due
from catalog.actions.upload import sweep_uploads
from catalog.actions.watch import remind_of_dates, warn_of_ceilings
from catalog.search import follow_index
from core.config import Settings
from core.db import db, rollback
from exchange.delivery import Round, Send, deliver_due
from exchange.outbox import OutboxMessage
from exchange.smtp import Connection, build
from orders.actions.approval import remove_old_links, settle_steps
from orders.actions.blanket import end_blankets
from orders.actions.block import begin_blocks
from orders.actions.emergency import flag_overdue
from orders.actions.need import remind_late
from orders.actions.opening import tell_openings
from orders.actions.reminder import ask_substitutes, escalate_steps, remind_of_steps
from orders.order import Order, OrderState

log = logging.getLogger(__name__)

BUSY_PAUSE, IDLE_PAUSE = 1.0, 2.0  # seconds between two looks into the outbox
TROUBLE_PAUSES = (5.0, 15.0, 30.0, 60.0)  # while the mail server or the database is away
PATIENCE = 5.0  # seconds that each thread beside the mail gets to end
JOBS_EVERY = 30  # looks between two runs of the jobs: about a minute

# What is done now and then, in transactions of its own; each returns how many things it changed.
JOBS: list[Callable[[], int]] = [
    *(publish_due, settle_steps, remind_late, tell_openings, end_blankets, flag_overdue),
    *(warn_of_ceilings, remind_of_dates, begin_blocks),
    *(ask_substitutes, remind_of_steps, escalate_steps),
    *(remove_leftovers, remove_old_links, sweep_uploads),
]


def run_worker(app: Flask, stop: Event) -> None:
    """Deliver mail until `stop` is set; the message in hand is finished first. Needs no signal, so a thread will do.

    A mail server or a database that is away is waited for. Threads beside it keep up the search index and fetch
    pictures.
    """
    threads = [
        Thread(target=work, args=(app, stop), name=work.__name__, daemon=True) for work in (keep_index, keep_pictures)
    ]
    for thread in threads:
        thread.start()
    try:
        _deliver_until(app, stop)
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)


def _deliver_until(app: Flask, stop: Event) -> None:
    looks = troubles = 0
    while not stop.is_set():
        pause = IDLE_PAUSE
        with app.app_context():
            try:
                done = _deliver(app, stop)
                troubles = troubles + 1 if done.is_server_down else 0
                pause = BUSY_PAUSE if done.tried else IDLE_PAUSE
                if looks % JOBS_EVERY == 0:
                    _run_jobs(JOBS, stop)
            except Exception:
                log.exception("the outbox cannot be read")
                troubles += 1
        looks += 1
        if troubles:
            pause = TROUBLE_PAUSES[min(troubles, len(TROUBLE_PAUSES)) - 1]
        stop.wait(pause)


def run_once(app: Flask, stop: Event) -> bool:
    """Deliver until nothing is due, run the jobs, bring the index up and fetch some pictures, once.

    False when the mail server was down. Raises what the database raises.
    """
    with app.app_context():
        _run_jobs([*JOBS, follow_index, follow_pictures], stop)
        while True:
            done = _deliver(app, stop)
            if done.is_server_down:
                return False
            if done.tried == 0 or stop.is_set():
                return True


def may_send(message: OutboxMessage) -> str | None:
    """Why an order must not go to its supplier after all: much may happen between the approval and the sending."""
    if message.kind != "order":
        return None
    number = (message.about or "").removeprefix("order:")
    order = db.session.scalar(select(Order).where(Order.number == number).options(joinedload(Order.supplier)))
    if order is None:
        return f"Beställningen {number} finns inte."
    if order.state is OrderState.CANCELLED:
        return "Beställningen är annullerad."
    if order.supplier.is_blocked:
        return f"Leverantören {order.supplier.name} är spärrad: {order.supplier.blocked_reason}"
    return None


def _deliver(app: Flask, stop: Event) -> Round:
    settings: Settings = app.config["AVROP"]
    with _way_out(settings) as send:
        return deliver_due(send, may_send=may_send, stopped=stop.is_set)


@contextmanager
def _way_out(settings: Settings) -> Iterator[Send]:
    """The mail server, or the mailbox page when none is set: there the messages stay in the outbox, marked as sent."""
    if settings.smtp is None:
        # built all the same: what could not be sent must not look sent here either
        yield lambda mail: build(mail, settings.mail_from)
        return
    with Connection(settings.smtp, settings.mail_from) as connection:
        yield connection.send


def _run_jobs(jobs: Iterable[Callable[[], int]], stop: Event) -> None:
    for job in jobs:
        if stop.is_set():
            return
        try:
            if changed := job():
                log.info("%s: %s", job.__name__, changed)
        except Exception:
            rollback()
            log.exception("the job %s failed", job.__name__)
