"""What an organisation decides about its coding, and what a person keeps of hers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, select

from auth.actions.organisation import check_manager, check_pattern
from auth.journal import record
from auth.organisation import Organisation, Unit
from auth.user import User
from catalog.actions.change import Facts, apply
from catalog.agreement import Agreement, Award
from catalog.category import Category
from core.db import db, hold
from core.errors import NotAllowed, RuleBroken
from core.forms import tidied
from orders.coding import MOST_DIMENSIONS, Code, CodingDefault, CodingFavourite, Dimension
from orders.coding_queries import codes_named, dimensions_of
from orders.coding_rule import CodingRule, Effect, spans_of

MOST_FAVOURITES = 30
LONGEST_FAVOURITE = 60


@dataclass(frozen=True, kw_only=True)
class DimensionFacts(Facts):
    """What an organisation says of a dimension."""

    name: str
    code_length: int | None = None
    code_pattern: str | None = None
    is_mandatory: bool = False
    is_listed: bool = True
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class CodeFacts(Facts):
    """What a list says of a code."""

    name: str
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class CombinationFacts(Facts):
    """What an allowed combination says (orders/coding_rule.py)."""

    name: str
    if_dimension: Dimension
    from_code: str
    to_code: str
    effect: Effect
    then_dimension: Dimension
    codes: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class DefaultFor:
    """What a default is for: one of these; an article by its award and the supplier's number."""

    user: User | None = None
    unit: Unit | None = None
    category: Category | None = None
    agreement: Agreement | None = None
    award: Award | None = None
    supplier_number: str | None = None


def create_dimension(actor: User | None, organisation: Organisation, facts: DimensionFacts) -> Dimension:
    """A new dimension, after the others. Raises NotAllowed, RuleBroken."""
    _check_manager(actor, organisation)
    others = dimensions_of(organisation)
    if len(others) >= MOST_DIMENSIONS:
        raise RuleBroken(_l("En organisation kan ha högst %(most)s koddelar.", most=MOST_DIMENSIONS))
    _check_dimension(facts, others)
    position = max((other.position for other in others), default=0) + 1
    dimension = Dimension(organisation=organisation, position=position, **vars(facts))
    db.session.add(dimension)
    db.session.flush()
    _record(actor, "create", dimension, {})
    return dimension


def edit_dimension(actor: User | None, dimension: Dimension, facts: DimensionFacts) -> None:
    """Say something else of a dimension; what is sent already keeps what it was. Raises NotAllowed, RuleBroken."""
    _check_manager(actor, dimension.organisation)
    _check_dimension(facts, [other for other in dimensions_of(dimension.organisation) if other is not dimension])
    if changes := apply(dimension, facts):
        _record(actor, "edit", dimension, changes)


def move_dimension(actor: User | None, dimension: Dimension, *, up: bool) -> None:
    """Change places with the one before or after. Raises NotAllowed."""
    _check_manager(actor, dimension.organisation)
    order = list(dimensions_of(dimension.organisation))
    here = order.index(dimension)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(order):
        return
    order[here], order[there] = order[there], order[here]
    for position, each in enumerate(order, 1):
        each.position = position
    _record(actor, "move", dimension, {"position": [here + 1, there + 1]})


def save_code(actor: User | None, dimension: Dimension, number: str, facts: CodeFacts) -> Code:
    """A new code, or another name or other days of one that is there. Raises NotAllowed, RuleBroken."""
    _check_manager(actor, dimension.organisation)
    dimension.check_form(number)
    check_days(facts.starts_on, facts.ends_on)
    code = codes_named([(dimension.id, number)]).get((dimension.id, number))
    if code is None:
        code = Code(dimension_id=dimension.id, code=number, **vars(facts))
        db.session.add(code)
        db.session.flush()
        _record_code(actor, "create", dimension, code, {})
    elif changes := apply(code, facts):
        _record_code(actor, "edit", dimension, code, changes)
    return code


def save_combination(
    actor: User | None, organisation: Organisation, rule: CodingRule | None, facts: CombinationFacts
) -> CodingRule:
    """A new allowed combination, or other words of one. Raises NotAllowed, RuleBroken."""
    _check_manager(actor, organisation)
    check_days(facts.starts_on, facts.ends_on)
    if facts.if_dimension.id == facts.then_dimension.id:
        raise RuleBroken(_l("En regel handlar om två olika koddelar."))
    if not spans_of(facts.codes or "") and facts.codes:
        raise RuleBroken(_l("Skriv koder så här: 410, 600-699"))
    same = (CodingRule.organisation_id == organisation.id, CodingRule.name == facts.name)
    other = db.session.scalar(select(CodingRule).where(*same))
    if other is not None and other is not rule:
        raise RuleBroken(_l("Det finns redan en regel som heter %(name)s.", name=facts.name))
    if rule is None:
        rule = CodingRule(organisation_id=organisation.id, **vars(facts))
        db.session.add(rule)
        db.session.flush()
        _record_rule(actor, "create", rule)
    else:
        changed = [name for name, value in vars(facts).items() if getattr(rule, name) != value]
        for name in changed:
            setattr(rule, name, getattr(facts, name))
        if changed:
            db.session.flush()
            _record_rule(actor, "edit", rule)
    return rule


