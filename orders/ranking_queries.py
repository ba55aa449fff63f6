"""Queries about the ranking log: the entries of a need, and who stands before whom."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload, undefer

from catalog.agreement import Award
from catalog.queries import with_terms
from core.db import db
from core.errors import NotFound
from orders.basket import Basket, BasketLine
from orders.ranking import RankingRefusal
from orders.requisition import Requisition


def asked_before(line: BasketLine, award_id: int) -> Award:
    """An award of the line's lot that is asked before the line's own: one that stands before it in the ranking, or,
    where share or total decides, any other. Raises NotFound."""
    own, found = line.article.award, rival_of(line, award_id)
    if not own.lot.asks_in_turn or (own.lot.is_ranked and found.rank > own.rank):
        raise NotFound(_l("Leverantören står inte på tur före den du har valt."))
    return found


def rival_of(line: BasketLine, award_id: int) -> Award:
    """Another award of the line's lot. Raises NotFound."""
    own = line.article.award
    wanted = select(Award).where(Award.id == award_id, Award.lot_id == own.lot_id, Award.id != own.id)
    found = db.session.scalar(wanted.options(*with_terms()))
    if found is None:
        raise NotFound(_l("Leverantören finns inte i samma delområde."))
    return found


def refusals_of(need: Basket | Requisition) -> Sequence[RankingRefusal]:
    """The noted refusals of better-placed suppliers for one need."""
    return db.session.scalars(
        select(RankingRefusal)
        .where(_of(need))
        .order_by(RankingRefusal.id)
        .options(
            joinedload(RankingRefusal.award).joinedload(Award.supplier),
            joinedload(RankingRefusal.award).joinedload(Award.lot),
            joinedload(RankingRefusal.noted_by),
        )
    ).all()


def evidence_of(requisition: Requisition, refusal_id: int) -> RankingRefusal:
    """An entry of a requisition that has a file, with the file. Raises NotFound."""
    query = select(RankingRefusal).where(RankingRefusal.id == refusal_id, _of(requisition))
    found = db.session.scalar(query.options(undefer(RankingRefusal.file_content)))
    if found is None or found.file_content is None:
        raise NotFound(_l("Filen finns inte."))
    return found


def _of(need: Basket | Requisition) -> ColumnElement[bool]:
    column = RankingRefusal.basket_id if isinstance(need, Basket) else RankingRefusal.requisition_id
    return column == need.id
