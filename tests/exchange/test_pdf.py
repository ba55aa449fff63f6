from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from exchange.documents import ApproverDocument, ChargeDocument, OrderDocument, Standing
from exchange.pdf import render_order
from exchange.sheet import BOLD, HEIGHT, REGULAR, Style, printable, wrap
from tests.factories.order_document import make_document, make_line, make_party

GOLDEN = Path(__file__).parent / "golden" / "order.txt"
CHARGES = (
    ChargeDocument("Frakt", Decimal("149.00"), Decimal(25)),
    ChargeDocument("Småorderavgift", Decimal("75.50"), Decimal(25), "ADR"),
)


def read(document: OrderDocument) -> PdfReader:
    return PdfReader(BytesIO(render_order(document)))


def text_of(document: OrderDocument) -> str:
    pages = [page.extract_text() for page in read(document).pages]
    return "\n".join(line.rstrip() for page in pages for line in page.splitlines())


def flat(text: str) -> str:
    return " ".join(text.split())


def test_golden_text() -> None:
    assert text_of(make_document(charges=CHARGES)) + "\n" == GOLDEN.read_text(encoding="utf-8")


def test_order_shows_what_the_supplier_needs() -> None:
    document = make_document(charges=CHARGES)
    shown = flat(text_of(document))
    for expected in (
        "Beställning", "INKÖPSORDER", "ANGE PÅ FAKTURAN", "OST-2026-000147", "310214", "UHK 2025/118-3",
        "Org.nr 212000-2528", "Org.nr 556000-0167", "momsreg.nr SE212000252801", "Box 709", "Torvalla byväg 14",
        "Torvalla skola / Åsa Öberg / rum B214", "Ring en halvtimme före.", "21 oktober 2026", "14 oktober 2026",
        "Åsa Öberg", "Tack för snabb hjälp", "104001", "GTIN 07350000000016", "förp", "1 027,50", "9,4375",
        "Frakt (moms 25 %)", "149,00", "Lena Åkesson", "14 oktober 2026 kl. 09.12", "Sida 1 av 2",
    ):  # fmt: skip
        assert expected in shown


def test_totals_are_those_of_the_document() -> None:
    document = make_document(charges=CHARGES)
    odd = replace(document.totals, gross=Decimal("7654321.09"))
    assert "7 654 321,09" in flat(text_of(replace(document, totals=odd)))


def test_vat_is_shown_for_each_rate() -> None:
    lines = [make_line(n + 1, vat_percent=Decimal(rate)) for n, rate in enumerate((25, 12, 6, 0))]
    document = make_document(lines)
    shown = flat(text_of(document))
    for rate in document.totals.vat_rates:
        assert f"Moms {rate.percent} % på" in shown


def test_price_of_a_base_quantity_says_so() -> None:
    line = make_line(quantity=Decimal(250), unit_price=Decimal("118.75"), base_quantity=Decimal(100))
    assert "per 100 förp" in flat(text_of(make_document([line])))


def test_substitute_is_named_with_both_names() -> None:
    approver = ApproverDocument("Karl af Ugglas", datetime(2026, 1, 5, 23, 30, tzinfo=UTC), "Märta Öst")
    shown = flat(text_of(make_document(approvers=(approver,))))
    assert "Karl af Ugglas, ersättare för Märta Öst" in shown
    assert "6 januari 2026 kl. 00.30" in shown


@pytest.mark.parametrize("number", [None, "UTK-1"])
def test_draft_never_looks_like_an_order(number: str | None) -> None:
    document = make_document(40, standing=Standing.DRAFT, number=number)
    for page in read(document).pages:
        shown = page.extract_text()
        assert "UTKAST – INTE EN BESTÄLLNING" in shown
        assert "Utkast till beställning" in flat(shown)
    whole = text_of(document)
    assert "INKÖPSORDER" not in whole
    assert "FAKTURAN" not in whole


def test_cancelled_order_says_so_on_every_page_and_gives_the_reason() -> None:
    document = make_document(40, standing=Standing.CANCELLED, cancel_reason="Fel leveransadress.")
    pages = [page.extract_text() for page in read(document).pages]
    assert len(pages) > 1
    assert all("ANNULLERAD" in shown and "Annullerad beställning" in flat(shown) for shown in pages)
    assert "Skäl: Fel leveransadress." in flat(pages[0])
    assert "ANGE PÅ FAKTURAN" not in pages[0]


def test_placed_order_bears_no_watermark() -> None:
    shown = text_of(make_document())
    assert "UTKAST" not in shown
    assert "ANNULLERA" not in shown


def test_order_without_number_is_refused() -> None:
    with pytest.raises(ValueError, match="number"):
        render_order(make_document(number=None))


def test_two_hundred_lines_repeat_the_head_and_number_the_pages() -> None:
    document = make_document(200)
    pages = [flat(page.extract_text()) for page in read(document).pages]
    for number, shown in enumerate(pages, 1):
        assert "Rad Art.nr Benämning Antal Enhet À-pris Moms Belopp" in shown
        assert f"Sida {number} av {len(pages)}" in shown
        assert "Beställning OST-2026-000147" in shown
    assert len(pages) <= 11
    for line in document.lines:  # every line once, and whole on its page
        on = [shown for shown in pages if f" {line.supplier_article_number} " in shown]
        assert len(on) == 1
        assert str(line.gtin) in on[0]


