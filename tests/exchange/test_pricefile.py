import csv
import io
import time
import tracemalloc
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange import csvtext, table
from exchange.pricecolumns import COLUMNS
from exchange.pricefile import TRUSTED, PriceFile, PriceRow, open_price_file, read_price_file
from exchange.problem import TEXTS, Problem

HEADER = "Artikelnummer;Benämning;Enhet;Pris;Moms"
ROW = "A1;Pärm A4;st;12,50;25"


def read(*lines: str, encoding: str = "utf-8") -> PriceFile:
    return read_price_file("\r\n".join(lines).encode(encoding))


def only_problem(found: PriceFile) -> Problem:
    assert len(found.problems) == 1, found.problems
    return found.problems[0]


def one_cell(column: str, value: str) -> PriceFile:
    """A sound row but for one cell."""
    cells = dict(zip(HEADER.split(";"), ROW.split(";"), strict=True)) | {column: value}
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerows([list(cells), list(cells.values())])
    return read_price_file(out.getvalue().encode())


def test_smallest_list() -> None:
    found = read(HEADER, ROW)
    assert found == PriceFile([PriceRow(2, "A1", "Pärm A4", "H87", Decimal("12.50"), "25")], [])
    assert found.is_clean


def test_every_column() -> None:
    found = read(
        "Artnr;Namn;Enhet;Á-pris;Moms;Beskrivning;EAN;Antal per förp;Innehållsenhet;Minsta antal;Multipel;"
        "Prisenhet;Sökord;Miljömärkning;UNSPSC;Varumärke;Leveranstid (dagar);Bild-URL",
        "A1;Mjölk;frp;1 234,5678 kr;livsmedel;Färsk;7340090400001;12;liter;2;2;100;"
        '"röd mjölk, dryck";Svanen|KRAV;50131700;Norrmejerier;2;https://img.example/a1.jpg',
    )
    assert found.problems == []
    assert found.rows == [
        PriceRow(
            line=2,
            supplier_number="A1",
            name="Mjölk",
            unit="XPK",
            price=Decimal("1234.5678"),
            vat="food",
            description="Färsk",
            gtin="7340090400001",
            pack_size=Decimal(12),
            pack_unit="LTR",
            minimum_quantity=Decimal(2),
            quantity_multiple=Decimal(2),
            base_quantity=Decimal(100),
            synonyms=("röd mjölk", "dryck"),
            marks=("Svanen", "KRAV"),
            classification="50131700",
            manufacturer="Norrmejerier",
            lead_time_days=2,
            picture="https://img.example/a1.jpg",
        )
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_encodings_and_delimiters(encoding: str, delimiter: str) -> None:
    lines = [line.replace("12,50", "12.50").replace(";", delimiter) for line in (HEADER, ROW)]
    assert read(*lines, encoding=encoding).rows[0].name == "Pärm A4"


@pytest.mark.parametrize(
    "header",
    [
        "ARTIKELNUMMER;BENAMNING;ENHET;PRIS;MOMS",
        "Art.nr.; Produkt ;Enhet;À-pris;Moms i %",
        "item number;name;unit;price;VAT",
        "supplier_number;name;unit;price;vat",
    ],
)
def test_headings_are_met_without_case_accents_and_punctuation(header: str) -> None:
    assert read(header, ROW).is_clean


def test_title_above_the_header_and_blank_lines_keep_the_line_numbers() -> None:
    found = read("Prislista 2026;;;;", "", HEADER, "", ROW, "", "A2;Pärm;st;x;25")
    assert [row.line for row in found.rows] == [5]
    assert only_problem(found).line == 7


def test_line_break_in_a_cell_is_one_row_and_a_blank() -> None:
    found = read(HEADER, 'A1;"Pärm\r\nA4";st;12,50;25', "A2;Pärm;st;x;25")
    assert found.rows[0].name == "Pärm A4"
    assert only_problem(found).line == 3


def test_separator_line_of_spreadsheets_is_not_counted() -> None:
    assert read("sep=;", HEADER, ROW).rows[0].line == 2


@pytest.mark.parametrize(
    ("written", "price"),
    [
        ("12,50", "12.50"), ("12.50", "12.50"), ("1 234,50", "1234.50"), ("1\u00a0234,50", "1234.50"),
        ("1\u202f234\u202f567", "1234567"), ("12,50 kr", "12.50"), ("12:-", "12"), ("12,5000000", "12.5"),
        ("0,0001", "0.0001"), ("1000000000", "1000000000"),
    ],
)  # fmt: skip
def test_numbers_as_swedes_write_them(written: str, price: str) -> None:
    assert one_cell("Pris", written).rows[0].price == Decimal(price)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("Pris", "", "missing-value"), ("Pris", "-", "missing-value"), ("Pris", "-5", "negative"),
        ("Pris", "0", "zero"), ("Pris", "0,00", "zero"), ("Pris", "-0", "zero"), ("Pris", "1e30", "not-a-number"),
        ("Pris", "1" + "0" * 19, "too-big"), ("Pris", "9" * 31, "not-a-number"), ("Pris", "1,23456", "decimals"),
        ("Pris", "NaN", "not-a-number"), ("Pris", "Infinity", "not-a-number"), ("Pris", "1.234,50", "not-a-number"),
        ("Pris", "12 34", "not-a-number"), ("Pris", "²", "not-a-number"), ("Pris", "=1+1", "formula"),
        ("Pris", "1000000000,0001", "too-big"),
        ("Minsta antal", "1e30", "not-a-number"), ("Minsta antal", "1000001", "too-big"),
        ("Minsta antal", "0,0001", "decimals"), ("Prisenhet", "0", "zero"), ("Multipel", "-1", "negative"),
        ("Enhet", "ask", "unknown-unit"), ("Enhet", "=st", "formula"), ("Innehållsenhet", "?", "unknown-unit"),
        ("Moms", "24", "vat-rate"), ("Moms", "-25", "vat-rate"), ("Moms", "moms", "vat-rate"),
        ("EAN", "7340090400002", "gtin-check-digit"), ("EAN", "7,34009E+12", "gtin-digits"),
        ("EAN", "734009040000", "gtin-check-digit"), ("EAN", "٧٣٤٠٠٩٠٤٠٠٠٠١", "gtin-digits"),
        ("Benämning", "=HYPERLINK(1)", "formula"), ("Benämning", "+A1", "formula"), ("Benämning", "@A1", "formula"),
        ("Benämning", "-A1", "formula"), ("Benämning", "x" * 201, "too-long"), ("Benämning", "", "missing-value"),
        ("Benämning", "a\u202etxt.exe", "control-character"), ("Benämning", "a\x07b", "control-character"),
        ("Benämning", "a\x85b", "control-character"), ("Benämning", "a\uffffb", "control-character"),
         ("Beskrivning", "x" * 32_768, "cell-too-long"),
        ("Artikelnummer", "x" * 51, "too-long"), ("Sökord", "=1", "formula"), ("UNSPSC", "1411", "unspsc"),
        ("Sökord", "a," * 251, "too-long"),
        ("Staffelpris", "10", "tiers"), ("Staffelpris", "10:", "tiers"), ("Staffelpris", ":9", "tiers"),
        ("Rabatt", "%", "not-a-number"),
        ("Leveranstid", "3 veckor", "not-days"), ("Leveranstid", "1000", "not-days"),
        ("Bild", "javascript:alert(1)", "address"), ("Bild", "https://a.example/" + "x" * 1000, "too-long"),
    ],
)  # fmt: skip
def test_bad_cell_is_named(column: str, value: str, code: str) -> None:
    found = one_cell(column, value)
    problem = only_problem(found)
    assert (problem.code, problem.line, problem.column, problem.severity) == (code, 2, column, "error")
    assert len(problem.value) <= 60 * 6
    assert problem.value.isprintable()
    assert problem.text
    assert found.rows == []


