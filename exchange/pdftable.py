"""The order's lines and sums in the PDF: columns, one row for each line, and the block of totals."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from exchange import swedish
from exchange.documents import LineDocument, OrderDocument, Standing
from exchange.sheet import (
    BODY,
    HAIR,
    HALF,
    HEAD,
    INK,
    LABEL,
    LEFT,
    MIDDLE,
    RIGHT,
    SMALL,
    STRONG,
    SUM,
    Block,
    Style,
    printable,
    wrap,
)
from exchange.units import unit_name

_UNIT = 48.0  # a longer name of a unit takes two lines
_NUMBER = 72.0  # thirteen digits, for many suppliers number their articles by GTIN; a longer one takes two lines


class Columns(NamedTuple):
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
    def fitting(cls, document: OrderDocument) -> Columns:
        """Numbers get the room they need, names what is left."""
        quantities = [swedish.split(swedish.quantity(line.quantity)) for line in document.lines]
        units = {unit_name(line.unit_code) for line in document.lines}
        prices = [swedish.split(swedish.price(line.unit_price)) for line in document.lines]
        amount = max((BODY.width(swedish.kr(line.net_amount)) for line in document.lines), default=0.0)
        vat = RIGHT - max(amount, 46) - 12
        price_end = vat - 40
        price = price_end - max((BODY.width(tail) for _, tail in prices), default=0.0)
        unit = price - max((BODY.width(whole) for whole, _ in prices), default=0.0) - 16
        unit = min(unit, price_end - 46) - min(max(map(BODY.width, units), default=0.0), _UNIT)
        quantity = unit - 7 - max((BODY.width(tail) for _, tail in quantities), default=0.0)
        name_end = min(quantity - max((BODY.width(whole) for whole, _ in quantities), default=0.0), unit - 38)
        numbers = (BODY.width(printable(line.supplier_article_number)) for line in document.lines)
        article = LEFT + 24
        name = article + max(min(max(numbers, default=0.0), _NUMBER), HEAD.width("Art.nr")) + 12
        return cls(article, name, max(name_end - 10 - name, 60), quantity, unit, price, price_end, vat)


def head(columns: Columns) -> Block:
    """The names of the columns, over a rule."""
    block = Block(19, "row")
    for x, name, is_right in (
        (LEFT, "Rad", False),
        (columns.article, "Art.nr", False),
        (columns.name, "Benämning", False),
        (columns.unit - 7, "Antal", True),
        (columns.unit, "Enhet", False),
        (columns.price_end, "À-pris", True),
        (columns.vat, "Moms", True),
        (RIGHT, "Belopp", True),
    ):
        block.begin("TH")
        (block.right if is_right else block.text)(x, 10, name, HEAD)
    block.rule(LEFT, RIGHT, 16, 0.8, INK)
    return block


def row(line: LineDocument, columns: Columns, coding: str | None = None) -> Block:
    """One line of the order, a cell for each column. `coding`: that of the order, which its lines need not repeat."""
    block, first = Block(kind="row"), 12.4
    block.begin("TD")
    block.text(LEFT, first, str(line.position), SMALL)
    block.begin("TD")
    number = wrap(line.supplier_article_number, BODY, columns.name - columns.article - 11)
    low = block.lines(columns.article, first, number, BODY)
    block.begin("TD")
    y = block.lines(columns.name, first, wrap(line.name, BODY, columns.name_width), BODY)
    y = block.lines(columns.name, y - 0.6, _details(line, columns.name_width), SMALL)
    if line.accounting_cost and line.accounting_cost != coding:
        told = f"Kontering: {line.accounting_cost}"
        y = block.lines(columns.name, y, wrap(told, SMALL, columns.name_width), SMALL)
    if line.note:
        y = block.lines(columns.name, y, wrap(f"Obs: {line.note}", BODY, columns.name_width), BODY)
    block.begin("TD")
    whole, tail = swedish.split(swedish.quantity(line.quantity))
    block.text(columns.quantity - BODY.width(whole), first, whole + tail, BODY)
    block.begin("TD")
    low = max(low, block.lines(columns.unit, first, wrap(unit_name(line.unit_code), BODY, _UNIT + 1), BODY))
    block.begin("TD")
    whole, tail = swedish.split(swedish.price(line.unit_price))
    block.text(columns.price - BODY.width(whole), first, whole + tail, BODY)
    if line.base_quantity != 1:
        per = f"per {swedish.quantity(line.base_quantity)} {unit_name(line.unit_code)}"
        block.right(columns.price_end, first + SMALL.leading, printable(per), SMALL)
        low = max(low, first + 2 * SMALL.leading)
    block.begin("TD")
    block.right(columns.vat, first, f"{swedish.quantity(line.vat_percent)} %", BODY)
    block.begin("TD")
    block.right(RIGHT, first, swedish.kr(line.net_amount), BODY)
    block.height = max(y, low) - 3.4
    block.rule(LEFT, RIGHT, block.height, 0.4, HAIR)
    return block


def _details(line: LineDocument, width: float) -> list[str]:
    """Description and GTIN in small print, on one line where there is room."""
    lines = wrap(line.description, SMALL, width) if line.description else []
    if line.gtin:
        gtin = f"GTIN {printable(line.gtin)}"
        if lines and SMALL.width(f"{lines[-1]} · {gtin}") <= width:
            lines[-1] += f" · {gtin}"
        else:
            lines += wrap(gtin, SMALL, width)
    return lines


def sums(document: OrderDocument) -> Block:
    """Charges, VAT for each rate and the totals to the right; approval and terms to the left. Never divided."""
    totals = document.totals
    block = Block()
    x, y = MIDDLE - 4, 19.0

    def add(label: str, amount: Decimal, style: Style) -> None:
        nonlocal y
        shown = swedish.kr(amount)
        block.begin("P")
        after = block.lines(x, y, wrap(label, style, RIGHT - x - 12 - style.width(shown)), style) + 2
        block.right(RIGHT, y, shown, style)
        y = after

    add("Summa rader", totals.lines, BODY)
    for charge in document.charges:
        add(f"{charge.reason} (moms {swedish.quantity(charge.vat_percent)} %)", charge.amount, BODY)
    add("Summa exklusive moms", totals.net, STRONG)
    for rate in totals.vat_rates:
        add(f"Moms {swedish.quantity(rate.percent)} % på {swedish.kr(rate.base)}", rate.amount, BODY)
    block.rule(x, RIGHT, y - 8, 0.8, INK)
    y += 9
    add(f"Totalt {document.currency} inklusive moms", totals.gross, SUM)
    block.height = max(y, _approval(block, document)) + 4
    return block


def _approval(block: Block, document: OrderDocument) -> float:
    width, y = HALF - 20, 17.0
    if document.approvers:
        block.begin("H2")
        block.text(LEFT, y, "GODKÄND AV", LABEL)
        y += 13
    for approver in document.approvers:
        behalf = f", ersättare för {approver.on_behalf_of}" if approver.on_behalf_of else ""
        block.begin("P")
        y = block.lines(LEFT, y, wrap(approver.name + behalf, BODY, width), BODY)
        y = block.lines(LEFT, y - 1, [swedish.instant(approver.approved_at)], SMALL) + 3
    y += 5
    for term in _terms(document):
        block.begin("P")
        y = block.lines(LEFT, y + 2, wrap(term, SMALL, width), SMALL)
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
