import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from core.checkdigits import gs1_check_digit
from exchange import ubl
from exchange.documents import (
    AddressDocument,
    ChargeDocument,
    ContactDocument,
    DeliveryDocument,
    OrderDocument,
    Standing,
)
from exchange.units import UNITS
from tests.factories.order_document import make_document, make_line, make_party, make_totals

GOLDEN = Path(__file__).parent / "golden" / "order.xml"
SPACES = {
    "o": "urn:oasis:names:specification:ubl:schema:xsd:Order-2",
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
FREIGHT = ChargeDocument("Frakt", Decimal("149.00"), Decimal(25))
SMALL_ORDER = ChargeDocument("Småorderavgift", Decimal("75.50"), Decimal(25), "ADR")

Check = Callable[[bytes], list[Any]]


def read(xml: bytes, path: str) -> list[str]:
    found: list[str] = etree.fromstring(xml).xpath(path, namespaces=SPACES)
    return found


def rich_document() -> OrderDocument:
    return make_document(charges=(FREIGHT, SMALL_ORDER), note='Märk med "Å & Ö" <B214> – tack')


def bare_document() -> OrderDocument:
    """Nothing but what an order cannot do without (and the end date, whose absence is a warning)."""
    nowhere = AddressDocument(None, None, None)
    line = make_line(gtin=None, description=None, classification=None, accounting_cost=None)
    return make_document(
        [line],
        buyer=make_party(address=nowhere),
        seller=make_party("Säljaren AB", "5560000167", address=nowhere),
        invoicee=make_party(address=nowhere),
        originator="",
        orderer=ContactDocument(),
        delivery=DeliveryDocument("Rådhuset", nowhere),
        buyer_reference=None,
        accounting_cost=None,
        requisition_number=None,
        note=None,
        payment_terms=None,
        approvers=(),
        link=None,
    )


ODD = {
    "rich": rich_document(),
    "bare": bare_document(),
    "rounded half up": make_document([make_line(quantity=Decimal(3), unit_price=Decimal("33.335"))]),
    "base quantity 100": make_document(
        [make_line(quantity=Decimal(250), unit_price=Decimal("118.75"), base_quantity=Decimal(100))]
    ),
    "three rates and none": make_document(
        [make_line(n + 1, vat_percent=Decimal(rate)) for n, rate in enumerate((25, 12, 6, 0))],
        charges=(replace(FREIGHT, vat_percent=Decimal(0)),),
    ),
    "fractions": make_document([make_line(quantity=Decimal("0.125"), unit_price=Decimal("0.0001"))]),
    "large": make_document([make_line(quantity=Decimal("1000000"), unit_price=Decimal("999999.9999"))]),
    "exponents": make_document([make_line(quantity=Decimal("1E+2"), unit_price=Decimal("2E+3"))]),
    "long texts": make_document([make_line(name="Å" * 2000, description="mycket " * 3000)], note="ö" * 20_000),
    "controls": make_document([make_line(name="två\x0brader\x00\ufffe", description="\x00\x01")], note="\x02 \x03"),
    "blank": make_document([make_line(description=" \n ")], note="", buyer_reference="  ", originator=" "),
    "200 lines": make_document(200),
    "midnight": make_document(issued_at=datetime(2026, 6, 30, 22, 30, tzinfo=UTC)),
}


@pytest.mark.parametrize("document", ODD.values(), ids=ODD)
def test_odd_orders_pass_the_official_rules(document: OrderDocument, official_findings: Check) -> None:
    assert official_findings(ubl.render_order(document)) == []


WORDS = st.text(st.characters(exclude_categories=()), max_size=40)
WORD = WORDS.filter(lambda text: re.sub(r"[\W\x00-\x1f\ud800-\udfff]", "", text) != "")
DECIMALS = st.decimals(min_value=0, max_value=100_000, allow_nan=False, allow_infinity=False, places=4)


@st.composite
def documents(draw: st.DrawFn) -> OrderDocument:
    lines = [
        make_line(
            position,
            name=draw(WORD),
            description=draw(st.none() | WORDS),
            quantity=draw(st.decimals(min_value=0, max_value=10_000, places=3)),
            unit_price=draw(DECIMALS),
            base_quantity=Decimal(draw(st.sampled_from(["1", "10", "100", "0.5"]))),
            unit_code=draw(st.sampled_from(sorted(UNITS))),
            vat_percent=Decimal(draw(st.sampled_from([25, 12, 6, 0]))),
            gtin=draw(st.none() | st.just("735000000000" + gs1_check_digit("735000000000"))),
            note=draw(st.none() | WORDS),
            accounting_cost=draw(st.none() | WORDS),
        )
        for position in range(1, draw(st.integers(1, 6)) + 1)
    ]
    charges = tuple(
        ChargeDocument(draw(WORD), amount, Decimal(25))
        for amount in draw(st.lists(st.decimals(min_value=0, max_value=5000, places=2), max_size=3))
    )
    return make_document(
        lines,
        charges=charges,
        note=draw(st.none() | WORDS),
        originator=draw(WORDS),
        orderer=ContactDocument(draw(st.none() | WORDS), draw(st.none() | WORDS), draw(st.none() | WORDS)),
        buyer_reference=draw(st.none() | WORDS),
        payment_terms=draw(st.none() | WORDS),
    )


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents())
def test_any_order_passes_the_official_rules(document: OrderDocument, official_findings: Check) -> None:
    assert official_findings(ubl.render_order(document)) == []


