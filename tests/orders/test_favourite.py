"""Favourites: hers alone, and found again in every new price list."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask.testing import FlaskClient

from auth.permission import Role
from auth.user import User
from catalog.price_list import PriceListState
from core.clock import now
from core.db import commit
from orders.actions.favourite import keep, remove
from orders.favourite_queries import favourites_of
from tests.factories.auth import make_member
from tests.factories.catalog import make_offer, make_price_list
from tests.factories.orders import Place, make_place

LogIn = Callable[[User], FlaskClient]


def test_a_favourite_follows_the_article_into_a_new_price_list(place: Place) -> None:
    old = make_offer(place.organisation, price=Decimal(10))
    keep(place.orderer, old)
    make_price_list(old.award, [{"supplier_number": old.supplier_number, "price": Decimal(12)}])
    [article] = favourites_of(place.orderer, place.organisation).orderable
    assert (article.supplier_number, article.price) == (old.supplier_number, Decimal(12))
    remove(place.orderer, article)
    assert not favourites_of(place.orderer, place.organisation).orderable


def test_what_cannot_be_ordered_is_told_apart(place: Place) -> None:
    blocked, sold = make_offer(place.organisation), make_offer(place.organisation)
    for article in (blocked, sold):
        keep(place.orderer, article)
    blocked.award.supplier.blocked_at, blocked.award.supplier.blocked_reason = now(), "Konkurs"
    commit()
    found = favourites_of(place.orderer, place.organisation)
    assert (found.orderable, found.gone) == ([sold], [blocked])
    assert favourites_of(make_place().orderer, place.organisation).orderable == ()


def test_what_is_gone_is_not_told_from_a_draft(place: Place) -> None:
    sold = make_offer(place.organisation, name="Pärm")
    keep(place.orderer, sold)
    rows = [{"supplier_number": sold.supplier_number, "name": "Hemlig pärm"}]
    make_price_list(sold.award, rows, state=PriceListState.DRAFT)
    sold.award.supplier.blocked_at, sold.award.supplier.blocked_reason = now(), "Konkurs"
    commit()
    assert favourites_of(place.orderer, place.organisation).gone == [sold]


def test_the_button_keeps_and_lets_go(place: Place, login_as: LogIn) -> None:
    article = make_offer(place.organisation)
    browser = login_as(place.orderer)
    where = f"/articles/{article.id}"
    assert "Spara som favorit" in browser.get(where).text
    assert browser.post(f"/favourites/{article.id}", data={"next": where}).location == where
    assert "Ta bort från favoriter" in browser.get(where).text
    assert article.name in browser.get("/favourites").text
    assert browser.post(f"/favourites/{article.id}/remove", data={"next": "//evil.example"}).location == "/favourites"
    assert "Inga favoriter än" in browser.get("/favourites").text


def test_they_are_hers_alone(place: Place, login_as: LogIn) -> None:
    article = make_offer(place.organisation)
    keep(place.orderer, article)
    colleague = make_member(Role.ORDERER, place.organisation, place.unit)
    assert article.name not in login_as(colleague).get("/favourites").text
    assert login_as(place.approver).get("/favourites").status_code == 403


def test_the_page_asks_as_many_queries_for_twenty_as_for_one(place: Place, login_as: LogIn, count_queries: Any) -> None:
    browser = login_as(place.orderer)
    counted = []
    for more in (1, 19):
        for _favourite in range(more):
            keep(place.orderer, make_offer(place.organisation))
        commit()
        with count_queries() as queries:
            assert browser.get("/favourites").status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 10, counted
