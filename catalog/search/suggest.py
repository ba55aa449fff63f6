"""Suggest: what a text that is being written may become, and what may have been meant by one that finds little.

Only words that stand in articles which the organisation may order are offered: the index's vocabulary knows the words
of all price lists, also of those that are not hers to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tantivy import Occur, Query

from auth.organisation import Organisation
from catalog.queries import orderable_price_lists
from catalog.search.analyser import STOP_WORDS, stem, words
from catalog.search.index import Reader, open_index
from core.db import db, prepared

MOST = 8
TRIED = 24  # words that are asked for until enough of them may be shown
SHORTEST = 2
RARE = 3  # articles: a word that stands in so few may be a typing error of somebody else's
TIMES_MORE = 10  # as much commoner must be what was meant
REMEMBERED = 20_000  # answers to whether words stand somewhere
FIELDS = ("name", "keywords")


def suggest(text: str, organisation: Organisation, on: date) -> list[str]:
    """At most eight texts that begin with what is written, the commonest first. One query to the database."""
    asked = list(words(text))
    if not asked or text[-1:].isspace() or len(asked[-1]) < SHORTEST:
        return []
    reader = open_index()
    if reader is None:
        return []
    visible = db.session.scalars(*_visible(organisation.id, on))
    lists = [i for i in visible if str(i) in reader.manifest.lists]
    before, begun = asked[:-1], asked[-1]
    near = reader.vocabulary.completions(begun, TRIED) or reader.vocabulary.corrections(begun)
    found: list[str] = []
    for word in near:
        if _stands(reader, [*before, word], lists):
            found.append(" ".join([*before, word]))
            if len(found) == MOST:
                break
    return found


_visible = prepared(orderable_price_lists)


def did_you_mean(reader: Reader, text: str, list_ids: Sequence[int]) -> str | None:
    """The text with its rare words replaced by much commoner ones a typing error away; none when that is no better."""
    known = reader.vocabulary
    asked = list(words(text))
    meant = []
    for word in asked:
        count = known.count_of(word)
        rare = count <= RARE and word not in STOP_WORDS
        other = next(iter(known.corrections(word)), None) if rare else None
        meant.append(other if other and known.count_of(other) >= max(1, count) * TIMES_MORE else word)
    return " ".join(meant) if meant != asked and _stands(reader, meant, list_ids) else None


def _stands(reader: Reader, all_of: Sequence[str], list_ids: Sequence[int]) -> bool:
    """Whether an article of the lists has all the words in its name or keywords. The answer is the same as long as
    the index is, so it is kept with the opened index."""
    key = (tuple(all_of), tuple(list_ids))
    if (known := reader.stands.get(key)) is None:
        if len(reader.stands) >= REMEMBERED:
            reader.stands.clear()
        known = reader.stands[key] = _look(reader, all_of, list_ids)
    return known


def _look(reader: Reader, all_of: Sequence[str], list_ids: Sequence[int]) -> bool:
    each = [
        Query.boolean_query([(Occur.Should, Query.term_query(reader.schema, f, stem(w), "basic")) for f in FIELDS])
        for w in all_of
        if w not in STOP_WORDS
    ]
    if not each or not list_ids:
        return False
    every = Query.boolean_query([(Occur.Must, query) for query in each])
    # counted in every list there is: narrowing the question to hers takes ten times as long
    in_lists = {"terms": {"field": "price_list", "size": len(reader.manifest.lists)}}
    counted = reader.searcher.aggregate(every, {"lists": in_lists})["lists"]["buckets"]
    return not set(list_ids).isdisjoint(int(bucket["key"]) for bucket in counted)
