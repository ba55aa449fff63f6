"""What a price list changes: counted and weighed by the database, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask

from auth.permission import Role
from catalog.actions.price_list import approve, import_price_list, publish, publish_due
from catalog.actions.price_review import (
    PriceRuleFacts,
    accept,
    difference_of,
    refuse,
    restore,
    set_price_rule,
)
from catalog.agreement import Agreement, Award
from catalog.price_change import Difference, Kind, PriceChange, former_of
from catalog.price_list import PriceList, PriceListState
from catalog.price_refusal import refusals_of
from catalog.price_row import rows_of
from catalog.price_rule import PriceRule
from core.clock import frozen, now, today
from core.db import commit, db
from core.errors import AvropError, NotAllowed, RuleBroken, WrongState
from exchange.pricefile import PriceRow
from orders.actions.order import cancel
from tests.factories.auth import make_member
from tests.factories.catalog import make_agreement, make_article, make_award, make_lot, make_price_list
from tests.factories.orders import make_order, make_place

HEADER = "Artikelnummer;Benämning;Enhet;Pris;Moms;Prisenhet"
BEFORE = ("same;S;st;10;25;1", "up;U;st;100;25;1", "down;D;st;10;25;1", "gone;G;st;7;25;1", "text;T;st;10;25;1")
AFTER = ("same;S;st;10;25;1", "up;U;st;110;25;1", "down;D;st;5;25;1", "new;N;st;1;25;1", "text;T2;förp;10;25;1")


def bring_in(award: Award, *rows: str, actor: object = None, days: int = 0) -> PriceList:
    data = "\n".join([HEADER, *rows]).encode()
    outcome = import_price_list(actor, award, data, "lista", today() + timedelta(days=days))  # type: ignore[arg-type]
    assert outcome.price_list is not None, outcome.problems
    return outcome.price_list


@pytest.fixture
def award(app: Flask) -> Award:
    return make_award(make_lot(make_agreement()))


@pytest.fixture
def draft(award: Award) -> PriceList:
    approve(None, bring_in(award, *BEFORE))
    return bring_in(award, *AFTER)


def changes(price_list: PriceList, kind: Kind | None = None) -> dict[str, PriceChange]:
    return {c.article.supplier_number: c for c in difference_of(price_list).page(kind, 1).items}


def prices(price_list: PriceList) -> dict[str, Decimal]:
    return {row.supplier_number: row.price for row in rows_of(price_list)}


def give_rule(award: Award, **values: object) -> None:
    db.session.add(PriceRule(agreement_id=award.lot.agreement_id, **values))
    db.session.flush()


def test_every_kind_is_counted_and_named(draft: PriceList) -> None:
    totals = difference_of(draft).totals
    assert (totals.new, totals.gone, totals.dearer, totals.cheaper, totals.reworded) == (1, 1, 1, 1, 1)
    assert (totals.changed, totals.former, totals.share) == (5, 5, Decimal(100))
    assert totals.largest_percent == Decimal(50)
    found = changes(draft)
    assert {number: c.kind for number, c in found.items()} == {
        "up": Kind.DEARER,
        "down": Kind.CHEAPER,
        "new": Kind.NEW,
        "gone": Kind.GONE,
        "text": Kind.REWORDED,
    }
    assert found["up"].percent == Decimal("10.0") and found["down"].percent == Decimal("-50.0")
    assert found["text"].reworded == ["name", "unit_code"] and found["text"].percent is None
    for kind in (Kind.DEARER, Kind.CHEAPER, Kind.NEW, Kind.GONE, Kind.REWORDED):
        assert [c.kind for c in changes(draft, kind).values()] == [kind]
