"""Steering: may this organisation order this, under this award, on this date?

The one function that is asked when searching, adding to the basket, submitting and, under lock, placing. It loads
what it needs in a fixed number of queries, however many lines are asked about; the rules themselves are pure
(`catalog.rules`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select

from auth.organisation import Organisation
from catalog.agreement import Award, Entitlement
from catalog.category import Category
from catalog.ceiling import ceilings_for
from catalog.finding import Ask, Facts, Finding, Level
from catalog.queries import current_articles, with_terms
from catalog.rules import judge
from core.db import db, prepared

__all__ = ["Ask", "Facts", "Finding", "Level", "blocking", "findings", "load_facts", "stops", "unmendable"]


def findings(
    asks: Sequence[Ask],
    organisation: Organisation,
    on: date,
    *,
    refused: Collection[int] = (),
    charges: Mapping[int, Decimal] | None = None,
    reserved: bool = False,
) -> list[tuple[Finding, ...]]:
    """What stands in the way of each ask, in the order of the asks; stops first.

    `refused`: ids of the awards whose suppliers have declined or not answered this need. `charges`: freight and
    fees in SEK excl. VAT by award id, which count on the ceilings. `reserved`: the amounts already stand in the
    ceilings' reservations, as they do when an order is placed.
    """
    facts = load_facts(asks, organisation, on)
    return judge(asks, facts, refused=refused, charges=charges, reserved=reserved)


def stops(found: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    """The findings that make ordering impossible, of all the asks."""
    return tuple(f for of_one in found for f in of_one if f.level is Level.STOP)


def unmendable(found: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    """The stops that nothing done in the basket takes away. One is: a lower-ranked supplier may lie there, because
    that is where the better-placed one's answer is noted."""
    return tuple(f for f in stops(found) if f.code != "not-next-in-rank")


def blocking(found: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    """The findings that must be gone before a requisition is submitted: stops, and grounds not yet stated."""
    return tuple(f for of_one in found for f in of_one if f.level is not Level.INFORM)


def load_facts(asks: Sequence[Ask], organisation: Organisation, on: date) -> Facts:
    """What the rules need to know, in five queries."""
    articles = [ask.article for ask in asks]
    rivals = _rivals({article.award_id for article in articles})
    awards = {award.id: award for of_lot in rivals.values() for award in of_lot}
    return Facts(
        organisation=organisation,
        on=on,
        awards=awards,
        rivals=rivals,
        entitlements=_entitlements(organisation, {of_lot[0].lot.agreement_id for of_lot in rivals.values()}),
        ceilings=ceilings_for(awards),
        current=current_articles({(a.award_id, a.supplier_number) for a in articles}, on),
        closed=_closed_categories(),
    )


def _rivals(award_ids: Collection[int]) -> dict[int, list[Award]]:
    """All the awards of the lots that the given ones belong to, by lot and rank."""
    found: dict[int, list[Award]] = {}
    for award in db.session.scalars(*_awards_of_lots(list(award_ids))):
        found.setdefault(award.lot_id, []).append(award)
    return found


@prepared
def _awards_of_lots(award_ids: list[int]) -> Select[Any]:
    lots = select(Award.lot_id).where(Award.id.in_(award_ids))
    statement = select(Award).where(Award.lot_id.in_(lots)).options(*with_terms())
    return statement.order_by(Award.lot_id, Award.rank, Award.id)


def _entitlements(organisation: Organisation, agreement_ids: Collection[int]) -> dict[int, list[Entitlement]]:
    found: dict[int, list[Entitlement]] = {}
    for entitlement in db.session.scalars(*_entitlements_to(organisation.id, list(agreement_ids))):
        found.setdefault(entitlement.agreement_id, []).append(entitlement)
    return found


@prepared
def _entitlements_to(organisation_id: int, agreement_ids: list[int]) -> Select[Any]:
    return select(Entitlement).where(
        Entitlement.organisation_id == organisation_id, Entitlement.agreement_id.in_(agreement_ids)
    )


def _closed_categories() -> dict[int, str]:
    return {row.id: row.name for row in db.session.execute(*_closed())}


@prepared
def _closed() -> Select[int, str]:
    return select(Category.id, Category.name).where(Category.is_closed)
