"""Finder: from a question to the rows of the database, by way of the index.

What may be shown is decided by the database before the index is asked, and the hits are read from the database
again under the same condition: never a wrong price, never a foreign lot. What the index lacks is merely missed.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import select
from tantivy import Order, Query

from catalog.finding import Ask
from catalog.price_list import Article
from catalog.queries import Offer, articles_in_force, offers
from catalog.rules import judge
from catalog.search.analyser import STOP_WORDS, fold, stem, words
from catalog.search.index import Reader, open_index, update_index
from catalog.search.query import NOTHING, TextQuery, lifted, understand, within
from catalog.search.request import Facet, Hit, SearchRequest, SearchResult
from catalog.search.suggest import did_you_mean
from catalog.search.thesaurus import load_thesaurus
from catalog.steering import load_facts
from core.db import db

FEW = 10  # fewer hits than this are filled up with those that have some of the words
SMALL = 2_000  # articles: as many are indexed by whoever asks first, more are left to the worker
DEEPEST = 10_000  # hits one can page through
NAMES_SHOWN = 4
MOST_MARKS = 100

Filter = Callable[[Offer], bool]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What the index answers: ids of this page, the hits per price list and the marks before they were chosen."""

    ids: list[int]
    per_list: Counter[int]
    marks: Counter[str]
    suggestion: str | None = None
    alternative: str | None = None


def search(request: SearchRequest) -> SearchResult:
    """Answer a question within what the organisation may order on the day (or see, where it asks for that)."""
    known = offers(request.organisation, request.on)
    visible = [o for o in known if o.price_list_id and (o.is_orderable or request.include_not_orderable)]
    reader = _reader(visible)
    filters = _filters(request)
    chosen = [o for o in visible if all(fits(o) for fits in filters.values())]
    found = _ask(reader, request, visible, chosen) if reader is not None else _browse(request, chosen)
    chosen_ids = {o.price_list_id for o in chosen if o.price_list_id}
    return SearchResult(
        hits=_hits(found.ids, chosen_ids, request),
        total=sum(count for list_id, count in found.per_list.items() if list_id in chosen_ids),
        facets=_facets(request, visible, filters, found),
        agreements=_named(known, request.text, lambda o: o.agreement_id),
        suppliers=_suppliers(visible, request.text),
        suggestion=found.suggestion,
        alternative=found.alternative,
        is_indexed=reader is not None,
        number=request.page,
        size=request.size,
    )


def _reader(visible: Sequence[Offer]) -> Reader | None:
    """The index, brought up to date first where that takes no time; none while there is none."""
    reader = open_index()
    held = reader.manifest.lists if reader is not None else {}
    missing = [o for o in visible if held.get(str(o.price_list_id)) != o.published_at]
    if missing and sum(o.article_count for o in (visible if reader is None else missing)) <= SMALL:
        try:
            update_index(wait=False)
        except (OSError, ValueError) as error:  # a full disk, a folder that cannot be written: browse meanwhile
            log.error("the search index cannot be brought up to date: %s", error)
        reader = open_index()
    return reader


def _filters(request: SearchRequest) -> dict[str, Filter]:
    filters: dict[str, Filter] = {}
    if request.agreement_id is not None:
        filters["agreement"] = lambda o: o.agreement_id == request.agreement_id
    if request.supplier_id is not None:
        filters["supplier"] = lambda o: o.supplier_id == request.supplier_id
    if request.category_id is not None:
        filters["category"] = lambda o: f"/{request.category_id}/" in (o.category_path or "")
    return filters


def _ask(reader: Reader, request: SearchRequest, visible: Sequence[Offer], chosen: Sequence[Offer]) -> Found:
    thesaurus = request.thesaurus or (load_thesaurus() if request.text.strip() else NOTHING)
    visible_ids, chosen_ids = _indexed(reader, visible), _indexed(reader, chosen)
    understood = understand(reader, request.text, visible_ids, thesaurus) if request.text.strip() else None
    if request.text.strip() and understood is None:
        return Found([], Counter(), Counter())
    query = _text_query(reader, understood, visible_ids)
    per_list, marks = _counts(reader, query, visible_ids)
    if understood is not None and not per_list:
        understood = understand(reader, request.text, visible_ids, thesaurus, is_eager=True) or understood
        query = _text_query(reader, understood, visible_ids)
        per_list, marks = _counts(reader, query, visible_ids)
    if chosen_ids != visible_ids:
        _, marks = _counts(reader, query, chosen_ids)
    if request.marks:
        query = within(query, reader.schema, "marks", list(request.marks))
        per_list, _ = _counts(reader, query, visible_ids)
    here = within(query, reader.schema, "price_list", chosen_ids)
    if understood is not None:
        here = lifted(here, reader.schema, _indexed(reader, _of_the_kind(chosen, request.text)))
    ids = _page_of_ids(reader, here, request, is_text=understood is not None)
    # a mended word that finds nothing may stand in a price list that is not theirs to see: it is not told
    suggestion = understood.suggestion if understood is not None and per_list else None
    alternative = None
    if understood is not None and suggestion is None and sum(per_list.values()) < FEW:
        alternative = did_you_mean(reader, request.text, visible_ids)
    return Found(ids, per_list, marks, suggestion, alternative)


def _of_the_kind(some: Sequence[Offer], text: str) -> list[Offer]:
    """The offers whose category or lot is named by a word of the text: what stands there is most likely meant."""
    wanted = {stem(word) for word in words(text)}
    return [o for o in some if wanted & _stems(f"{o.category_name or ''} {o.lot_title}")]


