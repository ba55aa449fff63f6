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
    "csv": "text/csv",  # the answer adds its charset
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
AMOUNT = "#,##0.00##"  # in the signs of whoever opens it
LINE, MOST_LINES = 15, 20  # points


class Sheet(NamedTuple):
    """A table to write: its name, headings, rows (texts, whole or decimal numbers, none), and the columns of text."""

    name: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Any]]
    widths: Sequence[int] = ()
    as_text: frozenset[int] = frozenset()
    strong: frozenset[int] = frozenset()  # headings that must not be left out; none: a table to read, not to fill in
    amounts: frozenset[int] = frozenset()  # columns of money, shown with its decimals


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
        for sheet in sheets:
            page, look = book.add_worksheet(sheet.name[:31]), _Look(book, sheet)
            _set_up(page, sheet, look)
            for line, row in enumerate(sheet.rows, 1):
                if not sheet.strong:
                    page.set_row(line, _height(sheet, row))
                for at, value in enumerate(row):
                    if isinstance(value, str):
                        page.write_string(line, at, calm(value), look.of_text[at])
                    elif value is not None:
                        page.write_number(line, at, value, look.of_number[at])
    return out.getvalue()


class _Look:
    """The formats of a sheet's headings, texts and numbers, by column. What is to be read is wrapped, so that all of it
    can be; what is to be filled in is not, and its columns of text are text in empty cells too."""

    def __init__(self, book: Any, sheet: Sheet) -> None:
        is_form, columns = bool(sheet.strong), range(len(sheet.headings))
        read = {} if is_form else {"valign": "top", "align": "left", "indent": 1, "text_wrap": True}
        plain, as_text = book.add_format(read), book.add_format({**read, "num_format": "@"})
        number, amount = book.add_format({"valign": "top"}), book.add_format({"valign": "top", "num_format": AMOUNT})
        self.of_text = [as_text if at in sheet.as_text else plain for at in columns]
        self.of_number = [amount if at in sheet.amounts else number for at in columns]
        head = {**read, "bottom": 1, "bg_color": "#E8EFF1", "bold": not is_form}
        strong, amounts = dict.fromkeys(sheet.strong, {"bold": True}), dict.fromkeys(sheet.amounts, {"align": "right"})
        self.of_heading = [book.add_format(head | strong.get(at, {}) | amounts.get(at, {})) for at in columns]


def _set_up(page: Any, sheet: Sheet, look: _Look) -> None:
    """Headings that stay in sight, the widths of columns; on paper (A4, across) what is to be read fits its width."""
    page.freeze_panes(1, 0)
    page.repeat_rows(0)
    page.set_paper(9)
    page.set_landscape()
    page.set_footer("&L&A&R&P (&N)")
    if not sheet.strong:
        page.fit_to_pages(1, 0)
        page.set_row(0, _height(sheet, sheet.headings))
    for at, width in enumerate(sheet.widths):
        page.set_column(at, at, width, look.of_text[at] if at in sheet.as_text else None)
    for at, words in enumerate(sheet.headings):
        page.write_string(0, at, words, look.of_heading[at])


def _height(sheet: Sheet, row: Sequence[Any]) -> int:
    """Points for all the lines that a row's texts break into: not every program finds that out by itself."""
    widths = zip(row, sheet.widths, strict=False)
    lines = [1 + len(value) // (width + 1) for value, width in widths if isinstance(value, str)]
    return LINE * min(max(lines, default=1), MOST_LINES)