def test_missing_end_date_is_the_only_thing_the_rules_warn_of(official_findings: Check) -> None:
    warned = official_findings(ubl.render_order(replace(rich_document(), valid_until=None)))
    assert [finding.rule for finding in warned] == ["PEPPOL-T01-R002"]


def test_golden_order_byte_for_byte() -> None:
    assert ubl.render_order(rich_document()) == GOLDEN.read_bytes()


def test_totals_are_taken_and_never_computed() -> None:
    document = replace(make_document(), totals=replace(make_totals([]), gross=Decimal("1.23")))
    assert read(ubl.render_order(document), "//cbc:PayableAmount/text()") == ["1.23"]


def test_texts_arrive_unharmed() -> None:
    text = 'Å & Ö < 3 > "fyra" \u2013 \U0001f33b'
    xml = ubl.render_order(make_document([make_line(name=text)]))
    assert read(xml, "//cac:Item/cbc:Name/text()") == [text]


def test_no_element_is_empty() -> None:
    for document in (ODD["bare"], ODD["blank"], ODD["controls"]):
        assert read(ubl.render_order(document), "//*[not(*) and not(normalize-space())]") == []


def test_order_date_is_the_day_in_stockholm() -> None:
    xml = ubl.render_order(ODD["midnight"])
    assert read(xml, "/o:Order/cbc:IssueDate/text()") == ["2026-07-01"]
    assert read(xml, "/o:Order/cbc:IssueTime/text()") == ["00:30:00"]


def test_vat_at_zero_is_zero_rated() -> None:
    xml = ubl.render_order(make_document([make_line(vat_percent=Decimal(0))]))
    assert read(xml, "//cac:ClassifiedTaxCategory/cbc:ID/text()") == ["Z"]


def test_goods_marking_travels_on_the_shipment() -> None:
    xml = ubl.render_order(make_document())
    assert read(xml, "//cac:Shipment//cbc:ShippingMarks/text()") == ["Torvalla skola / Åsa Öberg / rum B214"]


@pytest.mark.parametrize("standing", [Standing.DRAFT, Standing.CANCELLED])
def test_what_is_no_live_order_never_becomes_one(standing: Standing) -> None:
    with pytest.raises(ValueError, match=standing.value):
        ubl.render_order(make_document(standing=standing))


@pytest.mark.parametrize(
    "document",
    [
        make_document(number=None),
        make_document([make_line(name="\x00 \t")]),
        make_document(buyer=make_party(name="")),
        make_document(charges=(replace(FREIGHT, reason=" "),)),
    ],
    ids=["number", "line", "buyer", "charge"],
)
def test_empty_mandatory_text_is_an_error(document: OrderDocument) -> None:
    with pytest.raises(ValueError, match="is mandatory"):
        ubl.render_order(document)


def test_same_document_gives_same_bytes() -> None:
    assert ubl.render_order(rich_document()) == ubl.render_order(rich_document())
    assert date(2026, 11, 13).isoformat().encode() in ubl.render_order(rich_document())
