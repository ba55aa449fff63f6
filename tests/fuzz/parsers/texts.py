"""Texts: single cells, what people type into forms, pasted quick entry, and the questions of the search."""

from __future__ import annotations

import atexit
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import tantivy

from catalog.likeness import Likeness
from catalog.search.analyser import VERSION, Vocabulary, code, fold, number_in, stem, words
from catalog.search.gathering import IndexedArticle
from catalog.search.index import HEAP, SCHEMA_VERSION, Manifest, Reader, _add, _schema
from catalog.search.query import LONGEST, understand
from catalog.search.suggest import did_you_mean
from catalog.search.thesaurus import Thesaurus
from core.checkdigits import organisation_number
from core.email import is_email
from core.forms import read_day, read_decimal, tidied
from core.web import is_local_path, read_key
from exchange import pricecolumns, registerfile, registers
from exchange.cells import Refused
from exchange.plaintext import calm, clean
from exchange.units import UNITS, parse_unit
from orders.quick_entry import LARGEST, read_rows
from tests.fuzz.harness import harness

REGISTERS = (registers.SUPPLIERS, registers.CATEGORIES, registers.ENTITLEMENTS)
TABLES = (pricecolumns.COLUMNS, registerfile.COLUMNS, *(kind.columns for kind in REGISTERS))
PARSERS = [(field, column.parse) for columns in TABLES for field, column in columns.items()]


@harness(headings=UNITS, longest=600)
def cells(data: bytes) -> None:
    """Every column's reading of one cell: a value or Refused. Numbers and texts come back as they were."""
    cell = data.decode("utf-8", "ignore").strip()
    if not cell:
        return
    for field, parse in PARSERS:
        try:
            value = parse(cell)
        except Refused as refused:
            assert refused.code
            continue
        assert value is not None, field
        if isinstance(value, Decimal):
            assert value.is_finite() and value > 0, field
            assert parse(f"{value:f}".replace(".", ",")) == value, field
    tidy = clean(cell, lines=True)
    if tidy is not None:
        assert clean(tidy, lines=True) == tidy
        assert not calm(tidy).startswith(("=", "+", "-", "@"))
    assert not calm(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert parse_unit(cell) in (None, *UNITS)


@harness(longest=600)
def typed(data: bytes) -> None:
    """What is typed into the fields of forms and addresses: a value, or ValueError."""
    text = data.decode("utf-8", "surrogateescape")
    for places in (0, 2, 4):
        number = _or_none(lambda: read_decimal(text, places))  # noqa: B023  asked at once
        if number is not None:
            assert number.is_finite() and read_decimal(f"{number.normalize():f}".replace(".", ","), places) == number
    day = _or_none(lambda: read_day(text))
    assert day is None or read_day(day.isoformat()) == day
    digits = _or_none(lambda: organisation_number(text))
    assert digits is None or organisation_number(digits) == digits
    for lines in (False, True):
        tidy = tidied(text, lines=lines)
        assert tidy is None or (tidied(tidy, lines=lines) == tidy and "\0" not in tidy and tidy.encode())
    if is_email(text):
        assert text.isascii() and not any(map(str.isspace, text))
    if is_local_path(text):
        assert text[0] == "/" and text[1:2] not in ("/", "\\")
    key = read_key(text)
    assert key is None or 0 < key < 2**31


def _or_none(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ValueError as error:
        assert error.args
        return None


@harness(longest=1_000)
def quick_entry(data: bytes) -> None:
    """Pasted numbers and quantities: every line becomes an entry with a quantity or with a problem."""
    text = data.decode("utf-8", "ignore")
    for entry in read_rows(text):
        assert 0 < entry.line <= len(text.splitlines()) and len(entry.number) <= 60
        assert (entry.quantity is None) == (entry.problem is not None)
        if entry.quantity is None:
            continue
        assert 0 < entry.quantity <= LARGEST
        unit = "" if entry.unit_code is None else UNITS[entry.unit_code].sv
        if entry.number and parse_unit(unit) == entry.unit_code:
            figure = f"{entry.quantity.normalize():f}".replace(".", ",")
            (again,) = read_rows(f"{entry.number}\t{figure} {unit}")
            assert (again.number, again.quantity, again.unit_code) == (entry.number, entry.quantity, entry.unit_code)


NAMES = """
kopieringspapper a4 80g / papperskorg / skrivbordslampa led / kulspetspenna blå / kontorsstol / sopsäck 125 l / stol
hållbar mjölk 1,5 % / stämplar / toner hp 305a / brandvarnare / pärm röd / kaffe mellanrost 450 g / bord / lampa / penna
"""


@cache
def vocabulary() -> Vocabulary:
    """Of a small catalogue."""
    return Vocabulary.learn(Counter(words(NAMES * 3)))


@cache
def index_of_it() -> Reader:
    """That catalogue's index, in a folder that goes with the process."""
    root = Path(mkdtemp())
    atexit.register(rmtree, root)
    (root / "index").mkdir()
    index = tantivy.Index(_schema(), path=str(root / "index"))
    writer = index.writer(HEAP, 1)
    entries = [
        IndexedArticle(at, 1, 100, name, code(f"A-{at}"), list(words(name)), [], [], [])
        for at, name in enumerate(NAMES.split("/"))
    ]
    _add(writer, vocabulary(), entries)
    writer.commit()
    writer.wait_merging_threads()
    vocabulary().save(root / "index" / "vocabulary.json")
    return Reader(root, Manifest("index", VERSION, SCHEMA_VERSION, {"1": ""}, len(entries)), (0, 0))


@cache
def likeness() -> Likeness[str]:
    """Of the same names, each known by its first letter."""
    known = [(name.strip(), name.strip()[0]) for name in NAMES.split("/")]
    return Likeness(known, known, lambda label: (label, label))


@harness(longest=400)
def question(data: bytes) -> None:
    """What is typed into the search: its words, stems, parts, spelling and synonyms, and what the index is asked."""
    text = data.decode("utf-8", "ignore")
    folded = fold(text)
    assert fold(folded) == folded
    known = vocabulary()
    looks: list[Callable[[str], Any]] = [known.parts, known.base, known.is_sound, known.corrections, number_in]
    looks += [known.beginning_with, known.containing, known.completions, known.count_of]
    said = list(words(text))
    for word in said:
        assert word and not any(map(str.isspace, word + stem(word)))
        for look in looks:
            look(word)
    for first, last in zip(said, said[1:], strict=False):
        known.joined(first, last)
    assert code(code(text)) == code(text)
    thesaurus = Thesaurus.of([(text, "stol", True), ("stol", text, False)])
    for at in range(len(said)):
        length, _ = thesaurus.find(said, at)
        assert at + length <= len(said)
    likeness().rank(text)
    reader = index_of_it()
    for is_eager in (False, True):
        meant = understand(reader, text, [1], thesaurus, is_eager=is_eager)
        assert (meant is None) == (not list(words(text[:LONGEST])))
        if meant is not None:
            for query in (meant.strict, meant.loose):
                assert query is None or len(reader.searcher.search(query, limit=5).hits) <= 5
            assert meant.suggestion is None or list(words(meant.suggestion))
    did_you_mean(reader, text, [1])
