"""Rule: what an approval rule says, as people read it. The rule itself is a noun of `orders.approval`."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from core.web import kr
from orders.approval import ApprovalRule, ApprovalRuleStep, Quorum, StepKind


def condition(rule: ApprovalRule) -> Any:
    """Which orders a rule is for: "Beställningar från 25 000 kr till under 100 000 kr för Norra skolan"."""
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


def who_decides(step: ApprovalRuleStep) -> Any:
    """Who is asked in a step of a rule."""
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
