"""Placed orders with coding as a file: sums to what was ordered, and shows nobody another organisation's."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from auth.organisation import Organisation
from auth.permission import Role
from auth.user import User
from catalog.price_list import Article
from core.clock import today
from core.db import db
from core.errors import RuleBroken
from orders.actions.approval import approve
from orders.coding import Dimension
from orders.coding_export import write_coded_orders
from orders.coding_said import Said, SaidCoding, SaidPart
from orders.order import Order
from tests.factories.auth import make_member, make_unit
from tests.factories.catalog import make_agreement, make_award, make_lot, make_offer, make_price_list
from tests.factories.coding import make_default, make_dimension
from tests.factories.orders import Place, make_order, make_place, make_requisition, pending_step


def rows_of(user: User, organisation: Organisation) -> list[dict[str, str]]:
    data = write_coded_orders(user, organisation, today() - timedelta(days=3), today(), "csv")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))


def amount(row: dict[str, str]) -> Decimal:
    return Decimal(row["Belopp utan moms"].replace(",", "."))


def sell_with_freight(place: Place) -> list[tuple[Any, Decimal]]:
    lot = make_lot(make_agreement(place.organisation))
    award = make_award(lot, freight=Decimal("99.95"))
    listed = make_price_list(award, [{}, {}])
    return [(article, Decimal(3)) for article in db.session.query(Article).filter_by(price_list_id=listed.id)]


def test_the_rows_of_an_order_sum_to_it_freight_included(place: Place) -> None:
    ansvar = make_dimension(place.organisation, "Ansvar")
    make_default(ansvar, "100", unit_id=place.unit.id)
    order: Order = make_order(place, sell_with_freight(place))
    rows = rows_of(make_member(Role.ORGANISATION_ADMIN, place.organisation), place.organisation)
    assert order.charges_amount > 0
    assert sum(map(amount, rows)) == order.net_amount
    assert {row["Ansvar"] for row in rows} == {"100"}
    assert {row["Ordernummer"] for row in rows} == {order.number}


def test_only_the_days_asked_for(place: Place) -> None:
    make_order(place)
    admin = make_member(Role.ORGANISATION_ADMIN, place.organisation)
    data = write_coded_orders(
        admin, place.organisation, today() - timedelta(days=9), today() - timedelta(days=1), "csv"
    )
    assert len(data.decode().splitlines()) == 1


@pytest.mark.parametrize("days", [-1, 367])
def test_a_period_is_forwards_and_a_year_at_most(place: Place, days: int) -> None:
    with pytest.raises(RuleBroken):
        write_coded_orders(place.orderer, place.organisation, today(), today() + timedelta(days=days), "csv")


def test_an_auditor_of_a_unit_sees_the_orders_of_her_unit_only(place: Place) -> None:
    make_order(place)
    here = make_member(Role.AUDITOR, place.organisation, place.unit)
    elsewhere = make_member(Role.AUDITOR, place.organisation, make_unit(place.organisation))
    assert len(rows_of(here, place.organisation)) == 1
    assert rows_of(elsewhere, place.organisation) == []


def test_another_organisations_orders_are_not_in_the_file(place: Place) -> None:
    make_order(place)
    other = make_place()
    assert rows_of(make_member(Role.ORGANISATION_ADMIN, other.organisation), other.organisation) == []


def test_no_cell_is_taken_for_a_formula(place: Place) -> None:
    make_order(place, [(make_offer(place.organisation, name="=HYPERLINK(1)"), Decimal(1))])
    (row,) = rows_of(make_member(Role.ORGANISATION_ADMIN, place.organisation), place.organisation)
    assert row["Vara"] == "'=HYPERLINK(1)"


def test_a_split_has_a_row_for_each_part(place: Place) -> None:
    ansvar: Dimension = make_dimension(place.organisation, "Ansvar")
    parts = (SaidPart({ansvar.id: "1"}, "60"), SaidPart({ansvar.id: "2"}, ""))
    requisition = make_requisition(place, coding=Said(SaidCoding(parts)))
    step = pending_step(requisition)
    approve(step.candidates[0].user, step, None, requisition.content_hash or "")
    rows = rows_of(make_member(Role.ORGANISATION_ADMIN, place.organisation), place.organisation)
    assert [(row["Ansvar"], row["Procent"]) for row in rows] == [("1", "60"), ("2", "40")]
    assert sum(map(amount, rows)) == requisition.net_amount
