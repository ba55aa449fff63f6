"""A column of prices says in its heading from which quantity they hold; what may mean something else is no such."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import pytest

from exchange.header import ColumnChoice, folded_row
from exchange.pricecolumns import heading, usual_field
from exchange.pricefile import ORDINARY, PriceFile, open_price_file, read_price_file, read_whole
from exchange.pricesheet import price_list
from exchange.tier import field_for, number_in, quantity_named, quantity_of

HEADER = "Artikelnummer;Benämning;Enhet;Moms;"


def read(columns: str, *cells: str) -> PriceFile:
    rows = [f"A{n};Penna;st;25;{row}" for n, row in enumerate(cells, 1)]
    return read_price_file("\n".join([HEADER + columns, *rows]).encode(), "lista.csv")


def tiers(found: PriceFile) -> list[dict[int, str]]:
    assert [problem for problem in found.problems if problem.severity == "error"] == []
    return [{int(quantity): str(price) for quantity, price in row.tiers} for row in found.rows]


@pytest.mark.parametrize(
    "heading",
    [
        "Pris från 10", "Pris 10+", "Pris vid 10 st", "Price from 10", "PRIS FR.O.M. 10", "pris fr o m 10 st.",
        "Á-pris 10-49 st", "Pris 10–49", "Pris (kr) från 10", "Pris/st från 10", "Pris vid köp av minst 10",
        "Pris ≥ 10", "Mängdpris 10+", "Unit price 10 or more", "Pris 10 eller fler", "Pris  från\u00a010",
        "Pris fra\u030an 10", "Pris från 10+",
    ],
)  # fmt: skip
def test_heading_names_the_quantity(heading: str) -> None:
    assert quantity_named(heading) == 10


@pytest.mark.parametrize(
    ("heading", "quantity"),
    [("Pris från 1 000", "1000"), ("Pris från 2,5", "2.5"), ("Pris från 2000 st", "2000"), ("Pris 1-9", "1")],
)
def test_quantity_is_read_as_it_is_written(heading: str, quantity: str) -> None:
    assert quantity_named(heading) == Decimal(quantity)


@pytest.mark.parametrize(
    "heading",
    [
        "Pris", "Pris 2", "Staffelpris 1", "Pris 10 st", "Pris från 2027", "Pris 2026-2027", "Pris från 2026-01-01",
        "Pris från 1.000", "Pris från 1,000", "Pris från 10 kg", "Pris från 10 %", "Listpris från 10", "Pris från",
        "Pris från 0", "Pris från 9999999", "Rabatt från 10", "Pris från ١٠", "",
    ],
)  # fmt: skip
def test_heading_that_may_mean_something_else_names_none(heading: str) -> None:
    assert quantity_named(heading) is None


def test_prices_by_quantity_become_tiers() -> None:
    found = read("Pris;Pris 100+;Pris från 10", "10;8;9", "20;;18", "30;-;")
    assert tiers(found) == [{10: "9", 100: "8"}, {10: "18"}, {}]
    assert found.problems == []


def test_price_from_one_is_the_price() -> None:
    found = read("Pris 1-9;Pris 10-49;Pris 50+", "10;9;8")
    assert tiers(found) == [{10: "9", 50: "8"}] and found.rows[0].price == 10


def test_list_comes_out_with_one_column_and_in_again_as_the_same() -> None:
    found = read("Pris;Pris från 10;Pris från 100", "10;9;8,5", "20;;18")
    again = read_price_file(price_list(found.rows, "xlsx"), "lista.xlsx")
    assert [row._replace(line=0) for row in again.rows] == [row._replace(line=0) for row in found.rows]


def test_both_ways_of_writing_tiers_go_together_unless_they_differ() -> None:
    head = "Pris;Staffelpris;Pris från 10"
    assert tiers(read(head, "10;50: 8;9", "10;10: 9;9")) == [{10: "9", 50: "8"}, {10: "9"}]
    found = read(head, "10;10: 9;9,5", "10;;9")
    assert [(p.code, p.line, p.column, p.value) for p in found.problems] == [
        ("tier-differs", 2, "Pris från 10", "9.5"),
    ]


def test_two_columns_for_one_quantity_are_a_problem() -> None:
    assert [p.code for p in read("Pris;Pris från 10;Pris 10+", "10;9;9").problems] == ["column-twice"]
    assert [p.code for p in read("Pris;Pris från 1", "10;9").problems] == ["column-twice"]


def test_more_tiers_than_an_article_may_have_are_a_problem() -> None:
    head = ";".join(["Pris", *(f"Pris från {n}" for n in range(2, 32))])
    assert [p.code for p in read(head, ";".join(["9"] * 31)).problems] == ["too-many-tiers"]
    assert tiers(read(head, ";".join(["9"] * 11))) == [dict.fromkeys(range(2, 12), "9")]


def test_price_that_rises_with_the_quantity_is_told_at_its_column() -> None:
    found = read("Pris;Pris från 10;Pris från 100", "10;9;9,5")
    assert [(p.code, p.line, p.column) for p in found.problems] == [("tier-dearer", 2, "Pris från 100")]


@pytest.mark.parametrize(
    ("cell", "code"), [("0", "zero"), ("-1", "negative"), ("=1", "formula"), ("x", "not-a-number")]
)
def test_price_of_a_tier_is_a_price(cell: str, code: str) -> None:
    found = read("Pris;Pris från 10", f"10;{cell}", "10;9")
    assert [(p.code, p.column) for p in found.problems] == [(code, "Pris från 10")]
    assert [row.supplier_number for row in found.rows] == ["A2"]


def test_tiers_hold_beside_list_price_and_discount() -> None:
    found = read("Listpris;Rabatt;Pris från 10", "10;10;8,5")
    assert tiers(found) == [{10: "8.5"}] and found.rows[0].price == 9


def test_quantity_may_be_chosen_by_hand() -> None:
    text = "Id;Vad;Frp;Sats;Kr;Storköp 100\nA1;Penna;st;25;10;8\n"
    headings = folded_row(text.partition("\n")[0].split(";"))
    fields = ("supplier_number", "name", "unit", "vat", "price", field_for(Decimal(100)))
    with open_price_file(BytesIO(text.encode()), "lista.csv", ORDINARY, [ColumnChoice(headings, fields)]) as source:
        assert tiers(read_whole(source)) == [{100: "8"}]


def test_field_of_a_quantity_is_written_in_one_way() -> None:
    assert quantity_of(field_for(Decimal("2.50"))) == Decimal("2.5")
    for field in ("tier:", "tier:1e3", "tier:010", "tier:-1", "tier:9999999", "price", "tier:10 kr"):
        assert quantity_of(field) is None, field
    assert heading("tier:2.5") == "Pris från 2,5"
    assert usual_field("Pris 10+") == "tier:10" and usual_field("Pris 1-9") == "price"


def test_only_number_of_a_heading_may_be_its_quantity() -> None:
    assert number_in("Storköp 100") == 100
    for other in ("Storköp", "10-49 st", "1.000", "0"):
        assert number_in(other) is None
