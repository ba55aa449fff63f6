"""What is done with opened bids: weighed, and decided between (LOU 7 kap. 9 §, 12 kap. 12 §)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import insert

from auth.user import User
from catalog.actions.price_version import next_version
from catalog.price_list import Article, PriceList
from core.clock import now, today
from core.db import db
from core.errors import NotAllowed, RuleBroken
from core.state import advance, can
from orders import competition_mail as mail
from orders.actions.competition import tell
from orders.bid import Bid, BidScore, CompetitionDecision
from orders.competition import Competition, CompetitionCriterion
from orders.competition_policy import may_run
from orders.competition_queries import bids_of, load_competition
from orders.evaluation import evaluate
from orders.standstill import standstill_until


@dataclass(frozen=True, slots=True)
class Grade:
    """How well a bid meets a criterion: from 0 to 10, and why."""

    criterion: CompetitionCriterion
    grade: Decimal
    reason: str


def weigh(actor: User, bid: Bid, grades: Sequence[Grade], rejected_reason: str | None = None) -> None:
    """Grade a bid by the criteria other than price, or reject it because it does not meet the demands; anew, while
    nothing is decided. Raises NotAllowed, WrongState."""
    competition = _sit_down(actor, bid.competition_id)
    _check_opened(competition)
    db.session.refresh(bid)  # and its scores: a colleague may have been here since her page was shown
    bid.rejected_reason = rejected_reason
    known = {score.criterion_id: score for score in bid.scores}
    for grade in grades:
        score = known.get(grade.criterion.id)
        if score is None:
            score = BidScore(criterion=grade.criterion)
            bid.scores.append(score)
        score.grade, score.reason, score.scored_by_id = grade.grade, grade.reason, actor.id
    db.session.flush()
    tell(
        actor,
        "weigh",
        competition,
        supplier=bid.invitation.supplier.name,
        grades={grade.criterion.name: [str(grade.grade), grade.reason] for grade in grades},
        rejected=rejected_reason,
    )


def decide(
    actor: User, competition: Competition, bid_id: int, reasons: str, *, standstill: bool = False
) -> CompetitionDecision:
    """Decide for the best bid, with reasons, and tell every bidder (LOU 12:12).

    The won prices become rows of their own, which only this organisation's call-off stands on. With `standstill`
    nothing is ordered for ten days. Raises NotAllowed, WrongState, and RuleBroken for a bid that is not the best.
    """
    competition = _sit_down(actor, competition.id)
    _check_opened(competition)
    ranked = evaluate(bids_of(competition), competition.criteria)
    chosen = next((each for each in ranked if each.bid.id == bid_id), None)
    if chosen is None:
        raise RuleBroken(_l("Välj ett av anbuden."))
    if any(each.place is None and each.bid.rejected_reason is None for each in ranked):
        raise RuleBroken(_l("Alla anbud måste vara bedömda på varje kriterium först."))
    if chosen.place != 1:
        raise RuleBroken(_l("Anbudet som är bäst enligt kriterierna ska vinna."))
    if (supplier := chosen.bid.invitation.supplier).is_blocked:
        said = {"supplier": supplier.name, "reason": supplier.blocked_reason}
        raise RuleBroken(_l("%(supplier)s är spärrad (%(reason)s). Avvisa anbudet, eller avbryt.", **said))
    if chosen.bid.valid_until < today():
        raise RuleBroken(_l("Anbudet gäller inte längre. Be leverantören att förlänga, eller avbryt."))
    decision = CompetitionDecision(
        competition=competition,
        bid=chosen.bid,
        reasons=reasons,
        standstill_until=standstill_until(today()) if standstill else None,
        decided_at=now(),
        decided_by=actor,
    )
    _keep_prices(competition, chosen.bid, actor)
    advance(competition, "decide")
    db.session.add(decision)
    db.session.flush()
    tell(
        actor,
        "decide",
        competition,
        winner=chosen.bid.invitation.supplier.name,
        net_amount=str(chosen.bid.net_amount),
        reasons=reasons,
        standstill_until=decision.standstill_until.isoformat() if decision.standstill_until else None,
    )
    mail.tell_decided(competition, decision, ranked)
    return decision


def _keep_prices(competition: Competition, bid: Bid, actor: User) -> None:
    """Make the won prices rows that an order line can stand on: never on show, for this competition alone."""
    price_list = PriceList(
        award_id=bid.award_id,
        version=next_version(bid.award_id),
        effective_from=today(),
        source_name=competition.number,
        source_sha256=bid.sha256,
        article_count=len(bid.lines),
        created_at=now(),
        created_by_id=actor.id,
    )
    db.session.add(price_list)
    db.session.flush()
    for bid_line in bid.lines:
        line = bid_line.line
        row = {
            "price_list_id": price_list.id,
            "award_id": bid.award_id,
            "supplier_number": f"{competition.number}-{line.position}",
            "name": line.name,
            "unit_code": line.unit_code,
            "price": bid_line.unit_price,
            "base_quantity": Decimal(1),
            "vat_class": line.vat_class,
        }
        bid_line.article_id = db.session.scalar(insert(Article).returning(Article.id), row)
    advance(price_list, "win")


def _check_opened(competition: Competition) -> None:
    if not can(competition, "decide"):
        advance(competition, "decide")  # raises, and says how it stands


def _sit_down(actor: User, competition_id: int) -> Competition:
    competition = load_competition(competition_id)
    if not may_run(actor, competition):
        raise NotAllowed(_l("Anbuden bedöms av den som förvaltar avtalet."))
    return competition
