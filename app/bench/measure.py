"""Measuring: two things that take turns, and the figure that comes of it."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from time import perf_counter

from sqlalchemy import event
from sqlalchemy.engine import Engine

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report. `floor` is in the same unit; `ratio` says how far above (or, for a rate, below) it is."""

    name: str
    variant: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    queries: int | None = None

    def __str__(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


def milliseconds(
    name: str, variant: str, value: float, floor: float | None = None, queries: int | None = None
) -> Figure:
    """A figure in milliseconds from times in seconds."""
    return Figure(
        name=name,
        variant=variant,
        value=round(value * 1000, 3),
        unit="ms",
        floor=None if floor is None else round(floor * 1000, 3),
        ratio=None if not floor else round(value / floor, 2),
        queries=queries,
    )


def rate(name: str, variant: str, value: float, floor: float | None, unit: str) -> Figure:
    """A figure of so many a second; a ratio of 0.5 is half of the floor's rate."""
    return Figure(
        name=name,
        variant=variant,
        value=round(value, 1),
        unit=unit,
        floor=None if floor is None else round(floor, 1),
        ratio=None if not floor else round(value / floor, 2),
    )


def compare(ours: Work, floor: Work, seconds: float, least: int = 5) -> tuple[float, float]:
    """The median seconds of each, taking turns for about so long; the first turn of each is not counted."""
    ours()
    floor()
    times: tuple[list[float], list[float]] = ([], [])
    end = perf_counter() + seconds
    with _steady():
        while perf_counter() < end or len(times[0]) < least:
            for work, into in zip((ours, floor), times, strict=True):
                into.append(timed(work))
    return median(times[0]), median(times[1])


def timed(work: Work) -> float:
    """The seconds that one call takes."""
    began = perf_counter()
    work()
    return perf_counter() - began


def p95(times: list[float]) -> float:
    """The time that 19 of 20 keep."""
    return quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


def p99(times: list[float]) -> float:
    """The time that 99 of 100 keep."""
    return quantiles(times, n=100)[-1] if len(times) > 1 else times[0]


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile, without those that begin and end transactions."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN", "SET TRANSACTION", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextmanager
def _steady() -> Iterator[None]:
    """Without the garbage collector's own appointments."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
