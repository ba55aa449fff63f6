"""Sheets are read as they look: numbers, dates, lost zeros, titles above, sheets before."""

from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from exchange.pricefile import PriceFile, open_price_file, read_price_file, read_whole
from exchange.table import Limits
from tests.factories.hostile import HEADER, ROW, ods_row, open_document, workbook

GOLDEN = Path(__file__).parent / "golden"


def read(*rows: list[Any]) -> PriceFile:
    return read_price_file(workbook(*rows), "lista.xlsx")


def test_workbook_is_read_like_the_same_csv() -> None:
    text = "\n".join([";".join(HEADER), "A1;Pärm A4;st;12,5;25"])
    assert read(HEADER, ROW) == read_price_file(text.encode())


def test_open_document_is_read() -> None:
    data = open_document(ods_row(*HEADER) + ods_row("A1", "Pärm A4", "st", "12,5", "25"))
    assert read_price_file(data, "lista.ods") == read(HEADER, ROW)


def test_title_above_and_columns_before_keep_the_line_numbers() -> None:
    found = read(["", "Prislista 2026"], [], ["", *HEADER], ["", *ROW], [], ["", "A2", "Pärm", "st", "x", 25])
    assert [row.line for row in found.rows] == [4]
    assert [(problem.line, problem.column) for problem in found.problems] == [(6, "Pris")]


@pytest.mark.parametrize(("cell", "price"), [(12, "12"), (12.5, "12.5"), (0.1 + 0.2, "0.3"), (1e9, "1000000000")])
def test_number_is_what_the_sheet_shows(cell: Any, price: str) -> None:
    assert str(read(HEADER, [*ROW[:3], cell, 25]).rows[0].price) == price


@pytest.mark.parametrize(("cell", "vat"), [(25, "25"), (0.25, "25"), (0.06, "6"), (0, "0"), ("livsmedel", "food")])
def test_rate_may_be_a_part_of_one(cell: Any, vat: str) -> None:
    assert read(HEADER, [*ROW[:4], cell]).rows[0].vat == vat


@pytest.mark.parametrize(
    ("cell", "gtin"),
    [
        (7340090400001, "7340090400001"),
        (40170725, "40170725"),
        (1234565, "01234565"),  # a GTIN-8 that begins with zero
        (12345678905, "0012345678905"),  # two zeros lost
        (614141000036, "614141000036"),
        ("0614141000036", "0614141000036"),
    ],
)
def test_gtin_gets_back_its_zeros(cell: Any, gtin: str) -> None:
    assert read([*HEADER, "EAN"], [*ROW, cell]).rows[0].gtin == gtin


def test_article_number_without_decimals() -> None:
    assert read(HEADER, [1001, *ROW[1:]]).rows[0].supplier_number == "1001"


def test_first_sheet_with_a_header_is_read_and_named() -> None:
    def add(book: Any, first: Any) -> None:
        second = book.add_worksheet("Priser")
        for line, row in enumerate([HEADER, ROW]):
            second.write_row(line, 0, row)

    found = read_price_file(workbook(["Välkommen"], change=add), "lista.xlsx")
    assert [row.supplier_number for row in found.rows] == ["A1"]
    assert [(problem.code, problem.value) for problem in found.problems] == [("sheet", "Priser")]


def with_formula(cell: str) -> PriceFile:
    return read_price_file(workbook(change=lambda _, sheet: sheet.write_formula(cell, "=6+6", value=12)), "lista.xlsx")


def test_formula_is_refused_where_it_is_read() -> None:
    assert with_formula("H2").is_clean
    problems = with_formula("D2").problems
    assert [(p.code, p.line, p.column, p.value) for p in problems] == [("formula", 2, "Pris", "=12")]


def test_line_break_within_a_cell_is_a_blank() -> None:
    found = read(HEADER, ["A1", "Pärm\nA4; blå", "st", 1, 25], ["A2", "Pärm", "st", "x", 25])
    assert found.rows[0].name == "Pärm A4; blå"
    assert found.problems[0].line == 3


@pytest.mark.parametrize("name", ["prices.xls", "prices.ods"])
def test_file_as_an_office_program_saves_it_is_read_like_the_same_csv(name: str) -> None:
    """Saved by LibreOffice 7.4: a title above, a second sheet, a day, a rate in percent, prices with a currency,
    numbers stored as text, an article number that begins with zeros and a GTIN that has lost its first."""
    as_csv = read_price_file((GOLDEN / "prices.csv").read_bytes(), "prices.csv")
    found = read_price_file((GOLDEN / name).read_bytes(), name)
    assert found.rows == as_csv.rows and as_csv.problems == []
    assert [(problem.code, problem.value) for problem in found.problems] == [("sheet", "Prislista")]
    assert [(row.supplier_number, row.name, row.price, row.vat, row.gtin) for row in found.rows] == [
        ("00123", "Pärm A4 blå", Decimal("12.5"), "25", "7340090400001"),
        ("1002", 'Servett "Åsa"; rosa', Decimal("9.5"), "25", "40170725"),
        ("A-3", "Ärtsoppa", Decimal(31), "food", None),
        ("10045", "Öl, alkoholfri", Decimal("8.9"), "12", "01234565"),
    ]
    assert [row.description for row in found.rows[1:3]] == ["Gäller från 2026-12-01", "2026-12-01"]
    assert [row.tiers for row in found.rows[:2]] == [((Decimal(10), Decimal("11.25")),), ()]


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(sheet_bytes=1_000), "sheet-too-large"),
        (Limits(bytes=1_000), "too-large"),
        (Limits(rows=1), "too-many-rows"),
    ],
)
def test_workbook_beyond_the_limits_is_told_the_way_on(limits: Limits, code: str) -> None:
    data = workbook(HEADER, ROW, ["A2", *ROW[1:]])
    with open_price_file(BytesIO(data), "lista.xlsx", limits) as source:
        problems = read_whole(source).problems
    assert [problem.code for problem in problems] == [code]
    assert any(way in problems[0].text for way in ("avrop prices import", "CSV UTF-8"))


def test_workbook_without_a_header_says_what_is_missing() -> None:
    assert [problem.code for problem in read(["Hej"]).problems] == ["no-header"]