def test_value_is_shown_short_and_with_its_control_characters_visible() -> None:
    assert only_problem(one_cell("Benämning", "a\u202eb\x00c".replace("\x00", "\x01"))).value == "a\\u202eb\\x01c"
    assert only_problem(one_cell("Benämning", "x" * 9000)).value == "x" * 59 + "…"


def test_formula_examples_of_the_text_are_met_even_after_blanks() -> None:
    assert only_problem(one_cell("Benämning", " \t=1+1")).code == "formula"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \r\n ", "empty"),
        (b"\xef\xbb\xbf", "no-header"),
        (b"PK\x03\x04" + b"\0" * 50, "broken"),
        (b"\xd0\xcf\x11\xe0", "not-a-list"),
        (f"{HEADER}\n{ROW}".encode("utf-16"), "encoding"),
        (f"{HEADER}\nA1;P\0rm;st;1;25".encode(), "binary"),
        (b"\x89PNG\r\n\x1a\n\x81\x8d", "not-a-list"),
        (b"\x01\x02\x03", "no-header"),
        (b"bara text", "no-header"),
        (HEADER.encode(), "no-rows"),
        (b"x" * (table.MAX_BYTES + 1), "too-large"),
    ],
)
def test_file_that_is_no_price_list(data: bytes, code: str) -> None:
    found = read_price_file(data)
    assert only_problem(found).code == code
    assert found.rows == []
    assert not found.is_clean


