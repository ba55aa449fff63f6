"""Lowest total: what a whole basket costs at each of a lot's suppliers, freight and fees included (dynamic ranking).

Goods are the same where GTIN, unit and package are (`same_goods`); a supplier that lacks something, or does not sell so
many, has no total for the basket and says what it lacks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select

from catalog.agreement import Award
from catalog.ceiling import ZERO
from catalog.price_list import Article, PriceList, PriceListState
from core.db import db, prepared
from core.types import line_net
from exchange.units import is_counted

Wanted = tuple[Article, Decimal]  # a row of some supplier of the lot, and how many
Matches = Mapping[tuple[int, int], Article]  # (id of the wanted row, award id) → the same goods there


@dataclass(frozen=True, slots=True)
class Offer:
    """What a supplier would take for what it has of a basket. SEK excl. VAT."""

    award: Award
    lines: Decimal
    charges: Decimal
    lacking: tuple[Article, ...]  # the wanted rows that it does not sell, or not so many of
    articles: tuple[Article, ...]  # what it would deliver

    @property
    def total(self) -> Decimal:
        return self.lines + self.charges

    @property
    def lacks(self) -> str:
        """What it lacks, in words."""
        return ", ".join(article.name for article in self.lacking)

    @property
    def is_complete(self) -> bool:
        return not self.lacking


def compare(wanted: Sequence[Wanted], awards: Sequence[Award], matches: Matches) -> list[Offer]:
    """The offers of the suppliers, complete ones first, the lowest total first among them."""
    offers = [_offer(award, wanted, matches) for award in awards]
    return sorted(offers, key=lambda offer: (len(offer.lacking), offer.total, offer.award.rank, offer.award.id))


def _offer(award: Award, wanted: Sequence[Wanted], matches: Matches) -> Offer:
    lacking: list[Article] = []
    articles: list[Article] = []
    net = ZERO
    for article, quantity in wanted:
        own = article if article.award_id == award.id else matches.get((article.id, award.id))
        if own is None or not _sells(own, quantity):
            lacking.append(article)
            continue
        articles.append(own)
        net += line_net(quantity, own.price_for(quantity), own.base_quantity)
    return Offer(award, net, award.charges_on(net) if articles else ZERO, tuple(lacking), tuple(articles))


def _sells(article: Article, quantity: Decimal) -> bool:
    """Whether the price list allows so many."""
    step = article.quantity_multiple
    if step is None and is_counted(article.unit_code):
        step = Decimal(1)
    return quantity >= (article.minimum_quantity or ZERO) and not (step and quantity % step)


def same_goods(articles: Sequence[Article], award_ids: Sequence[int], on: date) -> dict[tuple[int, int], Article]:
    """The same goods in the lists in force of some awards, by (id of the given row, award id). One query.

    The same GTIN in the same unit and package; where a list has several, the cheapest row of them.
    """
    with_gtin: dict[str, list[Article]] = {}
    for article in articles:
        if article.gtin:
            with_gtin.setdefault(article.gtin, []).append(article)
    if not with_gtin or not award_ids:
        return {}
    found: dict[tuple[int, int], Article] = {}
    for other in db.session.scalars(*_on_sale(sorted(with_gtin), sorted(award_ids), on)):
        for article in with_gtin[other.gtin]:
            if other.award_id != article.award_id and _packed(other) == _packed(article):
                best = found.get((article.id, other.award_id))
                if best is None or _price(other) < _price(best):
                    found[article.id, other.award_id] = other
    return found


def _packed(article: Article) -> tuple[Any, ...]:
    return article.unit_code, article.pack_size, article.pack_unit


def _price(article: Article) -> Decimal:
    return article.price / article.base_quantity


@prepared
def _on_sale(gtins: list[str], award_ids: list[int], on: date) -> Select[Any]:
    return (
        select(Article)
        .join(PriceList, PriceList.id == Article.price_list_id)
        .where(Article.gtin.in_(gtins), Article.award_id.in_(award_ids))
        .where(PriceList.state == PriceListState.PUBLISHED, PriceList.effective_from <= on)
        .order_by(Article.id)
    )
