"""Suggestion: the category of the office's own tree that words resemble, learnt from what lies in it already.

What is learnt from: the names of the categories in both languages, and for each the titles and summaries of its
agreements, the titles of its lots, and the names of the first articles of the price lists in force. Learnt once for
each state of these, when the first page asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, func, select

from catalog.agreement import Agreement, Award, Lot
from catalog.category import Category
from catalog.likeness import Likeness
from catalog.price_list import Article, PriceList, PriceListState, Publication
from core.db import db

MOST = 4
ARTICLES = 40  # of each price list
_known: dict[str, tuple[object, Likeness[int]]] = {}
_lock = Lock()


def suggest_categories(
    words: str, categories: Iterable[Category], *, besides: int | None = None, most: int = MOST
) -> list[Category]:
    """The categories that the words most resemble, the likest first; `besides` is the one that is chosen already.

    Two small queries more than the categories; a few larger ones when something has been learnt anew.
    """
    by_id = {category.id: category for category in categories}
    if not words.strip() or not by_id:
        return []
    ranked = _likeness(by_id).rank(words, most + 1)
    return [by_id[number] for number in ranked if number != besides][:most]


def article_names(lot: Lot) -> Sequence[str]:
    """The names of the first articles that can be ordered under a lot."""
    return db.session.scalars(
        select(Article.name)
        .join(PriceList, PriceList.id == Article.price_list_id)
        .join(Award, Award.id == PriceList.award_id)
        .where(Award.lot_id == lot.id, PriceList.state == PriceListState.PUBLISHED)
        .order_by(Article.id)
        .limit(ARTICLES)
    ).all()


def _likeness(categories: dict[int, Category]) -> Likeness[int]:
    told = [(c.id, c.name, c.name_en, c.path) for c in categories.values()]
    state = select(func.count(Agreement.id), func.sum(Agreement.version), func.max(Publication.last))
    stamp = (
        told,
        tuple(db.session.execute(state.select_from(Agreement).join(Publication, Publication.last >= 0)).one()),
    )
    place = str(db.engine.url)
    with _lock:
        held = _known.get(place)
    if held is None or held[0] != stamp:
        names = [(name, number) for number, *both, _path in told for name in both if name]
        branch_of = {number: _branches(path) for number, _name, _name_en, path in told}
        examples = [(text, number) for text, number in _examples() if number in branch_of]
        held = (stamp, Likeness(examples, names, branch_of.__getitem__))
        with _lock:
            _known[place] = held
    return held[1]


def _branches(path: str) -> tuple[str, str]:
    """The root that a category lies under, and the branch just above it."""
    ids = path.strip("/").split("/")
    return ids[0], "/".join(ids[:-1] or ids)


def _examples() -> Iterator[tuple[str, int]]:
    """Texts and the id of the category that each was given."""
    agreements = select(Agreement.title, Agreement.summary, Agreement.category_id)
    for title, summary, number in db.session.execute(agreements):
        if number is not None:
            yield f"{title} {summary or ''}", number
    category: ColumnElement[Any] = func.coalesce(Lot.category_id, Agreement.category_id)
    lots = select(Lot.title, category).join(Agreement, Agreement.id == Lot.agreement_id)
    yield from ((title, number) for title, number in db.session.execute(lots.where(category.is_not(None))))
    first = (
        select(Article.price_list_id, func.min(Article.id).label("id"))
        .join(PriceList, PriceList.id == Article.price_list_id)
        .where(PriceList.state == PriceListState.PUBLISHED)
        .group_by(Article.price_list_id)
        .subquery()
    )
    articles = (
        select(Article.name, category)
        .join(first, first.c.price_list_id == Article.price_list_id)
        .join(Award, Award.id == Article.award_id)
        .join(Lot, Lot.id == Award.lot_id)
        .join(Agreement, Agreement.id == Lot.agreement_id)
        # the rows of a list are stored one after the other
        .where(category.is_not(None), Article.id.between(first.c.id, first.c.id + ARTICLES - 1))
    )
    yield from ((name, number) for name, number in db.session.execute(articles))