def _indexed(reader: Reader, some: Sequence[Offer]) -> list[int]:
    """The price lists that are in force and stand in the index as they are in force."""
    lists = reader.manifest.lists
    return [o.price_list_id for o in some if o.price_list_id and lists.get(str(o.price_list_id)) == o.published_at]


def _text_query(reader: Reader, understood: TextQuery | None, visible_ids: list[int]) -> Query:
    if understood is None:
        return Query.all_query()
    if understood.loose is None:
        return understood.strict
    strict = within(understood.strict, reader.schema, "price_list", visible_ids)
    few = len(reader.searcher.search(strict, limit=FEW, count=False).hits) < FEW
    return understood.loose if few else understood.strict


def _counts(reader: Reader, query: Query, list_ids: list[int]) -> tuple[Counter[int], Counter[str]]:
    """How many hits there are in each of the price lists, and with each mark."""
    terms = {
        "price_list": {"terms": {"field": "price_list", "size": max(1, len(list_ids))}},
        "marks": {"terms": {"field": "marks", "size": MOST_MARKS}},
    }
    answer = reader.searcher.aggregate(within(query, reader.schema, "price_list", list_ids), terms)
    per_list, marks = (
        Counter({bucket["key"]: bucket["doc_count"] for bucket in answer[name]["buckets"]}) for name in terms
    )
    return Counter({int(key): count for key, count in per_list.items()}), marks


def _page_of_ids(reader: Reader, query: Query, request: SearchRequest, *, is_text: bool) -> list[int]:
    start = (request.page - 1) * request.size
    if not 0 <= start < DEEPEST:
        return []
    sort = request.sort if is_text or request.sort == "price" else "name"
    field = {"price": "price", "name": "sort_name"}.get(sort)
    order = Order.Desc if field is None else Order.Asc
    answer = reader.searcher.search(
        query, limit=request.size, offset=start, count=False, order_by_field=field, order=order
    )
    addresses = [address for _score, address in answer.hits]
    return [int(value or 0) for value in reader.searcher.fast_field_values("article", addresses)]


def _browse(request: SearchRequest, chosen: Sequence[Offer]) -> Found:
    """Without an index: the lists one after the other, straight from the database."""
    lists = [o.price_list_id for o in chosen if o.price_list_id]
    statement = (
        select(Article.id)
        .where(Article.price_list_id.in_(lists))
        .order_by(Article.price_list_id, Article.id)
        .limit(request.size)
        .offset(max(0, request.page - 1) * request.size)
    )
    ids = list(db.session.scalars(statement)) if not request.text.strip() else []
    sizes = Counter({o.price_list_id: o.article_count for o in chosen if o.price_list_id})
    return Found(ids, sizes if not request.text.strip() else Counter(), Counter())


def _hits(ids: list[int], list_ids: set[int], request: SearchRequest) -> list[Hit]:
    if not ids:
        return []
    by_id = articles_in_force(ids, list_ids, request.on)
    articles = [by_id[i] for i in ids if i in by_id]
    if not articles:
        return []
    asks = [Ask(article) for article in articles]
    current = {(article.award_id, article.supplier_number): article for article in articles}
    facts = load_facts(asks, request.organisation, request.on, current=current)
    judged = judge(asks, facts)
    return [Hit(a, facts.awards[a.award_id], found) for a, found in zip(articles, judged, strict=True)]


def _facets(
    request: SearchRequest, visible: Sequence[Offer], filters: dict[str, Filter], found: Found
) -> dict[str, list[Facet]]:
    """Counts of each facet under all the *other* choices: what choosing another value would leave."""

    def facet(name: str, key: Callable[[Offer], int | None], label: Callable[[Offer], str | None]) -> list[Facet]:
        others = [fits for other, fits in filters.items() if other != name]
        counts: Counter[int] = Counter()
        labels: dict[int, str] = {}
        for o in visible:
            value = key(o)
            count = found.per_list.get(o.price_list_id or 0, 0)
            if value is not None and count and all(fits(o) for fits in others):
                counts[value] += count
                labels[value] = label(o) or ""
        chosen = getattr(request, f"{name}_id")
        return [Facet(str(v), labels[v], n, v == chosen) for v, n in counts.most_common()]

    marks = [Facet(m, m, n, m in request.marks) for m, n in found.marks.most_common()]
    return {
        "category": facet("category", lambda o: o.category_id, lambda o: o.category_name),
        "supplier": facet("supplier", lambda o: o.supplier_id, lambda o: o.supplier_name),
        "agreement": facet(
            "agreement", lambda o: o.agreement_id, lambda o: f"{o.agreement_number} {o.agreement_title}"
        ),
        "mark": marks,
    }


@lru_cache(maxsize=5_000)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words(text) if word not in STOP_WORDS)


@lru_cache(maxsize=20_000)
def _folded(text: str) -> str:
    return fold(text)


def _named(some: Sequence[Offer], text: str, key: Callable[[Offer], int]) -> list[Offer]:
    """The agreements that a text names, by number, title, lot or supplier: one offer of each."""
    wanted = [stem(word) for word in words(text) if word not in STOP_WORDS and len(word) >= 2]
    found: dict[int, Offer] = {}
    for o in some if wanted else ():
        said = _folded(f"{o.agreement_number} {o.agreement_title} {o.lot_title} {o.supplier_name}")
        if all(word in said for word in wanted):
            found.setdefault(key(o), o)
    return list(found.values())[:NAMES_SHOWN]


def _suppliers(some: Sequence[Offer], text: str) -> list[Offer]:
    wanted = [word for word in words(text) if len(word) >= 3]
    found: dict[int, Offer] = {}
    for o in some if wanted else ():
        if all(word in _folded(o.supplier_name) for word in wanted):
            found.setdefault(o.supplier_id, o)
    return list(found.values())[:NAMES_SHOWN]
