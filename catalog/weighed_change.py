"""Weighed change: an article whose price for one does not tell what becomes of its price.

That is so where tiers are there, or where the unit or what a package holds has changed. Prices are compared for one of
the units that the former list sold; where the new list does not say how many of them its own unit is, they cannot be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal
from typing import Any, NamedTuple

from sqlalchemy import CTE, ColumnElement, Select, and_, or_, select
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
    is_raised: bool = False  # dearer at some quantity
    is_breaking: bool = False  # the agreement forbids it
    is_comparable: bool = True


class _Terms(NamedTuple):
    """What a row sells at which price."""

    unit: Unit
    price: Decimal
    base_quantity: Decimal
    tiers: Sequence[Tier]

    @classmethod
    def of(cls, values: Sequence[Any]) -> _Terms:
        *unit, price, base_quantity, tiers = values
        return cls(Unit(*unit), price, base_quantity, tiers or ())

    def price_at(self, quantity: Decimal | None) -> Decimal:
        return price_among(self.tiers, self.price, quantity) / self.base_quantity


class _Pair(NamedTuple):
    """The terms of a row before and after. `ratio`: how many of the new units one of the former is."""

    before: _Terms
    after: _Terms
    ratio: Decimal

    def prices_at(self, quantity: Decimal | None) -> tuple[Decimal, Decimal]:
        """Of one former unit, where so many of them are ordered."""
        others = None if quantity is None else _EXACT.multiply(quantity, self.ratio)
        old, new = self.before.price_at(quantity), self.after.price_at(others) * self.ratio
        return _EXACT.plus(min(old, _HIGHEST)), _EXACT.plus(min(new, _HIGHEST))

    def prices(self) -> list[tuple[Decimal, Decimal]]:
        """Of the smallest order, and wherever either of them changes."""
        quantities = {tier.quantity for tier in self.before.tiers}
        quantities |= {_EXACT.divide(tier.quantity, self.ratio) for tier in self.after.tiers}
        return [self.prices_at(None), *map(self.prices_at, sorted(quantities))]

    def is_forbidden(self, rule: PriceRule | None, price_list: PriceList) -> bool:
        """Whether the agreement forbids a raise at some quantity, as it does for the price of one."""
        spare = _HALF_AN_ORE * self.ratio / self.after.base_quantity
        return any(_is_breaking(old, new, spare, rule, price_list) for old, new in self.prices())


def weighed_changes(price_list: PriceList, former: PriceList, rule: PriceRule | None) -> Iterator[WeighedChange]:
    """The articles of both lists that differ and have tiers, another unit or other contents. Three queries at most."""
    new, old = aliased(Article), aliased(Article)
    by_number = and_(old.price_list_id == former.id, old.supplier_number == new.supplier_number)
    pairs = renumbered(price_list.id, former.id)
    names = new.supplier_number, old.supplier_number
    lines: dict[str, Lines] | None = None
    for statement in (
        _rows(new, old, *names).join(old, by_number).where(new.price_list_id == price_list.id),
        _rows(new, old, *names).join(pairs, pairs.c.new_id == new.id).join(old, old.id == pairs.c.old_id),
    ):
        for article_id, _, number, former_number, before, after, ratio in _halved(statement, new, old):
            if lines is None:
                lines = _lines(price_list.award_id)
            if ratio is None:
                is_breaking = asks_about_raises(rule, price_list)
                yield WeighedChange(article_id, number, is_breaking=is_breaking, is_comparable=False)
            else:
                pair = _Pair(before, after, ratio)
                yield _compared(article_id, number, pair, lines.get(former_number, ()), rule, price_list)


def forbidden_since(
    earlier: CTE, price_list: PriceList, rule: PriceRule | None, yearly: PriceRule | None
) -> Iterator[tuple[int, int]]:
    """Of rows and what they are held against (`earlier_rows`), those that need weighing and are raised more than the
    agreement allows: since their last price by `rule`, since that of a year ago by `yearly`. Ids, new and old.

    A unit that does not compare with the last one is outside the agreement. With that of a year ago it is not: the
    list that changed it was asked. One query.
    """
    new, old = aliased(Article), aliased(Article)
    rows = _rows(new, old, earlier.c.is_last).join(earlier, earlier.c.new_id == new.id)
    for article_id, former_id, is_last, before, after, ratio in _halved(
        rows.join(old, old.id == earlier.c.old_id), new, old
    ):
        if ratio is None:
            is_forbidden = bool(is_last) and asks_about_raises(rule, price_list)
        else:
            is_forbidden = _Pair(before, after, ratio).is_forbidden(rule if is_last else yearly, price_list)
        if is_forbidden:
            yield article_id, former_id


def _rows(new: Any, old: Any, *more: Any) -> Select[Any]:
    """The ids of both rows, what more is asked for, and the terms of either."""
    terms = [
        getattr(article, name) for article in (old, new) for name in (*Unit._fields, "price", "base_quantity", "tiers")
    ]
    return select(new.id, old.id, *more, *terms).select_from(new)


def _halved(statement: Select[Any], new: Any, old: Any) -> Iterator[tuple[Any, ...]]:
    """What `_rows` selects of the rows that need weighing, with the terms as such and how many of the new units one of
    the former is, if that can be told."""
    found = db.session.execute(statement.where(needs_weighing(new, old)), execution_options={"yield_per": _FETCHED})
    half = len(_Terms._fields) - 1 + len(Unit._fields)
    for row in found:
        before, after = _Terms.of(row[-2 * half : -half]), _Terms.of(row[-half:])
        yield *row[: -2 * half], before, after, units_in(before.unit, after.unit)


def needs_weighing(new: Any, old: Any) -> ColumnElement[bool]:
    """Whether the price of one does not tell what becomes of a row's price."""
    has_tiers = or_(new.tiers.is_not(None), old.tiers.is_not(None))
    differs = or_(new.tiers.is_distinct_from(old.tiers), new.price != old.price, new.base_quantity != old.base_quantity)
    is_other = or_(*(getattr(new, name).is_distinct_from(getattr(old, name)) for name in Unit._fields))
    return or_(is_other, and_(has_tiers, differs))


