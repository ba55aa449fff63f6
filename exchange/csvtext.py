"""The CSV files that people send: bytes → text → numbered records. Knows nothing of what the columns mean.

UTF-8 (with or without BOM) or Windows-1252; fields parted by semicolon, comma or tab. What cannot be read is named
by a stable code; the caller has the words for it.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Container, Iterator
from itertools import count, islice

MAX_CELL = 32_767  # what a cell of a spreadsheet holds


class Unreadable(Exception):
    """A file that is no CSV: `code` is empty, too-large, spreadsheet, encoding or binary."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def decode(data: bytes, file_name: str = "", *, max_bytes: int) -> str:
    """The text of a file; its name only helps to tell a spreadsheet from other binary files. Raises Unreadable."""
    if len(data) > max_bytes:
        raise Unreadable("too-large")
    if not data.strip():
        raise Unreadable("empty")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) or file_name.lower().endswith((".xlsx", ".xls", ".ods")):
        raise Unreadable("spreadsheet")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("encoding")  # UTF-16, which some programs call "Unicode text"
    if b"\0" in data:
        raise Unreadable("binary")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        # a spreadsheet obeys this first line and does not show it
        return text.partition("\n")[2] if text[:4].lower() == "sep=" else text
    raise Unreadable("encoding")


def records(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Number each record as a spreadsheet does (from 1; a cell may hold line breaks); a code if it is broken."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    for line in count(1):
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, "cell-too-long" if "field limit" in str(error) else "broken-quotes"


def find_header(text: str, headings: Container[str]) -> tuple[str, int, list[str]] | None:
    """The delimiter, the line with the most known (folded) headings, two at least, and what stands in it.

    Only the first 20 lines are searched: a title above the header does no harm.
    """
    best, most = None, 1
    for delimiter in ";,\t":
        for line, cells in islice(records(text[:100_000], delimiter), 20):
            known = sum(folded(cell) in headings for cell in cells[:200]) if isinstance(cells, list) else 0
            if known > most and isinstance(cells, list):
                best, most = (delimiter, line, cells), known
    return best


def folded(heading: str) -> str:
    """Only letters and digits, without case and accents: "À-pris (kr)" and "a pris kr" are one heading."""
    letters = unicodedata.normalize("NFKD", heading.casefold())
    return "".join(letter for letter in letters if letter.isalnum())


def visible(value: str) -> str:
    """At most sixty characters, those without a shape written as \\x00 or \\u202e."""
    short = value if len(value) <= 60 else value[:59] + "…"
    if short.isprintable():
        return short
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short)
