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
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from exchange import pricecells
from exchange.container import Kind, kind_of, size_inside
from exchange.csvtext import MAX_CELL, Unreadable, decode, find_header, folded, records, visible
from exchange.sandbox import convert

MAX_BYTES = 20_000_000
MAX_ROWS = 100_000
MAX_PROBLEMS = 1_000
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


class Problem(NamedTuple):
    """What is wrong, and where. `code` is stable; translate `TEXTS[code]` and fill in `params`."""

    code: str
    line: int | None = None  # none where the whole file is meant
    column: str = ""  # the heading as the file has it
    value: str = ""  # shortened, with control characters made visible
    params: dict[str, str | int] = {}  # noqa: RUF012  never changed
    severity: Literal["error", "warning"] = "error"

    @property
    def text(self) -> str:
        """The reason in Swedish, without line and column."""
        return TEXTS[self.code] % self.params


class PriceFile(NamedTuple):
    rows: list[PriceRow]
    problems: list[Problem]
    replaces: bool = True  # the rows are the whole new list; else they change the one in force
    deleted: dict[str, int] = {}  # noqa: RUF012  supplier's numbers to take out of the list in force → line

    @property
    def is_clean(self) -> bool:
        """No error: every row of the file is among the rows."""
        return all(problem.severity != "error" for problem in self.problems)


def N_(text: str) -> str:  # noqa: N802  the name that the extraction of texts looks for
    return text


TEXTS = {
    "empty": N_("Filen är tom."),
    "too-large": N_("Filen är större än %(megabytes)s MB. Dela upp den."),
    "binary": N_("Det här är ingen textfil. Spara prislistan som ”CSV UTF-8” och försök igen."),
    "other-kind": N_("Filen är något annat än dess namn säger. Spara den på nytt som Excel eller ”CSV UTF-8”."),
    "not-a-list": N_("Det här är ingen prislista. Skicka CSV, XLSX, XLS, ODS eller en Peppolkatalog (XML)."),
    "broken": N_("Filen är trasig. Spara den på nytt och försök igen."),
    "macros": N_("Filen har makron. Spara den som en vanlig Excelbok (.xlsx) utan makron."),
    "locked": N_("Filen är låst med lösenord. Ta bort lösenordet och försök igen."),
    "nested": N_("Det ligger andra filer inuti filen. Ta bort dem och försök igen."),
    "too-many-members": N_("Filen har fler delar än en kalkylbok brukar ha. Spara den på nytt."),
    "too-much-inside": N_(
        "Filen är för stor när den packas upp. Ta bort tomma rader och kolumner, eller dela upp den."
    ),
    "too-slow": N_("Filen tog för lång tid att läsa. Ta bort tomma rader och kolumner, eller dela upp den."),
    "too-many-columns": N_("Bladet har för många kolumner. Ta bort dem som inte hör till listan."),
    "dtd": N_("Filen har en dokumenttypsdeklaration (DTD). Sådana filer läses inte."),
    "formulas": N_("Filen har formler. Kopiera listan, klistra in den som värden och försök igen."),
    "sheet": N_("Boken har flera blad. Det här bladet är läst."),
    "catalogue-action": N_("Katalogen ska ha åtgärden Add, Replace eller Update. Återta listan om allt ska bort."),
    "catalogue-period": N_("Katalogen säger att den gäller %(start)s–%(end)s. Kontrollera dagen nedan."),
    "not-orderable": N_("Artiklar som katalogen säger inte går att beställa: %(count)s. De är inte med."),
    "several-prices": N_("Artiklar med flera priser: %(count)s. Listan kan ha ett pris per artikel."),
    "currency": N_("Artiklar med pris i en annan valuta än svenska kronor: %(count)s."),
    "price-with-vat": N_("Artiklar med pris inklusive moms: %(count)s. Ange priset utan moms."),
    "price-unit": N_("Artiklar med pris för en annan enhet än den som beställs, utan omräkningstal: %(count)s."),
    "approximate-price": N_("Artiklar med ungefärligt eller rörligt pris: %(count)s. Priset läses som det står."),
    "price-period": N_("Artiklar med pris för en viss tid: %(count)s. Priset läses som om det gäller hela tiden."),
    "line-period": N_("Artiklar som gäller en viss tid: %(count)s. De läses som om de gäller hela tiden."),
    "example-row": N_("Det här är exempelraden i mallen. Ta bort den."),
    "not-in-force": N_("Artikeln ska tas bort men finns inte i listan i kraft."),
    "encoding": N_("Tecknen i filen går inte att läsa. Spara den som ”CSV UTF-8” och försök igen."),
    "garbled": N_("Å, ä eller ö ser trasiga ut. Spara filen som ”CSV UTF-8” och kontrollera."),
    "no-header": N_("Ingen rubrikrad hittades. Den ska ha minst: %(columns)s."),
    "no-rows": N_("Det finns inga artiklar under rubrikraden."),
    "missing-column": N_("Kolumnen %(column)s saknas."),
    "column-twice": N_("Kolumnen finns två gånger, också som ”%(other)s”. Ta bort den ena."),
    "unknown-column": N_("Kolumnen känns inte igen och läses inte."),
    "too-many-rows": N_("Listan har fler än %(limit)s rader. Dela upp den."),
    "too-many-problems": N_("Fler än %(limit)s fel. Rätta dem som visas och försök igen."),
    "broken-quotes": N_("Citattecknen på raden går inte ihop."),
    "too-many-cells": N_("Raden har fler celler än rubrikraden. Är ett decimaltal delat av ett komma?"),
    "cell-too-long": N_("Cellen är längre än %(limit)s tecken."),
    "missing-value": N_("Värdet saknas."),
    "too-long": N_("Texten är längre än %(limit)s tecken."),
    "control-character": N_("Texten har ett osynligt styrtecken. Skriv om cellen."),
    "formula": N_("Cellen ser ut som en formel. Skriv värdet i stället."),
    "not-a-number": N_("Det går inte att läsa som ett tal. Skriv till exempel 1 234,50."),
    "negative": N_("Talet är negativt."),
    "zero": N_("Talet är noll."),
    "too-big": N_("Talet är större än %(limit)s."),
    "decimals": N_("Talet har fler än %(limit)s decimaler."),
    "not-days": N_("Skriv leveranstiden i hela dagar, högst %(limit)s."),
    "unknown-unit": N_("Enheten är okänd. Skriv till exempel st, förp eller kg."),
    "vat-rate": N_("Momssatsen ska vara 25, 12, 6, 0 eller livsmedel."),
    "gtin-digits": N_("Ett GTIN har 8, 12, 13 eller 14 siffror. Är kolumnen formaterad som text?"),
    "gtin-check-digit": N_("Kontrollsiffran i GTIN stämmer inte. Kontrollera siffrorna."),
    "unspsc": N_("En UNSPSC-kod har åtta siffror."),
    "address": N_("Skriv en hel webbadress som börjar med https://"),
    "number-twice": N_("Artikelnumret finns redan på rad %(other)s."),
}


