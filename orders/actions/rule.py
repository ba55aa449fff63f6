"""What is done to an organisation's approval rules and groups. A change never moves what is already submitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from auth.journal import record
from auth.organisation import Organisation, Unit
from auth.permission import Role
from auth.user import User
from catalog.agreement import Agreement, CallOffMethod
from catalog.category import Category
from core.db import db
from core.errors import NotAllowed, RuleBroken
from core.language import speaking
from orders.approval import ApprovalGroup, ApprovalRule, ApprovalRuleStep, Quorum, StepKind, Turn
from orders.coding import Dimension
from orders.policy import may_manage_rules
from orders.rule import condition, period, who_decides

LAST = 2**31 - 1  # the place of a rule that is not in the table yet


@dataclass(frozen=True, slots=True)
class StepFacts:
    """One step of a rule: a person or a group where the kind is one of them."""

    kind: StepKind
    quorum: Quorum = Quorum.ANY
    user: User | None = None
    group: ApprovalGroup | None = None
    turn: Turn = Turn.AFTER
    category: Category | None = None  # it is about these lines alone


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What a rule says. Amounts are SEK excl. VAT: `amount_from` inclusive, `amount_below` exclusive; both days are
    included."""

    name: str
    steps: Sequence[StepFacts]
    amount_from: Decimal = Decimal(0)
    amount_below: Decimal | None = None
    unit: Unit | None = None
    category: Category | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    agreement: Agreement | None = None
    method: CallOffMethod | None = None
    is_justified: bool = False  # only where the orderer has stated a ground for her choice of supplier
    is_free_text: bool = False  # only where some line stands in no price list
    is_emergency: bool = False  # only what is ordered before it is approved
    coding_dimension: Dimension | None = None  # only where some line is charged to `coding_code` of it
    coding_code: str | None = None
    is_code_prefix: bool = False  # or to one that begins so


@dataclass(frozen=True, slots=True)
class ApprovalTerms:
    """What an organisation says about all its approvals. Amounts are SEK excl. VAT."""

    union_from: Decimal | None = None
    remind_after_days: int | None = None  # once
    escalate_after_days: int | None = None  # to those above, once


def set_terms(actor: User, organisation: Organisation, terms: ApprovalTerms) -> None:
    """Say what holds for all rules. What is submitted already goes on as it was. Raises NotAllowed."""
    _check_manager(actor, organisation.id)
    before = {name: getattr(organisation, name) for name in ApprovalTerms.__dataclass_fields__}
    said = asdict(terms)
    if before == said:
        return
    for name, value in said.items():
        setattr(organisation, name, value)
    detail: dict[str, Any] = {name: None if value is None else str(value) for name, value in said.items()}
    record(actor, "edit", "approval-settings", organisation.id, organisation_id=organisation.id, **detail)


def create_rule(actor: User, organisation: Organisation, facts: RuleFacts) -> ApprovalRule:
    """A new rule, asked after those that are there. Raises NotAllowed, RuleBroken."""
    _check_manager(actor, organisation.id)
    last = select(func.max(ApprovalRule.position)).where(ApprovalRule.organisation_id == organisation.id)
    rule = ApprovalRule(organisation=organisation, position=(db.session.scalar(last) or 0) + 1)
    _fill(rule, facts)
    db.session.add(rule)
    db.session.flush()
    _record(actor, "create", rule)
    return rule


def draft_rule(organisation: Organisation, facts: RuleFacts, *, instead_of: ApprovalRule | None = None) -> ApprovalRule:
    """A rule as it would be, in its place in the table, and saved nowhere. Raises RuleBroken."""
    at_its_place = {"position": instead_of.position, "is_active": instead_of.is_active} if instead_of else {}
    rule = ApprovalRule(organisation=organisation, **{"position": LAST, "is_active": True, **at_its_place})
    _fill(rule, facts)
    return rule


def reopened(rule: ApprovalRule) -> ApprovalRule:
    """A rule that is out of use as it would be in use, saved nowhere."""
    steps = [StepFacts(step.kind, step.quorum, step.user, step.group, step.turn, step.category) for step in rule.steps]
    same = {field.name: getattr(rule, field.name) for field in fields(RuleFacts) if field.name != "steps"}
    facts = RuleFacts(steps=steps, **same)
    opened = draft_rule(rule.organisation, facts, instead_of=rule)
    opened.is_active = True
    return opened


def edit_rule(actor: User, rule: ApprovalRule, facts: RuleFacts) -> None:
    """Say something else. Raises NotAllowed, RuleBroken."""
    _check_manager(actor, rule.organisation_id)
    before = _told(rule)
    _fill(rule, facts)
    db.session.flush()
    if before != _told(rule):
        _record(actor, "edit", rule, before=before)


def move_rule(actor: User, rule: ApprovalRule, rules: Sequence[ApprovalRule], *, up: bool) -> None:
    """Ask a rule one place earlier or later; `rules` are all of the organisation's, in order. Raises NotAllowed."""
    _check_manager(actor, rule.organisation_id)
    order = list(rules)
    place = order.index(rule)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(order):
        return
    order[place], order[other] = order[other], order[place]
    for position, each in enumerate(order, start=1):
        each.position = position
    _record(actor, "move", rule, position=rule.position)


def set_rule_active(actor: User, rule: ApprovalRule, is_active: bool) -> None:
    """Take a rule out of use, or into it again. Raises NotAllowed."""
    _check_manager(actor, rule.organisation_id)
    if rule.is_active != is_active:
        rule.is_active = is_active
        _record(actor, "open" if is_active else "close", rule)


