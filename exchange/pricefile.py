"""A supplier's price list as a file → rows and problems. Never raises on bad content.

A CSV file is UTF-8 (with or without BOM) or Windows-1252, its fields parted by semicolon, comma or tab; a spreadsheet
is XLSX, XLS or ODS (exchange/spreadsheet.py), a catalogue that of Peppol (exchange/catalogue_xml.py). The first 20
lines are searched for the header, so a title above it does no harm. Headings are matched without regard to
case, accents, blanks and punctuation; unknown columns are passed over with a warning. Those with * are mandatory; VAT
is one of them, because the rate of food changes by law and a guess would be wrong.

  column             usual headings                                             holds
  supplier_number *  artikelnummer, artnr, leverantörens artikelnummer, sku     text, unique in the list
  name *             benämning, artikelnamn, produktnamn, namn, name            text
  unit *             enhet, beställningsenhet, unit                             "st", "förp", or a UN/ECE code
  price *            pris, à-pris, nettopris, avtalspris, price                 SEK excl. VAT per price unit
  vat *              moms, momssats, moms %, vat                                25, 12, 6, 0 or "livsmedel"
  description        beskrivning, produktbeskrivning, description               text
  gtin               gtin, ean, streckkod, barcode                              8, 12, 13 or 14 digits
  pack_size          antal per förpackning, förpackningsstorlek, pack size      how many pack units are in one unit
  pack_unit          innehållsenhet, förpackningsenhet, pack unit               as unit
  minimum_quantity   minsta antal, minsta beställning, minimum quantity         quantity
  quantity_multiple  multipel, köps i steg om, quantity multiple                quantity
  base_quantity      prisenhet, pris per antal, base quantity                   quantity that the price holds for
  synonyms           sökord, synonymer, synonyms, keywords                      words, parted by comma or semicolon
  marks              märkning, miljömärkning, labels                            marks, parted likewise
  classification     unspsc, klassificering, classification                     8 digits
  manufacturer       tillverkare, varumärke, fabrikat, brand                    text
  lead_time_days     leveranstid, ledtid, leveranstid dagar, lead time          whole days
  picture            bild, bildlänk, picture, image url                         http(s) address

Numbers: "1 234,50", "1234.50", "12,50 kr". A hyphen alone is an empty cell. A row with an error is
not among the rows; whether a list with errors may be used at all is the caller's rule.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from exchange import cells
from exchange.container import Kind, kind_of, size_inside
from exchange.csvtext import Unreadable, decode, folded, visible
from exchange.header import ColumnChoice, Header, guess_header
from exchange.sandbox import convert
from exchange.table import MAX_BYTES, MAX_ROWS, Column, Problem, Table, without_errors

MAX_PRICE = 1_000_000_000
MAX_QUANTITY = 1_000_000
EXAMPLE = "EXEMPEL"  # the number of the example row in the template


class PriceRow(NamedTuple):
    line: int  # as a spreadsheet numbers it, the header included
    supplier_number: str
    name: str
    unit: str  # UN/ECE code
    price: Decimal  # SEK excluding VAT for `base_quantity` units, up to 4 decimals
    vat: str  # "25", "12", "6", "0", or "food": the rate of food on the day of the order
    description: str | None = None
    gtin: str | None = None
    pack_size: Decimal | None = None
    pack_unit: str | None = None
    minimum_quantity: Decimal | None = None
    quantity_multiple: Decimal | None = None
    base_quantity: Decimal = Decimal(1)
    synonyms: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    classification: str | None = None
    manufacturer: str | None = None
    lead_time_days: int | None = None
    picture: str | None = None


class PriceFile(NamedTuple):
    """A price list that was read: its usable rows, and everything that is wrong with it."""

    rows: list[PriceRow]
    problems: list[Problem]
    replaces: bool = True  # the rows are the whole new list; else they change the one in force
    deleted: dict[str, int] = {}  # noqa: RUF012  supplier's numbers to take out of the list in force → line

    @property
    def is_clean(self) -> bool:
        """No error: every row of the file is among the rows."""
        return without_errors(self.problems)


_QUANTITY = cells.number(MAX_QUANTITY, 3)
COLUMNS = {
    "supplier_number": Column(
        "Artikelnummer|Artikelnr|Artnr|Art nr|Leverantörens artikelnummer|Article number|Item number|SKU",
        cells.text(50),
    ),
    "name": Column("Benämning|Artikelnamn|Artikelbenämning|Produktnamn|Produkt|Namn|Name|Item name", cells.text(200)),
    "unit": Column("Enhet|Beställningsenhet|Försäljningsenhet|Orderenhet|Unit|Order unit", cells.unit),
    "price": Column(
        "Pris|Á-pris|Styckpris|Nettopris|Avtalspris|Pris SEK|Pris kr|Pris exkl moms|Price|Unit price",
        cells.number(MAX_PRICE, 4),
    ),
    "vat": Column("Moms|Momssats|Moms procent|Moms i %|VAT|VAT rate|VAT percent", cells.vat),
    "description": Column(
        "Beskrivning|Produktbeskrivning|Artikelbeskrivning|Artikeltext|Description", cells.text(4000)
    ),
    "gtin": Column("GTIN|EAN|EAN-kod|GTIN-kod|GTIN/EAN|EAN/GTIN|Streckkod|Barcode|GTIN13|EAN13", cells.gtin),
    "pack_size": Column(
        "Antal per förpackning|Förpackningsstorlek|Antal i förpackning|Antal/förp|Antal per förp|Pack size", _QUANTITY
    ),
    "pack_unit": Column("Innehållsenhet|Förpackningsenhet|Basenhet|Pack unit", cells.unit),
    "minimum_quantity": Column(
        "Minsta antal|Minsta beställning|Minsta kvantitet|Min antal|Minimum quantity|Min quantity", _QUANTITY
    ),
    "quantity_multiple": Column(
        "Multipel|Köps i steg om|Beställningsmultipel|Kvantitetsmultipel|Quantity multiple|Multiple", _QUANTITY
    ),
    "base_quantity": Column("Prisenhet|Pris per antal|Prisbas|Pris gäller antal|Base quantity|Price unit", _QUANTITY),
    "synonyms": Column("Sökord|Synonymer|Synonym|Synonyms|Keywords|Search words", cells.words(500)),
    "marks": Column(
        "Märkning|Märkningar|Miljömärkning|Miljömärkningar|Märken|Labels|Marks|Eco-labels", cells.words(200)
    ),
    "classification": Column("UNSPSC|UNSPSC-kod|Klassificering|Klassning|Classification", cells.unspsc),
    "manufacturer": Column("Tillverkare|Varumärke|Fabrikat|Märke|Manufacturer|Brand", cells.text(100)),
    "lead_time_days": Column(
        "Leveranstid|Leveranstid dagar|Leveranstid (dagar)|Ledtid|Ledtid dagar|Lead time|Lead time days", cells.days
    ),
    "picture": Column("Bild|Bildlänk|Bildadress|Bild-URL|Bild 1|Picture|Picture URL|Image|Image URL", cells.address),
}
MANDATORY = ("supplier_number", "name", "unit", "price", "vat")
_GARBLED = re.compile("Ã[¥¤¶…„–]|\ufffd")  # åäöÅÄÖ in UTF-8, read as Windows-1252 and saved again
_FIELDS = {folded(name): field for field, column in COLUMNS.items() for name in (field, *column.headings.split("|"))}
# GTIN: a spreadsheet that takes it for a number drops its first zeros
_PADDED = [folded(name) for name in ("gtin", *COLUMNS["gtin"].headings.split("|"))]
_ONLY_NOTED = {"not-orderable", "approximate-price", "price-period", "line-period"}
_LIMITS: dict[str, str | int] = {"megabytes": MAX_BYTES // 1_000_000, "limit": MAX_ROWS}


def heading(field: str) -> str:
    """The usual Swedish heading of a column, for messages and for a template of the file."""
    return COLUMNS[field].heading


def read_price_file(data: bytes, file_name: str = "", choices: Sequence[ColumnChoice] = ()) -> PriceFile:
    """Read a whole price list; what it is, its content says, and its name must not say anything else.

    Twenty million bytes and a hundred thousand rows at most, and no more than a thousand problems are listed. CSV is
    read here; spreadsheets and catalogues become such a text in the sandbox first. `choices`: what the columns under
    certain headings hold where their names do not say it.
    """
    try:
        if len(data) > MAX_BYTES:
            raise Unreadable("too-large")
        kind = kind_of(data, file_name)
        if kind is Kind.CSV:
            return _read_table(data, choices)
        return _read_catalogue(data) if kind is Kind.XML else _read_sheet(data, kind, choices)
    except Unreadable as error:
        return PriceFile([], [Problem(error.code, params=_LIMITS)])


def look_at(data: bytes, file_name: str = "") -> Header | None:
    """The headings of a file whose columns are not known by name, and samples of what they hold; none of a file that
    is no table at all."""
    try:
        kind = kind_of(data, file_name)
        if kind is Kind.XML:
            return None
        if kind is Kind.CSV:
            return guess_header(decode(data, file_name, max_bytes=MAX_BYTES))
        return guess_header(_sheet_text(data, kind, headings=None)[0])
    except Unreadable:
        return None


def usual_field(heading: str) -> str:
    """The field that a heading usually means; "" where it means none."""
    return _FIELDS.get(folded(heading), "")


def _read_table(data: bytes | str, choices: Sequence[ColumnChoice] = ()) -> PriceFile:
    table = Table(data, "", COLUMNS, mandatory=MANDATORY, needed=MANDATORY, choices=choices)
    if table.is_clean and _GARBLED.search(table.text):
        table.problems.append(Problem("garbled", severity="warning"))
    rows: dict[str, PriceRow] = {}
    for line, values in table.rows():
        row = PriceRow(line, **values)
        if row.supplier_number == EXAMPLE:
            table.problem("example-row", line, "supplier_number", EXAMPLE)
            continue
        first = rows.setdefault(row.supplier_number, row)
        if first is not row:
            table.problem("number-twice", line, "supplier_number", row.supplier_number, {"other": first.line})
    return PriceFile(list(rows.values()), table.problems)


def _read_sheet(data: bytes, kind: Kind, choices: Sequence[ColumnChoice]) -> PriceFile:
    chosen = [(h, f) for choice in choices for h, f in zip(choice.headings, choice.fields, strict=False)]
    headings = [*_FIELDS, *(heading for heading, _ in chosen)]
    text, told = _sheet_text(data, kind, headings, [heading for heading, field in chosen if field == "gtin"])
    if not text.strip():  # no sheet had a header
        names = ", ".join(heading(field) for field in MANDATORY)
        return PriceFile([], [Problem("no-header", params={"columns": names})])
    found = _read_table(text, choices)
    if told.get("sheets", 1) > 1 and told.get("sheet"):
        found.problems.append(Problem("sheet", value=visible(told["sheet"]), severity="warning"))
    return found


def _sheet_text(
    data: bytes, kind: Kind, headings: list[str] | None, padded: Sequence[str] = ()
) -> tuple[str, dict[str, Any]]:
    """A sheet as CSV, and what was told of it: the first one with some of the headings, or with anything at all."""
    request = {"kind": kind.value, "headings": headings, "padded": [*_PADDED, *padded], "rows": MAX_ROWS}
    # what a sheet takes is a few times what is in it; what claims to be more is stopped
    memory = 50_000_000 + 5 * size_inside(data, kind)
    return convert("exchange.spreadsheet", data, request, memory=memory)


def _read_catalogue(data: bytes) -> PriceFile:
    request = {"columns": {field: heading(field) for field in COLUMNS}, "rows": MAX_ROWS}
    text, told = convert("exchange.catalogue_xml", data, request, memory=50_000_000 + 3 * len(data))
    found = _read_table(text)
    deleted = dict(told["deleted"])
    notes = [
        Problem(code, line, params={"count": count}, severity="warning" if code in _ONLY_NOTED else "error")
        for code, (line, count) in told["noted"].items()
    ]
    if any(told["period"]):
        start, end = (visible(day) or "…" for day in told["period"])
        notes.append(Problem("catalogue-period", params={"start": start, "end": end}, severity="warning"))
    problems = [p for p in found.problems if not (p.code == "no-rows" and deleted)]
    return PriceFile(found.rows, notes + problems, replaces=told["action"] == "Replace", deleted=deleted)
