"""Route: who must say yes to a requisition, found from the organisation's own rules when it is submitted.

Pure: rules and people come in, steps with names come out, and with them why: which rules did not fit, and who was left
out of a step. What the rules never allow, whatever they say: the orderer, the creator or the last editor approving; an
approver above her own limits; approving one's superior's purchase; buying from a supplier one has an interest in; one
person in two steps. Where nobody is left, the answer is a stop, never a yes (KL 6 kap. 6 §, attestreglemente).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import IntEnum

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.organisation import Unit
from auth.user import Membership, User
from catalog.category import Category
from core.errors import RuleBroken
from orders.approval import ApprovalRule, ApprovalRuleStep, Quorum, StepKind, Turn
from orders.condition import Need, fits
from orders.directory import UNION, Directory, ids_of
from orders.limits import has_room

Taken = set[int]  # the ids of those who sit in a step already


class Bar(IntEnum):
    """Why somebody may not take a step; where several things keep her from it, the first of these is told."""

    OWN = 1  # she ordered, created or last edited it
    TAKEN = 2  # she sits in a step before
    CONFLICT = 3  # she has an interest in a supplier (jäv)
    SUBORDINATE = 4
    ABOVE_LIMIT = 5
    PERIOD_FULL = 6  # of what she may approve in a month or a year, too little is left
    NO_RIGHT = 7  # no approver today


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Somebody a step would have asked, had it not been for `bar`. `limit` is her own, where that is it, and `used`
    what of it is taken already."""

    person: User
    bar: Bar
    limit: Decimal | None = None
    used: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RouteStep:
    """A step with the people who may take it, and those it passed over on the way to them. With a category it is about
    the lines of that alone, and `amount` is theirs. Steps of one stage are asked at the same time."""

    label: str
    quorum: Quorum
    people: tuple[User, ...]
    left_out: tuple[LeftOut, ...] = ()
    yes_needed: int = 1  # of different people; two in union
    stage: int = 1
    stage_quorum: Quorum = Quorum.ALL
    category: Category | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """How a route was found. Where nobody can approve, `stop` says why, and the last step may be the empty one."""

    passed: tuple[ApprovalRule, ...]  # asked before `rule`, in order, and did not fit
    rule: ApprovalRule | None
    steps: tuple[RouteStep, ...]
    on: date
    stop: NobodyCanApprove | None = None


class NobodyCanApprove(RuleBroken):
    """No rule fits, or a step has nobody left."""

    code = "nobody-can-approve"

    def __init__(self, why: object) -> None:
        super().__init__(
            why,
            way_on=_l("Be organisationens administratör att se över attestreglerna. Varukorgen ligger kvar."),
        )


def find_route(need: Need, directory: Directory) -> list[RouteStep]:
    """The steps of the first rule that fits. Raises NobodyCanApprove, which says what is missing."""
    found = trace(need, directory)
    if found.stop is not None:
        raise found.stop
    return list(found.steps)


def trace(need: Need, directory: Directory) -> Trace:
    """The route of a need, or why it has none, with everything that was looked at on the way."""
    place = next((place for place, rule in enumerate(directory.rules) if fits(rule, need, directory.on)), None)
    if place is None:
        stop = NobodyCanApprove(_l("Ingen attestregel passar den här beställningen, så ingen kan godkänna den."))
        return Trace(directory.rules, None, (), directory.on, stop)
    passed, rule = directory.rules[:place], directory.rules[place]
    if not rule.steps:
        stop = NobodyCanApprove(_l("Attestregeln ”%(rule)s” har inga steg, så ingen kan godkänna.", rule=rule.name))
        return Trace(passed, rule, (), directory.on, stop)
    stages = list(_stages(rule, need))
    union = next((number for number in reversed(range(len(stages))) if _has_whole(stages[number])), len(stages) - 1)
    steps: list[RouteStep] = []
    taken: Taken = set()
    for number, stage in enumerate(stages):
        found = _find_stage(stage, need, directory, taken, number + 1, is_union=number == union)
        steps += found
        if why := next((why for step in found if (why := _why_empty(step, rule))), None):
            return Trace(passed, rule, tuple(steps), directory.on, why)
    return Trace(passed, rule, tuple(steps), directory.on, _why_uncovered(rule, stages, need))


