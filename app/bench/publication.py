"""Publish: a long list put in force while four people search, with the worker of `avrop worker` beside them.

Each reader is a process that asks ten times a second. Beside what it took her stands what it took before; and every
answer is looked at: it shows one edition of the list, all of it or nothing of it.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import Any, NamedTuple

from app.bench.measure import Figure, milliseconds, p95, timed
from app.bench.price_file import write_file
from app.bench.prices import store
from app.bench.world import bench_app, make_counter, settings_for
from app.factory import create_app
from auth.organisation import Organisation
from catalog.actions.price_list import approve
from catalog.agreement import Award, CallOffMethod, Lot
from catalog.price_list import PriceList
from catalog.search import SearchRequest, search, update_index
from catalog.supplier import Supplier
from core.clock import today
from core.db import db, reading, unit_of_work
from core.types import sort_key

READERS = 4
THINKING = 0.1  # seconds between an answer and the next question
PATIENCE = 300.0
GOAL = 15.0  # seconds until the index shows the new prices
QUESTIONS = (
    *("servettduk", "kopieringspapper a4", "nitrilhandske medium", "havredryck ekologisk", "lärobok biologi"),
    *("papper", "vinröd rulle", "ohålat", "dryck", "handskar"),
)


class Answer(NamedTuple):
    """What a reader got: when, in how many seconds, how many hits of the supplier who publishes, of which lists."""

    question: str
    moment: float
    seconds: float
    hits: int
    lists: tuple[int, ...]


def bench_publish(database: str | None, seconds: float, quick: bool, rows: int | None = None) -> Iterator[Figure]:
    """A list of 100,000 rows unless told (10,000 when quick)."""
    count = rows or (10_000 if quick else 100_000)
    with bench_app(database) as (_app, url, folder):
        counter = make_counter()
        lists = _prepare(counter.award, counter.organisation, folder, count)
        label = f"{count:,} rows, {READERS} readers, {db.engine.dialect.name}"
        db.session.remove()
        db.engine.dispose()
        with _worker(url, folder), _readers(url, folder, counter.organisation, lists[:2]) as answers:
            ready = monotonic()
            sleep(seconds)
            began = monotonic()
            took = timed(lambda: _publish(lists[2]))
            shown = _wait_for(folder, lists[2], began)
            sleep(1.0 + seconds / 8)
        found = answers()
    before = [a.seconds for a in found if ready < a.moment < began]
    during = [a.seconds for a in found if began <= a.moment < began + shown + 1]
    yield milliseconds("publish", f"the transaction: {label}", took)
    yield milliseconds("publish", f"until the index shows it: {label}", shown, GOAL)
    yield milliseconds("publish", f"search meanwhile, p95: {label}", p95(during), p95(before))
    yield milliseconds("publish", f"search meanwhile, worst of {len(during)}: {label}", max(during), max(before))
    halves = sum(_is_half(answer, found, lists[1:]) for answer in found)
    yield Figure("publish", f"half lists seen in {len(found)} answers: {label}", halves, "answers")


def _is_half(answer: Answer, all_of_them: list[Answer], editions: list[int]) -> bool:
    """Whether it shows both editions, or other than all that the question finds in one of them."""
    whole = next(a.hits for a in all_of_them if a.question == answer.question)  # from before anything happened
    return len(set(answer.lists)) > 1 or not set(answer.lists) <= set(editions) or answer.hits not in (0, whole)


def _prepare(award: int, organisation: int, folder: Path, count: int) -> list[int]:
    """The supplier who publishes, her list in force, and the draft to publish: three ids. The index is made."""
    for name, many, edition in (("others", count // 5, 2), ("former", count, 0), ("new", count, 1)):
        write_file(folder / f"{name}.csv", many, edition)
    with unit_of_work() as session:
        former = session.get_one(Award, award)
        supplier = Supplier(
            organisation_number="5569000015",
            name="Andra Leverantören AB",
            sort_name=sort_key("Andra Leverantören AB"),
            street="Industrigatan 4",
            postal_code="83148",
            city="Östersund",
            order_email="order@andra.example",
        )
        lot = Lot(number="2", title="Annat", method=CallOffMethod.SINGLE, clause="Avtalet punkt 4.3")
        former.lot.agreement.lots.append(lot)
        other = Award(lot=lot, supplier=supplier)
        session.add_all([supplier, other])
        session.flush()
        other_id, supplier_id = other.id, former.supplier_id
    in_force = store(award, folder / "former.csv")
    for price_list in (store(other_id, folder / "others.csv"), in_force):
        _publish(price_list)
    with reading():
        update_index(anew=True)
    return [supplier_id, in_force, store(award, folder / "new.csv")]


def _publish(price_list: int) -> None:
    with unit_of_work() as session:
        approve(None, session.get_one(PriceList, price_list))


def _wait_for(folder: Path, price_list: int, began: float) -> float:
    """The seconds until the index says that it holds the list."""
    manifest = folder / "search" / "manifest.json"
    while str(price_list) not in json.loads(manifest.read_text("utf-8"))["lists"]:
        if monotonic() - began > PATIENCE:
            raise RuntimeError("the index never showed the new list")
        sleep(0.05)
    return monotonic() - began


@contextmanager
def _worker(url: str, folder: Path) -> Iterator[None]:
    """`avrop worker`, as it runs beside the pages."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AVROP_")}
    own = {"AVROP_DATABASE_URL": url, "AVROP_DATA_DIR": str(folder), "AVROP_SECRET_KEY": "x" * 40}
    command = [sys.executable, "-m", "app.cli", "worker"]
    with subprocess.Popen(command, env=inherited | own, stderr=subprocess.DEVNULL) as worker:
        try:
            yield
        finally:
            worker.terminate()


