"""Approval rules: what they say, who changes them, and the pages of both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from auth.journal import entries_about
from auth.permission import Role
from auth.user import User
from core.clock import today
from core.db import commit, db
from core.errors import NotAllowed, RuleBroken
from orders.actions.rule import RuleFacts, StepFacts, create_rule, edit_rule, remove_group, save_group
from orders.approval import ApprovalGroup, ApprovalRule, Quorum, StepKind
from orders.rule import condition, who_decides
from orders.rule_queries import rules_of
from tests.factories.auth import make_member, make_office, make_unit
from tests.factories.catalog import make_agreement, make_category
from tests.factories.coding import make_dimension
from tests.factories.orders import Place, make_group, make_place, make_requisition, make_rule, pending_step

LogIn = Callable[[User], FlaskClient]
URL = "/admin/approval-rules"
UNIT = StepFacts(StepKind.UNIT_APPROVER)


@pytest.fixture
def admin(place: Place) -> User:
    return make_member(Role.ORGANISATION_ADMIN, place.organisation)


def facts(**values: Any) -> RuleFacts:
    return RuleFacts(**{"name": "Skolan", "steps": [UNIT], **values})


def names_of(place: Place) -> list[str]:
    db.session.expire_all()
    return [rule.name for rule in rules_of(place.organisation)]


# What a rule says


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0, None, "Beställningar oavsett belopp"),
        (0, 25000, "Beställningar under 25\xa0000\xa0kr"),
        (25000, None, "Beställningar från 25\xa0000\xa0kr"),
        (25000, 100000, "Beställningar från 25\xa0000\xa0kr till under 100\xa0000\xa0kr"),
    ],
)
def test_a_rule_reads_like_a_sentence(low: int, high: int | None, said: str, place: Place) -> None:
    rule = make_rule(place.organisation, amount_from=Decimal(low), amount_below=None if high is None else Decimal(high))
    assert condition(rule) == said


def test_a_rule_names_its_unit_and_category(place: Place) -> None:
    category = make_category(name="IT")
    of_unit = make_rule(place.organisation, unit=place.unit)
    of_category = make_rule(place.organisation, category=category)
    of_both = make_rule(place.organisation, unit=place.unit, category=category)
    assert condition(of_unit) == f"Beställningar oavsett belopp för {place.unit.name}"
    assert condition(of_category) == "Beställningar oavsett belopp i kategorin IT"
    assert condition(of_both) == f"Beställningar oavsett belopp för {place.unit.name}, i kategorin IT"


def test_a_step_says_who_and_how_many(place: Place) -> None:
    group = make_group(place.organisation, place.approver, name="IT-rådet")
    rule = make_rule(
        place.organisation,
        {"kind": StepKind.UNIT_APPROVER},
        {"kind": StepKind.PARENT_APPROVER, "quorum": Quorum.ALL},
        {"kind": StepKind.PERSON, "user": place.approver},
        {"kind": StepKind.GROUP, "group": group},
        {"kind": StepKind.GROUP, "group": group, "quorum": Quorum.ALL},
    )
    assert [who_decides(step) for step in rule.steps] == [
        "en attestant för enheten",
        "alla attestanter för enheten ovanför",
        place.approver.name,
        "någon i IT-rådet",
        "alla i IT-rådet",
    ]


# Changing them


def test_only_the_organisations_administrator_changes_rules(place: Place, admin: User) -> None:
    system = make_member(Role.SYSTEM_ADMIN, make_office())
    elsewhere = make_member(Role.ORGANISATION_ADMIN, make_place().organisation)
    for actor in (system, elsewhere, place.approver, place.orderer):
        with pytest.raises(NotAllowed):
            create_rule(actor, place.organisation, facts())
        with pytest.raises(NotAllowed):
            save_group(actor, place.organisation, None, "Grupp", [place.approver])


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": []},
        {"amount_from": Decimal(100), "amount_below": Decimal(100)},
        {"starts_on": date(2026, 3, 2), "ends_on": date(2026, 3, 1)},
        {"steps": [StepFacts(StepKind.PERSON)]},
        {"steps": [StepFacts(StepKind.GROUP)]},
    ],
    ids=["no step", "empty band", "ends before it starts", "no person", "no group"],
)
def test_a_rule_that_cannot_work_is_refused(wrong: dict[str, Any], place: Place, admin: User) -> None:
    with pytest.raises(RuleBroken):
        create_rule(admin, place.organisation, facts(**wrong))


def test_a_rule_asks_nobody_and_nothing_of_another_organisation(place: Place, admin: User) -> None:
    foreign = make_place()
    group = make_group(foreign.organisation, foreign.approver)
    for wrong in (
        {"unit": foreign.unit},
        {"steps": [StepFacts(StepKind.PERSON, user=foreign.approver)]},
        {"steps": [StepFacts(StepKind.PERSON, user=place.orderer)]},
        {"steps": [StepFacts(StepKind.GROUP, group=group)]},
    ):
        with pytest.raises(RuleBroken):
            create_rule(admin, place.organisation, facts(**wrong))


def test_the_journal_keeps_what_a_rule_said_before_and_after(place: Place, admin: User) -> None:
    rule = create_rule(admin, place.organisation, facts())
    edit_rule(admin, rule, facts(amount_below=Decimal(5000)))
    edit_rule(admin, rule, facts(amount_below=Decimal(5000)))  # says the same: no entry
    commit()
    created, edited = entries_about("approval-rule", rule.id)
    assert (created.act, edited.act) == ("create", "edit")
    assert edited.details["before"]["condition"] == created.details["condition"] == "Beställningar oavsett belopp"
    assert edited.details["condition"] == "Beställningar under 5\xa0000\xa0kr"


def test_a_change_does_not_move_what_is_submitted(place: Place, admin: User) -> None:
    step = pending_step(make_requisition(place))
    [rule] = rules_of(place.organisation)
    boss = make_member(Role.APPROVER, place.organisation)
    edit_rule(admin, rule, facts(steps=[StepFacts(StepKind.PERSON, user=boss)]))
    db.session.refresh(step)
    assert [candidate.user for candidate in step.candidates] == [place.approver]


def test_a_group_that_a_rule_asks_stays(place: Place, admin: User) -> None:
    group = save_group(admin, place.organisation, None, "IT-rådet", [place.approver])
    rule = create_rule(admin, place.organisation, facts(steps=[StepFacts(StepKind.GROUP, group=group)]))
    with pytest.raises(RuleBroken, match="Ändra regeln först"):
        remove_group(admin, group)
    edit_rule(admin, rule, facts())
    remove_group(admin, group)
    commit()
    assert db.session.get(ApprovalGroup, group.id) is None


def test_a_group_has_members_and_a_name_of_its_own(place: Place, admin: User) -> None:
    save_group(admin, place.organisation, None, "IT-rådet", [place.approver])
    with pytest.raises(RuleBroken, match="minst en medlem"):
        save_group(admin, place.organisation, None, "Köksrådet", [])
    with pytest.raises(RuleBroken, match="redan en grupp"):
        save_group(admin, place.organisation, None, "IT-rådet", [place.approver])


def test_a_new_day_of_a_rule_leaves_what_is_submitted_and_is_told_in_its_history(
    place: Place, admin: User, login_as: LogIn
) -> None:
    step = pending_step(make_requisition(place))
    rule = create_rule(admin, place.organisation, facts(name="Vintern", starts_on=today() + timedelta(days=1)))
    edit_rule(admin, rule, facts(name="Vintern", starts_on=today(), ends_on=today()))
    commit()
    assert [candidate.user for candidate in step.candidates] == [place.approver]
    for reader in (admin, make_member(Role.AUDITOR, place.organisation)):
        page = login_as(reader).get(f"{URL}/{rule.id}/history").text
        assert admin.name in page and "Gäller från och med" in page and "Det här sa regeln före" in page
    foreign = make_member(Role.AUDITOR, make_place().organisation)
    assert login_as(foreign).get(f"{URL}/{rule.id}/history").status_code == 404


def test_the_page_says_when_a_rule_holds(place: Place, admin: User, login_as: LogIn) -> None:
    make_rule(place.organisation, starts_on=today() + timedelta(days=1))
    make_rule(place.organisation, ends_on=today() - timedelta(days=1))
    page = login_as(admin).get(URL).text
    assert "gäller inte än" in page and "har slutat gälla" in page


# The pages


def test_the_page_shows_rules_and_groups_of_the_own_organisation(place: Place, admin: User, login_as: LogIn) -> None:
    make_group(place.organisation, place.approver, name="IT-rådet")
    foreign = make_rule(make_place().organisation, name="Främmande regel")
    page = login_as(admin).get(URL).text
    assert names_of(place)[0] in page and "IT-rådet" in page
    assert foreign.name not in page


def test_a_system_administrator_reads_and_changes_nothing(place: Place, login_as: LogIn) -> None:
    browser = login_as(make_member(Role.SYSTEM_ADMIN, place.organisation))
    page = browser.get(URL)
    assert page.status_code == 200 and "Ny regel" not in page.text
    [rule] = rules_of(place.organisation)
    assert browser.post(f"{URL}/{rule.id}/active", data={"is_active": "0"}).status_code == 403
    assert browser.get(f"{URL}/new").status_code == 403


def test_another_organisations_rule_and_group_are_not_found(admin: User, login_as: LogIn) -> None:
    foreign = make_place()
    [rule] = rules_of(foreign.organisation)
    group = make_group(foreign.organisation)
    browser = login_as(admin)
    for path in (f"{rule.id}", f"groups/{group.id}"):
        assert browser.get(f"{URL}/{path}").status_code == 404
    for path in (f"{rule.id}", f"{rule.id}/move", f"{rule.id}/active", f"groups/{group.id}/remove"):
        assert browser.post(f"{URL}/{path}").status_code == 404
    db.session.refresh(rule)
    assert rule.is_active


def test_a_rule_is_written_and_changed_with_the_form(place: Place, admin: User, login_as: LogIn) -> None:
    below, browser = make_unit(parent=place.unit), login_as(admin)
    form = {
        "name": "Skolan",
        "amount_from": "1 000",
        "amount_below": "5 000,50",
        "unit": below.id,
        "category": 0,
        "starts_on": "2026-01-01",
        "ends_on": "2099-12-31",
        **{f"steps-{n}-who": "" for n in range(4)},
        **{f"steps-{n}-quorum": "any" for n in range(4)},
        "steps-0-who": f"person:{place.approver.id}",
        "steps-1-who": "parent-approver",
        "steps-1-quorum": "all",
    }
    assert browser.post(f"{URL}/new", data=form).status_code == 303
    rule = db.session.scalars(select(ApprovalRule).where(ApprovalRule.name == "Skolan")).one()
    assert (rule.amount_from, rule.amount_below, rule.unit) == (Decimal(1000), Decimal("5000.50"), below)
    assert (rule.starts_on, rule.ends_on) == (date(2026, 1, 1), date(2099, 12, 31))
    assert [(step.kind, step.quorum) for step in rule.steps] == [
        (StepKind.PERSON, Quorum.ANY),
        (StepKind.PARENT_APPROVER, Quorum.ALL),
    ]
    page = browser.get(f"{URL}/{rule.id}").text
    assert f'<option selected value="person:{place.approver.id}"' in page and 'value="5\xa0000,5"' in page
    assert browser.post(f"{URL}/{rule.id}", data={**form, "name": "Förskolan"}).status_code == 303
    assert "Förskolan" in names_of(place) and "Skolan" not in names_of(place)


def test_the_form_shows_what_is_wrong_and_saves_nothing(place: Place, admin: User, login_as: LogIn) -> None:
    form = {"name": "Tom", **{f"steps-{n}-who": "" for n in range(4)}, **{f"steps-{n}-quorum": "any" for n in range(4)}}
    refused = login_as(admin).post(f"{URL}/new", data={**form, "unit": 0, "category": 0})
    assert refused.status_code == 422 and "minst ett steg" in refused.text
    assert "Tom" not in names_of(place)


def test_rules_are_moved_and_taken_out_of_use(place: Place, admin: User, login_as: LogIn) -> None:
    first = names_of(place)[0]
    second = make_rule(place.organisation, name="Andra")
    browser = login_as(admin)
    assert browser.post(f"{URL}/{second.id}/move", data={"direction": "up"}).status_code == 303
    assert names_of(place) == ["Andra", first]
    browser.post(f"{URL}/{second.id}/move", data={"direction": "up"})  # is first already
    browser.post(f"{URL}/{second.id}/move", data={"direction": "down"})
    assert names_of(place) == [first, "Andra"]
    browser.post(f"{URL}/{second.id}/active", data={"is_active": "0"})
    db.session.refresh(second)
    assert not second.is_active


def test_a_group_is_written_with_the_form(place: Place, admin: User, login_as: LogIn) -> None:
    browser = login_as(admin)
    form = {"name": "IT-rådet", "members": [place.approver.id]}
    assert browser.post(f"{URL}/groups/new", data=form).status_code == 303
    group = db.session.scalars(select(ApprovalGroup)).one()
    assert group.members == [place.approver]
    outsider = {"name": "IT-rådet", "members": [place.orderer.id]}
    assert browser.post(f"{URL}/groups/{group.id}", data=outsider).status_code == 422
    assert browser.post(f"{URL}/groups/{group.id}/remove").status_code == 303


def test_the_try_says_who_would_approve_or_why_nobody_can(place: Place, admin: User, login_as: LogIn) -> None:
    place.approver.memberships[0].amount_limit = Decimal(1000)
    browser = login_as(admin)
    asked = f"{URL}?orderer={place.orderer.id}&unit={place.unit.id}&category=0&amount="
    page = browser.get(asked + "999,50").text
    assert f"<strong>{place.approver.name}</strong>" in page
    assert "Ingen kan godkänna" in browser.get(asked + "1001").text
    for nonsense in ("many", "", "-1"):
        page = browser.get(asked + nonsense)
        assert page.status_code == 200 and "Ingen kan godkänna" not in page.text and "gäller. I tur" not in page.text
    assert browser.get(f"{URL}?amount=1&orderer=x&unit=x&category=x").status_code == 200


def test_the_try_says_which_rules_did_not_fit_and_who_is_not_asked(place: Place, admin: User, login_as: LogIn) -> None:
    [last] = rules_of(place.organisation)
    last.position = 10**6
    make_rule(place.organisation, name="Dyra inköp", amount_from=Decimal(50000))
    boss = make_member(Role.APPROVER, place.organisation)
    place.approver.memberships[0].amount_limit = Decimal(1000)
    page = login_as(admin).get(f"{URL}?orderer={place.orderer.id}&unit={place.unit.id}&category=0&amount=2000").text
    assert f"<strong>{boss.name}</strong>" in page
    assert f"{place.approver.name}: får godkänna högst 1\xa0000\xa0kr" in page
    assert "Dyra inköp" in page and "Regeln börjar vid 50\xa0000\xa0kr." in page


def test_an_auditor_reads_the_rules_and_tries_them_in_her_own_organisation(place: Place, login_as: LogIn) -> None:
    browser = login_as(make_member(Role.AUDITOR, place.organisation))
    page = browser.get(f"{URL}?orderer={place.orderer.id}&unit={place.unit.id}&category=0&amount=1")
    assert page.status_code == 200 and f"<strong>{place.approver.name}</strong>" in page.text
    assert "Ny regel" not in page.text and browser.get(f"{URL}/new").status_code == 403
    foreign = make_place()
    page = browser.get(f"{URL}?orderer={foreign.orderer.id}&unit={foreign.unit.id}&category=0&amount=1")
    assert foreign.approver.name not in page.text


def test_who_orders_and_approves_does_not_read_the_rules(place: Place, login_as: LogIn) -> None:
    for person in (place.orderer, place.approver):
        assert login_as(person).get(URL).status_code == 403


def test_the_page_asks_as_many_queries_for_twenty_rules_as_for_one(
    place: Place, admin: User, login_as: LogIn, count_queries: Any
) -> None:
    browser = login_as(admin)
    counted = []
    for more in (1, 19):
        for _rule in range(more):
            group = make_group(place.organisation, place.approver)
            make_rule(place.organisation, {"kind": StepKind.GROUP, "group": group}, unit=place.unit)
        commit()
        with count_queries() as queries:
            assert browser.get(URL).status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 10, counted


def test_the_rules_lead_back_to_the_administration(admin: User, login_as: LogIn) -> None:
    browser = login_as(admin)
    for path in ("", "/new", "/groups/new"):
        assert '<li><a href="/admin/">Administration</a></li>' in browser.get(URL + path).text


def test_all_that_the_table_says_of_its_rules_is_read_at_once(place: Place, count_queries: Callable[[], Any]) -> None:
    for name in ("Ansvar", "Konto", "Projekt"):
        coded = {"coding_dimension": make_dimension(place.organisation, name), "coding_code": "1"}
        make_rule(place.organisation, **coded, agreement=make_agreement(), unit=place.unit)
    db.session.flush()
    db.session.expire_all()
    rules = rules_of(place.organisation)
    with count_queries() as queries:
        told = [str(condition(rule)) for rule in rules]
    assert queries == [] and "Projekt" in told[-1]
