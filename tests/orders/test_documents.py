"""The documents of real orders: valid Peppol, the same totals everywhere, whatever is ordered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from catalog.price_list import Article, VatClass
from core.clock import today
from core.db import TransactionalFlask, commit, db
from orders.actions.approval import approve
from orders.actions.order import cancel
from orders.order import FileKind, Order
from orders.order_queries import orders_of
from tests.factories.catalog import make_agreement, make_award, make_lot, make_price_list, make_supplier
from tests.factories.orders import Place, make_place, make_requisition, pending_step

CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"

ODD = [
    {"price": Decimal("33.335"), "name": 'Pärm "A4" & <svart> å'},
    {"price": Decimal("12.5"), "base_quantity": Decimal(100), "unit_code": "H87", "gtin": "7350053850019"},
    {"price": Decimal("18.9"), "vat_class": VatClass.FOOD, "unit_code": "KGM", "description": "Ekologisk\nmjölk"},
    {"price": Decimal("149"), "vat_class": VatClass.REDUCED_6, "classification": "55101500"},
    {"price": Decimal("1"), "vat_class": VatClass.NONE},
]


def odd_order(place: Place, **checkout: object) -> Order:
    """Three for 33.335, a price for a hundred, four VAT rates, freight and fee, letters that XML must escape."""
    award = make_award(
        make_lot(make_agreement(place.organisation, registry_number="UK 2026/1")),
        make_supplier(name="Bröderna Ö & Söner <AB>"),
        freight=Decimal("95.50"),
        minimum_order=Decimal(5000),
        small_order_fee=Decimal(75),
    )
    price_list = make_price_list(award, ODD)
    articles = db.session.query(Article).filter_by(price_list_id=price_list.id).order_by(Article.id).all()
    goods = list(zip(articles, map(Decimal, ("3", "250", "0.333", "1", "7")), strict=True))
    requisition = make_requisition(place, goods, **checkout)
    approve(place.approver, pending_step(requisition), None, requisition.content_hash or "")
    commit()
    return orders_of(requisition)[0]


def ubl_of(order: Order) -> bytes:
    return next(file.content for file in order.documents if file.kind is FileKind.UBL)


@pytest.mark.parametrize(
    "checkout",
    [
        {},
        {
            "wanted_on": today() + timedelta(days=14),
            "buyer_reference": "4711",
            "accounting_cost": "1920 & 30",
            "message_to_supplier": "Ring innan.\nPorten är låst <tyvärr>",
        },
    ],
    ids=["bare", "all said"],
)
def test_an_odd_order_is_valid_peppol(
    app: TransactionalFlask, official_findings: Callable[[bytes], list[Any]], checkout: dict[str, Any]
) -> None:
    order = odd_order(make_place(), **checkout)
    assert official_findings(ubl_of(order)) == []


def test_the_ubl_says_the_totals_that_the_database_keeps(app: TransactionalFlask) -> None:
    order = odd_order(make_place())
    tree = etree.fromstring(ubl_of(order))

    def told(name: str) -> Decimal:
        return Decimal(tree.findtext(f".//{{*}}AnticipatedMonetaryTotal/{CBC}{name}") or "")

    assert told("LineExtensionAmount") == order.lines_amount == sum(line.net_amount for line in order.lines)
    assert told("ChargeTotalAmount") == order.charges_amount == Decimal("170.50")
    assert told("TaxExclusiveAmount") == order.net_amount
    assert told("PayableAmount") == order.gross_amount == order.net_amount + order.vat_amount
    assert order.lines[0].net_amount == Decimal("100.01")


def test_a_cancelled_order_has_a_document_that_says_so(app: TransactionalFlask) -> None:
    place = make_place()
    order = odd_order(place)
    cancel(place.orderer, order, "Fel avtal")
    commit()
    kinds = {file.kind for file in order.documents}
    assert kinds == {FileKind.PDF, FileKind.UBL, FileKind.CANCELLATION}
