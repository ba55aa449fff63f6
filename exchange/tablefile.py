"""A table as a file. A spreadsheet is read as text, in the sandbox; any table is written as CSV or XLSX.

No cell that is written here is taken for a formula by the program that opens the file, whatever somebody wrote into it
(exchange/plaintext.py).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import xlsxwriter

from exchange.container import Kind, kind_of, size_inside
from exchange.csvtext import TextFile, Unreadable, visible
from exchange.plaintext import calm
from exchange.problem import Problem
from exchange.sandbox import converted
from exchange.table import Column, Limits, Table, fields_by_heading

Form = Literal["csv", "xlsx"]
MEDIA_TYPES: dict[Form, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Sheet(NamedTuple):
    """A table to write: its name, headings, rows (texts, whole or decimal numbers, none), and the columns of text."""

    name: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Any]]
    widths: Sequence[int] = ()
    as_text: frozenset[int] = frozenset()
    strong: frozenset[int] = frozenset()  # headings that must not be left out


@contextmanager
def open_table(
    data: bytes, file_name: str, columns: Mapping[str, Column], *, mandatory: tuple[str, ...], needed: tuple[str, ...]
) -> Iterator[Table]:
    """The table in a file: CSV, XLSX, XLS or ODS. What cannot be read at all is a table whose only problem says so."""
    limits, note = Limits(), None
    with ExitStack() as held:
        try:
            if len(data) > limits.bytes:
                raise Unreadable("too-large")
            kind = kind_of(data, file_name)
            if kind is Kind.XML:
                raise Unreadable("not-a-list")
            if kind is Kind.CSV:
                text = TextFile(io.BytesIO(data), max_bytes=limits.bytes)
            else:
                text, note = held.enter_context(sheet_as_text(data, kind, fields_by_heading(columns)))
        except Unreadable as error:
            code = "not-a-register" if error.code == "not-a-list" else error.code
            table = Table(Problem(code, params=limits.params), columns, mandatory=mandatory, needed=needed)
        else:
            table = Table(text, columns, mandatory=mandatory, needed=needed)
        if note is not None:
            table.problems.append(note)
        yield table


@contextmanager
def sheet_as_text(
    data: bytes,
    kind: Kind,
    headings: Iterable[str] | None,
    padded: Iterable[str] = (),
    limits: Limits = Limits(),  # noqa: B008  never changed
) -> Iterator[tuple[TextFile, Problem | None]]:
    """A spreadsheet as CSV text, and a word about which sheet it was where there are several.

    headings: those by which the sheet is known (folded); none: any sheet will do. padded: those of the columns whose
    numbers get back their first zeros. Raises Unreadable.
    """
    known = None if headings is None else list(headings)
    request = {"kind": kind.value, "headings": known, "padded": list(padded), "rows": limits.rows}
    # what a sheet takes is a few times what is in it; what claims to be more is stopped
    memory = 50_000_000 + 5 * size_inside(data, kind)
    reader = "exchange.spreadsheet"
    with converted(reader, data, request, memory=memory, seconds=limits.seconds) as (text, told):
        is_one_of_several = told.get("sheets", 1) > 1 and told.get("sheet")
        yield text, Problem("sheet", value=visible(told["sheet"]), severity="warning") if is_one_of_several else None


def write_table(form: Form, *sheets: Sheet) -> bytes:
    """Tables as a file; as CSV the first of them alone."""
    return _csv(sheets[0]) if form == "csv" else _xlsx(sheets)


def written(value: Any) -> str:
    """A value as a cell of text: decimals after a comma."""
    if value is None:
        return ""
    return _plain(value).replace(".", ",") if isinstance(value, Decimal) else calm(str(value))


def _plain(value: Decimal) -> str:
    """Without exponent and without zeros that say nothing."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _csv(sheet: Sheet) -> bytes:
    """With BOM, semicolons and decimal commas: what opens rightly by a double click in Sweden."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(sheet.headings)
    for row in sheet.rows:
        writer.writerow([written(value) for value in row])
    return out.getvalue().encode("utf-8-sig")


def _xlsx(sheets: Sequence[Sheet]) -> bytes:
    out = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        text = book.add_format({"num_format": "@"})
        head, strong = book.add_format({"bold": False, "bottom": 1}), book.add_format({"bold": True, "bottom": 1})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            page.freeze_panes(1, 0)
            for at, width in enumerate(sheet.widths):
                page.set_column(at, at, width, text if at in sheet.as_text else None)
            for at, words in enumerate(sheet.headings):
                page.write_string(0, at, words, strong if at in sheet.strong else head)
            for line, row in enumerate(sheet.rows, 1):
                for at, value in enumerate(row):
                    if isinstance(value, str):
                        page.write_string(line, at, calm(value), text if at in sheet.as_text else None)
                    elif value is not None:
                        page.write_number(line, at, value)
    return out.getvalue()
