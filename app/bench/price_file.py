"""Price files to measure with: as long as wanted, the same each time, and in two editions that differ a little."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from itertools import cycle, islice
from pathlib import Path

import xlsxwriter

from core.checkdigits import gs1_check_digit

HEADINGS = (
    *("Artikelnummer", "Benämning", "Enhet", "Pris", "Moms", "GTIN", "Beskrivning", "Varumärke"),
    *("Antal per förpackning", "Innehållsenhet", "Märkning", "Leveranstid"),
)
NUMBERS = {"Pris", "Antal per förpackning", "Leveranstid"}  # which a spreadsheet holds as numbers
KINDS = (
    ("Kopieringspapper A4 ohålat vitt", "förp", "25", "Pappersbruket", "Svanen"),
    ("Nitrilhandske puderfri medium blå", "förp", "25", "Handskfabriken", ""),
    ("Havredryck ekologisk 1 liter", "st", "livsmedel", "Fjällmejeriet", "KRAV, EU-ekologiskt"),
    ("Servettduk på rulle vinröd", "rulle", "25", "Dukhuset", ""),
    ("Lärobok i biologi årskurs 7", "st", "6", "Skolförlaget", ""),
)


def list_rows(count: int, edition: int = 0) -> Iterator[tuple[str, ...]]:
    """The cells of each article. In a later edition every tenth price is another one, and every hundredth article is
    gone with a new one in its place."""
    for number, (name, unit, vat, brand, marks) in enumerate(islice(cycle(KINDS), count)):
        own = number + edition * 10_000_000 if number % 100 == 7 else number
        price = Decimal(100 + number * 37 % 90_000 + (edition * 113 if number % 10 == 3 else 0)) / 100
        digits = f"73{own:010d}"
        yield (
            *(f"{100_000 + own}", f"{name} {number}", unit, f"{price:f}".replace(".", ","), vat),
            *(digits + gs1_check_digit(digits), f"{name}, lagervara {own}, miljömärkt där det anges", brand),
            *(str(1 + number % 48), "st", marks, str(1 + number % 9)),
        )


def write_file(path: Path, count: int, edition: int = 0) -> None:
    """Write a list as .csv or .xlsx, whichever the path says."""
    rows = list_rows(count, edition)
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
            writer.writerow(HEADINGS)
            writer.writerows(rows)
        return
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        page = book.add_worksheet("Prislista")
        page.write_row(0, 0, HEADINGS)
        for line, row in enumerate(rows, 1):
            for at, (heading, cell) in enumerate(zip(HEADINGS, row, strict=True)):
                if heading in NUMBERS:
                    page.write_number(line, at, Decimal(cell.replace(",", ".")))
                elif cell:
                    page.write_string(line, at, cell)
