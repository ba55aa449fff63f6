"""Emergency orders: placed at once where a unit may, through every gate, and approved after, or told of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import func, select

from auth.actions.unit import allow_emergency
from auth.journal import entries_about
from auth.organisation import DeliveryAddress, Organisation, Unit
from auth.permission import Role
from auth.user import User
from catalog.ceiling import Ceiling
from catalog.price_list import Article
from core.clock import frozen, now, today
from core.db import TransactionalFlask, commit, db, reading, unit_of_work
from core.errors import NotAllowed, RuleBroken
from exchange.outbox import messages_about
from orders.actions.approval import approve, reject, send_back
from orders.actions.basket import add
from orders.actions.emergency import flag_overdue
from orders.actions.requisition import Checkout, submit, withdraw
from orders.approval import StepKind
from orders.condition import Unmet, unmet
from orders.directory import directory_of
from orders.emergency_queries import emergencies_of, emergencies_sheet
from orders.order import FileKind, Order
from orders.order_queries import orders_of
from orders.requisition import Requisition, RequisitionState
from orders.route import find_route
from orders.route_queries import need_of_requisition
from tests.concurrency import at_once
from tests.factories.auth import make_member, make_office
from tests.factories.catalog import make_agreement, make_award, make_ceiling, make_lot, make_offer, make_price_list
from tests.factories.orders import Place, checkout_at, make_place, make_requisition, make_rule, pending_step

WHY = "Vattenläcka i källaren, pumpen måste bytas i natt."


@pytest.fixture
def place(app: TransactionalFlask) -> Place:
    return may(make_place())


def may(place: Place, cap: str = "5000") -> Place:
    place.unit.emergency_cap, place.unit.emergency_hours = Decimal(cap), 72
    db.session.flush()
    return place


def urgent(place: Place, *, price: str = "1000", article: Article | None = None, why: str | None = WHY) -> Requisition:
    article = article or make_offer(place.organisation, price=Decimal(price))
    made = make_requisition(place, [(article, Decimal(1))], emergency_reason=why)
    commit()
    return made


def say_yes(place: Place, requisition: Requisition) -> None:
    approve(place.approver, pending_step(requisition), None, requisition.content_hash or "")


# Who may, and for how much


def test_only_a_unit_that_may_orders_first(app: TransactionalFlask) -> None:
    place = make_place()
    with pytest.raises(RuleBroken, match="får inte göra nödbeställningar"):
        urgent(place)
    assert db.session.scalar(select(func.count()).select_from(Order)) == 0


def test_not_above_the_units_amount(place: Place) -> None:
    with pytest.raises(RuleBroken, match="får nödbeställa för högst"):
        urgent(place, price="5000.01")


def test_the_administrator_says_which_units_may(app: TransactionalFlask) -> None:
    place = make_place()
    admin = make_member(Role.ORGANISATION_ADMIN, place.organisation)
    system = make_member(Role.SYSTEM_ADMIN, make_office())
    for person in (place.orderer, system):
        with pytest.raises(NotAllowed):
            allow_emergency(person, place.unit, Decimal(1), 1)
    with pytest.raises(RuleBroken, match="eller ingetdera"):
        allow_emergency(admin, place.unit, Decimal(1), None)
    allow_emergency(admin, place.unit, Decimal(5000), 72)
    assert orders_of(urgent(place))
    allow_emergency(admin, place.unit, None, None)
    with pytest.raises(RuleBroken):
        urgent(place)
    commit()
    acts = [entry.act for entry in entries_about("unit", place.unit.id)]
    assert acts == ["allow-emergency", "forbid-emergency"]


# Ordered at once


def test_the_order_is_placed_at_once_and_the_route_is_asked(place: Place) -> None:
    article = make_offer(place.organisation, price=Decimal(1000))
    ceiling = make_ceiling(article.award.lot.agreement, Decimal(1500))
    requisition = urgent(place, article=article)
    [order] = orders_of(requisition)
    assert order.is_emergency and requisition.state is RequisitionState.SUBMITTED
    assert requisition.emergency_due_at == (requisition.submitted_at or now()) + timedelta(hours=72)
    assert [seat.user for seat in pending_step(requisition).candidates] == [place.approver]
    db.session.refresh(ceiling)
    assert (ceiling.reserved, ceiling.ordered) == (0, 1000)
    assert len(messages_about(f"order:{order.number}")) == 1


def test_the_documents_say_that_it_is_one(place: Place, official_findings: Callable[[bytes], list[Any]]) -> None:
    [order] = orders_of(urgent(place))
    files = {file.kind: file.content for file in order.documents}
    assert "NÖDBESTÄLLNING" in PdfReader(BytesIO(files[FileKind.PDF])).pages[0].extract_text()
    assert official_findings(files[FileKind.UBL]) == []


@pytest.mark.parametrize("gate", ["ceiling", "entitled", "blocked", "ended"])
def test_every_gate_holds(place: Place, gate: str) -> None:
    article = make_offer(place.organisation, price=Decimal(1000))
    agreement, supplier = article.award.lot.agreement, article.award.supplier
    add(place.orderer, place.organisation, article, Decimal(1))
    if gate == "ceiling":
        make_ceiling(agreement, Decimal(999))
    elif gate == "entitled":
        agreement.entitlements.clear()
    elif gate == "blocked":
        supplier.blocked_at, supplier.blocked_reason = now(), "Konkurs"
    else:
        agreement.ends_on = agreement.starts_on
    db.session.flush()
    db.session.expire_all()
    with pytest.raises(RuleBroken):
        submit(place.orderer, place.organisation, checkout_at(place, emergency_reason=WHY))
    assert db.session.scalar(select(func.count()).select_from(Order)) == 0


def test_competition_is_not_gone_round(place: Place) -> None:
    lot = make_lot(make_agreement(place.organisation), competition_above=Decimal(500))
    price_list = make_price_list(make_award(lot), [{"price": Decimal(501)}])
    article = db.session.scalars(select(Article).where(Article.price_list_id == price_list.id)).one()
    with pytest.raises(RuleBroken):
        urgent(place, article=article)


def test_where_nobody_could_approve_nothing_is_ordered(app: TransactionalFlask) -> None:
    place = may(make_place())
    place.approver.memberships[0].amount_limit = Decimal(1)
    db.session.flush()
    with pytest.raises(RuleBroken) as caught:
        urgent(place)
    assert caught.value.code == "nobody-can-approve"
    assert db.session.scalar(select(func.count()).select_from(Order)) == 0


# Approved after


def test_a_yes_afterwards_covers_the_same_content_and_orders_nothing_more(place: Place) -> None:
    requisition = urgent(place)
    before = requisition.content_hash
    say_yes(place, requisition)
    commit()
    assert requisition.state is RequisitionState.APPROVED and requisition.content_hash == before
    assert len(orders_of(requisition)) == 1
    [placed] = [entry for entry in entries_about("order", orders_of(requisition)[0].number) if entry.act == "place"]
    assert placed.details["content_hash"] == before


def test_the_reason_is_part_of_what_is_approved(place: Place) -> None:
    requisition = urgent(place)
    requisition.emergency_reason = "Något annat."
    with pytest.raises(RuleBroken, match="Innehållet har ändrats"):
        requisition.check_unchanged()


def test_the_orderer_never_approves_her_own(place: Place) -> None:
    requisition = urgent(place)
    with pytest.raises(NotAllowed):
        approve(place.orderer, pending_step(requisition), None, requisition.content_hash or "")


def test_a_no_afterwards_is_recorded_and_told_and_leaves_the_order(place: Place) -> None:
    admin = make_member(Role.ORGANISATION_ADMIN, place.organisation)
    article = make_offer(place.organisation, price=Decimal(1000))
    ceiling = make_ceiling(article.award.lot.agreement, Decimal(1500))
    requisition = urgent(place, article=article)
    reject(place.approver, pending_step(requisition), "Kunde ha väntat till måndag.", requisition.content_hash or "")
    commit()
    db.session.refresh(ceiling)
    assert requisition.state is RequisitionState.REJECTED and ceiling.ordered == 1000
    told = {m.recipient: m for m in messages_about(f"requisition:{requisition.id}") if "inte godkänd" in m.subject}
    assert told.keys() >= {place.orderer.email, admin.email}
    assert "Kunde ha väntat" in told[admin.email].text and WHY in told[admin.email].text
    assert "Det som är beställt är beställt" in told[place.orderer.email].text


def test_what_is_ordered_is_neither_sent_back_nor_taken_back_nor_cut(place: Place) -> None:
    requisition = urgent(place)
    step = pending_step(requisition)
    with pytest.raises(RuleBroken, match="redan beställt"):
        send_back(place.approver, step, "Ändra", requisition.content_hash or "")
    with pytest.raises(RuleBroken, match="redan beställt"):
        withdraw(place.orderer, requisition)
    with pytest.raises(RuleBroken, match="redan beställt"):
        approve(place.approver, step, "Bort", requisition.content_hash or "", {requisition.lines[0].id})


def test_rules_can_ask_for_emergencies(place: Place) -> None:
    boss = make_member(Role.APPROVER, place.organisation)
    step = {"kind": StepKind.PERSON, "user_id": boss.id}
    rule = make_rule(place.organisation, step, position=0, is_emergency=True)
    ordinary, requisition = make_requisition(place), urgent(place)
    need = need_of_requisition(ordinary)
    assert list(unmet(rule, need, today())) == [Unmet.NO_EMERGENCY]
    assert rule not in directory_of(place.organisation, today(), need).rules
    [found] = find_route(need_of_requisition(requisition), directory_of(place.organisation, today()))
    assert found.people == (boss,)


# Not in time


def test_nobody_answers_in_time_and_those_who_watch_are_told_once(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        place = may(make_place())
        admin = make_member(Role.ORGANISATION_ADMIN, place.organisation)
        article = make_offer(place.organisation, price=Decimal(100))
        ids = make_requisition(place, [(article, Decimal(1))], emergency_reason=WHY).id
        people = {admin.email, place.orderer.email, place.approver.email}
    with fresh_app.app_context():
        assert flag_overdue() == 0
        with frozen(now() + timedelta(hours=72, minutes=1)):
            assert [flag_overdue(), flag_overdue()] == [1, 0]
            with reading():
                requisition = db.session.get_one(Requisition, ids)
                assert requisition.is_late and requisition.emergency_overdue_at is not None
                letters = messages_about(f"requisition:{ids}")
                late = {m.recipient for m in letters if "i tid" in m.subject or m.subject.startswith("Påminnelse")}
                assert late == people


def test_a_buyer_who_has_left_is_told_nothing(place: Place) -> None:
    requisition = urgent(place)
    [order] = orders_of(requisition)
    order.agreement.responsible = make_member(Role.AGREEMENT_OWNER, make_office(), is_active=False)
    reject(place.approver, pending_step(requisition), "Det kunde vänta.", requisition.content_hash or "")
    recipients = {letter.recipient for letter in messages_about(f"requisition:{requisition.id}")}
    assert order.agreement.responsible.email not in recipients and place.orderer.email in recipients


def test_an_answer_in_time_is_not_late_and_one_after_is(place: Place) -> None:
    early, late = urgent(place), urgent(place)
    say_yes(place, early)
    with frozen(now() + timedelta(hours=73)):
        assert not early.is_late and late.is_late
        say_yes(place, late)
    assert late.is_late


# The report


def test_the_report_shows_each_their_own_and_the_office_all(place: Place) -> None:
    [order] = orders_of(urgent(place))
    other = may(make_place())
    [theirs] = orders_of(urgent(other))
    make_requisition(place)
    admin = make_member(Role.ORGANISATION_ADMIN, place.organisation)
    assert emergencies_of(admin, place.organisation, today(), today()) == [order]
    assert emergencies_of(admin, place.organisation, today() - timedelta(days=2), today() - timedelta(days=1)) == []
    office = make_office()
    buyer = make_member(Role.AGREEMENT_OWNER, office)
    assert set(emergencies_of(buyer, office, today(), today())) == {order, theirs}
    [row] = emergencies_sheet([order]).rows
    assert order.number in row and WHY in row and row[-1] == order.net_amount


def test_the_report_is_a_page_and_a_file(place: Place, login_as: Callable[[User], FlaskClient]) -> None:
    [order] = orders_of(urgent(place))
    client = login_as(make_member(Role.ORGANISATION_ADMIN, place.organisation))
    assert order.number in client.get("/emergencies").get_data(as_text=True)
    file = client.get("/emergencies/file")
    assert file.content_type == "text/csv; charset=utf-8" and WHY in file.data.decode("utf-8-sig")
    assert client.get("/emergencies/file?form=xlsx").data[:2] == b"PK"
    assert client.get("/emergencies/file?form=exe").status_code == 404


def test_the_till_offers_it_only_within_the_units_amount(place: Place, login_as: Callable[[User], FlaskClient]) -> None:
    goods = make_offer(place.organisation, price=Decimal(2000))
    line = add(place.orderer, place.organisation, goods, Decimal(2))
    commit()
    client = login_as(place.orderer)
    assert "Kan det inte vänta?" in client.get("/checkout").text
    line.quantity = Decimal(3)
    commit()
    assert "Kan det inte vänta?" not in client.get("/checkout").text


def test_a_yes_afterwards_is_told_as_that(place: Place, login_as: Callable[[User], FlaskClient]) -> None:
    step = pending_step(urgent(place))
    client = login_as(place.approver)
    answer = {"seen_hash": step.content_hash, "decision": "approve", "comment": ""}
    page = client.post(f"/approvals/{step.id}", data=answer, follow_redirects=True).text
    assert "i efterhand. Beställaren får besked." in page and "Nu är det beställt" not in page


def test_emergencies_racing_for_the_last_room(fresh_app: TransactionalFlask) -> None:
    """Sixteen at once, room for five: five orders with numbers in a row, and nothing above the ceiling."""
    with fresh_app.app_context(), unit_of_work():
        place = may(make_place())
        paper = make_offer(place.organisation, price=Decimal(100))
        ceiling_id = make_ceiling(paper.award.lot.agreement, Decimal(500)).id
        people = [make_member(Role.ORDERER, place.organisation, place.unit) for _ in range(16)]
        for person in people:
            add(person, place.organisation, paper, Decimal(1))
        keys = [person.id for person in people]
        where = place.unit.id, place.address.id, place.organisation.id

    def order_now(number: int) -> None:
        unit, address = db.session.get_one(Unit, where[0]), db.session.get_one(DeliveryAddress, where[1])
        checkout = Checkout(unit=unit, address=address, key=f"k{number}", emergency_reason=WHY)
        submit(db.session.get_one(User, keys[number]), db.session.get_one(Organisation, where[2]), checkout)

    assert at_once(fresh_app, order_now, 16) == Counter({"done": 5, "rule-broken": 11})
    with fresh_app.app_context(), reading():
        ceiling = db.session.get_one(Ceiling, ceiling_id)
        assert (ceiling.reserved, ceiling.ordered) == (0, 500)
        assert sorted(db.session.scalars(select(Order.serial))) == [1, 2, 3, 4, 5]
