"""Many at once, with real commits on both engines: ceilings hold, numbers have no gap, one click is one thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, func, select

from auth.journal import verify
from auth.organisation import DeliveryAddress, Organisation, Unit
from auth.permission import Role
from auth.user import LimitPeriod, User
from catalog.agreement import Agreement, Award, CallOffMethod, Lot
from catalog.ceiling import Ceiling
from catalog.price_list import Article
from catalog.queries import articles_by_id
from core.db import TransactionalFlask, db, locks_rows, reading, unit_of_work
from core.errors import RuleBroken
from orders.actions.approval import approve
from orders.actions.basket import add
from orders.actions.ceiling import open_ceiling
from orders.actions.order import close
from orders.actions.receipt import Received, receive
from orders.actions.requisition import Checkout, submit
from orders.actions.switch import switch
from orders.approval import ApprovalStep, Quorum, StepKind
from orders.approval_queries import steps_of
from orders.basket import Basket, BasketLine
from orders.basket_queries import basket_of, view_basket
from orders.ceiling_sums import wrong_counters
from orders.order import Order, OrderLine
from orders.order_queries import order_for, received_quantities
from orders.receipt import Receipt
from orders.requisition import Requisition
from tests.concurrency import WORKERS, at_once, wait_for_a_waiting_one
from tests.factories.auth import make_member, make_substitution
from tests.factories.catalog import make_agreement, make_award, make_ceiling, make_lot, make_offer, make_price_list
from tests.factories.orders import Place, make_order, make_place, make_requisition, make_rule, pending_step


def ids_of(place: Place) -> dict[str, int]:
    """What another thread needs to load the place in its own session."""
    return {name: getattr(place, name).id for name in ("organisation", "unit", "address", "orderer")}


def submit_as(user_id: int, ids: dict[str, int], key: str) -> None:
    checkout = Checkout(
        unit=db.session.get_one(Unit, ids["unit"]),
        address=db.session.get_one(DeliveryAddress, ids["address"]),
        key=key,
    )
    organisation = db.session.get_one(Organisation, ids["organisation"])
    submit(db.session.get_one(User, user_id), organisation, checkout)


def say_yes(step_id: int, user_id: int) -> None:
    step = db.session.get_one(ApprovalStep, step_id)
    approve(db.session.get_one(User, user_id), step, None, step.content_hash)


def test_two_hundred_approvals_against_one_ceiling(fresh_app: TransactionalFlask) -> None:
    """Room for 150 of them, 50 of which are approved twice: what was reserved is consumed once, and nothing more."""
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        paper = make_offer(place.organisation, price=Decimal(10))
        ceiling_id = make_ceiling(paper.award.lot.agreement, Decimal(1500)).id
        requisitions = [make_requisition(place, [(paper, Decimal(1))]) for _ in range(150)]
        steps = [(pending_step(requisition).id, place.approver.id) for requisition in requisitions]
        with pytest.raises(RuleBroken):
            make_requisition(place, [(paper, Decimal(1))])
    outcome = at_once(fresh_app, lambda n: say_yes(*steps[n % 150]), 200)
    assert outcome == Counter({"done": 150, "wrong-state": 50})
    with fresh_app.app_context(), reading():
        ceiling = db.session.get_one(Ceiling, ceiling_id)
        assert (ceiling.reserved, ceiling.ordered) == (Decimal(0), Decimal(1500))
        serials = sorted(db.session.scalars(select(Order.serial)))
        assert serials == list(range(1, 151))
        assert verify()[1] is None


def test_submissions_racing_for_the_last_room(fresh_app: TransactionalFlask) -> None:
    """Sixteen people, room for five: exactly five get it, and not one öre more."""
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        paper = make_offer(place.organisation, price=Decimal(100))
        agreement_ceiling = make_ceiling(paper.award.lot.agreement, None).id
        ceiling_id = make_ceiling(paper.award.lot.agreement, Decimal(500), lot=paper.award.lot).id
        people = [make_member(Role.ORDERER, place.organisation, place.unit) for _ in range(WORKERS)]
        for person in people:
            add(person, place.organisation, paper, Decimal(1))
        ids, here = [person.id for person in people], ids_of(place)
    outcome = at_once(fresh_app, lambda n: submit_as(ids[n], here, f"key-{n}"), WORKERS)
    assert outcome == Counter({"done": 5, "rule-broken": WORKERS - 5})
    with fresh_app.app_context(), reading():
        assert db.session.get_one(Ceiling, ceiling_id).reserved == Decimal(500)
        assert db.session.get_one(Ceiling, agreement_ceiling).reserved == Decimal(500)


def test_a_submission_in_the_instant_a_ceiling_is_opened_counts_on_it(fresh_app: TransactionalFlask) -> None:
    """It has looked which ceilings there are and waits for the first of them, when one more comes."""
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        paper = make_offer(place.organisation, price=Decimal(100))
        agreement_id = paper.award.lot.agreement_id
        make_ceiling(paper.award.lot.agreement, None)
        add(place.orderer, place.organisation, paper, Decimal(1))
        orderer_id, here = place.orderer.id, ids_of(place)
    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            agreement = db.session.get_one(Agreement, agreement_id)
            part = open_ceiling(
                None,
                agreement,
                agreement.version,
                limit=Decimal(500),
                organisation=db.session.get_one(Organisation, here["organisation"]),
            )
            part_id = part.id
            coming = pool.submit(at_once, fresh_app, lambda _: submit_as(orderer_id, here, "key"), 1)
            wait_for_a_waiting_one()
        assert coming.result() == Counter({"done": 1})
    with fresh_app.app_context(), reading():
        assert db.session.get_one(Ceiling, part_id).reserved == Decimal(100)
        assert wrong_counters() == []


@pytest.mark.parametrize("measure", ["SEK", "MTR"])
def test_submissions_racing_for_an_organisations_part(fresh_app: TransactionalFlask, measure: str) -> None:
    """Sixteen people of two organisations: room for five in one's part, for nine in all, in kronor or in metres."""
    with fresh_app.app_context(), unit_of_work():
        places = [make_place(), make_place()]
        rope = make_offer(*(place.organisation for place in places), price=Decimal(1), unit_code="MTR")
        whole = make_ceiling(rope.award.lot.agreement, Decimal(9), measure=measure).id
        part = make_ceiling(
            rope.award.lot.agreement, Decimal(5), measure=measure, organisation=places[0].organisation
        ).id
        half = WORKERS // 2
        people = [make_member(Role.ORDERER, p.organisation, p.unit) for p in places for _ in range(half)]
        for number, person in enumerate(people):
            add(person, places[number // half].organisation, rope, Decimal(1))
        ids, here = [person.id for person in people], [ids_of(place) for place in places]
    outcome = at_once(fresh_app, lambda n: submit_as(ids[n], here[n // half], f"key-{n}"), WORKERS)
    assert outcome == Counter({"done": 9, "rule-broken": WORKERS - 9})
    with fresh_app.app_context(), reading():
        assert db.session.get_one(Ceiling, whole).reserved == Decimal(9)
        assert 1 <= db.session.get_one(Ceiling, part).reserved <= Decimal(5)
        assert wrong_counters() == []


def test_a_double_click_submits_one_requisition(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        paper = make_offer(place.organisation)
        add(place.orderer, place.organisation, paper, Decimal(1))
        here = ids_of(place)
    outcome = at_once(fresh_app, lambda _: submit_as(here["orderer"], here, "the same form"), WORKERS)
    assert outcome == Counter({"done": WORKERS})
    with fresh_app.app_context(), reading():
        assert db.session.scalar(select(func.count()).select_from(Requisition)) == 1


def test_two_approvers_at_once_place_one_order(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        others = [make_member(Role.APPROVER, place.organisation, place.unit) for _ in range(WORKERS - 1)]
        requisition = make_requisition(place)
        step_id = pending_step(requisition).id
        ids = [person.id for person in [place.approver, *others]]
    outcome = at_once(fresh_app, lambda n: say_yes(step_id, ids[n]), WORKERS)
    assert outcome == Counter({"done": 1, "wrong-state": WORKERS - 1})
    with fresh_app.app_context(), reading():
        assert db.session.scalar(select(func.count()).select_from(Order)) == 1


def test_all_of_a_group_at_once_still_reach_the_end(fresh_app: TransactionalFlask) -> None:
    """Each must see the others' yes: without a lock the last two would both wait for each other for ever."""
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        others = [make_member(Role.APPROVER, place.organisation, place.unit) for _ in range(WORKERS - 1)]
        make_rule(place.organisation, {"kind": StepKind.UNIT_APPROVER, "quorum": Quorum.ALL}, position=0)
        requisition = make_requisition(place)
        step_id, requisition_id = pending_step(requisition).id, requisition.id
        ids = [person.id for person in [place.approver, *others]]
    assert at_once(fresh_app, lambda n: say_yes(step_id, ids[n]), WORKERS) == Counter({"done": WORKERS})
    with fresh_app.app_context(), reading():
        requisition = db.session.get_one(Requisition, requisition_id)
        assert requisition.state.value == "approved"
        assert all(c.decided_at for step in steps_of(requisition) for c in step.candidates)
        assert db.session.scalar(select(func.count()).select_from(OrderLine)) == 1


def test_the_same_delivery_taken_in_twice_counts_once(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        order = make_order(place)
        number, line_id, here = order.number, order.lines[0].id, ids_of(place)

    def take_in(_: int) -> None:
        orderer = db.session.get_one(User, here["orderer"])
        found = order_for(orderer, db.session.get_one(Organisation, here["organisation"]), number)
        receive(orderer, found, {line_id: Received(Decimal(1))}, None, "the same form")

    assert at_once(fresh_app, take_in, WORKERS) == Counter({"done": WORKERS})
    with fresh_app.app_context(), reading():
        order = db.session.scalars(select(Order)).one()
        assert received_quantities(order) == {line_id: Decimal(1)}
        assert db.session.scalar(select(func.count()).select_from(Receipt)) == 1


def test_closing_short_many_times_at_once_gives_the_room_back_once(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        paper = make_offer(place.organisation, price=Decimal(100))
        ceiling_id = make_ceiling(paper.award.lot.agreement, Decimal(10_000)).id
        make_order(place, [(paper, Decimal(50))])  # somebody else's, which must stay counted
        number, here = make_order(place, [(paper, Decimal(3))]).number, ids_of(place)

    def close_it(_: int) -> None:
        orderer = db.session.get_one(User, here["orderer"])
        close(orderer, order_for(orderer, db.session.get_one(Organisation, here["organisation"]), number), "Slut")

    assert at_once(fresh_app, close_it, WORKERS) == Counter({"done": 1, "wrong-state": WORKERS - 1})
    with fresh_app.app_context(), reading():
        assert db.session.get_one(Ceiling, ceiling_id).ordered == Decimal(5000)


def putting(article_id: int, here: dict[str, int]) -> Callable[[int], None]:
    """An act: one more of the article into the orderer's basket."""

    def put(_: int) -> None:
        orderer = db.session.get_one(User, here["orderer"])
        organisation = db.session.get_one(Organisation, here["organisation"])
        add(orderer, organisation, articles_by_id([article_id])[article_id], Decimal(1))

    return put


def test_the_first_two_clicks_into_an_empty_basket_do_not_collide(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        put = putting(make_offer(place.organisation).id, ids_of(place))
    assert at_once(fresh_app, put, WORKERS) == Counter({"done": WORKERS})
    with fresh_app.app_context(), reading():
        assert [line.quantity for line in db.session.scalars(select(BasketLine))] == [Decimal(WORKERS)]


def test_a_basket_made_in_the_instant_it_is_looked_for_is_held(fresh_app: TransactionalFlask) -> None:
    """There was none to lock, and when it is read there is one: whoever lays something there next must still wait."""
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        put = putting(make_offer(place.organisation).id, ids_of(place))
    looks: list[str] = []
    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:

        def make_one_meanwhile(*execution: Any) -> None:
            statement = " ".join(execution[2].split())
            if "FROM basket WHERE" in statement and statement.endswith("FOR UPDATE"):
                looks.append(statement)
                if len(looks) == 1:
                    assert pool.submit(at_once, fresh_app, put, 1).result() == Counter({"done": 1})

        event.listen(db.engine, "after_cursor_execute", make_one_meanwhile)
        with unit_of_work():
            put(0)
            waiting = pool.submit(at_once, fresh_app, put, 1)
            wait_for_a_waiting_one()
        assert waiting.result() == Counter({"done": 1})
    with fresh_app.app_context(), reading():
        assert bool(looks) == locks_rows()  # SQLite has no lock to look with, and so nothing is made meanwhile
        assert [line.quantity for line in db.session.scalars(select(BasketLine))] == [Decimal(3 if looks else 2)]


@pytest.mark.parametrize("stands_in", [False, True])
def test_a_period_limit_is_never_passed(fresh_app: TransactionalFlask, stands_in: bool) -> None:
    """Forty yeses at once, 100 kr each, of an approver who may approve 1,000 kr in a month: ten get through, also where
    every other one is said by who stands in for her."""
    with fresh_app.app_context(), unit_of_work() as session:
        place = make_place()
        paper = make_offer(place.organisation, price=Decimal(100))
        steps = [pending_step(make_requisition(place, [(paper, Decimal(1))])).id for _ in range(40)]
        substitute = make_member(Role.ORDERER, place.organisation)
        make_substitution(place.organisation, place.approver, substitute)
        [right] = place.approver.memberships
        right.period_limit, right.limit_period = Decimal(1000), LimitPeriod.MONTH
        session.flush()
        people = (place.approver.id, substitute.id if stands_in else place.approver.id)
    outcome = at_once(fresh_app, lambda n: say_yes(steps[n], people[n % 2]), 40)
    assert outcome == Counter({"done": 10, "not-allowed": 30})
    with fresh_app.app_context(), reading():
        assert db.session.scalar(select(func.sum(Order.net_amount))) == Decimal(1000)
        assert verify()[1] is None


# One lot, fifty at once: whose turn it is, and how much there is


MANY = 50


def crowd(place: Place, article: Article, quantity: int = 1) -> list[int]:
    """So many orderers, each with the same in her basket; their ids."""
    people = [make_member(Role.ORDERER, place.organisation, place.unit) for _ in range(MANY)]
    for person in people:
        add(person, place.organisation, article, Decimal(quantity))
    return [person.id for person in people]


def sold_at(lot: Lot, price: int, **award: Any) -> Article:
    """A new supplier of a lot, counted, that sells one article at a price."""
    made = make_award(lot, **award)
    make_ceiling(lot.agreement, None, lot=lot, award=made)
    make_price_list(made, [{"price": Decimal(price), "gtin": "07310869000010"}])
    return db.session.scalars(select(Article).where(Article.award_id == made.id)).one()


def submit_in_turn(user_ids: list[int], here: dict[str, int], number: int) -> None:
    """Move the basket to the supplier whose turn it looks to be, and send it, as a person would."""
    organisation = db.session.get_one(Organisation, here["organisation"])
    basket = basket_of(db.session.get_one(User, user_ids[number]), organisation, lock=True)
    assert basket is not None
    view = view_basket(basket)
    [award] = view.awards
    for row in view.next_in_turn(award)[:1]:
        switch(basket.user, basket, db.session.get_one(Award, row.award_id))
    submit_as(user_ids[number], here, f"key-{user_ids[number]}")


def test_fifty_at_once_share_out_a_lot_as_if_they_came_one_by_one(fresh_app: TransactionalFlask) -> None:
    """Whoever is told that it is another's turn moves there and tries again: in the end all are sent, and the shares
    are what they would be had nobody met anybody."""
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        lot = make_lot(make_agreement(place.organisation), method=CallOffMethod.ALLOCATION)
        make_ceiling(lot.agreement, None)
        articles = [sold_at(lot, 100, share=Decimal(share)) for share in (50, 30, 20)]
        people, here = crowd(place, articles[0]), ids_of(place)
        award_ids = [article.award_id for article in articles]
    left = people
    while left:
        outcome = at_once(fresh_app, partial(submit_in_turn, left, here), len(left), MANY)
        assert set(outcome) <= {"done", "rule-broken"}  # nothing but a refusal that says whose turn it is
        assert outcome["done"] >= 1
        with fresh_app.app_context(), reading():
            left = list(db.session.scalars(select(Basket.user_id).join(BasketLine)))
    with fresh_app.app_context(), reading():
        found = db.session.scalars(select(Ceiling).where(Ceiling.award_id.in_(award_ids)))
        counters = {ceiling.award_id: ceiling.reserved for ceiling in found}
        assert counters == dict(zip(award_ids, map(Decimal, (2500, 1500, 1000)), strict=True))
        so_far = dict.fromkeys(award_ids, Decimal(0))
        for requisition in db.session.scalars(select(Requisition).order_by(Requisition.id)):
            [choice] = requisition.choices
            assert next(row for row in choice.shares if row.award_id == choice.award_id).is_next
            so_far[choice.award_id] += requisition.net_amount
        assert so_far == counters


def test_fifty_at_once_never_pass_over_a_rank_or_a_ceiling(fresh_app: TransactionalFlask) -> None:
    """Twenty fit under the first one's ceiling and twenty under the lot's rest. Those at the second without an entry
    are sent only when the first is full, and no ceiling is passed."""
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        lot = make_lot(make_agreement(place.organisation), method=CallOffMethod.RANKING)
        make_ceiling(lot.agreement, None)
        lot_ceiling = make_ceiling(lot.agreement, Decimal(4000), lot=lot).id
        first, second = sold_at(lot, 100), sold_at(lot, 100)
        own = db.session.scalars(select(Ceiling).where(Ceiling.award_id == first.award_id)).one()
        own.limit = Decimal(2000)
        at_first, here = crowd(place, first), ids_of(place)
        at_second = crowd(place, second)
        first_id, second_id, own_id = first.award_id, second.award_id, own.id
    everybody = [person for pair in zip(at_first, at_second, strict=True) for person in pair]
    outcome = at_once(fresh_app, lambda n: submit_as(everybody[n], here, f"key-{n}"), len(everybody), MANY)
    assert set(outcome) == {"done", "rule-broken"}
    with fresh_app.app_context(), reading():
        assert db.session.get_one(Ceiling, own_id).reserved == Decimal(2000)
        assert db.session.get_one(Ceiling, lot_ceiling).reserved <= Decimal(4000)
        full_after = 0
        for requisition in db.session.scalars(select(Requisition).order_by(Requisition.id)):
            [choice] = requisition.choices
            if choice.award_id == second_id:
                assert [row["how"] for row in choice.passed] == ["full"]
            else:
                assert choice.award_id == first_id
                full_after += 1
        assert full_after == 20
