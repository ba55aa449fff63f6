"""Texts that a spreadsheet must leave alone: written so that no program takes them for a formula, and read back.

An apostrophe before a text that begins like a formula says "this is text" (OWASP, CSV injection). Spreadsheets that
keep it give it back, so the reader takes it off again: what is written here and read here is the same text.
"""

from __future__ import annotations

import re
import unicodedata

# C0, C1, and the marks that turn the reading direction around (Unicode bidirectional algorithm, UAX 9)
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_MARKED = tuple(f"'{beginning}" for beginning in (*_FORMULA, "'"))
_NO_CHARACTER = re.compile("[\ufffe\uffff\ud800-\udfff]")  # what no XML may hold


def clean(text: str | None, *, lines: bool = False) -> str | None:
    """A text as a cell can carry it: no control characters, no turned direction, no blanks around it; one line unless
    `lines`. None where nothing is left. What was cleaned once stays as it is."""
    kept = unicodedata.normalize("NFC", _NO_CHARACTER.sub("", CONTROL.sub("", text or "")))
    return ("\n".join(kept.strip().splitlines()) if lines else " ".join(kept.split())) or None


def calm(text: str) -> str:
    """A text as a cell: with an apostrophe before what looks like a formula, or like such a cell already."""
    return f"'{text}" if text.startswith((*_FORMULA, *_MARKED)) else text


def bare(cell: str) -> str:
    """The text of a cell: without the apostrophe that says that it is none."""
    return cell[1:] if cell.startswith(_MARKED) else cell
