"""Pages of blocks on ReportLab's canvas, with the tags that a screen reader follows; watermarks and codes.

ReportLab has no tags of its own. They are little text: each run of texts is bracketed in the page's stream
(marked content), and a tree of elements in the file says what each run is (ISO 32000-1, 14.6 to 14.8). The
tree is written as plain strings, since one dictionary object for each of two thousand cells would take as long
as all the rest. No claim of PDF/UA is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel
from reportlab.pdfgen.canvas import Canvas

from exchange.sheet import BOLD, HEIGHT, INK, WIDTH, Block, Drawing, Page, Style


def paint(canvas: Canvas, pages: list[Page], watermark: str | None = None) -> None:
    """Draw all pages and close each; the file is ready to be saved."""
    tree = _Tree()
    for number, page in enumerate(pages):
        canvas.addLiteral("/Artifact BMC")
        _shapes(canvas, page)
        canvas.addLiteral("EMC")
        _texts(canvas, page, tree, number)
        if watermark:
            canvas.addLiteral("/Artifact BMC")
            _watermark(canvas, watermark)
            canvas.addLiteral("EMC")
        canvas.showPage()
    tree.write(canvas, len(pages))


def _shapes(canvas: Canvas, page: Page) -> None:
    """Panels first, then rules and codes; texts come after and are never covered."""
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


def _texts(canvas: Canvas, page: Page, tree: _Tree, number: int) -> None:
    pen = canvas.beginText()  # one for the page: much cheaper than one for each string
    mark = pen._code.append  # there is no public way to bracket texts
    now: Style | None = None
    runs = 0
    for top, block in page.blocks:
        parent, current = tree.enter(block), -1
        for x, y, text, style, at in block.texts:
            if at != current:
                if current >= 0:
                    mark("EMC")
                if block.kind == "artifact":
                    mark("/Artifact BMC")
                else:
                    role = block.elements[at]
                    mark(f"/{role} <</MCID {runs}>> BDC")
                    tree.add(role, parent, number, runs)
                    runs += 1
                current = at
            if style is not now:
                pen.setFont(style.font, style.size)
                if now is None or style.color is not now.color:
                    pen.setFillColorRGB(*style.color)
                now = style
            pen.setTextOrigin(x, HEIGHT - top - y)
            pen.textOut(text + " ")  # or a reader joins the last word of a line with the first of the next
        if current >= 0:
            mark("EMC")
    canvas.drawText(pen)


@dataclass(slots=True)
class _Element:
    role: str
    parent: int
    page: int = 0
    run: int | None = None  # the marked content that it is
    children: list[int] = field(default_factory=list)


class _Tree:
    """The elements of the document in reading order; the first is the document itself."""

    def __init__(self) -> None:
        self.elements = [_Element("Document", -1)]
        self.table = 0  # the table that the rows belong to, when its first has come

    def enter(self, block: Block) -> int:
        """The element that the block's texts are children of."""
        if block.kind != "row":
            if block.kind == "text":  # and the next row begins another table; an artifact is only in between
                self.table = 0
            return 0
        self.table = self.table or self.add("Table", 0)
        return self.add("TR", self.table)

    def add(self, role: str, parent: int, page: int = 0, run: int | None = None) -> int:
        self.elements.append(_Element(role, parent, page, run))
        self.elements[parent].children.append(len(self.elements) - 1)
        return len(self.elements) - 1

    def write(self, canvas: Canvas, pages: int) -> None:
        """Add the tree to the file. The objects are numbered in the order in which they are registered."""
        doc: Any = canvas._doc
        page_number = [doc.idToObjectNumberAndVersion[f"Page{n + 1}"][0] for n in range(pages)]
        root = doc.objectcounter + 1
        first = root + 2  # behind the root and the table from runs to elements
        runs: list[list[int]] = [[] for _ in range(pages)]
        for index, element in enumerate(self.elements):
            if element.run is not None:
                runs[element.page].append(first + index)
        numbers = " ".join(f"{n} [{' '.join(f'{at} 0 R' for at in run)}]" for n, run in enumerate(runs))
        doc.Reference(f"<</Type/StructTreeRoot/K {first} 0 R/ParentTree {root + 1} 0 R>>", "Tags")
        doc.Reference(f"<</Nums [{numbers}]>>", "TagsOfRuns")
        for index, element in enumerate(self.elements):
            parent = first + element.parent if index else root
            if element.run is None:
                kids = f"[{' '.join(f'{first + child} 0 R' for child in element.children)}]"
            else:
                kids = f"{element.run}/Pg {page_number[element.page]} 0 R"
            scope = "/A<</O/Table/Scope/Column>>" if element.role == "TH" else ""
            doc.Reference(f"<</S/{element.role}/P {parent} 0 R{scope}/K {kids}>>", f"Tag{index}")
        doc.Catalog.StructTreeRoot = f"{root} 0 R"
        doc.Catalog.MarkInfo = "<</Marked true>>"
        for number in range(pages):
            page = doc.idToObject[f"Page{number + 1}"]
            page.__NoDefault__ = [*page.__NoDefault__, "StructParents", "Tabs"]  # others are left out
            page.StructParents, page.Tabs = number, "/S"


def _watermark(canvas: Canvas, text: str) -> None:
    """Large grey letters across the whole sheet, over everything and yet easy to read through."""
    size = 0.8 * (WIDTH**2 + HEIGHT**2) ** 0.5 / Style(BOLD, 1, 1, INK).width(text)
    canvas.saveState()
    canvas.setFillColorRGB(0, 0, 0, alpha=0.13)
    canvas.setFont(BOLD, min(size, 96))
    canvas.translate(WIDTH / 2, HEIGHT / 2)
    canvas.rotate(54)
    canvas.drawCentredString(0, -0.35 * min(size, 96), text)
    canvas.restoreState()


def qr_code(text: str, side: float, *, is_link: bool) -> Drawing:
    """A QR code of an ASCII text, its lower left corner where it is drawn; an address is a link on a screen too."""
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
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
        if is_link:
            canvas.linkURL(text, (x, y, x + side, y + side))

    return draw
