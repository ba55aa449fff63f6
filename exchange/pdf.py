"""The order as a PDF for the supplier: A4, Swedish, and the very bytes that are approved, stored and sent.

Nothing is computed here but where things stand. The same document always gives the same bytes. A draft and a
cancelled order say so in the heading and across every page, and never ask to be quoted on an invoice.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from reportlab import rl_config
from reportlab.pdfgen.canvas import Canvas

from core import clock
from exchange import painting, pdftable, swedish
from exchange.documents import AddressDocument, ContactDocument, OrderDocument, PartyDocument, Standing
from exchange.sheet import (
    ACCENT,
    BODY,
    HAIR,
    HALF,
    HEIGHT,
    INK,
    LABEL,
    LARGE,
    LEFT,
    MIDDLE,
    REGULAR,
    RIGHT,
    SMALL,
    STRONG,
    TINT,
    TITLE,
    WHITE,
    WIDTH,
    Block,
    Page,
    printable,
    wrap,
)

# Streams go as the bytes they are: spelling them in ASCII took a twelfth of the time, for no reader's sake
rl_config.useA85 = 0

_FULL = 640.0  # the room of a page that begins with the order's name and the head of the table

_HEADINGS = {
    Standing.PLACED: ["Beställning"],
    Standing.DRAFT: ["Utkast till", "beställning"],
    Standing.CANCELLED: ["Annullerad", "beställning"],
}
_WATERMARKS = {Standing.DRAFT: "UTKAST – INTE EN BESTÄLLNING", Standing.CANCELLED: "ANNULLERAD"}


def render_order(document: OrderDocument) -> bytes:
    """The finished PDF. Raises ValueError for a placed or cancelled order without a number."""
    if document.standing is not Standing.DRAFT and not document.number:
        raise ValueError("an order has a number; only a draft has none")
    pages = _pages(document)
    out = BytesIO()
    canvas = Canvas(
        out,
        pagesize=(WIDTH, HEIGHT),
        pageCompression=1,
        pdfVersion=(1, 7),
        invariant=1,
        initialFontName=REGULAR,  # or an unembedded Helvetica is listed in the file
        lang="sv-SE",
    )
    _describe(canvas, document)
    for number, page in enumerate(pages, 1):
        page.blocks.append((HEIGHT - 44, _foot(document, number, len(pages))))
    painting.paint(canvas, pages, _WATERMARKS.get(document.standing))
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
    columns = pdftable.Columns.fitting(document)
    head = pdftable.head(columns)
    repeated = head.as_artifact()
    for position, line in enumerate(document.lines):
        row = pdftable.row(line, columns, document.accounting_cost)
        if position == 0:  # the head never stands alone at the foot of a page
            flow.require(head.height + min(row.height, 200))
            flow.place(head)
        flow.place(row, repeated)
    flow.close(pdftable.sums(document), repeated)
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
        """The totals, kept together, and with a line above them where it can come along from the page before."""
        if sums.height > self.page.room:
            before, (_, last) = self.page.blocks[-2:]
            if before[1].kind == last.kind == "row" and last.height < 200 and len(self.document.lines) > 1:
                self.page.blocks.pop()
                self.pages.append(_next_page(self.document, head))
                self.page.add(last)
        self.require(sums.height)
        self.page.add(sums)


def _next_page(document: OrderDocument, head: Block | None = None) -> Page:
    page = Page()
    block = Block(30, "artifact")
    block.text(LEFT, 6, printable(_name(document)), STRONG)
    block.right(RIGHT, 6, wrap(f"{document.buyer.name} till {document.seller.name}", SMALL, 300)[0], SMALL)
    page.add(block)
    if head:
        page.add(head)
    return page


def _foot(document: OrderDocument, number: int, count: int) -> Block:
    block = Block(kind="artifact")
    block.rule(LEFT, RIGHT, 0, 0.5, HAIR)
    buyer = f"{document.buyer.name}, org.nr {swedish.organisation_number(document.buyer.organisation_number)}"
    block.text(LEFT, 13, wrap(buyer, SMALL, 220)[0], SMALL)
    name = printable(_name(document))
    block.text((WIDTH - SMALL.width(name)) / 2, 13, name, SMALL)
    block.right(RIGHT, 13, f"Sida {number} av {count}", SMALL)
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
    is_live = document.standing is Standing.PLACED
    kind = ("RAMORDER" if document.period else "INKÖPSORDER") if is_live else "INGEN GÄLLANDE ORDER"
    block.text(LEFT, 8, f"{kind} · NÖDBESTÄLLNING" if document.is_emergency else kind, LABEL)
    block.begin("H1")
    y = block.lines(LEFT - 1, 34, _HEADINGS[document.standing], TITLE)
    block.begin("P")
    if document.standing is Standing.CANCELLED:
        reason = document.cancel_reason or "Skälet är inte angivet."
        y = block.lines(LEFT, y - 8, wrap(f"Skäl: {reason}", STRONG, HALF - 10), STRONG)
    else:
        y = block.lines(LEFT, y - 8, wrap(document.buyer.name, BODY, HALF - 10), BODY)
    if document.standing is Standing.DRAFT:
        y = block.lines(LEFT, y, ["Ännu inte godkänd. Leverera ingenting på grund av utkastet."], SMALL)
    else:
        _number_box(block, document)
    block.height = max(block.height, y + 8)
    return block


def _number_box(block: Block, document: OrderDocument) -> None:
    """The number, and what else the invoice must quote; with a code to scan: the supplier's link, else the number."""
    number = printable(document.number or "")
    link = document.link if document.link and document.link.isascii() else None
    scanned = link or (number if number.isascii() else None)
    is_live = document.standing is Standing.PLACED
    x, height = MIDDLE - 20, 92.0
    block.panel(x, 0, RIGHT - x, height, TINT)
    block.panel(x, 0, 3, height, ACCENT)
    if scanned:
        block.panel(RIGHT - 76, 8, 68, 68, WHITE)
        block.drawings.append((RIGHT - 72, 72, painting.qr_code(scanned, 60, is_link=scanned == link)))
    left, width = x + 15, RIGHT - x - 15 - (86 if scanned else 12)
    block.begin("H2")
    block.text(left, 15, "ANGE PÅ FAKTURAN" if is_live else "ANNULLERAT ORDERNUMMER", LABEL)
    size = min(LARGE.size, LARGE.size * width / (LARGE.width(number) or 1))
    block.begin("P")
    if is_live:
        block.text(left, 30, "Ordernummer", SMALL)
    block.text(left, 45, number, LARGE._replace(size=size))
    if is_live and document.buyer_reference:
        block.begin("P")
        block.text(left, 62, "Er beställares referens", SMALL)
        block.lines(left, 76, wrap(document.buyer_reference, LARGE, width)[:1], LARGE)
    if scanned:
        block.begin("P")
        does = "Skanna numret" if scanned != link else "Skanna och svara" if is_live else "Skanna och läs"
        block.right(RIGHT - 8, 86, does, SMALL)


