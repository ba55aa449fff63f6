"""Steering: may this organisation order this, under this award, on this date?

The one function that is asked when searching, adding to the basket, submitting and, under lock, placing. It loads
what it needs in a fixed number of queries, however many lines are asked about; the rules themselves are pure
(`catalog.rules`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ScalarSelect, Select, and_, or_, select
from sqlalchemy.orm import aliased, contains_eager

from auth.organisation import Organisation
from catalog.agreement import Agreement, Award, CallOffMethod, Entitlement, Lot
from catalog.category import Category
from catalog.ceiling import ceilings_for
from catalog.finding import Ask, Facts, Finding, Free, Level
from catalog.lowest_total import Matches, same_goods
from catalog.price_list import Article
from catalog.queries import current_articles, with_terms
from catalog.rules import judge
from core.db import db, prepared

Rows = Mapping[tuple[int, str], Article]  # by award id and supplier's number
TURNS = frozenset({"not-next-in-rank", "share-elsewhere", "lowest-total-elsewhere"})  # it is another supplier's turn

__all__ = ["Ask", "Facts", "Finding", "Free", "Level", "blocking", "findings", "load_facts", "stops", "unmendable"]


def findings(
    asks: Sequence[Ask],
    organisation: Organisation,
    on: date,
    *,
    charges: Mapping[int, Decimal] | None = None,
    reserved: bool = False,
    promised_at: datetime | None = None,
) -> list[tuple[Finding, ...]]:
    """What stands in the way of each ask, in the order of the asks; stops first.

    `charges`: freight and fees in SEK excl. VAT by award id, which count on the ceilings. `reserved`: the
    amounts already stand in the ceilings' reservations, as they do when an order is placed. `promised_at`: when that
    was; a ceiling that came later does not stop it.
    """
    facts = load_facts(asks, organisation, on)
    return judge(asks, facts, charges=charges, reserved=reserved, promised_at=promised_at)


def stops(found: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    """The findings that make ordering impossible, of all the asks."""
    return tuple(f for of_one in found for f in of_one if f.level is Level.STOP)


def unmendable(found: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    """The stops that nothing done in the basket takes away. Turns are: a lower-ranked supplier may lie there, because
    that is where the better-placed one's answer is noted; and whose turn it is by share or total shows there, where
    the lines can be moved to that supplier."""
    return tuple(f for f in stops(found) if f.code not in TURNS)


def blocking(found: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    """The findings that must be gone before a requisition is submitted: stops, and grounds not yet stated."""
    return tuple(f for of_one in found for f in of_one if f.level is not Level.INFORM)


def load_facts(asks: Sequence[Ask], organisation: Organisation, on: date, *, current: Rows | None = None) -> Facts:
    """What the rules need to know, in three queries; one more where the lowest total decides.

    `current`: the rows in force of all that is asked for, where the asker has just read them.
    """
    articles = [ask.article for ask in asks]
    terms = _terms_of({article.award_id for article in articles}, organisation)
    if current is None:
        current = current_articles({(article.award_id, article.supplier_number) for article in articles}, on)
    return Facts(
        organisation=organisation,
        on=on,
        awards=terms.awards,
        rivals=terms.rivals,
        entitlements=terms.entitlements,
        ceilings=ceilings_for(terms.awards, organisation.id),
        current=current,
        closed=terms.closed,
        matches=_matches(articles, terms, on),
    )


def _matches(articles: Sequence[Article], terms: Terms, on: date) -> Matches:
    """The same goods at the other suppliers of the lots where the lowest total decides."""
    asked = [a for a in articles if terms.awards[a.award_id].lot.method is CallOffMethod.DYNAMIC_RANKING]
    lots = {terms.awards[article.award_id].lot_id for article in asked}
    return same_goods(asked, [award.id for lot in lots for award in terms.rivals[lot]], on) if asked else {}


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed in the lots that are asked about, and what stands against it; named as in Facts."""

    awards: Mapping[int, Award]
    rivals: Mapping[int, Sequence[Award]]
    entitlements: Mapping[int, Sequence[Entitlement]]
    closed: Mapping[int, str]


def _terms_of(award_ids: Collection[int], organisation: Organisation) -> Terms:
    """All the awards of the lots that the given ones belong to, by lot and rank; and what the organisation is
    entitled to of their agreements. One query."""
    awards: dict[int, Award] = {}
    rivals: dict[int, dict[Award, None]] = {}
    entitlements: dict[int, dict[Entitlement, None]] = {}
    closed: dict[int, str] = {}
    for award, entitlement, closed_branch in db.session.execute(*_awards_of_lots(list(award_ids), organisation.id)):
        awards[award.id] = award
        rivals.setdefault(award.lot_id, {})[award] = None
        if entitlement is not None:
            entitlements.setdefault(entitlement.agreement_id, {})[entitlement] = None
        if closed_branch is not None:
            closed[award.id] = closed_branch
    return Terms(
        awards,
        {lot: list(of_lot) for lot, of_lot in rivals.items()},
        {agreement: list(ours) for agreement, ours in entitlements.items()},
        closed,
    )


@prepared
def _awards_of_lots(award_ids: list[int], organisation_id: int) -> Select[Award, Entitlement, str]:
    lots = select(Award.lot_id).where(Award.id.in_(award_ids))
    ours = and_(Entitlement.agreement_id == Lot.agreement_id, Entitlement.organisation_id == organisation_id)
    return (
        select(Award, Entitlement, _closed_branch())
        .join(Award.lot)
        .outerjoin(Entitlement, ours)
        .where(Award.lot_id.in_(lots))
        .options(*with_terms(contains_eager(Award.lot)))
        .order_by(Award.lot_id, Award.rank, Award.id)
    )


def _closed_branch() -> ScalarSelect[str]:
    """The name of the closed category in which a lot's or its agreement's own one lies; none where all are open."""
    branch, own = aliased(Category), aliased(Category)
    its_own = select(Agreement.category_id).where(Agreement.id == Lot.agreement_id)
    of_agreement = its_own.correlate(Lot).scalar_subquery()
    return (
        select(branch.name)
        .where(branch.is_closed, own.path.startswith(branch.path))
        .where(or_(own.id == Lot.category_id, own.id == of_agreement))
        .order_by(branch.path)
        .limit(1)
        .correlate(Lot)
        .scalar_subquery()
    )