@contextmanager
def _readers(url: str, folder: Path, organisation: int, about: list[int]) -> Iterator[Any]:
    """Four processes that search until the end of the block; gives what gives their answers afterwards, by time."""
    context = multiprocessing.get_context("spawn")
    ready, end, told = context.Barrier(READERS + 1), context.Event(), context.SimpleQueue()
    tasks = [(url, folder, organisation, about[0], number, ready, end, told) for number in range(READERS)]
    processes = [context.Process(target=_read, args=task, daemon=True) for task in tasks]
    for process in processes:
        process.start()
    ready.wait(60)
    found: list[Answer] = []
    try:
        yield lambda: sorted(found, key=lambda answer: answer.moment)
    finally:
        end.set()
        for _ in processes:
            found.extend(Answer(*answer) for answer in told.get())
        for process in processes:
            process.join()


def _read(
    url: str, folder: Path, organisation: int, supplier: int, number: int, ready: Any, end: Any, told: Any
) -> None:
    answers: list[tuple[Any, ...]] = []
    app = create_app(settings_for(url, folder))
    questions = cycle((*QUESTIONS[number:], *QUESTIONS[:number]))
    for _ in QUESTIONS:  # each once, before the clock runs
        answers.append(_ask(app, next(questions), organisation, supplier))
    ready.wait(60)
    while not end.wait(THINKING):
        answers.append(_ask(app, next(questions), organisation, supplier))
    told.put(answers)


def _ask(app: Any, question: str, organisation: int, supplier: int) -> Answer:
    """A search as a page makes it, in an application context and a transaction of its own."""
    began = perf_counter()
    with app.app_context(), reading() as session:
        result = search(SearchRequest(question, session.get_one(Organisation, organisation), today()))
        seconds = perf_counter() - began
        count = sum(facet.count for facet in result.facets["supplier"] if facet.value == str(supplier))
        of_it = [h.article.price_list_id for h in result.hits if h.award.supplier_id == supplier]
    return Answer(question, monotonic(), seconds, count, tuple(sorted(set(of_it))))
