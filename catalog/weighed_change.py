"""Weighed change: an article whose price for one does not tell what becomes of its price.

That is so where tiers are there, or where the unit or what a package holds has changed. Prices are compared for one of
the units that the former list sold; where the new list does not say how many of them its own unit is, they cannot be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import aliased

from catalog.comparison_price import Unit, units_in
from catalog.price_list import Article, PriceList, Tier, price_among
from catalog.price_rule import PriceRule
from catalog.same_article import renumbered
from catalog.volume import YEAR, line_quantities
from core.clock import now
from core.db import db
from core.types import rounded

_FETCHED = 5_000
_HALF_AN_ORE = Decimal("0.005")
_EXACT = Context(prec=20)  # what a division leaves below that is no change
_HIGHEST = Decimal(10**7)  # SEK for a unit, as for the database
_MOST = Decimal(10**13)  # percent, and SEK a year: a mistyped price must not stop the page

Lines = Sequence[tuple[Decimal, int]]  # ordered in one line, and how many such lines


@dataclass(frozen=True, slots=True)
class WeighedChange:
    """What becomes of an article's price at every quantity. Percentages in hundredths, plus is dearer; the effect in
    SEK excl. VAT for what was ordered in a year. Without `is_comparable` nothing of it is known."""

    article_id: int  # of the new row
    supplier_number: str
    direction: int = 0  # 1 dearer, -1 cheaper, 0 neither, or one here and the other there
    percent: Decimal = Decimal(0)  # of the price of one; where that is the same, of the tier that changes the most
    largest: Decimal = Decimal(0)  # at any quantity, up or down
    effect: Decimal | None = None
    is_breaking: bool = False  # the agreement forbids it
    is_comparable: bool = True


class _Terms(NamedTuple):
    """What a row sells at which price."""

    unit: Unit
    price: Decimal
    base_quantity: Decimal
    tiers: Sequence[Tier]

    def price_at(self, quantity: Decimal | None) -> Decimal:
        return price_among(self.tiers, self.price, quantity) / self.base_quantity


def weighed_changes(price_list: PriceList, former: PriceList, rule: PriceRule | None) -> Iterator[WeighedChange]:
    """The articles of both lists that differ and have tiers, another unit or other contents. Three queries at most."""
    new, old = aliased(Article), aliased(Article)
    by_number = and_(old.price_list_id == former.id, old.supplier_number == new.supplier_number)
    pairs = renumbered(price_list.id, former.id)
    for statement in (
        _rows(new, old).join(old, by_number).where(new.price_list_id == price_list.id),
        _rows(new, old).join(pairs, pairs.c.new_id == new.id).join(old, old.id == pairs.c.old_id),
    ):
        yield from _weighed(statement.where(_needs_weighing(new, old)), price_list, rule)


def _rows(new: Any, old: Any) -> Select[Any]:
    terms = [
        getattr(article, name) for article in (old, new) for name in (*Unit._fields, "price", "base_quantity", "tiers")
    ]
    return select(new.id, new.supplier_number, old.supplier_number, *terms).select_from(new)


def _needs_weighing(new: Any, old: Any) -> ColumnElement[bool]:
    has_tiers = or_(new.tiers.is_not(None), old.tiers.is_not(None))
    differs = or_(new.tiers.is_distinct_from(old.tiers), new.price != old.price, new.base_quantity != old.base_quantity)
    is_other = or_(*(getattr(new, name).is_distinct_from(getattr(old, name)) for name in Unit._fields))
    return or_(is_other, and_(has_tiers, differs))


def _weighed(statement: Select[Any], price_list: PriceList, rule: PriceRule | None) -> Iterator[WeighedChange]:
    lines: dict[str, Lines] | None = None
    rows: Iterable[Any] = db.session.execute(statement, execution_options={"yield_per": _FETCHED})
    for article_id, number, former_number, *terms in rows:
        if lines is None:
            lines = _lines(price_list.award_id)
        half = len(terms) // 2
        before, after = _terms(terms[:half]), _terms(terms[half:])
        ratio = units_in(before.unit, after.unit)
        if ratio is None:
            is_breaking = _asks_about_raises(rule, price_list)
            yield WeighedChange(article_id, number, is_breaking=is_breaking, is_comparable=False)
        else:
            ordered = lines.get(former_number, ())
            yield _compared(article_id, number, before, after, ratio, ordered, rule, price_list)


def _terms(values: Sequence[Any]) -> _Terms:
    *unit, price, base_quantity, tiers = values
    return _Terms(Unit(*unit), price, base_quantity, tiers or ())


def _lines(award_id: int) -> dict[str, Lines]:
    found = defaultdict(list)
    ordered = line_quantities(award_id, now() - YEAR)
    for number, quantity, times in db.session.execute(
        select(ordered.c.supplier_number, ordered.c.quantity, ordered.c.times)
    ):
        found[number].append((Decimal(int(quantity)).scaleb(-3), int(times)))
    return dict(found)


def _compared(
    article_id: int,
    number: str,
    before: _Terms,
    after: _Terms,
    ratio: Decimal,
    lines: Lines,
    rule: PriceRule | None,
    price_list: PriceList,
) -> WeighedChange:
    """`ratio`: how many of the new units one of the former is."""

    def prices(quantity: Decimal | None) -> tuple[Decimal, Decimal]:
        others = None if quantity is None else _EXACT.multiply(quantity, ratio)
        old, new = before.price_at(quantity), after.price_at(others) * ratio
        return _EXACT.plus(min(old, _HIGHEST)), _EXACT.plus(min(new, _HIGHEST))

    quantities = {tier.quantity for tier in before.tiers}
    quantities |= {_EXACT.divide(tier.quantity, ratio) for tier in after.tiers}
    found = [prices(None), *map(prices, sorted(quantities))]
    percents = [min((new - old) * 100 / old, _MOST) for old, new in found]
    largest = max(percents, key=abs)
    rises = ((times * quantity, prices(quantity)) for quantity, times in lines)
    effect = sum((quantity * (new - old) for quantity, (old, new) in rises), Decimal(0))
    spare = _HALF_AN_ORE * ratio / after.base_quantity
    return WeighedChange(
        article_id,
        number,
        _direction(found),
        _hundredths(percents[0] or largest),
        _hundredths(abs(largest)),
        rounded(max(-_MOST, min(effect, _MOST))),
        any(_is_breaking(old, new, spare, rule, price_list) for old, new in found),
    )


def _hundredths(percent: Decimal) -> Decimal:
    return percent.quantize(Decimal("0.01"), ROUND_DOWN)


def _direction(prices: Sequence[tuple[Decimal, Decimal]]) -> int:
    """Where the price of one goes; where it stays, where all the others go."""
    first, *others = ((new > old) - (new < old) for old, new in prices)
    if first:
        return first
    moves = {move for move in others if move}
    return moves.pop() if len(moves) == 1 else 0


def _is_breaking(old: Decimal, new: Decimal, spare: Decimal, rule: PriceRule | None, price_list: PriceList) -> bool:
    """Whether the agreement forbids a raise, as it does for the price of one: rounding to whole öre is none."""
    if new <= old or rule is None or not _asks_about_raises(rule, price_list):
        return False
    if rule.raises_from is not None and price_list.effective_from < rule.raises_from:
        return True
    return rule.largest_raise is not None and new > old * (1 + rule.largest_raise / 100) + spare


def _asks_about_raises(rule: PriceRule | None, price_list: PriceList) -> bool:
    """Whether a raise could be forbidden at all."""
    if rule is None or price_list.repeats_agreed_prices:
        return False
    return rule.largest_raise is not None or (
        rule.raises_from is not None and price_list.effective_from < rule.raises_from
    )
