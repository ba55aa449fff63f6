"""Price lists: CSV, workbooks as they come and part by part, Peppol catalogues, and columns that people choose."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile
from zlib import crc32

from lxml import etree

from exchange import pricesheet
from exchange.header import MAX_COLUMNS, ColumnChoice, folded_row
from exchange.pricecolumns import COLUMNS, usual_field
from exchange.pricefile import PriceFile, PriceRow, look_at, open_price_file, read_price_file, read_whole
from exchange.problem import Problem
from exchange.tablefile import Form
from tests.factories import hostile
from tests.fuzz.harness import harness

HEADINGS = [name for field, column in COLUMNS.items() for name in (field, *column.headings.split("|"))]


def sound(problems: list[Problem]) -> None:
    """Every problem can be told to whoever sent the file."""
    for problem in problems:
        assert problem.text and problem.value.isprintable() and problem.column.isprintable(), problem


def members(data: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def comes_back(rows: list[PriceRow], form: Form) -> None:
    """What was accepted is exported and read as the same; a workbook is one that strict programs open, too."""
    exported = pricesheet.price_list(rows, form)
    if form == "xlsx":
        for content in members(exported).values():
            etree.fromstring(content)
    again = read_price_file(exported, f"lista.{form}")
    assert again.is_clean, again.problems
    rows = [row._replace(line=0) for row in rows]
    assert [row._replace(line=0) for row in again.rows] == rows


def check_list(found: PriceFile, data: bytes) -> None:
    """What holds for every price list, whatever it came in; every eighth one takes the long way through a workbook."""
    sound(found.problems)
    assert found.rows or found.deleted or found.problems
    if found.rows:
        comes_back(found.rows, "csv")
        if crc32(data) % 8 == 0:
            comes_back(found.rows, "xlsx")


@harness(headings=HEADINGS)
def price_csv(data: bytes) -> None:
    """A list as CSV."""
    check_list(read_price_file(data), data)


@harness(longest=20_000)
def workbook(data: bytes) -> None:
    """A list as XLSX, ODS or XLS, the archive and its directory included."""
    check_list(read_price_file(data), data)


BOOK, DOCUMENT = members(hostile.workbook()), members(hostile.open_document(""))


@harness(headings=HEADINGS, longest=6_000)
def workbook_part(data: bytes) -> None:
    """A sound workbook in which one member has another content. Data: the member's name, a line break, the content."""
    name, _, content = data.partition(b"\n")
    member = name.decode("latin-1")
    if not member.isprintable() or not member:
        return
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        for each in {**(DOCUMENT if member in DOCUMENT else BOOK), member: content}.items():
            archive.writestr(*each)
    check_list(read_price_file(made.getvalue()), data)


@harness(longest=6_000)
def catalogue(data: bytes) -> None:
    """A Peppol Catalogue 3."""
    check_list(read_price_file(data, "katalog.xml"), data)


@harness(headings=HEADINGS)
def columns(data: bytes) -> None:
    """A table whose columns nobody knows by name: its header is guessed, and fields are chosen by hand. Data: a byte
    for each column, a line break, the file."""
    chosen, _, table = data.partition(b"\n")
    header = look_at(table)
    if header is None:
        return
    known = folded_row(header.headings)
    assert len(known) <= len(header.headings) == len(header.samples) <= MAX_COLUMNS
    assert all(cell.isprintable() for row in (header.headings, *header.samples) for cell in row)
    fields = ["", *COLUMNS]
    numbers = (*chosen, *range(MAX_COLUMNS))
    choice = ColumnChoice(known, tuple(fields[numbers[n] % len(fields)] for n in range(len(known))))
    with open_price_file(BytesIO(table), choices=[choice]) as source:
        found = read_whole(source)
    check_list(found, data)
    assert all(usual_field(heading) in fields for heading in header.headings)
