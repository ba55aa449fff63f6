"""The coding as the supplier meets it: once where it is the same for all, else at each line; valid Peppol both ways."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from lxml import etree
from pypdf import PdfReader

from catalog.price_list import Article
from core.db import commit, db
from orders.actions.approval import approve
from orders.actions.order import cancel
from orders.coding import Dimension
from orders.coding_said import Said, SaidCoding, SaidPart
from orders.order import FileKind, Order
from orders.order_queries import orders_of
from tests.factories.catalog import make_agreement, make_award, make_lot, make_price_list
from tests.factories.coding import make_default, make_dimension
from tests.factories.orders import Place, make_requisition, pending_step

LONG = "Verksamhetsområde"


@pytest.fixture
def dimensions(place: Place) -> list[Dimension]:
    return [make_dimension(place.organisation, name) for name in ("Ansvar", "Konto", f"{LONG} & <motpart>")]


def order_of(place: Place, said: Said | None = None) -> Order:
    award = make_award(make_lot(make_agreement(place.organisation)), freight=Decimal("95.50"))
    listed = make_price_list(award, [{"name": "Papper"}, {"name": "Penna"}])
    goods = [(article, Decimal(3)) for article in db.session.query(Article).filter_by(price_list_id=listed.id)]
    requisition = make_requisition(place, goods, coding=said)
    approve(place.approver, pending_step(requisition), None, requisition.content_hash or "")
    commit()
    return orders_of(requisition)[0]


def coded(dimensions: list[Dimension], *shares: str) -> Said:
    parts = [
        SaidPart({dimension.id: f"{number}00{n}" for n, dimension in enumerate(dimensions)}, share)
        for number, share in enumerate(shares, 1)
    ]
    return Said(SaidCoding(tuple(parts)))


def costs(order: Order) -> tuple[list[str | None], list[str | None]]:
    """The AccountingCost of the order, and of its lines."""
    ubl = next(file.content for file in order.documents if file.kind is FileKind.UBL)
    tree = etree.fromstring(ubl)
    return (
        [node.text for node in tree.findall("{*}AccountingCost")],
        [node.text for node in tree.findall("{*}OrderLine/{*}LineItem/{*}AccountingCost")],
    )


def shown(order: Order, kind: FileKind = FileKind.PDF) -> str:
    pdf = next(file.content for file in order.documents if file.kind is kind)
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


@pytest.mark.parametrize("shares", [("",), ("60", ""), tuple("1" * 9) + ("",)], ids=["whole", "split", "ten parts"])
def test_a_coded_order_is_valid_peppol(
    place: Place, dimensions: list[Dimension], official_findings: Callable[[bytes], list[Any]], shares: tuple[str, ...]
) -> None:
    order = order_of(place, coded(dimensions, *shares))
    ubl = next(file.content for file in order.documents if file.kind is FileKind.UBL)
    assert official_findings(ubl) == []


def test_what_all_lines_have_stands_on_the_order_and_once_in_the_pdf(place: Place, dimensions: list[Dimension]) -> None:
    order = order_of(place, coded(dimensions, ""))
    text = f"Ansvar 1000, Konto 1001, {LONG} & <motpart> 1002"
    assert costs(order) == ([text], [text, text])
    assert shown(order).count("Konto 1001") == 1


def test_a_split_stands_at_each_line_with_its_amounts(place: Place, dimensions: list[Dimension]) -> None:
    order = order_of(place, coded(dimensions, "60", ""))
    on_order, at_lines = costs(order)
    assert on_order == []
    for line, text in zip(order.lines, at_lines, strict=True):
        first, second = (f"{part.amount:.2f}".replace(".", ",") for part in line.coding)
        assert text is not None
        assert text.startswith(f"{first} kr: Ansvar 1000")
        assert f"; {second} kr: Ansvar 2000" in text
    assert shown(order).count("Kontering: ") == 2


def test_lines_of_different_coding_say_each_their_own(place: Place, dimensions: list[Dimension]) -> None:
    for dimension in dimensions:
        dimension.is_mandatory = False
    ansvar = dimensions[0]
    order = order_of(place)
    assert costs(order) == ([], [])
    make_default(ansvar, "7", unit_id=place.unit.id)
    line = order.lines[0]
    award = make_award(make_lot(make_agreement(place.organisation)))
    listed = make_price_list(award, [{"supplier_number": "A1"}, {"supplier_number": "A2"}])
    make_default(ansvar, "8", award_id=award.id, supplier_number="A1")
    goods = [(article, Decimal(3)) for article in db.session.query(Article).filter_by(price_list_id=listed.id)]
    requisition = make_requisition(place, goods)
    approve(place.approver, pending_step(requisition), None, requisition.content_hash or "")
    commit()
    assert sorted(text or "" for text in costs(orders_of(requisition)[0])[1]) == ["Ansvar 7", "Ansvar 8"]
    assert line.coding == ()


def test_the_cancellation_says_the_coding_too(place: Place, dimensions: list[Dimension]) -> None:
    order = order_of(place, coded(dimensions, ""))
    cancel(place.orderer, order, "Fel vara")
    commit()
    assert "Konto 1001" in shown(order, FileKind.CANCELLATION)
