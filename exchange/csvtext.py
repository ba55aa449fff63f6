"""The CSV files that people send: bytes → text → numbered records. Knows nothing of what the columns mean.

UTF-8 (with or without BOM) or Windows-1252; fields parted by semicolon, comma or tab. What cannot be read is named
by a stable code; the caller has the words for it. A file is never in memory as a whole: a long one is gone through
twice, first for what it is written in, then record by record.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Container, Iterable, Iterator
from itertools import islice
from typing import BinaryIO

MAX_CELL = 32_767  # what a cell of a spreadsheet holds
_PIECE = 1 << 20
_HEAD = 100_000  # characters in which the header must stand
_GARBLED = re.compile("Ã[¥¤¶…„–]|\ufffd")  # åäöÅÄÖ in UTF-8, read as Windows-1252 and saved again


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


class TextFile:
    """A file of text that has been looked through once: `encoding`, and whether it `is_garbled`.

    Raises Unreadable, as `decode` does, for what is no text; without `max_bytes` it is one of our own and not asked.
    The file must stay open, and nobody else may move in it.
    """

    def __init__(self, file: BinaryIO, *, max_bytes: int | None) -> None:
        self._file = file
        self._lines: io.TextIOWrapper | None = None
        self._start = 0
        if max_bytes is not None:
            self._check(max_bytes)
        self.encoding = next((e for e in ("utf-8", "cp1252") if self._is_in(e)), "")
        if not self.encoding:
            raise Unreadable("encoding")

    def lines(self) -> Iterator[str]:
        """The lines from the first one on, with their ends; earlier iterators must not be used any longer."""
        self.release()
        self._file.seek(self._start)
        self._lines = io.TextIOWrapper(self._file, self.encoding, newline="")
        return self._lines

    def head(self) -> str:
        """As much of the text as may hold the header."""
        self.lines()
        assert self._lines is not None
        return self._lines.read(_HEAD)

    def release(self) -> None:
        """Leave the file to whoever opened it."""
        if self._lines is not None:
            self._lines.detach()
            self._lines = None

    def _check(self, max_bytes: int) -> None:
        size, is_empty, has_zero = 0, True, False
        self._file.seek(0)
        while piece := self._file.read(_PIECE):
            if not size:
                first = piece[:100]
            size, is_empty, has_zero = size + len(piece), is_empty and not piece.strip(), has_zero or b"\0" in piece
            if size > max_bytes:
                raise Unreadable("too-large")
        if is_empty:
            raise Unreadable("empty")
        if first.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            raise Unreadable("spreadsheet")
        if first.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise Unreadable("encoding")  # UTF-16, which some programs call "Unicode text"
        if has_zero:
            raise Unreadable("binary")
        self._start = 3 if first.startswith(codecs.BOM_UTF8) else 0
        if first[self._start :][:4].lower() == b"sep=":  # a spreadsheet obeys this first line and does not show it
            end = first.find(b"\n")
            self._start = end + 1 if end >= 0 else size

    def _is_in(self, encoding: str) -> bool:
        """Whether the whole file can be read so; notes by the way whether it looks garbled."""
        self.is_garbled = False
        decoder = codecs.getincrementaldecoder(encoding)()
        self._file.seek(0)
        last = ""
        try:
            while piece := self._file.read(_PIECE):
                text = last + decoder.decode(piece)
                has_one = "Ã" in text or "\ufffd" in text  # a hundred times as quick as the pattern
                self.is_garbled = self.is_garbled or (has_one and _GARBLED.search(text) is not None)
                last = text[-1:]
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
        return True


def records(text: str | Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Number each record as a spreadsheet does (from 1; a cell may hold line breaks); a code if it is broken."""
    for first, some in batches(text, delimiter, 1):
        yield first, some[0]


def batches(text: str | Iterable[str], delimiter: str, size: int) -> Iterator[tuple[int, list[list[str] | str]]]:
    """The records some at a time: the number of the first one, and at most `size` of them. A broken one is a code,
    and always the last of its batch."""
    lines = io.StringIO(text, newline="") if isinstance(text, str) else text
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    first = 1
    while True:
        some: list[list[str] | str] = []
        try:
            some.extend(islice(reader, size))
        except csv.Error as error:  # what came before it is in the list
            some.append("cell-too-long" if "field limit" in str(error) else "broken-quotes")
        if not some:
            return
        yield first, some
        first += len(some)


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
