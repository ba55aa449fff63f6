"""Import: a price list from the file to a stored draft that is compared with the list in force.

The floor is what nobody can do without: the csv module reading the same file, and one bulk INSERT of the same rows,
ready as the driver takes them, into a table of the same columns, indexes and constraints (COPY on PostgreSQL). The
triggers that guard our table against changes of a published list are a part of ours and none of the floor.
"""

from __future__ import annotations

import csv
import marshal
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from python_calamine import load_workbook
from sqlalchemy import text

from app.bench.measure import Figure, milliseconds, timed
from app.bench.price_file import write_file
from app.bench.world import bench_app, make_counter, settings_for
from app.factory import create_app
from catalog.actions.price_list import approve, import_price_list
from catalog.actions.price_review import difference_of
from catalog.agreement import Award
from catalog.price_list import Article, PriceList
from core.clock import today
from core.db import db, insert_many, reading, unit_of_work
from exchange.pricefile import TRUSTED, open_price_file

FEW = 10_000  # rows of the list that memory is compared with
CHUNK = 5_000
COLUMNS = [column.name for column in Article.__table__.columns if column.name != "id"]  # the list is the first


def bench_import(
    database: str | None, _seconds: float, quick: bool, rows: int | None = None, form: str = "csv"
) -> Iterator[Figure]:
    """100,000 rows unless told (10,000 when quick): the best of three turns, of one with more than 200,000."""
    count = rows or (FEW if quick else 100_000)
    with bench_app(database) as (_app, url, folder):
        award = make_counter().award
        former, file, few = folder / "former.csv", folder / "list.csv", folder / "few.csv"
        for path, many, edition in ((former, count, 0), (file, count, 1), (few, FEW, 1)):
            write_file(path, many, edition)
        in_force = store(award, former)
        with unit_of_work() as session:
            approve(None, session.get_one(PriceList, in_force))
        memory = _memory(url, folder, award, file), _memory(url, folder, award, few)
        kept = _floor_table(store(award, file), folder)
        ours, floors = [], []
        for _ in range(1 if count > 200_000 else 3):
            ours.append(_bring_in(award, file))
            floors.append(_read_csv(file) + _insert(kept))
        label = f"{count:,} rows, csv, {db.engine.dialect.name}"
        best, least = min(map(sum, ours)), min(floors)
        yield milliseconds("import", label, best, least)
        for name, times in zip(("read, checked and stored", "compared"), zip(*ours, strict=True), strict=True):
            yield milliseconds("import", f"{name}: {label}", min(times), least)
        yield milliseconds("import", f"read and checked alone: {label}", timed(lambda: _read(file)), _read_csv(file))
        if form == "xlsx":
            yield _as_workbook(award, folder, count, best)
        yield _megabytes(f"memory above the empty process, beside {FEW:,} rows: {label}", *memory)


def _as_workbook(award: int, folder: Path, count: int, csv_time: float) -> Figure:
    """The same list as XLSX. The floor is half as much again as the CSV, and calamine reading the workbook."""
    file = folder / "list.xlsx"
    write_file(file, count, 1)
    turns = range(3)
    calamine = min(timed(lambda: sum(1 for _ in load_workbook(file).get_sheet_by_index(0).iter_rows())) for _ in turns)
    ours = min(sum(_bring_in(award, file)) for _ in turns)
    label = f"{count:,} rows, xlsx, {db.engine.dialect.name}, beside 1.5 × csv + calamine"
    return milliseconds("import", label, ours, 1.5 * csv_time + calamine)


def _bring_in(award: int, path: Path) -> tuple[float, float]:
    """The seconds until the draft is stored for good, and those of comparing it."""
    began = perf_counter()
    new = store(award, path)
    stored = perf_counter()
    with reading() as session:
        difference = difference_of(session.get_one(PriceList, new))
        assert difference.totals.former and difference.page(None, 1).items
    return stored - began, perf_counter() - stored


