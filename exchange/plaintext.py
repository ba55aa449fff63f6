"""Texts that a spreadsheet must leave alone: written so that no program takes them for a formula, and read back.

An apostrophe before a text that begins like a formula says "this is text" (OWASP, CSV injection). Spreadsheets that
keep it give it back, so the reader takes it off again: what is written here and read here is the same text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from exchange.cells import CONTROL, Refused

_FORMULA = ("=", "+", "-", "@")
_NO_CHARACTER = re.compile("[\ufffe\uffff\ud800-\udfff]")  # what no XML may hold


def clean(text: str | None, *, lines: bool = False) -> str | None:
    """A text as a cell can carry it: no control characters, no turned direction, no blanks around it; one line unless
    `lines`. None where nothing is left. What was cleaned once stays as it is."""
    kept = unicodedata.normalize("NFC", _NO_CHARACTER.sub("", CONTROL.sub("", text or "")))
    return ("\n".join(kept.strip().splitlines()) if lines else " ".join(kept.split())) or None


def calm(text: str) -> str:
    """A cleaned text as a cell: with an apostrophe before what looks like a formula, or like such a cell already."""
    return f"'{text}" if text.startswith(_FORMULA) or (text[0] == "'" and text[1:2] in (*_FORMULA, "'")) else text


def line(limit: int) -> Callable[[str], str]:
    """Reads one line of text, at most `limit` characters."""
    return _reader(limit, lines=False)


def paragraphs(limit: int) -> Callable[[str], str]:
    """Reads text that may have several lines, at most `limit` characters. A list may begin with a hyphen."""
    return _reader(limit, lines=True)


def bare(cell: str) -> str:
    """The text of a cell. Raises Refused for a formula."""
    if cell[0] == "'" and cell[1:2] in (*_FORMULA, "'"):
        return cell[1:]
    if cell[0] in "=+@":
        raise Refused("formula")
    return cell


def _reader(limit: int, *, lines: bool) -> Callable[[str], str]:
    def parse(cell: str) -> str:
        if not lines and cell[0] == "-":
            raise Refused("formula")
        text = clean(bare(cell), lines=lines)
        if text is None:
            raise Refused("missing-value")
        if len(text) > limit:
            raise Refused("too-long", limit=limit)
        return text

    return parse
