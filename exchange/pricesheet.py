"""Price lists and their problems as files to send; what is written here is read by exchange/pricefile.py as the same
rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from exchange.pricecolumns import EXAMPLE, MANDATORY, heading
from exchange.pricefile import PriceRow
from exchange.problem import Problem
from exchange.tablefile import Form, Sheet, write_table, written
from exchange.units import UNITS, parse_unit

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


def price_list(rows: Iterable[PriceRow], form: Form) -> bytes:
    """A list in the form in which it is imported."""
    return write_table(form, _list_sheet(rows))


def template(form: Form) -> bytes:
    """Headings and an example row; as XLSX also a sheet with the units. The reader refuses the example row."""
    units = Sheet(
        "Enheter",
        ("Skriv så här", "Namn", "UN/ECE-kod"),
        [(_unit(unit.code), unit.sv_name, unit.code) for unit in UNITS.values()],
        (16, 24, 14),
        frozenset({0, 1, 2}),
    )
    return write_table(form, _list_sheet([_EXAMPLE]), units)


def problems(found: Iterable[Problem], form: Form, headings: Sequence[str], words: Callable[[Problem], str]) -> bytes:
    """What is wrong in a file, to send back: line, column, value, what is expected; `headings` are those four."""
    rows = [(problem.line, problem.column, problem.value, words(problem)) for problem in found]
    return write_table(form, Sheet(headings[3], headings, rows, (7, 24, 36, 70), frozenset({1, 2, 3})))


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
    cells["tiers"] = "; ".join(f"{written(quantity)}: {written(price)}" for quantity, price in row.tiers)
    cells["is_approximate"] = "ja" if row.is_approximate else None
    return [cells[field] for field in FIELDS]


def _unit(code: str) -> str:
    """As people write it, where that means this unit and no other."""
    unit = UNITS.get(code)
    return unit.sv if unit is not None and parse_unit(unit.sv) == code else code
