"""The office's synonyms as a CSV file: word, what it means, and one way or both. Written and read in the same form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from exchange.csvtext import Unreadable, decode, find_header, folded, records
from exchange.plaintext import bare
from exchange.tablefile import Sheet, write_table

MAX_BYTES = 2_000_000
MAX_ROWS = 10_000
HEADINGS = ("ord", "betyder", "riktning")
BOTH, ONE = "båda", "en"
_COLUMNS = {
    **{folded(name): 0 for name in ("ord", "word", "sökord")},
    **{folded(name): 1 for name in ("betyder", "means", "synonym", "betydelse")},
    **{folded(name): 2 for name in ("riktning", "direction")},
}
_DIRECTIONS = {"": False, "en": False, "one": False, "båda": True, "both": True}


class SynonymRow(NamedTuple):
    """A line of the file, numbered as a spreadsheet does."""

    line: int
    word: str
    means: str
    is_both_ways: bool


class BadLine(Exception):
    """A file or a line that cannot be read; `code`: those of Unreadable, header, rows, columns or direction."""

    def __init__(self, code: str, line: int | None = None) -> None:
        super().__init__(code)
        self.code, self.line = code, line


def read_synonyms(data: bytes, file_name: str = "") -> list[SynonymRow]:
    """The rows of a file. Raises BadLine at the first thing that is wrong."""
    try:
        text = decode(data, file_name, max_bytes=MAX_BYTES)
    except Unreadable as error:
        raise BadLine(error.code) from error
    header = find_header(text, _COLUMNS)
    if header is None:
        raise BadLine("header")
    delimiter, at, cells = header
    places = {_COLUMNS[name]: n for n, cell in enumerate(cells) if (name := folded(cell)) in _COLUMNS}
    if not {0, 1} <= places.keys():
        raise BadLine("header", at)
    rows: list[SynonymRow] = []
    for line, found in records(text, delimiter):
        if line <= at or not any(found):
            continue
        if len(rows) >= MAX_ROWS:
            raise BadLine("rows", line)
        if isinstance(found, str) or len(found) <= max(places[0], places[1]):
            raise BadLine("columns", line)
        way = found[places[2]].strip().casefold() if 2 in places and len(found) > places[2] else ""
        if way not in _DIRECTIONS:
            raise BadLine("direction", line)
        rows.append(SynonymRow(line, bare(found[places[0]].strip()), bare(found[places[1]].strip()), _DIRECTIONS[way]))
    return rows


def write_synonyms(rows: Iterable[tuple[str, str, bool]]) -> bytes:
    """The file that a spreadsheet opens."""
    found = ((word, means, BOTH if is_both_ways else ONE) for word, means, is_both_ways in rows)
    return write_table("csv", Sheet("Synonymer", HEADINGS, found))
