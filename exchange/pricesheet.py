"""Price lists and their problems as files to send: CSV, as Swedish spreadsheets read it, and XLSX.

What is written here is read by exchange/pricefile.py as the same rows. No cell is taken for a formula by the program
that opens the file, whatever a supplier wrote into it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import xlsxwriter

from exchange.pricefile import EXAMPLE, MANDATORY, PriceRow, heading
from exchange.problem import Problem
from exchange.units import UNITS, parse_unit

Form = Literal["csv", "xlsx"]
MEDIA_TYPES: dict[Form, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FIELDS = PriceRow._fields[1:]
_AS_TEXT = ("supplier_number", "gtin", "classification")  # a spreadsheet would take them for numbers
_WIDTHS = {"name": 40, "description": 50, "picture": 30, "synonyms": 25}

_EXAMPLE = PriceRow(
    line=2,
    supplier_number=EXAMPLE,
    name="Kopieringspapper A4 80 g vitt",
    unit="XPK",
    price=Decimal("49.50"),
    vat="25",
    description="Ohålat, 500 ark",
    gtin="7340090400001",
    pack_size=Decimal(500),
    pack_unit="XST",
    minimum_quantity=Decimal(5),
    quantity_multiple=Decimal(5),
    synonyms=("skrivarpapper", "kopiepapper"),
    marks=("Svanen",),
    classification="14111507",
    manufacturer="Pappersbruket",
    lead_time_days=2,
    picture="https://bilder.example/papper.jpg",
    tiers=((Decimal(50), Decimal("46.00")), (Decimal(200), Decimal("43.50"))),
)


class Sheet(NamedTuple):
    """A table to write: its name, headings, rows (texts, whole or decimal numbers, none), and the columns of text."""

    name: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Any]]
    widths: Sequence[int] = ()
    as_text: frozenset[int] = frozenset()
    strong: frozenset[int] = frozenset()  # headings that must not be left out


def price_list(rows: Iterable[PriceRow], form: Form) -> bytes:
    """A list in the form in which it is imported."""
    return _file([_list_sheet(rows)], form)


def template(form: Form) -> bytes:
    """Headings and an example row; as XLSX also a sheet with the units. The reader refuses the example row."""
    units = Sheet(
        "Enheter",
        ("Skriv så här", "Namn", "UN/ECE-kod"),
        [(_unit(unit.code), unit.sv_name, unit.code) for unit in UNITS.values()],
        (16, 24, 14),
        frozenset({0, 1, 2}),
    )
    return _file([_list_sheet([_EXAMPLE]), units], form)


def problems(found: Iterable[Problem], form: Form, headings: Sequence[str], words: Callable[[Problem], str]) -> bytes:
    """What is wrong in a file, to send back: line, column, value, what is expected; `headings` are those four."""
    rows = [(problem.line, problem.column, problem.value, words(problem)) for problem in found]
    return _file([Sheet(headings[0], headings, rows, (8, 24, 30, 80), frozenset({1, 2, 3}))], form)


def table(sheet: Sheet, form: Form) -> bytes:
    """Any table as a file."""
    return _file([sheet], form)


def neutral(text: str) -> str:
    """A text that no spreadsheet takes for a formula, and none that turns around (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def _list_sheet(rows: Iterable[PriceRow]) -> Sheet:
    return Sheet(
        "Prislista",
        [heading(field) for field in FIELDS],
        (_cells(row) for row in rows),
        [_WIDTHS.get(field, 16) for field in FIELDS],
        frozenset(FIELDS.index(field) for field in _AS_TEXT),
        frozenset(FIELDS.index(field) for field in MANDATORY),
    )


def _cells(row: PriceRow) -> list[Any]:
    cells: dict[str, Any] = {
        field: ", ".join(value) if isinstance(value, tuple) else value
        for field, value in row._asdict().items()
        if field not in ("line", "tiers")
    }
    cells["unit"], cells["pack_unit"] = _unit(row.unit), row.pack_unit and _unit(row.pack_unit)
    cells["vat"] = "livsmedel" if row.vat == "food" else row.vat
    cells["tiers"] = "; ".join(f"{_written(quantity)}: {_written(price)}" for quantity, price in row.tiers)
    cells["is_approximate"] = "ja" if row.is_approximate else None
    return [cells[field] for field in FIELDS]


def _unit(code: str) -> str:
    """As people write it, where that means this unit and no other."""
    unit = UNITS.get(code)
    return unit.sv if unit is not None and parse_unit(unit.sv) == code else code


def _file(sheets: Sequence[Sheet], form: Form) -> bytes:
    return _csv(sheets[0]) if form == "csv" else _xlsx(sheets)


def _csv(sheet: Sheet) -> bytes:
    """With BOM, semicolons and decimal commas: what opens rightly by a double click in Sweden."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(sheet.headings)
    for row in sheet.rows:
        writer.writerow([_written(value) for value in row])
    return out.getvalue().encode("utf-8-sig")


def _written(value: Any) -> str:
    if value is None:
        return ""
    return _plain(value).replace(".", ",") if isinstance(value, Decimal) else neutral(str(value))


def _plain(value: Decimal) -> str:
    """Without exponent and without zeros that say nothing."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


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
                        page.write_string(line, at, neutral(value), text if at in sheet.as_text else None)
                    elif value is not None:
                        page.write_number(line, at, value)
    return out.getvalue()
