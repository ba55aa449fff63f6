"""Price columns: what the columns of a supplier's price list hold, and how their headings are written.

Headings are matched without regard to case, accents, blanks and punctuation; unknown columns are passed over with a
warning. Those with * are mandatory; VAT is one of them, because the rate of food changes by law and a guess would be
wrong.

  column             usual headings                                             holds
  supplier_number *  artikelnummer, artnr, leverantörens artikelnummer, sku     text, unique in the list
  name *             benämning, artikelnamn, produktnamn, namn, name            text
  unit *             enhet, beställningsenhet, unit                             "st", "förp", or a UN/ECE code
  price *            pris, à-pris, nettopris, avtalspris, price                 SEK excl. VAT per price unit
  vat *              moms, momssats, moms %, vat                                25, 12, 6, 0 or "livsmedel"
  tiers              staffelpris, mängdpris, price tiers                        "10: 9,50; 50: 8,90": from 10, from 50
                     pris från 10, pris 50+, price from 100 (exchange/tier.py)  as price, a column for each quantity
  list_price         listpris, bruttopris, list price                           as price, before the discount
  discount_percent   rabatt, rabatt %, discount                                 percent off the list price
  is_approximate     ungefärlig vikt, ca-vikt, viktvara                         "ja": what is delivered is paid for
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
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from exchange import cells
from exchange.csvtext import folded
from exchange.table import Column, fields_by_heading
from exchange.tablefile import written
from exchange.tier import field_for, number_in, quantity_named, quantity_of

MAX_PRICE = 1_000_000_000
MAX_QUANTITY = 1_000_000
EXAMPLE = "EXEMPEL"  # the number of the example row in the template


class _Number(cells.Text):
    """A supplier's number, and not that of the example in the template."""

    def __call__(self, cell: str) -> str:
        number = super().__call__(cell)
        if number == EXAMPLE:
            raise cells.Refused("example-row")
        return number

    def are_plain(self, some: Sequence[str]) -> bool:
        return EXAMPLE not in some and super().are_plain(some)


_NUMBER = _Number(50)
_QUANTITY = cells.number(MAX_QUANTITY, 3)
PRICE = cells.number(MAX_PRICE, 4)
COLUMNS = {
    "supplier_number": Column(
        "Artikelnummer|Artikelnr|Artnr|Art nr|Leverantörens artikelnummer|Article number|Item number|SKU",
        _NUMBER,
    ),
    "name": Column("Benämning|Artikelnamn|Artikelbenämning|Produktnamn|Produkt|Namn|Name|Item name", cells.text(200)),
    "unit": Column("Enhet|Beställningsenhet|Försäljningsenhet|Orderenhet|Unit|Order unit", cells.unit),
    "price": Column(
        "Pris|Á-pris|Styckpris|Nettopris|Avtalspris|Pris SEK|Pris kr|Pris exkl moms|Price|Unit price", PRICE
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
    "base_quantity": Column(
        "Prisenhet|Pris per antal|Prisbas|Pris gäller antal|Base quantity|Price unit", _QUANTITY, empty=Decimal(1)
    ),
    "synonyms": Column("Sökord|Synonymer|Synonym|Synonyms|Keywords|Search words", cells.words(500), empty=()),
    "marks": Column(
        "Märkning|Märkningar|Miljömärkning|Miljömärkningar|Märken|Labels|Marks|Eco-labels", cells.words(200), empty=()
    ),
    "classification": Column("UNSPSC|UNSPSC-kod|Klassificering|Klassning|Classification", cells.unspsc),
    "manufacturer": Column("Tillverkare|Varumärke|Fabrikat|Märke|Manufacturer|Brand", cells.text(100)),
    "lead_time_days": Column(
        "Leveranstid|Leveranstid dagar|Leveranstid (dagar)|Ledtid|Ledtid dagar|Lead time|Lead time days", cells.days
    ),
    "picture": Column("Bild|Bildlänk|Bildadress|Bild-URL|Bild 1|Picture|Picture URL|Image|Image URL", cells.address),
    "tiers": Column(
        "Staffelpris|Staffelpriser|Staffling|Mängdpris|Mängdpriser|Price tiers|Tiers|Quantity prices",
        cells.tiers,
        empty=(),
    ),
    "list_price": Column("Listpris|Bruttopris|Katalogpris|Riktpris|List price|Gross price", PRICE),
    "discount_percent": Column(
        "Rabatt|Rabatt %|Rabatt procent|Rabatt i %|Rabattsats|Avtalsrabatt|Discount|Discount percent|Discount %",
        cells.percent,
    ),
    "is_approximate": Column(
        "Ungefärlig vikt|Ca-vikt|Cirkavikt|Viktvara|Approximate weight|Catch weight", cells.yes_or_no, empty=False
    ),
}
MANDATORY = ("supplier_number", "name", "unit", "price", "vat")
INSTEAD = {"price": ("list_price", "discount_percent")}  # what may stand there in its place
FIELDS = fields_by_heading(COLUMNS)
# GTIN: a spreadsheet that takes it for a number drops its first zeros
PADDED = [folded(name) for name in ("gtin", *COLUMNS["gtin"].headings.split("|"))]


def heading(field: str) -> str:
    """The usual Swedish heading of a column, for messages and for a template of the file."""
    quantity = quantity_of(field)
    return COLUMNS[field].heading if quantity is None else f"Pris från {written(quantity)}"


def possible_fields(heading: str) -> list[str]:
    """What somebody may say that the column under a heading holds: a number in it may be a quantity."""
    quantity = quantity_named(heading) or number_in(heading)
    return [*COLUMNS] if quantity in (None, 1) else [*COLUMNS, field_for(quantity)]


def usual_field(heading: str) -> str:
    """The field that a heading usually means; "" where it means none."""
    quantity = quantity_named(heading)
    if quantity is not None:
        return "price" if quantity == 1 else field_for(quantity)
    return FIELDS.get(folded(heading), "")
