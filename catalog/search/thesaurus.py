"""Thesaurus: the office's synonyms as the query uses them, at search time: no index has to be made anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from sqlalchemy import Select, func, select

from catalog.search.analyser import STOP_WORDS, stem, words
from catalog.synonym import Synonym
from core.db import db, prepared

Phrase = tuple[str, ...]
_known: dict[str, tuple[object, Thesaurus]] = {}
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Thesaurus:
    """What a phrase (its stems) also means: other phrases (their words)."""

    meanings: dict[Phrase, tuple[Phrase, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str, bool]]) -> Thesaurus:
        """From word, meaning, and whether it goes both ways."""
        found: dict[Phrase, dict[Phrase, None]] = {}
        for word, means, is_both_ways in pairs:
            for one, other in ((word, means), (means, word))[: 2 if is_both_ways else 1]:
                if (key := stems(one)) and (phrase := tuple(words(other))):
                    found.setdefault(key, {})[phrase] = None
        return cls({key: tuple(phrases) for key, phrases in found.items()})

    @property
    def longest(self) -> int:
        """Words of the longest phrase that means something else."""
        return max(map(len, self.meanings), default=0)

    def find(self, asked: list[str], at: int) -> tuple[int, tuple[Phrase, ...]]:
        """The longest phrase that begins at a word: how many words it has and what it means. (0, ()) for none."""
        if self.meanings:
            stemmed = tuple(stem(word) for word in asked[at : at + self.longest])
            for length in range(len(stemmed), 0, -1):
                if phrases := self.meanings.get(stemmed[:length]):
                    return length, phrases
        return 0, ()


def stems(text: str) -> Phrase:
    """A text as it is compared: all forms of its words are one."""
    said = list(words(text))
    return tuple(stem(word) for word in [w for w in said if w not in STOP_WORDS] or said)


def load_thesaurus() -> Thesaurus:
    """The synonyms as the database has them now. One small query; another one when something has changed."""
    stamp = tuple(db.session.execute(*_stamp()).one())
    if not stamp[0]:
        return Thesaurus()
    place = str(db.engine.url)
    with _lock:
        held = _known.get(place)
    if held is None or held[0] != stamp:
        rows = db.session.execute(select(Synonym.word, Synonym.means, Synonym.is_both_ways).order_by(Synonym.id))
        held = (stamp, Thesaurus.of((row[0], row[1], row[2]) for row in rows))
        with _lock:
            _known[place] = held
    return held[1]


@prepared
def _stamp() -> Select[int, int, datetime]:
    return select(func.count(), func.max(Synonym.id), func.max(Synonym.changed_at))
