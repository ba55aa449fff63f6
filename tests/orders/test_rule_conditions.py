"""Conditions of approval rules that look at what the lines are: free text, and codes of the coding."""

from __future__ import annotations

from decimal import Decimal

import pytest

from auth.permission import Role
from core.clock import today
from core.db import db
from core.errors import RuleBroken
from orders.actions.rule import RuleFacts, StepFacts, create_rule, draft_rule
from orders.approval import ApprovalRule, StepKind
from orders.coded import Coded, CodedPart
from orders.coding import Dimension
from orders.condition import Need, Unmet, fits, unmet
from orders.directory import directory_of
from orders.requisition import Requisition
from orders.route import find_route
from orders.route_queries import need_of_requisition
from orders.rule import condition, why_not
from orders.rule_effect import effect_of
from tests.factories.auth import make_member
from tests.factories.coding import make_dimension
from tests.factories.free_texts import make_free_requisition
from tests.factories.orders import Place, make_place, make_requisition, make_rule


def first(place: Place, **values: object) -> ApprovalRule:
    """A rule that is asked before all others."""
    return make_rule(place.organisation, StepKind.UNIT_APPROVER, position=0, name="Först", **values)


def need(place: Place, **values: object) -> Need:
    return Need(place.unit, Decimal(100), (), place.orderer, frozenset(), **values)  # type: ignore[arg-type]


def test_a_rule_for_free_text_is_for_nothing_else(place: Place) -> None:
    rule = first(place, is_free_text=True)
    assert list(unmet(rule, need(place), today())) == [Unmet.NO_FREE_TEXT]
    assert fits(rule, need(place, has_free_text=True), today())
    assert "med fritext" in str(condition(rule))
    assert "fritext" in str(why_not(rule, need(place), today())[0])


def test_free_text_of_a_requisition_is_seen(place: Place) -> None:
    assert need_of_requisition(make_free_requisition(place)).has_free_text
    assert not need_of_requisition(make_requisition(place)).has_free_text


@pytest.mark.parametrize(
    ("wanted", "is_prefix", "code", "is_met"),
    [
        ("3110", False, "3110", True),
        ("3110", False, "31100", False),
        ("31", True, "3110", True),
        ("31", True, "4131", False),
        ("31", False, "3110", False),
    ],
)
def test_a_code_is_met_whole_or_by_how_it_begins(
    place: Place, wanted: str, is_prefix: bool, code: str, is_met: bool
) -> None:
    dimension = make_dimension(place.organisation, "Ansvar", is_mandatory=False)
    rule = first(place, coding_dimension_id=dimension.id, coding_code=wanted, is_code_prefix=is_prefix)
    db.session.refresh(rule)
    coded = need(place, codes=frozenset({(dimension.id, code), (dimension.id + 1, wanted)}))
    assert (list(unmet(rule, coded, today())) == []) is is_met
    assert wanted in str(condition(rule)) and "Ansvar" in str(condition(rule))


def test_any_part_of_a_split_line_counts(place: Place) -> None:
    requisition = coded_requisition(place, make_dimension(place.organisation, "Ansvar", is_mandatory=False))
    codes = {code for _dimension, code in need_of_requisition(requisition).codes}
    assert codes == {"311", "312"}


def coded_requisition(place: Place, dimension: Dimension) -> Requisition:
    requisition = make_requisition(place)
    parts = [CodedPart(Decimal("49.90"), (Coded(dimension.id, "Ansvar", code),)) for code in ("311", "312")]
    requisition.lines[0].coding = tuple(parts)
    db.session.flush()
    return requisition


def test_the_database_hands_over_the_rules_that_can_fit(place: Place) -> None:
    """Never narrower than `unmet`: what fits is found also where the need is given to the query."""
    dimension = make_dimension(place.organisation, "Ansvar", is_mandatory=False)
    free = first(place, is_free_text=True)
    coded = first(place, coding_dimension_id=dimension.id, coding_code="31", is_code_prefix=True)
    for wanted, rules in (
        (need(place), set()),
        (need(place, has_free_text=True), {free}),
        (need(place, codes=frozenset({(dimension.id, "311")})), {coded}),
    ):
        found = set(directory_of(place.organisation, today(), wanted).rules)
        assert found & {free, coded} == rules


def test_the_route_of_a_coded_requisition_follows_its_rule(place: Place) -> None:
    dimension = make_dimension(place.organisation, "Ansvar", is_mandatory=False)
    boss = make_member(Role.APPROVER, place.organisation)
    make_rule(
        place.organisation,
        {"kind": StepKind.PERSON, "user_id": boss.id},
        position=0,
        coding_dimension_id=dimension.id,
        coding_code="312",
    )
    wanted = need_of_requisition(coded_requisition(place, dimension))
    [step] = find_route(wanted, directory_of(place.organisation, today(), wanted))
    assert step.people == (boss,)


def test_the_effect_of_a_rule_looks_at_codes_and_free_text(place: Place) -> None:
    dimension = make_dimension(place.organisation, "Ansvar", is_mandatory=False)
    boss = make_member(Role.APPROVER, place.organisation)
    coded, free = coded_requisition(place, dimension), make_free_requisition(place)
    steps = [StepFacts(StepKind.PERSON, user=boss)]
    by_code = RuleFacts("Kod", steps, coding_dimension=dimension, coding_code="31", is_code_prefix=True)
    by_text = RuleFacts("Fritext", steps, is_free_text=True)
    for facts, moved in ((by_code, coded), (by_text, free)):
        draft = draft_rule(place.organisation, facts)
        draft.position = 0
        assert [each.requisition for each in effect_of(place.organisation, None, draft).moved] == [moved]
        db.session.expunge(draft) if draft in db.session else None


def test_a_dimension_without_a_code_is_no_condition(place: Place) -> None:
    admin = make_member(Role.ORGANISATION_ADMIN, place.organisation)
    dimension = make_dimension(place.organisation, "Ansvar")
    facts = RuleFacts("Halv", [StepFacts(StepKind.UNIT_APPROVER)], coding_dimension=dimension)
    with pytest.raises(RuleBroken, match="konteringsdel"):
        create_rule(admin, place.organisation, facts)


def test_a_rule_names_no_other_organisations_coding(place: Place) -> None:
    admin = make_member(Role.ORGANISATION_ADMIN, place.organisation)
    dimension = make_dimension(make_place().organisation, "Ansvar")
    facts = RuleFacts("Annans", [StepFacts(StepKind.UNIT_APPROVER)], coding_dimension=dimension, coding_code="1")
    with pytest.raises(RuleBroken, match="annan organisation"):
        create_rule(admin, place.organisation, facts)
