"""Gathering: the articles of price lists, read once and cut into words, kept in a file until the vocabulary is learned.

An index needs every word twice: first all of them are counted, for what the catalogue writes decides how compounds
are split; then they are indexed. Memory does not grow with the catalogue.
"""

from __future__ import annotations

import marshal
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy import BigInteger, select, type_coerce

from catalog.price_list import Article
from catalog.search.analyser import code, words
from core.db import db
from core.types import Quantity, sort_key

BATCH = 2_000
_WHOLE = 10**Quantity.places


class IndexedArticle(NamedTuple):
    """An article as the index gets it; texts as their words."""

    id: int
    price_list: int
    price: int  # SEK for one unit × 10,000
    sort_name: str
    codes: str
    name: list[str]
    other: list[str]  # brand, synonyms, marks
    description: list[str]
    marks: list[str]


def gather(list_ids: Iterable[str], counts: Counter[str], file: BinaryIO) -> None:
    """Write the articles of some price lists to the file, and count in how many of them each word stands."""
    for rows in _batches(list_ids):
        articles = []
        for row in rows:
            name, description = list(words(row.name)), list(words(row.description or ""))
            marks = [mark for mark in map(str.strip, (row.marks or "").split(",")) if mark]
            told = f"{row.brand or ''} {row.synonyms or ''}"
            other = list(words(told))
            counts.update({*name, *other, *description})
            if marks:
                other = list(words(f"{told} {row.marks}"))
            price = min(2**63, row.price * _WHOLE // row.base_quantity)
            codes = f"{code(row.supplier_number)} {code(row.gtin or '')}"
            key = sort_key(row.name)[:60]
            articles.append((row.id, row.price_list_id, price, key, codes, name, other, description, marks))
        marshal.dump(articles, file)


def gathered(file: BinaryIO) -> Iterator[IndexedArticle]:
    """What has been written to the file, from its beginning."""
    end = file.tell()
    file.seek(0)
    while file.tell() < end:
        yield from map(IndexedArticle._make, marshal.load(file))  # noqa: S302  our own, in a file without a name


def _batches(list_ids: Iterable[str]) -> Iterator[Sequence[Any]]:
    """The articles of some price lists, list by list and some thousand at a time: never all in memory."""
    columns = (
        *(Article.id, Article.price_list_id, Article.supplier_number, Article.gtin, Article.name, Article.brand),
        *(Article.synonyms, Article.description, Article.marks),
        *(type_coerce(amount, BigInteger) for amount in (Article.price, Article.base_quantity)),  # as they are stored
    )
    for list_id in sorted(map(int, list_ids)):
        last = 0
        while True:
            statement = select(*columns).where(Article.price_list_id == list_id, Article.id > last)
            rows = db.session.execute(statement.order_by(Article.id).limit(BATCH)).all()
            yield rows
            if len(rows) < BATCH:
                break
            last = rows[-1].id
