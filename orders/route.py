"""Route: who must say yes to a requisition, found from the organisation's own rules when it is submitted.

Pure: rules and people come in, steps with names come out. What the rules never allow, whatever they say: the orderer,
the creator or the last editor approving; an approver above her own amount limit; approving one's superior's purchase;
one person in two steps. Where nobody is left, the answer is a stop, never a yes (KL 6 kap. 6 §, attestreglemente).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from auth.organisation import Organisation, Unit
from auth.permission import Role
from auth.user import Membership, User
from catalog.category import Category
from core.db import db, prepared
from core.errors import RuleBroken
from orders.approval import ApprovalGroup, ApprovalRule, ApprovalRuleStep, Quorum, StepKind


@dataclass(frozen=True, slots=True)
class Need:
    """What the rules look at. `amount` is excl. VAT, charges included."""

    unit: Unit
    amount: Decimal
    categories: tuple[Category, ...]
    orderer: User
    barred: frozenset[int]  # ids of the orderer, the creator and the last editor


@dataclass(frozen=True, slots=True)
class RouteStep:
    """A step with the people who may take it."""

    label: str
    quorum: Quorum
    people: tuple[User, ...]


@dataclass(frozen=True, slots=True)
class Directory:
    """An organisation's rules and approvers on a day."""

    rules: tuple[ApprovalRule, ...]
    approvers: tuple[Membership, ...]


class NobodyCanApprove(RuleBroken):
    """No rule fits, or a step has nobody left."""

    code = "nobody-can-approve"

    def __init__(self, why: object) -> None:
        super().__init__(
            why,
            way_on=_l("Be organisationens administratör att se över attestreglerna. Varukorgen ligger kvar."),
        )


def directory_of(organisation: Organisation, on: date) -> Directory:
    """Load what `find_route` needs: a constant number of queries, however many rules and people."""
    return Directory(
        rules=tuple(db.session.scalars(*_rules(organisation.id)).unique()),
        approvers=tuple(m for m in db.session.scalars(*_approvers(organisation.id)) if m.is_current(on)),
    )


@prepared
def _rules(organisation_id: int) -> Select[Any]:
    to_step = joinedload(ApprovalRule.steps)
    return (
        select(ApprovalRule)
        .where(ApprovalRule.organisation_id == organisation_id, ApprovalRule.is_active)
        .order_by(ApprovalRule.position, ApprovalRule.id)
        .options(
            joinedload(ApprovalRule.unit),
            joinedload(ApprovalRule.category),
            to_step.joinedload(ApprovalRuleStep.user),
            to_step.joinedload(ApprovalRuleStep.group).selectinload(ApprovalGroup.members),
        )
    )


@prepared
def _approvers(organisation_id: int) -> Select[Any]:
    return (
        select(Membership)
        .join(Membership.user)
        .where(Membership.organisation_id == organisation_id, Membership.role == Role.APPROVER, User.is_active)
        .options(joinedload(Membership.user), joinedload(Membership.unit))
        .order_by(User.sort_name, Membership.id)
    )


def find_route(need: Need, directory: Directory) -> list[RouteStep]:
    """The steps of the first rule that fits. Raises NobodyCanApprove, which says what is missing."""
    rule = next((rule for rule in directory.rules if fits(rule, need)), None)
    if rule is None:
        raise NobodyCanApprove(_l("Ingen attestregel passar den här beställningen, så ingen kan godkänna den."))
    if not rule.steps:
        raise NobodyCanApprove(_l("Attestregeln ”%(rule)s” har inga steg, så ingen kan godkänna.", rule=rule.name))
    route: list[RouteStep] = []
    taken = set(need.barred)
    for step in rule.steps:
        label, people = _people_of(step, need, directory, taken)
        if not people:
            raise NobodyCanApprove(
                _l(
                    "Attestregeln ”%(rule)s” kräver %(step)s, men där finns ingen som får godkänna det här beloppet.",
                    rule=rule.name,
                    step=label,
                )
            )
        route.append(RouteStep(label=label, quorum=step.quorum, people=people))
        taken.update(person.id for person in people)
    return route


def fits(rule: ApprovalRule, need: Need) -> bool:
    """Whether a rule's conditions hold: branch of units, amount band [from, below), branch of categories."""
    if rule.unit is not None and not need.unit.is_within(rule.unit):
        return False
    if need.amount < rule.amount_from or (rule.amount_below is not None and need.amount >= rule.amount_below):
        return False
    return rule.category is None or any(category.is_within(rule.category) for category in need.categories)


def _people_of(
    step: ApprovalRuleStep, need: Need, directory: Directory, taken: Collection[int]
) -> tuple[str, tuple[User, ...]]:
    """What a step is called and who may take it."""
    able = [m for m in directory.approvers if _may_take(m, need, taken)]
    if step.kind is StepKind.PERSON and step.user is not None:
        return step.user.name, _distinct(m.user for m in able if m.user_id == step.user_id)
    if step.kind is StepKind.GROUP and step.group is not None:
        members = {member.id for member in step.group.members}
        return step.group.name, _distinct(m.user for m in able if m.user_id in members)
    begins_at = need.unit.parent if step.kind is StepKind.PARENT_APPROVER else need.unit
    for place in _upwards(begins_at):
        there = [m for m in able if m.unit_id == place]
        if there:
            return _label(there[0].unit), _distinct(m.user for m in there)
    return _label(begins_at), ()


def _may_take(membership: Membership, need: Need, taken: Collection[int]) -> bool:
    is_subordinate = membership.user.superior_id == need.orderer.id
    return membership.reaches(need.amount) and not is_subordinate and membership.user_id not in taken


def _upwards(unit: Unit | None) -> list[int | None]:
    """Where to look for an approver: the unit, those above it in turn, and at last the whole organisation."""
    path = unit.path.strip("/").split("/") if unit is not None else []
    return [*(int(part) for part in reversed(path)), None]


def _label(unit: Unit | None) -> str:
    if unit is None:
        return str(_("attestant för hela organisationen"))
    return str(_("attestant för %(unit)s", unit=unit.name))


def _distinct(people: Iterable[User]) -> tuple[User, ...]:
    return tuple({person.id: person for person in people}.values())