def remove_combination(actor: User, organisation: Organisation, rule: CodingRule) -> None:
    """Take an allowed combination away; the journal keeps what it said. Raises NotAllowed."""
    _check_manager(actor, organisation)
    _record_rule(actor, "remove", rule)
    db.session.delete(rule)
    db.session.flush()


def save_default(actor: User | None, dimension: Dimension, to: DefaultFor, code: str | None) -> None:
    """Fill the till in with a code, or (None) with none any more. Raises NotAllowed, RuleBroken."""
    _check_manager(actor, dimension.organisation)
    keys = {
        "user_id": to.user.id if to.user else None,
        "unit_id": to.unit.id if to.unit else None,
        "category_id": to.category.id if to.category else None,
        "agreement_id": to.agreement.id if to.agreement else None,
        "award_id": to.award.id if to.award else None,
        "supplier_number": to.supplier_number,
    }
    hold(dimension)  # or of two at once each finds none
    former = db.session.scalar(select(CodingDefault).filter_by(dimension_id=dimension.id, **keys))
    if code is not None:
        _check_code(dimension, code)
    if (former.code if former else None) == code:
        return
    if former is not None:
        db.session.delete(former)
        db.session.flush()
    if code is not None:
        db.session.add(CodingDefault(dimension_id=dimension.id, code=code, **keys))
        db.session.flush()
    record(
        actor,
        "default",
        "coding-dimension",
        dimension.id,
        organisation_id=dimension.organisation_id,
        name=dimension.name,
        to={key: value for key, value in keys.items() if value is not None},
        code=code or "–",
    )


def remove_default(actor: User, default: CodingDefault) -> None:
    """Do not fill it in any more. Raises NotAllowed."""
    to = DefaultFor(
        default.user, default.unit, default.category, default.agreement, default.award, default.supplier_number
    )
    save_default(actor, default.dimension, to, None)


def save_favourite(actor: User, organisation: Organisation, name: str | None, codes: Mapping[int, str]) -> Any:
    """Keep a coding of hers under a name, instead of the former one of that name. Returns what became of it."""
    named = tidied(name or "")
    if named is None or not codes:
        return _l("Fyll i en kontering och vad favoriten ska heta.")
    if len(named) > LONGEST_FAVOURITE:
        return _l("Namnet får ha högst %(most)s tecken.", most=LONGEST_FAVOURITE)
    hers = (CodingFavourite.user_id == actor.id, CodingFavourite.organisation_id == organisation.id)
    db.session.execute(delete(CodingFavourite).where(*hers, CodingFavourite.name == named))
    count = db.session.scalar(select(func.count()).select_from(CodingFavourite).where(*hers)) or 0
    if count >= MOST_FAVOURITES:
        return _l("Du kan ha högst %(most)s favoriter. Ta bort en först.", most=MOST_FAVOURITES)
    kept = {str(key): code for key, code in codes.items()}
    db.session.add(CodingFavourite(user_id=actor.id, organisation_id=organisation.id, name=named, codes=kept))
    db.session.flush()
    return _l("Favoriten %(name)s är sparad.", name=named)


def remove_favourite(actor: User, favourite: CodingFavourite) -> Any:
    """Forget a coding of hers. Raises NotAllowed."""
    if favourite.user_id != actor.id:
        raise NotAllowed(_l("Favoriten är någon annans."))
    name = favourite.name
    db.session.delete(favourite)
    db.session.flush()
    return _l("Favoriten %(name)s är borttagen.", name=name)


def check_days(starts_on: date | None, ends_on: date | None) -> None:
    """Raises RuleBroken where the last day comes before the first."""
    if starts_on and ends_on and ends_on < starts_on:
        raise RuleBroken(_l("Sista dagen kan inte vara före den första."))


def _check_dimension(facts: DimensionFacts, others: Iterable[Dimension]) -> None:
    check_days(facts.starts_on, facts.ends_on)
    if facts.code_pattern:
        check_pattern(facts.code_pattern)
    if any(other.name.casefold() == facts.name.casefold() for other in others):
        raise RuleBroken(_l("Det finns redan en koddel som heter %(name)s.", name=facts.name))


def _check_code(dimension: Dimension, code: str) -> None:
    dimension.check_form(code)
    if dimension.is_listed and not codes_named([(dimension.id, code)]):
        raise RuleBroken(_l("%(dimension)s %(code)s finns inte.", dimension=dimension.name, code=code))


def _check_manager(actor: User | None, organisation: Organisation) -> None:
    """Nobody is the command line."""
    if actor is not None:
        check_manager(actor, organisation)


def _record(actor: User | None, act: str, dimension: Dimension, changes: Mapping[str, Any]) -> None:
    record(
        actor,
        act,
        "coding-dimension",
        dimension.id,
        organisation_id=dimension.organisation_id,
        name=dimension.name,
        changes=dict(changes),
    )


def _record_code(actor: User | None, act: str, dimension: Dimension, code: Code, changes: Mapping[str, Any]) -> None:
    """Tell the journal about a code."""
    record(
        actor,
        act,
        "coding-code",
        code.id,
        organisation_id=dimension.organisation_id,
        name=f"{dimension.name} {code.code}",
        changes=dict(changes),
    )


def _record_rule(actor: User | None, act: str, rule: CodingRule) -> None:
    told = str(rule.sentence())
    record(actor, act, "coding-rule", rule.id, organisation_id=rule.organisation_id, name=rule.name, rule=told)
