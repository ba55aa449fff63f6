"""Two at once in the catalogue: the second one waits, and then reads what the first has left."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from sqlalchemy import event, select

from auth.permission import Role
from auth.user import User
from catalog.actions import category
from catalog.actions.parameter import set_parameter
from catalog.actions.price_list import publish, publish_due
from catalog.actions.price_version import next_version
from catalog.category import Category
from catalog.parameter import Parameter
from catalog.price_list import PriceList, PriceListState
from core.clock import now, today
from core.db import TransactionalFlask, db, reading, unit_of_work
from tests.concurrency import at_once, wait_for_a_waiting_one
from tests.factories.auth import make_member, make_office
from tests.factories.catalog import make_agreement, make_award, make_lot, make_price_list


def test_the_versions_of_an_awards_lists_are_counted_one_after_the_other(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        award_id = make_award(make_lot(make_agreement())).id

    def draw(_: int) -> None:
        version = next_version(award_id)
        db.session.add(PriceList(award_id=award_id, version=version, effective_from=today(), created_at=now()))
        db.session.flush()

    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            draw(0)
            waiting = pool.submit(at_once, fresh_app, draw, 1)
            wait_for_a_waiting_one()
        assert waiting.result() == Counter({"done": 1})
    with fresh_app.app_context(), reading() as session:
        assert sorted(session.scalars(select(PriceList.version))) == [1, 2]


def test_a_list_that_is_passed_while_the_worker_looks_is_left_to_people(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        award, ready = make_award(make_lot(make_agreement())), PriceListState.REVIEWED
        former, later = (
            make_price_list(award, state=ready, effective_from=today() - timedelta(days=days)).id for days in (1, 0)
        )
    passed: list[Counter[str]] = []

    def by_somebody_else(*execution: Any) -> None:
        if "price_list.effective_from <= " in execution[2] and not passed:
            passed.append(Counter())
            passed[0] += pool.submit(
                at_once, fresh_app, lambda _: publish(None, db.session.get_one(PriceList, later)), 1
            ).result()

    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        event.listen(db.engine, "after_cursor_execute", by_somebody_else)
        assert publish_due() == 0
    with fresh_app.app_context(), reading() as session:
        assert passed == [Counter({"done": 1})]
        assert session.get_one(PriceList, later).state is PriceListState.PUBLISHED
        assert session.get_one(PriceList, former).state is PriceListState.REVIEWED


def test_two_values_of_a_parameter_at_once_never_hold_on_the_same_day(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        actor_id = make_member(Role.AGREEMENT_OWNER, make_office()).id
    first = today()

    def state(days: int) -> None:
        actor, starts_on = db.session.get_one(User, actor_id), first + timedelta(days=days)
        set_parameter(actor, "need.answer-days", Decimal(days), starts_on, "Beslut")

    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            state(5)
            waiting = pool.submit(at_once, fresh_app, lambda _: state(10), 1)
            wait_for_a_waiting_one()
        assert waiting.result() == Counter({"done": 1})
    with fresh_app.app_context(), reading() as session:
        of_name = select(Parameter).where(Parameter.name == "need.answer-days").order_by(Parameter.starts_on)
        rows = session.scalars(of_name).all()
        assert all(row.ends_on and row.ends_on < following.starts_on for row, following in pairwise(rows))


def test_two_moves_at_once_make_no_ring_of_categories(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        first, second = (category.create(None, category.CategoryFacts(code=code, name=code)).id for code in "AB")

    def move(moved: int, below: int) -> None:
        found, parent = db.session.get_one(Category, moved), db.session.get_one(Category, below)
        category.edit(None, found, category.CategoryFacts(code=found.code, name=found.name, parent=parent))

    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            move(first, second)
            waiting = pool.submit(at_once, fresh_app, lambda _: move(second, first), 1)
            wait_for_a_waiting_one()
        assert waiting.result() == Counter({"rule-broken": 1})
    with fresh_app.app_context(), reading() as session:
        assert sorted(session.scalars(select(Category.path))) == [f"/{second}/", f"/{second}/{first}/"]