def test_name_must_not_say_anything_else_than_the_content() -> None:
    assert only_problem(read_price_file(b"abc", "Prislista.XLSX")).code == "other-kind"


def test_missing_columns_are_all_named_and_nothing_is_read() -> None:
    found = read("Artikelnummer;Pris;Färg", "A1;12,50;röd")
    assert [(problem.code, problem.params.get("column")) for problem in found.problems] == [
        ("unknown-column", None),
        ("missing-column", "Benämning"),
        ("missing-column", "Enhet"),
        ("missing-column", "Moms"),
    ]
    assert found.rows == []


def test_column_twice_names_both() -> None:
    problem = only_problem(read(HEADER + ";Nettopris", ROW + ";1"))
    assert (problem.code, problem.column, problem.params) == ("column-twice", "Nettopris", {"other": "Pris"})


def test_unknown_column_is_only_a_warning() -> None:
    found = read(HEADER + ";Färg;", ROW + ";röd;")
    assert (only_problem(found).severity, only_problem(found).column) == ("warning", "Färg")
    assert found.is_clean
    assert len(found.rows) == 1


def test_number_twice_names_the_first_line() -> None:
    found = read(HEADER, ROW, "a1;Pärm;st;1;25", ROW)
    problem = only_problem(found)
    assert (problem.line, problem.code, problem.params) == (4, "number-twice", {"other": 2})
    assert len(found.rows) == 2  # a1 is not A1: numbers are compared to the letter


def test_decimal_comma_between_delimiting_commas_is_found() -> None:
    problem = only_problem(read(HEADER.replace(";", ","), ROW.replace(";", ",")))
    assert (problem.code, problem.line) == ("too-many-cells", 2)


def test_short_row_lacks_its_values() -> None:
    assert [problem.column for problem in read(HEADER, "A1;Pärm").problems] == ["Enhet", "Pris", "Moms"]


def test_quotes_that_do_not_close_are_named_and_the_rest_is_read() -> None:
    found = read(HEADER, 'A1;"Skruv 2" lång";st;1;25', ROW)
    assert (only_problem(found).code, only_problem(found).line) == ("broken-quotes", 2)
    assert [row.line for row in found.rows] == [3]
    assert [problem.code for problem in read(HEADER, 'A1;"Skruv;st;1;25', ROW).problems] == ["broken-quotes"]


def test_inch_mark_inside_a_text_is_no_quote() -> None:
    assert read(HEADER, 'A1;Skruv 2" lång;st;1;25').rows[0].name == 'Skruv 2" lång'


def test_doubly_encoded_text_is_warned_of() -> None:
    garbled = f"{HEADER}\n{ROW}".encode().decode("cp1252")
    found = read(HEADER, garbled.splitlines()[1])
    assert (only_problem(found).code, found.is_clean) == ("garbled", True)


def test_ten_megabytes_in_one_cell_are_refused_at_once() -> None:
    for quote in ("", '"'):
        start = time.perf_counter()
        found = read(HEADER, f"A1;{quote}{'x' * 10_000_000}{quote};st;1;25", ROW)
        assert time.perf_counter() - start < 1
        assert only_problem(found).code == "cell-too-long"
        assert len(found.rows) == 1


def test_problems_stop_at_a_thousand() -> None:
    found = read(HEADER, *(f"A{n};Pärm;st;x;25" for n in range(5000)))
    assert len(found.problems) == table.MAX_PROBLEMS + 1
    assert found.problems[-1].code == "too-many-problems"


def test_rows_stop_at_the_limit() -> None:
    found = read(HEADER, *(f"A{n};Pärm;st;1;25" for n in range(table.MAX_ROWS + 1)))
    assert only_problem(found).code == "too-many-rows"
    assert len(found.rows) == table.MAX_ROWS


@settings(deadline=None)  # some of them start a process
@given(st.binary(max_size=400))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    found = read_price_file(data)
    assert found.problems
    assert all(problem.text for problem in found.problems)


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["A1", "st", "12,50", "25", '"', ";", "=1", "7340090400001", "\n"]
)


