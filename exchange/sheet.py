"""The printed sheet: fonts, measures, blocks of text and their painting. Knows nothing of orders.

A `Block` is a list of marks placed below its own top edge, so that a document can be measured, broken into
pages and counted before the first page is painted. Lengths are points (1/72 inch); inside a block y grows
downwards and a text stands on its baseline.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple

from reportlab.graphics.barcode.code128 import Code128
from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = 595.28, 841.89  # A4
LEFT, RIGHT = 45.0, WIDTH - 45.0
TOP, BOTTOM = 40.0, 54.0  # margins; the foot stands in the lower one

Color = tuple[float, float, float]

# Bitstream Vera comes with ReportLab and has å, ä and ö. Embedded as a subset, under names of our own.
REGULAR, BOLD = "AvropSans", "AvropSans-Bold"
for _name, _file in ((REGULAR, "Vera.ttf"), (BOLD, "VeraBd.ttf")):
    pdfmetrics.registerFont(TTFont(_name, _file, asciiReadable=False))
_CODES = pdfmetrics.getFont(REGULAR).face.charToGlyph.keys() & pdfmetrics.getFont(BOLD).face.charToGlyph.keys()
_WIDTHS: dict[str, dict[str, float]] = {
    name: {chr(code): pdfmetrics.getFont(name).face.charWidths[code] / 1000 for code in _CODES if code >= 32}
    for name in (REGULAR, BOLD)
}


class Style(NamedTuple):
    font: str
    size: float
    leading: float
    color: Color

    def width(self, text: str) -> float:
        """The width of a printable text."""
        return self.size * sum(map(_WIDTHS[self.font].__getitem__, text))


class _Glyphs(dict[int, str]):
    """What to print for a character: itself, or what comes nearest to it in the font."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if code in _CODES and code >= 32:
            shown = char
        elif char.isspace():
            shown = " "
        elif unicodedata.category(char)[0] in "LNP":  # letters, digits, punctuation: "ń" → "n", "我" → "?"
            base = [part for part in unicodedata.normalize("NFKD", char) if ord(part) in _CODES]
            shown = "".join(base) or "?"
        else:
            shown = ""  # control characters, emoji, marks without a shape of their own
        self[code] = shown
        return shown


_GLYPHS = _Glyphs({0x2010: "-", 0x2011: "-", 0xAD: "", 0x2192: "->"})


def printable(text: str) -> str:
    """The same text in characters that the fonts have."""
    return text if text.isascii() and text.isprintable() else text.translate(_GLYPHS)


def wrap(text: str, style: Style, width: float) -> list[str]:
    """Break into printable lines no wider than `width`: at line breaks, at blanks, and within too long a word."""
    if text.isprintable():
        text = printable(text)
        if style.width(text) <= width:
            return [text]
        return _wrap_paragraph(text, style, width)
    return [line for part in text.splitlines() for line in _wrap_paragraph(printable(part), style, width)]


def _wrap_paragraph(text: str, style: Style, width: float) -> list[str]:
    lines: list[str] = []
    blank = style.width(" ")
    current, used = "", 0.0
    for word in text.split(" "):
        long = style.width(word)
        if current and used + blank + long <= width:
            current, used = f"{current} {word}", used + blank + long
            continue
        if current:
            lines.append(current)
        while long > width and len(word) > 1:
            cut = _fitting(word, style, width)
            lines.append(word[:cut])
            word = word[cut:]
            long = style.width(word)
        current, used = word, long
    return [*lines, current]


def _fitting(word: str, style: Style, width: float) -> int:
    used = 0.0
    for index, char in enumerate(word):
        used += style.width(char)
        if used > width:
            natural = max(word.rfind("-", 0, index), word.rfind("/", 0, index)) + 1
            return natural or max(index, 1)
    return len(word)


class Block:
    """Marks that belong together, placed from the block's top edge down."""

    def __init__(self, height: float = 0.0) -> None:
        self.height = height
        self.texts: list[tuple[float, float, str, Style]] = []
        self.rules: list[tuple[float, float, float, float, Color]] = []  # x0, x1, y, thickness, colour
        self.panels: list[tuple[float, float, float, float, Color]] = []  # x, y, width, height, colour
        self.drawings: list[tuple[float, float, Callable[[Canvas, float, float], None]]] = []  # x, y of the foot

    def text(self, x: float, y: float, text: str, style: Style) -> None:
        """A printable text that begins at `x`."""
        self.texts.append((x, y, text, style))

    def right(self, x: float, y: float, text: str, style: Style) -> None:
        """A printable text that ends at `x`."""
        self.texts.append((x - style.width(text), y, text, style))

    def lines(self, x: float, y: float, lines: Iterable[str], style: Style) -> float:
        """Lines below one another, the first on `y`; gives the y of the line to come."""
        for line in lines:
            self.texts.append((x, y, line, style))
            y += style.leading
        return y

    def rule(self, x0: float, x1: float, y: float, thickness: float, color: Color) -> None:
        self.rules.append((x0, x1, y, thickness, color))

    def panel(self, x: float, y: float, width: float, height: float, color: Color) -> None:
        self.panels.append((x, y, width, height, color))

    def parts(self, limit: float) -> list[Block]:
        """The block itself, or, where it is higher than `limit`, its texts cut into parts that are not."""
        if self.height <= limit:
            return [self]
        parts: list[Block] = []
        top = limit  # forces the first part
        for x, y, text, style in sorted(self.texts, key=lambda mark: mark[1]):
            if not parts or y + style.leading - top > limit:
                parts.append(Block())
                top = y - style.leading
            parts[-1].texts.append((x, y - top, text, style))
            parts[-1].height = max(parts[-1].height, y - top + style.leading)
        return parts


