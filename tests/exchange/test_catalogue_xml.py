"""Peppol Catalogue 3 (T19) as a price list."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange import pricesheet
from exchange.pricefile import PriceFile, PriceRow, read_price_file
from tests.exchange.generated import ROWS, generated
from tests.factories.hostile import catalogue, catalogue_line


def read(lines: str, header: str = "") -> PriceFile:
    return read_price_file(catalogue(lines, header=header), "katalog.xml")


def codes(found: PriceFile) -> set[str]:
    return {problem.code for problem in found.problems}


def test_line_becomes_a_row_on_the_line_of_its_element() -> None:
    found = read(catalogue_line() + "\n\n" + catalogue_line("A2", price="12.3456"))
    assert [(row.line, row.supplier_number, row.price) for row in found.rows] == [
        (3, "A1", Decimal(1)),
        (6, "A2", Decimal("12.3456")),
    ]
    assert (found.rows[0].unit, found.rows[0].vat, found.rows[0].name) == ("H87", "25", "Pärm")
    assert found.is_clean


@pytest.mark.parametrize(("action", "replaces"), [("", True), ("Replace", True), ("Add", False), ("Update", False)])
def test_header_says_whether_the_list_is_the_whole(action: str, replaces: bool) -> None:
    header = f"<cbc:ActionCode>{action}</cbc:ActionCode>" if action else ""
    assert read(catalogue_line(), header).replaces is replaces


def test_catalogue_that_takes_everything_away_is_refused() -> None:
    assert codes(read(catalogue_line(), "<cbc:ActionCode>Delete</cbc:ActionCode>")) == {"catalogue-action"}


def test_line_that_deletes_is_no_row() -> None:
    header = "<cbc:ActionCode>Update</cbc:ActionCode>"
    found = read(catalogue_line() + catalogue_line("A2", act="Delete"), header)
    assert (len(found.rows), found.deleted) == (1, {"A2": 4})
    only_deletes = read(catalogue_line("A2", act="Delete"), header)
    assert (only_deletes.rows, only_deletes.deleted, only_deletes.problems) == ([], {"A2": 3}, [])


def test_price_of_another_unit_is_converted_by_its_factor() -> None:
    price = (
        '<cac:Price><cbc:PriceAmount currencyID="SEK">2.50</cbc:PriceAmount>'
        '<cbc:BaseQuantity unitCode="KGM">1</cbc:BaseQuantity>{}</cac:Price>'
    )
    factor = "<cbc:OrderableUnitFactorRate>12</cbc:OrderableUnitFactorRate>"
    assert read(catalogue_line(prices=price.format(factor))).rows[0].price == Decimal(30)
    assert codes(read(catalogue_line(prices=price.format("")))) == {"price-unit"}
    endless = price.replace("2.50", "9E999999").format(factor.replace("12", "9E999999"))
    assert codes(read(catalogue_line(prices=endless))) == {"not-a-number"}


def test_prices_that_say_from_which_quantity_they_hold_are_tiers() -> None:
    place = (
        "<cbc:MinimumQuantity>{}</cbc:MinimumQuantity>"
        '<cac:Price><cbc:PriceAmount currencyID="SEK">{}</cbc:PriceAmount></cac:Price>'
    )
    between = "</cac:RequiredItemLocationQuantity><cac:RequiredItemLocationQuantity>"
    prices = between.join(place.format(*step) for step in ((50, "8.90"), (1, "10.00"), (10, "9.50")))
    found = read(catalogue_line(prices=prices))
    assert found.is_clean, found.problems
    assert found.rows[0].price == Decimal(10)
    assert found.rows[0].tiers == ((Decimal(10), Decimal("9.5")), (Decimal(50), Decimal("8.9")))
    assert codes(read(catalogue_line(prices=prices.replace(">50<", ">10<")))) == {"several-prices"}


@pytest.mark.parametrize(
    ("old", "new", "code", "stops"),
    [
        ('currencyID="SEK"', 'currencyID="EUR"', "currency", True),
        ("</cbc:PriceAmount>", "</cbc:PriceAmount><cbc:PriceType>AAB</cbc:PriceType>", "price-with-vat", True),
        ("</cbc:PriceAmount>", "</cbc:PriceAmount><cbc:PriceType>ABS</cbc:PriceType>", "approximate-price", False),
        ("<cbc:OrderableUnit>", "<cbc:OrderableIndicator>false</cbc:OrderableIndicator><cbc:OrderableUnit>",
         "not-orderable", False),
        ("<cac:Item>", "<cac:LineValidityPeriod/><cac:Item>", "line-period", False),
        ("<cbc:Percent>25", "<cbc:Percent>24", "vat-rate", True),
        ("H87", "LBR", "unknown-unit", True),
        (">A1<", "><", "missing-value", True),
    ],
)  # fmt: skip
def test_what_a_row_cannot_say_is_told(old: str, new: str, code: str, stops: bool) -> None:
    found = read(catalogue_line("A0") + catalogue_line().replace(old, new))
    assert (code in codes(found), found.is_clean) == (True, not stops), found.problems


# What a catalogue can say of an article: no rate that follows the law, no discount, no weight that is only about right.
ARTICLES = ROWS.filter(lambda row: row.vat != "food").map(lambda row: row._replace(is_approximate=False))
CATALOGUES = st.lists(ARTICLES, min_size=1, max_size=8, unique_by=lambda row: row.supplier_number)


def element(name: str, value: object, attributes: str = "") -> str:
    if value is None:
        return ""
    return f"<{name}{attributes}>{escape(f'{value:f}' if isinstance(value, Decimal) else str(value))}</{name}>"


def written(row: PriceRow) -> str:
    """The article as a supplier's system writes it (Peppol Catalogue 3, T19)."""
    return f"<cac:CatalogueLine>{''.join(_line(row))}</cac:CatalogueLine>\n"


