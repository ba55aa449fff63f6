"""Likeness: which of the known labels a text most resembles, learnt from texts whose label is known.

Five witnesses vote: the nearest known texts, the names of the labels, the words that are typical of a label (naive
Bayes, weighted), the branches of the tree that the nearest texts lie in, and how common a label is. Words count by
their stem and by their pieces of four letters, so that compounds and typing errors find their kin. The weights were
found on procurement titles with CPV codes (docs/decisions, likeness).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from heapq import nlargest
from math import log, log1p, sqrt
from typing import Generic, TypeVar

from catalog.search.analyser import STOP_WORDS, stem, words

Label = TypeVar("Label", bound=Hashable)
Key = TypeVar("Key", bound=Hashable)

PIECE = 4
NEAREST = 100  # known texts that vote
CANDIDATES = 40  # labels that each witness may bring
NEAR, NAMED, TYPICAL, WIDE, NARROW, COMMON = 0.8, 0.8, 0.7, 0.4, 0.3, 0.8  # how much each witness counts


def features(text: str) -> Counter[str]:
    """What a text is compared by: stems (=…) and pieces of its words."""
    found: Counter[str] = Counter()
    for word in words(text):
        if word not in STOP_WORDS:
            found[f"={stem(word)}"] += 1
            edged = f"<{word}>"
            found.update(edged[at : at + PIECE] for at in range(len(edged) - PIECE + 1))
    return found


class Texts:
    """Known texts as an inverted index of vectors (TF-IDF, of length one)."""

    def __init__(self, known: Iterable[Counter[str]]) -> None:
        told = list(known)
        self.holders = Counter(feature for found in told for feature in found)
        self._rarity = {feature: log((len(told) + 1) / (count + 0.5)) for feature, count in self.holders.items()}
        self._postings: dict[str, tuple[list[int], list[float]]] = defaultdict(lambda: ([], []))
        for number, found in enumerate(told):
            for feature, weight in self.vector(found).items():
                numbers, weights = self._postings[feature]
                numbers.append(number)
                weights.append(weight)

    def vector(self, found: Counter[str]) -> dict[str, float]:
        """The known features with their weights."""
        raw = {f: (1 + log(count)) * self._rarity[f] for f, count in found.items() if f in self._rarity}
        length = sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        return {feature: weight / length for feature, weight in raw.items()}

    def nearest(self, vector: Mapping[str, float], most: int) -> list[tuple[int, float]]:
        """The known texts that are most like it (number, cosine), the likest first."""
        sums: defaultdict[int, float] = defaultdict(float)
        for feature, weight in vector.items():
            numbers, weights = self._postings[feature]
            for number, other in zip(numbers, weights, strict=True):
                sums[number] += weight * other
        return nlargest(most, sums.items(), key=lambda pair: (pair[1], -pair[0]))


class Likeness(Generic[Label]):
    """Learns once, then ranks labels for any text.

    examples: texts and their labels. names: what labels are called; a label may have several, or have no example.
    branches: the wider and the narrower branch of the tree that a label lies in.
    """

    def __init__(
        self,
        examples: Iterable[tuple[str, Label]],
        names: Iterable[tuple[str, Label]],
        branches: Callable[[Label], tuple[Hashable, Hashable]],
    ) -> None:
        told, named = list(examples), list(names)
        found = [features(text) for text, _ in told]
        self._labels = [label for _, label in told]
        self._named = [label for _, label in named]
        self._texts, self._names = Texts(found), Texts(features(name) for name, _ in named)
        self._branches = branches
        self._count = Counter(self._labels)
        self._holders: dict[str, Counter[Label]] = defaultdict(Counter)  # feature → in how many texts of a label
        for here, label in zip(found, self._labels, strict=True):
            for feature in here:
                self._holders[feature][label] += 1

    def rank(self, text: str, most: int = 10) -> list[Label]:
        """The labels that the text most resembles, the likest first; none where it resembles nothing known."""
        found = features(text)
        vector = self._texts.vector(found)
        votes: defaultdict[Label, float] = defaultdict(float)
        for number, likeness in self._texts.nearest(vector, NEAREST):
            votes[self._labels[number]] += likeness * likeness
        names: dict[Label, float] = {}
        for number, likeness in self._names.nearest(self._names.vector(found), CANDIDATES):
            names.setdefault(self._named[number], likeness)
        typical = self._typical(vector)
        candidates = {label for witness in (votes, names, typical) for label in _foremost(witness)}
        wide, narrow = self._shares(votes, 0), self._shares(votes, 1)
        near, named, typical = _even(votes), _even(names), _even(typical)
        commonest = log1p(max(self._count.values(), default=1))

        def score(label: Label) -> float:
            branches = self._branches(label)
            return (
                NEAR * near.get(label, 0)
                + NAMED * named.get(label, 0)
                + TYPICAL * typical.get(label, 0)
                + WIDE * wide.get(branches[0], 0)
                + NARROW * narrow.get(branches[1], 0)
                + COMMON * log1p(self._count[label]) / commonest
            )

        return nlargest(most, candidates, key=lambda label: (score(label), str(label)))

    def nearest(self, text: str, most: int = 10) -> list[Label]:
        """The labels of the nearest known texts: what a ranking has to beat."""
        near = self._texts.nearest(self._texts.vector(features(text)), 20 * most)
        return list(dict.fromkeys(self._labels[number] for number, _ in near))[:most]

    def _typical(self, vector: Mapping[str, float]) -> dict[Label, float]:
        sums: defaultdict[Label, float] = defaultdict(float)
        for feature, weight in vector.items():
            usual = len(self._labels) / self._texts.holders[feature]
            for label, count in self._holders[feature].items():
                sums[label] += weight * log1p(count / (self._count[label] + 2) * usual)
        return sums

    def _shares(self, votes: Mapping[Label, float], level: int) -> dict[Hashable, float]:
        """How much of the votes falls on each branch."""
        total = sum(votes.values()) or 1.0
        shares: defaultdict[Hashable, float] = defaultdict(float)
        for label, vote in votes.items():
            shares[self._branches(label)[level]] += vote / total
        return shares


def _foremost(votes: Mapping[Label, float]) -> list[Label]:
    return nlargest(CANDIDATES, votes, key=lambda label: votes[label])


def _even(votes: Mapping[Key, float]) -> dict[Key, float]:
    """The same votes with 1 for the most."""
    most = max(votes.values(), default=0.0) or 1.0
    return {key: vote / most for key, vote in votes.items()}