class Page:
    """Blocks with the height at which each one's top edge stands, measured from the top of the sheet."""

    def __init__(self) -> None:
        self.blocks: list[tuple[float, Block]] = []
        self.y = TOP

    @property
    def room(self) -> float:
        return HEIGHT - BOTTOM - self.y

    def add(self, block: Block) -> None:
        self.blocks.append((self.y, block))
        self.y += block.height


def paint(canvas: Canvas, page: Page) -> None:
    """Draw panels, then rules, then texts, so that texts are never covered."""
    for top, block in page.blocks:
        for x, y, width, height, color in block.panels:
            canvas.setFillColorRGB(*color)
            canvas.rect(x, HEIGHT - top - y - height, width, height, stroke=0, fill=1)
    for top, block in page.blocks:
        for x0, x1, y, thickness, color in block.rules:
            canvas.setStrokeColorRGB(*color)
            canvas.setLineWidth(thickness)
            canvas.line(x0, HEIGHT - top - y, x1, HEIGHT - top - y)
        for x, y, draw in block.drawings:
            draw(canvas, x, HEIGHT - top - y)
    pen = canvas.beginText()  # one for the page: much cheaper than one for each string
    now: Style | None = None
    for top, block in page.blocks:
        for x, y, text, style in block.texts:
            if style is not now:
                pen.setFont(style.font, style.size)
                if now is None or style.color is not now.color:
                    pen.setFillColorRGB(*style.color)
                now = style
            pen.setTextOrigin(x, HEIGHT - top - y)
            pen.textOut(text)
    canvas.drawText(pen)


def watermark(canvas: Canvas, text: str) -> None:
    """Large grey letters across the whole sheet, over everything and yet easy to read through."""
    size = 0.8 * (WIDTH**2 + HEIGHT**2) ** 0.5 / Style(BOLD, 1, 1, (0, 0, 0)).width(text)
    canvas.saveState()
    canvas.setFillColorRGB(0, 0, 0, alpha=0.13)
    canvas.setFont(BOLD, min(size, 96))
    canvas.translate(WIDTH / 2, HEIGHT / 2)
    canvas.rotate(54)
    canvas.drawCentredString(0, -0.35 * min(size, 96), text)
    canvas.restoreState()


def qr_code(link: str, side: float) -> Callable[[Canvas, float, float], None]:
    """A QR code of an ASCII address, its lower left corner where it is drawn, and a link for those on a screen."""
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(link)
    code.version = code.calculate_version()
    code.makeImpl(False, 2)  # every mask can be read; weighing all eight for looks takes nine times as long
    size = code.getModuleCount()
    runs = []
    for row, modules in enumerate(code.modules):
        column = 0
        while column < size:
            start = column
            while column < size and modules[column]:
                column += 1
            if column > start:  # a little too high, or hairlines show between the rows
                runs.append(f"{start} {size - 1 - row} {column - start} 1.03 re")
            column += 1
    squares = " ".join(runs)

    def draw(canvas: Canvas, x: float, y: float) -> None:
        scale = side / size
        canvas.addLiteral(f"q {scale:.4f} 0 0 {scale:.4f} {x:.2f} {y:.2f} cm 0 g {squares} f Q")
        canvas.linkURL(link, (x, y, x + side, y + side))

    return draw


def bar_code(text: str, width: float, height: float) -> Callable[[Canvas, float, float], None]:
    """A Code 128 of an ASCII text, not wider than `width`."""
    code = Code128(text, barHeight=height, barWidth=1.0, quiet=False)
    code = Code128(text, barHeight=height, barWidth=min(1.0, width / code.width), quiet=False)

    def draw(canvas: Canvas, x: float, y: float) -> None:
        canvas.setFillColorRGB(0, 0, 0)
        code.drawOn(canvas, x, y)

    return draw
