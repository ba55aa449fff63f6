"""Search quality: questions with known answers, asked over the demo catalogue, and how well the order fits.

The set is ours (`search_queries.csv`). What is right is said as a regular expression on `name | category`, in small
letters, so that it holds when the catalogue's generator changes; article numbers and GTIN are taken from the first
article that fits. A stable hash keeps every fourth question back: the analyser is tuned on the others only, and the
two parts are told apart in the figures.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import log2
from pathlib import Path

from sqlalchemy import select

from app.bench.measure import Figure, milliseconds, p95, timed
from app.bench.world import bench_app
from app.demo import make_demo
from auth.organisation import Organisation
from catalog.price_list import Article
from catalog.queries import offers
from catalog.search import SearchRequest, search, update_index
from core.clock import today
from core.db import db, reading

QUERIES = Path(__file__).with_name("search_queries.csv")
ASKER = "OSD"  # the order prefix of the demo's largest municipality: it may order from nearly everything
TUNED, HELD_BACK = "tuned", "held back"
DEPTH = 50
WORST = 20
KEPT_BACK_OF = 4  # every fourth question


@dataclass(frozen=True, slots=True)
class Goods:
    """An article as the questions see it."""

    id: int
    said: str  # name | category
    number: str
    gtin: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the ids of what is right."""

    kind: str
    text: str
    right: frozenset[int]
    part: str


@dataclass(frozen=True, slots=True)
class Marks:
    """How well one question was answered: both from 0 to 1."""

    question: Question
    ndcg: float
    recall: float
    first: str  # what came first


def bench_search_quality(database: str | None, _seconds: float, quick: bool) -> Iterator[Figure]:
    """NDCG@10 and recall@50 of each part and kind, then the worst questions; every figure's best is 1."""
    with bench_app(database):
        make_demo(purchases=0)
        with reading():
            update_index(anew=True)
            asker = db.session.scalars(select(Organisation).where(Organisation.order_prefix == ASKER)).one()
            goods = goods_of(asker)
            marks, times = [], []
            for question in questions(goods):
                times.append(timed(lambda q=question: marks.append(judge(q, asker))))  # type: ignore[misc]
    yield from _figures(marks)
    yield milliseconds("search-quality", f"one question, p95, {len(goods):,} articles", p95(times))
    for mark in sorted(marks, key=lambda m: (m.ndcg, m.recall))[: 5 if quick else WORST]:
        yield _worst(mark)


def _figures(marks: Sequence[Marks]) -> Iterator[Figure]:
    for part in (TUNED, HELD_BACK):
        of_part = [m for m in marks if m.question.part == part]
        yield from _means(of_part, f"all, {part}")
        for kind in dict.fromkeys(m.question.kind for m in marks):
            yield from _means([m for m in of_part if m.question.kind == kind], f"{kind}, {part}")


def _means(marks: Sequence[Marks], variant: str) -> Iterator[Figure]:
    if marks:
        for name, values in (("NDCG@10", [m.ndcg for m in marks]), (f"recall@{DEPTH}", [m.recall for m in marks])):
            label = f"{variant} ({len(marks)} questions)"
            yield Figure("search-quality", label, round(sum(values) / len(values), 4), name)


def _worst(mark: Marks) -> Figure:
    label = f"worst: {mark.question.kind} “{mark.question.text}” ({mark.question.part}) → {mark.first}"
    return Figure("search-quality", label, round(mark.ndcg, 4), "NDCG@10")


def goods_of(organisation: Organisation) -> list[Goods]:
    """All that the organisation may order today."""
    may = {o.price_list_id: o for o in offers(organisation, today()) if o.price_list_id and o.is_orderable}
    columns = (Article.id, Article.price_list_id, Article.name, Article.supplier_number, Article.gtin)
    rows = db.session.execute(select(*columns).where(Article.price_list_id.in_(may)).order_by(Article.name, Article.id))
    return [
        Goods(
            row.id, f"{row.name} | {may[row.price_list_id].category_name or ''}".lower(), row.supplier_number, row.gtin
        )
        for row in rows
    ]


def _said(name: str, category: str | None) -> str:
    return f"{name} | {category or ''}".lower()


def questions(goods: Sequence[Goods]) -> Iterator[Question]:
    """The set, with what is right in this catalogue. Raises ValueError for a question that nothing answers."""
    with QUERIES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            fits = re.compile(row["right"])
            right = [g for g in goods if fits.search(g.said)]
            if not right:
                raise ValueError(f"nothing in the catalogue is right for “{row['query']}”")
            text, answers = spelled(row["query"], right, goods)
            yield Question(row["kind"], text, frozenset(answers), _part(row))


def spelled(query: str, right: Sequence[Goods], goods: Sequence[Goods]) -> tuple[str, list[int]]:
    """The text of a question and the ids that answer it: for `{number}` and `{gtin}` those of the first fit."""
    if query.startswith("{gtin"):
        gtin = next(g.gtin for g in right if g.gtin)
        spaced = f"{gtin[0]} {gtin[1:7]} {gtin[7:]}"
        return (
            query.format_map({"gtin": _Spelling(gtin, zero=f"0{gtin}", spaced=spaced)}),
            [g.id for g in goods if g.gtin == gtin],
        )
    if query.startswith("{number"):
        number = right[0].number
        parts = (number[:2], number[2:])
        spellings = {"lower": number.lower(), "spaced": " ".join(parts), "hyphen": "-".join(parts)}
        return query.format_map({"number": _Spelling(number, **spellings)}), [g.id for g in goods if g.number == number]
    return query, [g.id for g in right]


class _Spelling:
    """A number that knows how people write it: `{number:spaced}`."""

    def __init__(self, plain: str, **spellings: str) -> None:
        self.spellings = {"": plain, **spellings}

    def __format__(self, how: str) -> str:
        return self.spellings[how]


def _part(row: dict[str, str]) -> str:
    told = sha256(f"{row['kind']};{row['query']};{row['right']}".encode()).digest()
    return HELD_BACK if told[0] % KEPT_BACK_OF == 0 else TUNED


def judge(question: Question, asker: Organisation) -> Marks:
    """Ask, and compare the order with the best one there is: all that is right before all that is not."""
    found = search(SearchRequest(question.text, asker, today(), size=DEPTH)).hits
    ids = [hit.article.id for hit in found]
    gained = sum(1 / log2(place + 2) for place, i in enumerate(ids[:10]) if i in question.right)
    best = sum(1 / log2(place + 2) for place in range(min(10, len(question.right))))
    recall = len(question.right.intersection(ids)) / min(DEPTH, len(question.right))
    return Marks(question, gained / best, recall, found[0].article.name if found else "nothing")
