"""Approvals: the last yes, which places the order. Alone beside its parts, and by eight at once on one ceiling."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import event, select, text

from app.bench.documents import bare_canvas, bare_lxml
from app.bench.measure import Figure, Work, compare, counted, milliseconds, rate, timed
from app.bench.world import Counter, bench_app, make_counter, settings_for
from app.factory import create_app
from auth.organisation import DeliveryAddress, Organisation, Unit
from auth.user import User
from catalog.price_list import Article
from core import db as ground
from core.db import db, reading, rollback, unit_of_work
from orders.actions.approval import approve
from orders.actions.basket import add
from orders.actions.placing import approvers_of
from orders.actions.requisition import Checkout, submit
from orders.approval import ApprovalStep
from orders.approval_queries import steps_of
from orders.documents import order_document
from orders.order import FileKind, Order, OrderFile
from orders.requisition import Requisition

WRITERS = 8
QUANTITY = Decimal(3)
MOST = 75  # approvals a second that there is work for: more than two processors manage


def bench_approvals(database: str | None, seconds: float, quick: bool) -> Iterator[Figure]:
    """The last approval alone, then `WRITERS` processes for 30 s (5 s when quick)."""
    with bench_app(database) as (_app, url, folder):
        counter = make_counter()
        yield _alone(counter, seconds)
        duration = 5.0 if quick else 30.0
        requisitions = make_requisitions(counter, count=int(duration * MOST))
        yield from _together(url, folder, counter, requisitions, duration)


def make_requisitions(counter: Counter, count: int) -> list[int]:
    """Submitted requisitions of five lines, each waiting for its one approver. Commits."""
    made = []
    for start in range(0, count, 100):
        with unit_of_work():
            made += [submit_one(counter, number) for number in range(start, min(count, start + 100))]
    return made


def submit_one(counter: Counter, number: int) -> int:
    """Fill the basket and send it; returns the requisition's id."""
    session = db.session
    orderer = session.get_one(User, counter.orderer)
    organisation = session.get_one(Organisation, counter.organisation)
    for article in session.scalars(select(Article).where(Article.id.in_(counter.articles))):
        add(orderer, organisation, article, QUANTITY)
    checkout = Checkout(
        unit=session.get_one(Unit, counter.unit),
        address=session.get_one(DeliveryAddress, counter.address),
        key=f"bench-{number}-{perf_counter()}",
    )
    return submit(orderer, organisation, checkout).id


def decide(approver_id: int, requisition_id: int) -> None:
    """What the approval page's button does."""
    step = db.session.scalars(select(ApprovalStep).where(ApprovalStep.requisition_id == requisition_id)).one()
    seen = db.session.get_one(Requisition, requisition_id).content_hash or ""
    approve(db.session.get_one(User, approver_id), step, None, seen)
    for last_step in ground._last_steps:  # what the commit adds: the journal's entries
        last_step(db.session())


def _alone(counter: Counter, seconds: float) -> Figure:
    """Everything up to the commit, rolled back each time; so is the floor. The wait for the disk is in neither."""
    requisition = make_requisitions(counter, 1)[0]

    def ours() -> None:
        try:
            decide(counter.approver, requisition)
        finally:
            rollback()

    places = _sequences()
    with _written() as statements, counted(db.engine) as queries:
        decide(counter.approver, requisition)
    order = db.session.scalars(select(Order).where(Order.requisition_id == requisition)).one()
    canvas = bare_canvas(order_document(order, approvers_of(steps_of(order.requisition))))
    xml = bare_lxml(next(file.content for file in order.documents if file.kind is FileKind.UBL))
    rollback()
    raw = _replay(statements, places)

    def floor() -> None:
        canvas()
        xml()
        raw()

    value, least = compare(ours, floor, seconds)
    return milliseconds("approvals", "the last approval alone, before its commit", value, least, len(queries))


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as it went to the driver."""

    text: str
    parameters: Any

    @property
    def has_many(self) -> bool:
        """Whether the parameters are those of several rows; SQLAlchemy says so also of one INSERT of many rows."""
        return isinstance(self.parameters, list) and isinstance(self.parameters[0], tuple | dict)


class _written:
    """Collects the INSERTs and UPDATEs that are sent meanwhile."""

    def __enter__(self) -> list[Statement]:
        self.statements: list[Statement] = []
        event.listen(db.engine, "before_cursor_execute", self._note)
        return self.statements

    def __exit__(self, *_: object) -> None:
        event.remove(db.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, text: str, parameters: Any, *_rest: object) -> None:
        if text.startswith(("INSERT", "UPDATE", "WITH")):
            self.statements.append(Statement(text, parameters))


def _sequences() -> list[tuple[str, int | None]]:
    """Where PostgreSQL's keys stand: a replay must draw the same keys again, or its rows do not fit together."""
    if db.engine.dialect.name != "postgresql":
        return []
    with reading() as session:
        found = session.execute(text("SELECT quote_ident(sequencename), last_value FROM pg_sequences"))
        return [(row[0], row[1]) for row in found]


