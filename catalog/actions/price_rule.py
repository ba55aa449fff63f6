"""Write down what an agreement says about changed prices, and the limits of one person."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from auth.user import User
from catalog.actions.agreement import begin_edit, tell
from catalog.actions.change import Facts, apply
from catalog.agreement import Agreement, Award, Lot
from catalog.price_list import PriceList, PriceListState
from catalog.price_rule import PriceRule, rule_of
from core.db import db
from core.errors import NotAllowed, RuleBroken


@dataclass(frozen=True, kw_only=True)
class PriceRuleFacts(Facts):
    """What is told of a price rule."""

    index_clause: str | None = None
    raises_from: date | None = None
    largest_raise: Decimal | None = None
    limit_percent: Decimal | None = None
    limit_share: Decimal | None = None
    limit_effect: Decimal | None = None


def set_price_rule(
    actor: User | None, agreement: Agreement, facts: PriceRuleFacts, version: int, *, reason: str | None = None
) -> None:
    """Write down what the agreement says about changed prices, and the limits of one person.

    To allow more than before demands a reason, and nobody does it while a list of her own waits.
    """
    begin_edit(actor, agreement, version)
    rule = rule_of(agreement)
    if rule is None:
        rule = PriceRule(agreement_id=agreement.id)
        db.session.add(rule)
    reason = (reason or "").strip() or None
    if rule.is_loosened_by(asdict(facts)):
        if reason is None:
            raise RuleBroken(_l("Regeln blir mindre sträng. Skriv varför."))
        if actor is not None and _has_draft(actor, agreement):
            raise NotAllowed(_l("Du har en prislista som väntar. Någon annan får göra regeln mindre sträng."))
    if changes := apply(rule, facts):
        tell(actor, "edit-price-rule", agreement, changes=changes, reason=reason)


def _has_draft(actor: User, agreement: Agreement) -> bool:
    drafts = (
        select(PriceList.id)
        .join(Award, Award.id == PriceList.award_id)
        .join(Lot, Lot.id == Award.lot_id)
        .where(
            Lot.agreement_id == agreement.id,
            PriceList.created_by_id == actor.id,
            PriceList.state.in_([PriceListState.DRAFT, PriceListState.REVIEWED]),
        )
    )
    return db.session.scalar(drafts.limit(1)) is not None
