"""Rules by agreement, method and ground; steps at the same time, and for a category's lines alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from auth.permission import Role
from auth.user import User
from catalog.agreement import CallOffMethod
from catalog.category import Category
from catalog.price_list import Article
from core.clock import today
from core.db import db
from core.errors import RuleBroken
from orders.actions.approval import approve
from orders.actions.rule import RuleFacts, StepFacts, create_rule, draft_rule
from orders.approval import ApprovalState, Quorum, StepKind, Turn
from orders.approval_queries import steps_of
from orders.condition import Need, Unmet, unmet
from orders.directory import directory_of
from orders.requisition import Requisition, RequisitionState
from orders.route import NobodyCanApprove, RouteStep, find_route
from orders.rule import condition, who_decides
from orders.rule_effect import effect_of
from orders.rule_queries import rules_of
from tests.factories.auth import make_member, make_unit
from tests.factories.catalog import make_agreement, make_award, make_category, make_lot, make_price_list
from tests.factories.orders import Place, make_requisition, make_rule


@pytest.fixture
def it() -> Category:
    return make_category(name="IT")


def person(place: Place, **values: Any) -> User:
    return make_member(Role.APPROVER, place.organisation, **values)


def asks(user: User, turn: Turn = Turn.AFTER, **values: Any) -> dict[str, Any]:
    return {"kind": StepKind.PERSON, "user": user, "turn": turn, **values}


def need_at(place: Place, amount: int = 100, **values: Any) -> Need:
    return Need(place.unit, Decimal(amount), values.pop("categories", ()), place.orderer, frozenset(), **values)


def steps_for(place: Place, need: Need) -> list[RouteStep]:
    everything = find_route(need, directory_of(place.organisation, today()))
    assert find_route(need, directory_of(place.organisation, today(), need)) == everything
    return everything


def sold_in(place: Place, category: Category | None, price: int, method: CallOffMethod = CallOffMethod.SINGLE) -> Any:
    """An article of a category."""
    lot = make_lot(make_agreement(place.organisation), category=category, method=method)
    price_list = make_price_list(make_award(lot), [{"price": Decimal(price)}])
    return db.session.scalars(select(Article).where(Article.price_list_id == price_list.id)).one()


def say_yes(user: User, requisition: Requisition) -> Requisition:
    waiting = [step for step in steps_of(requisition) if step.state is ApprovalState.PENDING]
    step = next(step for step in waiting if user.id in {seat.user_id for seat in step.candidates})
    return approve(user, step, None, requisition.content_hash or "")


# Conditions


def test_an_agreement_a_method_and_a_ground_are_conditions(place: Place) -> None:
    agreement = make_agreement(place.organisation)
    boss = person(place)
    last = {"position": 0}
    make_rule(place.organisation, asks(boss), agreement=agreement, **last)
    make_rule(place.organisation, asks(boss), method=CallOffMethod.CHOICE, **last)
    make_rule(place.organisation, asks(boss), is_justified=True, **last)
    for need in (
        need_at(place, agreements=frozenset({agreement.id})),
        need_at(place, methods=frozenset({CallOffMethod.CHOICE})),
        need_at(place, is_justified=True),
    ):
        assert [step.people for step in steps_for(place, need)] == [(boss,)]
    other = need_at(place, agreements=frozenset({agreement.id + 1}), methods=frozenset({CallOffMethod.SINGLE}))
    assert [step.people for step in steps_for(place, other)] == [(place.approver,)]


def test_each_condition_that_fails_is_told(place: Place) -> None:
    rule = make_rule(
        place.organisation,
        agreement=make_agreement(place.organisation, number="A-1", title="Papper"),
        method=CallOffMethod.CHOICE,
        is_justified=True,
    )
    assert list(unmet(rule, need_at(place), today())) == [Unmet.AGREEMENT, Unmet.METHOD, Unmet.NOT_JUSTIFIED]
    said = str(condition(rule))
    assert "på avtalet A-1 Papper" in said and "val på angivna grunder" in said and "motiverat" in said


def test_what_is_bought_reaches_the_rules(place: Place) -> None:
    boss = person(place)
    article = sold_in(place, None, 10)
    make_rule(place.organisation, asks(boss), agreement=article.award.lot.agreement, position=0)
    assert [seat.user for seat in steps_of(make_requisition(place, [(article, Decimal(1))]))[0].candidates] == [boss]


def test_the_effect_of_a_change_knows_the_agreement(place: Place) -> None:
    article = sold_in(place, None, 10)
    bought = make_requisition(place, [(article, Decimal(1))])
    make_requisition(place)
    facts = RuleFacts("Ny", [StepFacts(StepKind.PERSON, user=person(place))], agreement=article.award.lot.agreement)
    [old] = rules_of(place.organisation)
    old.position = 2
    new = draft_rule(place.organisation, facts)
    new.position = 1
    effect = effect_of(place.organisation, None, new)
    assert [moved.requisition for moved in effect.moved] == [bought]


# Steps at the same time


def test_steps_side_by_side_are_asked_at_once_and_all_needed(place: Place) -> None:
    one, two, last = person(place), person(place), person(place)
    make_rule(place.organisation, asks(one), asks(two, Turn.BESIDE), asks(last), position=0)
    requisition = make_requisition(place)
    states = [step.state for step in steps_of(requisition)]
    assert states == [ApprovalState.PENDING, ApprovalState.PENDING, ApprovalState.WAITING]
    say_yes(two, requisition)
    assert steps_of(requisition)[2].state is ApprovalState.WAITING
    say_yes(one, requisition)
    assert say_yes(last, requisition).state is RequisitionState.APPROVED


def test_of_either_one_is_enough_and_the_other_is_not_asked_any_more(place: Place) -> None:
    one, two, last = person(place), person(place), person(place)
    make_rule(place.organisation, asks(one), asks(two, Turn.EITHER), asks(last), position=0)
    requisition = make_requisition(place)
    say_yes(two, requisition)
    states = [step.state for step in steps_of(requisition)]
    assert states == [ApprovalState.SKIPPED, ApprovalState.APPROVED, ApprovalState.PENDING]
    assert say_yes(last, requisition).state is RequisitionState.APPROVED


def test_of_either_one_that_nobody_can_take_is_left_out(place: Place) -> None:
    one = person(place)
    make_rule(place.organisation, asks(place.orderer), asks(one, Turn.EITHER), position=0)
    assert [step.people for step in steps_for(place, need_at(place))] == [(one,)]
    make_rule(place.organisation, asks(place.orderer), asks(one, Turn.BESIDE), position=-1)
    with pytest.raises(NobodyCanApprove):
        steps_for(place, need_at(place))


def test_two_side_by_side_last_are_two_in_union(place: Place) -> None:
    place.organisation.union_from = Decimal(1)
    one, two = person(place), person(place)
    make_rule(place.organisation, asks(one), asks(two, Turn.BESIDE), position=0)
    assert [step.yes_needed for step in steps_for(place, need_at(place))] == [1, 1]
    make_rule(place.organisation, asks(one), asks(two, Turn.EITHER), position=-1)
    with pytest.raises(NobodyCanApprove, match="två i förening"):
        steps_for(place, need_at(place))


def test_a_stage_is_either_all_or_any_and_the_first_waits_for_none(place: Place) -> None:
    admin = make_member(Role.ORGANISATION_ADMIN, place.organisation)

    def rule_of(*turns: Turn) -> RuleFacts:
        return RuleFacts("R", [StepFacts(StepKind.UNIT_APPROVER, turn=turn) for turn in turns])

    with pytest.raises(RuleBroken, match="första steget"):
        create_rule(admin, place.organisation, rule_of(Turn.BESIDE))
    with pytest.raises(RuleBroken, match="antingen alla"):
        create_rule(admin, place.organisation, rule_of(Turn.AFTER, Turn.BESIDE, Turn.EITHER))
    made = create_rule(admin, place.organisation, rule_of(Turn.AFTER, Turn.BESIDE, Turn.AFTER, Turn.EITHER))
    assert str(who_decides(made.steps[1])).startswith("samtidigt:")
    assert str(who_decides(made.steps[3])).startswith("eller samtidigt:")


# Steps for a category's lines alone


def lines_to(expert: User, category: Category, turn: Turn = Turn.AFTER) -> dict[str, Any]:
    return asks(expert, turn, category=category)


def test_it_lines_go_to_it_and_only_where_there_are_some(place: Place, it: Category) -> None:
    expert = person(place, amount_limit=Decimal(500))
    unit = {"kind": StepKind.UNIT_APPROVER}
    make_rule(place.organisation, unit, lines_to(expert, it), position=0)
    paper = sold_in(place, make_category(), 1000)
    screen = sold_in(place, make_category(parent=it), 400)
    both = make_requisition(place, [(paper, Decimal(1)), (screen, Decimal(1))])
    first, second = steps_of(both)
    assert (first.category_id, first.amount, second.category_id, second.amount) == (None, None, it.id, Decimal(400))
    assert [seat.user for seat in second.candidates] == [expert]  # her limit need hold these lines only
    say_yes(place.approver, both)
    assert say_yes(expert, both).state is RequisitionState.APPROVED
    assert len(steps_of(make_requisition(place, [(paper, Decimal(1))]))) == 1


def test_where_all_is_it_its_step_is_about_the_charges_too(place: Place, it: Category) -> None:
    need = need_at(place, 110, categories=(it,), parts=((it, Decimal(100)),))
    assert need.amount_in(it) == Decimal(110)
    mixed = need_at(place, 160, categories=(it,), parts=((it, Decimal(100)), (None, Decimal(50))))
    assert mixed.amount_in(it) == Decimal(100)


@pytest.mark.parametrize("turn", [Turn.AFTER, Turn.EITHER])
def test_lines_that_nobody_surely_decides_are_a_stop(place: Place, it: Category, turn: Turn) -> None:
    paper, expert = make_category(), person(place)
    steps = [lines_to(expert, it)] if turn is Turn.AFTER else [asks(person(place)), lines_to(expert, it, turn)]
    make_rule(place.organisation, *steps, position=0)
    assert steps_for(place, need_at(place, categories=(it,)))
    mixed = need_at(place, 150, categories=(it, paper), parts=((it, Decimal(100)), (paper, Decimal(50))))
    with pytest.raises(NobodyCanApprove, match=paper.name):
        steps_for(place, mixed)


def test_the_union_is_about_the_whole(place: Place, it: Category) -> None:
    place.organisation.union_from = Decimal(1)
    person(place, name="Högre upp")
    expert = make_member(Role.APPROVER, place.organisation, make_unit(place.organisation))
    make_rule(place.organisation, StepKind.UNIT_APPROVER, lines_to(expert, it), position=0)
    steps = steps_for(place, need_at(place, categories=(it,)))
    assert [step.yes_needed for step in steps] == [2, 1]


def test_a_limit_for_a_period_counts_the_lines_that_were_hers(place: Place, it: Category) -> None:
    expert = person(place)
    [right] = expert.memberships
    right.period_limit, right.limit_period = Decimal(1000), "month"  # type: ignore[assignment]
    make_rule(place.organisation, StepKind.UNIT_APPROVER, lines_to(expert, it), position=0)
    goods = [(sold_in(place, make_category(), 5000), Decimal(1)), (sold_in(place, it, 400), Decimal(1))]
    requisition = make_requisition(place, goods)
    say_yes(place.approver, requisition)
    say_yes(expert, requisition)
    assert directory_of(place.organisation, today()).used == {right.id: Decimal(400)}


def test_the_form_keeps_all_of_it(place: Place, it: Category, login_as: Any) -> None:
    agreement = make_agreement(place.organisation)
    browser = login_as(make_member(Role.ORGANISATION_ADMIN, place.organisation))
    form = {
        "name": "Allt",
        "unit": 0,
        "category": 0,
        "agreement": agreement.number,
        "method": "choice",
        "is_justified": "y",
        "steps-0-who": "unit-approver",
        "steps-0-quorum": "any",
        "steps-1-who": f"person:{place.approver.id}",
        "steps-1-quorum": "any",
        "steps-1-turn": "either",
        "steps-1-lines": it.id,
    }
    assert browser.post("/admin/approval-rules/new", data=form).status_code == 303
    db.session.expire_all()
    rule = rules_of(place.organisation)[-1]
    assert (rule.agreement, rule.method, rule.is_justified) == (agreement, CallOffMethod.CHOICE, True)
    assert [(step.turn, step.category) for step in rule.steps] == [(Turn.AFTER, None), (Turn.EITHER, it)]
    page = browser.get(f"/admin/approval-rules/{rule.id}").text
    assert agreement.number in page and '<option selected value="either">' in page
    assert "eller samtidigt" in browser.get("/admin/approval-rules").text
    assert browser.post("/admin/approval-rules/new", data=form | {"agreement": "FINNS-EJ"}).status_code == 422
    asked = {"orderer": place.orderer.id, "unit": place.unit.id, "amount": 5, "agreement": agreement.number}
    tried = browser.get("/admin/approval-rules", query_string={**asked, "method": "choice", "is_justified": "y"}).text
    assert Quorum.ANY and "Regeln är för" not in tried
