"""Tiers and approximate weights, from the basket to the order that the supplier gets."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from lxml import etree

from auth.user import User
from catalog.price_list import Article, Tier
from core.db import commit
from exchange import pricesheet
from exchange.pricefile import read_price_file
from exchange.tablefile import Form
from orders.actions.basket import add, change
from orders.basket_queries import view_basket
from orders.order import FileKind, Order
from tests.factories.catalog import make_offer, make_price_list
from tests.factories.hostile import catalogue, catalogue_line
from tests.factories.orders import Place, make_order, make_requisition

LogIn = Callable[[User], FlaskClient]
TIERS = (Tier(Decimal(10), Decimal("9.50")), Tier(Decimal(50), Decimal("8.90")))


def offer(place: Place, **row: object) -> Article:
    return make_offer(place.organisation, price=Decimal("10.00"), **row)


@pytest.mark.parametrize(
    "quantity, price", [(None, "10.00"), (1, "10.00"), (9, "10.00"), (10, "9.50"), (49, "9.50"), (50, "8.90")]
)
def test_the_highest_tier_that_is_reached_sets_the_price(place: Place, quantity: int | None, price: str) -> None:
    article = offer(place, tiers=TIERS)
    assert article.price_for(None if quantity is None else Decimal(quantity)) == Decimal(price)


def test_the_next_lower_price_is_told_until_there_is_none(place: Place) -> None:
    article = offer(place, tiers=TIERS)
    assert article.next_tier(Decimal(9)) == TIERS[0]
    assert article.next_tier(Decimal(10)) == TIERS[1]
    assert article.next_tier(Decimal(50)) is None
    assert offer(place).next_tier(Decimal(1)) is None


def test_a_basket_follows_the_tiers_as_the_quantity_changes(place: Place) -> None:
    line = add(place.orderer, place.organisation, offer(place, tiers=TIERS), Decimal(9))
    assert view_basket(line.basket).drafts[0].totals.lines == Decimal("90.00")
    change(place.orderer, line, Decimal(10))
    view = view_basket(line.basket)
    assert view.drafts[0].totals.lines == Decimal("95.00")
    assert not view.is_stopped


def test_the_order_and_its_file_bear_the_tiers_price(place: Place) -> None:
    order = make_order(place, [(offer(place, tiers=TIERS), Decimal(50))])
    (line,) = order.lines
    assert (line.unit_price, line.net_amount) == (Decimal("8.90"), Decimal("445.00"))
    assert _ubl(order).findtext(".//{*}Price/{*}PriceAmount") == "8.9"


def test_a_tier_that_is_not_reached_may_change_and_one_that_is_may_not(place: Place) -> None:
    article = offer(place, tiers=TIERS)
    line = add(place.orderer, place.organisation, article, Decimal(10))
    row = {name: getattr(article, name) for name in ("supplier_number", "name", "unit_code", "price", "vat_class")}
    make_price_list(article.award, [row | {"tiers": (TIERS[0], Tier(Decimal(50), Decimal("8.00")))}])
    assert not view_basket(line.basket).is_stopped
    make_price_list(article.award, [row | {"tiers": (Tier(Decimal(10), Decimal("9.60")),)}])
    view = view_basket(line.basket)
    assert [f.code for f in view.findings[line.id] if f.code != "ceiling-unknown"] == ["price-changed"]


def test_an_approximate_weight_is_told_to_the_supplier(place: Place) -> None:
    order = make_order(place, [(offer(place, is_approximate=True, unit_code="KGM"), Decimal("2.500"))])
    assert order.lines[0].is_approximate
    assert _ubl(order).findtext(".//{*}OrderLine/{*}Note") == "Ungefärlig mängd: den levererade mängden debiteras."


def test_hours_are_ordered_by_the_quarter_at_a_price_by_the_hour(place: Place, login_as: LogIn) -> None:
    article = make_offer(place.organisation, price=Decimal("850.00"), unit_code="HUR", name="Konsult, senior")
    order = make_order(place, [(article, Decimal("2.25"))])
    assert (order.lines[0].quantity, order.lines[0].net_amount) == (Decimal("2.25"), Decimal("1912.50"))
    quantity = _ubl(order).find(".//{*}LineItem/{*}Quantity")
    assert quantity is not None and (quantity.text, quantity.get("unitCode")) == ("2.25", "HUR")
    commit()
    browser = login_as(place.orderer)
    assert "850,00 kr/timme" in browser.get(f"/articles/{article.id}").get_data(as_text=True).replace("\xa0", " ")
    browser.post("/basket/add", data={"article_id": article.id, "quantity": "2,25"})
    page = browser.get("/basket").get_data(as_text=True).replace("\xa0", " ")
    assert "850,00 kr/timme" in page and "1 912,50 kr" in page


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_price_by_the_hour_comes_in_from_a_catalogue_and_out_and_in_as_a_file(form: Form) -> None:
    data = catalogue(catalogue_line(price="850.00").replace("H87", "HUR"))
    found = read_price_file(data, "katalog.xml")
    assert found.is_clean, found.problems
    assert [(row.unit, row.price, row.base_quantity) for row in found.rows] == [("HUR", 850, 1)]
    again = read_price_file(pricesheet.price_list(found.rows, form), f"lista.{form}")
    assert [row._replace(line=0) for row in again.rows] == [row._replace(line=0) for row in found.rows]


def test_what_waits_for_approval_since_before_keeps_its_hash(place: Place) -> None:
    plain = make_requisition(place, [(offer(place), Decimal(1))])
    assert "is_approximate" not in plain.lines[0].content()
    weighed = make_requisition(place, [(offer(place, is_approximate=True), Decimal(1))])
    assert weighed.lines[0].content()["is_approximate"] is True


def _ubl(order: Order) -> etree._Element:
    return etree.fromstring(next(file.content for file in order.documents if file.kind is FileKind.UBL))


def test_the_price_of_more_is_told_for_as_many_as_the_row_prices(place: Place, login_as: LogIn) -> None:
    article = offer(place, tiers=(Tier(Decimal(500), Decimal("9.50")),), base_quantity=Decimal(100), unit_code="H87")
    add(place.orderer, place.organisation, article, Decimal(100))
    commit()
    page = " ".join(login_as(place.orderer).get("/basket").get_data(as_text=True).replace("\xa0", " ").split())
    assert "Från 500 st är priset 9,50 kr per 100 st." in page
