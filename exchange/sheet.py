"""The printed sheet: fonts, styles, line breaking, and blocks of text on pages. Knows nothing of orders.

A `Block` is a list of marks placed below its own top edge, so that a document can be measured, broken into
pages and counted before the first page is painted. Lengths are points (1/72 inch); inside a block y grows
downwards and a text stands on its baseline. Each text belongs to an element of the structure that a screen
reader follows (ISO 32000-1, 14.8): a heading, a paragraph, a cell.
"""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = 595.28, 841.89  # A4
LEFT, RIGHT = 45.0, WIDTH - 45.0
TOP, BOTTOM = 40.0, 54.0  # margins; the foot stands in the lower one

GAP = 24.0
HALF = (RIGHT - LEFT - GAP) / 2  # two columns
MIDDLE = LEFT + HALF + GAP

Color = tuple[float, float, float]
INK, MUTED, ACCENT = (0.09, 0.10, 0.12), (0.36, 0.38, 0.41), (0.02, 0.27, 0.34)
HAIR, TINT, WHITE = (0.80, 0.81, 0.83), (0.945, 0.955, 0.96), (1.0, 1.0, 1.0)

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


TITLE = Style(BOLD, 25, 29, INK)
LARGE = Style(BOLD, 13, 16, INK)
SUM = Style(BOLD, 10.5, 16, INK)
STRONG = Style(BOLD, 8.4, 11.2, INK)
BODY = Style(REGULAR, 8.4, 11.2, INK)
SMALL = Style(REGULAR, 7.0, 9.3, MUTED)
LABEL = Style(BOLD, 6.4, 10, ACCENT)
HEAD = Style(BOLD, 7.0, 10, MUTED)


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


Role = Literal["H1", "H2", "P", "TH", "TD"]
Drawing = Callable[[Canvas, float, float], None]  # given the lower left corner


class Block:
    """Marks that belong together, placed from the block's top edge down."""

    def __init__(self, height: float = 0.0, kind: Literal["text", "row", "artifact"] = "text") -> None:
        self.height = height
        self.kind = kind  # a row is one of the table; an artifact repeats what a reader has heard
        self.elements: list[Role] = ["P"]
        self.texts: list[tuple[float, float, str, Style, int]] = []  # x, y, text, style, element
        self.rules: list[tuple[float, float, float, float, Color]] = []  # x0, x1, y, thickness, colour
        self.panels: list[tuple[float, float, float, float, Color]] = []  # x, y, width, height, colour
        self.drawings: list[tuple[float, float, Drawing]] = []

    def begin(self, role: Role) -> None:
        """The texts to come belong to a new element."""
        self.elements.append(role)

    def text(self, x: float, y: float, text: str, style: Style) -> None:
        """A printable text that begins at `x`."""
        self.texts.append((x, y, text, style, len(self.elements) - 1))

    def right(self, x: float, y: float, text: str, style: Style) -> None:
        """A printable text that ends at `x`."""
        self.text(x - style.width(text), y, text, style)

    def lines(self, x: float, y: float, lines: Iterable[str], style: Style) -> float:
        """Lines below one another, the first on `y`; gives the y of the line to come."""
        for line in lines:
            self.text(x, y, line, style)
            y += style.leading
        return y

    def rule(self, x0: float, x1: float, y: float, thickness: float, color: Color) -> None:
        self.rules.append((x0, x1, y, thickness, color))

    def panel(self, x: float, y: float, width: float, height: float, color: Color) -> None:
        self.panels.append((x, y, width, height, color))

    def beside(self, other: Block, shift: float) -> None:
        """Take over the texts of another block, moved to the right."""
        first = len(self.elements)
        self.elements += other.elements
        self.texts += [(x + shift, y, text, style, first + at) for x, y, text, style, at in other.texts]

    def as_artifact(self) -> Block:
        """The same marks, passed over by a screen reader."""
        repeated = copy.copy(self)
        repeated.kind = "artifact"
        return repeated

    def parts(self, limit: float) -> list[Block]:
        """The block itself, or, where it is higher than `limit`, its texts cut into parts that are not."""
        if self.height <= limit:
            return [self]
        parts: list[Block] = []
        top = limit  # forces the first part
        for x, y, text, style, at in sorted(self.texts, key=lambda mark: mark[1]):
            if not parts or y + style.leading - top > limit:
                parts.append(Block(kind=self.kind))
                parts[-1].elements = self.elements
                top = y - style.leading
            parts[-1].texts.append((x, y - top, text, style, at))
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
