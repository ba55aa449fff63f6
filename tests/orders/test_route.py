"""Who must say yes: the organisation's rules, and what no rule can allow."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auth.organisation import Unit
from auth.permission import Role
from auth.user import Membership, User
from catalog.category import Category
from core.clock import today
from core.db import TransactionalFlask, db
from orders.approval import ApprovalGroup, ApprovalRule, ApprovalRuleStep, Quorum, StepKind
from orders.condition import Need, Unmet, fits, unmet
from orders.directory import Directory, directory_of
from orders.route import Bar, NobodyCanApprove, Trace, find_route, trace
from tests.factories.auth import make_member, make_organisation, make_unit, make_user
from tests.factories.catalog import make_category
from tests.factories.orders import Place, make_place, make_rule


def people(place: Place, amount: int = 100, *categories: Category, orderer: User | None = None) -> list[list[User]]:
    """The people of each step for an order at the place's unit."""
    orderer = orderer or place.orderer
    need = Need(place.unit, Decimal(amount), categories, orderer, frozenset({orderer.id}))
    return [list(step.people) for step in find_route(need, directory_of(place.organisation, today()))]


def traced(place: Place, amount: int = 100) -> Trace:
    """How the route of an order at the place's unit is found."""
    need = Need(place.unit, Decimal(amount), (), place.orderer, frozenset({place.orderer.id}))
    return trace(need, directory_of(place.organisation, today()))


def empty_place() -> Place:
    """A place whose rules the test writes itself."""
    organisation = make_organisation()
    unit = make_unit(parent=make_unit(organisation))
    return Place(
        organisation=organisation,
        unit=unit,
        address=None,  # type: ignore[arg-type]
        orderer=make_member(Role.ORDERER, organisation, unit),
        approver=make_member(Role.APPROVER, organisation, unit),
    )


def test_the_units_own_approver_is_asked(app: TransactionalFlask) -> None:
    place = make_place()
    make_member(Role.APPROVER, place.organisation, make_unit(place.organisation))  # of another unit
    assert people(place) == [[place.approver]]


def test_without_one_of_its_own_the_unit_above_answers(app: TransactionalFlask) -> None:
    place = empty_place()
    place.approver.is_active = False
    above = make_member(Role.APPROVER, place.organisation, place.unit.parent)
    make_rule(place.organisation)
    assert people(place) == [[above]]


def test_at_last_the_approver_of_the_whole_organisation_answers(app: TransactionalFlask) -> None:
    place = empty_place()
    place.approver.is_active = False
    everywhere = make_member(Role.APPROVER, place.organisation)
    make_rule(place.organisation)
    assert people(place) == [[everywhere]]


def test_an_approver_above_her_limit_is_passed_over(app: TransactionalFlask) -> None:
    place = empty_place()
    place.approver.memberships[0].amount_limit = Decimal(100)
    above = make_member(Role.APPROVER, place.organisation, place.unit.parent)
    make_rule(place.organisation)
    assert people(place, 100) == [[place.approver]]
    assert people(place, 101) == [[above]]


def test_the_orderer_never_approves_her_own(app: TransactionalFlask) -> None:
    place = make_place()
    with pytest.raises(NobodyCanApprove):
        people(place, orderer=place.approver)


def test_a_subordinate_never_approves_her_superiors_purchase(app: TransactionalFlask) -> None:
    place = make_place()
    place.approver.superior_id = place.orderer.id
    db.session.flush()
    with pytest.raises(NobodyCanApprove):
        people(place)


def test_nobody_sits_in_two_steps(app: TransactionalFlask) -> None:
    place = empty_place()
    above = make_member(Role.APPROVER, place.organisation, place.unit.parent)
    make_rule(place.organisation, StepKind.UNIT_APPROVER, StepKind.UNIT_APPROVER)
    assert people(place) == [[place.approver], [above]]


def test_the_same_person_named_twice_is_a_stop(app: TransactionalFlask) -> None:
    place = empty_place()
    person = {"kind": StepKind.PERSON, "user": place.approver}
    make_rule(place.organisation, person, dict(person))
    with pytest.raises(NobodyCanApprove):
        people(place)


def test_amount_bands_meet_without_overlap(app: TransactionalFlask) -> None:
    place = empty_place()
    above = make_member(Role.APPROVER, place.organisation, place.unit.parent)
    make_rule(place.organisation, amount_below=Decimal(25000))
    make_rule(place.organisation, StepKind.PARENT_APPROVER, amount_from=Decimal(25000))
    assert people(place, 24999) == [[place.approver]]
    assert people(place, 25000) == [[above]]


def test_a_category_has_its_own_group(app: TransactionalFlask) -> None:
    place = empty_place()
    it = make_category()
    screens = make_category(parent=it)
    council = [make_member(Role.APPROVER, place.organisation) for _ in range(2)]
    group = ApprovalGroup(organisation_id=place.organisation.id, name="IT-rådet", members=[*council, make_user()])
    db.session.add(group)
    make_rule(place.organisation, {"kind": StepKind.GROUP, "group": group, "quorum": Quorum.ALL}, category=it)
    make_rule(place.organisation)
    assert people(place, 10, screens) == [council]  # the member without an approver's right is not asked
    assert people(place, 10, make_category()) == [[place.approver]]


