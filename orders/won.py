"""Won: the prices that competitions have decided, as the steering wants to know them.

A line of a basket or a requisition names the bid line that it stands on. What that is worth is read here, in one query,
and only where there is such a line: decided, of this very organisation, and the article that the won price became.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from auth.organisation import Organisation
from catalog.finding import Won
from core.db import db, locks_rows
from orders.basket import BasketLine
from orders.bid import Bid, BidLine, CompetitionDecision
from orders.competition import Competition, CompetitionLine, CompetitionState
from orders.requisition import Requisition, RequisitionLine, stands


def won_prices(
    lines: Sequence[BasketLine] | Sequence[RequisitionLine], organisation: Organisation, requisition_id: int | None
) -> dict[int, Won]:
    """What the lines have won, by the article's id; nothing where no line says so.

    `requisition_id`: of the one that they belong to, which does not stand in its own way.
    """
    ids = {line.bid_line_id for line in lines if line.bid_line_id is not None}
    if not ids:
        return {}
    rows = db.session.execute(
        select(BidLine, CompetitionLine.quantity, Competition, CompetitionDecision.standstill_until)
        .join(CompetitionLine, CompetitionLine.id == BidLine.line_id)
        .join(CompetitionDecision, CompetitionDecision.bid_id == BidLine.bid_id)
        .join(Competition, Competition.id == CompetitionDecision.competition_id)
        .where(BidLine.id.in_(ids), BidLine.article_id.is_not(None))
        .where(Competition.organisation_id == organisation.id, Competition.state == CompetitionState.DECIDED)
    ).all()
    taken = _taken(ids, requisition_id)
    return {
        bid_line.article_id or 0: Won(competition.number, quantity, standstill, taken.get(bid_line.id))
        for bid_line, quantity, competition, standstill in rows
    }


def hold_won(lines: Sequence[BasketLine]) -> None:
    """Keep the competitions that the lines have won to oneself until the transaction ends: two who send the same won
    price at the same moment would each find it free, and so would an order and its competition's end."""
    ids = {line.bid_line_id for line in lines if line.bid_line_id is not None}
    if ids and locks_rows():
        won = select(Bid.competition_id).join(BidLine, BidLine.bid_id == Bid.id).where(BidLine.id.in_(ids))
        held = select(Competition.id).where(Competition.id.in_(won)).order_by(Competition.id)
        db.session.execute(held.with_for_update())


def _taken(ids: set[int], requisition_id: int | None) -> dict[int, str]:
    """The numbers of other requisitions that have the prices already, by the bid line's id."""
    query = (
        select(RequisitionLine.bid_line_id, Requisition)
        .join(Requisition, Requisition.id == RequisitionLine.requisition_id)
        .where(RequisitionLine.bid_line_id.in_(ids))
        .where(stands())
    )
    if requisition_id is not None:
        query = query.where(Requisition.id != requisition_id)
    return {bid_line_id or 0: requisition.number for bid_line_id, requisition in db.session.execute(query)}


def winning_lines(competition: Competition) -> Sequence[BidLine]:
    """The lines of the bid that won, in the order of the request; with the article of each."""
    return db.session.scalars(
        select(BidLine)
        .join(Bid, Bid.id == BidLine.bid_id)
        .join(CompetitionDecision, CompetitionDecision.bid_id == Bid.id)
        .join(CompetitionLine, CompetitionLine.id == BidLine.line_id)
        .where(CompetitionDecision.competition_id == competition.id)
        .order_by(CompetitionLine.position)
    ).all()
