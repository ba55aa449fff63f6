"""A Peppol Catalogue 3 (transaction T19) → CSV text, an article in each record. Runs in the sandbox.

Each record stands on the line where the article's element begins, as far as the file has line breaks. What the header
or a line says to do (Add, Replace, Update, Delete) is told beside the text; the default is that of Peppol, Replace for
the catalogue and Add for a line. Articles are known by the seller's number, or else by the standard one. The price is
that for one orderable unit; where the amount is for another unit, the factor of the catalogue converts it. Several
prices are tiers where each says from which quantity it holds.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from io import BytesIO
from typing import Any, TextIO

from lxml import etree

from exchange.csvtext import Unreadable
from exchange.plaintext import calm

_CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
_CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
_SPACES = {"cac": _CAC[1:-1], "cbc": _CBC[1:-1]}
CATALOGUE = "{urn:oasis:names:specification:ubl:schema:xsd:Catalogue-2}Catalogue"
_LINE, _PRICE = f"{_CAC}CatalogueLine", "cac:RequiredItemLocationQuantity/cac:Price"
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif")
# UNCL 5387: firm prices; any other kind is approximate, adjustable, or of a part
_FIRM = {"", "AAA", "AAE", "AAJ", "AAK", "AAP", "AAQ", "ABA", "ABB", "ABC", "ABL", "AAB"}
FIELDS = (
    *("supplier_number", "name", "description", "unit", "price", "base_quantity", "vat", "gtin", "pack_size"),
    *("pack_unit", "minimum_quantity", "quantity_multiple", "synonyms", "marks", "classification", "manufacturer"),
    *("lead_time_days", "picture", "tiers"),
)


def convert(data: bytes, request: dict[str, Any], out: TextIO) -> dict[str, Any]:
    """Write the articles as CSV. `request`: columns (field → heading), rows (the most that may be).

    Tells action (of the header), deleted ([number, line]), and notes ([code, line, count or word]). Raises Unreadable.
    """
    return _Catalogue(request, out).read(data)


class _Catalogue:
    def __init__(self, request: dict[str, Any], out: TextIO) -> None:
        self.most, self.out, self.at = request["rows"], out, 1
        self.writer = csv.writer(out, delimiter=";", lineterminator="\n")
        self.writer.writerow([request["columns"][field] for field in FIELDS])
        self.action = "Replace"
        self.period = ["", ""]
        self.deleted: list[tuple[str, int]] = []
        self.noted: dict[str, list[Any]] = {}  # code → line of the first, how many

    def read(self, data: bytes) -> dict[str, Any]:
        parser = etree.iterparse(
            BytesIO(data), events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False
        )
        try:
            for event, element in parser:
                if event == "start":
                    self._check_root(element)
                elif element.tag == _LINE:
                    self._line(element)
                    element.clear()
                    while element.getprevious() is not None:
                        del element.getparent()[0]
                elif element.getparent() is not None and element.getparent().tag == CATALOGUE:
                    self._header(element)
        except etree.XMLSyntaxError:
            raise Unreadable("broken") from None
        return {"action": self.action, "period": self.period, "deleted": self.deleted, "noted": self.noted}

    def _check_root(self, element: Any) -> None:
        if element.getparent() is None:
            if element.getroottree().docinfo.internalDTD is not None:
                raise Unreadable("dtd")
            if element.tag != CATALOGUE:
                raise Unreadable("not-a-list")

    def _header(self, element: Any) -> None:
        if element.tag == f"{_CBC}ActionCode":
            self.action = (element.text or "").strip()
            if self.action not in ("Add", "Replace", "Update"):
                raise Unreadable("catalogue-action")
        elif element.tag == f"{_CAC}ValidityPeriod":
            self.period = [_one(element, "cbc:StartDate"), _one(element, "cbc:EndDate")]

    def _line(self, line: Any) -> None:
        number = _one(line, "cac:Item/cac:SellersItemIdentification/cbc:ID") or _gtin(line)
        if _one(line, "cbc:ActionCode") == "Delete":
            self.deleted.append((number, line.sourceline or 0))
            return
        if _one(line, "cbc:OrderableIndicator") == "false":
            self._note("not-orderable", line)
            return
        self.most -= 1
        if self.most < -1:  # one more than the reader of the text takes
            raise Unreadable("too-many-rows")
        while self.at + 1 < (line.sourceline or 0):
            self.out.write("\n")
            self.at += 1
        self.writer.writerow([" ".join(cell.split()) for cell in (calm(number), *self._cells(line))])
        self.at += 1

    def _cells(self, line: Any) -> Iterator[str]:
        """The fields after the number, in order. A text may begin as a formula does: in XML it is none."""
        unit, price, base, tiers = self._price(line)
        item = "cac:Item/"
        yield calm(_one(line, f"{item}cbc:Name"))
        yield calm(_one(line, f"{item}cbc:Description"))
        yield unit
        yield price
        yield base
        yield self._vat(line)
        yield _gtin(line)
        yield _one(line, "cbc:ContentUnitQuantity")
        yield _attribute(line, "cbc:ContentUnitQuantity/@unitCode")
        yield _one(line, "cbc:MinimumOrderQuantity")
        yield _one(line, "cbc:OrderQuantityIncrementNumeric")
        yield calm(", ".join(_all(line, f"{item}cbc:Keyword")))
        yield calm(", ".join(_all(line, f"{item}cac:Certificate/cbc:CertificateTypeCode")))
        codes = _all(line, f"{item}cac:CommodityClassification/cbc:ItemClassificationCode")
        yield next((code for code in codes if len(code) == 8 and code.isdigit()), "")
        maker = f"{item}cac:ManufacturerParty/cac:PartyName/cbc:Name"
        yield calm(_one(line, f"{item}cbc:BrandName") or _one(line, maker))
        lead_time = 'cac:RequiredItemLocationQuantity/cbc:LeadTimeMeasure[@unitCode="DAY"]'
        yield _one(line, lead_time)
        links = f"{item}cac:ItemSpecificationDocumentReference/cac:Attachment/cac:ExternalReference/cbc:URI"
        yield next((link for link in _all(line, links) if link.lower().endswith(_PICTURES)), "")
        yield tiers

    def _price(self, line: Any) -> tuple[str, str, str, str]:
        """Unit, price, base quantity, and tiers as the reader of the text wants them."""
        prices = line.findall(_PRICE, _SPACES)
        if any(_attribute(price, "cbc:PriceAmount/@currencyID") not in ("SEK", "") for price in prices):
            self._note("currency", line)
        kinds = {_one(price, "cbc:PriceType") for price in prices}
        if "AAB" in kinds:
            self._note("price-with-vat", line)
        if kinds - _FIRM:
            self._note("approximate-price", line)
        if any(price.find("cac:ValidityPeriod", _SPACES) is not None for price in prices):
            self._note("price-period", line)
        if line.find("cac:LineValidityPeriod", _SPACES) is not None:
            self._note("line-period", line)
        unit = _one(line, "cbc:OrderableUnit") or _attribute(line, f"{_PRICE}/cbc:BaseQuantity/@unitCode")
        steps = _by_quantity(line)
        if len({_one(price, "cbc:BaseQuantity") for price in prices}) > 1 or len(steps) < len(prices):
            self._note("several-prices", line)
        amounts = [(quantity, self._amount(line, price, unit)) for quantity, price in steps]
        tiers = "; ".join(f"{quantity}: {amount}" for quantity, amount in amounts[1:])
        return unit, amounts[0][1] if amounts else "", _one(line, f"{_PRICE}/cbc:BaseQuantity"), tiers

    def _amount(self, line: Any, price: Any, unit: str) -> str:
        """A price for the unit that is ordered in."""
        amount, priced_in = _one(price, "cbc:PriceAmount"), _attribute(price, "cbc:BaseQuantity/@unitCode")
        if not priced_in or priced_in == unit:
            return amount
        factor = _one(price, "cbc:OrderableUnitFactorRate")
        if not factor:
            self._note("price-unit", line)
        return _times(amount, factor)

    def _vat(self, line: Any) -> str:
        if _one(line, "cac:Item/cac:ClassifiedTaxCategory/cbc:ID") in ("Z", "E", "O"):
            return "0"
        rate = _one(line, "cac:Item/cac:ClassifiedTaxCategory/cbc:Percent")
        return rate.rstrip("0").rstrip(".") if "." in rate else rate

    def _note(self, code: str, line: Any) -> None:
        self.noted.setdefault(code, [line.sourceline or 0, 0])[1] += 1


def _one(element: Any, path: str) -> str:
    return (element.findtext(path, "", _SPACES) or "").strip()


def _all(element: Any, path: str) -> list[str]:
    return [text for found in element.findall(path, _SPACES) if (text := (found.text or "").strip())]


def _by_quantity(line: Any) -> list[tuple[Decimal, Any]]:
    """The prices with the quantity from which each holds, rising; of several from the same quantity only one."""
    found: dict[Decimal, Any] = {}
    for place in line.findall("cac:RequiredItemLocationQuantity", _SPACES):
        try:
            quantity = Decimal(_one(place, "cbc:MinimumQuantity")[:20] or 0)
        except InvalidOperation:
            continue
        for price in place.findall("cac:Price", _SPACES):
            if quantity.is_finite():
                found.setdefault(quantity, price)
    return sorted(found.items(), key=lambda step: step[0])


def _attribute(element: Any, path: str) -> str:
    where, _, name = path.rpartition("/@")
    found = element.find(where, _SPACES)
    return "" if found is None else found.get(name, "").strip()


def _gtin(line: Any) -> str:
    return _one(line, "cac:Item/cac:StandardItemIdentification/cbc:ID")


def _times(amount: str, factor: str) -> str:
    """What cannot be reckoned stays as it is written: the reader of the text names it."""
    try:
        if len(amount) > 20 or len(factor) > 20:
            return amount
        return f"{(Decimal(amount) * Decimal(factor)).normalize():f}"
    except ArithmeticError:  # also what is too large
        return amount
