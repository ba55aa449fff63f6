"""Directory: an organisation's approval rules and its approvers, loaded for finding a route."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from auth.organisation import Organisation
from auth.permission import Role
from auth.user import Membership, User
from catalog.agreement import CallOffMethod
from core.db import db, prepared
from orders.approval import ApprovalGroup, ApprovalRule, ApprovalRuleStep
from orders.condition import Need
from orders.conflict_queries import Pairs, conflicts_at, conflicts_with
from orders.limits import used_of

UNION = 2  # people, where the organisation wants two in union


@dataclass(frozen=True, slots=True)
class Directory:
    """An organisation's rules in order, and those who are or have been its approvers, as of a day."""

    rules: tuple[ApprovalRule, ...]
    approvers: tuple[Membership, ...]
    on: date
    union_from: Decimal | None = None  # from this amount on two people take the last step
    conflicts: Pairs = frozenset()
    used: dict[int, Decimal] = field(default_factory=dict)  # of limits for a period, by the id of the right

    def yes_needed(self, amount: Decimal) -> int:
        """How many people must say yes to an amount in the last step."""
        return 1 if self.union_from is None or amount < self.union_from else UNION


def directory_of(organisation: Organisation, on: date, need: Need | None = None) -> Directory:
    """Load what `find_route` needs: a constant number of queries, however many rules and people.

    With a need, the rules that cannot fit it stay in the database: enough for its route, not to tell why they did not.
    """
    if need is None:
        statement = _rules(organisation.id)
    else:
        categories = {key for category in need.categories for key in ids_of(category.path)}
        bought = list(categories), list(need.agreements), list(need.methods)
        grounds = [False, True] if need.is_justified else [False]
        free = [False, True] if need.has_free_text else [False]
        urgent = [False, True] if need.is_emergency else [False]
        coded = list({dimension_id for dimension_id, _code in need.codes})
        lines = *bought, grounds, free, urgent, coded
        statement = _likely_rules(organisation.id, on, need.amount, ids_of(need.unit.path), *lines)
    approvers = tuple(db.session.scalars(*_approvers(organisation.id)))
    return Directory(
        rules=tuple(db.session.scalars(*statement).unique()),
        approvers=approvers,
        on=on,
        union_from=organisation.union_from,
        conflicts=conflicts_at(organisation, on) if need is None else conflicts_with(need.suppliers, on),
        used=used_of(approvers, on),
    )


@prepared
def _rules(organisation_id: int) -> Select[Any]:
    return _table_of(organisation_id)


@prepared
def _likely_rules(
    organisation_id: int,
    on: date,
    amount: Decimal,
    unit_ids: list[int],
    category_ids: list[int],
    agreement_ids: list[int],
    methods: list[CallOffMethod],
    grounds: list[bool],
    free: list[bool],
    urgent: list[bool],
    dimension_ids: list[int],
) -> Select[Any]:
    """Never narrower than `unmet`, which has the last word."""
    rule = ApprovalRule
    return _table_of(organisation_id).where(
        or_(rule.starts_on.is_(None), rule.starts_on <= on),
        or_(rule.ends_on.is_(None), rule.ends_on >= on),
        rule.amount_from <= amount,
        or_(rule.amount_below.is_(None), rule.amount_below > amount),
        or_(rule.unit_id.is_(None), rule.unit_id.in_(unit_ids)),
        or_(rule.category_id.is_(None), rule.category_id.in_(category_ids)),
        or_(rule.agreement_id.is_(None), rule.agreement_id.in_(agreement_ids)),
        or_(rule.method.is_(None), rule.method.in_(methods)),
        rule.is_justified.in_(grounds),
        rule.is_free_text.in_(free),
        rule.is_emergency.in_(urgent),
        or_(rule.coding_dimension_id.is_(None), rule.coding_dimension_id.in_(dimension_ids)),
    )


def _table_of(organisation_id: int) -> Select[Any]:
    to_step = joinedload(ApprovalRule.steps)
    return (
        select(ApprovalRule)
        .where(ApprovalRule.organisation_id == organisation_id, ApprovalRule.is_active)
        .order_by(ApprovalRule.position, ApprovalRule.id)
        .options(
            joinedload(ApprovalRule.unit),
            joinedload(ApprovalRule.category),
            joinedload(ApprovalRule.agreement),
            joinedload(ApprovalRule.coding_dimension),
            to_step.joinedload(ApprovalRuleStep.category),
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


def ids_of(path: str) -> list[int]:
    """The ids on the way from the root to a place in a tree: /3/17/ → 3, 17."""
    return [int(part) for part in path.strip("/").split("/")]
