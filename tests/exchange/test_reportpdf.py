"""Reports as PDF: everything is there in the order of the document, no head stands alone, and the bytes are stable."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
from pypdf import PdfReader

from exchange.report import Report, Section, Table
from exchange.reportpdf import render_report

NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)
TABLE = Table(("Leverantör", "Summa"), (("Å Ä Ö AB", "1 234,50 kr"), ("Två AB", "99,00 kr")), (70, 30), frozenset({1}))


def report(*sections: Section) -> Report:
    return Report("Rapport", "Bord till skolan", "Förfrågan F000001.", "Östersunds kommun", NOON, sections)


def pages_of(content: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(content)).pages]


def test_everything_is_there_in_order() -> None:
    section = Section("Anbud", (("Enhet", "Skolan"),), ("Vi kan börja i maj.",), TABLE)
    [told] = pages_of(render_report(report(section)))
    places = [told.index(part) for part in ("Bord till skolan", "Anbud", "Skolan", "Vi kan", "Å Ä Ö AB", "99,00 kr")]
    assert places == sorted(places)
    assert "sida 1 av 1" in told and "23 november 2026 kl. 12.00" in told


def test_the_same_report_is_the_same_bytes() -> None:
    assert render_report(report(Section("Anbud", table=TABLE))) == render_report(report(Section("Anbud", table=TABLE)))


@pytest.mark.parametrize("lines", range(48, 64))
def test_no_head_stands_alone_at_the_foot_of_a_page(lines: int) -> None:
    filling = Section("Fyllning", paragraphs=tuple("rad" for _ in range(lines - 20)))
    for told in pages_of(render_report(report(filling, Section("Anbud", table=TABLE)))):
        if "Anbud" in told:
            assert "Å Ä Ö AB" in told


def test_a_table_that_goes_on_tells_its_headings_on_every_page() -> None:
    rows = tuple((f"Leverantör {number:03d}", "1,00 kr") for number in range(120))
    told = pages_of(render_report(report(Section("Anbud", table=replace(TABLE, rows=rows)))))
    assert len(told) > 2 and all("Leverantör" in page and "Summa" in page for page in told)
    assert [f"Leverantör {number:03d}" in "".join(told) for number in range(120)] == [True] * 120
    after = Section("Beslut", paragraphs=tuple("rad" for _ in range(60)))
    assert "Summa" not in pages_of(render_report(report(Section("Anbud", table=TABLE), after)))[-1]


def test_a_paragraph_longer_than_a_page_goes_on_to_the_next() -> None:
    told = pages_of(render_report(report(Section("Krav", paragraphs=("ord " * 4000 + "slut.",)))))
    assert len(told) > 2 and "slut." in told[-1]