def store(award: int, path: Path) -> int:
    """Bring a list in as a draft; gives its id. Commits."""
    with unit_of_work() as session, path.open("rb") as file:
        outcome = import_price_list(None, session.get_one(Award, award), file, path.name, today(), TRUSTED)
        if outcome.price_list is None:
            raise RuntimeError(f"{path.name} was refused: {outcome.problems[:3]}")
        return outcome.price_list.id


def _read(path: Path) -> None:
    with path.open("rb") as file, open_price_file(file, path.name, TRUSTED) as source:
        for _ in source.chunks(remember=False):
            pass


def _read_csv(path: Path) -> float:
    def read() -> None:
        with path.open(encoding="utf-8", newline="") as file:
            for _ in csv.reader(file, delimiter=";"):
                pass

    return timed(read)


def _floor_table(price_list: int, folder: Path) -> Path:
    """A table like that of the articles, with the same articles but for those of one list, which are kept in a file as
    the driver takes them: some thousand at a time. Gives the file. Commits."""
    with unit_of_work() as session:
        if db.engine.dialect.name == "postgresql":
            session.execute(text("CREATE TABLE floor (LIKE article INCLUDING ALL)"))
            lists = "FOREIGN KEY (price_list_id, award_id) REFERENCES price_list (id, award_id)"
            session.execute(text(f"ALTER TABLE floor ADD {lists}"))
        else:
            made = "SELECT sql FROM sqlite_master WHERE tbl_name = 'article' AND type IN ('table', 'index')"
            for statement in session.scalars(text(f"{made} AND sql > '' ORDER BY type DESC")).all():
                renamed = statement.replace("TABLE article", "TABLE floor").replace("ON article", "ON floor")
                session.execute(text(renamed.replace("INDEX ix_article", "INDEX ix_floor")))
        names = ", ".join(COLUMNS)
        session.execute(
            text(f"INSERT INTO floor ({names}) SELECT {names} FROM article WHERE price_list_id <> {price_list}")
        )
        rows = text(f"SELECT {names} FROM article WHERE price_list_id = {price_list} ORDER BY id")
        found = session.connection().execution_options(yield_per=CHUNK).execute(rows)
        with (kept := folder / "rows").open("wb") as file:
            for chunk in found.partitions():
                marshal.dump([tuple(row) for row in chunk], file)
    return kept


def _insert(kept: Path) -> float:
    """The seconds of one bulk INSERT of the rows that were kept, as rows of the newest list; without those of fetching
    them from the file."""
    with reading() as session:
        newest = session.execute(text("SELECT max(id) FROM price_list")).scalar()
    fetching = 0.0

    def chunks() -> Iterator[list[Any]]:
        nonlocal fetching
        with kept.open("rb") as file:
            while True:
                started = perf_counter()
                try:
                    chunk = [(newest, *row[1:]) for row in marshal.load(file)]
                except EOFError:
                    return
                fetching += perf_counter() - started
                yield chunk

    began = perf_counter()
    with unit_of_work():
        insert_many("floor", COLUMNS, chunks())
    return perf_counter() - began - fetching


def _memory(url: str, folder: Path, award: int, path: Path) -> int:
    """The most bytes that a process of its own takes for bringing a list in, above what it took before."""
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    process = context.Process(target=_store_apart, args=(url, folder, award, path, far))
    process.start()
    taken: int = near.recv()
    process.join()
    return taken


def _store_apart(url: str, folder: Path, award: int, path: Path, told: Any) -> None:
    app = create_app(settings_for(url, folder))
    with app.app_context():
        with reading() as session:
            session.get_one(Award, award)
        before = _status("VmRSS")
        store(award, path)
        told.send(_status("VmHWM") - before)


def _status(name: str) -> int:
    """Bytes, as Linux tells of this process: VmRSS is what it holds, VmHWM the most that it ever held."""
    told = Path("/proc/self/status").read_text()
    return int(told.partition(f"{name}:")[2].split()[0]) * 1024


def _megabytes(variant: str, value: int, floor: int) -> Figure:
    """A figure in millions of bytes, beside that of the list of 10,000 rows."""
    return Figure("import", variant, round(value / 1e6, 1), "MB", round(floor / 1e6, 1), round(value / floor, 2))
