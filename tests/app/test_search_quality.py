"""The measurement of the search: a set that is large, mixed and honest, and that the search answers well."""

from __future__ import annotations

import csv
from collections import Counter

import pytest
from sqlalchemy import select

from app.bench.search_quality import ASKER, HELD_BACK, QUERIES, TUNED, Goods, goods_of, judge, questions, spelled
from app.demo import make_demo
from auth.organisation import Organisation
from catalog.search import update_index
from core.db import TransactionalFlask, db, reading


def test_the_set_is_large_and_has_every_kind_of_question() -> None:
    with QUERIES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    kinds = Counter(row["kind"] for row in rows)
    assert len(rows) >= 300
    assert kinds.keys() == {"compound", "inflection", "typo", "everyday", "number", "gtin", "need", "brand"}
    asked = Counter((row["query"], row["right"]) for row in rows)
    assert [pair for pair, count in asked.items() if count > 1] == []


def test_both_parts_of_the_set_are_answered_well(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        make_demo(purchases=0)
        with reading():
            update_index(anew=True)
            asker = db.session.scalars(select(Organisation).where(Organisation.order_prefix == ASKER)).one()
            goods = goods_of(asker)
            marks = [judge(question, asker) for question in questions(goods)]
    for part in (TUNED, HELD_BACK):
        of_part = [mark.ndcg for mark in marks if mark.question.part == part]
        assert len(of_part) >= 75
        assert sum(of_part) / len(of_part) >= 0.9, part


@pytest.mark.parametrize(
    ("query", "text", "ids"),
    [
        ("{number}", "KP1001", [1]),
        ("{number:lower}", "kp1001", [1]),
        ("{number:hyphen}", "KP-1001", [1]),
        ("{number:spaced}", "KP 1001", [1]),
        ("{gtin:zero}", "07350000000012", [1, 2]),
        ("{gtin:spaced}", "7 350000 000012", [1, 2]),
        ("pärm", "pärm", [1]),
    ],
)
def test_a_number_is_asked_for_as_people_write_it(query: str, text: str, ids: list[int]) -> None:
    goods = [Goods(n, "pärm", f"KP{n}00{n}", "7350000000012") for n in (1, 2)]
    assert spelled(query, goods[:1], goods) == (text, ids)
