"""A table as somebody sent it, CSV or spreadsheet → an open `Table`; spreadsheets are read in the sandbox first."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.container import Kind, kind_of, size_inside
from exchange.csvtext import Unreadable, folded, visible
from exchange.problem import Problem
from exchange.sandbox import convert
from exchange.table import MAX_BYTES, MAX_ROWS, Column, Table

_LIMITS: dict[str, str | int] = {"megabytes": MAX_BYTES // 1_000_000, "limit": MAX_ROWS}


def open_table(
    data: bytes, file_name: str, columns: Mapping[str, Column], *, mandatory: tuple[str, ...], needed: tuple[str, ...]
) -> Table:
    """The table in a file: CSV, XLSX, XLS or ODS. What cannot be read at all is a table whose only problem says so."""
    sheet, note = "", None
    try:
        if len(data) > MAX_BYTES:
            raise Unreadable("too-large")
        kind = kind_of(data, file_name)
        if kind is Kind.CSV:
            return Table(data, file_name, columns, mandatory=mandatory, needed=needed)
        if kind is Kind.XML:
            raise Unreadable("not-a-list")
        sheet, note = _converted(data, kind, columns)
    except Unreadable as error:
        code = "not-a-register" if error.code == "not-a-list" else error.code
        note = Problem(code, params=_LIMITS)
    table = Table(sheet, "", columns, mandatory=mandatory, needed=needed)
    if note is not None and note.severity == "error":
        table.problems[:] = [note]
    elif note is not None:
        table.problems.append(note)
    return table


def _converted(data: bytes, kind: Kind, columns: Mapping[str, Column]) -> tuple[str, Problem | None]:
    """A spreadsheet as text, and a word about which sheet it was where there are several."""
    headings = [folded(name) for field, column in columns.items() for name in (field, *column.headings.split("|"))]
    request = {"kind": kind.value, "headings": headings, "padded": [], "rows": MAX_ROWS}
    # what a sheet takes is a few times what is in it; what claims to be more is stopped
    memory = 50_000_000 + 5 * size_inside(data, kind)
    text, told = convert("exchange.spreadsheet", data, request, memory=memory)
    is_one_of_several = told.get("sheets", 1) > 1 and told.get("sheet")
    return text, Problem("sheet", value=visible(told["sheet"]), severity="warning") if is_one_of_several else None