class _Column(NamedTuple):
    parse: Callable[[str], Any]
    headings: str  # the first one is the name that messages use


_QUANTITY = pricecells.number(MAX_QUANTITY, 3)
_COLUMNS = {
    "supplier_number": _Column(
        pricecells.text(50),
        "Artikelnummer|Artikelnr|Artnr|Art nr|Leverantörens artikelnummer|Article number|Item number|SKU",
    ),
    "name": _Column(
        pricecells.text(200), "Benämning|Artikelnamn|Artikelbenämning|Produktnamn|Produkt|Namn|Name|Item name"
    ),
    "unit": _Column(pricecells.unit, "Enhet|Beställningsenhet|Försäljningsenhet|Orderenhet|Unit|Order unit"),
    "price": _Column(
        pricecells.number(MAX_PRICE, 4),
        "Pris|Á-pris|Styckpris|Nettopris|Avtalspris|Pris SEK|Pris kr|Pris exkl moms|Price|Unit price",
    ),
    "vat": _Column(pricecells.vat, "Moms|Momssats|Moms procent|Moms i %|VAT|VAT rate|VAT percent"),
    "description": _Column(
        pricecells.text(4000), "Beskrivning|Produktbeskrivning|Artikelbeskrivning|Artikeltext|Description"
    ),
    "gtin": _Column(pricecells.gtin, "GTIN|EAN|EAN-kod|GTIN-kod|GTIN/EAN|EAN/GTIN|Streckkod|Barcode|GTIN13|EAN13"),
    "pack_size": _Column(
        _QUANTITY, "Antal per förpackning|Förpackningsstorlek|Antal i förpackning|Antal/förp|Antal per förp|Pack size"
    ),
    "pack_unit": _Column(pricecells.unit, "Innehållsenhet|Förpackningsenhet|Basenhet|Pack unit"),
    "minimum_quantity": _Column(
        _QUANTITY, "Minsta antal|Minsta beställning|Minsta kvantitet|Min antal|Minimum quantity|Min quantity"
    ),
    "quantity_multiple": _Column(
        _QUANTITY, "Multipel|Köps i steg om|Beställningsmultipel|Kvantitetsmultipel|Quantity multiple|Multiple"
    ),
    "base_quantity": _Column(_QUANTITY, "Prisenhet|Pris per antal|Prisbas|Pris gäller antal|Base quantity|Price unit"),
    "synonyms": _Column(pricecells.words(500), "Sökord|Synonymer|Synonym|Synonyms|Keywords|Search words"),
    "marks": _Column(
        pricecells.words(200), "Märkning|Märkningar|Miljömärkning|Miljömärkningar|Märken|Labels|Marks|Eco-labels"
    ),
    "classification": _Column(pricecells.unspsc, "UNSPSC|UNSPSC-kod|Klassificering|Klassning|Classification"),
    "manufacturer": _Column(pricecells.text(100), "Tillverkare|Varumärke|Fabrikat|Märke|Manufacturer|Brand"),
    "lead_time_days": _Column(
        pricecells.days,
        "Leveranstid|Leveranstid dagar|Leveranstid (dagar)|Ledtid|Ledtid dagar|Lead time|Lead time days",
    ),
    "picture": _Column(
        pricecells.address, "Bild|Bildlänk|Bildadress|Bild-URL|Bild 1|Picture|Picture URL|Image|Image URL"
    ),
}
MANDATORY = ("supplier_number", "name", "unit", "price", "vat")
_DEFAULTS = tuple(PriceRow._field_defaults.get(field) for field in PriceRow._fields[1:])
_GARBLED = re.compile("Ã[¥¤¶…„–]|\ufffd")  # åäöÅÄÖ in UTF-8, read as Windows-1252 and saved again