def _line(row: PriceRow) -> Iterator[str]:
    yield element("cbc:OrderableUnit", row.unit)
    content = f' unitCode="{row.pack_unit}"' if row.pack_unit else ""
    yield element("cbc:ContentUnitQuantity", "" if row.pack_size is None else row.pack_size, content)
    yield element("cbc:OrderQuantityIncrementNumeric", row.quantity_multiple)
    yield element("cbc:MinimumOrderQuantity", row.minimum_quantity)
    for quantity, price in ((None, row.price), *row.tiers):
        amount = element("cbc:PriceAmount", price, ' currencyID="SEK"')
        base = element("cbc:BaseQuantity", row.base_quantity, f' unitCode="{row.unit}"')
        lead_time = element("cbc:LeadTimeMeasure", row.lead_time_days, ' unitCode="DAY"')
        place = f"{lead_time}{element('cbc:MinimumQuantity', quantity)}<cac:Price>{amount}{base}</cac:Price>"
        yield f"<cac:RequiredItemLocationQuantity>{place}</cac:RequiredItemLocationQuantity>"
    yield f"<cac:Item>{''.join(_item(row))}</cac:Item>"


def _item(row: PriceRow) -> Iterator[str]:
    yield element("cbc:Description", row.description)
    yield element("cbc:Name", row.name)
    yield from (element("cbc:Keyword", word) for word in row.synonyms)
    yield element("cbc:BrandName", row.manufacturer)
    yield f"<cac:SellersItemIdentification>{element('cbc:ID', row.supplier_number)}</cac:SellersItemIdentification>"
    yield f"<cac:StandardItemIdentification>{element('cbc:ID', row.gtin)}</cac:StandardItemIdentification>"
    link = f"<cac:ExternalReference>{element('cbc:URI', row.picture)}</cac:ExternalReference>"
    document = "cac:ItemSpecificationDocumentReference"
    yield f"<{document}><cac:Attachment>{link}</cac:Attachment></{document}>"
    code = element("cbc:ItemClassificationCode", row.classification)
    yield f"<cac:CommodityClassification>{code}</cac:CommodityClassification>"
    rate = element("cbc:ID", "Z" if row.vat == "0" else "S") + element("cbc:Percent", f"{row.vat}.00")
    yield f"<cac:ClassifiedTaxCategory>{rate}</cac:ClassifiedTaxCategory>"
    for mark in row.marks:
        yield f"<cac:Certificate>{element('cbc:CertificateTypeCode', mark)}</cac:Certificate>"


@generated(100)
@given(CATALOGUES)
def test_catalogue_is_read_as_it_was_meant_and_comes_back_as_a_list(rows: list[PriceRow]) -> None:
    found = read("".join(map(written, rows)))
    assert [problem for problem in found.problems if problem.severity == "error"] == []
    assert [row._replace(line=0) for row in found.rows] == rows
    again = read_price_file(pricesheet.price_list(found.rows, "csv"))
    assert [row._replace(line=0) for row in again.rows] == rows


def test_example_of_peppol_is_read(shared: Path) -> None:
    """It is priced in euro, with a Norwegian rate, in pounds, and its GTINs are made up: all of it is told."""
    path = shared / "peppol" / "examples" / "Catalogue_Example.xml"
    if not path.is_file():
        pytest.skip(f"SKIPPED: the example is missing: {path}")
    example = path.read_bytes()
    found = read_price_file(example, path.name)
    assert codes(found) == {
        *("currency", "vat-rate", "unknown-unit", "gtin-check-digit"),
        *("price-period", "line-period", "catalogue-period"),
    }
    for old, new in (
        *((b'"EUR"', b'"SEK"'), (b"LBR", b"XPK"), (b">18</cbc:Percent", b">25</cbc:Percent")),
        *((b"1234567890114", b"1234567890128"), (b"1234567890124", b"7340090400001")),
    ):
        example = example.replace(old, new)
    found = read_price_file(example, path.name)
    assert found.is_clean and not found.replaces
    first, second = found.rows
    assert (first.supplier_number, first.price, first.unit, first.pack_size) == ("MNTR011", 10, "XPK", 10)
    assert (first.classification, first.lead_time_days, first.marks) == ("20101601", 2, ("SVANEN",))
    assert (second.supplier_number, second.price, second.unit) == ("MNTR012", 90, "C62")