Stage = tuple[Quorum, list[ApprovalRuleStep]]  # whether all or any of the steps must be taken


def _stages(rule: ApprovalRule, need: Need) -> Iterator[Stage]:
    """The steps of a rule by when they are asked, without those that are about lines it has none of."""
    together: list[ApprovalRuleStep] = []
    quorum = Quorum.ALL
    for step in rule.steps:
        if step.turn is Turn.AFTER:
            if together:
                yield quorum, together
            together, quorum = [], Quorum.ALL
        elif step.turn is Turn.EITHER:
            quorum = Quorum.ANY
        if step.category is None or need.amount_in(step.category) is not None:
            together.append(step)
    if together:
        yield quorum, together


def _has_whole(stage: Stage) -> bool:
    return any(step.category is None for step in stage[1])


def _find_stage(
    stage: Stage, need: Need, directory: Directory, taken: Taken, number: int, *, is_union: bool
) -> list[RouteStep]:
    """The steps that are asked at the same time. Where one of them is enough, those that nobody can take are left out
    as long as another can be taken."""
    quorum, asked = stage
    whole = [step for step in asked if step.category is None]
    are_two = quorum is Quorum.ALL and len(whole) >= UNION  # people, by the steps themselves
    found = []
    for step in asked:
        in_union = is_union and not are_two and (step in whole or not whole)
        yes_needed = directory.yes_needed(need.amount) if in_union else 1
        amount = need.amount_in(step.category) if step.category else None
        own = need if amount is None else replace(need, amount=amount)
        made = _find_step(step, own, directory, taken, yes_needed)
        taken.update(person.id for person in made.people)
        if step.category is not None:
            label = _("%(step)s, för %(category)s", step=made.label, category=step.category.name)
            made = replace(made, label=str(label), category=step.category, amount=amount)
        found.append(replace(made, stage=number, stage_quorum=quorum))
    able = [step for step in found if len(step.people) >= step.yes_needed]
    return able if quorum is Quorum.ANY and able else found


def _why_uncovered(rule: ApprovalRule, stages: list[Stage], need: Need) -> NobodyCanApprove | None:
    """Every line must be decided by somebody, whoever of those that may answer does."""
    for category, _amount in need.bought():
        if not any(_decides_surely(stage, category) for stage in stages):
            name = category.name if category else _("rader utan kategori")
            return NobodyCanApprove(
                _l("Attestregeln ”%(rule)s” frågar ingen säkert om %(category)s.", rule=rule.name, category=name)
            )
    return None


def _decides_surely(stage: Stage, category: Category | None) -> bool:
    quorum, asked = stage
    covers = [step.category is None or (category is not None and category.is_within(step.category)) for step in asked]
    return any(covers) if quorum is Quorum.ALL else all(covers)


def _why_empty(step: RouteStep, rule: ApprovalRule) -> NobodyCanApprove | None:
    """Why a step cannot be taken; nothing where it can."""
    if len(step.people) >= step.yes_needed:
        return None
    said = {"rule": rule.name, "step": step.label}
    if step.people:
        return NobodyCanApprove(
            _l(
                "Beloppet kräver två i förening, men attestregeln ”%(rule)s” frågar sist %(step)s, och där får bara "
                "%(name)s godkänna det.",
                name=step.people[0].name,
                **said,
            )
        )
    return NobodyCanApprove(
        _l("Attestregeln ”%(rule)s” kräver %(step)s, men där finns ingen som får godkänna det här beloppet.", **said)
    )