def test_a_branch_of_units_has_its_own_rule(app: TransactionalFlask) -> None:
    place = empty_place()
    elsewhere = make_unit(place.organisation)
    make_rule(place.organisation, {"kind": StepKind.PERSON, "user": place.orderer}, unit=elsewhere)
    make_rule(place.organisation, unit=place.unit.parent)
    assert people(place) == [[place.approver]]


def test_no_rule_that_fits_is_a_stop_and_never_a_yes(app: TransactionalFlask) -> None:
    place = empty_place()
    with pytest.raises(NobodyCanApprove, match="Ingen attestregel passar"):
        people(place)
    make_rule(place.organisation, is_active=False)
    with pytest.raises(NobodyCanApprove):
        people(place)


def test_a_right_that_has_ended_gives_nobody(app: TransactionalFlask) -> None:
    place = make_place()
    place.approver.memberships[0].ends_on = today() - timedelta(days=1)
    db.session.flush()
    with pytest.raises(NobodyCanApprove):
        people(place)


def test_a_rule_is_asked_from_its_first_day_to_its_last(app: TransactionalFlask) -> None:
    place, day = empty_place(), timedelta(days=1)
    ended = make_rule(place.organisation, ends_on=today() - day)
    coming = make_rule(place.organisation, starts_on=today() + day)
    now = make_rule(place.organisation, starts_on=today(), ends_on=today())
    found = traced(place)
    need = Need(place.unit, Decimal(100), (), place.orderer, frozenset())
    assert found.rule == now
    assert [list(unmet(rule, need, today())) for rule in (ended, coming)] == [[Unmet.NO_LONGER], [Unmet.NOT_YET]]


def test_a_need_leaves_the_rules_that_cannot_fit_in_the_database(app: TransactionalFlask, count_queries: Any) -> None:
    place, day = empty_place(), timedelta(days=1)
    above, beside = make_category(), make_category()
    category, elsewhere = make_category(parent=above), make_unit(place.organisation)
    for values in ({"unit": None}, {"unit": place.unit.parent}, {"unit": place.unit}, {"unit": elsewhere}):
        make_rule(place.organisation, **values)
        make_rule(place.organisation, **values, category=above, amount_from=Decimal(100))
        make_rule(place.organisation, **values, category=beside)
        make_rule(place.organisation, **values, starts_on=today(), ends_on=today(), amount_below=Decimal(100))
        make_rule(place.organisation, **values, starts_on=today() + day)
        make_rule(place.organisation, **values, ends_on=today() - day)
    everything = directory_of(place.organisation, today())
    assert len(everything.rules) == 24
    for amount in (Decimal("99.99"), Decimal(100), Decimal("100.01")):
        for categories in ((), (category,), (category, beside)):
            need = Need(place.unit, amount, categories, place.orderer, frozenset())
            narrowed = directory_of(place.organisation, today(), need)
            assert narrowed.rules == tuple(rule for rule in everything.rules if fits(rule, need, today()))
            assert find_route(need, narrowed) == find_route(need, everything)


# Why


def test_a_trace_names_the_rules_that_did_not_fit_and_on_what(app: TransactionalFlask) -> None:
    place = empty_place()
    dear = make_rule(place.organisation, amount_from=Decimal(1000))
    cheap_it = make_rule(place.organisation, amount_below=Decimal(100), category=make_category())
    elsewhere = make_rule(place.organisation, unit=make_unit(place.organisation))
    fitting = make_rule(place.organisation)
    make_rule(place.organisation)  # comes after: it is not asked
    found = traced(place, 100)
    need = Need(place.unit, Decimal(100), (), place.orderer, frozenset())
    assert found.rule == fitting and found.passed == (dear, cheap_it, elsewhere)
    assert [list(unmet(rule, need, today())) for rule in found.passed] == [
        [Unmet.AMOUNT_TOO_LOW],
        [Unmet.AMOUNT_TOO_HIGH, Unmet.CATEGORY],
        [Unmet.UNIT],
    ]


def test_a_trace_says_who_was_left_out_of_a_step_and_why(app: TransactionalFlask) -> None:
    place = empty_place()
    organisation, unit = place.organisation, place.unit
    place.approver.memberships[0].amount_limit = Decimal(99)
    make_member(Role.APPROVER, organisation, unit, user=place.orderer)
    below = make_member(Role.APPROVER, organisation, unit, superior_id=place.orderer.id)
    gone = make_member(Role.APPROVER, organisation, unit, ends_on=today() - timedelta(days=1))
    above = make_member(Role.APPROVER, organisation, unit.parent)
    beside = make_member(Role.APPROVER, organisation, make_unit(organisation))  # of no place on the way
    make_rule(organisation)
    [step] = traced(place).steps
    assert step.people == (above,)
    assert {out.person: out.bar for out in step.left_out} == {
        place.approver: Bar.ABOVE_LIMIT,
        place.orderer: Bar.OWN,
        below: Bar.SUBORDINATE,
        gone: Bar.NO_RIGHT,
    }
    assert beside not in {out.person for out in step.left_out}
    assert [out.limit for out in step.left_out if out.bar is Bar.ABOVE_LIMIT] == [Decimal(99)]


