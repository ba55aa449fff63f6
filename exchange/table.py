"""A table that somebody sent, as CSV text: its header found, its columns known, its rows handed out one by one.

What a price list and a register of agreements have in common. What cannot be used becomes a `Problem`, and never an
exception; a table with an error in it is read to its end, so that all of them are told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, Generic, NamedTuple, TypeVar

from exchange.cells import Refused, Text
from exchange.csvtext import MAX_CELL, TextFile, batches, find_header, folded, visible
from exchange.header import ColumnChoice, folded_row
from exchange.plaintext import CONTROL
from exchange.problem import Problem, without_errors

MAX_BYTES = 20_000_000
MAX_ROWS = 100_000
MAX_PROBLEMS = 1_000
CHUNK = 2_000  # rows
MAX_SPELLINGS = 10_000  # of a column, kept


Row = TypeVar("Row")


class Read(NamedTuple, Generic[Row]):
    """A file that was read: its usable rows, and everything that is wrong with it."""

    rows: list[Row]
    problems: list[Problem]

    @property
    def is_clean(self) -> bool:
        """No error: every row of the file is among the rows."""
        return without_errors(self.problems)


class Column(NamedTuple):
    """`headings`: how it may be called, parted by bars; the first one is the name that messages use. `parse` makes a
    value of a stripped text that is not empty, or raises `Refused`; of the same text always the same value."""

    headings: str
    parse: Callable[[str], Any]
    about: str = ""  # the thing that it tells of, where rows tell of several
    empty: Any = None  # the value of an empty cell

    @property
    def heading(self) -> str:
        return self.headings.partition("|")[0]


def fields_by_heading(columns: Mapping[str, Column]) -> dict[str, str]:
    """Folded heading → the field that it usually names."""
    return {folded(name): field for field, column in columns.items() for name in (field, *column.headings.split("|"))}


class Limits(NamedTuple):
    """The most that a table may have."""

    rows: int = MAX_ROWS
    bytes: int = MAX_BYTES
    sheet_bytes: int = MAX_BYTES  # of what is read as a whole: a spreadsheet, a catalogue
    seconds: int | None = None  # to read that; none: those of the sandbox

    @property
    def params(self) -> dict[str, str | int]:
        """For the texts of problems."""
        megabytes = {"megabytes": self.bytes // 1_000_000, "sheet_megabytes": self.sheet_bytes // 1_000_000}
        return {**megabytes, "limit": self.rows}


class Table:
    """One pass over one file: `problems` grow as it goes.

    text: the file, or why it cannot be read. columns: field → what it holds. mandatory: the columns that must be there;
    needed: those that no row may leave empty; instead: what may stand there in the place of one of them, and then it is
    for the caller to see that it does; unique: the one whose values `chunks` finds a second time; choices: what people
    said that the columns under certain headings hold, instead of what their names say; more: the columns that the
    headings of a file make, after those that every file may have. A hundred thousand rows at most, unless `limits` say
    else; no more than a thousand problems are listed.

    Cells are read column by column, some thousand rows at a time, and each spelling once: a unit or a VAT rate is
    written in few ways. Where a cell of a chunk cannot be used, that chunk is read again row by row.
    """

    def __init__(
        self,
        text: TextFile | Problem,
        columns: Mapping[str, Column],
        *,
        mandatory: tuple[str, ...],
        needed: tuple[str, ...],
        instead: Mapping[str, tuple[str, ...]] = {},  # noqa: B006  never changed
        unique: str = "",
        choices: Sequence[ColumnChoice] = (),
        more: Callable[[Sequence[str]], Mapping[str, Column]] = lambda headings: {},
        limits: Limits = Limits(),  # noqa: B008  never changed
    ) -> None:
        self.problems: list[Problem] = []
        self.headings: dict[str, str] = {}  # field → as the file writes it
        self.columns, self._limits = columns, limits
        self._plan: list[_Cells] = []
        self._unique: _Cells | None = None
        self._met: dict[str, int] = {}  # value of the unique column → line
        self._count = 0
        if isinstance(text, Problem):
            self.problems.append(text)
            return
        self._text = text
        known = fields_by_heading(columns).keys() | {heading for choice in choices for heading in choice.headings}
        found = find_header(self._text.head(), known)
        if found is None:
            names = ", ".join(columns[field].heading for field in mandatory)
            self.problem("no-header", params={"columns": names})
            return
        self._delimiter, self._header_line, headings = found
        self._width = len(headings)
        self.columns = columns = {**columns, **more(headings)}
        fields = fields_by_heading(columns)
        chosen = next((choice.fields for choice in choices if choice.headings == folded_row(headings)), None)
        for index, written in enumerate(headings):
            if chosen is None:
                self._know(index, visible(written.strip()), fields.get(folded(written)))
            elif index < len(chosen) and chosen[index] in columns:  # what a person left out is no surprise to her
                self._know(index, visible(written.strip()), chosen[index])
        replaced = {field for field, others in instead.items() if self.headings.keys() >= set(others)}
        for cells in self._plan:
            cells.is_needed = cells.field in needed and cells.field not in replaced
        for field in mandatory:
            if field not in self.headings and field not in replaced:
                self.problem("missing-column", self._header_line, params={"column": columns[field].heading})
        self._unique = next((cells for cells in self._plan if cells.field == unique), None)

    @property
    def is_clean(self) -> bool:
        """No error so far."""
        return without_errors(self.problems)

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The line and the values, by field, of each row that can be used; empty cells are left out of it. Nothing of
        a table that cannot be read or lacks a column."""
        for some in self._batches(1):
            for line, values in self._by_row(*some):
                yield line, {field: value for field, value in values.items() if value is not None}

    def chunks(self, *, remember: bool = True) -> Iterator[list[tuple[Any, ...]]]:
        """The rows that can be used, some thousand at a time: each the line, and a value for every field.

        A row whose unique value stands further up is a problem. Without `remember` most of them are let through: then
        memory does not grow with the file, and somebody else has to find them.
        """
        for first, some in self._batches(CHUNK):
            rows = self._by_column(first, some)
            if rows is None:
                rows = [
                    (line, *(values.get(field, column.empty) for field, column in self.columns.items()))
                    for line, values in self._by_row(first, some)
                ]
            if rows:
                yield rows
            if not remember:
                self._met.clear()

    def problem(
        self,
        code: str,
        line: int | None = None,
        field: str = "",
        value: str = "",
        params: dict[str, str | int] | None = None,
    ) -> None:
        """Note an error; `field` is the column to blame."""
        self.problems.append(Problem(code, line, self.headings.get(field, ""), visible(value), params or {}))

    def _know(self, index: int, shown: str, field: str | None) -> None:
        if field is None:
            if shown:
                self.problems.append(Problem("unknown-column", self._header_line, shown, severity="warning"))
        elif field in self.headings:
            twice: dict[str, str | int] = {"other": self.headings[field]}
            self.problems.append(Problem("column-twice", self._header_line, shown, params=twice))
        else:
            self.headings[field] = shown
            self._plan.append(_Cells(field, index, self.columns[field]))

    def _batches(self, size: int) -> Iterator[tuple[int, list[list[str] | str]]]:
        """What stands below the header; ends where there is too much of it, and when too much is wrong."""
        if not self.is_clean:
            return
        self._count, self._is_full = 0, False
        for first, some in batches(self._text.lines(), self._delimiter, size):
            above = max(0, self._header_line + 1 - first)
            if above < len(some):
                yield first + above, some[above:]
            if self._is_full:
                return
        if not self._count:
            self.problem("no-rows")

    def _by_column(self, first: int, some: list[list[str] | str]) -> list[tuple[Any, ...]] | None:
        """All the rows of a chunk at once; None where there is anything to say about one of them."""
        if isinstance(some[-1], str) or set(map(len, some)) != {self._width}:
            return None
        if self._count + len(some) > self._limits.rows or len(self.problems) >= MAX_PROBLEMS:
            return None
        lines = range(first, first + len(some))
        written = list(zip(*some, strict=True))
        try:
            read = {cells.field: cells.read_all(written[cells.index]) for cells in self._plan}
        except Refused:
            return None
        if self._unique is not None:
            keys = read[self._unique.field]
            if len(set(keys)) < len(keys) or not self._met.keys().isdisjoint(keys):
                return None
            self._met.update(zip(keys, lines, strict=True))
        self._count += len(some)
        values = (read.get(field, repeat(column.empty, len(some))) for field, column in self.columns.items())
        return list(zip(lines, *values, strict=True))

    def _by_row(self, first: int, some: list[list[str] | str]) -> Iterator[tuple[int, dict[str, Any]]]:
        """One row after the other, with a word about everything that is wrong."""
        for line, row in enumerate(some, first):
            if not "".join(row).strip():
                continue
            self._count += 1
            if self._count > self._limits.rows:
                self.problem("too-many-rows", line, params={"limit": self._limits.rows})
                self._is_full = True
                return
            if len(self.problems) >= MAX_PROBLEMS:
                self.problem("too-many-problems", params={"limit": MAX_PROBLEMS})
                self._is_full = True
                return
            if isinstance(row, str):
                self.problem(row, line, params={"limit": MAX_CELL})
            elif len(row) > self._width and "".join(row[self._width :]).strip():
                self.problem("too-many-cells", line)
            elif (values := self._values(line, row)) is not None and not self._is_twice(line, values):
                yield line, values

    def _values(self, line: int, row: list[str]) -> dict[str, Any] | None:
        values: dict[str, Any] = {}
        before = len(self.problems)
        for cells in self._plan:
            cell = row[cells.index].strip() if cells.index < len(row) else ""
            try:
                values[cells.field] = cells.read(cell)
            except Refused as refused:
                self.problem(refused.code, line, cells.field, cell, refused.params)
        return values if len(self.problems) == before else None

    def _is_twice(self, line: int, values: dict[str, Any]) -> bool:
        if self._unique is None:
            return False
        value = values[self._unique.field]
        first = self._met.setdefault(value, line)
        if first != line:
            self.problem("number-twice", line, self._unique.field, value, {"other": first})
        return first != line


