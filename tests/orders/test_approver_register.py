"""The register of approvers of a year, and the decisions by delegation of a period."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

from auth.organisation import Unit
from auth.permission import Role
from auth.user import LimitPeriod, User
from core.clock import today
from core.db import commit
from orders.actions.approval import approve
from orders.approval import StepKind
from orders.register import decisions_of, register_of, sums_by_board
from orders.requisition import Requisition
from tests.factories.auth import make_member, make_organisation, make_substitution, make_unit
from tests.factories.orders import Place, make_requisition, make_rule, pending_step

LogIn = Callable[[User], FlaskClient]
DAY = timedelta(days=1)
REGISTER, DECISIONS = "/admin/delegation/register", "/admin/delegation/decisions"


@pytest.fixture
def admin(place: Place) -> User:
    return make_member(Role.ORGANISATION_ADMIN, place.organisation)


def approved(place: Place, by: User | None = None) -> Requisition:
    requisition = make_requisition(place)
    return approve(by or place.approver, pending_step(requisition), None, requisition.content_hash or "")


def decided(user: User, place: Place, first: date, last: date, branch: Unit | None = None) -> list[Any]:
    return decisions_of(user, place.organisation, first, last, branch)


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "years"),
    [
        (date(2024, 12, 31), None, {2024, 2025, 2026}),
        (date(2025, 1, 1), date(2025, 12, 31), {2025}),
        (date(2024, 5, 1), date(2024, 6, 1), {2024}),
    ],
)
def test_a_year_has_those_who_may_on_one_of_its_days(
    place: Place, starts_on: date, ends_on: date | None, years: set[int]
) -> None:
    person = make_member(Role.APPROVER, place.organisation, starts_on=starts_on, ends_on=ends_on)
    found = {
        year
        for year in (2024, 2025, 2026)
        if person in [one.right.user for one in register_of(place.organisation, year)]
    }
    assert found == years


def test_it_tells_place_limits_and_substitutes(place: Place) -> None:
    [right] = place.approver.memberships
    right.amount_limit, right.period_limit, right.limit_period = Decimal(5000), Decimal(20000), LimitPeriod.MONTH
    substitute = make_member(Role.RECEIVER, place.organisation)
    make_substitution(place.organisation, place.approver, substitute, decision="KS 12")
    make_member(Role.ORDERER, place.organisation)
    [one] = register_of(place.organisation, today().year)
    assert one.right.user == place.approver and place.unit.name in one.place
    assert "per månad" in one.period_limit
    assert substitute.name in one.substitutes[0] and "(KS 12)" in one.substitutes[0]


def test_the_register_as_page_and_files(place: Place, admin: User, login_as: LogIn) -> None:
    client, name = login_as(admin), place.approver.name
    assert name in client.get(REGISTER).text
    for form, start in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("pdf", b"%PDF")):
        answer = client.get(f"{REGISTER}/file", query_string={"form": form, "year": today().year})
        assert answer.status_code == 200 and answer.data.startswith(start)
        assert f"attestforteckning-{today().year}.{form}" in answer.headers["Content-Disposition"]
        if form == "pdf":
            assert name in " ".join(PdfReader(BytesIO(answer.data)).pages[0].extract_text().split())
        elif form == "csv":
            assert name in answer.data.decode("utf-8-sig")
    assert client.get(f"{REGISTER}/file?form=exe").status_code == 404
    assert client.get(f"{REGISTER}?year=1").status_code == 200


def test_a_long_register_breaks_across_pages(place: Place, admin: User, login_as: LogIn) -> None:
    for number in range(80):
        make_member(Role.APPROVER, place.organisation, place.unit, name=f"Attestant Nummer {number:03d}")
    pages = PdfReader(BytesIO(login_as(admin).get(f"{REGISTER}/file?form=pdf").data)).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert len(pages) > 1 and all(f"Nummer {number:03d}" in text for number in range(80))


def test_as_many_queries_for_a_long_register(place: Place, admin: User, login_as: LogIn, count_queries: Any) -> None:
    client, counted = login_as(admin), []
    for more in (1, 10):
        for _ in range(more):
            make_member(Role.APPROVER, place.organisation, make_unit(place.organisation))
            approved(place)
        commit()
        with count_queries() as queries:
            client.get(REGISTER)
        with count_queries() as more_queries:
            client.get(DECISIONS)
        counted.append((len(queries), len(more_queries)))
    assert counted[0] == counted[1]


def test_the_last_decision_counts_with_both_names_of_a_substitute(place: Place, admin: User) -> None:
    boss = make_member(Role.APPROVER, place.organisation)
    substitute = make_member(Role.RECEIVER, place.organisation)
    make_substitution(place.organisation, boss, substitute)
    make_rule(place.organisation, StepKind.UNIT_APPROVER, {"kind": StepKind.PERSON, "user": boss}, position=0)
    requisition = make_requisition(place)
    for person in (place.approver, substitute):
        approve(person, pending_step(requisition), None, requisition.content_hash or "")
    [decision] = decided(admin, place, today(), today())
    assert decision.deciders == (f"{substitute.name} för {boss.name}",)


def test_decisions_are_by_day_branch_and_board(place: Place, admin: User) -> None:
    top = make_unit(place.organisation, name="Nämnden")
    place.unit.place_below(top)
    done = approved(place)
    make_requisition(place)  # waits
    assert [one.requisition for one in decided(admin, place, today(), today(), top)] == [done]
    assert decided(admin, place, today() + DAY, today() + DAY) == []
    assert decided(admin, place, today() - DAY, today() - DAY) == []
    assert decided(admin, place, today(), today(), make_unit(place.organisation)) == []
    assert sums_by_board(decided(admin, place, today(), today())) == [("Nämnden", 1, done.net_amount)]


def test_decisions_as_page_and_file_for_those_who_may_see_them(place: Place, admin: User, login_as: LogIn) -> None:
    number = approved(place).number
    client = login_as(admin)
    assert number in client.get(DECISIONS).text
    assert number in client.get(f"{DECISIONS}/file").data.decode("utf-8-sig")
    assert number not in client.get(DECISIONS, query_string={"last": (today() - DAY).isoformat()}).text
    assert number in login_as(make_member(Role.AUDITOR, place.organisation)).get(DECISIONS).text
    technician = make_member(Role.SYSTEM_ADMIN, place.organisation)
    assert number not in login_as(technician).get(DECISIONS).text
    assert number not in login_as(make_member(Role.AUDITOR, make_organisation())).get(DECISIONS).text
