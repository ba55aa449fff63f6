"""Analyser: Swedish text to the tokens that are indexed and asked for.

The quality of a Swedish search lies here and not in the engine: folding, Snowball stems with the irregular words
repaired, and compounds split with the words that the catalogue itself uses. Any change of what comes out must
raise VERSION: indexes made by another version are made anew.
"""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import Stemmer

VERSION = 1

_snowball = Stemmer.Stemmer("swedish", 0)  # its own cache is slower than ours

# What Snowball tears apart: the word as it is written in a dictionary, then its other forms.
IRREGULAR = """
papper papperet pappret pappren papperen / dator datorn datorer datorerna / motor motorn motorer motorerna
kontor kontoret kontoren / projektor projektorn projektorer projektorerna / monitor monitorn monitorer
sensor sensorn sensorer / traktor traktorn traktorer / router routern routrar / toner tonern tonrar
skanner skannern skannrar scanner scannern scanners / printer printern printrar / mixer mixern mixrar
container containern containrar containers / fönster fönstret fönstren / kabel kabeln kablar kablarna
nyckel nyckeln nycklar nycklarna / medel medlet medlen / mejsel mejseln mejslar mejslarna
spegel spegeln speglar speglarna / cykel cykeln cyklar cyklarna / möbel möbeln möbler möblerna
bok boken böcker böckerna / mus musen möss mössen / hand handen händer händerna / fot foten fötter
tand tanden tänder tänderna / vatten vattnet / socker sockret / peppar pepparn / smör smöret / nagel nageln naglar
trumma trummor / filter filtret filtren / plåster plåstret plåstren / kex kexet kexen / fat fatet faten
skylt skyltar skylten / tallrik tallriken tallrikar / skosula skosulor / hammare hammaren hammar hammarna
vinter vintern vintrar / åker åkern åkrar / finger fingret fingrar / mönster mönstret / membran membranet
grön gröna grönt / röd röda rött / vit vita vitt / fri fria fritt / bred breda brett / ny nya nytt
""".replace("\n", " / ")

# Units of measure: as they are indexed, then their other spellings.
UNITS = """
mg g/gram/gr kg/kilo ml/milliliter cl dl l/liter/lit/ltr mm/millimeter cm/centimeter m/meter st/stk/styck
v/volt w/watt kw tum gb tb mb ark
"""
STOP = "och i för med till på av en ett den det de som eller ca a an the of for with and"
# Words of two or three letters that compounds are made of; other short pieces are chance.
SHORT = """
bok bil ask rör ägg ost te kök bur båt mat tyg gas led usb tv pvc hår tak mus bås kol lim lut pad pil pin salt såg
sax sko sot tob tub ull vax vin väv öl öra ögon kaj ben tå fot lax ris
"""
_UNITS = {spelling: unit.split("/")[0] for unit in UNITS.split() for spelling in unit.split("/")}
STOP_WORDS = frozenset(STOP.split())
_SHORT_PARTS = frozenset(SHORT.split())
LINKS = ("", "s")  # what may stand between the parts of a compound
LOST_ENDINGS = ("", "a", "e")  # skol-bok is skola, pojk-rum is pojke

_WORD = re.compile(r"[a-zåäö0-9]+(?:[.,][0-9]+)*")
_MEASURE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([a-zåäö]+)?")
_NOT_CODE = re.compile(r"[^0-9a-zåäö]")
_ACCENTS = str.maketrans({"æ": "ä", "ø": "ö", "ß": "ss"})
_OURS = str.maketrans({"å": "\ue000", "ä": "\ue001", "ö": "\ue002"})
_BACK = str.maketrans({"\ue000": "å", "\ue001": "ä", "\ue002": "ö"})


def fold(text: str) -> str:
    """Lower case without accents, but with å, ä and ö: they are letters, not accents."""
    kept = unicodedata.normalize("NFKC", text).casefold().translate(_ACCENTS).translate(_OURS)
    plain = "".join(c for c in unicodedata.normalize("NFKD", kept) if not unicodedata.combining(c))
    return plain.translate(_BACK)


def code(text: str) -> str:
    """An article number or GTIN without its spelling: blanks, hyphens, case and leading zeros do not count."""
    bare = _NOT_CODE.sub("", fold(text))
    return bare.lstrip("0") or bare if bare.isdigit() else bare


def words(text: str) -> Iterator[str]:
    """The folded words of a text. A measure is one word however it is written: `80 g`, `80g`, `80 gram` → `80g`."""
    found = [word.replace(",", ".") for word in _WORD.findall(fold(text))]
    skip = False
    for word, following in zip(found, [*found[1:], ""], strict=False):
        if skip:
            skip = False
            continue
        measure = _MEASURE.fullmatch(word)
        if measure is None:
            yield word
        elif measure[2] is None and following in _UNITS:
            skip = True
            yield word + _UNITS[following]
        else:
            yield measure[1] + _UNITS.get(measure[2] or "", measure[2] or "")


def number_in(word: str) -> str | None:
    """The bare number of a measure, so that `80` finds `80g`."""
    measure = _MEASURE.fullmatch(word)
    return measure[1] if measure is not None and measure[2] else None


def _forms() -> dict[str, str]:
    table = {}
    for entry in IRREGULAR.split("/"):
        lemma, *forms = entry.split() or [""]
        table.update({form: lemma for form in (lemma, *forms) if lemma})
    return table


_FORMS = _forms()
_LENGTHS = range(max(map(len, _FORMS)), 2, -1)


