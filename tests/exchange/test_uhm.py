"""Open procurement statistics as a register, on a made-up sample and on the real tables."""

import csv
import io
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.checkdigits import luhn_ok
from exchange.registerfile import read_register
from exchange.uhm import PROCUREMENTS, TENDERS, VALUES, Assumptions, convert, invented_number, write_register

BUYER, OTHER_BUYER = "2120002528", "2120002494"
JAMTLAND = {"2120002452", "2120002460", "2120002478", "2120002486", "2120002494", "2120002502", "2120002510", BUYER}

PROCUREMENT = {
    "Namn för köpare": "ÖSTERSUNDS KOMMUN",
    "Organisationsnummer för köpare": BUYER,
    "Typ av avtal": "Ramavtal",
    "Rättslig grund": "Direktiv 2014/24/EU",
    "Direktivstyrd": "True",
    "Samordnad upphandling": "False",
    "Huvudsaklig CPV-kod": "15000000 Livsmedel",
    "Upphandlings-ID": "P1",
    "Upphandlingens titel": "Mejeri",
    "Publiceringsdatum": "2024-02-29",
}
TENDER = {
    "Upphandlings-ID": "P1",
    "Anbudsområdes-ID": "L1",
    "Namn för leverantör": "Norrmejeriet AB",
    "Juridisk form för leverantör": "Övriga aktiebolag",
}
VALUE = {"Upphandlings-ID": "P1", "Kontrakterat värde, Summa": "1500000"}


def table(rows: list[dict[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def files(
    procurements: list[dict[str, str]] | None = None,
    tenders: list[dict[str, str]] | None = None,
    values: list[dict[str, str]] | None = None,
) -> Mapping[str, bytes]:
    return {
        PROCUREMENTS: table(procurements or [PROCUREMENT]),
        TENDERS: table(tenders or [TENDER]),
        VALUES: table(values or [VALUE]),
    }


def assumed(**values: Any) -> Assumptions:
    return Assumptions(**{"known": {BUYER}, "invent": True, **values})


def test_procurement_becomes_a_register_that_reads_without_a_problem() -> None:
    done = convert(files(tenders=[TENDER, TENDER | {"Namn för leverantör": "Fjällmjölk AB"}]), assumed())
    read = read_register(write_register(done.rows).encode())
    assert read.problems == []
    first, second = read.rows
    assert (first.agreement, first.owner, first.entitled) == ("P1", BUYER, (BUYER,))
    assert (first.starts_on, first.ends_on, first.ceiling) == (date(2024, 2, 29), date(2028, 2, 28), 1500000)
    assert (first.method, first.rank, second.rank) == ("ranking", 1, 2)
    assert first.note is not None and "organisationsnummer påhittat" in first.note


@pytest.mark.parametrize(
    ("procurement", "tender", "why"),
    [
        ({"Typ av avtal": "Kontrakt"}, {}, "inget ramavtal"),
        ({"Organisationsnummer för köpare": "2120002529"}, {}, "kontrollsiffra"),
        ({"Organisationsnummer för köpare": "0145076-7"}, {}, "tio siffror"),
        ({"Organisationsnummer för köpare": OTHER_BUYER}, {}, "finns inte i Avrop"),
        ({"Publiceringsdatum": "2024-02-30"}, {}, "ingen dag"),
        ({"Publiceringsdatum": "9999-01-01"}, {}, "ingen dag"),
        ({}, {"Upphandlings-ID": "P9"}, "ingen leverantör i källan"),
        ({}, {"Namn för leverantör": " "}, "ingen leverantör angiven"),
        ({}, {"Juridisk form för leverantör": "Utländska juridiska personer"}, "utländsk"),
        ({}, {"Juridisk form för leverantör": "Fysiska personer"}, "personnummer"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_reason(
    procurement: dict[str, str], tender: dict[str, str], why: str
) -> None:
    done = convert(files([PROCUREMENT | procurement], [TENDER | tender]), assumed())
    assert done.rows == []
    assert any(why in skipped.why for skipped in done.skipped)
    assert all(skipped.line == 2 for skipped in done.skipped)


def test_supplier_without_a_number_is_left_out_unless_one_is_given_or_invented() -> None:
    name = TENDER["Namn för leverantör"].casefold()
    assert convert(files(), assumed(invent=False)).rows == []
    given = convert(files(), assumed(invent=False, numbers={name: "556000-0167"}))
    assert given.rows[0]["supplier"] == "556000-0167"
    wrong = convert(files(), assumed(numbers={name: "556000-0168"}))
    assert wrong.rows == [] and "kontrollsiffra" in wrong.skipped[0].why


def test_invented_number_has_a_right_check_digit_and_can_be_no_company() -> None:
    assert invented_number("Åre AB") == invented_number("ÅRE AB")
    for name in ("a", "b", "Åre AB"):
        number = invented_number(name)
        assert len(number) == 10 and luhn_ok(number) and number.startswith("00")


def test_supplier_stands_once_on_a_lot() -> None:
    done = convert(files(tenders=[TENDER, TENDER]), assumed())
    assert len(done.rows) == 1
    assert [skipped.line for skipped in done.skipped] == [3]


@pytest.mark.parametrize("value", ["417", "²", "9" * 5000])
def test_value_that_is_a_unit_price_or_no_number_makes_the_ceiling_unknown(value: str) -> None:
    done = convert(files(values=[VALUE | {"Kontrakterat värde, Summa": value}]), assumed())
    assert done.rows[0]["ceiling"] == "okänd"
    assert value in done.rows[0]["note"]


@pytest.mark.parametrize("title", ["=HYPERLINK(1)", "-2+3", "@SUM"])
def test_text_that_a_spreadsheet_runs_is_disarmed(title: str) -> None:
    done = convert(files([PROCUREMENT | {"Upphandlingens titel": title}]), assumed())
    assert read_register(write_register(done.rows).encode()).is_clean


def test_missing_column_is_named() -> None:
    with pytest.raises(KeyError):
        convert(files(values=[{"x": "y"}]), assumed())


def test_the_real_procurements_of_jamtland(shared: Path) -> None:
    folder = shared / "data" / "uhm-jamtland-2021"
    if not folder.is_dir():
        pytest.skip(f"SKIPPED: the real procurements are missing: {folder}")
    real = {name: (folder / name).read_bytes() for name in (PROCUREMENTS, TENDERS, VALUES)}
    done = convert(real, assumed(known=JAMTLAND | {"2321000214"}, starts_on=date(2026, 1, 1)))
    read = read_register(write_register(done.rows).encode("utf-8-sig"))
    assert read.problems == []
    agreements = {row.agreement for row in read.rows}
    assert (len(agreements), len({(r.agreement, r.lot) for r in read.rows}), len(read.rows)) == (20, 92, 136)
    procurements = {s.about.partition(" ")[0] for s in done.skipped if s.file == PROCUREMENTS}
    assert len(agreements | procurements) == 183 and not agreements & procurements  # each one used, or named with why
    assert Counter(s.why for s in done.skipped)["inget ramavtal (Kontrakt)"] == 154
