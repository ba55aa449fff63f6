"""The road of an order, walked by the real use cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from auth.organisation import DeliveryAddress, Organisation, Unit
from auth.permission import Role
from auth.user import User
from catalog.price_list import Article
from core.db import db
from orders.actions.approval import approve
from orders.actions.basket import add
from orders.actions.requisition import Checkout, submit
from orders.approval import ApprovalGroup, ApprovalRule, ApprovalRuleStep, ApprovalState, ApprovalStep, Quorum, StepKind
from orders.approval_queries import steps_of
from orders.order import Order
from orders.order_queries import orders_of
from orders.requisition import Requisition
from tests.factories import unique
from tests.factories.auth import make_address, make_member, make_organisation, make_unit
from tests.factories.catalog import make_offer


@dataclass
class Place:
    """An organisation where ordering works: a unit with address, an orderer, an approver and a rule."""

    organisation: Organisation
    unit: Unit
    address: DeliveryAddress
    orderer: User
    approver: User


def make_rule(organisation: Organisation, *steps: StepKind | dict[str, Any], **values: Any) -> ApprovalRule:
    """An approval rule; a step is a kind, or the values of one."""
    rule = ApprovalRule(organisation=organisation, **{"position": unique(), "name": f"Regel {unique()}", **values})
    for position, step in enumerate(steps or (StepKind.UNIT_APPROVER,), start=1):
        given = step if isinstance(step, dict) else {"kind": step}
        rule.steps.append(ApprovalRuleStep(position=position, **{"quorum": Quorum.ANY, **given}))
    db.session.add(rule)
    db.session.flush()
    return rule


def make_group(organisation: Organisation, *members: User, **values: Any) -> ApprovalGroup:
    group = ApprovalGroup(organisation_id=organisation.id, **{"name": f"Grupp {unique()}", **values})
    group.members = list(members)
    db.session.add(group)
    db.session.flush()
    return group


def make_place(**values: Any) -> Place:
    organisation = make_organisation(**values)
    unit = make_unit(organisation)
    make_rule(organisation)
    return Place(
        organisation=organisation,
        unit=unit,
        address=make_address(unit),
        orderer=make_member(Role.ORDERER, organisation, unit),
        approver=make_member(Role.APPROVER, organisation, unit),
    )


def checkout_at(place: Place, **values: Any) -> Checkout:
    return Checkout(**{"unit": place.unit, "address": place.address, "key": f"key-{unique()}", **values})


def make_requisition(
    place: Place | None = None, goods: Sequence[tuple[Article, Decimal]] | None = None, **checkout: Any
) -> Requisition:
    """A submitted requisition that waits for its first step."""
    place = place or make_place()
    for article, quantity in goods or [(make_offer(place.organisation), Decimal(2))]:
        add(place.orderer, place.organisation, article, quantity)
    return submit(place.orderer, place.organisation, checkout_at(place, **checkout))


def pending_step(requisition: Requisition) -> ApprovalStep:
    return next(step for step in steps_of(requisition) if step.state is ApprovalState.PENDING)


def make_orders(place: Place | None = None, goods: Sequence[tuple[Article, Decimal]] | None = None) -> list[Order]:
    """Placed orders: submitted and approved by whoever the route named."""
    requisition = make_requisition(place, goods)
    while requisition.state.value == "submitted":
        step = pending_step(requisition)
        approve(step.candidates[0].user, step, None, requisition.content_hash or "")
    return list(orders_of(requisition))


def make_order(place: Place | None = None, goods: Sequence[tuple[Article, Decimal]] | None = None) -> Order:
    return make_orders(place, goods)[0]
