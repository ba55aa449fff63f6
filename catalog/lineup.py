"""Lineup: up to five articles side by side, what they differ in, and which is the cheapest by comparison price."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from auth.organisation import Organisation
from catalog.agreement import Award
from catalog.comparison_price import ComparisonPrice, comparison_price
from catalog.finding import Ask, Finding, Level
from catalog.price_list import Article
from catalog.rules import judge
from catalog.steering import load_facts, unmendable

MOST = 5  # more cannot be read side by side


@dataclass(frozen=True, slots=True)
class Contender:
    """An article of the lineup, with what the steering says of it."""

    article: Article
    award: Award
    comparison: ComparisonPrice | None  # none where the price list does not say what a package holds
    findings: tuple[Finding, ...]

    @property
    def stops(self) -> tuple[Finding, ...]:
        """Why it cannot be ordered; also what the basket opens, as the turn of another supplier."""
        return tuple(f for f in self.findings if f.level is Level.STOP)

    @property
    def goes_into_basket(self) -> bool:
        return not unmendable([self.findings])

    @property
    def delivery_days(self) -> int | None:
        return self.article.lead_time_days or self.award.delivery_days


TRAITS: dict[str, Callable[[Contender], Any]] = {
    "price": lambda c: (c.article.price, c.article.base_quantity, c.article.unit_code),
    "tiers": lambda c: c.article.tiers,
    "comparison": lambda c: c.comparison,
    "supplier": lambda c: c.award.supplier_id,
    "agreement": lambda c: c.award.lot.agreement_id,
    "ends": lambda c: c.award.lot.agreement.ends_on,
    "unit": lambda c: c.article.unit_code,
    "pack": lambda c: (c.article.pack_size, c.article.pack_unit),
    "least": lambda c: (c.article.minimum_quantity, c.article.quantity_multiple),
    "delivery": lambda c: c.delivery_days,
    "freight": lambda c: (c.award.freight, c.award.freight_free_from),
    "brand": lambda c: c.article.brand,
    "marks": lambda c: frozenset(c.article.mark_list),
    "order": lambda c: tuple(str(f.text) for f in c.stops),
}


@dataclass(frozen=True, slots=True)
class Lineup:
    contenders: Sequence[Contender]
    differing: frozenset[str]  # the names of the TRAITS in which they are not all alike
    cheapest: frozenset[int]  # ids of those with the lowest comparison price, where that can be said

    @property
    def traits(self) -> Collection[str]:
        """The names of what they are compared in."""
        return TRAITS.keys()


def line_up(articles: Sequence[Article], organisation: Organisation, on: date) -> Lineup:
    """Articles side by side, as an organisation sees them on a day. Four queries."""
    asks = [Ask(article) for article in articles]
    facts = load_facts(asks, organisation, on)
    contenders = [
        Contender(article, facts.awards[article.award_id], comparison_price(article), judge([ask], facts)[0])
        for article, ask in zip(articles, asks, strict=True)
    ]
    differing = frozenset(name for name, trait in TRAITS.items() if len({trait(c) for c in contenders}) > 1)
    return Lineup(contenders, differing, _cheapest(contenders))


def _cheapest(contenders: Sequence[Contender]) -> frozenset[int]:
    """Nobody is, where a price cannot be compared, or they are priced by different measures, or all alike."""
    known = {c.article.id: c.comparison for c in contenders if c.comparison is not None}
    amounts = {price.amount for price in known.values()}
    if len(known) < len(contenders) or len({price.unit_code for price in known.values()}) != 1 or len(amounts) < 2:
        return frozenset()
    return frozenset(article_id for article_id, price in known.items() if price.amount == min(amounts))