_FIELD_OF = {
    folded(heading): field for field, column in _COLUMNS.items() for heading in (field, *column.headings.split("|"))
}


# GTIN: a spreadsheet that takes it for a number drops its first zeros
_PADDED = [folded(written) for written in ("gtin", *_COLUMNS["gtin"].headings.split("|"))]
_ONLY_NOTED = {"not-orderable", "approximate-price", "price-period", "line-period"}
_LIMITS: dict[str, str | int] = {"megabytes": MAX_BYTES // 1_000_000, "limit": MAX_ROWS}


def heading(field: str) -> str:
    """The usual Swedish heading of a column, for messages and for a template of the file."""
    return _COLUMNS[field].headings.partition("|")[0]


def read_price_file(data: bytes, file_name: str = "") -> PriceFile:
    """Read a whole price list; what it is, its content says, and its name must not say anything else.

    Twenty million bytes and a hundred thousand rows at most, and no more than a thousand problems are listed. CSV is
    read here; spreadsheets and catalogues become such a text in the sandbox first.
    """
    try:
        if len(data) > MAX_BYTES:
            raise Unreadable("too-large")
        kind = kind_of(data, file_name)
        if kind is Kind.CSV:
            return _Reading(decode(data, max_bytes=MAX_BYTES)).run()
        if kind is Kind.XML:
            return _read_catalogue(data)
        return _read_sheet(data, kind)
    except Unreadable as error:
        return PriceFile([], [Problem(error.code, params=_LIMITS)])


def _read_sheet(data: bytes, kind: Kind) -> PriceFile:
    request = {"kind": kind.value, "headings": list(_FIELD_OF), "padded": _PADDED, "rows": MAX_ROWS}
    # what a sheet takes is a few times what is in it; what claims to be more is stopped
    memory = 50_000_000 + 5 * size_inside(data, kind)
    text, told = convert("exchange.spreadsheet", data, request, memory=memory)
    found = _Reading(text).run()
    if told.get("sheets", 1) > 1 and told.get("sheet"):
        found.problems.append(Problem("sheet", value=visible(told["sheet"]), severity="warning"))
    return found


def _read_catalogue(data: bytes) -> PriceFile:
    request = {"columns": {field: heading(field) for field in _COLUMNS}, "rows": MAX_ROWS}
    text, told = convert("exchange.catalogue_xml", data, request, memory=50_000_000 + 3 * len(data))
    found = _Reading(text).run()
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


class _Reading:
    """One pass over one file: rows and problems grow as it goes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.rows: list[PriceRow] = []
        self.problems: list[Problem] = []
        self.headings: dict[str, str] = {}  # field → as the file writes it
        self.plan: list[tuple[str, int, int, Callable[[str], Any]]] = []  # field, its place in PriceRow, column, …
        self.has_control = pricecells.CONTROL.search(text) is not None  # asked once, not for each cell

    def run(self) -> PriceFile:
        found = find_header(self.text, _FIELD_OF)
        if found is None:
            names = ", ".join(heading(field) for field in MANDATORY)
            return PriceFile([], [Problem("no-header", params={"columns": names})])
        delimiter, header_line, headings = found
        self._find_columns(headings, header_line)
        if all(problem.severity == "warning" for problem in self.problems):
            if _GARBLED.search(self.text):
                self.problems.append(Problem("garbled", severity="warning"))
            self._read_rows(records(self.text, delimiter), header_line, len(headings))
        return PriceFile(self.rows, self.problems)

    def _find_columns(self, headings: list[str], line: int) -> None:
        for index, written in enumerate(headings):
            shown, field = visible(written.strip()), _FIELD_OF.get(folded(written))
            if field is None:
                if shown:
                    self.problems.append(Problem("unknown-column", line, shown, severity="warning"))
            elif field in self.headings:
                self.problems.append(Problem("column-twice", line, shown, params={"other": self.headings[field]}))
            else:
                self.headings[field] = shown
                self.plan.append((field, PriceRow._fields.index(field), index, _COLUMNS[field].parse))
        for field in MANDATORY:
            if field not in self.headings:
                self.problems.append(Problem("missing-column", line, params={"column": heading(field)}))

    def _read_rows(self, records: Iterator[tuple[int, list[str] | str]], header_line: int, width: int) -> None:
        line_of: dict[str, int] = {}
        total = 0
        for line, cells in records:
            if line <= header_line or not "".join(cells).strip():
                continue
            total += 1
            if total > MAX_ROWS:
                self.problems.append(Problem("too-many-rows", line, params={"limit": MAX_ROWS}))
                return
            if len(self.problems) >= MAX_PROBLEMS:
                self.problems.append(Problem("too-many-problems", params={"limit": MAX_PROBLEMS}))
                return
            if isinstance(cells, str):
                self.problems.append(Problem(cells, line, params={"limit": MAX_CELL}))
            elif len(cells) > width and "".join(cells[width:]).strip():
                self.problems.append(Problem("too-many-cells", line))
            elif row := self._row(line, cells):
                first = line_of.setdefault(row.supplier_number, line)
                if row.supplier_number == EXAMPLE:
                    self._refuse("example-row", line, "supplier_number", EXAMPLE)
                elif first == line:
                    self.rows.append(row)
                else:
                    self._refuse("number-twice", line, "supplier_number", row.supplier_number, {"other": first})
        if not total:
            self.problems.append(Problem("no-rows"))

    def _row(self, line: int, cells: list[str]) -> PriceRow | None:
        values: list[Any] = [line, *_DEFAULTS]
        before = len(self.problems)
        for field, place, index, parse in self.plan:
            cell = cells[index].strip() if index < len(cells) else ""
            if not cell or cell == "-":
                if field in MANDATORY:
                    self._refuse("missing-value", line, field, cell)
            elif len(cell) > MAX_CELL:
                self._refuse("cell-too-long", line, field, cell, {"limit": MAX_CELL})
            elif self.has_control and pricecells.CONTROL.search(cell):
                self._refuse("control-character", line, field, cell)
            else:
                try:
                    values[place] = parse(cell)
                except pricecells.Refused as refused:
                    self._refuse(refused.code, line, field, cell, refused.params)
        return PriceRow._make(values) if len(self.problems) == before else None

    def _refuse(self, code: str, line: int, field: str, value: str, params: dict[str, str | int] | None = None) -> None:
        self.problems.append(Problem(code, line, self.headings[field], visible(value), params or {}))
