"""A table as a PDF to print and sign: A4, a heading, rows that break across pages, and a foot with page numbers."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from reportlab.pdfgen.canvas import Canvas

from exchange import painting
from exchange.sheet import (
    BODY,
    HAIR,
    HEIGHT,
    INK,
    LABEL,
    LEFT,
    REGULAR,
    RIGHT,
    SMALL,
    TITLE,
    WIDTH,
    Block,
    Page,
    printable,
    wrap,
)

_GAP = 8.0  # between columns


def render_list(
    title: str, under: str, headings: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]
) -> bytes:
    """The finished PDF; the same arguments give the same bytes. `widths` are shares of the width of the page."""
    whole = (RIGHT - LEFT) / sum(widths)
    places = [LEFT + whole * sum(widths[:at]) for at in range(len(widths))]
    room = [whole * width - _GAP for width in widths]
    pages = [Page()]
    pages[0].add(_heading(title, under))
    pages[0].add(_row(headings, places, room, is_head=True))
    for row in rows:
        block = _row(row, places, room)
        if block.height > pages[-1].room:
            pages.append(Page())
            pages[-1].add(_row(headings, places, room, is_head=True))
        pages[-1].add(block)
    for number, page in enumerate(pages, 1):
        page.blocks.append((HEIGHT - 44, _foot(title, under, number, len(pages))))
    out = BytesIO()
    canvas = Canvas(
        out,
        pagesize=(WIDTH, HEIGHT),
        pageCompression=1,
        pdfVersion=(1, 7),
        invariant=1,
        initialFontName=REGULAR,
        lang="sv-SE",
    )
    canvas.setTitle(title)
    canvas.setAuthor(under)
    painting.paint(canvas, pages)
    canvas.save()
    return out.getvalue()


def _heading(title: str, under: str) -> Block:
    block = Block(64)
    block.begin("H1")
    block.text(LEFT, 22, printable(title), TITLE)
    block.begin("P")
    block.text(LEFT, 40, wrap(under, BODY, RIGHT - LEFT)[0], BODY)
    return block


def _row(cells: Sequence[str], places: Sequence[float], room: Sequence[float], *, is_head: bool = False) -> Block:
    block, style = Block(kind="row"), LABEL if is_head else BODY
    low = 0.0
    for text, x, width in zip(cells, places, room, strict=True):
        block.begin("TH" if is_head else "TD")
        low = max(low, block.lines(x, 12.0, wrap(text, style, width) or [""], style))
    block.height = low - 3.4
    block.rule(LEFT, RIGHT, block.height, 0.8 if is_head else 0.4, INK if is_head else HAIR)
    return block


def _foot(title: str, under: str, number: int, count: int) -> Block:
    block = Block(kind="artifact")
    block.rule(LEFT, RIGHT, 0, 0.5, HAIR)
    block.text(LEFT, 13, wrap(under, SMALL, 260)[0], SMALL)
    block.right(RIGHT, 13, printable(f"{title}, sida {number} av {count}"), SMALL)
    return block
