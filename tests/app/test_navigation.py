"""The head of every page: what it offers, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask.testing import FlaskClient

from app.navigation import Counts, counts
from auth.permission import Role
from auth.user import User
from core.clock import today
from core.db import db
from orders.actions.basket import add
from tests.factories.auth import make_member, make_organisation, make_substitution, make_user
from tests.factories.catalog import make_offer
from tests.factories.orders import make_place, make_requisition


def test_counts_lines_of_the_basket_and_steps_to_decide_in_one_query(count_queries: Callable[[], Any]) -> None:
    place = make_place()
    make_requisition(place)
    add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
    db.session.flush()
    with count_queries() as queries:
        assert counts(place.orderer, place.organisation) == Counts(basket_lines=1, steps_to_decide=0)
    assert len(queries) == 1
    assert counts(place.approver, place.organisation) == Counts(basket_lines=0, steps_to_decide=1)
    assert counts(place.approver, make_organisation()) == Counts(0, 0)


def test_substitute_is_told_of_steps_only_on_the_days_she_stands_in(count_queries: Callable[[], Any]) -> None:
    place = make_place()
    make_requisition(place)
    substitute = make_user()
    substitution = make_substitution(place.organisation, place.approver, substitute)
    assert counts(substitute, place.organisation).steps_to_decide == 1
    substitution.starts_on = substitution.ends_on = today() + timedelta(days=1)
    db.session.flush()
    assert counts(substitute, place.organisation).steps_to_decide == 0


def test_foot_says_that_she_orders_only_when_she_may(login_as: Callable[[User], FlaskClient]) -> None:
    place = make_place()
    assert f"Du beställer för {place.organisation.name}." in login_as(place.orderer).get("/nope").text
    page = login_as(place.approver).get("/nope").text
    assert f"Du är inloggad för {place.organisation.name}." in page and "Du beställer för" not in page


def test_menu_offers_only_what_is_open_to_her(login_as: Callable[[User], FlaskClient]) -> None:
    place = make_place()
    as_orderer = login_as(place.orderer).get("/nope").text
    assert 'href="/basket"' in as_orderer and 'href="/orders"' in as_orderer
    assert 'href="/approvals"' not in as_orderer and "/admin" not in as_orderer
    as_auditor = login_as(make_member(Role.AUDITOR, place.organisation)).get("/nope").text
    assert 'href="/orders"' in as_auditor and 'href="/basket"' not in as_auditor


def test_page_for_nobody_asks_the_database_nothing(client: FlaskClient, count_queries: Callable[[], Any]) -> None:
    with count_queries() as queries:
        assert client.get("/nope").status_code == 404
    assert queries == []
