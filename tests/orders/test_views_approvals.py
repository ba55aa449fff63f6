"""The approval page, from the list and from the link in the mail. Opening a page never decides."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from auth.permission import Role
from auth.user import User
from core.clock import frozen, now, today
from core.db import commit, db
from exchange.outbox import messages_about
from orders.approval import ApprovalState, ApprovalStep, ApprovalToken, Quorum, StepKind
from orders.order import Order
from orders.requisition import Requisition, RequisitionState
from tests.factories.auth import make_member, make_substitution, make_unit, make_user
from tests.factories.catalog import make_ceiling, make_offer
from tests.factories.orders import Place, make_place, make_requisition, make_rule, pending_step

LogIn = Callable[[User], FlaskClient]
WEEK = timedelta(days=7)


def answer_to(step: ApprovalStep, decision: str = "approve", **values: str) -> dict[str, str]:
    """What the buttons of the page send."""
    return {"seen_hash": step.content_hash, "decision": decision, "comment": "", **values}


def link_of(requisition: Requisition) -> str:
    """The path of the link in the newest approval mail."""
    found = re.search(r"/approve/[\w-]+", messages_about(f"requisition:{requisition.id}")[-1].text)
    assert found is not None
    return found.group()


def order_count() -> int:
    return db.session.scalar(select(func.count()).select_from(Order)) or 0


def state_of(requisition: Requisition) -> RequisitionState:
    db.session.expire_all()
    return db.session.get_one(Requisition, requisition.id).state


def let_links_decide(place: Place, up_to: int) -> None:
    place.organisation.link_decides_up_to = Decimal(up_to)
    commit()


# The list


def test_the_list_shows_what_waits(place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(place, message_to_approver="Till vårterminen")
    page = login_as(place.approver).get("/approvals").text
    assert f'href="/approvals/{pending_step(requisition).id}"' in page
    assert "Till vårterminen" in page


def test_an_empty_list_says_so(place: Place, login_as: LogIn) -> None:
    make_requisition(make_place())
    assert "Inget väntar på dig" in login_as(place.approver).get("/approvals").text


def test_the_list_asks_as_many_queries_for_twenty_as_for_one(place: Place, login_as: LogIn, count_queries: Any) -> None:
    browser = login_as(place.approver)
    counted = []
    for more in (1, 19):
        for _requisition in range(more):
            make_requisition(place)
        commit()
        with count_queries() as queries:
            assert browser.get("/approvals").status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 10, counted


# Deciding


def test_the_page_shows_what_an_approver_needs(place: Place, login_as: LogIn) -> None:
    article = make_offer(place.organisation, price=Decimal(100))
    requisition = make_requisition(place, [(article, Decimal(3))], message_to_approver="Pappret är slut.")
    page = login_as(place.approver).get(f"/approvals/{pending_step(requisition).id}").text
    agreement = article.award.lot.agreement
    for told in (
        *(place.orderer.name, place.unit.name, article.name, article.award.supplier.name, agreement.number),
        *("375,00\xa0kr", "300,00\xa0kr", "Avtalet punkt 4.2", "Pappret är slut.", "Ditt ja är det sista."),
        *('value="approve"', 'value="send_back"', 'value="reject"'),
    ):
        assert told in page, told


def test_the_page_tells_what_is_called_off_what_waits_and_what_is_left(place: Place, login_as: LogIn) -> None:
    article = make_offer(place.organisation, price=Decimal(100))
    make_ceiling(article.award.lot.agreement, Decimal(10_000), ordered=Decimal(1000), external=Decimal(500))
    make_requisition(place, [(article, Decimal(2))])
    step = pending_step(make_requisition(place, [(article, Decimal(3))]))
    page = login_as(place.approver).get(f"/approvals/{step.id}").text.replace("\xa0", " ")
    assert "15 % av takvolymen 10 000 kr är avropad (1 500 kr)." in page
    assert "500 kr väntar på attest, den här begäran medräknad. Då är 8 000 kr kvar." in page


def test_approve_places_the_order_and_goes_back_to_the_list(place: Place, login_as: LogIn) -> None:
    step = pending_step(make_requisition(place))
    browser = login_as(place.approver)
    answer = browser.post(f"/approvals/{step.id}", data=answer_to(step))
    assert (answer.status_code, answer.location) == (303, "/approvals")
    assert order_count() == 1
    assert "Du har godkänt" in browser.get("/approvals").text


def test_opening_the_page_decides_nothing(place: Place, login_as: LogIn) -> None:
    step = pending_step(make_requisition(place))
    browser = login_as(place.approver)
    for _time in range(3):
        assert browser.get(f"/approvals/{step.id}?decision=approve").status_code == 200
    assert order_count() == 0


@pytest.mark.parametrize("decision", ["reject", "send_back"])
def test_a_no_needs_a_reason(decision: str, place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(place)
    step = pending_step(requisition)
    browser = login_as(place.approver)
    refused = browser.post(f"/approvals/{step.id}", data=answer_to(step, decision))
    assert refused.status_code == 422 and "Skriv varför" in refused.text
    assert state_of(requisition) is RequisitionState.SUBMITTED
    said = answer_to(step, decision, comment="Ta det billigare.")
    assert browser.post(f"/approvals/{step.id}", data=said).status_code == 303
    assert state_of(requisition).value == {"reject": "rejected", "send_back": "returned"}[decision]


def test_an_unknown_decision_decides_nothing(place: Place, login_as: LogIn) -> None:
    step = pending_step(make_requisition(place))
    browser = login_as(place.approver)
    for decision in ("", "withdraw"):
        assert browser.post(f"/approvals/{step.id}", data=answer_to(step, decision)).status_code == 422
    assert order_count() == 0


def test_what_was_seen_must_be_what_is_approved(place: Place, login_as: LogIn) -> None:
    step = pending_step(make_requisition(place))
    refused = login_as(place.approver).post(f"/approvals/{step.id}", data=answer_to(step, seen_hash="0" * 64))
    assert refused.status_code == 422 and "har ändrats" in refused.text
    assert order_count() == 0


def test_another_ones_step_is_not_found(place: Place, login_as: LogIn) -> None:
    step = pending_step(make_requisition(place))
    for other in (make_place().approver, make_member(Role.APPROVER, place.organisation), place.orderer):
        browser = login_as(other)
        assert browser.get(f"/approvals/{step.id}").status_code == 404
        assert browser.post(f"/approvals/{step.id}", data=answer_to(step)).status_code == 404
    assert order_count() == 0


def test_the_page_tells_who_may_not_decide_why(place: Place, login_as: LogIn) -> None:
    make_member(Role.APPROVER, place.organisation, place.unit, user=place.orderer)
    step = pending_step(make_requisition(place))
    place.approver.superior_id = place.orderer.id
    page = login_as(place.approver).get(f"/approvals/{step.id}").text
    assert "Du kan inte godkänna din chefs inköp." in page and 'value="approve"' not in page


def test_a_decided_step_says_so(place: Place, login_as: LogIn) -> None:
    step = pending_step(make_requisition(place))
    browser = login_as(place.approver)
    browser.post(f"/approvals/{step.id}", data=answer_to(step))
    page = browser.get(f"/approvals/{step.id}").text
    assert "Beslutet är redan taget." in page and 'value="approve"' not in page
    assert browser.post(f"/approvals/{step.id}", data=answer_to(step)).status_code == 409


def test_her_own_decision_is_shown_when_the_page_or_the_link_is_opened_again(place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(place)
    link, step, browser = link_of(requisition), pending_step(requisition), login_as(place.approver)
    browser.post(link, data=answer_to(step, "reject", comment="Vi har redan."))
    said = answer_to(step)
    for answer, code in (
        (browser.get(f"/approvals/{step.id}"), 200),
        (browser.post(f"/approvals/{step.id}", data=said), 409),
        (browser.get(link), 409),
        (browser.post(link, data=said), 409),
    ):
        assert answer.status_code == code
        assert "Du avslog" in answer.text and f'href="/requisitions/{requisition.id}"' in answer.text
    assert state_of(requisition) is RequisitionState.REJECTED


def test_what_is_placed_is_not_counted_twice_when_the_page_is_opened_again(place: Place, login_as: LogIn) -> None:
    article = make_offer(place.organisation, price=Decimal(100))
    make_ceiling(article.award.lot.agreement, Decimal(1000))
    step = pending_step(make_requisition(place, [(article, Decimal(9))]))
    browser = login_as(place.approver)
    browser.post(f"/approvals/{step.id}", data=answer_to(step))
    page = browser.get(f"/approvals/{step.id}").text.replace("\xa0", " ")
    assert "Efter beställningen är 100,00 kr kvar" in page and "hunnit före dig" not in page


def test_a_used_link_tells_nobody_else_what_was_decided(place: Place, login_as: LogIn, client: FlaskClient) -> None:
    requisition = make_requisition(place)
    link, step = link_of(requisition), pending_step(requisition)
    login_as(place.approver).post(link, data=answer_to(step))
    assert login_as(make_place().approver).get(link).status_code == 403
    client.post("/logout")
    answer = client.get(link)
    assert answer.status_code == 303 and answer.location.startswith("/login")


def test_a_second_yes_in_a_step_of_all_shows_the_first(place: Place, login_as: LogIn) -> None:
    other = make_member(Role.APPROVER, place.organisation, place.unit)
    make_rule(place.organisation, {"kind": StepKind.UNIT_APPROVER, "quorum": Quorum.ALL}, position=0)
    step = pending_step(make_requisition(place))
    browser = login_as(place.approver)
    browser.post(f"/approvals/{step.id}", data=answer_to(step))
    again = browser.post(f"/approvals/{step.id}", data=answer_to(step))
    assert again.status_code == 409 and "Du godkände" in again.text and other.name in again.text


def test_a_step_whose_turn_has_not_come_says_so(place: Place, login_as: LogIn) -> None:
    boss = make_member(Role.APPROVER, place.organisation)
    make_rule(place.organisation, StepKind.UNIT_APPROVER, {"kind": StepKind.PERSON, "user_id": boss.id}, position=0)
    requisition = make_requisition(place)
    second = db.session.scalars(
        select(ApprovalStep).where(
            ApprovalStep.requisition_id == requisition.id, ApprovalStep.state == ApprovalState.WAITING
        )
    ).one()
    page = login_as(boss).get(f"/approvals/{second.id}").text
    assert "Det är inte din tur än." in page and 'value="approve"' not in page


def test_a_substitute_without_a_role_decides_in_both_names(place: Place, login_as: LogIn) -> None:
    stands_in = make_member(Role.RECEIVER, place.organisation, place.unit)
    make_substitution(place.organisation, place.approver, stands_in)
    step = pending_step(make_requisition(place))
    browser = login_as(stands_in)
    assert f"ersättare för {place.approver.name}" in browser.get(f"/approvals/{step.id}").text
    assert browser.post(f"/approvals/{step.id}", data=answer_to(step)).status_code == 303
    requisition = db.session.scalars(select(Requisition)).one()
    story = browser.get(f"/requisitions/{requisition.id}").text
    assert f"{stands_in.name} (för {place.approver.name}) godkände" in story


def test_the_page_asks_as_many_queries_for_twenty_lines_as_for_one(
    place: Place, login_as: LogIn, count_queries: Any
) -> None:
    counted = []
    for lines in (1, 20):
        goods = [(make_offer(place.organisation), Decimal(1)) for _line in range(lines)]
        address = f"/approvals/{pending_step(make_requisition(place, goods)).id}"
        browser = login_as(place.approver)
        with count_queries() as queries:
            assert browser.get(address).status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 10, counted


def leave(person: User, place: Place) -> None:
    """Her roles at a place are over since yesterday; she works elsewhere now."""
    for membership in person.memberships:
        membership.starts_on = membership.ends_on = today() - timedelta(days=1)
    make_member(Role.ORDERER, make_place().organisation, user=person)


def test_whoever_has_left_the_organisation_sees_nothing_of_it(place: Place, login_as: LogIn) -> None:
    step = pending_step(make_requisition(place))
    leave(place.approver, place)
    browser = login_as(place.approver)
    assert browser.get(f"/approvals/{step.id}").status_code == 404
    assert browser.post(f"/approvals/{step.id}", data=answer_to(step)).status_code == 404
    assert order_count() == 0


def test_the_page_tells_that_a_role_has_ended(place: Place, login_as: LogIn) -> None:
    step = pending_step(make_requisition(place))
    place.approver.memberships[0].amount_limit = Decimal(1)
    browser = login_as(place.approver)
    page = browser.get(f"/approvals/{step.id}").text
    assert "Din roll som attestant har ändrats" in page and 'value="approve"' not in page
    assert browser.post(f"/approvals/{step.id}", data=answer_to(step)).status_code == 403
    assert order_count() == 0


# The link in the mail


def test_the_link_asks_for_log_in_first(place: Place, client: FlaskClient) -> None:
    link = link_of(make_requisition(place))
    for answer in (client.get(link), client.post(link, data={"decision": "approve"})):
        assert answer.status_code == 303
        assert answer.location.startswith("/login") and "approve" in answer.location
    assert order_count() == 0


def test_the_link_decides_once_she_is_logged_in(place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(place)
    link, browser = link_of(requisition), login_as(place.approver)
    assert place.orderer.name in browser.get(link).text
    answer = browser.post(link, data=answer_to(pending_step(requisition)))
    assert (answer.status_code, answer.location) == (303, "/approvals")
    assert order_count() == 1


def test_opening_the_link_many_times_changes_nothing(place: Place, client: FlaskClient) -> None:
    let_links_decide(place, 1000)
    requisition = make_requisition(place)
    link = link_of(requisition)
    for _scanner in range(5):
        assert client.get(link).status_code == 200
        assert client.head(link).status_code == 200
    assert state_of(requisition) is RequisitionState.SUBMITTED
    assert db.session.scalar(select(ApprovalToken.used_at)) is None


def test_the_link_alone_decides_below_the_organisations_limit_and_once(place: Place, client: FlaskClient) -> None:
    let_links_decide(place, 1000)
    requisition = make_requisition(place)
    link, said = link_of(requisition), answer_to(pending_step(requisition))
    answer = client.post(link, data=said)
    assert answer.status_code == 200 and "Tack, ditt beslut är sparat" in answer.text
    assert order_count() == 1
    for again in (client.get(link), client.post(link, data=said)):
        assert again.status_code == 409 and "redan använd" in again.text
    assert order_count() == 1


def test_the_link_alone_decides_nothing_from_the_limit_on(place: Place, client: FlaskClient) -> None:
    let_links_decide(place, 100)
    requisition = make_requisition(place, [(make_offer(place.organisation, price=Decimal(100)), Decimal(1))])
    answer = client.post(link_of(requisition), data=answer_to(pending_step(requisition)))
    assert answer.status_code == 303 and answer.location.startswith("/login")
    assert order_count() == 0


def test_the_link_is_hers_alone(place: Place, login_as: LogIn) -> None:
    let_links_decide(place, 1000)
    requisition = make_requisition(place)
    link = link_of(requisition)
    for other in (place.orderer, make_place().approver, make_user()):
        browser = login_as(other)
        for answer in (browser.get(link), browser.post(link, data=answer_to(pending_step(requisition)))):
            assert answer.status_code == 403 and "gäller någon annan" in answer.text
    assert state_of(requisition) is RequisitionState.SUBMITTED


def test_an_unknown_link_is_not_found(place: Place, client: FlaskClient) -> None:
    make_requisition(place)
    assert client.get("/approve/no-such-secret").status_code == 404


def test_an_expired_link_says_so(place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(place)
    link, said = link_of(requisition), answer_to(pending_step(requisition))
    with frozen(now() + WEEK):
        browser = login_as(place.approver)
        for answer in (browser.get(link), browser.post(link, data=said)):
            assert answer.status_code == 409 and "har gått ut" in answer.text
    assert order_count() == 0


def test_a_link_to_changed_content_says_so(place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(place)
    link, said = link_of(requisition), answer_to(pending_step(requisition))
    requisition.accounting_cost = "9999"
    requisition.content_hash = requisition.compute_hash()
    browser = login_as(place.approver)
    for answer in (browser.get(link), browser.post(link, data=said)):
        assert answer.status_code == 409 and "har ändrats" in answer.text
    assert order_count() == 0


def test_a_link_to_what_was_withdrawn_says_so(place: Place, login_as: LogIn) -> None:
    requisition = make_requisition(place)
    link = link_of(requisition)
    login_as(place.orderer).post(f"/requisitions/{requisition.id}/withdraw")
    answer = login_as(place.approver).get(link)
    assert answer.status_code == 409 and "tillbakatagen" in answer.text


def test_a_disabled_accounts_link_decides_nothing(place: Place, client: FlaskClient) -> None:
    let_links_decide(place, 1000)
    requisition = make_requisition(place)
    place.approver.is_active = False
    answer = client.post(link_of(requisition), data=answer_to(pending_step(requisition)))
    assert answer.status_code == 409 and "avstängt" in answer.text
    assert order_count() == 0


def test_the_link_of_somebody_who_has_left_shows_and_decides_nothing(place: Place, client: FlaskClient) -> None:
    let_links_decide(place, 1000)
    requisition = make_requisition(place)
    link, said = link_of(requisition), answer_to(pending_step(requisition))
    leave(place.approver, place)
    for answer in (client.get(link), client.post(link, data=said)):
        assert answer.status_code == 409 and place.orderer.name not in answer.text
    assert order_count() == 0


def test_the_link_of_an_approver_whose_role_has_ended_decides_nothing(place: Place, client: FlaskClient) -> None:
    let_links_decide(place, 1000)
    requisition = make_requisition(place)
    make_member(Role.RECEIVER, place.organisation, user=place.approver)
    place.approver.memberships[0].ends_on = place.approver.memberships[0].starts_on = today() - timedelta(days=1)
    answer = client.post(link_of(requisition), data=answer_to(pending_step(requisition)))
    assert answer.status_code == 403 and order_count() == 0


def test_a_substitute_sees_what_she_stands_in_for_in_that_organisation_alone(place: Place, login_as: LogIn) -> None:
    elsewhere = make_place()
    make_member(Role.APPROVER, elsewhere.organisation, elsewhere.unit, user=place.approver)
    asked = make_requisition(elsewhere)
    stands_in = make_member(Role.RECEIVER, place.organisation, place.unit)
    other_unit = make_unit(elsewhere.organisation)
    make_member(Role.RECEIVER, elsewhere.organisation, other_unit, user=stands_in)
    make_substitution(place.organisation, place.approver, stands_in)
    commit()
    browser = login_as(stands_in)
    browser.post("/switch-organisation", data={"organisation_id": elsewhere.organisation.id})
    assert browser.get(f"/requisitions/{asked.id}").status_code == 404