class _Cells(dict[str, Any]):
    """A column, and what its (stripped) cells mean: each spelling is read once, as long as there are not too many.
    Texts are not kept: most are written once."""

    def __init__(self, field: str, index: int, column: Column) -> None:
        self.field, self.index = field, index
        self.is_needed = False  # whether no row may leave it empty
        self._column = column

    def __missing__(self, cell: str) -> Any:
        if len(self) >= MAX_SPELLINGS:
            self.clear()
        value = self[cell] = self._read(cell)
        return value

    def read(self, cell: str) -> Any:
        """What one cell means. Raises Refused."""
        return self._read(cell) if isinstance(self._column.parse, Text) else self[cell]

    def read_all(self, written: Iterable[str]) -> Sequence[Any]:
        """What the cells of the column mean, some thousand of them. Raises Refused for any of them."""
        cells = list(map(str.strip, written))
        parse = self._column.parse
        if not isinstance(parse, Text):
            return [self[cell] for cell in cells]
        if all(cells):
            return cells if parse.are_plain(cells) else [self._read(cell) for cell in cells]
        filled = [cell for cell in cells if cell]
        if self.is_needed or not parse.are_plain(filled):
            return [self._read(cell) for cell in cells]
        return [cell or self._column.empty for cell in cells]

    def _read(self, cell: str) -> Any:
        if not cell or cell == "-":
            if self.is_needed:
                raise Refused("missing-value")
            return self._column.empty
        if len(cell) > MAX_CELL:
            raise Refused("cell-too-long", limit=MAX_CELL)
        if CONTROL.search(cell):
            raise Refused("control-character")
        return self._column.parse(cell)
