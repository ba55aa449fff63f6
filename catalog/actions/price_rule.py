"""Write down what an agreement says about changed prices, and the limits of one person."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from auth.user import User
from catalog.actions.agreement import begin_edit, tell
from catalog.actions.change import Facts, apply, changes_of
from catalog.agreement import Agreement
from catalog.price_rule import PriceRule, PriceRuleProposal, proposal_of, rule_of
from core.clock import now
from core.db import db
from core.errors import NotAllowed, RuleBroken, WrongState


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
) -> PriceRuleProposal | None:
    """Write down what the agreement says about changed prices, and the limits of one person.

    What allows more than before demands a reason, and is a proposal until another person has said yes: it is returned,
    and the rule is as it was. A proposal that waited already gives way to what is written now.
    """
    begin_edit(actor, agreement, version)
    rule, reason = rule_of(agreement), (reason or "").strip()
    loosened = rule if rule is not None and rule.is_loosened_by(asdict(facts)) else None
    if loosened is not None and not reason:
        raise RuleBroken(_l("Regeln blir mindre sträng. Skriv varför."))
    _take_away(agreement)
    if loosened is not None:
        return _propose(actor, loosened, facts, reason)
    if rule is None:
        rule = PriceRule(agreement_id=agreement.id)
        db.session.add(rule)
    if changes := apply(rule, facts):
        tell(actor, "edit-price-rule", agreement, changes=changes, reason=reason or None)
    return None


def _propose(actor: User | None, rule: PriceRule, facts: PriceRuleFacts, reason: str) -> PriceRuleProposal:
    proposal = PriceRuleProposal(
        agreement_id=rule.agreement_id,
        reason=reason,
        proposed_at=now(),
        proposed_by_id=actor.id if actor else None,
        **asdict(facts),
    )
    db.session.add(proposal)
    tell(actor, "propose-price-rule", rule.agreement, changes=changes_of(rule, facts), reason=reason)
    return proposal


def approve_price_rule(actor: User, agreement: Agreement, version: int) -> None:
    """Let the less strict rule that somebody else proposed hold. Raises NotAllowed for whoever proposed it.

    `version`: what she saw is what she says yes to.
    """
    begin_edit(actor, agreement, version)
    rule, proposal = rule_of(agreement), _waiting(agreement)
    assert rule is not None  # nothing is looser than no rule
    if proposal.proposed_by_id == actor.id:
        raise NotAllowed(
            _l("Du har själv föreslagit ändringen."), way_on=_l("Be en annan avtalsägare öppna sidan och godkänna den.")
        )
    changes = apply(rule, PriceRuleFacts.of(proposal))
    proposer = proposal.proposed_by.name if proposal.proposed_by else "Avrop"
    _take_away(agreement)
    tell(actor, "approve-price-rule", agreement, changes=changes, reason=proposal.reason, proposer=proposer)


def drop_price_rule(actor: User, agreement: Agreement, version: int) -> None:
    """Take away a proposal, one's own or somebody else's; the rule stays as it is."""
    begin_edit(actor, agreement, version)
    proposal = _waiting(agreement)
    _take_away(agreement)
    tell(actor, "drop-price-rule", agreement, reason=proposal.reason)


def _waiting(agreement: Agreement) -> PriceRuleProposal:
    proposal = proposal_of(agreement)
    if proposal is None:
        raise WrongState(_l("Det finns inget förslag som väntar."))
    return proposal


def _take_away(agreement: Agreement) -> None:
    proposal = proposal_of(agreement)
    if proposal is not None:
        db.session.delete(proposal)
        db.session.flush()
