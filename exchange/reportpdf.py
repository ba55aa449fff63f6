"""A report as a PDF: A4, Swedish, tagged for screen readers, the same document always the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from io import BytesIO

from reportlab.pdfgen.canvas import Canvas

from core import clock
from exchange import painting, swedish
from exchange.report import Report, Section, Table
from exchange.sheet import (
    BODY,
    HAIR,
    HEAD,
    HEIGHT,
    INK,
    LABEL,
    LEFT,
    REGULAR,
    RIGHT,
    SMALL,
    STRONG,
    TITLE,
    WIDTH,
    Block,
    Page,
    printable,
    wrap,
)

_FULL = 700.0  # the room of a page
_GAP = 8.0  # between the columns of a table
_FACT = 130.0  # the width of a fact's name


def render_report(report: Report) -> bytes:
    """The finished PDF."""
    pages = [Page()]
    head: Block | None = None  # of the table that rows are being added to
    for group in _groups(report):
        if sum(block.height for block in group) > pages[-1].room:
            pages.append(Page())
            if head is not None and _is_row(group[0]):
                pages[-1].add(_repeated(head))
        for part in [part for block in group for part in block.parts(_FULL)]:
            if part.height > pages[-1].room:
                pages.append(Page())
            pages[-1].add(part)
        head = next(filter(_is_head, group), head if _is_row(group[-1]) else None)
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
    _describe(canvas, report)
    for number, page in enumerate(pages, 1):
        page.blocks.append((HEIGHT - 44, _foot(report, number, len(pages))))
    painting.paint(canvas, pages)
    canvas.save()
    return out.getvalue()


def _describe(canvas: Canvas, report: Report) -> None:
    issued = report.issued_at.astimezone(clock.STOCKHOLM)
    offset = issued.strftime("%z")
    canvas.setTitle(report.title)
    canvas.setAuthor(report.foot)
    canvas.setSubject(report.kind)
    canvas.setCreator("Avrop")
    canvas.setDateFormatter(lambda *_: issued.strftime("D:%Y%m%d%H%M%S") + f"{offset[:3]}'{offset[3:]}'")
    canvas.setViewerPreference("DisplayDocTitle", "true")


def _groups(report: Report) -> Iterator[list[Block]]:
    """Blocks that no page parts, where they fit on one: a heading, or the head of a table, and what it stands over."""
    yield [_heading(report)]
    for section in report.sections:
        group = [_title(section.title)]
        for block in _section(section):
            group.append(block)
            if not _is_head(block):
                yield group
                group = []
        if group:
            yield group


def _is_head(block: Block) -> bool:
    return block.kind == "row" and "TH" in block.elements


def _is_row(block: Block) -> bool:
    return block.kind == "row" and not _is_head(block)


def _repeated(head: Block) -> Block:
    """The head once more, for the eye alone: a reader's voice has told it."""
    again = copy(head)
    again.kind = "artifact"
    return again


def _heading(report: Report) -> Block:
    block = Block()
    block.text(LEFT, 8, printable(report.kind.upper()), LABEL)
    block.begin("H1")
    y = block.lines(LEFT - 1, 34, wrap(report.title, TITLE, RIGHT - LEFT), TITLE)
    block.begin("P")
    block.height = block.lines(LEFT, y - 8, wrap(report.lead, BODY, RIGHT - LEFT), BODY) + 4
    return block


def _title(text: str) -> Block:
    block = Block(26)
    block.rule(LEFT, RIGHT, 6, 0.8, INK)
    block.begin("H2")
    block.text(LEFT, 20, printable(text), STRONG)
    return block


def _section(section: Section) -> Iterator[Block]:
    for name, value in section.facts:
        block = Block()
        lines = wrap(value, BODY, RIGHT - LEFT - _FACT)
        block.text(LEFT, 10, printable(name), SMALL)
        block.begin("P")
        block.height = block.lines(LEFT + _FACT, 10, lines, BODY) - 7
        yield block
    for paragraph in section.paragraphs:
        block = Block()
        block.height = block.lines(LEFT, 12, wrap(paragraph, BODY, RIGHT - LEFT), BODY) - 4
        yield block
    if section.table is not None:
        yield from _table(section.table)


def _table(table: Table) -> Iterator[Block]:
    """The head and a block for each row; columns by their shares of the line."""
    whole = RIGHT - LEFT - _GAP * (len(table.widths) - 1)
    widths = [whole * share / sum(table.widths) for share in table.widths]
    starts = [LEFT + sum(widths[:n]) + _GAP * n for n in range(len(widths))]
    for number, row in enumerate((table.headings, *table.rows)):
        style = HEAD if number == 0 else BODY
        block, lowest = Block(kind="row"), 0.0
        for column, cell in enumerate(row):
            block.begin("TH" if number == 0 else "TD")
            y = 12.0
            for line in wrap(cell, style, widths[column]) or [""]:
                if column in table.right:
                    block.right(starts[column] + widths[column], y, line, style)
                else:
                    block.text(starts[column], y, line, style)
                y += style.leading
            lowest = max(lowest, y)
        block.height = lowest - 5
        block.rule(LEFT, RIGHT, block.height, 0.8 if number == 0 else 0.5, INK if number == 0 else HAIR)
        yield block


def _foot(report: Report, number: int, count: int) -> Block:
    block = Block(kind="artifact")
    block.rule(LEFT, RIGHT, 0, 0.5, HAIR)
    block.text(LEFT, 13, wrap(report.foot, SMALL, 300)[0], SMALL)
    told = f"Skriven {swedish.instant(report.issued_at)}, sida {number} av {count}"
    block.right(RIGHT, 13, told, SMALL)
    return block
