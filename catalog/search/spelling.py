"""Spelling: the known words that lie near one that nobody has written.

Vocabularies are compared, never documents. Words that share enough three-letter pieces are looked up first, so that
only some dozens are measured however many words there are.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence

SHORTEST = 4
TWO_ERRORS_FROM = 7  # letters; in a shorter word a second error makes another word of it
MEASURED = 60  # words with the most pieces in common
COMMON = 20_000  # a piece that so many words share tells nothing


class Speller:
    """Looks up near words. `words` must not change afterwards."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [word for word in words if len(word) >= SHORTEST and word.isalpha()]
        self._with: dict[str, array[int]] = {}
        for number, word in enumerate(self._words):
            for piece in set(_pieces(word)):
                self._with.setdefault(piece, array("I")).append(number)

    def near(self, word: str) -> list[tuple[int, str]]:
        """The words within one typing error, or two in longer words: the nearest first, with how many errors."""
        if len(word) < SHORTEST or not word.isalpha():
            return []
        most = 2 if len(word) >= TWO_ERRORS_FROM else 1
        shared: Counter[int] = Counter()
        for piece in set(_pieces(word)):
            holders = self._with.get(piece, ())
            if len(holders) < COMMON:
                shared.update(holders)
        likely = (self._words[number] for number, _count in shared.most_common(MEASURED))
        found = [(errors, other) for other in likely if (errors := distance(word, other, most)) is not None]
        return sorted(found)


def _pieces(word: str) -> Iterator[str]:
    padded = f"_{word}_"
    return (padded[at : at + 3] for at in range(len(padded) - 2))


def distance(one: str, other: str, most: int) -> int | None:
    """How many letters are missing, too many, wrong or swapped with their neighbour; none for more than `most`.

    Optimal string alignment distance (Boytsov 2011, https://doi.org/10.1145/1963190.1963191).
    """
    if abs(len(one) - len(other)) > most:
        return None
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        former, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, former[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return None
    return row[-1] if row[-1] <= most else None
