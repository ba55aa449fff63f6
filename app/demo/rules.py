"""Approval rules of the demo: amount bands, a council for IT, the kitchens' own way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.demo.organisations import Places
from app.demo.people import People
from auth.journal import record
from auth.user import User
from catalog.category import Category
from core.db import db
from orders.approval import ApprovalGroup, ApprovalRule, ApprovalRuleStep, Quorum, StepKind
from orders.rule import condition, who_decides

UNIT = StepKind.UNIT_APPROVER
PARENT = StepKind.PARENT_APPROVER

LOW, HIGH = Decimal(25_000), Decimal(100_000)  # SEK excl. VAT

Step = tuple[StepKind, User | ApprovalGroup | None]


def make_rules(places: Places, people: People, categories: dict[str, Category]) -> None:
    """Bands for the three large municipalities, one approver for everything elsewhere."""
    council = _group(places, "OSD", "IT-rådet", [people[f"{n}@ostersund"] for n in ("oskar", "lena", "mats")])
    board = _group(places, "OSD", "Inköpsrådet", [people["lena@ostersund"], people["kerstin@ostersund"]])
    it, food = categories["50"], categories["20"]
    _rule(places, "OSD", "IT under 25 000 kr", [(UNIT, None), (StepKind.GROUP, council)], below=LOW, category=it)
    steps: list[Step] = [(UNIT, None), (PARENT, None), (StepKind.GROUP, council)]
    _rule(places, "OSD", "IT från 25 000 kr", steps, start=LOW, category=it)
    steps = [(StepKind.PERSON, people["helena@ostersund"])]
    _rule(places, "OSD", "Livsmedel till köken under 100 000 kr", steps, below=HIGH, category=food, unit="320")
    _bands(places, "OSD", [(PARENT, None), (StepKind.GROUP, board)])
    # wide enough for two in union: whoever was asked before is left out
    heads = _group(
        places, "KRO", "Ledningsgruppen", [people[f"{n}@krokom"] for n in ("margareta", "patrik", "hans", "christer")]
    )
    steps = [(UNIT, None), (StepKind.GROUP, heads)]
    _bands(places, "KRO", steps, middle=steps)
    _bands(places, "ARE", [(UNIT, None), (StepKind.PERSON, people["gunilla@are"])])
    for prefix in places.organisations:
        if prefix not in ("OSD", "KRO", "ARE"):
            _rule(places, prefix, "Alla beställningar", [(UNIT, None)])


def _bands(places: Places, prefix: str, top: list[Step], middle: list[Step] | None = None) -> None:
    middle = middle or [(UNIT, None), (PARENT, None)]
    _rule(places, prefix, "Under 25 000 kr", [(UNIT, None)], below=LOW)
    _rule(places, prefix, "25 000 till 100 000 kr", middle, start=LOW, below=HIGH)
    _rule(places, prefix, "Från 100 000 kr", top, start=HIGH)


def _group(places: Places, prefix: str, name: str, members: list[User]) -> ApprovalGroup:
    group = ApprovalGroup(organisation_id=places.organisations[prefix].id, name=name, members=members)
    db.session.add(group)
    db.session.flush()
    return group


def _rule(
    places: Places,
    prefix: str,
    name: str,
    steps: list[Step],
    *,
    start: Decimal = Decimal(0),
    below: Decimal | None = None,
    category: Category | None = None,
    unit: str | None = None,
) -> None:
    organisation = places.organisations[prefix]
    position = 1 + db.session.query(ApprovalRule).filter_by(organisation_id=organisation.id).count()
    rule = ApprovalRule(
        organisation=organisation,
        position=position,
        name=name,
        unit=places.units[prefix, unit] if unit else None,
        category=category,
        amount_from=start,
        amount_below=below,
    )
    for number, (kind, who) in enumerate(steps, start=1):
        rule.steps.append(
            ApprovalRuleStep(
                position=number,
                kind=kind,
                user=who if isinstance(who, User) else None,
                group=who if isinstance(who, ApprovalGroup) else None,
                quorum=Quorum.ANY,
            )
        )
    db.session.add(rule)
    db.session.flush()
    asked = [str(who_decides(step)) for step in rule.steps]
    told: dict[str, Any] = {"name": name, "condition": str(condition(rule)), "steps": asked}
    record(None, "create", "approval-rule", rule.id, organisation_id=organisation.id, **told)
