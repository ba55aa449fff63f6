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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import nsmallest
from pathlib import Path

import Stemmer

from catalog.search.spelling import Speller

VERSION = 3
REMEMBERED = 10_000  # pieces of words whose answers are kept: everybody asks for the same

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
sax sko sot tob tub ull vax vin väv öl öra ögon kaj ben tå fot lax ris duk sop rit lek sug mål nål bär fil kex bad
"""
_UNITS = {spelling: unit.split("/")[0] for unit in UNITS.split() for spelling in unit.split("/")}
STOP_WORDS = frozenset(STOP.split())
_SHORT_PARTS = frozenset(SHORT.split())
# Endings that Snowball leaves on (the definite neuter: `skåpet`, `ägget`) or takes for a part of a short word.
ENDINGS = ("arnas", "ernas", "ornas", "arna", "erna", "orna", "ens", "ets", "en", "et", "na", "s", "n", "t")
LINKS = ("", "s")  # what may stand between the parts of a compound
LOST_ENDINGS = ("", "a", "e")  # skol-bok is skola, pojk-rum is pojke

_WORD = re.compile(r"[a-zåäö0-9]+(?:[.,][0-9]+)*")
_MEASURE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([a-zåäö]+)?")
_SYNCOPE = re.compile(r"(\w*[aeiouyåäö]\w*(?:[bcdfgkpstv](?=[lr])|t(?=n)))([lrn])(?:ar|arna|arnas|et|en)")
_ABLE = re.compile(r"(\w+bar)(?:a|t)?")  # hållbar, hållbart, hållbara: not a plural
_PLAIN = re.compile(r"[\x00-\x7fåäöÅÄÖ]*")
_NOT_CODE = re.compile(r"[^0-9a-zåäö]")
_ACCENTS = str.maketrans({"æ": "ä", "ø": "ö", "ß": "ss"})
_OURS = str.maketrans({"å": "\ue000", "ä": "\ue001", "ö": "\ue002"})
_BACK = str.maketrans({"\ue000": "å", "\ue001": "ä", "\ue002": "ö"})


def fold(text: str) -> str:
    """Lower case without accents, but with å, ä and ö: they are letters, not accents."""
    if _PLAIN.fullmatch(text):
        return text.lower()  # what is done below changes nothing else in it
    kept = unicodedata.normalize("NFKC", text).casefold().translate(_OURS)
    plain = "".join(c for c in unicodedata.normalize("NFKD", kept) if not unicodedata.combining(c))
    return plain.translate(_BACK).translate(_ACCENTS)


def code(text: str) -> str:
    """An article number or GTIN without its spelling: blanks, hyphens, case and leading zeros do not count."""
    bare = _NOT_CODE.sub("", fold(text))
    return bare.lstrip("0") or bare if bare.isdigit() else bare


def words(text: str) -> Iterator[str]:
    """The folded words of a text. A measure is one word however it is written: `80 g`, `80g`, `80 gram` → `80g`."""
    found = _WORD.findall(fold(text))
    if "," in text:
        found = [word.replace(",", ".") for word in found]
    skip = False
    for word, following in zip(found, [*found[1:], ""], strict=False):
        if skip:
            skip = False
            continue
        measure = None if word[0] > "9" else _MEASURE.fullmatch(word)
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
    if len(word) >= 6 and (able := _ABLE.fullmatch(word)):
        return able[1]
    return str(_snowball.stemWord(_with_vowel(word)))


def _with_vowel(word: str) -> str:
    """The `e` that a bent form has lost is put back: `stämplar` is stämpel, `kalendrar` kalender, `bottnar` botten."""
    if found := _SYNCOPE.fullmatch(word):
        return f"{found[1]}e{found[2]}"
    return word.removesuffix("n") if len(word) >= 6 and word.endswith("eln") else word


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
        self._text = "\n" + "".join(f"{word}\n" for word in self._sorted)
        self._of_stem = {}
        self._parts: dict[str, tuple[str, ...]] = {}
        self._answers: dict[tuple[str, str, int], list[str]] = {}

    _stems: Counter[str] = None  # type: ignore[assignment]
    _sorted: list[str] = None  # type: ignore[assignment]
    _text: str = ""
    _parts: dict[str, tuple[str, ...]] = None  # type: ignore[assignment]
    _answers: dict[tuple[str, str, int], list[str]] = None  # type: ignore[assignment]
    _speller: Speller | None = None
    _of_stem: dict[str, str] = None  # type: ignore[assignment]

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
        return self._kept("begin", self._beginning_with, prefix, most)

    def _beginning_with(self, prefix: str, most: int) -> list[str]:
        start = bisect_left(self._sorted, prefix)
        end = bisect_left(self._sorted, prefix + "\uffff")
        common = sorted(self._sorted[start:end], key=lambda word: (-self.counts[word], word))[:most]
        return list(dict.fromkeys(stem(word) for word in common))

    def containing(self, piece: str, most: int = 40) -> list[str]:
        """The stems of the commonest words that have a piece in them: the last resort for a word nobody has written."""
        return self._kept("contain", self._containing, piece, most)

    def _containing(self, piece: str, most: int) -> list[str]:
        if len(piece) < 4:
            return []
        within = list(self._around(piece))
        if not within and len(bare := stem(piece)) >= 5:
            within = list(self._around(bare))
        found = sorted(within, key=lambda w: (-self.counts[w], w))[:most]
        return list(dict.fromkeys(stem(word) for word in found))

    def _around(self, piece: str) -> Iterator[str]:
        """The words that a piece stands in. All words are one text: to look through it takes a twentieth of the time
        that asking each of them takes."""
        end = 0
        while (at := self._text.find(piece, end)) >= 0:
            end = self._text.index("\n", at)
            yield self._text[self._text.rindex("\n", 0, at) + 1 : end]

    def base(self, word: str) -> str:
        """A bent form that nobody has written as the known word it is a form of; else the word itself."""
        if not word.isalpha() or self.knows(word):
            return word
        bare = (word.removesuffix(ending) for ending in ENDINGS if word.endswith(ending))
        return next((known for known in bare if len(known) >= 3 and self.knows(known)), word)

    def is_sound(self, word: str) -> bool:
        """Whether somebody has written the word, or all the parts that it is made of."""
        parts = self.parts(word)
        return self.knows(word) or (bool(parts) and all(part in self._stems for part in parts))

    def joined(self, first: str, last: str) -> str | None:
        """Two words that the catalogue writes as one: `sop påse`, `kontor stol`."""
        return next((whole for link in LINKS if self.knows(whole := first + link + last)), None)

    def corrections(self, word: str) -> list[str]:
        """The known words that may be meant by one with a typing error or two, the likeliest first."""
        if self._speller is None:
            for known, count in self.counts.items():
                bare = stem(known)
                if count > self.counts.get(self._of_stem.get(bare, ""), 0):
                    self._of_stem[bare] = known
            self._speller = Speller(sorted({*self.counts, *self._stems}))
        likely = []
        for errors, found in {*self._speller.near(word), *self._speller.near(stem(word))}:
            whole = self._of_stem.get(stem(found) if found in self.counts else found)
            if whole is not None and whole != word:
                likely.append((errors, found[0] != word[0], -self._stems[stem(whole)], whole))
        # the first letter is seldom wrong, and what stands in many articles is more often meant
        return list(dict.fromkeys(whole for *_, whole in sorted(likely)))

    def count_of(self, word: str) -> int:
        """In how many articles a word stands, in any of its forms."""
        return self._stems.get(stem(word), 0)

    def completions(self, prefix: str, most: int = 40) -> list[str]:
        """The commonest words that begin so, as they are written; of the forms of a word only the commonest."""
        return self._kept("complete", self._complete, prefix, most)

    def _complete(self, prefix: str, most: int) -> list[str]:
        start = bisect_left(self._sorted, prefix)
        end = bisect_left(self._sorted, prefix + "\uffff")
        best: dict[str, str] = {}
        for word in nsmallest(most * 2, self._sorted[start:end], key=lambda w: (-self.counts[w], len(w), w)):
            if word.isalpha():
                best.setdefault(stem(word), word)
        return list(best.values())[:most]

    def _kept(self, question: str, answer: Callable[[str, int], list[str]], piece: str, most: int) -> list[str]:
        """An answer is the same as long as the vocabulary is."""
        if (known := self._answers.get((question, piece, most))) is None:
            if len(self._answers) >= REMEMBERED:
                self._answers.clear()
            known = self._answers[question, piece, most] = answer(piece, most)
        return known


def _wholes(piece: str) -> Iterator[str]:
    """The words that the first part of a compound may be a form of."""
    for link in LINKS:
        bare = piece.removesuffix(link) if link else piece
        for ending in LOST_ENDINGS:
            whole = bare + ending
            if (len(bare) >= 4 or whole in _SHORT_PARTS or bare in _SHORT_PARTS) and piece.endswith(link):
                yield whole