@settings(max_examples=200)
@given(st.lists(st.lists(CELLS, min_size=5, max_size=8), max_size=6))
def test_no_cells_make_it_raise(rows: list[list[str]]) -> None:
    text = "\n".join([HEADER + ";EAN;Prisenhet", *(";".join(row) for row in rows)])
    found = read_price_file(text.encode())
    for row in found.rows:
        assert row.price > 0
        assert row.name
    assert all(problem.text and problem.value.isprintable() for problem in found.problems)


ODD = st.sampled_from(
    [
        "",
        "-",
        " x ",
        "=1",
        "a  b",
        "a\u00a0b",
        "a\u202eb",
        "x" * 300,
        "\x07",
        "-5",
        "0",
        "1 234,50",
        "EXEMPEL",
        "A1",
        "\n",
    ]
)


@given(st.data())
def test_column_by_column_and_row_by_row_say_the_same(data: st.DataObject) -> None:
    fields = ["Artikelnummer", "Benämning", "Enhet", "Pris", "Moms", "EAN", "Märkning", "Multipel", "Varumärke"]
    rows = [
        [f"A{number}", "Pärm", "förp", "12,50", "25 %", "7340090400001", "KRAV, Svanen", "10", ""]
        for number in range(data.draw(st.integers(1, 12)))
    ]
    for _ in range(data.draw(st.integers(0, 3))):
        row = data.draw(st.sampled_from(rows))
        row[data.draw(st.integers(0, len(fields) - 1))] = data.draw(ODD | CELLS)
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([fields, *rows])
    text = out.getvalue().encode(errors="ignore")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "CHUNK", data.draw(st.sampled_from([1, 3, 2000])))
        found = read_price_file(text)
        patch.setattr(table.Table, "_by_column", lambda *_: None)
        assert found == read_price_file(text)


def long_list(count: int) -> list[str]:
    return [HEADER, *(f"A{number};Pärm {number};st;{number % 900 + 1},50;25" for number in range(2, count + 2))]


def test_lines_are_right_far_down_the_file() -> None:
    lines = long_list(table.CHUNK * 3)
    lines[4320] = "A2;Pärm;st;1;25"
    lines[5000] = "B5000;Pärm;ask;1;25"
    found = read(*lines)
    assert [(p.code, p.line, p.params) for p in found.problems] == [
        ("number-twice", 4321, {"other": 2}),
        ("unknown-unit", 5001, {}),
    ]
    assert all(row.supplier_number == f"A{row.line}" for row in found.rows)
    assert len(found.rows) == table.CHUNK * 3 - 2


def peak(file: Path) -> int:
    """The most memory that reading takes, in bytes."""
    with file.open("rb") as data, open_price_file(data, file.name, TRUSTED) as source:
        tracemalloc.start()
        count = sum(len(rows) for rows in source.chunks(remember=False))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert source.is_clean and count > 1
    return most


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    few, many = tmp_path / "few.csv", tmp_path / "many.csv"
    few.write_text("\n".join(long_list(table.CHUNK * 2)))
    many.write_text("\n".join(long_list(table.CHUNK * 20)))
    assert peak(many) < peak(few) * 1.2


def test_whoever_is_trusted_may_bring_a_longer_list() -> None:
    data = "\n".join(long_list(table.MAX_ROWS + 1)).encode()
    with open_price_file(io.BytesIO(data), "lista.csv", TRUSTED) as source:
        assert sum(map(len, source.chunks())) == table.MAX_ROWS + 1
    assert source.problems == []


