"""A spreadsheet (XLSX, XLS, ODS) → CSV text whose records are numbered as the sheet's rows. Runs in the sandbox.

The first visible sheet with a recognisable header is read; the header may stand in any of the first 20 rows. Numbers
become the text that the sheet shows: fifteen digits, as spreadsheets count. Cells of the columns named in `padded`
(GTIN) get back the zeros that a number cannot begin with. A cell with a formula comes with its "=" before what it last
gave, so that whoever reads the text treats it as any formula: a price must be what stands there, not what some program
once reckoned. (XLS does not tell its formulas apart: there the last value is read.)
"""

from __future__ import annotations

import csv
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from itertools import islice
from posixpath import normpath
from typing import Any, TextIO
from zipfile import BadZipFile, ZipFile

from lxml import etree
from python_calamine import CalamineError, CalamineSheet, PasswordError, SheetTypeEnum, SheetVisibleEnum, load_workbook

from exchange.csvtext import Unreadable, folded

HEADER_ROWS = 20
MAX_COLUMNS = 200
MAX_SHEETS = 50
MAX_FORMULAS = 1_000_000
_CHUNK = 1 << 20
_OVERLAP = 600
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_FORMULA_CELL = re.compile(
    rb"<(?:\w+:)?c\s(?:[^>]{0,200}\s)?r=\"([A-Z]{1,3})(\d{1,7})\"[^>]{0,200}>\s*<(?:\w+:)?f[\s/>]"
)
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def convert(data: bytes, request: dict[str, Any], out: TextIO) -> dict[str, Any]:
    """Write the sheet as CSV. `request`: kind, headings (folded; none: any sheet will do), padded (folded
    headings), rows (the most allowed).

    Tells which sheet was read and how many there are. Raises Unreadable.
    """
    kind, most = request["kind"], request["rows"]
    has_formulas = False
    if kind != "xls":
        with _sound(), ZipFile(BytesIO(data)) as archive:
            for name in archive.namelist():
                has_formulas |= _inspect(archive, name, most)
    try:
        book = load_workbook(BytesIO(data))
        sheets = [
            (index, sheet.name)
            for index, sheet in enumerate(book.sheets_metadata)
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
        if len(sheets) > MAX_SHEETS:
            raise Unreadable("too-much-inside")
        for index, name in sheets:
            sheet = book.get_sheet_by_index(index)
            header = _find_header(sheet, request["headings"])
            if header is not None:
                formulas = _formulas(data, index) if has_formulas else frozenset()
                padded = {at for at, cell in enumerate(header) if folded(_text(cell)) in request["padded"]}
                _write(sheet, formulas, padded, most, out)
                return {"sheet": name, "sheets": len(sheets)}
    except PasswordError:
        raise Unreadable("locked") from None
    except CalamineError:
        raise Unreadable("broken") from None
    return {"sheet": "", "sheets": len(sheets)}


@contextmanager
def _sound() -> Iterator[None]:
    """What the library of archives raises about a broken one is one thing to us."""
    try:
        yield
    except (BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, EOFError):
        raise Unreadable("broken") from None


def _inspect(archive: ZipFile, name: str, most: int) -> bool:
    """Unpack a member piece by piece: its size and checksum must be as told, and nothing bad in it.

    Says whether it is a sheet that may have formulas.
    """
    is_xml, is_sheet = name.lower().endswith((".xml", ".rels")), name.startswith("xl/worksheets/")
    rows, has_formulas = 0, False
    for first, piece in _pieces(archive, name):
        if first and piece.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            raise Unreadable("nested")
        if first and piece.startswith((b"MZ", b"\x7fELF")):
            raise Unreadable("not-a-list")
        if is_xml and first and piece.startswith((b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")):
            raise Unreadable("encoding")
        if is_xml and (b"<!DOCTYPE" in piece or b"<!ENTITY" in piece):
            raise Unreadable("dtd")
        if name == "content.xml" and b"table:formula=" in piece:
            raise Unreadable("formulas")
        if is_sheet:
            rows += piece.count(b"<row") + piece.count(b":row ")
            if rows > most + most // 2:  # some slack for rows that are empty
                raise Unreadable("too-many-rows")
            has_formulas = has_formulas or b"<f" in piece or b":f" in piece
    return has_formulas


def _pieces(archive: ZipFile, name: str) -> Iterator[tuple[bool, bytes]]:
    """A member in pieces that overlap a little, so that nothing is cut in two; whether it is the first."""
    kept, first = b"", True
    with archive.open(name) as file:
        while piece := file.read(_CHUNK):
            yield first, kept + piece
            kept, first = piece[-_OVERLAP:], False


def _find_header(sheet: CalamineSheet, headings: list[str] | None) -> list[Any] | None:
    """The row with the most known headings, two at least; any row where nobody knows what to look for."""
    if headings is None:
        return next(_rows(sheet), None)
    known_headings = frozenset(headings)
    best, most = None, 1
    for row in islice(_rows(sheet), HEADER_ROWS):
        known = sum(folded(cell) in known_headings for cell in row if isinstance(cell, str) and len(cell) < 100)
        if known > most:
            best, most = row, known
    return best


def _rows(sheet: CalamineSheet) -> Iterator[list[Any]]:
    """Rows from the first one of the sheet, cells from the first column that holds anything."""
    if sheet.start is None:
        return iter(())
    if sheet.width > MAX_COLUMNS:
        raise Unreadable("too-many-columns")
    return sheet.iter_rows()


def _write(sheet: CalamineSheet, formulas: frozenset[int], padded: set[int], most: int, out: TextIO) -> None:
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    filled, first_column = 0, (sheet.start or (0, 0))[1]
    for line, row in enumerate(_rows(sheet), 1):
        cells = [cell if type(cell) is str else _text(cell) for cell in row]
        filled += any(cells)
        for at in padded:
            if type(row[at]) is not str:
                cells[at] = _padded(cells[at])
        if formulas:
            for at, cell in enumerate(cells):
                if line << 14 | first_column + at in formulas:
                    cells[at] = f"={cell}"
        writer.writerow(cells)
        if filled > most + HEADER_ROWS + 1:  # one more than the reader of the text takes
            return


def _text(cell: Any) -> str:
    """What the sheet shows, without its formatting."""
    if type(cell) is float:
        if cell.is_integer() and -(10**15) < cell < 10**15:
            return str(int(cell))
        text = f"{cell:.15g}"
        return text if "e" not in text else f"{Decimal(text):f}"
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "ja" if cell else "nej"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if not (cell.hour or cell.minute or cell.second) else cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _padded(digits: str) -> str:
    """A number of 8, 12, 13 or 14 digits that has lost its first zeros; its check digit stays right."""
    if not digits.isdigit() or len(digits) in (12, 13, 14):
        return digits
    return digits.zfill(8 if len(digits) <= 8 else 13)


def _formulas(data: bytes, index: int) -> frozenset[int]:
    """Where the formulas of an XLSX sheet are: row (from 1) << 14 | column (from 0)."""
    found: set[int] = set()
    with _sound(), ZipFile(BytesIO(data)) as archive:
        name = _member_of_sheet(archive, index)
        for _, piece in _pieces(archive, name):
            count = len(_FORMULA.findall(piece))
            if not count:
                continue
            cells = _FORMULA_CELL.findall(piece)
            if len(cells) < count - 1 or len(found) > MAX_FORMULAS:  # one may be cut at the edge of the piece
                raise Unreadable("formulas")
            found.update(int(row) << 14 | _column(letters) for letters, row in cells)
    return frozenset(found)


def _member_of_sheet(archive: ZipFile, index: int) -> str:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        book = etree.fromstring(archive.read("xl/workbook.xml"), parser)
        relations = etree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), parser)
        relation = book.findall("{*}sheets/{*}sheet")[index].get(_RELATION)
        target = next(each.get("Target", "") for each in relations if each.get("Id") == relation)
        name = target.lstrip("/") if target.startswith("/") else normpath(f"xl/{target}")
        archive.getinfo(name)
    except (etree.XMLSyntaxError, IndexError, StopIteration, KeyError):
        raise Unreadable("broken") from None
    return name


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