def stem(word: str) -> str:
    """The stem that all forms of a word share. Compounds bend like their last part: `skrivbord`, `pappersark`."""
    if not word.isalpha():
        return word
    for length in _LENGTHS:
        lemma = _FORMS.get(word[-length:]) if length <= len(word) else None
        # a short form at the end of a long word is more often chance than grammar
        if lemma is not None and (length == len(word) or (length >= 5 and len(word) - length >= 3)):
            return word[:-length] + lemma
    return str(_snowball.stemWord(word))


@dataclass(slots=True)
class Vocabulary:
    """The words of the catalogue and in how many articles each stands: what compounds are split with, words
    completed from and typing errors corrected to."""

    counts: Counter[str]
    modifiers: frozenset[str]

    def __post_init__(self) -> None:
        self._stems: Counter[str] = Counter()
        for word, count in self.counts.items():
            self._stems[stem(word)] += count
        self._sorted = sorted(self.counts)
        self._parts: dict[str, tuple[str, ...]] = {}

    _stems: Counter[str] = None  # type: ignore[assignment]
    _sorted: list[str] = None  # type: ignore[assignment]
    _parts: dict[str, tuple[str, ...]] = None  # type: ignore[assignment]

    @classmethod
    def learn(cls, counts: Counter[str]) -> Vocabulary:
        """Learn from the words and their counts which pieces stand first in many compounds (`kopierings-`)."""
        heads = {word for word, count in counts.items() if count > 1 and len(word) >= 4 and word.isalpha()}
        before: dict[str, set[str]] = {}
        for word in counts:
            for cut in range(4, len(word) - 3):
                if word[cut:] in heads:
                    before.setdefault(word[:cut], set()).add(word[cut:])
        return cls(counts, frozenset(first for first, seen in before.items() if len(seen) >= 3))

    def save(self, path: Path) -> None:
        path.write_text(json.dumps({"counts": self.counts, "modifiers": sorted(self.modifiers)}), "utf-8")

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Raises ValueError or OSError when the file is damaged or gone."""
        read = json.loads(path.read_text("utf-8"))
        return cls(Counter(read["counts"]), frozenset(read["modifiers"]))

    def knows(self, word: str) -> bool:
        return stem(word) in self._stems

    def parts(self, word: str) -> tuple[str, ...]:
        """The stems of the parts of a compound, first part first; none when it is no compound we know."""
        if (known := self._parts.get(word)) is None:
            known = self._parts[word] = self._split(word) if len(word) >= 6 and word.isalpha() else ()
        return known

    def _split(self, word: str) -> tuple[str, ...]:
        best, best_weight = 0, 0
        for cut in range(3, len(word) - 2):
            last = self._as_last(word[cut:])
            weight = last and last * self._as_first(word[:cut], len(word) - cut)
            if weight > best_weight:
                best, best_weight = cut, weight
        if not best:
            return ()
        first, last_piece = word[:best], word[best:]
        return (*(self.parts(first) or (self._first_stem(first),)), *(self.parts(last_piece) or (stem(last_piece),)))

    def _as_last(self, piece: str) -> int:
        """How well a piece is known as a word of its own; zero when it is not."""
        if len(piece) < 4 and piece not in _SHORT_PARTS:
            return 0
        return self._stems.get(stem(piece), 0)

    def _as_first(self, piece: str, length_of_last: int) -> int:
        """How well a piece is known at the front of compounds. Before a long last part an unknown one may stand:
        `kulspets` in `kulspetspenna`; before a short one it would be chance (`tran-sport`)."""
        standing = max((self.counts.get(whole, 0) for whole in _wholes(piece)), default=0)
        if standing:
            return standing * 100
        if piece in self.modifiers or (len(piece) >= 8 and self.parts(piece)):
            return 20
        return 1 if len(piece) >= 4 and length_of_last >= 5 else 0

    def _first_stem(self, piece: str) -> str:
        return stem(max(_wholes(piece), key=lambda whole: self.counts.get(whole, 0), default=piece.removesuffix("s")))

    def beginning_with(self, prefix: str, most: int = 40) -> list[str]:
        """The stems of the commonest words that begin so."""
        start = bisect_left(self._sorted, prefix)
        end = bisect_left(self._sorted, prefix + "\uffff")
        common = sorted(self._sorted[start:end], key=lambda word: (-self.counts[word], word))[:most]
        return list(dict.fromkeys(stem(word) for word in common))

    def containing(self, piece: str, most: int = 40) -> list[str]:
        """The stems of the commonest words that have a piece in them: the last resort for a word nobody has written."""
        if len(piece) < 4:
            return []
        found = sorted((w for w in self._sorted if piece in w), key=lambda w: (-self.counts[w], w))[:most]
        return list(dict.fromkeys(stem(word) for word in found))

    def corrections(self, word: str) -> list[str]:
        """The known words one typing error away, the likeliest first; none for a word that is too short."""
        if len(word) < 4 or not word.isalpha():
            return []
        near = {candidate for candidate in _one_error_away(word) if candidate in self.counts}
        # the first letter is seldom wrong
        return sorted(near, key=lambda w: (w[0] == word[0], self.counts[w], w), reverse=True)


def _wholes(piece: str) -> Iterator[str]:
    """The words that the first part of a compound may be a form of."""
    for link in LINKS:
        bare = piece.removesuffix(link) if link else piece
        for ending in LOST_ENDINGS:
            whole = bare + ending
            if (len(bare) >= 4 or whole in _SHORT_PARTS or bare in _SHORT_PARTS) and piece.endswith(link):
                yield whole


def _one_error_away(word: str) -> Iterable[str]:
    letters = "abcdefghijklmnopqrstuvwxyzåäö"
    pairs = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    for left, right in pairs:
        if right:
            yield left + right[1:]
        if len(right) > 1:
            yield left + right[1] + right[0] + right[2:]
        for letter in letters:
            yield left + letter + right
            if right:
                yield left + letter + right[1:]
