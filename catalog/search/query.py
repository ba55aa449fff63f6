"""Query: a text as the index understands it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tantivy
from tantivy import Occur, Query

from catalog.search.analyser import STOP_WORDS, code, stem, words
from catalog.search.index import Reader

LONGEST = 200  # characters of a question that are read
MOST_WORDS = 12
FIELDS = (("name", 3.0), ("keywords", 2.0), ("parts", 1.5), ("description", 0.4))
CODE_BOOST = 50.0
STRICT_BOOST = 20.0  # what has all the words stands before what has some
SHORTEST_PREFIX = 3


@dataclass(frozen=True, slots=True)
class TextQuery:
    """`strict` wants every word, `loose` some of them, strict ones first. `suggestion`: the text with mended words."""

    strict: Query
    loose: Query | None
    suggestion: str | None


def understand(reader: Reader, text: str) -> TextQuery | None:
    """Read a text; none when there is nothing in it to search for."""
    text = text[:LONGEST]
    asked = list(words(text))[:MOST_WORDS]
    meant = [word for word in asked if word not in STOP_WORDS] or asked
    codes = _codes(reader, text)
    if not meant:
        return None
    mended = [_mended(reader, word, word == asked[-1]) for word in meant]
    each = [_word(reader, word, is_last=meant[n] == asked[-1]) for n, word in enumerate(mended)]
    every = _all(each)
    strict = _any([every, *codes])
    loose = None
    if len(each) > 1:
        some = Query.boolean_query([(Occur.Should, q) for q in each], max(1, len(each) - 1))
        loose = _any([Query.boost_query(every, STRICT_BOOST), some, *codes])
    return TextQuery(strict, loose, " ".join(mended) if mended != meant else None)


def _mended(reader: Reader, word: str, is_last: bool) -> str:
    """The word, or the known one a typing error away from it."""
    known = reader.vocabulary
    if known.knows(word) or known.parts(word) or (is_last and known.beginning_with(word)) or known.containing(word):
        return word
    return known.corrected(word) or word


def _word(reader: Reader, word: str, *, is_last: bool) -> Query:
    """A word stands there itself, as a part of a compound, or as its parts; the last one may be unfinished."""
    known = reader.vocabulary
    ways = [_term(reader, stem(word))]
    if parts := known.parts(word):
        ways.append(Query.boost_query(_all([_term(reader, part) for part in parts]), 0.5))
    others = known.beginning_with(word) if is_last and len(word) >= SHORTEST_PREFIX else []
    if not known.knows(word):
        others = [*others, *known.containing(word)]
    if others:
        for field, score in (("name", 1.0), ("parts", 0.5)):
            ways.append(Query.const_score_query(Query.term_set_query(reader.schema, field, others), score))
    return _any(ways)


def _term(reader: Reader, token: str) -> Query:
    return _any(
        [
            Query.boost_query(Query.term_query(reader.schema, field, token, index_option="freq"), boost)
            for field, boost in FIELDS
        ]
    )


def _codes(reader: Reader, text: str) -> list[Query]:
    """Article numbers and GTIN, exact in any spelling: as one word, as each word, and as neighbours."""
    pieces = text.split()[:MOST_WORDS]
    candidates = {code(text), *map(code, pieces), *(code(a + b) for a, b in zip(pieces, pieces[1:], strict=False))}
    wanted = sorted(c for c in candidates if len(c) >= 3 and any(x.isdigit() for x in c))
    if not wanted:
        return []
    return [Query.const_score_query(Query.term_set_query(reader.schema, "code", wanted), CODE_BOOST)]


def _all(queries: list[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, q) for q in queries])


def _any(queries: list[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, q) for q in queries])


def within(query: Query, schema: tantivy.Schema, field: str, values: list[Any]) -> Query:
    """The query narrowed to documents with one of the values, which has no say in the ranking."""
    held = Query.const_score_query(Query.term_set_query(schema, field, values), 0.0)
    return Query.boolean_query([(Occur.Must, query), (Occur.Must, held)])
