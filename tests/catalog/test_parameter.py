"""Limits, rates and days: what holds on a day, and how the office gives them new values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from auth.permission import Role
from auth.user import User
from catalog.actions.parameter import set_parameter
from catalog.parameter import NAMES, parameter, parameters
from core.clock import today
from core.db import commit
from core.errors import NotAllowed, RuleBroken
from tests.factories.auth import make_member, make_office, make_organisation

LogIn = Callable[[User], FlaskClient]
DAYS = "splitting.days"


@pytest.fixture
def buyer(app: Any) -> User:
    return make_member(Role.AGREEMENT_OWNER, make_office())


def test_every_parameter_of_the_first_days_has_a_name(app: Any) -> None:
    assert {row.name for row, _ends_on in parameters()} == set(NAMES)


def test_a_new_value_ends_the_former_the_day_before(buyer: User) -> None:
    first = today() + timedelta(days=10)
    set_parameter(buyer, DAYS, Decimal(60), first, "Kontorets beslut")
    assert parameter(DAYS, first - timedelta(days=1)) == 30
    assert parameter(DAYS, first) == 60


def test_a_value_set_between_two_ends_where_the_former_would_have(buyer: User) -> None:
    """The lower VAT on food ends with 2027, whatever is said about 2027."""
    set_parameter(buyer, "vat.food", Decimal(8), date(2027, 7, 1), "prop.")
    assert [parameter("vat.food", date(year, month, 1)) for year, month in ((2027, 6), (2027, 7), (2028, 1))] == [
        6,
        8,
        12,
    ]


def test_a_value_that_has_not_begun_is_replaced(buyer: User) -> None:
    first = today() + timedelta(days=10)
    set_parameter(buyer, DAYS, Decimal(60), first, "Fel")
    set_parameter(buyer, DAYS, Decimal(45), first, "Rätt")
    assert parameter(DAYS, first) == 45
    assert [row.source for row, _ends_on in parameters() if row.starts_on == first] == ["Rätt"]


def test_what_has_been_is_not_changed(buyer: User) -> None:
    with pytest.raises(RuleBroken):
        set_parameter(buyer, DAYS, Decimal(60), today() - timedelta(days=1), "x")
    set_parameter(buyer, DAYS, Decimal(60), today(), "x")
    with pytest.raises(RuleBroken):
        set_parameter(buyer, DAYS, Decimal(50), today(), "x")


@pytest.mark.parametrize(
    ("name", "value"), [(DAYS, "0"), (DAYS, "1.50"), (DAYS, "400"), ("vat.food", "101"), ("vat.food", "-1")]
)
def test_what_cannot_be_is_refused(buyer: User, name: str, value: str) -> None:
    with pytest.raises(RuleBroken):
        set_parameter(buyer, name, Decimal(value), today(), "x")


def test_only_the_office_sets_them(app: Any) -> None:
    with pytest.raises(NotAllowed):
        set_parameter(make_member(Role.AGREEMENT_OWNER, make_organisation()), DAYS, Decimal(60), today(), "x")


def test_the_page_shows_them_all_and_takes_a_new_one(buyer: User, login_as: LogIn) -> None:
    commit()
    browser = login_as(buyer)
    page = browser.get("/admin/parameters").text
    assert "Moms, livsmedel" in page and "LOU 19 a kap. 2 §" in page
    told = {"name": DAYS, "value": "60", "starts_on": today().isoformat(), "source": "Kontorets beslut"}
    assert browser.post("/admin/parameters", data=told).status_code == 303
    assert "60 dagar" in browser.get("/admin/parameters").text
    assert browser.post("/admin/parameters", data=told | {"source": ""}).status_code == 422


def test_others_may_read_them_only(app: Any, login_as: LogIn) -> None:
    owner = make_member(Role.AGREEMENT_OWNER, make_organisation())
    commit()
    browser = login_as(owner)
    assert 'name="value"' not in browser.get("/admin/parameters").text
    told = {"name": DAYS, "value": "60", "starts_on": today().isoformat(), "source": "x"}
    assert browser.post("/admin/parameters", data=told).status_code in (403, 422)


def test_the_page_names_one_value_of_each_as_the_one_that_holds(app: Any) -> None:
    """The first days of splitting were stated twice, without an end."""
    held = [row.name for row, ends_on in parameters() if row.starts_on <= today() and (ends_on or today()) >= today()]
    assert len(held) == len(set(held)) == len(NAMES)