def _lines(award_id: int) -> dict[str, Lines]:
    found = defaultdict(list)
    ordered = line_quantities(award_id, now() - YEAR)
    for number, quantity, times in db.session.execute(
        select(ordered.c.supplier_number, ordered.c.quantity, ordered.c.times)
    ):
        found[number].append((Decimal(int(quantity)).scaleb(-3), int(times)))
    return dict(found)


def _compared(
    article_id: int, number: str, pair: _Pair, lines: Lines, rule: PriceRule | None, price_list: PriceList
) -> WeighedChange:
    found = pair.prices()
    percents = [min((new - old) * 100 / old, _MOST) for old, new in found]
    largest = max(percents, key=abs)
    rises = ((times * quantity, pair.prices_at(quantity)) for quantity, times in lines)
    effect = sum((quantity * (new - old) for quantity, (old, new) in rises), Decimal(0))
    return WeighedChange(
        article_id,
        number,
        _direction(found),
        _hundredths(percents[0] or largest),
        _hundredths(abs(largest)),
        rounded(max(-_MOST, min(effect, _MOST))),
        is_raised=any(new > old for old, new in found),
        is_breaking=pair.is_forbidden(rule, price_list),
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
    if new <= old or rule is None or not asks_about_raises(rule, price_list):
        return False
    if rule.raises_from is not None and price_list.effective_from < rule.raises_from:
        return True
    return rule.largest_raise is not None and new > old * (1 + rule.largest_raise / 100) + spare


def asks_about_raises(rule: PriceRule | None, price_list: PriceList) -> bool:
    """Whether a raise could be forbidden at all."""
    if rule is None or price_list.repeats_agreed_prices:
        return False
    return rule.largest_raise is not None or (
        rule.raises_from is not None and price_list.effective_from < rule.raises_from
    )
