"""Who must say yes: the organisation's rules, and what no rule can allow."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from auth.permission import Role
from auth.user import User
from catalog.category import Category
from core.clock import today
from core.db import TransactionalFlask, db
from orders.approval import ApprovalGroup, Quorum, StepKind
from orders.route import Need, NobodyCanApprove, directory_of, find_route
from tests.factories.auth import make_member, make_organisation, make_unit, make_user
from tests.factories.catalog import make_category
from tests.factories.orders import Place, make_place, make_rule


def people(place: Place, amount: int = 100, *categories: Category, orderer: User | None = None) -> list[list[User]]:
    """The people of each step for an order at the place's unit."""
    orderer = orderer or place.orderer
    need = Need(place.unit, Decimal(amount), categories, orderer, frozenset({orderer.id}))
    return [list(step.people) for step in find_route(need, directory_of(place.organisation, today()))]


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
