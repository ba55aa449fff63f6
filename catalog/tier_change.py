"""Tier change: what becomes of the price of many where tiers change, which the price of one does not tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from catalog.price_list import Article, PriceList, Tier, price_among
from catalog.price_rule import PriceRule
from core.db import db

_FETCHED = 5_000
_HALF_AN_ORE = Decimal("0.005")


@dataclass(frozen=True, slots=True)
class TierChange:
    """The row that changes, and the price of one unit before and after at each quantity where either list changes it:
    SEK excl. VAT."""

    article_id: int
    supplier_number: str
    base_quantity: Decimal
    prices: Sequence[tuple[Decimal, Decimal]]

    @property
    def percent(self) -> Decimal:
        """The largest change at any quantity, up or down, in whole hundredths."""
        largest = max((abs(after - before) * 100 / before for before, after in self.prices), default=Decimal(0))
        return largest.quantize(Decimal("0.01"), ROUND_FLOOR)

    def is_breaking(self, rule: PriceRule, effective_from: date) -> bool:
        """Whether the agreement forbids the raise at any quantity, as it does for the price of one: rounding to whole
        öre is none."""
        if rule.raises_from is not None and effective_from < rule.raises_from:
            return any(after > before for before, after in self.prices)
        if rule.largest_raise is None:
            return False
        spare = _HALF_AN_ORE / self.base_quantity
        most = 1 + rule.largest_raise / 100
        return any(after > before and after > before * most + spare for before, after in self.prices)


def tier_changes(price_list: PriceList, former: PriceList) -> Iterator[TierChange]:
    """The articles of both lists whose tiers differ, or count for another quantity. One query."""
    new, old = aliased(Article), aliased(Article)
    rows: Iterable[Any] = db.session.execute(
        select(
            *(new.id, new.supplier_number),
            *(old.price, old.tiers, old.base_quantity),
            *(new.price, new.tiers, new.base_quantity),
        )
        .join(old, and_(old.price_list_id == former.id, old.supplier_number == new.supplier_number))
        .where(
            new.price_list_id == price_list.id,
            or_(new.tiers.is_not(None), old.tiers.is_not(None)),
            or_(new.tiers.is_distinct_from(old.tiers), new.base_quantity != old.base_quantity),
        ),
        execution_options={"yield_per": _FETCHED},
    )
    for article_id, number, price, tiers, base, new_price, new_tiers, new_base in rows:
        prices = [
            (price_among(tiers, price, quantity) / base, price_among(new_tiers, new_price, quantity) / new_base)
            for quantity in _quantities(tiers, new_tiers)
        ]
        yield TierChange(article_id, number, new_base, prices)


def _quantities(*tiers: Sequence[Tier]) -> list[Decimal]:
    """Where a price may change; between two of them it does not."""
    return sorted({tier.quantity for some in tiers for tier in some})
