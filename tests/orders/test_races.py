"""Two at once about what is administered or decided: the second one waits, and reads what the first has left."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from flask.testing import FlaskClient
from sqlalchemy import select

from auth.organisation import Organisation, Unit
from auth.permission import Role
from auth.session import begin_session
from auth.user import User
from catalog.price_list import PriceList
from core.db import TransactionalFlask, db, reading, unit_of_work
from orders.actions.approval import send_back
from orders.actions.coding import DefaultFor, remove_combination, save_default
from orders.actions.requisition import mend, withdraw
from orders.actions.rule import move_rule, remove_group
from orders.actions.weighing import decide
from orders.approval import ApprovalGroup, ApprovalRule
from orders.basket import Basket
from orders.coding import CodingDefault, Dimension
from orders.coding_rule import CodingRule, Effect
from orders.competition import Competition
from orders.competition_queries import bids_of
from orders.requisition import Requisition, RequisitionState
from orders.rule_queries import rules_of
from tests.concurrency import at_once, wait_for_a_waiting_one
from tests.factories.auth import make_member
from tests.factories.coding import make_combination, make_dimension
from tests.factories.competitions import make_opened, make_scene
from tests.factories.orders import Place, make_group, make_place, make_requisition, make_rule, pending_step
from tests.orders.test_shared_pages import sent_by

RULES = "/admin/approval-rules"


def administrator_of(app: TransactionalFlask, place: Place) -> tuple[int, FlaskClient]:
    """An administrator, and her browser."""
    admin = make_member(Role.ORGANISATION_ADMIN, place.organisation)
    token, browser = begin_session(admin, "test"), app.test_client()
    with browser.session_transaction() as cookie:
        cookie["_user_id"] = token
    return admin.id, browser


def hold_rules(organisation_id: int) -> Organisation:
    """What the pages of the rules begin with."""
    found = select(Organisation).where(Organisation.id == organisation_id).with_for_update()
    return db.session.scalars(found).one()


def test_two_moves_at_once_are_both_made(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        first = rules_of(place.organisation)[0].id
        second, third = make_rule(place.organisation).id, make_rule(place.organisation).id
        admin, browser = administrator_of(fresh_app, place)
        here = place.organisation.id
    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            organisation = hold_rules(here)
            rules = {rule.id: rule for rule in rules_of(organisation)}
            move_rule(db.session.get_one(User, admin), rules[second], list(rules.values()), up=True)
            db.session.flush()
            coming = pool.submit(browser.post, f"{RULES}/{third}/move", data={"direction": "up"})
            wait_for_a_waiting_one()
        assert coming.result().status_code == 303
    with fresh_app.app_context(), reading():
        assert [rule.id for rule in rules_of(db.session.get_one(Organisation, here))] == [second, third, first]


def test_a_rule_does_not_ask_a_group_that_is_being_removed(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        group, rule = make_group(place.organisation, place.approver).id, make_rule(place.organisation).id
        admin, browser = administrator_of(fresh_app, place)
        here = place.organisation.id
    seen = sent_by(browser.get(f"{RULES}/{rule}").text)
    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            hold_rules(here)
            remove_group(db.session.get_one(User, admin), db.session.get_one(ApprovalGroup, group))
            db.session.flush()
            coming = pool.submit(browser.post, f"{RULES}/{rule}", data=seen | {"steps-0-who": f"group:{group}"})
            wait_for_a_waiting_one()
        assert coming.result().status_code == 422
    with fresh_app.app_context(), reading():
        assert all(step.group_id is None for step in db.session.get_one(ApprovalRule, rule).steps)


def test_a_requisition_that_is_mended_while_it_is_taken_back_leaves_the_basket(fresh_app: TransactionalFlask) -> None:
    """She has no basket yet: there is none to hold, and a moment later there is one with the requisition in it."""
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        requisition = make_requisition(place)
        send_back(place.approver, pending_step(requisition), "Ta tre", requisition.content_hash or "")
        for basket in db.session.scalars(select(Basket)):
            db.session.delete(basket)
        orderer, found = place.orderer.id, requisition.id

    def take_back(_: int) -> None:
        withdraw(db.session.get_one(User, orderer), db.session.get_one(Requisition, found))

    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            mend(db.session.get_one(User, orderer), db.session.get_one(Requisition, found))
            db.session.flush()
            coming = pool.submit(at_once, fresh_app, take_back, 1)
            wait_for_a_waiting_one()
        assert coming.result() == Counter({"done": 1})
    with fresh_app.app_context(), reading():
        assert db.session.get_one(Requisition, found).state is RequisitionState.WITHDRAWN
        assert db.session.scalars(select(Basket.requisition_id)).all() == [None]


def test_a_default_is_set_once_in_the_same_instant(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        dimension, unit = make_dimension(place.organisation, "Ansvar").id, place.unit.id

    def say(code: str) -> None:
        to = DefaultFor(unit=db.session.get_one(Unit, unit))
        save_default(None, db.session.get_one(Dimension, dimension), to, code)

    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            say("100")
            coming = pool.submit(at_once, fresh_app, lambda _: say("200"), 1)
            wait_for_a_waiting_one()
        assert coming.result() == Counter({"done": 1})
    with fresh_app.app_context(), reading():
        assert db.session.scalars(select(CodingDefault.code)).all() == ["200"]


def test_what_is_removed_while_it_is_changed_is_not_found(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        konto, ansvar = (make_dimension(place.organisation, name) for name in ("Konto", "Ansvar"))
        rule, here = make_combination(konto, Effect.REQUIRED, ansvar).id, place.organisation.id
        admin, browser = administrator_of(fresh_app, place)
    url = f"/admin/coding/combinations/{rule}"
    seen = sent_by(browser.get(url).text)
    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            people = db.session.get_one(User, admin), db.session.get_one(Organisation, here)
            remove_combination(*people, db.session.get_one(CodingRule, rule))
            coming = pool.submit(browser.post, url, data=seen)
            wait_for_a_waiting_one()
        assert coming.result().status_code == 404


def test_two_competitions_that_one_supplier_wins_at_once_get_lists_of_their_own(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        scene = make_scene()
        opened = [make_opened(scene, key=key) for key in ("one", "two")]
        best = [min(bids_of(each), key=lambda bid: bid.net_amount).id for each in opened]
        buyer, ids = scene.buyer.id, [each.id for each in opened]

    def choose(number: int) -> None:
        competition = db.session.get_one(Competition, ids[number])
        decide(db.session.get_one(User, buyer), competition, best[number], "Lägst pris.")

    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            choose(0)
            coming = pool.submit(at_once, fresh_app, lambda _: choose(1), 1)
            wait_for_a_waiting_one()
        assert coming.result() == Counter({"done": 1})
    with fresh_app.app_context(), reading():
        assert sorted(db.session.scalars(select(PriceList.version))) == [1, 2]
