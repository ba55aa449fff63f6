"""Rule: what an approval rule says, and what came of asking it, as people read it.

The rule itself is a noun of `orders.approval`; how it is asked stands in `orders.route`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask_babel import gettext as _

from auth.organisation import Organisation
from catalog.agreement import METHOD_NAMES
from core.web import day, kr
from orders.approval import ApprovalRule, ApprovalRuleStep, Quorum, StepKind, Turn
from orders.condition import Need, Unmet, unmet
from orders.route import Bar, LeftOut


def condition(rule: ApprovalRule) -> Any:
    """Which orders a rule is for: "Beställningar från 25 000 kr till under 100 000 kr för Norra skolan"."""
    more = ", ".join(_further(rule))
    return _("%(condition)s, %(more)s", condition=_where(rule), more=more) if more else _where(rule)


def _further(rule: ApprovalRule) -> Iterator[str]:
    if rule.agreement is not None:
        yield str(_("på avtalet %(number)s %(title)s", number=rule.agreement.number, title=rule.agreement.title))
    if rule.method is not None:
        yield str(_("med avropsordningen %(method)s", method=METHOD_NAMES[rule.method]))
    if rule.is_justified:
        yield str(_("där valet av leverantör är motiverat"))
    if rule.is_free_text:
        yield str(_("med fritext"))
    if rule.is_emergency:
        yield str(_("som är nödbeställda"))
    if rule.coding_dimension is not None:
        yield str(_coding(rule))


def _coding(rule: ApprovalRule) -> Any:
    assert rule.coding_dimension is not None  # the condition is about it
    said = {"dimension": rule.coding_dimension.name, "code": rule.coding_code}
    if rule.is_code_prefix:
        return _("konterade på %(dimension)s som börjar på %(code)s", **said)
    return _("konterade på %(dimension)s %(code)s", **said)


def _where(rule: ApprovalRule) -> Any:
    band = _band(rule)
    unit, category = rule.unit, rule.category
    if unit is not None and category is not None:
        return _(
            "Beställningar %(band)s för %(unit)s, i kategorin %(category)s",
            band=band,
            unit=unit.name,
            category=category.name,
        )
    if unit is not None:
        return _("Beställningar %(band)s för %(unit)s", band=band, unit=unit.name)
    if category is not None:
        return _("Beställningar %(band)s i kategorin %(category)s", band=band, category=category.name)
    return _("Beställningar %(band)s", band=band)


def _band(rule: ApprovalRule) -> Any:
    low, high = rule.amount_from, rule.amount_below
    if high is None:
        return _("från %(low)s", low=kr(low, 0)) if low else _("oavsett belopp")
    if low:
        return _("från %(low)s till under %(high)s", low=kr(low, 0), high=kr(high, 0))
    return _("under %(high)s", high=kr(high, 0))


def period(rule: ApprovalRule) -> Any:
    """The days on which a rule is asked; nothing for one that has no first and no last."""
    first, last = rule.starts_on, rule.ends_on
    if first and last:
        return _("Gäller från och med %(first)s till och med %(last)s.", first=day(first), last=day(last))
    if first:
        return _("Gäller från och med %(first)s.", first=day(first))
    return _("Gäller till och med %(last)s.", last=day(last)) if last else ""


def union_sentence(organisation: Organisation) -> Any:
    """From which amount two decide in union; nothing where one always may."""
    if organisation.union_from is None:
        return ""
    return _(
        "Från %(amount)s utan moms tas det sista beslutet av två olika personer (två i förening).",
        amount=kr(organisation.union_from, 0),
    )


def who_decides(step: ApprovalRuleStep) -> Any:
    """Who is asked in a step of a rule, about what and when."""
    who = _who(step)
    if step.category is not None:
        who = _("%(who)s, bara om rader i %(category)s", who=who, category=step.category.name)
    if step.turn is Turn.BESIDE:
        return _("samtidigt: %(who)s", who=who)
    return _("eller samtidigt: %(who)s", who=who) if step.turn is Turn.EITHER else who


def _who(step: ApprovalRuleStep) -> Any:
    is_all = step.quorum is Quorum.ALL
    if step.kind is StepKind.PERSON and step.user is not None:
        return step.user.name
    if step.kind is StepKind.GROUP and step.group is not None:
        if is_all:
            return _("alla i %(group)s", group=step.group.name)
        return _("någon i %(group)s", group=step.group.name)
    if step.kind is StepKind.PARENT_APPROVER:
        return _("alla attestanter för enheten ovanför") if is_all else _("en attestant för enheten ovanför")
    return _("alla attestanter för enheten") if is_all else _("en attestant för enheten")


def why_not(rule: ApprovalRule, need: Need, on: date) -> list[Any]:
    """The conditions of a rule that a need does not meet on a day, one sentence each."""
    return [_why_unmet(condition, rule, need) for condition in unmet(rule, need, on)]


def _why_unmet(condition: Unmet, rule: ApprovalRule, need: Need) -> Any:
    match condition:
        case Unmet.NOT_YET:
            return _("Regeln gäller från och med %(day)s.", day=day(rule.starts_on))
        case Unmet.NO_LONGER:
            return _("Regeln gällde till och med %(day)s.", day=day(rule.ends_on))
        case Unmet.UNIT:
            assert rule.unit is not None  # the condition is about it
            return _(
                "Regeln är för %(unit)s, och %(other)s ligger inte där.", unit=rule.unit.name, other=need.unit.name
            )
        case Unmet.AMOUNT_TOO_LOW:
            return _("Regeln börjar vid %(low)s.", low=kr(rule.amount_from, 0))
        case Unmet.AMOUNT_TOO_HIGH:
            return _("Regeln är för belopp under %(high)s.", high=kr(rule.amount_below, 0))
        case Unmet.CATEGORY:
            assert rule.category is not None
            return _("Regeln är för kategorin %(category)s.", category=rule.category.name)
        case Unmet.AGREEMENT:
            return _("Regeln är för avtalet %(number)s.", number=rule.agreement.number if rule.agreement else "–")
        case Unmet.METHOD:
            assert rule.method is not None
            return _("Regeln är för avropsordningen %(method)s.", method=METHOD_NAMES[rule.method])
        case Unmet.NOT_JUSTIFIED:
            return _("Regeln är för köp där valet av leverantör är motiverat.")
        case Unmet.NO_FREE_TEXT:
            return _("Regeln är för köp med fritext.")
        case Unmet.NO_EMERGENCY:
            return _("Regeln är för nödbeställningar.")
        case Unmet.CODING:
            return _("Regeln är för köp %(coding)s.", coding=_coding(rule))


def why_left_out(out: LeftOut) -> Any:
    """Why a step does not ask somebody it might have asked."""
    match out.bar:
        case Bar.OWN:
            return _("har själv beställt")
        case Bar.TAKEN:
            return _("frågas redan i ett steg före")
        case Bar.CONFLICT:
            return _("har anmält jäv mot leverantören")
        case Bar.SUBORDINATE:
            return _("har beställaren som chef")
        case Bar.ABOVE_LIMIT:
            return _("får godkänna högst %(limit)s", limit=kr(out.limit, 0))
        case Bar.PERIOD_FULL:
            return _(
                "har redan godkänt %(used)s av de %(limit)s som får godkännas i perioden",
                used=kr(out.used, 0),
                limit=kr(out.limit, 0),
            )
        case Bar.NO_RIGHT:
            return _("är inte attestant i dag")
