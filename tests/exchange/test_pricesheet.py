"""What is written is read again as the same; what is written is no formula."""

import csv
import io
import zipfile
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import load_workbook

from core.checkdigits import gs1_check_digit
from exchange import pricesheet
from exchange.plaintext import CONTROL
from exchange.pricefile import EXAMPLE, PriceRow, read_price_file
from exchange.pricesheet import FIELDS
from exchange.problem import Problem
from exchange.tablefile import Form
from exchange.units import UNITS

LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Cf", "Co", "Cn", "Zl", "Zp"])


def texts(limit: int) -> st.SearchStrategy[str]:
    """Texts as the reader gives them: on one line; some begin as a formula does, or as what says that it is none."""
    beginnings = st.sampled_from(["", "", "", "'", "=", "-", "'=", "''"])
    words = st.builds(str.__add__, beginnings, st.text(LETTERS, max_size=limit - 2)).map(lambda t: " ".join(t.split()))
    return words.filter(lambda text: bool(text) and not CONTROL.search(text) and text != EXAMPLE)


def words(limit: int) -> st.SearchStrategy[tuple[str, ...]]:
    word = texts(12).map(lambda text: "".join(c for c in text if c not in ";,|").strip())
    return st.lists(word.filter(bool), max_size=4).map(tuple)


def numbers(limit: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.integers(1, limit * 10**places).map(lambda whole: Decimal(whole).scaleb(-places))


def gtins() -> st.SearchStrategy[str]:
    body = st.sampled_from((7, 11, 12, 13)).flatmap(lambda size: st.text("0123456789", min_size=size, max_size=size))
    return body.map(lambda digits: digits + str(gs1_check_digit(digits)))


def optional(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


ROWS = st.builds(
    PriceRow,
    line=st.just(0),
    supplier_number=texts(50),
    name=texts(200),
    unit=st.sampled_from(sorted(UNITS)),
    price=numbers(1_000_000_000, 4),
    vat=st.sampled_from(["25", "12", "6", "0", "food"]),
    description=optional(texts(300)),
    gtin=optional(gtins()),
    pack_size=optional(numbers(1_000_000, 3)),
    pack_unit=optional(st.sampled_from(sorted(UNITS))),
    minimum_quantity=optional(numbers(1_000_000, 3)),
    quantity_multiple=optional(numbers(1_000_000, 3)),
    base_quantity=numbers(1_000_000, 3),
    synonyms=words(500),
    marks=words(200),
    classification=optional(st.text("0123456789", min_size=8, max_size=8)),
    manufacturer=optional(texts(100)),
    lead_time_days=optional(st.integers(0, 999)),
    picture=optional(st.just("https://bilder.example/a.jpg?x=1&y=å")),
    tiers=st.deferred(lambda: tiers()),
    list_price=st.none(),
    discount_percent=st.none(),
    is_approximate=st.booleans(),
)


def tiers() -> st.SearchStrategy[tuple[tuple[Decimal, Decimal], ...]]:
    steps = st.lists(st.tuples(numbers(1_000_000, 3), numbers(1_000_000_000, 4)), max_size=10, unique_by=lambda s: s[0])
    return steps.map(lambda found: tuple(sorted(found)))


LISTS = st.lists(ROWS, min_size=1, max_size=12, unique_by=lambda row: row.supplier_number)


def comes_back(rows: list[PriceRow], form: Form) -> None:
    found = read_price_file(pricesheet.price_list(rows, form), f"lista.{form}")
    assert [problem for problem in found.problems if problem.code not in ("garbled", "tier-dearer")] == []
    assert [row._replace(line=0) for row in found.rows] == rows


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LISTS)
def test_csv_that_is_exported_is_imported_as_the_same(rows: list[PriceRow]) -> None:
    comes_back(rows, "csv")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LISTS)
def test_workbook_that_is_exported_is_imported_as_the_same(rows: list[PriceRow]) -> None:
    comes_back(rows, "xlsx")


@given(
    st.decimals(Decimal("0.10"), Decimal(1_000_000), places=4), st.decimals(Decimal("0.01"), Decimal("90"), places=2)
)
def test_a_discounted_price_comes_back_as_it_was(list_price: Decimal, discount: Decimal) -> None:
    head = "Artikelnummer;Benämning;Enhet;Listpris;Rabatt;Moms\n"
    (row,) = read_price_file(f"{head}A1;Pärm;st;{list_price};{discount};25\n".encode()).rows
    comes_back([row._replace(line=0)], "csv")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_template_is_read_but_for_its_example_row(form: Form) -> None:
    found = read_price_file(pricesheet.template(form), f"mall.{form}")
    assert [problem.code for problem in found.problems if problem.severity == "error"] == ["example-row"]
    assert found.rows == []


def test_template_names_every_unit_as_it_is_understood() -> None:
    units = load_workbook(io.BytesIO(pricesheet.template("xlsx"))).get_sheet_by_name("Enheter").to_python()
    assert {row[2] for row in units[1:]} == set(UNITS)
    for word, _, code in units[1:]:
        rows = [PriceRow(0, "A1", "Pärm", str(code), Decimal(1), "25")]
        text = pricesheet.price_list(rows, "csv").decode("utf-8-sig")
        assert list(csv.reader(io.StringIO(text), delimiter=";"))[1][FIELDS.index("unit")] == word


EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_problems_as_a_file_have_no_formula_in_them(form: Form) -> None:
    found = [Problem("formula", line, "=Pris", value) for line, value in enumerate(EVIL, 2)]
    made = pricesheet.problems(found, form, ("Rad", "Kolumn", "Värde", "Fel"), lambda problem: problem.text)
    if form == "csv":
        rows = list(csv.reader(io.StringIO(made.decode("utf-8-sig"), newline=""), delimiter=";"))
        assert [row[2][0] for row in rows[1:]] == ["'"] * len(EVIL)
    else:
        with zipfile.ZipFile(io.BytesIO(made)) as archive:
            assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
        rows = load_workbook(io.BytesIO(made)).get_sheet_by_index(0).to_python()
    assert [str(row[1]) for row in rows[1:]] == ["'=Pris"] * len(EVIL)
    assert len(rows) == 1 + len(EVIL)


def inside(book: bytes) -> tuple[str, str]:
    """The sheet and the formats of a workbook."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return archive.read("xl/worksheets/sheet1.xml").decode(), archive.read("xl/styles.xml").decode()


def test_problems_are_wrapped_and_fit_a_page() -> None:
    found = [Problem("too-long", 2, "Beskrivning", "x" * 60, {"limit": 4000}), Problem("zero", 3, "Pris", "0")]
    headings = ("Rad", "Kolumn", "Värde", "Vad som är fel")
    made = pricesheet.problems(found, "xlsx", headings, lambda problem: problem.text)
    sheet, formats = inside(made)
    assert "fitToPage" in sheet and 'orientation="landscape"' in sheet and 'wrapText="1"' in formats
    assert '<row r="2" ht="30" customHeight="1">' in sheet and '<row r="3">' in sheet  # two lines for the long value
    assert load_workbook(io.BytesIO(made)).sheet_names == ["Vad som är fel"]


def test_list_to_fill_in_keeps_one_line_a_row() -> None:
    sheet, formats = inside(pricesheet.price_list([], "xlsx"))
    assert "fitToPage" not in sheet and " ht=" not in sheet and "wrapText" not in formats
    assert formats.count("<b/>") == 1  # the headings that must be there