def test_a_trace_tells_of_a_named_person_who_is_no_approver_and_of_one_asked_before(app: TransactionalFlask) -> None:
    place = empty_place()
    stranger = make_user()
    group = ApprovalGroup(organisation_id=place.organisation.id, name="IT-rådet", members=[place.approver, stranger])
    db.session.add(group)
    make_rule(place.organisation, StepKind.UNIT_APPROVER, {"kind": StepKind.GROUP, "group": group})
    found = traced(place)
    assert isinstance(found.stop, NobodyCanApprove)
    assert [step.people for step in found.steps] == [(place.approver,), ()]
    assert {out.person: out.bar for out in found.steps[1].left_out} == {
        place.approver: Bar.TAKEN,
        stranger: Bar.NO_RIGHT,
    }


def test_one_right_is_enough_however_many_others_do_not_do(app: TransactionalFlask) -> None:
    place = empty_place()
    place.approver.memberships[0].amount_limit = Decimal(1)
    make_member(Role.APPROVER, place.organisation, user=place.approver)
    make_rule(place.organisation, {"kind": StepKind.PERSON, "user": place.approver})
    [step] = traced(place).steps
    assert step.people == (place.approver,) and step.left_out == ()


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_table_of_rules_lets_in_whom_no_rule_can(data: st.DataObject) -> None:
    """Never the orderer, nobody twice, nobody above her limit, no subordinate, nobody whose right has ended; and a
    route without a stop has somebody in every step. Whatever the rules, the people and the order."""
    need, directory = data.draw(needs_and_directories())
    found = trace(need, directory)
    seats = [person for step in found.steps for person in step.people]
    assert len({person.id for person in seats}) == len(seats)
    for person in seats:
        assert person.id not in need.barred and person.superior_id != need.orderer.id
        assert any(r.user_id == person.id and r.reaches(need.amount) and r.is_current(DAY) for r in directory.approvers)
    for step in found.steps:
        assert not {person.id for person in step.people} & {out.person.id for out in step.left_out}
    assert (found.stop is None) == (bool(found.steps) and all(step.people for step in found.steps))
    assert found.rule is None or next(unmet(found.rule, need, DAY), None) is None
    assert all(next(unmet(rule, need, DAY), None) is not None for rule in found.passed)


DAY = date(2026, 3, 2)
UNITS = [Unit(id=n, organisation_id=1, name=f"Enhet {n}", path=path) for n, path in ((1, "/1/"), (2, "/1/2/"))]
UNITS[1].parent = UNITS[0]


@st.composite
def needs_and_directories(draw: st.DrawFn) -> tuple[Need, Directory]:
    """An order and a table of rules that no database has seen."""
    people = [User(id=n, name=f"P{n}", superior_id=draw(st.sampled_from((None, 1)))) for n in range(1, 6)]
    amounts = st.integers(0, 4).map(Decimal)
    rights = [
        Membership(
            user=person,
            user_id=person.id,
            organisation_id=1,
            unit=unit,
            unit_id=unit.id if unit else None,
            role=Role.APPROVER,
            amount_limit=draw(st.none() | amounts),
            starts_on=DAY - timedelta(days=draw(st.integers(-1, 1))),
            ends_on=draw(st.sampled_from((None, DAY, DAY - timedelta(days=1)))),
        )
        for person in people
        for unit in draw(st.lists(st.sampled_from([*UNITS, None]), max_size=2))
    ]
    group = ApprovalGroup(name="G", members=draw(st.lists(st.sampled_from(people), max_size=3, unique=True)))
    rules = [
        ApprovalRule(
            name=f"R{n}",
            unit=draw(st.sampled_from([None, *UNITS])),
            amount_from=draw(amounts),
            amount_below=draw(st.none() | amounts),
            starts_on=draw(st.sampled_from((None, DAY, DAY + timedelta(days=1)))),
            ends_on=draw(st.sampled_from((None, DAY, DAY - timedelta(days=1)))),
            steps=[
                ApprovalRuleStep(
                    kind=kind,
                    quorum=Quorum.ANY,
                    user=draw(st.sampled_from(people)) if kind is StepKind.PERSON else None,
                    group=group if kind is StepKind.GROUP else None,
                )
                for kind in draw(st.lists(st.sampled_from(StepKind), max_size=3))
            ],
        )
        for n in range(draw(st.integers(0, 3)))
    ]
    orderer = people[0]
    barred = frozenset({orderer.id, draw(st.sampled_from(people)).id})
    need = Need(draw(st.sampled_from(UNITS)), draw(amounts), (), orderer, barred)
    return need, Directory(tuple(rules), tuple(rights), DAY)