def _replay(statements: list[Statement], places: list[tuple[str, int | None]]) -> Work:
    """The same rows by the bare driver, in one transaction that is rolled back."""

    def write() -> None:
        connection = db.session.connection()
        for name, last in places:
            connection.execute(
                text("SELECT setval(:name, :last, :called)"),
                {
                    "name": name,
                    "last": last or 1,
                    "called": last is not None,
                },
            )
        cursor = connection.connection.cursor()
        for statement in statements:
            (cursor.executemany if statement.has_many else cursor.execute)(statement.text, statement.parameters)
        cursor.close()
        rollback()

    return write


def _together(url: str, folder: Path, counter: Counter, requisitions: list[int], duration: float) -> Iterator[Figure]:
    engine = db.engine.dialect.name
    with reading() as session:
        size = max((len(file.content) for file in session.scalars(select(OrderFile))), default=30_000)
    db.session.remove()
    done, errors, slowest = _race(_approve_many, url, folder, counter, requisitions, duration)
    floor, _, _ = _race(_write_many, url, folder, counter, [size] * WRITERS, duration / 2)
    yield rate("approvals", f"{WRITERS} writers on one ceiling, {engine}", done, floor, "approvals/s")
    yield Figure("approvals", f"{WRITERS} writers, errors that a user would see", errors, "errors", floor=0)
    yield milliseconds("approvals", f"{WRITERS} writers, the slowest approval", slowest)


def _race(
    target: Callable[..., None], url: str, folder: Path, counter: Counter, work: list[int], duration: float
) -> tuple[float, int, float]:
    """Let `WRITERS` processes work for so long, each warm before the start: rate, errors, the slowest."""
    context = multiprocessing.get_context("spawn")
    results: Queue[tuple[int, int, float, float]] = context.Queue()
    start = context.Barrier(WRITERS)
    writers = [
        context.Process(target=target, args=(url, folder, counter, work[index::WRITERS], duration, start, results))
        for index in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    told = [results.get(timeout=duration + 120) for _ in writers]
    for writer in writers:
        writer.join()
    return (
        sum(count / took for count, _, took, _ in told),
        sum(errors for _, errors, _, _ in told),
        max(slowest for *_, slowest in told),
    )


def _approve_many(
    url: str, folder: Path, counter: Counter, work: list[int], duration: float, start: Barrier, results: Any
) -> None:
    """One writer: approve until the time or the work is out."""
    times: list[float] = []
    errors = 0
    with create_app(settings_for(url, folder)).app_context():
        _approve_one(counter, work.pop())
        start.wait()
        began = perf_counter()
        while work and perf_counter() - began < duration:
            try:
                times.append(timed(lambda: _approve_one(counter, work.pop())))
            except Exception:
                errors += 1
        results.put((len(times), errors, perf_counter() - began, max(times, default=0.0)))


def _approve_one(counter: Counter, requisition: int) -> None:
    with unit_of_work() as session:
        step = session.scalars(select(ApprovalStep).where(ApprovalStep.requisition_id == requisition)).one()
        approve(session.get_one(User, counter.approver), step, None, step.content_hash)
    db.session.remove()


def _write_many(
    url: str, folder: Path, counter: Counter, work: list[int], duration: float, start: Barrier, results: Any
) -> None:
    """The floor of one writer: the ceiling's counter and a row with so many bytes, sent by the bare driver."""
    count = 0
    with create_app(settings_for(url, folder)).app_context():
        mark = "%s" if db.engine.dialect.name == "postgresql" else "?"
        content = bytes(work[0])
        start.wait()
        began = perf_counter()
        while perf_counter() - began < duration:
            with unit_of_work() as session:
                cursor = session.connection().connection.cursor()
                cursor.execute("UPDATE ceiling SET external = external + 1 WHERE limit_amount > external")
                cursor.execute(
                    "INSERT INTO agreement_document (agreement_id, name, media_type, sha256, size, content, added_at)"
                    f" VALUES (1, 'x', 'x', 'x', 1, {mark}, '2026-01-01')",
                    (content,),
                )
            count += 1
        results.put((count, 0, perf_counter() - began, 0.0))