def _facts(document: OrderDocument) -> Block:
    """The short facts in four columns, as many rows as they need."""
    facts = [
        ("Orderdatum", swedish.day(clock.local(document.issued_at)), 1),
        ("Önskad leverans", swedish.day(document.delivery.wanted_on), 1),
        ("Gäller från", swedish.day(document.period[0]) if document.period else None, 1),
        ("Gäller till", swedish.day(document.valid_until), 1),
        ("Betalningsvillkor", document.payment_terms, 1),
        ("Ramavtal", f"{document.agreement_number}  {document.agreement_title}", 2),
        ("Diarienummer", document.registry_number, 1),
        ("Rekvisition", document.requisition_number, 1),
        ("Kontering", document.accounting_cost, 2),
    ]
    block = Block(2)
    block.rule(LEFT, RIGHT, 0, 0.8, INK)
    step = (RIGHT - LEFT + 12) / 4
    column, top, lowest = 0, 4.0, 4.0
    for label, value, span in facts:
        if not value:
            continue
        if column + span > 4:
            column, top = 0, lowest
        x = LEFT + column * step
        block.begin("P")
        block.text(x, top + 10, label.upper(), LABEL)
        style = STRONG if label in ("Ramavtal", "Önskad leverans") else BODY
        lowest = max(lowest, block.lines(x, top + 22, wrap(value, style, span * step - 12), style))
        column += span
    block.height = lowest
    return block


def _pair(left: Block, right: Block) -> Block:
    """Two blocks side by side, each under a rule of its own."""
    block = Block(max(left.height, right.height) + 6)
    for part, shift in ((left, 0.0), (right, MIDDLE - LEFT)):
        block.rule(LEFT + shift, LEFT + shift + HALF, 0, 0.5, HAIR)
        block.beside(part, shift)
    return block


def _party(label: str, name: str, address: AddressDocument, small: list[str]) -> Block:
    block = Block()
    _label(block, LEFT, 13, label)
    y = block.lines(LEFT, 26, wrap(name, STRONG, HALF), STRONG)
    for line in _address_lines(address):
        y = block.lines(LEFT, y, wrap(line, BODY, HALF), BODY)
    for line in small:
        block.begin("P")
        y = block.lines(LEFT, y, wrap(line, SMALL, HALF), SMALL)
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
        (LEFT + 10, "Godsmärkning", goods_marking, STRONG),
        (MIDDLE, "Leveransanvisning", instructions, BODY),
    ):
        if text:
            _label(block, x, 13, label)
            lowest = max(lowest, block.lines(x, 26, wrap(text, style, HALF - 14), style))
    block.panel(LEFT, 0, RIGHT - LEFT, lowest - 4, TINT)
    block.height = lowest + 6
    yield block


def _message(label: str, text: str) -> Iterator[Block]:
    """The message, in blocks of a few lines: it may be long, and may go over to the next page."""
    lines = wrap(text, BODY, RIGHT - LEFT)
    block = Block()
    _label(block, LEFT, 12, label)
    block.height = block.lines(LEFT, 25, lines[:4], BODY) - 7
    yield block
    for start in range(4, len(lines), 4):
        block = Block()
        block.height = block.lines(LEFT, 7, lines[start : start + 4], BODY) - 7
        yield block
    yield Block(6)


def _label(block: Block, x: float, y: float, text: str) -> None:
    """The heading of a section, followed by its first paragraph."""
    block.begin("H2")
    block.text(x, y, text.upper(), LABEL)
    block.begin("P")


def _name(document: OrderDocument) -> str:
    title = " ".join(_HEADINGS[document.standing])
    return f"{title} {document.number}" if document.number else title


def _numbers(party: PartyDocument) -> list[str]:
    number = f"Org.nr {swedish.organisation_number(party.organisation_number)}"
    return [f"{number}, momsreg.nr {party.vat_number}" if party.vat_number else number]


def _address_lines(address: AddressDocument) -> list[str]:
    place = " ".join(part for part in (address.postal_code, address.city) if part)
    country = None if address.country == "SE" else address.country
    return [line for line in (address.additional, address.street, place, country) if line]


def _reach(contact: ContactDocument) -> str:
    return ", ".join(part for part in (contact.name, contact.phone, contact.email) if part)
