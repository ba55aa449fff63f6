"""Suggested categories: how often the code that the buyer chose is among the first that her title suggests.

The titles and the codes are files of whoever measures; nothing of them belongs to the product. A stable hash of a
title's words keeps a fifth of them back, so that a title written twice never stands on both sides; the weights in
catalog/likeness.py were found without that fifth.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import NamedTuple

import click

from app.bench.measure import Figure, milliseconds
from catalog.likeness import Likeness
from catalog.search.analyser import words

FIRST = 10
KEPT_BACK_OF = 10
KEPT_BACK = (0, 1)
QUICK = 300


class Titled(NamedTuple):
    """A title, and the CPV code that its buyer chose: eight digits."""

    title: str
    code: str


def bench_categories(
    _database: str | None,
    _seconds: float,
    quick: bool,
    titles: Path | None = None,
    codes: Path | None = None,
) -> Iterator[Figure]:
    """Learn from four fifths of the titles and ask for the others."""
    if titles is None or codes is None:
        raise click.UsageError("categories needs --titles FILE (query, cpv) and --codes FILE (code, name_sv)")
    known, asked = _parts(titles)
    asked = asked[:QUICK] if quick else asked
    started = perf_counter()
    likeness = Likeness(known, _names(codes), lambda code: (code[:2], code[:3]))
    yield milliseconds("categories", f"learn {len(known)} titles", perf_counter() - started)
    seconds: list[float] = []

    def timed(text: str) -> list[str]:
        started = perf_counter()
        ranked = likeness.rank(text)
        seconds.append(perf_counter() - started)
        return ranked

    floors = _shares(asked, likeness.nearest)
    for (variant, share), (_, floor) in zip(_shares(asked, timed), floors, strict=True):
        yield Figure("categories", variant, share, "%", floor, round(share / floor, 2) if floor else None)
    yield milliseconds("categories", "one title, p95", quantiles(seconds, n=20)[-1])


def _parts(titles: Path) -> tuple[list[Titled], list[Titled]]:
    """What is learnt from, and what is asked."""
    known: list[Titled] = []
    asked: list[Titled] = []
    with titles.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            folded = " ".join(words(row["query"]))
            is_kept_back = int(sha256(folded.encode()).hexdigest(), 16) % KEPT_BACK_OF in KEPT_BACK
            (asked if is_kept_back else known).append(Titled(row["query"], row["cpv"]))
    return known, asked


def _names(codes: Path) -> list[tuple[str, str]]:
    with codes.open(encoding="utf-8", newline="") as file:
        return [(row["name_sv"], row["code"]) for row in csv.DictReader(file)]


def _shares(asked: Sequence[Titled], rank: Callable[[str], Sequence[str]]) -> list[tuple[str, float]]:
    """Percent of the titles for which the right code, or its group or division, is first or among the first ten."""
    places = ("first", f"among the first {FIRST}")
    right: dict[str, int] = {f"{what} {place}": 0 for what in ("code", "group", "division") for place in places}
    for title, code in asked:
        ranked = rank(title)[:FIRST]
        for what, digits in (("code", 8), ("group", 3), ("division", 2)):
            found = [each[:digits] for each in ranked]
            right[f"{what} {places[0]}"] += found[:1] == [code[:digits]]
            right[f"{what} {places[1]}"] += code[:digits] in found
    return [(f"{variant}, {len(asked)} titles", round(100 * count / len(asked), 1)) for variant, count in right.items()]
