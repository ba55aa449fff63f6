"""What a change of the approval rules would have done: the requisitions of the last month that would have gone
another way. Nothing is saved, and nothing that is submitted moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from auth.organisation import Organisation
from auth.queries import unit_tree
from catalog.agreement import Agreement, CallOffMethod, Lot
from catalog.category import Category
from core.clock import now, today
from core.db import db
from orders.approval import ApprovalRule, ApprovalStep
from orders.coded import Parts, codes_of
from orders.condition import Need
from orders.directory import directory_of
from orders.requisition import Requisition, RequisitionLine
from orders.route import Trace, trace

DAYS = 31
MOST_READ = 500  # the latest of them
MOST_SHOWN = 50

Way = list[tuple[list[str], str]]  # the steps in order: names, quorum


@dataclass(frozen=True, slots=True)
class Moved:
    """A requisition that would have gone another way: who was asked then, and who would have been."""

    requisition: Requisition
    then: Way
    traced: Trace

    @property
    def instead(self) -> Way:
        return [([person.name for person in step.people], step.quorum.value) for step in self.traced.steps]


@dataclass(frozen=True, slots=True)
class Bought:
    """What the lines of a requisition are."""

    parts: dict[Category | None, Decimal] = field(default_factory=dict)
    suppliers: set[int] = field(default_factory=set)
    agreements: set[int] = field(default_factory=set)
    methods: set[CallOffMethod] = field(default_factory=set)
    grounds: set[str] = field(default_factory=set)
    free_texts: set[int] = field(default_factory=set)  # ids
    codes: frozenset[tuple[int, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Effect:
    """`count` of the `looked_at` latest requisitions of `days` would have moved; `moved` are the latest of those."""

    looked_at: int
    count: int
    moved: list[Moved]
    days: int = DAYS


def effect_of(organisation: Organisation, old: ApprovalRule | None, new: ApprovalRule | None) -> Effect:
    """What it would have done had `new` stood in the place of `old`: none for a rule that is added, or taken away.

    Both tables are asked with the approvers of one day, so that only the change tells: today, or the first day of a
    rule that does not hold yet. A constant number of queries, however much there is.
    """
    day = max(today(), new.starts_on) if new is not None and new.starts_on else today()
    before = directory_of(organisation, day)
    after = replace(before, rules=_with(before.rules, old, new))
    requisitions = _sent_lately(organisation)
    bought = _bought_with(requisitions)
    if any(rule.coding_dimension_id is not None for rule in (*before.rules, *after.rules)):
        bought = _with_codes(bought)
    units = unit_tree(organisation)  # read together, or each one's parent would be asked for by itself
    traces = []
    for requisition in requisitions:
        need = _need_of(requisition, bought.get(requisition.id, Bought()))
        traced = trace(need, after)
        if _way_of(traced) != _way_of(trace(need, before)):
            traces.append((requisition, traced))
    del units
    shown = traces[:MOST_SHOWN]
    then = _ways_taken([requisition.id for requisition, _ in shown])
    moved = [Moved(requisition, then.get(requisition.id, []), traced) for requisition, traced in shown]
    return Effect(looked_at=len(requisitions), count=len(traces), moved=moved)


def _with(
    rules: Iterable[ApprovalRule], old: ApprovalRule | None, new: ApprovalRule | None
) -> tuple[ApprovalRule, ...]:
    kept = [rule for rule in rules if old is None or rule.id != old.id]
    if new is not None and new.is_active:
        place = sum(rule.position <= new.position for rule in kept)
        kept.insert(place, new)
    return tuple(kept)


def _sent_lately(organisation: Organisation) -> Sequence[Requisition]:
    return db.session.scalars(
        select(Requisition)
        .where(Requisition.organisation_id == organisation.id, Requisition.submitted_at >= now() - timedelta(days=DAYS))
        .order_by(Requisition.submitted_at.desc(), Requisition.id.desc())
        .limit(MOST_READ)
        .options(joinedload(Requisition.orderer), joinedload(Requisition.unit))
    ).all()


def _bought_with(requisitions: Sequence[Requisition]) -> dict[int, Bought]:
    """What is bought with each, lines of a kind together; its categories are its lots', or their agreements'
    (`catalog.queries.categories_of`)."""
    found: dict[int, Bought] = {}
    line = RequisitionLine
    kinds = (line.requisition_id, line.supplier_id, line.agreement_id, Lot.method, Category)
    rows = db.session.execute(
        select(*kinds, func.sum(line.net_amount), func.max(line.choice_ground), func.max(line.free_text_id))
        .join(Lot, RequisitionLine.lot_id == Lot.id)
        .join(Agreement, RequisitionLine.agreement_id == Agreement.id)
        .join(Category, Category.id == func.coalesce(Lot.category_id, Agreement.category_id), isouter=True)
        .where(RequisitionLine.requisition_id.in_([requisition.id for requisition in requisitions]))
        .group_by(line.requisition_id, line.supplier_id, line.agreement_id, Lot.method, *Category.__table__.columns)
        .order_by(line.requisition_id, Category.path)
    )
    for requisition_id, supplier_id, agreement_id, method, category, amount, ground, free_text_id in rows:
        bought = found.setdefault(requisition_id, Bought())
        bought.suppliers.add(supplier_id)
        bought.agreements.add(agreement_id)
        bought.methods.add(method)
        bought.grounds.update([ground] if ground else [])
        bought.free_texts.update([free_text_id] if free_text_id else [])
        bought.parts[category] = bought.parts.get(category, Decimal(0)) + amount
    return found


def _with_codes(bought: dict[int, Bought]) -> dict[int, Bought]:
    """The same, and what the lines are charged to: only read where a rule asks."""
    line = RequisitionLine
    codings: dict[int, list[Parts]] = {}
    for requisition_id, coding in db.session.execute(
        select(line.requisition_id, line.coding).where(line.requisition_id.in_(bought), line.coding.is_not(None))
    ):
        codings.setdefault(requisition_id, []).append(coding)
    return {key: replace(each, codes=codes_of(codings.get(key, ()))) for key, each in bought.items()}


def _need_of(requisition: Requisition, bought: Bought) -> Need:
    return Need(
        unit=requisition.unit,
        amount=requisition.net_amount,
        categories=tuple(category for category in bought.parts if category is not None),
        orderer=requisition.orderer,
        barred=requisition.barred,
        suppliers=frozenset(bought.suppliers),
        agreements=frozenset(bought.agreements),
        methods=frozenset(bought.methods),
        is_justified=bool(bought.grounds),
        has_free_text=bool(bought.free_texts),
        is_emergency=requisition.is_emergency,
        codes=bought.codes,
        parts=tuple(bought.parts.items()),
    )


def _way_of(traced: Trace) -> object:
    """What two ways are compared by: who must say yes, not under which name the step goes."""
    if traced.stop is not None:
        return traced.stop.code
    return [
        (step.stage, step.stage_quorum, step.quorum, step.yes_needed, {person.id for person in step.people})
        for step in traced.steps
    ]


def _ways_taken(requisition_ids: Sequence[int]) -> dict[int, Way]:
    """Who was asked when each was sent, the last time it was."""
    steps = db.session.scalars(
        select(ApprovalStep)
        .where(ApprovalStep.requisition_id.in_(requisition_ids))
        .order_by(ApprovalStep.requisition_id, ApprovalStep.round, ApprovalStep.position)
        .options(joinedload(ApprovalStep.candidates))
    ).unique()
    rounds: dict[int, tuple[int, Way]] = {}
    for step in steps:
        known, way = rounds.get(step.requisition_id, (step.round, []))
        if step.round != known:
            way = []
        way.append(([candidate.name for candidate in step.candidates], step.quorum.value))
        rounds[step.requisition_id] = (step.round, way)
    return {requisition_id: way for requisition_id, (_, way) in rounds.items()}