def _find_step(
    step: ApprovalRuleStep, need: Need, directory: Directory, taken: Collection[int], yes_needed: int
) -> RouteStep:
    """What a step is called, who may take it, and who was passed over. Upwards until there are as many as needed."""

    def seated(label: str, rights: Iterable[Membership]) -> RouteStep:
        people, left_out = _sift(rights, need, directory, taken)
        return RouteStep(label, step.quorum, people, left_out, yes_needed)

    if step.kind in (StepKind.PERSON, StepKind.GROUP):
        named = _named(step)
        rights = [right for right in directory.approvers if right.user_id in named]
        found = seated(_name_of(step), rights)
        without = named.keys() - {right.user_id for right in rights}
        barred = tuple(LeftOut(named[key], Bar.NO_RIGHT) for key in sorted(without))
        return replace(found, left_out=found.left_out + barred)
    begins_at = need.unit.parent if step.kind is StepKind.PARENT_APPROVER else need.unit
    places = _upwards(begins_at)
    free: dict[int, Membership] = {}
    for last, place in enumerate(places):
        there = [right for right in directory.approvers if right.unit_id == place]
        free |= {right.user_id: right for right in there if _bar(right, need, directory, taken) is None}
        if len(free) >= yes_needed:
            on_the_way = [right for right in directory.approvers if right.unit_id in places[: last + 1]]
            nearest = next(iter(free.values()))
            return seated(_label(nearest.unit), sorted(on_the_way, key=lambda right: places.index(right.unit_id)))
    return seated(_label(begins_at), [right for right in directory.approvers if right.unit_id in places])


def who_could(
    need: Need, directory: Directory, taken: Collection[int], amount: Decimal
) -> tuple[tuple[User, ...], tuple[LeftOut, ...]]:
    """All approvers who may decide about an amount of a need, with none of those who are `taken`; and who may not."""
    return _sift(directory.approvers, replace(need, amount=amount), directory, taken)


def above(need: Need, directory: Directory, able: Collection[int]) -> list[User]:
    """The nearest approvers above a need's unit, of those whose ids are given."""
    for place in _upwards(need.unit.parent):
        people = {right.user_id: right.user for right in directory.approvers if right.unit_id == place}
        if found := [person for key, person in people.items() if key in able]:
            return found
    return []


def _named(step: ApprovalRuleStep) -> dict[int, User]:
    """The people that a step names itself, by their ids."""
    if step.group is not None:
        return {member.id: member for member in step.group.members}
    return {step.user.id: step.user} if step.user is not None else {}


def _name_of(step: ApprovalRuleStep) -> str:
    if step.group is not None:
        return step.group.name
    return step.user.name if step.user is not None else ""


def _sift(
    rights: Iterable[Membership], need: Need, directory: Directory, taken: Collection[int]
) -> tuple[tuple[User, ...], tuple[LeftOut, ...]]:
    """Who may take a step by one of the rights, and who by none of hers; nobody twice."""
    people: dict[int, User] = {}
    left_out: dict[int, LeftOut] = {}
    for right in rights:
        bar = _bar(right, need, directory, taken)
        if bar is None:
            people[right.user_id] = right.user
        elif right.user_id not in left_out or bar < left_out[right.user_id].bar:
            left_out[right.user_id] = _left_out(right, bar, directory)
    return tuple(people.values()), tuple(out for key, out in left_out.items() if key not in people)


def _left_out(right: Membership, bar: Bar, directory: Directory) -> LeftOut:
    if bar is Bar.ABOVE_LIMIT:
        return LeftOut(right.user, bar, right.amount_limit)
    if bar is Bar.PERIOD_FULL:
        return LeftOut(right.user, bar, right.period_limit, directory.used.get(right.id, Decimal(0)))
    return LeftOut(right.user, bar)


def _bar(right: Membership, need: Need, directory: Directory, taken: Collection[int]) -> Bar | None:
    """What keeps the holder of a right from taking a step; nothing where she may."""
    if not right.is_current(directory.on):
        return Bar.NO_RIGHT
    if right.user_id in need.barred:
        return Bar.OWN
    if right.user_id in taken:
        return Bar.TAKEN
    if any((right.user_id, supplier) in directory.conflicts for supplier in need.suppliers):
        return Bar.CONFLICT
    if right.user.superior_id == need.orderer.id:
        return Bar.SUBORDINATE
    if not right.reaches(need.amount):
        return Bar.ABOVE_LIMIT
    return None if has_room(right, need.amount, directory.used) else Bar.PERIOD_FULL


def _upwards(unit: Unit | None) -> list[int | None]:
    """Where to look for an approver: the unit, those above it in turn, and at last the whole organisation."""
    return [*(reversed(ids_of(unit.path)) if unit is not None else ()), None]


def _label(unit: Unit | None) -> str:
    if unit is None:
        return str(_("attestant för hela organisationen"))
    return str(_("attestant för %(unit)s", unit=unit.name))
