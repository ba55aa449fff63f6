"""Query: a text as the index understands it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tantivy
from tantivy import Occur, Query

from catalog.search.analyser import STOP_WORDS, code, stem, words
from catalog.search.index import Reader
from catalog.search.thesaurus import Thesaurus

LONGEST = 200  # characters of a question that are read
MOST_WORDS = 12
# What a word is worth where it stands. Constants, not BM25: names are short, and what is left equal keeps the order
# of the supplier's own list. They are small integers or halves of them, so that sums are exact and ties are ties.
SCORES = (("lead", 1), ("name", 4), ("keywords", 2), ("parts", 1), ("description", 0.5))
CODE_SCORE = 1000  # a number that is exactly right
STRICT_SCORE = 100  # what has all the words stands before what has some
KIND_SCORE = 2  # its category is named as the word that is asked for
SHORTEST_PREFIX = 3
WHOLE_BOOST = 2.5  # two words written as one weigh more than the two apart
NOTHING = Thesaurus()


@dataclass(frozen=True, slots=True)
class TextQuery:
    """`strict` wants every word, `loose` some of them, strict ones first. `suggestion`: the text with mended words."""

    strict: Query
    loose: Query | None
    suggestion: str | None


def understand(
    reader: Reader, text: str, list_ids: list[int], thesaurus: Thesaurus = NOTHING, *, is_eager: bool = False
) -> TextQuery | None:
    """Read a text with the office's synonyms; none when there is nothing in it to search for.

    Words are mended with those of the given price lists only: a word of another one would tell what stands there.
    `is_eager` mends more, for when nothing was found.
    """
    text = text[:LONGEST]
    asked = [_known_form(reader, word) for word in list(words(text))[:MOST_WORDS]]
    meant = [word for word in asked if word not in STOP_WORDS] or asked
    codes = _codes(reader, text)
    if not meant:
        return None
    mended, each = _read(reader, meant, asked[-1], list_ids, thesaurus, is_eager)
    every = _all(each)
    strict = _any([every, *codes])
    loose = None
    if len(each) > 1:
        some = Query.boolean_query([(Occur.Should, q) for q in each], max(1, len(each) - 1))
        loose = _any([every, Query.const_score_query(every, STRICT_SCORE), some, *codes])
    return TextQuery(strict, loose, " ".join(mended) if mended != meant else None)


def _known_form(reader: Reader, word: str) -> str:
    """The word without an ending that only hides it, unless it may be one that is not finished yet."""
    return word if reader.vocabulary.beginning_with(word, 1) else reader.vocabulary.base(word)


def _read(
    reader: Reader, meant: list[str], last: str, list_ids: list[int], thesaurus: Thesaurus, is_eager: bool
) -> tuple[list[str], list[Query]]:
    """The words as they were read, and a query for each of them. A phrase with synonyms is one, and so are two words
    that the catalogue writes together."""
    known = reader.vocabulary
    mended: list[str] = []
    each: list[Query] = []
    at = 0
    while at < len(meant):
        length, phrases = thesaurus.find(meant, at)
        taken = meant[at : at + max(1, length)]
        whole = None
        if not length and at + 1 < len(meant) and (whole := known.joined(taken[0], meant[at + 1])):
            taken = meant[at : at + 2]
        elif not length:
            taken = [_mended(reader, taken[0], list_ids, is_last=taken[0] == last, is_eager=is_eager)]
        queries = [_word(reader, word, is_last=meant[at + n] == last) for n, word in enumerate(taken)]
        others = [_all([_word(reader, word, is_last=False) for word in phrase]) for phrase in phrases]
        if whole is not None:
            others = [Query.boost_query(_word(reader, whole, is_last=meant[at + 1] == last), WHOLE_BOOST)]
        each.append(_any([_all(queries), *others]))
        mended += taken
        at += len(taken)
    return mended, each


def _mended(reader: Reader, word: str, list_ids: list[int], *, is_last: bool, is_eager: bool) -> str:
    """The word, or the one a typing error or two away from it that stands in one of the price lists. Where nothing was
    found (`is_eager`), a word that was only put together from known parts is mended, too."""
    known = reader.vocabulary
    if known.knows(word) or (is_last and known.beginning_with(word)):
        return word
    if not is_eager and (known.is_sound(word) or known.containing(word)):
        return word
    return next((other for other in known.corrections(word) if _stands_in(reader, other, list_ids)), word)


def _stands_in(reader: Reader, word: str, list_ids: list[int]) -> bool:
    query = within(_term(reader, stem(word)), reader.schema, "price_list", list_ids)
    return bool(reader.searcher.search(query, limit=1, count=False).hits)


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
        for field, score in (("name", 1), ("parts", 0.5)):
            ways.append(Query.const_score_query(_one_of(reader.schema, field, others), score))
    return _any(ways)


def _term(reader: Reader, token: str) -> Query:
    return _any(
        [
            Query.const_score_query(Query.term_query(reader.schema, field, token, index_option="basic"), score)
            for field, score in SCORES
        ]
    )


def _codes(reader: Reader, text: str) -> list[Query]:
    """Article numbers and GTIN, exact in any spelling: as one word, as each word, and as neighbours."""
    pieces = text.split()[:MOST_WORDS]
    candidates = {code(text), *map(code, pieces), *(code(a + b) for a, b in zip(pieces, pieces[1:], strict=False))}
    wanted = sorted(c for c in candidates if len(c) >= 3 and any(x.isdigit() for x in c))
    if not wanted:
        return []
    return [Query.const_score_query(_one_of(reader.schema, "code", wanted), CODE_SCORE)]


def _all(queries: list[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, q) for q in queries])


def _any(queries: list[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, q) for q in queries])


def lifted(query: Query, schema: tantivy.Schema, list_ids: list[int]) -> Query:
    """The query with the documents of some price lists a little higher."""
    if not list_ids:
        return query
    higher = Query.const_score_query(_one_of(schema, "price_list", list_ids), KIND_SCORE)
    return Query.boolean_query([(Occur.Must, query), (Occur.Should, higher)])


def within(query: Query, schema: tantivy.Schema, field: str, values: list[Any]) -> Query:
    """The query narrowed to documents with one of the values, which has no say in the ranking."""
    held = Query.const_score_query(_one_of(schema, field, values), 0.0)
    return Query.boolean_query([(Occur.Must, query), (Occur.Must, held)])


def _one_of(schema: tantivy.Schema, field: str, values: list[Any]) -> Query:
    """Documents with one of the values. The index prepares for a set as long as for sixty values looked up singly."""
    if len(values) > 60:
        return Query.term_set_query(schema, field, values)
    each = [Query.term_query(schema, field, value, index_option="basic") for value in values]
    return Query.boolean_query([(Occur.Should, query) for query in each])
