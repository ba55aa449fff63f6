"""Quick entry: article numbers and quantities pasted from a spreadsheet, one row a line, read as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from core.forms import read_decimal
from core.types import sort_key
from exchange.units import parse_unit

LARGEST = Decimal(1_000_000)
LONGEST_QUANTITY = 40  # characters

_QUANTITY = re.compile(r"(-?[0-9][0-9 .,\u00a0\u202f]*)\s*([^\W\d_][^\d]*)?")
_SHORTENED = re.compile(r"[0-9][.,]?[0-9]*E\+[0-9]+", re.IGNORECASE)
_HEADINGS = frozenset(
    ("artikelnummer", "artikel", "artikelnr", "artnr", "art", "nr", "nummer", "gtin", "ean", "article", "number", "sku")
)


@dataclass(frozen=True, slots=True)
class PastedRow:
    """A row as it was written. `problem` (lazy) says what is wrong with it before anything is looked up."""

    line: int  # from 1, blank lines counted, as the text area has them
    number: str  # the supplier's article number or a GTIN
    quantity: Decimal | None = None
    written: str = ""  # the quantity as it stands there
    unit_code: str | None = None  # where a unit was written after the quantity
    problem: Any = None


def read_rows(text: str) -> list[PastedRow]:
    """The rows of a pasted text: a number and how many, between tabs, semicolons, a comma or blanks.

    A heading in the first row is passed over. Never raises: what cannot be read is told on its row.
    """
    return list(_rows(text))


def _rows(text: str) -> Iterator[PastedRow]:
    is_first = True
    for line, written in enumerate(text.splitlines(), start=1):
        if not written.strip():
            continue
        cells = _cells(written)
        if not (is_first and _is_heading(cells)):
            yield _row(line, cells)
        is_first = False


def _cells(written: str) -> list[str]:
    """What stands between the strongest divider of the row. A comma divides only once: after that it is a decimal's."""
    for divider in "\t;":
        if divider in written:
            return [cell.strip().strip('"').strip() for cell in written.split(divider) if cell.strip()]
    written = written.strip()
    number, comma, rest = written.partition(",")
    if comma and not re.search(r"\s", number.strip()):
        return [number.strip(), rest.strip()] if rest.strip() else [number.strip()]
    words = written.split()
    if len(words) > 2 and parse_unit(words[-1]) and words[-2][0].isdigit():
        words[-2:] = [f"{words[-2]} {words[-1]}"]
    return words


def _is_heading(cells: list[str]) -> bool:
    first = sort_key(cells[0]).replace(".", "").split() if cells else []
    return bool(first) and first[0] in _HEADINGS and not any(c.isdigit() for cell in cells for c in cell)


def _row(line: int, cells: list[str]) -> PastedRow:
    number, rest = (cells[0], cells[1:]) if cells else ("", [])
    if len(number) > 60:
        return PastedRow(line, number[:60], problem=_l("Artikelnumret är för långt."))
    if _SHORTENED.fullmatch(number):
        text = _l("Kalkylprogrammet har förkortat numret. Formatera kolumnen som text och kopiera igen.")
        return PastedRow(line, number, problem=text)
    if not rest:  # or nothing at all, between dividers
        return PastedRow(line, number, problem=_l("Antalet saknas."))
    numeric = [cell for cell in rest if _as_quantity(cell)]
    if len(numeric) != 1 and len(rest) > 1:  # a name between them is all right, two numbers are not
        return PastedRow(line, number, problem=_l("Skriv bara artikelnummer och antal på raden."))
    return _counted(line, number, numeric[0] if numeric else rest[0])


def _as_quantity(cell: str) -> re.Match[str] | None:
    return _QUANTITY.fullmatch(cell) if len(cell) <= LONGEST_QUANTITY else None


def _counted(line: int, number: str, written: str) -> PastedRow:
    match = _as_quantity(written)
    figure, unit = match.groups() if match else (written, None)
    code = parse_unit(unit) if unit else None
    if unit and code is None:
        return PastedRow(line, number, None, written, problem=_l("Antalet går inte att läsa."))
    try:
        quantity = read_decimal(figure, 3)
    except ValueError as error:
        return PastedRow(line, number, None, written, problem=error.args[0])
    if not 0 < quantity <= LARGEST:
        return PastedRow(
            line, number, None, written, problem=_l("Antalet måste vara större än noll och högst en miljon.")
        )
    return PastedRow(line, number, quantity, written, code)
