"""The register of agreements as a CSV file."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.checkdigits import luhn_check_digit
from exchange.plaintext import clean
from exchange.registerfile import (
    COLUMNS,
    METHOD_WORDS,
    REGIME_WORDS,
    RegisterFile,
    RegisterRow,
    grounds_of,
    read_register,
    write_register,
)
from exchange.tablefile import Form
from tests.exchange.generated import generated, numbers, optional

ROW = {
    "agreement": "UK-2026-01",
    "title": "Livsmedel",
    "starts_on": "2026-01-01",
    "ends_on": "2027-12-31",
    "supplier": "556000-0167",
    "supplier_name": "Fjällgrossisten AB",
}


def register(*rows: dict[str, str], delimiter: str = ";", encoding: str = "utf-8") -> bytes:
    fields = list(dict.fromkeys(field for row in rows for field in row))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow([COLUMNS[field].heading for field in fields])
    writer.writerows([row.get(field, "") for field in fields] for row in rows)
    return out.getvalue().encode(encoding)


def read(*rows: dict[str, str]) -> RegisterFile:
    return read_register(register(*rows))


def codes(found: RegisterFile) -> list[str]:
    return [problem.code for problem in found.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_encodings_and_delimiters(encoding: str, delimiter: str) -> None:
    found = read_register(register(ROW, delimiter=delimiter, encoding=encoding))
    assert found.problems == []
    assert found.rows[0].supplier_name == "Fjällgrossisten AB"
    assert found.rows[0].lot == "1"


def test_every_column_is_read() -> None:
    row = ROW | {
        "registry_number": "UHK 2025/118",
        "regime": "LOU kap. 19",
        "ceiling": "1 200 000,50",
        "category": "Livsmedel",
        "owner": "2120002528",
        "entitled": "212000-2528, 2120002494",
        "summary": "Torrvaror och mejeri.",
        "how_to_order": "I Avrop.",
        "reason": "Därför.",
        "lot": "2",
        "lot_title": "Mejeri",
        "method": "Beställarens val",
        "clause": "punkt 4",
        "grounds": "smak | närhet",
        "competition_above": "500000",
        "lot_ceiling": "okänd",
        "supplier_email": "order@fjall.example",
        "rank": "2",
        "share": "33,33",
        "note": "Antaget.",
    }
    found = read(row)
    assert found.problems == []
    read_row = found.rows[0]
    assert (read_row.regime, read_row.method, read_row.rank, read_row.lot) == ("lou-19", "choice", 2, "2")
    assert (read_row.ceiling, read_row.lot_ceiling) == (Decimal("1200000.50"), "okänd")
    assert read_row.entitled == ("2120002528", "2120002494")
    assert read_row.grounds == ("smak", "närhet")
    assert (read_row.starts_on, read_row.share) == (date(2026, 1, 1), Decimal("33.33"))
    assert set(COLUMNS) == set(row)


@pytest.mark.parametrize(("text", "ceiling"), [("okänd", "okänd"), ("Okänd", "okänd"), ("", None)])
def test_unknown_ceiling_is_told_from_an_empty_cell_and_never_zero(text: str, ceiling: str | None) -> None:
    assert read(ROW | {"ceiling": text}).rows[0].ceiling == ceiling


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("supplier", "556000-0168", "check-digit"),
        ("supplier", "12345", "organisation-number"),
        ("supplier", "", "missing-value"),
        ("agreement", "A/B", "agreement-number"),
        ("title", "=HYPERLINK(1)", "formula"),
        ("title", "x" * 201, "too-long"),
        ("title", "x" * 40_000, "cell-too-long"),
        ("title", "a\x07b", "control-character"),
        ("starts_on", "1/4 2026", "date"),
        ("starts_on", "2026-02-30", "date"),
        ("ends_on", "2025-12-31", "ends-before-start"),
        ("ceiling", "0", "zero"),
        ("ceiling", "-1", "negative"),
        ("ceiling", "1e30", "not-a-number"),
        ("ceiling", "9" * 15, "too-big"),
        ("ceiling", "=1+1", "formula"),
        ("entitled", "alla 2120002528", "organisation-number"),
        ("method", "turordning", "choice"),
        ("regime", "LOV", "choice"),
        ("supplier_email", "order at fjall", "email"),
        ("supplier_email", "order@fjäll.example", "email"),  # no mail server would take it
        ("supplier_email", "a@b.se\r\nBcc: c@d.se", "email"),
        ("rank", "0", "rank"),
        ("rank", "1.5", "rank"),
        ("share", "101", "too-big"),
    ],
)
def test_bad_cell_is_named_with_line_and_column(field: str, value: str, code: str) -> None:
    found = read(ROW, ROW | {"agreement": "UK-2"} | {field: value})
    problem = next(p for p in found.problems if p.code == code)
    assert (problem.line, problem.column) == (3, COLUMNS[field].heading)
    assert not found.is_clean


def test_a_name_is_one_line_and_a_summary_may_be_several() -> None:
    (row,) = read(ROW | {"supplier_name": "Fjäll\r\nAB", "title": " Papper\nm.m.", "summary": "Ett.\r\nTvå."}).rows
    assert (row.supplier_name, row.title, row.summary) == ("Fjäll AB", "Papper m.m.", "Ett.\nTvå.")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"  \r\n", "empty"),
        (b"PK\x03\x04rest", "broken"),
        (b"\xff\xfeA\x00", "encoding"),
        (b"Avtalsnummer\x00;Avtalsnamn", "binary"),
        (b"hej;hopp\n1;2", "no-header"),
        (b"x" * 20_000_001, "too-large"),
        (register(ROW).splitlines()[0], "no-rows"),
        (b"Avtalsnummer;Avtalsnamn\n1;2", "missing-column"),
        (register(ROW) + b'"UK-9;a\n', "broken-quotes"),
        (register(ROW) + b'"' + b"x" * 10_000_000 + b'";a\n', "cell-too-long"),
    ],
)
def test_bad_file_is_refused_without_raising(data: bytes, code: str) -> None:
    found = read_register(data)
    assert code in codes(found)
    assert not found.is_clean


def test_facts_of_an_agreement_need_to_be_said_once_only() -> None:
    second = {"agreement": "UK-2026-01", "supplier": "212000-2494", "supplier_name": "Ströms Frukt AB"}
    found = read(ROW | {"ceiling": "500"}, second)
    assert found.problems == []
    assert (found.rows[1].title, found.rows[1].ceiling) == ("Livsmedel", Decimal(500))


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"supplier": "212000-2494", "supplier_name": "B", "title": "Annat"}, "differs"),
        ({"agreement": "UK-2", "supplier_name": "Ett annat bolag"}, "differs"),
        ({}, "row-twice"),
    ],
)
def test_rows_that_contradict_each_other_are_refused(other: dict[str, str], code: str) -> None:
    found = read(ROW, ROW | other)
    assert codes(found) == [code]
    assert found.problems[0].params["other"] == 2


def test_agreement_without_days_on_any_row_is_refused() -> None:
    assert codes(read(ROW | {"starts_on": ""})) == ["missing-value"]


def test_unknown_column_is_only_a_warning() -> None:
    found = read_register(register(ROW).replace(b"Avtalsnamn", b"Avtalsnamn;Kommentar").replace(b"Livsmedel", b"L;x"))
    assert codes(found) == ["unknown-column"]
    assert found.is_clean


def texts(limit: int, *, lines: bool = False) -> st.SearchStrategy[str]:
    """Texts as the reader gives them: anything that a cell can carry, formulas included."""
    anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    odd = st.sampled_from(["=1+1", "- ett\n- två", "'", "'=", "''", "@x", "_x0041_", 'a;"b"', "007", "e\u0301", "-"])
    cleaned = (anything | odd).map(lambda text: (clean(text, lines=lines) or "x")[:limit].strip())
    return cleaned.filter(lambda text: clean(text, lines=lines) == text)


def companies(some: range) -> list[str]:
    bodies = [f"55600{number:04d}" for number in some]
    return [body + luhn_check_digit(body) for body in bodies]


ceilings = optional(numbers(1_000_000_000, 2) | st.just("okänd"))
entitled = st.lists(st.sampled_from(companies(range(9))), max_size=3, unique=True).map(tuple) | st.just(("alla",))
SUPPLIERS = st.fixed_dictionaries(
    {"supplier_name": texts(200), "supplier_email": optional(st.just("order@fjall.example"))}
)
AWARDS = st.fixed_dictionaries(
    {
        "rank": optional(st.integers(1, 999)),
        "share": optional(numbers(100, 2)),
        "note": optional(texts(1000, lines=True)),
    }
)
LOTS = st.fixed_dictionaries(
    {
        "lot_title": optional(texts(200)),
        "method": optional(st.sampled_from(sorted(METHOD_WORDS))),
        "clause": optional(texts(200)),
        "grounds": optional(texts(200, lines=True)).map(grounds_of),
        "competition_above": optional(numbers(1_000_000_000, 2)),
        "lot_ceiling": ceilings,
        "awards": st.dictionaries(st.sampled_from(companies(range(4))), AWARDS, max_size=3),
    }
)
AGREEMENTS = st.fixed_dictionaries(
    {
        "title": texts(200),
        "registry_number": optional(texts(60)),
        "regime": optional(st.sampled_from(sorted(REGIME_WORDS))),
        "starts_on": st.dates(date(1900, 1, 1), date(2100, 1, 1)),
        "ends_on": st.dates(date(2100, 1, 1)),
        "ceiling": ceilings,
        "category": optional(texts(200)),
        "summary": optional(texts(200, lines=True)),
        "how_to_order": optional(texts(200, lines=True)),
        "reason": optional(texts(200, lines=True)),
        "owner": optional(st.sampled_from(companies(range(9)))),
        "entitled": entitled,
        "lots": st.dictionaries(st.sampled_from(["1", "2", "-3", "A=b"]), LOTS, max_size=3),
    }
)
NUMBERS = st.sampled_from(["UK-1", "-2", "007", "Ö 3.4", "1_0:5"])


@st.composite
def whole_registers(draw: st.DrawFn) -> list[RegisterRow]:
    """Agreements with and without lots, lots with and without suppliers; what is said of a thing stands on each row."""
    suppliers = {number: draw(SUPPLIERS) for number in companies(range(4))}
    rows = []
    for number, agreement in draw(st.dictionaries(NUMBERS, AGREEMENTS, min_size=1, max_size=3)).items():
        facts = {field: value for field, value in agreement.items() if field != "lots"}
        first = RegisterRow(0, number, **facts)
        for lot, about in agreement["lots"].items():
            awards = about.pop("awards")
            row = first._replace(lot=lot, **about)
            rows += [row._replace(supplier=s, **suppliers[s], **award) for s, award in awards.items()] or [row]
        rows += [] if agreement["lots"] else [first]
    return rows


def comes_back(rows: list[RegisterRow], form: Form) -> None:
    found = read_register(write_register(rows, form), f"avtal.{form}")
    assert [problem for problem in found.problems if problem.severity == "error"] == []
    assert [row._replace(line=0) for row in found.rows] == rows


@generated(200)
@given(whole_registers())
def test_register_that_is_exported_as_csv_comes_back_as_the_same(rows: list[RegisterRow]) -> None:
    comes_back(rows, "csv")


@generated(30)
@given(whole_registers())
def test_register_that_is_exported_as_a_workbook_comes_back_as_the_same(rows: list[RegisterRow]) -> None:
    comes_back(rows, "xlsx")
