"""Direct procurement: the running sum stays below the law's limit, and above the other one everything is documented."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from auth.user import User
from catalog.category import Category
from catalog.parameter import Parameter
from core.clock import frozen, now, today
from core.db import TransactionalFlask, db, reading, unit_of_work
from core.errors import RuleBroken
from orders.actions.need import Asked, answer_directly
from orders.direct_procurement import AskedAnswer, DirectProcurement, ProcurementLaw, running_sum
from orders.need import NeedAnswer, NeedReport, NeedState
from orders.need_queries import procurement_of
from tests.concurrency import WORKERS, at_once
from tests.factories.catalog import make_category, make_supplier
from tests.factories.needs import SUPPLIER_NUMBER, make_buyer, make_need, make_procurement, procured, procurement_facts
from tests.factories.orders import Place, make_place

LIMIT = Decimal(700_000)


@pytest.fixture
def category(place: Place) -> Category:
    return make_category(parent=make_category(name="Möbler"))


# The running sum


def test_one_below_the_limit_is_allowed_and_the_limit_itself_is_not(
    place: Place, buyer: User, category: Category
) -> None:
    """The value must be lower than the limit (LOU 19 a kap. 2 §)."""
    with pytest.raises(RuleBroken) as refusal:
        make_procurement(buyer, place, category, "700000")
    assert "ny upphandling" in str(refusal.value.way_on)
    make_procurement(buyer, place, category, "699999.99")
    assert running_sum(place.organisation, category, ProcurementLaw.LOU, today()).left == 0
    with pytest.raises(RuleBroken):
        make_procurement(buyer, place, category, "0.01")


def test_the_sum_is_of_the_whole_branch(place: Place, buyer: User, category: Category) -> None:
    assert category.parent is not None
    sister = make_category(parent=category.parent)
    make_procurement(buyer, place, category, "400000")
    make_procurement(buyer, place, category.parent, "200000")
    assert procured(place, sister) == Decimal(600_000)
    with pytest.raises(RuleBroken):
        make_procurement(buyer, place, sister, "100000")
    assert procured(place, make_category()) == 0


def test_the_sum_is_of_the_organisation_the_year_and_the_law(place: Place, buyer: User, category: Category) -> None:
    with frozen(datetime(2025, 12, 31, 12, tzinfo=UTC)):
        make_procurement(buyer, place, category, "600000")
    with frozen(datetime(2026, 1, 1, 12, tzinfo=UTC)):
        make_procurement(buyer, place, category, "600000")
        make_procurement(buyer, make_place(), category, "600000")
        assert procured(place, category) == Decimal(600_000)
        assert procured(place, category, ProcurementLaw.LUF) == 0
        make_procurement(buyer, place, category, "1199999.99", law=ProcurementLaw.LUF)
        with pytest.raises(RuleBroken):
            make_procurement(buyer, place, category, "100000")


def test_the_limits_are_those_of_the_day(place: Place, buyer: User, category: Category) -> None:
    limit = db.session.scalars(select(Parameter).where(Parameter.name == "direct-procurement.lou")).one()
    limit.ends_on = today() - timedelta(days=1)
    db.session.add(
        Parameter(
            name=limit.name,
            value=Decimal(800_000),
            starts_on=today(),
            source="en lag som inte finns",
        )
    )
    db.session.flush()
    make_procurement(buyer, place, category, "799999")
    with pytest.raises(RuleBroken):
        make_procurement(buyer, place, category, "1")


def test_a_refused_one_leaves_the_report_open(place: Place, buyer: User, category: Category) -> None:
    need = make_need(place)
    with pytest.raises(RuleBroken):
        answer_directly(buyer, need, procurement_facts(category, LIMIT))
    assert need.state is NeedState.SENT and procurement_of(need) is None


# The documentation


def test_above_the_documentation_limit_everything_is_told(place: Place, buyer: User, category: Category) -> None:
    """100 000 itself needs no documentation: the law says *exceeds* (LOU 19 a kap. 11 §)."""
    bare = [Asked("Bordsbutiken AB", None, AskedAnswer.OFFER, None, is_chosen=True)]
    make_procurement(buyer, place, category, "100000", reasons=None, asked=bare)
    whole = procurement_facts(category, Decimal("100000.01"))
    (chosen,) = whole.asked
    for lacking in (
        replace(whole, reasons=None),
        replace(whole, asked=[replace(chosen, organisation_number=None)]),
        replace(whole, asked=[replace(chosen, price=None)]),
        replace(whole, asked=[chosen, Asked("Utan nummer AB", None, AskedAnswer.SILENT)]),
    ):
        with pytest.raises(RuleBroken) as refusal:
            answer_directly(buyer, make_need(place), lacking)
        assert "19 a kap. 11 §" in str(refusal.value.way_on)
    answer_directly(buyer, make_need(place), whole)


def test_one_of_those_who_offered_is_chosen(place: Place, buyer: User, category: Category) -> None:
    offered = Asked("Ett AB", SUPPLIER_NUMBER, AskedAnswer.OFFER, Decimal(50))
    silent = Asked("Två AB", SUPPLIER_NUMBER, AskedAnswer.SILENT, is_chosen=True)
    for asked in ([], [offered], [offered, silent], [replace(offered, is_chosen=True)] * 2):
        with pytest.raises(RuleBroken):
            make_procurement(buyer, place, category, "50", asked=asked)


def test_a_blocked_supplier_gets_no_order_here_either(place: Place, buyer: User, category: Category) -> None:
    supplier = make_supplier(organisation_number=SUPPLIER_NUMBER, blocked_at=now(), blocked_reason="Konkurs")
    with pytest.raises(RuleBroken, match="Konkurs"):
        make_procurement(buyer, place, category, "50")
    supplier.blocked_at = supplier.blocked_reason = None
    db.session.flush()
    make_procurement(buyer, place, category, "50")


def test_the_answer_keeps_the_decision(place: Place, buyer: User, category: Category) -> None:
    need = make_need(place)
    made = answer_directly(buyer, need, procurement_facts(category, Decimal(150_000), text="Beställ av dem."))
    assert procurement_of(need) is made
    assert (need.answer, need.answer_text, need.category) == (
        NeedAnswer.DIRECT_PROCUREMENT,
        "Beställ av dem.",
        category,
    )
    assert (made.chosen.name, made.decided_by, made.decided_on) == ("Bordsbutiken AB", buyer, today())


# Two at once


def test_answers_at_once_do_not_pass_the_limit_together(fresh_app: TransactionalFlask) -> None:
    """Sixteen answers of 100 000 each: six fit below 700 000, whoever comes first."""
    with fresh_app.app_context(), unit_of_work():
        place, buyer = make_place(), make_buyer()
        category_id, buyer_id = make_category().id, buyer.id
        needs = [make_need(place).id for _ in range(WORKERS)]

    def decide(number: int) -> None:
        category = db.session.get_one(Category, category_id)
        need = db.session.get_one(NeedReport, needs[number])
        answer_directly(db.session.get_one(User, buyer_id), need, procurement_facts(category, Decimal(100_000)))

    outcome = at_once(fresh_app, decide, WORKERS)
    assert outcome == Counter({"done": 6, "rule-broken": WORKERS - 6})
    with fresh_app.app_context(), reading():
        assert db.session.scalar(select(func.sum(DirectProcurement.value))) == Decimal(600_000)


def test_one_report_is_answered_once_by_many_at_once(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        need_id, category_id = make_need(make_place()).id, make_category().id
        buyers = [make_buyer().id for _ in range(WORKERS)]

    def decide(number: int) -> None:
        category, need = db.session.get_one(Category, category_id), db.session.get_one(NeedReport, need_id)
        answer_directly(db.session.get_one(User, buyers[number]), need, procurement_facts(category, Decimal(10)))

    outcome = at_once(fresh_app, decide, WORKERS)
    assert outcome == Counter({"done": 1, "wrong-state": WORKERS - 1})
