"""The order as a PDF for the supplier: A4, Swedish, and the very bytes that are approved, stored and sent.

Nothing is computed here but where things stand. The same document always gives the same bytes. A draft and a
cancelled order say so in the heading and across every page, and never ask to be quoted on an invoice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import NamedTuple

from reportlab.pdfgen.canvas import Canvas

from core import clock
from exchange import sheet
from exchange.documents import (
    AddressDocument,
    ContactDocument,
    LineDocument,
    OrderDocument,
    PartyDocument,
    Standing,
)
from exchange.sheet import BOLD, LEFT, REGULAR, RIGHT, Block, Page, Style, printable, wrap
from exchange.units import unit_name

_INK, _MUTED, _ACCENT = (0.09, 0.10, 0.12), (0.36, 0.38, 0.41), (0.02, 0.27, 0.34)
_HAIR, _TINT, _WHITE = (0.80, 0.81, 0.83), (0.945, 0.955, 0.96), (1.0, 1.0, 1.0)

_TITLE = Style(BOLD, 25, 29, _INK)
_LARGE = Style(BOLD, 13, 16, _INK)
_STRONG = Style(BOLD, 8.4, 11.2, _INK)
_BODY = Style(REGULAR, 8.4, 11.2, _INK)
_SMALL = Style(REGULAR, 7.0, 9.3, _MUTED)
_LABEL = Style(BOLD, 6.4, 10, _ACCENT)
_HEAD = Style(BOLD, 7.0, 10, _MUTED)

_WIDTH = RIGHT - LEFT
_GAP = 24.0
_HALF = (_WIDTH - _GAP) / 2
_FULL = 640.0  # the room of a page that begins with the order's name and the head of the table
_MIDDLE = LEFT + _HALF + _GAP

_MONTHS = (
    "januari", "februari", "mars", "april", "maj", "juni",
    "juli", "augusti", "september", "oktober", "november", "december",
)  # fmt: skip
_HEADINGS = {
    Standing.PLACED: ["Beställning"],
    Standing.DRAFT: ["Utkast till", "beställning"],
    Standing.CANCELLED: ["Annullerad", "beställning"],
}
_WATERMARKS = {Standing.DRAFT: "UTKAST – INTE EN BESTÄLLNING", Standing.CANCELLED: "ANNULLERAD"}
_SWEDISH = str.maketrans({",": "\u00a0", ".": ","})


def render_order(document: OrderDocument) -> bytes:
    """The finished PDF. Raises ValueError for a placed or cancelled order without a number."""
    if document.standing is not Standing.DRAFT and not document.number:
        raise ValueError("an order has a number; only a draft has none")
    pages = _pages(document)
    out = BytesIO()
    canvas = Canvas(
        out,
        pagesize=(sheet.WIDTH, sheet.HEIGHT),
        pageCompression=1,
        invariant=1,
        initialFontName=REGULAR,  # or an unembedded Helvetica is listed in the file
        lang="sv-SE",
    )
    _describe(canvas, document)
    for number, page in enumerate(pages, 1):
        page.blocks.append((sheet.HEIGHT - 44, _foot(document, number, len(pages))))
        sheet.paint(canvas, page)
        if document.standing in _WATERMARKS:
            sheet.watermark(canvas, _WATERMARKS[document.standing])
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _describe(canvas: Canvas, document: OrderDocument) -> None:
    """What a reader program and an archive show: title, author, day of issue."""
    issued = document.issued_at.astimezone(clock.STOCKHOLM)
    offset = issued.strftime("%z")
    canvas.setTitle(_name(document))
    canvas.setAuthor(document.buyer.name)
    canvas.setSubject(f"Avrop från ramavtal {document.agreement_number}")
    canvas.setCreator("Avrop")
    canvas.setDateFormatter(lambda *_: issued.strftime("D:%Y%m%d%H%M%S") + f"{offset[:3]}'{offset[3:]}'")
    canvas.setViewerPreference("DisplayDocTitle", "true")


def _pages(document: OrderDocument) -> list[Page]:
    flow = _Flow(document)
    for block in _front(document):
        flow.place(block)
    columns = _Columns.fitting(document)
    head = _table_head(columns)
    for position, line in enumerate(document.lines):
        row = _row(line, columns)
        if position == 0:  # the head never stands alone at the foot of a page
            flow.require(head.height + min(row.height, 200))
            flow.place(head)
        flow.place(row, head)
    flow.close(_sums(document), head)
    return flow.pages


class _Flow:
    """Blocks on pages, from top to bottom. Only a block higher than a whole page is ever divided."""

    def __init__(self, document: OrderDocument) -> None:
        self.document = document
        self.pages = [Page()]

    @property
    def page(self) -> Page:
        return self.pages[-1]

    def require(self, height: float, head: Block | None = None) -> None:
        """Turn the page unless there is so much room."""
        if height > self.page.room:
            self.pages.append(_next_page(self.document, head))

    def place(self, block: Block, head: Block | None = None) -> None:
        for part in block.parts(_FULL):
            self.require(part.height, head)
            self.page.add(part)

    def close(self, sums: Block, head: Block) -> None:
        """The totals, kept together, and with a line above them so that they never stand alone."""
        if sums.height > self.page.room and len(self.document.lines) > 1 and self.page.blocks[-1][1].height < 200:
            _, last = self.page.blocks.pop()
            self.pages.append(_next_page(self.document, head))
            self.page.add(last)
        self.require(sums.height)
        self.page.add(sums)


def _next_page(document: OrderDocument, head: Block | None = None) -> Page:
    page = Page()
    block = Block(30)
    block.text(LEFT, 6, printable(_name(document)), _STRONG)
    block.right(RIGHT, 6, wrap(f"{document.buyer.name} till {document.seller.name}", _SMALL, 300)[0], _SMALL)
    page.add(block)
    if head:
        page.add(head)
    return page


def _foot(document: OrderDocument, number: int, count: int) -> Block:
    block = Block()
    block.rule(LEFT, RIGHT, 0, 0.5, _HAIR)
    buyer = f"{document.buyer.name}, org.nr {_organisation_number(document.buyer.organisation_number)}"
    block.text(LEFT, 13, wrap(buyer, _SMALL, 220)[0], _SMALL)
    name = printable(_name(document))
    block.text((sheet.WIDTH - _SMALL.width(name)) / 2, 13, name, _SMALL)
    block.right(RIGHT, 13, f"Sida {number} av {count}", _SMALL)
    return block


# --- the front page ---


def _front(document: OrderDocument) -> Iterator[Block]:
    yield _heading(document)
    yield _facts(document)
    yield _pair(_buyer(document), _seller(document))
    yield _pair(_delivery(document), _invoicee(document))
    yield from _handling(document.delivery.goods_marking, document.delivery.instructions)
    if document.note:
        yield from _message("Meddelande till leverantören", document.note)
    yield Block(4)


def _heading(document: OrderDocument) -> Block:
    block = Block(102)
    kind = "INKÖPSORDER" if document.standing is Standing.PLACED else "INGEN GÄLLANDE ORDER"
    block.text(LEFT, 8, kind, _LABEL)
    y = block.lines(LEFT - 1, 34, _HEADINGS[document.standing], _TITLE)
    if document.standing is Standing.CANCELLED:
        reason = document.cancel_reason or "Skälet är inte angivet."
        y = block.lines(LEFT, y - 8, wrap(f"Skäl: {reason}", _STRONG, _HALF - 10), _STRONG)
    else:
        y = block.lines(LEFT, y - 8, wrap(document.buyer.name, _BODY, _HALF - 10), _BODY)
    if document.standing is Standing.DRAFT:
        y = block.lines(LEFT, y, ["Ännu inte godkänd. Leverera ingenting på grund av utkastet."], _SMALL)
    else:
        _number_box(block, document)
    block.height = max(block.height, y + 8)
    return block


def _number_box(block: Block, document: OrderDocument) -> None:
    """The number, and what else the invoice must quote; with a code to scan."""
    number = printable(document.number or "")
    link = document.link if document.link and document.link.isascii() else None
    is_live = document.standing is Standing.PLACED
    x, height = _MIDDLE - 20, 92.0
    block.panel(x, 0, RIGHT - x, height, _TINT)
    block.panel(x, 0, 3, height, _ACCENT)
    if link:
        block.panel(RIGHT - 76, 8, 68, 68, _WHITE)
        block.drawings.append((RIGHT - 72, 72, sheet.qr_code(link, 60)))
    left, width = x + 15, RIGHT - x - 15 - (86 if link else 12)
    block.text(left, 15, "ANGE PÅ FAKTURAN" if is_live else "ANNULLERAT ORDERNUMMER", _LABEL)
    size = min(_LARGE.size, _LARGE.size * width / (_LARGE.width(number) or 1))
    if is_live:
        block.text(left, 30, "Ordernummer", _SMALL)
    block.text(left, 45, number, _LARGE._replace(size=size))
    if is_live and document.buyer_reference:
        block.text(left, 62, "Er beställares referens", _SMALL)
        block.lines(left, 76, wrap(document.buyer_reference, _LARGE, width)[:1], _LARGE)
    elif not link and number.isascii():
        block.drawings.append((left, 84, sheet.bar_code(number, width, 24)))
    if link:
        block.right(RIGHT - 8, 86, "Skanna och svara" if is_live else "Skanna och läs", _SMALL)


def _facts(document: OrderDocument) -> Block:
    """The short facts in four columns, as many rows as they need."""
    facts = [
        ("Orderdatum", _day(clock.local(document.issued_at)), 1),
        ("Önskad leverans", _day(document.delivery.wanted_on), 1),
        ("Gäller till", _day(document.valid_until), 1),
        ("Betalningsvillkor", document.payment_terms, 1),
        ("Ramavtal", f"{document.agreement_number}  {document.agreement_title}", 2),
        ("Diarienummer", document.registry_number, 1),
        ("Rekvisition", document.requisition_number, 1),
    ]
    block = Block(2)
    block.rule(LEFT, RIGHT, 0, 0.8, _INK)
    step = (_WIDTH + 12) / 4
    column, top, lowest = 0, 4.0, 4.0
    for label, value, span in facts:
        if not value:
            continue
        if column + span > 4:
            column, top = 0, lowest
        x = LEFT + column * step
        block.text(x, top + 10, label.upper(), _LABEL)
        style = _STRONG if label in ("Ramavtal", "Önskad leverans") else _BODY
        lowest = max(lowest, block.lines(x, top + 22, wrap(value, style, span * step - 12), style))
        column += span
    block.height = lowest
    return block


def _pair(left: Block, right: Block) -> Block:
    """Two blocks side by side, each under a rule of its own."""
    block = Block(max(left.height, right.height) + 6)
    for part, shift in ((left, 0.0), (right, _MIDDLE - LEFT)):
        block.rule(LEFT + shift, LEFT + shift + _HALF, 0, 0.5, _HAIR)
        block.texts += [(x + shift, y, text, style) for x, y, text, style in part.texts]
    return block


def _party(label: str, name: str, address: AddressDocument, small: list[str]) -> Block:
    block = Block()
    block.text(LEFT, 13, label.upper(), _LABEL)
    y = block.lines(LEFT, 26, wrap(name, _STRONG, _HALF), _STRONG)
    for line in _address_lines(address):
        y = block.lines(LEFT, y, wrap(line, _BODY, _HALF), _BODY)
    for line in small:
        y = block.lines(LEFT, y, wrap(line, _SMALL, _HALF), _SMALL)
    block.height = y - 4
    return block


def _buyer(document: OrderDocument) -> Block:
    buyer = document.buyer
    small = _numbers(buyer)
    if document.originator:
        small.append(f"Enhet: {document.originator}")
    if orderer := _reach(document.orderer):
        small.append(f"Beställare: {orderer}")
    if contact := _reach(buyer.contact):
        small.append(f"Kontakt: {contact}")
    return _party("Köpare", buyer.name, buyer.address, small)


def _seller(document: OrderDocument) -> Block:
    seller = document.seller
    contact = _reach(seller.contact)
    return _party("Leverantör", seller.name, seller.address, _numbers(seller) + ([contact] if contact else []))


def _invoicee(document: OrderDocument) -> Block:
    invoicee = document.invoicee
    endpoint = f"Peppol-id {invoicee.endpoint.scheme}:{invoicee.endpoint.value}"
    return _party("Faktura till", invoicee.name, invoicee.address, [*_numbers(invoicee), endpoint])


def _delivery(document: OrderDocument) -> Block:
    delivery = document.delivery
    small = [f"GLN {delivery.gln}"] if delivery.gln else []
    if receiver := _reach(delivery.contact):
        small.append(f"Mottagare: {receiver}")
    return _party("Leverans till", delivery.name, delivery.address, small)


def _handling(goods_marking: str | None, instructions: str | None) -> Iterator[Block]:
    """What the driver must know, on a panel of its own."""
    if not goods_marking and not instructions:
        return
    block, lowest = Block(), 0.0
    for x, label, text, style in (
        (LEFT + 10, "GODSMÄRKNING", goods_marking, _STRONG),
        (_MIDDLE, "LEVERANSANVISNING", instructions, _BODY),
    ):
        if text:
            block.text(x, 13, label, _LABEL)
            lowest = max(lowest, block.lines(x, 26, wrap(text, style, _HALF - 14), style))
    block.panel(LEFT, 0, _WIDTH, lowest - 4, _TINT)
    block.height = lowest + 6
    yield block


def _message(label: str, text: str) -> Iterator[Block]:
    """The message, in blocks of a few lines: it may be long, and may go over to the next page."""
    lines = wrap(text, _BODY, _WIDTH)
    block = Block()
    block.text(LEFT, 12, label.upper(), _LABEL)
    block.height = block.lines(LEFT, 25, lines[:4], _BODY) - 7
    yield block
    for start in range(4, len(lines), 4):
        block = Block()
        block.height = block.lines(LEFT, 7, lines[start : start + 4], _BODY) - 7
        yield block
    yield Block(6)


# --- the lines ---


_UNIT = 48.0  # a longer name of a unit takes two lines


class _Columns(NamedTuple):
    """Where the columns of the table stand; numbers by their decimal comma, or by their right edge."""

    article: float
    name: float
    name_width: float
    quantity: float  # comma
    unit: float
    price: float  # comma
    price_end: float
    vat: float  # right edge

    @classmethod
    def fitting(cls, document: OrderDocument) -> _Columns:
        """Numbers get the room they need, names what is left."""
        quantities = [_split(_quantity(line.quantity)) for line in document.lines]
        units = {unit_name(line.unit_code) for line in document.lines}
        prices = [_split(_price(line.unit_price)) for line in document.lines]
        amount = max((_BODY.width(_kr(line.net_amount)) for line in document.lines), default=0.0)
        vat = RIGHT - max(amount, 46) - 12
        price_end = vat - 40
        price = price_end - max((_BODY.width(tail) for _, tail in prices), default=0.0)
        unit = price - max((_BODY.width(whole) for whole, _ in prices), default=0.0) - 16
        unit = min(unit, price_end - 46) - min(max(map(_BODY.width, units), default=0.0), _UNIT)
        quantity = unit - 7 - max((_BODY.width(tail) for _, tail in quantities), default=0.0)
        name_end = min(quantity - max((_BODY.width(whole) for whole, _ in quantities), default=0.0), unit - 38)
        numbers = (_BODY.width(printable(line.supplier_article_number)) for line in document.lines)
        article = LEFT + 24
        name = article + min(max(numbers, default=0.0), 66) + 12
        return cls(article, name, max(name_end - 10 - name, 60), quantity, unit, price, price_end, vat)


def _table_head(columns: _Columns) -> Block:
    block = Block(19)
    block.text(LEFT, 10, "Rad", _HEAD)
    block.text(columns.article, 10, "Art.nr", _HEAD)
    block.text(columns.name, 10, "Benämning", _HEAD)
    block.right(columns.unit - 7, 10, "Antal", _HEAD)
    block.text(columns.unit, 10, "Enhet", _HEAD)
    block.right(columns.price_end, 10, "À-pris", _HEAD)
    block.right(columns.vat, 10, "Moms", _HEAD)
    block.right(RIGHT, 10, "Belopp", _HEAD)
    block.rule(LEFT, RIGHT, 16, 0.8, _INK)
    return block


def _row(line: LineDocument, columns: _Columns) -> Block:
    block = Block()
    first = 12.4
    block.text(LEFT, first, str(line.position), _SMALL)
    number = wrap(line.supplier_article_number, _BODY, columns.name - columns.article - 11)
    low = block.lines(columns.article, first, number, _BODY)
    y = block.lines(columns.name, first, wrap(line.name, _BODY, columns.name_width), _BODY)
    y = block.lines(columns.name, y - 0.6, _details(line, columns.name_width), _SMALL)
    if line.note:
        y = block.lines(columns.name, y, wrap(f"Obs: {line.note}", _BODY, columns.name_width), _BODY)
    whole, tail = _split(_quantity(line.quantity))
    block.text(columns.quantity - _BODY.width(whole), first, whole + tail, _BODY)
    low = max(low, block.lines(columns.unit, first, wrap(unit_name(line.unit_code), _BODY, _UNIT + 1), _BODY))
    whole, tail = _split(_price(line.unit_price))
    block.text(columns.price - _BODY.width(whole), first, whole + tail, _BODY)
    if line.base_quantity != 1:
        per = f"per {_quantity(line.base_quantity)} {unit_name(line.unit_code)}"
        block.right(columns.price_end, first + _SMALL.leading, printable(per), _SMALL)
        low = max(low, first + 2 * _SMALL.leading)
    block.right(columns.vat, first, f"{_quantity(line.vat_percent)} %", _BODY)
    block.right(RIGHT, first, _kr(line.net_amount), _BODY)
    block.height = max(y, low) - 3.4
    block.rule(LEFT, RIGHT, block.height, 0.4, _HAIR)
    return block


def _details(line: LineDocument, width: float) -> list[str]:
    """Description and GTIN in small print, on one line where there is room."""
    lines = wrap(line.description, _SMALL, width) if line.description else []
    if line.gtin:
        gtin = f"GTIN {printable(line.gtin)}"
        if lines and _SMALL.width(f"{lines[-1]} · {gtin}") <= width:
            lines[-1] += f" · {gtin}"
        else:
            lines += wrap(gtin, _SMALL, width)
    return lines


# --- the sums ---


def _sums(document: OrderDocument) -> Block:
    """Charges, VAT for each rate and the totals to the right; approval and terms to the left. Never divided."""
    totals = document.totals
    block = Block()
    x, y = _MIDDLE - 4, 19.0

    def add(label: str, amount: Decimal, style: Style) -> None:
        nonlocal y
        room = RIGHT - x - 12 - style.width(_kr(amount))
        block.right(RIGHT, y, _kr(amount), style)
        y = block.lines(x, y, wrap(label, style, room), style) + 2

    add("Summa rader", totals.lines, _BODY)
    for charge in document.charges:
        add(f"{charge.reason} (moms {_quantity(charge.vat_percent)} %)", charge.amount, _BODY)
    add("Summa exklusive moms", totals.net, _STRONG)
    for rate in totals.vat_rates:
        add(f"Moms {_quantity(rate.percent)} % på {_kr(rate.base)}", rate.amount, _BODY)
    block.rule(x, RIGHT, y - 8, 0.8, _INK)
    y += 9
    add(f"Totalt {document.currency} inklusive moms", totals.gross, _LARGE._replace(size=10.5))
    block.height = max(y, _approval(block, document)) + 4
    return block


def _approval(block: Block, document: OrderDocument) -> float:
    width, y = _HALF - 20, 17.0
    if document.approvers:
        block.text(LEFT, y, "GODKÄND AV", _LABEL)
        y += 13
    for approver in document.approvers:
        behalf = f", ersättare för {approver.on_behalf_of}" if approver.on_behalf_of else ""
        y = block.lines(LEFT, y, wrap(approver.name + behalf, _BODY, width), _BODY)
        y = block.lines(LEFT, y - 1, [_instant(approver.approved_at)], _SMALL) + 3
    y += 5
    for term in _terms(document):
        y = block.lines(LEFT, y + 2, wrap(term, _SMALL, width), _SMALL)
    return y


def _terms(document: OrderDocument) -> list[str]:
    amounts = f"Priser och belopp är i {document.currency}, exklusive moms om inget annat anges."
    if document.standing is not Standing.PLACED:
        return [amounts]
    return [
        f"Beställningen är ett avrop från ramavtal {document.agreement_number}. Avtalets villkor gäller.",
        amounts,
        "Ange ordernumret på faktura, följesedel och orderbekräftelse.",
    ]


# --- how things are written ---


def _name(document: OrderDocument) -> str:
    title = " ".join(_HEADINGS[document.standing])
    return f"{title} {document.number}" if document.number else title


def _numbers(party: PartyDocument) -> list[str]:
    number = f"Org.nr {_organisation_number(party.organisation_number)}"
    return [f"{number}, momsreg.nr {party.vat_number}" if party.vat_number else number]


def _organisation_number(digits: str) -> str:
    return f"{digits[:6]}-{digits[6:]}" if len(digits) == 10 else digits


def _address_lines(address: AddressDocument) -> list[str]:
    place = " ".join(part for part in (address.postal_code, address.city) if part)
    country = None if address.country == "SE" else address.country
    return [line for line in (address.additional, address.street, place, country) if line]


def _reach(contact: ContactDocument) -> str:
    return ", ".join(part for part in (contact.name, contact.phone, contact.email) if part)


def _kr(amount: Decimal) -> str:
    """1234.5 → "1 234,50" with hard blanks."""
    return f"{amount:,.2f}".translate(_SWEDISH)


def _price(price: Decimal) -> str:
    """Two decimals, or as many of four as it takes."""
    whole, _, decimals = f"{price:,.4f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}".translate(_SWEDISH)


def _quantity(quantity: Decimal) -> str:
    return f"{quantity.normalize():,f}".translate(_SWEDISH)


def _split(number: str) -> tuple[str, str]:
    """What stands before the decimal comma, and the rest with the comma."""
    whole, comma, decimals = number.partition(",")
    return whole, comma + decimals


def _day(day: date | None) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}" if day else ""


def _instant(instant: datetime) -> str:
    local = clock.local(instant)
    return f"{_day(local)} kl. {local:%H.%M}"
