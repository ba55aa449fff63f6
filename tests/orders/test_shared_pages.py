"""Pages of what several people keep: nobody overwrites what she has not seen, and nothing that she wrote is lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import html

from auth.permission import Role
from auth.session import begin_session
from core.db import TransactionalFlask, db, hold, reading, unit_of_work
from orders.approval import ApprovalRule
from orders.coding_rule import Effect
from tests.concurrency import wait_for_a_waiting_one
from tests.factories.auth import make_member
from tests.factories.coding import make_combination, make_dimension
from tests.factories.orders import Place, make_group, make_place, make_rule

LogIn = Callable[..., FlaskClient]
Sent = dict[str, Any]


def sent_by(page: str) -> Sent:
    """What the browser would send of the page's form as it stands."""
    [form] = [form for form in html.fromstring(page).forms if "seen" in form.fields]
    values: Sent = {}
    for name, value in form.form_values():
        values.setdefault(name, []).append(value)
    return values


def pages_of(place: Place) -> dict[str, tuple[str, Sent, Sent]]:
    """Each page: its address, what one of them changes and what the other one writes."""
    rule = make_rule(place.organisation)
    group = make_group(place.organisation, place.approver)
    other = make_member(Role.APPROVER, place.organisation)
    dimension = make_dimension(place.organisation, "Ansvar")
    combination = make_combination(dimension, Effect.REQUIRED, make_dimension(place.organisation, "Konto"))
    unit, address = place.unit.id, place.address.id
    named = {"name": "Annat namn"}
    return {
        "rule": (f"/admin/approval-rules/{rule.id}", {"amount_from": "500"}, named),
        "group": (f"/admin/approval-rules/groups/{group.id}", {"name": "Rådet"}, {"members": other.id}),
        "terms": ("/admin/approval-rules/settings", {"union_from": "900"}, {"remind_after_days": "3"}),
        "dimension": (f"/admin/coding/{dimension.id}", {"code_length": "5"}, named),
        "combination": (f"/admin/coding/combinations/{combination.id}", {"codes": "410"}, named),
        "organisation": (f"/admin/organisations/{place.organisation.id}/edit", {"city": "Åre"}, {"street": "Ny 1"}),
        "unit": (f"/admin/units/{unit}/edit", {"code": "X77"}, named),
        "address": (f"/admin/addresses/{address}/edit", {"goods_marking": "KÖK"}, named),
        "person": (f"/admin/users/{place.approver.id}/edit", {"phone": "063-1"}, named),
        "role": (
            f"/admin/memberships/{place.approver.memberships[0].id}/edit",
            {"amount_limit": "400"},
            {"period_limit": "900"},
        ),
    }


PAGES = ("rule", "group", "terms", "dimension", "combination", "organisation", "unit", "address", "person", "role")


@pytest.mark.parametrize("name", PAGES)
def test_who_comes_second_is_told_what_the_first_one_changed(name: str, place: Place, login_as: LogIn) -> None:
    url, first, second = pages_of(place)[name]
    browser = login_as(make_member(Role.ORGANISATION_ADMIN, place.organisation))
    seen = sent_by(browser.get(url).text)
    assert browser.post(url, data=seen | first).status_code == 303
    refused = browser.post(url, data=seen | second)
    assert refused.status_code == 409 and "Någon annan har ändrat uppgifterna" in refused.text
    there = sent_by(refused.text)
    for field, value in (first | second).items():  # what the other one saved, and what she wrote
        assert there[field] == [str(value)]
    assert browser.post(url, data=there).status_code == 303
    assert browser.post(url, data=seen).status_code == 409  # she who looked first of all
    standing = sent_by(browser.get(url).text)
    assert all(standing[field] == there[field] for field in (*first, *second))


def test_the_message_names_the_field_and_what_it_says_now(place: Place, login_as: LogIn) -> None:
    rule = make_rule(place.organisation, amount_from=Decimal(100))
    browser = login_as(make_member(Role.ORGANISATION_ADMIN, place.organisation))
    url = f"/admin/approval-rules/{rule.id}"
    seen = sent_by(browser.get(url).text)
    changed = {"amount_from": "5000", "is_free_text": "y", "unit": place.unit.id, "steps-0-who": "parent-approver"}
    assert browser.post(url, data=seen | changed).status_code == 303
    refused = html.fromstring(browser.post(url, data=seen | {"amount_from": "7000"}).text)
    told = [" ".join(item.text_content().split()) for item in refused.xpath("//*[@class='error-summary']//li")]
    assert told == [
        "Från och med (kr utan moms) är nu: 5 000",
        f"Enhet är nu: {place.unit.code} {place.unit.name}",
        "Bara när någon rad är fritext är nu: ja",
        "Steg 1, Vem ska godkänna? är nu: Attestant för enheten ovanför",
    ]
    [form] = [form for form in refused.forms if "seen" in form.fields]
    assert form.fields["amount_from"] == "7000"  # hers
    assert form.fields["steps-0-who"] == "parent-approver"  # theirs


@pytest.mark.parametrize("seen", ["", "x", "[1]", "[" * 100_000, '{"amount_from": {"a": []}, "z": 1}'])
def test_what_no_page_of_ours_was_filled_in_with_is_no_fault(seen: str, place: Place, login_as: LogIn) -> None:
    url = f"/admin/approval-rules/{make_rule(place.organisation).id}"
    browser = login_as(make_member(Role.ORGANISATION_ADMIN, place.organisation))
    sent = sent_by(browser.get(url).text) | {"seen": seen}
    assert browser.post(url, data=sent).status_code == (409 if "amount_from" in seen else 303)


def test_of_two_who_save_in_the_same_instant_the_second_one_is_told(fresh_app: TransactionalFlask) -> None:
    """Both were let in with the same page: the second waits for the first, and then reads what stands."""
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        admin = make_member(Role.ORGANISATION_ADMIN, place.organisation)
        rule_id, token = make_rule(place.organisation, name="Skolan").id, begin_session(admin, "test")
    browser = fresh_app.test_client()
    with browser.session_transaction() as cookie:
        cookie["_user_id"] = token
    url = f"/admin/approval-rules/{rule_id}"
    seen = sent_by(browser.get(url).text)
    with fresh_app.app_context(), ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            rule = db.session.get_one(ApprovalRule, rule_id)
            hold(rule.organisation)
            rule.name = "Förskolan"
            db.session.flush()
            second = pool.submit(browser.post, url, data=seen | {"amount_from": "10"})
            wait_for_a_waiting_one()
        answer = second.result()
        assert answer.status_code == 409 and "Förskolan" in answer.text
    with fresh_app.app_context(), reading():
        assert db.session.get_one(ApprovalRule, rule_id).amount_from == 0
