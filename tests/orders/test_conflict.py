"""Who has an interest in a supplier is never asked about it, and decides nothing from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from auth.journal import entries_about
from auth.permission import Role
from auth.user import User
from core.clock import today
from core.db import commit, db
from core.errors import NotAllowed, RuleBroken, WrongState
from orders.actions.approval import approve
from orders.actions.conflict import declare, withdraw
from orders.approval import Quorum, StepKind
from orders.condition import Need
from orders.conflict import Conflict
from orders.directory import directory_of
from orders.requisition import Requisition, RequisitionState
from orders.route import Bar, NobodyCanApprove, trace
from orders.substitutes import people_asked
from tests.factories.auth import make_member, make_organisation, make_substitution
from tests.factories.catalog import make_offer
from tests.factories.orders import Place, make_place, make_requisition, make_rule, pending_step

LogIn = Callable[[User], FlaskClient]


def from_supplier(place: Place) -> tuple[Any, Any]:
    """An article, and who sells it."""
    article = make_offer(place.organisation)
    return article, article.award.supplier


def say_yes(person: User, requisition: Requisition) -> Requisition:
    return approve(person, pending_step(requisition), None, requisition.content_hash or "")


def test_who_has_declared_is_not_asked_and_the_next_above_is(place: Place) -> None:
    above = make_member(Role.APPROVER, place.organisation)
    article, supplier = from_supplier(place)
    declare(place.approver, place.organisation, place.approver, supplier)
    requisition = make_requisition(place, [(article, Decimal(1))])
    assert [seat.user for seat in pending_step(requisition).candidates] == [above]
    other = make_requisition(place)  # from somebody else
    assert [seat.user for seat in pending_step(other).candidates] == [place.approver]


def test_the_route_tells_who_is_left_out_for_it(place: Place) -> None:
    _article, supplier = from_supplier(place)
    declare(place.approver, place.organisation, place.approver, supplier)
    need = Need(place.unit, Decimal(1), (), place.orderer, frozenset(), suppliers=frozenset({supplier.id}))
    for directory in (directory_of(place.organisation, today()), directory_of(place.organisation, today(), need)):
        found = trace(need, directory)
        assert isinstance(found.stop, NobodyCanApprove)
        assert [(out.person, out.bar) for out in found.steps[0].left_out] == [(place.approver, Bar.CONFLICT)]


def test_what_waits_already_is_not_hers_to_decide_either(place: Place) -> None:
    article, supplier = from_supplier(place)
    requisition = make_requisition(place, [(article, Decimal(1))])
    declare(place.approver, place.organisation, place.approver, supplier)
    with pytest.raises(NotAllowed, match="jäv"):
        say_yes(place.approver, requisition)


@pytest.mark.parametrize("whose", ["substitute", "absent"])
def test_substitution_is_no_way_round_it(place: Place, whose: str) -> None:
    substitute = make_member(Role.RECEIVER, place.organisation)
    make_substitution(place.organisation, place.approver, substitute)
    article, supplier = from_supplier(place)
    requisition = make_requisition(place, [(article, Decimal(1))])
    person = substitute if whose == "substitute" else place.approver
    declare(person, place.organisation, person, supplier)
    if whose == "substitute":
        assert [asked for asked, _ in people_asked(pending_step(requisition))] == [place.approver]
    with pytest.raises(NotAllowed):
        say_yes(substitute, requisition)


def test_a_subordinate_of_the_orderer_is_not_asked_as_a_substitute(place: Place) -> None:
    substitute = make_member(Role.RECEIVER, place.organisation, superior_id=place.orderer.id)
    make_substitution(place.organisation, place.approver, substitute)
    assert [asked for asked, _ in people_asked(pending_step(make_requisition(place)))] == [place.approver]


def test_where_all_must_say_yes_nobody_waits_for_her(place: Place) -> None:
    first, second = (make_member(Role.APPROVER, place.organisation) for _ in range(2))
    place = make_place()
    first, second = (make_member(Role.APPROVER, place.organisation, place.unit) for _ in range(2))
    place.approver.is_active = False
    make_rule(place.organisation, {"kind": StepKind.UNIT_APPROVER, "quorum": Quorum.ALL}, position=0)
    article, supplier = from_supplier(place)
    requisition = make_requisition(place, [(article, Decimal(1))])
    declare(second, place.organisation, second, supplier)
    assert say_yes(first, requisition).state is RequisitionState.APPROVED


@pytest.mark.parametrize(("first", "last", "holds"), [(-2, -1, False), (1, 2, False), (0, 0, True), (-1, None, True)])
def test_it_holds_on_its_days(place: Place, first: int, last: int | None, holds: bool) -> None:
    article, supplier = from_supplier(place)
    days = [None if days is None else today() + timedelta(days=days) for days in (first, last)]
    declare(place.approver, place.organisation, place.approver, supplier, *days)
    if holds:
        with pytest.raises(NobodyCanApprove):
            make_requisition(place, [(article, Decimal(1))])
    else:
        assert make_requisition(place, [(article, Decimal(1))])


def test_a_withdrawal_is_a_new_entry_and_the_old_one_stays(place: Place) -> None:
    article, supplier = from_supplier(place)
    made = declare(place.approver, place.organisation, place.approver, supplier, reason="Min bror äger det")
    taken_back = withdraw(place.approver, made)
    assert taken_back.withdraws is made and made.reason == "Min bror äger det"
    assert make_requisition(place, [(article, Decimal(1))])
    with pytest.raises(WrongState):
        withdraw(place.approver, made)
    declare(place.approver, place.organisation, place.approver, supplier)  # and it may come back
    commit()
    assert [entry.act for entry in entries_about("conflict", made.id)] == ["declare", "withdraw"]


def test_nobody_declares_twice_for_the_same_days(place: Place) -> None:
    _article, supplier = from_supplier(place)
    declare(place.approver, place.organisation, place.approver, supplier)
    with pytest.raises(RuleBroken, match="redan"):
        declare(place.approver, place.organisation, place.approver, supplier)
    with pytest.raises(RuleBroken, match="Sista dagen"):
        declare(place.approver, place.organisation, place.approver, supplier, today(), today() - timedelta(days=1))


def test_the_administrator_declares_for_others_and_they_do_not_withdraw_it(place: Place) -> None:
    _article, supplier = from_supplier(place)
    admin = make_member(Role.ORGANISATION_ADMIN, place.organisation)
    made = declare(admin, place.organisation, place.approver, supplier)
    with pytest.raises(NotAllowed):
        withdraw(place.approver, made)
    withdraw(admin, made)


def test_nobody_declares_for_others_or_elsewhere(place: Place) -> None:
    _article, supplier = from_supplier(place)
    with pytest.raises(NotAllowed):
        declare(place.orderer, place.organisation, place.approver, supplier)
    stranger = make_member(Role.ORGANISATION_ADMIN, make_organisation())
    with pytest.raises(NotAllowed):
        declare(stranger, place.organisation, place.approver, supplier)


def test_the_interest_follows_her_to_another_organisation(place: Place) -> None:
    there = make_place()
    make_member(Role.APPROVER, there.organisation, there.unit, user=place.approver)
    there.approver.is_active = False
    article, supplier = from_supplier(there)
    declare(place.approver, place.organisation, place.approver, supplier)
    with pytest.raises(NobodyCanApprove):
        make_requisition(there, [(article, Decimal(1))])


def test_she_declares_on_her_page_and_takes_it_back(place: Place, login_as: LogIn) -> None:
    _article, supplier = from_supplier(place)
    client = login_as(place.approver)
    sent = {"supplier": supplier.id, "starts_on": today().isoformat(), "reason": "Äger aktier"}
    assert client.post("/conflicts", data=sent).status_code == 303
    page = client.get("/conflicts").text
    assert supplier.name in page and "Äger aktier" in page
    assert client.post("/conflicts", data={**sent, "supplier": 0}).status_code == 422
    made = db.session.query(Conflict).one()
    assert client.post(f"/conflicts/{made.id}/withdraw").status_code == 303
    assert "tillbakataget" in client.get("/conflicts").text


def test_the_administrator_sees_her_peoples_and_declares_there(place: Place, login_as: LogIn) -> None:
    _article, supplier = from_supplier(place)
    admin = make_member(Role.ORGANISATION_ADMIN, place.organisation)
    sent = {"person": place.approver.id, "supplier": supplier.id, "starts_on": today().isoformat()}
    client = login_as(admin)
    assert client.post("/admin/conflicts", data=sent).status_code == 303
    page = client.get("/admin/conflicts").text
    assert place.approver.name in page and supplier.name in page
    assert client.post("/admin/conflicts", data={**sent, "person": 0}).status_code == 422
    auditor = make_member(Role.AUDITOR, place.organisation)
    assert supplier.name in login_as(auditor).get("/admin/conflicts").text
    elsewhere = make_member(Role.ORGANISATION_ADMIN, make_organisation())
    assert supplier.name not in login_as(elsewhere).get("/admin/conflicts").text.split("<form")[0]


def test_as_many_queries_for_many_declarations(place: Place, login_as: LogIn, count_queries: Any) -> None:
    client, counted = login_as(make_member(Role.ORGANISATION_ADMIN, place.organisation)), []
    for more in (1, 6):
        for _ in range(more):
            declare(place.approver, place.organisation, place.approver, from_supplier(place)[1])
        commit()
        with count_queries() as queries:
            client.get("/admin/conflicts")
        counted.append(len(queries))
    assert counted[0] == counted[1]


@pytest.mark.parametrize(
    "statement", ["UPDATE conflict_declaration SET ends_on = NULL", "DELETE FROM conflict_declaration"]
)
def test_the_database_refuses_to_change_a_declaration(place: Place, statement: str) -> None:
    _article, supplier = from_supplier(place)
    declare(place.approver, place.organisation, place.approver, supplier)
    with pytest.raises(DatabaseError, match="never changed"):
        db.session.execute(text(statement))
