"""Documents: the PDF against a bare canvas with the same strings and font, the UBL against bare lxml.

Both floors are told what to write by our own result, so they place and choose nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from lxml import etree
from reportlab.pdfgen.canvas import Canvas

from app.bench.measure import Figure, Work, compare, milliseconds
from core.types import line_net
from exchange import pdf, ubl
from exchange.documents import (
    AddressDocument,
    ApproverDocument,
    ContactDocument,
    DeliveryDocument,
    Identifier,
    LineDocument,
    OrderDocument,
    PartyDocument,
    Standing,
    TotalsDocument,
    VatDocument,
)
from exchange.sheet import HEIGHT, REGULAR, WIDTH

GOODS = (
    ("Kopieringspapper A4 80 g, ohålat", "Vitt, 500 ark, miljömärkt", "XPK", "41.90"),
    ("Nitrilhandske puderfri, medium", "Blå, 100 per ask", "XPK", "68.50"),
    ("Häftapparat för 25 ark, svart", None, "H87", "129.00"),
    ("Servettduk på rulle, vinröd", "1,2 × 25 m", "XRO", "159.00"),
    ("Whiteboardpenna, rund spets, fyra färger", "Luktsvag", "SET", "54.25"),
)
CENT = Decimal("0.01")


def bench_documents(_database: str | None, seconds: float, _quick: bool) -> Iterator[Figure]:
    """PDF of 5 and of 200 lines, UBL of 100; about `seconds` for each."""
    for count in (5, 200):
        document = make_document(count)
        ours, floor = compare(lambda d=document: pdf.render_order(d), bare_canvas(document), seconds)  # type: ignore[misc]
        yield milliseconds("documents", f"pdf, {count} lines", ours, floor)
    document = make_document(100)
    ours, floor = compare(lambda: ubl.render_order(document), bare_lxml(ubl.render_order(document)), seconds)
    yield milliseconds("documents", "ubl, 100 lines", ours, floor)


def bare_canvas(document: OrderDocument) -> Work:
    """The strings, lines and areas of the document's PDF, drawn in the plainest way that ReportLab has."""
    pages = [[(top, block) for top, block in page.blocks] for page in pdf._pages(document)]

    def draw() -> bytes:
        out = BytesIO()
        canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), pageCompression=1, invariant=1, initialFontName=REGULAR)
        for page in pages:
            for top, block in page:
                for x, y, width, height, color in block.panels:
                    canvas.setFillColorRGB(*color)
                    canvas.rect(x, HEIGHT - top - y - height, width, height, stroke=0, fill=1)
                for x0, x1, y, thickness, color in block.rules:
                    canvas.setStrokeColorRGB(*color)
                    canvas.setLineWidth(thickness)
                    canvas.line(x0, HEIGHT - top - y, x1, HEIGHT - top - y)
                for x, y, text, style, _element in block.texts:
                    canvas.setFillColorRGB(*style.color)
                    canvas.setFont(style.font, style.size)
                    canvas.drawString(x, HEIGHT - top - y, text)
            canvas.showPage()
        canvas.save()
        return out.getvalue()

    return draw


def bare_lxml(content: bytes) -> Work:
    """The same elements, attributes and texts, made one by one and written."""
    root: Any = etree.fromstring(content)
    elements = list(root.iter())
    place = {element: index for index, element in enumerate(elements)}
    plan = [(place[e.getparent()], e.tag, dict(e.attrib), e.text) for e in elements[1:]]
    tag, names = root.tag, root.nsmap

    def write() -> bytes:
        made = [etree.Element(tag, nsmap=names)]
        for parent, tag_, attributes, text in plan:
            element = (
                etree.SubElement(made[parent], tag_, attributes) if attributes else etree.SubElement(made[parent], tag_)
            )
            element.text = text
            made.append(element)
        return etree.tostring(made[0], xml_declaration=True, encoding="UTF-8")

    return write


def make_document(count: int) -> OrderDocument:
    """A believable order of so many lines."""
    lines = tuple(_line(position) for position in range(1, count + 1))
    net = sum((line.net_amount for line in lines), Decimal(0))
    vat = (net * Decimal("0.25")).quantize(CENT)
    address = AddressDocument("Rådhusgatan 1", "831 82", "Östersund")
    buyer = _party("Provköpings kommun", "2120000001", address)
    return OrderDocument(
        number="PRO-2026-00017",
        standing=Standing.PLACED,
        issued_at=datetime(2026, 4, 1, 12, 0, tzinfo=UTC),
        agreement_number="UK-2025-014",
        agreement_title="Kontorsmaterial",
        buyer=buyer,
        seller=_party("Provleverans Norr AB", "5569000001", AddressDocument("Industrigatan 3", "831 48", "Östersund")),
        invoicee=buyer,
        originator="Björkbackens skola",
        orderer=ContactDocument("Kim Prov", "063-14 00 00", "kim@kommun.example"),
        delivery=DeliveryDocument("Björkbackens skola", address, goods_marking="BS-311", wanted_on=date(2026, 4, 15)),
        lines=lines,
        totals=TotalsDocument(net, Decimal("0.00"), net, vat, net + vat, (VatDocument(Decimal(25), net, vat),)),
        approvers=(ApproverDocument("Robin Prov", datetime(2026, 4, 1, 11, 55, tzinfo=UTC)),),
        buyer_reference="3110",
        requisition_number="R-1017",
        note="Leverera till godsmottagningen, tack.",
        valid_until=date(2026, 7, 14),
    )


def _line(position: int) -> LineDocument:
    name, description, unit, price = GOODS[(position - 1) % len(GOODS)]
    quantity, unit_price = Decimal(1 + position % 40), Decimal(price)
    return LineDocument(
        position=position,
        name=name,
        description=description,
        quantity=quantity,
        unit_code=unit,
        unit_price=unit_price,
        base_quantity=Decimal(1),
        net_amount=line_net(quantity, unit_price, Decimal(1)),
        vat_percent=Decimal(25),
        supplier_article_number=f"{104000 + position}",
        classification="14111507",
    )


def _party(name: str, number: str, address: AddressDocument) -> PartyDocument:
    return PartyDocument(name=name, organisation_number=number, address=address, endpoint=Identifier("0007", number))