@pytest.mark.parametrize("letters", ["Ã¥", "Ã–"])
def test_garbled_letters_are_seen_wherever_they_stand(letters: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for size in range(1, 9):  # of the pieces that a file is looked through in
        monkeypatch.setattr(csvtext, "_PIECE", size)
        assert only_problem(read(HEADER, f"A1;P{letters}rm;st;1;25")).code == "garbled"


def test_every_heading_of_a_template_is_read() -> None:
    fields = PriceRow._fields[1:]
    assert read(";".join(COLUMNS[field].heading for field in fields)).problems == [Problem("no-rows")]


def test_every_text_can_be_filled_in() -> None:
    names = ("megabytes", "sheet_megabytes", "columns", "column", "other", "limit", "choices", "former", "start", "end")
    params: dict[str, str | int] = {**dict.fromkeys((*names, "price"), "x"), "count": 2}
    assert all(Problem(code, params=params).text for code in TEXTS)


def test_the_two_wrong_check_digits_among_real_groceries_are_found(shared: Path) -> None:
    path = shared / "data" / "openfoodfacts-se" / "livsmedel_ean73.csv"
    if not path.is_file():
        pytest.skip(f"SKIPPED: the real groceries are missing: {path}")
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(["Artikelnummer", "Benämning", "Enhet", "Pris", "Moms", "GTIN"])
    with path.open(encoding="utf-8", newline="") as file:
        for number, grocery in enumerate(csv.DictReader(file), 1):
            writer.writerow([number, grocery["product_name"], "st", "10,00", "livsmedel", grocery["gtin13"]])
    found = read_price_file(out.getvalue().encode())
    assert [problem.code for problem in found.problems].count("gtin-check-digit") == 2
    assert len(found.rows) > 2300


def test_tiers_are_read_in_rising_order_and_no_other() -> None:
    head = "Artikelnummer;Benämning;Enhet;Pris;Moms;Staffelpris\n"
    found = read_price_file(f'{head}A1;Penna;st;10;25;"10: 9,50; 50 = 8,90"\n'.encode())
    assert found.rows[0].tiers == ((Decimal(10), Decimal("9.50")), (Decimal(50), Decimal("8.90"))), found.problems
    eleven = "; ".join(f"{n}: 1" for n in range(1, 12))
    for wrong in ("50: 9; 10: 8", "10 st 9", "10: 0", "10: x", "10: 9; 10: 8", "från 10", eleven):
        found = read_price_file(f'{head}A1;Penna;st;10;25;"{wrong}"\n'.encode())
        assert [problem.code for problem in found.problems] == ["tiers"], wrong


def test_a_price_may_be_a_list_price_and_a_discount() -> None:
    head = "Artikelnummer;Benämning;Enhet;Listpris;Rabatt %;Moms\n"
    found = read_price_file(f"{head}A1;Penna;st;33,33;12,5 %;25\n".encode())
    assert [(row.price, row.list_price, row.discount_percent) for row in found.rows] == [
        (Decimal("29.16"), Decimal("33.33"), Decimal("12.5"))
    ], found.problems
    lacking = read_price_file(f"{head}A1;Penna;st;33,33;;25\n".encode())
    assert [(p.code, p.line) for p in lacking.problems] == [("missing-value", 2)]
    assert lacking.rows == []
    for wrong in ("100", "0", "-5", "halva"):
        assert not read_price_file(f"{head}A1;Penna;st;33,33;{wrong};25\n".encode()).is_clean


def test_a_price_that_its_list_price_and_discount_do_not_make_is_named() -> None:
    head = "Artikelnummer;Benämning;Enhet;Pris;Listpris;Rabatt;Moms\n"
    both = read_price_file(f"{head}A1;Penna;st;75;100;25;25\nA2;Pärm;st;80;100;25;25\nA3;Gem;st;9;;;25\n".encode())
    assert [(p.code, p.line, p.value) for p in both.problems] == [("discount-differs", 3, "80")]
    assert [row.supplier_number for row in both.rows] == ["A1", "A3"]


def test_without_list_price_and_discount_a_price_is_demanded_as_before() -> None:
    head = "Artikelnummer;Benämning;Enhet;Listpris;Moms\n"
    found = read_price_file(f"{head}A1;Penna;st;100;25\n".encode())
    assert [(p.code, p.params.get("column")) for p in found.problems] == [("missing-column", "Pris")]


def test_a_weight_may_be_approximate() -> None:
    head = "Artikelnummer;Benämning;Enhet;Pris;Moms;Ca-vikt\n"
    found = read_price_file(f"{head}A1;Lax;kg;200;livsmedel;ja\nA2;Sill;kg;90;livsmedel;\n".encode())
    assert [row.is_approximate for row in found.rows] == [True, False], found.problems
    assert [p.code for p in read_price_file(f"{head}A1;Lax;kg;200;25;kanske\n".encode()).problems] == ["yes-or-no"]


def test_a_tier_that_costs_more_is_asked_about() -> None:
    head = "Artikelnummer;Benämning;Enhet;Pris;Moms;Staffelpris\n"
    found = read_price_file(
        f'{head}A1;Penna;st;10;25;"5: 11"\nA2;Pärm;st;10;25;"5: 9; 9: 9,5"\nA3;Gem;st;10;25;"5: 9"\n'.encode()
    )
    assert [(p.code, p.line, p.severity) for p in found.problems] == [
        ("tier-dearer", 2, "warning"),
        ("tier-dearer", 3, "warning"),
    ]
    assert len(found.rows) == 3
