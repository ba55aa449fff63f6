"""Articles side by side: the comparison price, what differs, and how many there is room for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from auth.organisation import Organisation
from auth.permission import Role
from auth.user import User
from catalog.comparison_price import ComparisonPrice, comparison_price
from catalog.lineup import line_up
from catalog.price_list import Article, PriceListState, Tier
from core.clock import today
from core.db import TransactionalFlask, commit, db
from tests.factories.auth import make_member, make_organisation
from tests.factories.catalog import make_agreement, make_award, make_lot, make_offer, make_price_list

LogIn = Callable[[User], FlaskClient]


@pytest.fixture
def town(app: TransactionalFlask) -> Organisation:
    return make_organisation()


@pytest.fixture
def karin(town: Organisation, login_as: LogIn) -> FlaskClient:
    return login_as(make_member(Role.ORDERER, town))


@pytest.mark.parametrize(
    ("row", "amount", "unit_code"),
    [
        ({"price": "12.50", "unit_code": "H87"}, "12.50", "H87"),
        ({"price": "50", "unit_code": "XPK", "pack_size": "500", "pack_unit": "H87"}, "0.10", "H87"),
        ({"price": "30", "unit_code": "XPK", "pack_size": "250", "pack_unit": "GRM"}, "120", "KGM"),
        ({"price": "9", "unit_code": "XBO", "pack_size": "75", "pack_unit": "CLT"}, "12", "LTR"),
        ({"price": "200", "unit_code": "H87", "base_quantity": "100"}, "2", "H87"),
        ({"price": "24", "unit_code": "DZN"}, "2", "H87"),
        ({"price": "80", "unit_code": "XPK", "pack_size": "8", "pack_unit": "XRO"}, "10", "XRO"),
        ({"price": "80", "unit_code": "HUR"}, "80", "HUR"),
        ({"price": "10", "unit_code": "MIN"}, "600", "HUR"),
        ({"price": "1.50", "unit_code": "KWH"}, "1.50", "KWH"),
        ({"price": "20", "unit_code": "KGM", "pack_size": "5", "pack_unit": "KGM"}, "20", "KGM"),
        ({"price": "1", "unit_code": "H87", "base_quantity": "3"}, "0.3333", "H87"),
    ],
)
def test_the_comparison_price_is_that_of_a_kilogram_a_litre_or_a_piece(
    row: dict[str, str], amount: str, unit_code: str
) -> None:
    assert comparison_price(unsaved(row)) == ComparisonPrice(Decimal(amount), unit_code)


@pytest.mark.parametrize("row", [{"unit_code": "XBO"}, {"unit_code": "XPK", "pack_size": "8"}])  # eight of what?
def test_a_package_of_unknown_content_has_no_comparison_price(row: dict[str, str]) -> None:
    assert comparison_price(unsaved({"price": "80", **row})) is None


def unsaved(row: dict[str, str]) -> Article:
    decimals = {name: Decimal(row[name]) for name in ("price", "base_quantity", "pack_size") if name in row}
    return Article(**{"base_quantity": Decimal(1), **row, **decimals})


def test_what_differs_is_named_and_the_cheapest_is_found(town: Organisation) -> None:
    pack = {"unit_code": "XPK", "pack_unit": "H87"}
    small = make_offer(town, price=Decimal(50), pack_size=Decimal(500), marks="Svanen", **pack)
    large = make_offer(town, price=Decimal(80), pack_size=Decimal(1000), marks="Svanen", **pack)
    lineup = line_up([small, large], town, today())
    assert {"price", "comparison", "supplier", "agreement", "pack"} <= lineup.differing
    assert lineup.differing.isdisjoint({"unit", "marks", "brand", "least", "order"})
    assert lineup.cheapest == {large.id}


def test_prices_of_many_are_compared_too(town: Organisation, karin: FlaskClient) -> None:
    plain = make_offer(town, price=Decimal(10), unit_code="H87")
    tiered = make_offer(town, price=Decimal(10), unit_code="H87", tiers=(Tier(Decimal(10), Decimal("9.50")),))
    lineup = line_up([plain, tiered], town, today())
    assert "tiers" in lineup.differing and "price" not in lineup.differing
    page = karin.get(f"/compare?id={plain.id}&id={tiered.id}").text.replace("\xa0", " ")
    assert "9,50 kr från 10 st" in page


def test_nobody_is_cheapest_of_things_measured_differently(town: Organisation) -> None:
    by_weight = make_offer(town, price=Decimal(10), unit_code="KGM")
    by_piece = make_offer(town, price=Decimal(5), unit_code="H87")
    bottle = make_offer(town, price=Decimal(5), unit_code="XBO")
    for other in (by_piece, bottle):
        assert line_up([by_weight, other], town, today()).cheapest == frozenset()
    assert line_up([by_piece], town, today()).differing == frozenset()


def test_the_page_tells_differences_in_words_and_sells(town: Organisation, karin: FlaskClient) -> None:
    one, other = (make_offer(town, price=Decimal(price), unit_code="H87") for price in (10, 12))
    page = karin.get(f"/compare?id={one.id}&id={other.id}").text
    assert page.index(one.name) < page.index(other.name)
    assert ">olika<" in page and ">lägst<" in page
    assert page.count('action="/basket/add"') == 2
    assert f'href="/compare?id={other.id}"' in page  # without the first


def test_a_sixth_is_refused_by_name(town: Organisation, karin: FlaskClient) -> None:
    articles = [make_offer(town) for _article in range(6)]
    page = karin.get("/compare?" + "&".join(f"id={article.id}" for article in articles)).text
    assert "högst 5 artiklar" in page and f"inte med: {articles[5].name}" in page
    assert page.count('action="/basket/add"') == 5


def test_what_cannot_be_ordered_says_why_and_has_no_button(town: Organisation, karin: FlaskClient) -> None:
    ended = make_offer(town)
    ended.award.lot.agreement.ends_on = today() - timedelta(days=1)
    page = karin.get(f"/compare?id={ended.id}").text
    assert "gällde till och med" in page and 'action="/basket/add"' not in page


def test_a_draft_and_what_is_not_there_are_told_alike(town: Organisation, karin: FlaskClient) -> None:
    award = make_award(make_lot(make_agreement(town)))
    draft = make_price_list(award, [{"name": "Hemligt"}], state=PriceListState.DRAFT)
    article = db.session.query(Article).filter_by(price_list_id=draft.id).one()
    told = [karin.get(f"/compare?id={number}").text.partition("<main")[2] for number in (article.id, 987654)]
    assert "Hemligt" not in told[0] and "finns inte" in told[0]
    assert told[0].partition("<footer")[0] == told[1].partition("<footer")[0]


@pytest.mark.parametrize("query", ["", "?id=", "?id=x", "?id=-1", "?id=99999999999999999999", "?id=1&id=1"])
def test_a_strange_address_is_an_empty_page(query: str, karin: FlaskClient) -> None:
    answer = karin.get(f"/compare{query}")
    assert answer.status_code == 200 and "Inget att jämföra än" in answer.text


def test_the_page_asks_as_many_queries_for_five_as_for_one(
    town: Organisation, karin: FlaskClient, count_queries: Any
) -> None:
    articles = [make_offer(town) for _article in range(5)]
    commit()
    counted = []
    for some in (articles[:1], articles):
        address = "/compare?" + "&".join(f"id={article.id}" for article in some)
        with count_queries() as queries:
            assert karin.get(address).status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 11, counted


def test_the_search_carries_what_is_compared_already(town: Organisation, karin: FlaskClient) -> None:
    compared, found = make_offer(town, name="Blå pärm"), make_offer(town, name="Röd mapp")
    page = karin.get(f"/search?q=mapp&compare={compared.id}").text
    assert f'name="id" value="{found.id}"' in page
    assert f'<input type="hidden" name="id" value="{compared.id}">' in page
    assert "1 artikel är redan vald" in page


def test_a_hit_that_cannot_be_ordered_says_why_and_the_way_on(town: Organisation, karin: FlaskClient) -> None:
    make_offer(make_organisation(), name="Främmande pärm")
    page = karin.get("/search?q=pärm&show=all").text
    assert "får inte avropa på avtalet" in page and 'class="way-on"' in page