def test_totals_are_kept_together_and_never_alone() -> None:
    for count in range(3, 40):
        last = flat(read(make_document(count, charges=CHARGES)).pages[-1].extract_text())
        assert "Summa rader" in last
        assert "inklusive moms" in last
        assert f"{104000 + count} " in last


def test_nothing_is_drawn_outside_the_sheet() -> None:
    long = make_document(
        [
            make_line(
                name="Höj- och sänkbart skrivbord " * 8,
                description="mycket " * 3000,
                supplier_article_number="SKR-160X80-BJÖRK" * 3,
                quantity=Decimal("999999.999"),
                unit_price=Decimal("999999.9999"),
                unit_code="LS",
                note="ö" * 500,
            ),
            make_line(2),
        ],
        note="rad\n" * 100 + "ord " * 3000,
        number="ÖSTERSUND-2026-" + "0" * 40 + "1",
        link=None,
        buyer=make_party("Gemensam nämnd för upphandlingssamverkan " * 5),
        agreement_title="Mycket lång titel " * 20,
    )
    reader = read(long)
    ends: list[tuple[float, float]] = []

    def visit(text: str, _cm: object, matrix: list[float], _font: object, _size: object) -> None:
        if text.strip():
            ends.append((matrix[4], matrix[5]))

    for page in reader.pages:
        page.extract_text(visitor_text=visit)
    assert all(40 < x < 555 and 20 < y < HEIGHT - 30 for x, y in ends)
    assert flat(text_of(long)).count("mycket") == 3000


def test_same_document_gives_same_bytes() -> None:
    assert render_order(make_document(12)) == render_order(make_document(12))
    assert render_order(make_document(12)) != render_order(make_document(12, note="annat"))


def test_metadata() -> None:
    reader = read(make_document())
    assert reader.metadata is not None
    assert reader.metadata.title == "Beställning OST-2026-000147"
    assert reader.metadata.author == "Östersunds kommun"
    assert reader.metadata.creation_date == datetime(2026, 10, 14, 7, 12, 30, tzinfo=UTC)
    assert reader.trailer["/Root"]["/Lang"] == "sv-SE"


@pytest.mark.parametrize("standing", list(Standing))
def test_every_font_is_embedded(standing: Standing) -> None:
    for page in read(make_document(standing=standing)).pages:
        for font in page["/Resources"]["/Font"].values():
            assert "/FontFile2" in font.get_object()["/FontDescriptor"]


def test_tags_tell_a_screen_reader_the_order_of_reading() -> None:
    count = 60
    reader = read(make_document(count))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    roles: Counter[str] = Counter()
    runs: set[tuple[int, int]] = set()

    def walk(element: DictionaryObject) -> None:
        roles[element["/S"]] += 1
        if isinstance(element["/K"], int):
            runs.add((element["/Pg"]["/StructParents"], element["/K"]))
            return
        for child in element["/K"]:
            assert child.get_object()["/P"] == element
            walk(child.get_object())

    tags = root["/StructTreeRoot"]
    walk(tags["/K"])
    assert (roles["/H1"], roles["/Table"], roles["/TR"], roles["/TD"]) == (1, 1, count + 1, 8 * count)
    assert roles["/TH"] == 8  # the heads of the other pages are passed over
    numbers = tags["/ParentTree"]["/Nums"]
    marked = {(numbers[at], run) for at in range(0, len(numbers), 2) for run in range(len(numbers[at + 1]))}
    assert runs == marked
    for number, page in enumerate(reader.pages):
        assert page["/StructParents"] == number
        stream = page.get_contents().get_data()
        assert stream.count(b"BDC") == len(numbers[2 * number + 1])
        assert stream.count(b"BDC") + stream.count(b"BMC") == stream.count(b"EMC")


def test_code_leads_to_the_link() -> None:
    document = make_document()
    [annotation] = read(document).pages[0]["/Annots"]
    assert annotation.get_object()["/A"]["/URI"] == document.link


@pytest.mark.parametrize("link", [None, "https://exempel.example/å"])
def test_without_an_ascii_link_no_link_is_drawn(link: str | None) -> None:
    assert "/Annots" not in read(make_document(link=link, buyer_reference=None)).pages[0]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Å & Ö < 3 > \u201dfyra\u201d – €", "Å & Ö < 3 > \u201dfyra\u201d – €"),
        ("Gdańsk \u2011 我们 🌻\x07!", "Gdansk - ?? !"),
        ("m³ 25\u202f% \u2265", "m³ 25 % ≥"),
    ],
)
def test_text_outside_the_font_is_shown_as_near_as_it_can_be(text: str, shown: str) -> None:
    assert printable(text) == shown


STYLES = st.sampled_from([Style(REGULAR, 8, 10, (0, 0, 0)), Style(BOLD, 13, 16, (0, 0, 0))])


@given(st.text(max_size=200).filter(str.isprintable), STYLES, st.floats(15, 300))
def test_wrapped_lines_fit_and_lose_no_letter(text: str, style: Style, width: float) -> None:
    lines = wrap(text, style, width)
    assert all(style.width(line) <= width + 0.001 for line in lines)
    assert "".join("".join(lines).split()) == "".join(printable(text).split())


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=120), st.text(max_size=400), st.text(max_size=30))
def test_any_text_can_be_printed(name: str, note: str, number: str) -> None:
    document = make_document([make_line(name=name, note=note, gtin=number)], note=note, originator=name)
    assert read(document).pages
