"""Registers as CSV or workbooks, synonyms, and two foreign sources: procurement statistics and groceries."""

from __future__ import annotations

import csv
from zlib import crc32

from core.checkdigits import organisation_number
from exchange import codingfile, registers, uhm
from exchange.csvtext import Unreadable
from exchange.groceries import generate_prices
from exchange.pricefile import read_price_file
from exchange.registerfile import COLUMNS, RegisterRow, read_register, write_register
from exchange.synonymfile import BadLine, read_synonyms, write_synonyms
from exchange.tablefile import Form
from tests.fuzz.harness import harness
from tests.fuzz.parsers.prices import sound

HEADINGS = [name for field, column in COLUMNS.items() for name in (field, *column.headings.split("|"))]


def form_for(data: bytes) -> Form:
    """Every eighth list takes the long way through a workbook."""
    return "xlsx" if crc32(data) % 8 == 0 else "csv"


@harness(headings=HEADINGS)
def agreements(data: bytes) -> None:
    """The register of agreements."""
    found = read_register(data)
    sound(found.problems)
    assert found.rows or found.problems
    if not found.is_clean:
        return
    again = read_register(write_register(found.rows, form_for(data)))
    assert again.is_clean, again.problems
    assert list(map(_placed, again.rows)) == list(map(_placed, found.rows))


def _placed(row: RegisterRow) -> RegisterRow:
    return row._replace(line=0)


KINDS = [registers.SUPPLIERS, registers.CATEGORIES, registers.ENTITLEMENTS]
OTHERS = [name for kind in KINDS for column in kind.columns.values() for name in column.headings.split("|")]


@harness(headings=OTHERS)
def tables(data: bytes) -> None:
    """The other registers. Data: a byte that says which one, the file."""
    comes_back(KINDS[(data[0] if data else 0) % len(KINDS)], data[1:])


CODING = [codingfile.CODES, codingfile.COMBINATIONS]


@harness(headings=[name for kind in CODING for column in kind.columns.values() for name in column.headings.split("|")])
def coding(data: bytes) -> None:
    """An organisation's codes, and what goes together. Data: a byte that says which of them, the file."""
    comes_back(CODING[(data[0] if data else 0) % len(CODING)], data[1:])


def comes_back(kind: registers.Register, data: bytes) -> None:
    """What is read is written and read again as the same, or told to be wrong."""
    found = registers.read(kind, data)
    sound(found.problems)
    assert found.rows or found.problems
    if not found.is_clean:
        return
    again = registers.read(kind, registers.write(kind, [row.values for row in found.rows], form_for(data)))
    assert again.is_clean, again.problems
    for former, later in zip(found.rows, again.rows, strict=True):
        assert {field: value for field, value in later.values.items() if field in former.values} == former.values
        assert not any(value for field, value in later.values.items() if field not in former.values)


@harness()
def synonyms(data: bytes) -> None:
    """The office's synonyms."""
    try:
        rows = read_synonyms(data)
    except BadLine as error:
        assert error.code
        return
    again = read_synonyms(write_synonyms([(row.word, row.means, row.is_both_ways) for row in rows]))
    assert [row[1:] for row in again] == [row[1:] for row in rows]


BUYER = "2120002528"
SEPARATOR = b"\n===\n"


@harness()
def statistics(data: bytes) -> None:
    """The three tables of procurement statistics, parted by a line of ===; what comes of them is a register."""
    given = data.split(SEPARATOR, 2)
    files = dict(zip((uhm.PROCUREMENTS, uhm.TENDERS, uhm.VALUES), [*given, b"", b""], strict=False))
    try:
        done = uhm.convert(files, uhm.Assumptions({BUYER}, invent=True))
    except (KeyError, UnicodeDecodeError, csv.Error):
        return
    for row in done.rows:
        assert organisation_number(row["supplier"])
    if done.rows:
        sound(read_register(uhm.write_register(done.rows).encode()).problems)


@harness()
def groceries(data: bytes) -> None:
    """Groceries with GTIN; what comes of them is a price list."""
    try:
        made = generate_prices(data)
    except (Unreadable, ValueError):
        return
    found = read_price_file(made.text.encode())
    assert found.is_clean or not made.articles, found.problems
    assert len(found.rows) == made.articles
