"""What a change of the rules would have done to what was sent the last month."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import inspect, select

from auth.permission import Role
from auth.user import User
from core.clock import now, today
from core.db import commit, db
from core.errors import RuleBroken
from orders.actions.rule import RuleFacts, StepFacts, draft_rule, reopened
from orders.approval import ApprovalRule, StepKind
from orders.rule_effect import MOST_SHOWN, effect_of
from orders.rule_queries import rules_of
from tests.factories.auth import make_member, make_unit
from tests.factories.catalog import make_category, make_offer
from tests.factories.orders import Place, make_place, make_requisition, make_rule

LogIn = Callable[[User], FlaskClient]
URL = "/admin/approval-rules"


@pytest.fixture
def boss(place: Place) -> User:
    return make_member(Role.APPROVER, place.organisation, name="Bo Chef")


def asks(person: User, **values: Any) -> RuleFacts:
    """A rule that asks one person."""
    return RuleFacts(**{"name": "Ny", "steps": [StepFacts(StepKind.PERSON, user=person)], **values})


def the_rule(place: Place) -> ApprovalRule:
    [rule] = rules_of(place.organisation)
    return rule


def test_a_changed_rule_tells_what_would_have_gone_another_way(place: Place, boss: User) -> None:
    requisition, rule = make_requisition(place), the_rule(place)
    effect = effect_of(place.organisation, rule, draft_rule(place.organisation, asks(boss), instead_of=rule))
    [moved] = effect.moved
    assert (effect.looked_at, effect.count, moved.requisition) == (1, 1, requisition)
    assert moved.then == [([place.approver.name], "any")] and moved.instead == [([boss.name], "any")]


def test_a_change_of_words_moves_nothing(place: Place) -> None:
    make_requisition(place)
    same = RuleFacts(name="Annat namn", steps=[StepFacts(StepKind.PERSON, user=place.approver)])
    rule = the_rule(place)
    assert effect_of(place.organisation, rule, draft_rule(place.organisation, same, instead_of=rule)).count == 0


def test_a_new_rule_comes_last_and_a_removed_one_leaves_nobody(place: Place, boss: User) -> None:
    make_requisition(place)
    assert effect_of(place.organisation, None, draft_rule(place.organisation, asks(boss))).count == 0
    [moved] = effect_of(place.organisation, the_rule(place), None).moved
    assert moved.traced.stop is not None and moved.instead == []


def test_a_rule_taken_into_use_again_stands_in_its_old_place(place: Place, boss: User) -> None:
    make_requisition(place)
    person = {"kind": StepKind.PERSON, "user": boss}
    first = make_rule(place.organisation, person, position=-1, is_active=False)
    last = make_rule(place.organisation, person, position=10**6, is_active=False)
    assert effect_of(place.organisation, first, reopened(first)).count == 1
    assert effect_of(place.organisation, last, reopened(last)).count == 0
    assert not first.is_active


def test_a_rule_of_tomorrow_is_looked_at_as_of_tomorrow(place: Place, boss: User) -> None:
    make_requisition(place)
    rule, tomorrow = the_rule(place), today() + timedelta(days=1)
    draft = draft_rule(place.organisation, asks(boss, starts_on=tomorrow), instead_of=rule)
    assert effect_of(place.organisation, rule, draft).count == 1
    ended = draft_rule(place.organisation, asks(boss, ends_on=today() - timedelta(days=1)), instead_of=rule)
    assert effect_of(place.organisation, rule, ended).moved[0].traced.stop is not None


def test_categories_and_amounts_of_what_was_sent_count(place: Place, boss: User) -> None:
    article = make_offer(place.organisation)
    make_requisition(place, [(article, Decimal(2))])
    category = make_category()
    other = make_category()
    article.award.lot.category_id = category.id
    rule = the_rule(place)

    def count(**values: Any) -> int:
        new = draft_rule(place.organisation, asks(boss, **values))
        new.position = -1
        return effect_of(place.organisation, None, new).count

    assert (count(category=category), count(category=other)) == (1, 0)
    assert (count(unit=place.unit), count(unit=make_unit(place.organisation))) == (1, 0)
    assert rule.is_active


def test_only_the_last_month_of_the_own_organisation_is_looked_at(place: Place, boss: User) -> None:
    make_requisition(place).submitted_at = now() - timedelta(days=32)
    make_requisition(make_place())
    db.session.flush()
    assert effect_of(place.organisation, the_rule(place), None).looked_at == 0


def test_nothing_is_saved_by_looking(place: Place, boss: User) -> None:
    rule = the_rule(place)
    draft = draft_rule(place.organisation, asks(boss), instead_of=rule)
    effect_of(place.organisation, rule, draft)
    commit()
    assert inspect(draft).transient and rules_of(place.organisation) == [rule]
    with pytest.raises(RuleBroken):
        draft_rule(place.organisation, RuleFacts(name="Tom", steps=[]))


def test_as_many_queries_for_many_requisitions_as_for_one(place: Place, boss: User, count_queries: Any) -> None:
    make_rule(place.organisation, StepKind.PARENT_APPROVER, position=-2, amount_from=Decimal(10**9))
    new = RuleFacts(
        name="Ny", steps=[StepFacts(StepKind.PARENT_APPROVER), StepFacts(StepKind.PERSON, user=place.approver)]
    )
    counted = []
    for more in (1, 4):
        for _ in range(more):
            elsewhere = make_unit(parent=make_unit(place.organisation))
            make_requisition(place).unit_id = elsewhere.id
        commit()
        db.session.expire_all()
        rule, organisation = rules_of(place.organisation)[-1], place.organisation
        with count_queries() as queries:
            effect = effect_of(organisation, rule, draft_rule(organisation, new, instead_of=rule))
        assert effect.count == effect.looked_at <= MOST_SHOWN
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 9, counted


def test_the_form_shows_the_effect_and_saves_nothing(place: Place, boss: User, login_as: LogIn) -> None:
    requisition, rule = make_requisition(place), the_rule(place)
    form = {
        "name": "Chefen",
        "unit": 0,
        "category": 0,
        "look": "1",
        **{f"steps-{n}-who": "" for n in range(4)},
        **{f"steps-{n}-quorum": "any" for n in range(4)},
        "steps-0-who": f"person:{boss.id}",
    }
    browser = login_as(make_member(Role.ORGANISATION_ADMIN, place.organisation))
    page = browser.post(f"{URL}/{rule.id}", data=form)
    assert page.status_code == 200 and requisition.number in page.text
    assert place.approver.name in page.text and "1 av 1 begäranden" in page.text
    assert browser.post(f"{URL}/new", data=form).status_code == 200
    assert not db.session.scalars(select(ApprovalRule).where(ApprovalRule.name == "Chefen")).all()


def test_the_page_before_a_rule_is_taken_out_of_use(place: Place, login_as: LogIn) -> None:
    make_requisition(place)
    browser = login_as(make_member(Role.ORGANISATION_ADMIN, place.organisation))
    page = browser.get(f"{URL}/{the_rule(place).id}/activity").text
    assert "Ingen kan godkänna:" in page and "Sluta använda regeln" in page
    assert browser.get(f"{URL}/{the_rule(make_place()).id}/activity").status_code == 404
    auditor = login_as(make_member(Role.AUDITOR, place.organisation))
    assert auditor.get(f"{URL}/{the_rule(place).id}/activity").status_code == 403
