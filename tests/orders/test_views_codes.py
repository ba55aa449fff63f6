"""Codes looked up at the till, where the list is longer than what the field offers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from auth.permission import Role
from auth.user import User
from core.clock import today
from core.db import commit
from orders import coding_till
from orders.actions.basket import add
from orders.coding import Dimension
from tests.factories.auth import make_member, make_organisation
from tests.factories.catalog import make_offer
from tests.factories.coding import make_code, make_dimension
from tests.factories.orders import Place, make_place

LogIn = Callable[[User], FlaskClient]


@pytest.fixture
def place(app: Any) -> Place:
    return make_place()


@pytest.fixture
def konto(place: Place) -> Dimension:
    konto = make_dimension(place.organisation, "Konto", is_listed=True, code_length=4)
    make_code(konto, "6470", name="Läromedel")
    make_code(konto, "6410", name="Kontorsmaterial")
    make_code(konto, "6400", name="Läromedel förr", ends_on=today() - timedelta(days=1))
    return konto


def test_a_code_is_found_by_its_beginning_and_by_a_part_of_its_name(
    place: Place, konto: Dimension, login_as: LogIn
) -> None:
    commit()
    browser = login_as(place.orderer)
    for text, expected in (("647", {"6470"}), ("LÄRO", {"6470"}), ("", {"6410", "6470"}), ("hängmatta", set())):
        page = browser.get(f"/codes/{konto.id}", query_string={"q": text}).text
        assert {code for code in ("6400", "6410", "6470") if f">{code}<" in page} == expected
        offered = browser.get(f"/codes/{konto.id}/suggest", query_string={"q": text}).get_json()["codes"]
        assert {code for code, _name in offered} == expected


def test_the_codes_of_others_are_not_shown(place: Place, konto: Dimension, login_as: LogIn) -> None:
    stranger = make_member(Role.ORDERER, make_organisation())
    commit()
    browser = login_as(stranger)
    assert browser.get(f"/codes/{konto.id}").status_code == 404
    assert browser.get(f"/codes/{konto.id}/suggest").status_code == 404


def test_the_till_leads_to_the_list_where_it_is_longer_than_what_is_offered(
    place: Place, konto: Dimension, login_as: LogIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
    commit()
    browser = login_as(place.orderer)
    assert f"/codes/{konto.id}" not in browser.get("/checkout").text
    monkeypatch.setattr(coding_till, "MOST_OFFERED", 2)
    assert f'href="/codes/{konto.id}"' in browser.get("/checkout").text


def test_a_refused_code_names_those_that_it_resembles(place: Place, konto: Dimension, login_as: LogIn) -> None:
    add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
    commit()
    told = {"key": "a-key", "unit_id": place.unit.id, "address_id": place.address.id, "coding_unit": place.unit.id}
    refused = login_as(place.orderer).post("/checkout", data={**told, f"coding-all-0-{konto.id}": "medel"})
    assert "6470 Läromedel" in refused.text
    assert "6400" not in refused.text