def save_group(
    actor: User, organisation: Organisation, group: ApprovalGroup | None, name: str, members: Sequence[User]
) -> ApprovalGroup:
    """A new group, or another name and other members for one that is there. Raises NotAllowed, RuleBroken."""
    _check_manager(actor, organisation.id)
    if not members:
        raise RuleBroken(_l("En grupp behöver minst en medlem."))
    same = select(ApprovalGroup.id).where(
        ApprovalGroup.organisation_id == organisation.id,
        ApprovalGroup.name == name,
        ApprovalGroup.id != (group.id if group else 0),
    )
    if db.session.scalar(same):
        raise RuleBroken(_l("Det finns redan en grupp som heter %(name)s.", name=name))
    act = "edit" if group else "create"
    if group is None:
        group = ApprovalGroup(organisation_id=organisation.id)
        db.session.add(group)
    before = {"name": group.name, "members": [member.name for member in group.members]} if act == "edit" else None
    group.name, group.members = name, list(members)
    db.session.flush()
    record(
        actor,
        act,
        "approval-group",
        group.id,
        organisation_id=organisation.id,
        name=name,
        members=[member.name for member in members],
        before=before,
    )
    return group


def remove_group(actor: User, group: ApprovalGroup) -> None:
    """Take away a group that no rule asks. Raises NotAllowed, RuleBroken."""
    _check_manager(actor, group.organisation_id)
    if db.session.scalar(select(ApprovalRuleStep.id).where(ApprovalRuleStep.group_id == group.id).limit(1)):
        raise RuleBroken(_l("En attestregel frågar gruppen. Ändra regeln först."))
    record(actor, "remove", "approval-group", group.id, organisation_id=group.organisation_id, name=group.name)
    db.session.delete(group)


def _fill(rule: ApprovalRule, facts: RuleFacts) -> None:
    if not facts.steps:
        raise RuleBroken(_l("En regel behöver minst ett steg, annars kan ingen godkänna."))
    if facts.amount_below is not None and facts.amount_below <= facts.amount_from:
        raise RuleBroken(_l("Den övre gränsen måste vara högre än den undre."))
    if facts.starts_on and facts.ends_on and facts.ends_on < facts.starts_on:
        raise RuleBroken(_l("Den sista dagen kan inte ligga före den första."))
    if (facts.coding_dimension is None) != (facts.coding_code is None):
        raise RuleBroken(_l("Ange både konteringsdel och kod, eller ingetdera."))
    rule.name = facts.name
    rule.starts_on, rule.ends_on = facts.starts_on, facts.ends_on
    rule.amount_from, rule.amount_below = facts.amount_from, facts.amount_below
    rule.unit, rule.category = facts.unit, facts.category
    rule.agreement, rule.method, rule.is_justified = facts.agreement, facts.method, facts.is_justified
    rule.is_free_text, rule.is_emergency = facts.is_free_text, facts.is_emergency
    rule.coding_dimension, rule.coding_code = facts.coding_dimension, facts.coding_code
    rule.coding_dimension_id = facts.coding_dimension.id if facts.coding_dimension else None
    rule.is_code_prefix = facts.is_code_prefix
    rule.agreement_id = facts.agreement.id if facts.agreement else None  # asked of one that is saved nowhere, too
    rule.steps = [
        ApprovalRuleStep(
            position=position,
            kind=step.kind,
            quorum=step.quorum,
            user=step.user,
            group=step.group,
            turn=step.turn,
            category=step.category,
        )
        for position, step in enumerate(facts.steps, start=1)
    ]
    _check_turns(rule)
    _check_places(rule)


def _check_turns(rule: ApprovalRule) -> None:
    """The first step waits for none; those that are asked together are needed all, or one of them is enough."""
    if rule.steps[0].turn is not Turn.AFTER:
        raise RuleBroken(_l("Det första steget har inget steg före sig att frågas samtidigt som."))
    for before, step in pairwise(rule.steps):
        if Turn.AFTER not in (before.turn, step.turn) and before.turn is not step.turn:
            raise RuleBroken(_l("De steg som frågas samtidigt behövs antingen alla, eller så räcker ett av dem."))


def _check_places(rule: ApprovalRule) -> None:
    """Units, people and groups are those of the rule's own organisation."""
    here = rule.organisation.id
    if rule.unit is not None and rule.unit.organisation_id != here:
        raise RuleBroken(_l("Enheten hör till en annan organisation."))
    if rule.coding_dimension is not None and rule.coding_dimension.organisation_id != here:
        raise RuleBroken(_l("Konteringen hör till en annan organisation."))
    for step in rule.steps:
        if step.kind is StepKind.PERSON and (step.user is None or Role.APPROVER not in step.user.roles_in(here)):
            raise RuleBroken(_l("Personen måste ha rollen attestant i organisationen."))
        if step.kind is StepKind.GROUP and (step.group is None or step.group.organisation_id != here):
            raise RuleBroken(_l("Gruppen hör till en annan organisation."))


def _check_manager(actor: User, organisation_id: int) -> None:
    if not may_manage_rules(actor, organisation_id):
        raise NotAllowed(_l("Bara organisationens administratör får ändra attestreglerna."))


def _told(rule: ApprovalRule) -> dict[str, Any]:
    """What the journal keeps of a rule: its words on the day."""
    with speaking("sv"):
        steps = [str(who_decides(step)) for step in rule.steps]
        told = {"name": rule.name, "condition": str(condition(rule)), "steps": steps}
        return told | {"period": days} if (days := str(period(rule))) else told


def _record(actor: User, act: str, rule: ApprovalRule, **detail: Any) -> None:
    record(actor, act, "approval-rule", rule.id, organisation_id=rule.organisation_id, **{**_told(rule), **detail})
