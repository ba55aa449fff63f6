"""Difference: what a price list changes, worked out by the database, however many rows there are.

A page asks for the totals, for one page of changes and for the articles on it. Articles are the same where the
supplier's number is, or the GTIN of one that left with one number and came back with another. Prices are compared for
one unit, and weighed by what was ordered in a year, so that what costs us the most comes first. What the price of one
does not tell (tiers, another unit) is weighed here and handed to the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import aliased, joinedload

from catalog.earlier_price import earlier_rows
from catalog.price_change import TEXTS, Kind, PriceChange, Totals
from catalog.price_index import Rules
from catalog.price_list import Article, PriceList, PriceListState
from catalog.price_refusal import PriceRefusal
from catalog.price_rule import PriceRule
from catalog.same_article import renumbered
from catalog.volume import YEAR, volumes
from catalog.weighed_change import (
    WeighedChange,
    asks_about_raises,
    forbidden_since,
    needs_weighing,
    weighed_changes,
)
from core.clock import now
from core.db import db, json_table
from core.types import Amount
from core.web import Page

PAGE_SIZE = 50
_FETCHED = 1_000
# One unit's price in millionths of a krona: 10 million kronor at most, so that nothing below leaves 64 bits
_HIGHEST = 10**13
_MICRO = 100_000  # ten-thousandths ÷ thousandths → millionths


class Difference:
    """The difference between a list and the one it follows, under what the agreement says of prices; asks only what it
    is asked for."""

    def __init__(self, price_list: PriceList, former: PriceList | None, rules: Rules) -> None:
        self.price_list, self.former = price_list, former
        self.rule, self.reading, self.yearly = rules

    @cached_property
    def _weighed(self) -> dict[int, WeighedChange]:
        if self.former is None:
            return {}
        return {c.article_id: c for c in weighed_changes(self.price_list, self.former, self.rule)}

    @cached_property
    def _renumbered(self) -> CTE:
        return renumbered(self.price_list.id, self.former.id if self.former else 0)

    @cached_property
    def _forbidden(self) -> dict[int, int]:
        """Rows that are dearer than the agreement allows since a year ago, or since they were last there, each with the
        row that says so, by id. They forbid only what this list raises. Three queries where the agreement says anything
        of raises, else none."""
        price_list, rule, yearly = self.price_list, self.rule, self.yearly
        if self.former is None or not any(asks_about_raises(asked, price_list) for asked in (rule, yearly)):
            return {}
        earlier = earlier_rows(price_list, self.former, self._renumbered)
        new, old = aliased(Article), aliased(Article)
        row = (
            _side_by_side(new, old, literal(0) == 1)
            .add_columns(earlier.c.is_last)
            .join(earlier, earlier.c.new_id == new.id)
            .join(old, old.id == earlier.c.old_id)
            .where(~needs_weighing(new, old))
        ).subquery()
        rise = row.c.after - row.c.before
        by_last, by_year = (_is_breaking(row.c, rise, asked, price_list) for asked in (rule, yearly))
        simple = select(row.c.new_id, row.c.old_id).where(case((row.c.is_last == 1, by_last), else_=by_year))
        found = [(int(new_id), int(old_id)) for new_id, old_id in db.session.execute(simple)]
        return dict(sorted([*found, *forbidden_since(earlier, price_list, rule, yearly)], reverse=True))

    @cached_property
    def _c(self) -> Any:
        """The columns of the changes, composed when something is asked of them: most lists stand under no rule."""
        price_list = self.price_list
        matched = _matched(price_list.id, self.former.id if self.former else 0, self._renumbered)
        known = sorted({*self._weighed, *self._forbidden})
        weighed = json_table("weighed", map(self._as_row, known), _ROW).c
        volume = volumes(price_list.award_id, now() - YEAR)
        quantity = func.coalesce(volume.c.quantity, 0, type_=BigInteger)
        here = and_(matched.c.before.is_not(None), matched.c.after.is_not(None))
        rise = matched.c.after - matched.c.before
        simple = {
            "direction": matched.c.direction,
            "effect": case((here, _times(quantity, rise)), else_=null()),
            "percent": case((here, rise * 10_000 // _nonzero(matched.c.before)), else_=0),
            "raised": case((or_(matched.c.direction == 1, matched.c.old_id.is_(None)), 1), else_=0),
            "breaking": case((_is_breaking(matched.c, rise, self.rule, price_list), 1), else_=0),
            "comparable": literal(1),
        }
        simple["largest"] = func.abs(simple["percent"])
        told = {name: case((weighed.direction.is_(None), value), else_=weighed[name]) for name, value in simple.items()}
        since = case((told.pop("raised") == 1, weighed.since_id))
        told["breaking"] = case((since.is_not(None), 1), else_=told["breaking"])
        return (
            select(
                since.label("since_id"),
                matched.c.number,
                matched.c.old_id,
                matched.c.new_id,
                matched.c.reworded,
                quantity.label("volume"),
                case((matched.c.new_id.is_(None), _times(quantity, matched.c.before)), else_=0).label("spend"),
                *(value.label(name) for name, value in told.items()),
                _refusal(price_list, matched).label("refusal"),
            )
            .select_from(matched)
            .outerjoin(volume, volume.c.supplier_number == matched.c.bought_as)
            .outerjoin(weighed.id.table, weighed.id == matched.c.new_id)
            .subquery("change")
            .c
        )

    def _as_row(self, new_id: int) -> tuple[int | None, ...]:
        """What is known of a row already: what forbids its price, and its weighed change as the database works it out
        for the others, percent and SEK in hundredths. Nothing of the change where it is not weighed."""
        change, since = self._weighed.get(new_id), self._forbidden.get(new_id)
        if change is None:
            return new_id, since, *[None] * (len(_ROW) - 2)
        effect = None if change.effect is None else int(change.effect.scaleb(Amount.places))
        percents = int(change.percent.scaleb(2)), int(change.largest.scaleb(2))
        flags = int(change.is_raised), int(change.is_breaking), int(change.is_comparable)
        return new_id, since, change.direction, effect, *percents, *flags

    @cached_property
    def totals(self) -> Totals:
        """One query."""
        c = self._c
        is_open = c.refusal.is_(None)

        def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
            return func.coalesce(func.sum(case((and_(is_open, condition), 1), else_=0)), 0)

        def total(value: Any, condition: ColumnElement[bool]) -> ColumnElement[Any]:
            return func.coalesce(func.sum(case((and_(is_open, condition), value), else_=0)), 0)

        row: Sequence[Any] = db.session.execute(
            select(
                *(count(self._of(kind)) for kind in _COUNTED),
                func.coalesce(func.sum(case((c.refusal.is_not(None), 1), else_=0)), 0),
                func.coalesce(func.sum(case((is_open, 1), else_=0)), 0),
                total(c.effect, c.effect > 0),
                total(c.effect, c.effect < 0),
                total(c.spend, c.new_id.is_(None)),
                func.coalesce(func.max(case((is_open, c.largest), else_=0)), 0),
                count(c.comparable == 0),
            )
        ).one()
        counts = dict(zip((kind.value for kind in _COUNTED), map(int, row), strict=False))
        return Totals(
            **counts,
            refused=int(row[6]),
            changed=int(row[7]),
            former=self.former.article_count if self.former else 0,
            dearer_effect=_sek(row[8]),
            cheaper_effect=_sek(row[9]),
            gone_spend=_sek(row[10]),
            largest_percent=Decimal(int(row[11])).scaleb(-2),
            incomparable=int(row[12]),
        )

    def page(self, kind: Kind | None, number: int) -> Page:
        """A page of the changes of a kind, or of all: what costs the most first, in either direction. Three queries."""
        statement = self._select(kind)
        total = db.session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
        number = max(1, min(number, -(-total // PAGE_SIZE)))
        rows = db.session.execute(statement.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)).all()
        return Page(list(self._with_articles(rows)), number, PAGE_SIZE, total)

    def portions(self, kind: Kind | None = None) -> Iterator[list[PriceChange]]:
        """Every change of a kind, in the order of the pages, a thousand at a time: one query for each thousand, and one
        for their order."""
        rows = db.session.execute(self._select(kind)).all()
        for start in range(0, len(rows), _FETCHED):
            yield list(self._with_articles(rows[start : start + _FETCHED]))

    def offered(self, kind: Kind | None, among: Sequence[str] | None) -> Select[Any]:
        """What a refusal keeps of each change of a kind, or of the articles named: number, kind, name, and the price
        and base quantity of the row in force and of the new one. An article with another number is there with both."""
        c, old, new = self._c, aliased(Article), aliased(Article)
        words = {1: Kind.DEARER.value, -1: Kind.CHEAPER.value}
        statement = (
            select(
                c.number,
                case(
                    (c.old_id.is_(None), Kind.NEW.value),
                    (c.new_id.is_(None), Kind.GONE.value),
                    else_=case(words, value=c.direction, else_=Kind.REWORDED.value),
                ).label("kind"),
                func.coalesce(new.name, old.name).label("name"),
                *(old.price.label("kept"), old.base_quantity.label("kept_base")),
                *(new.price.label("offered"), new.base_quantity.label("offered_base")),
                case((old.supplier_number != c.number, old.supplier_number)).label("former_number"),
            )
            .outerjoin(old, old.id == c.old_id)
            .outerjoin(new, new.id == c.new_id)
        )
        if kind is not None:
            statement = statement.where(self._of(kind))
        if among is not None:
            statement = statement.where(c.number.in_(among))
        rows, nothing = statement.cte("offered").c, cast(null(), BigInteger)
        gone = (rows.former_number, literal(Kind.GONE.value), rows.name, rows.kept, rows.kept_base, nothing, nothing)
        left = select(*gone).where(rows.former_number.is_not(None)).distinct()
        both = union_all(select(*list(rows)[:-1]), left).subquery("both")
        return select(*both.c)

    def former_numbers(self, among: Sequence[str]) -> Sequence[str]:
        """What some of the articles were called in the former list, where that was something else."""
        old, new, pairs = aliased(Article), aliased(Article), self._renumbered.c
        wanted = select(old.supplier_number).join(pairs.old_id.table, pairs.old_id == old.id)
        return db.session.scalars(wanted.join(new, new.id == pairs.new_id).where(new.supplier_number.in_(among))).all()

    def _select(self, kind: Kind | None) -> Select[Any]:
        c = self._c
        statement = select(c.number, c.old_id, c.new_id, c.since_id, c.volume, c.effect, c.breaking, c.refusal)
        if kind is not None:
            statement = statement.where(self._of(kind))
        weight = func.abs(func.coalesce(c.effect, 0)) + c.spend
        return statement.order_by(weight.desc(), c.largest.desc(), c.number)

    def _with_articles(self, rows: Sequence[Any]) -> Iterator[PriceChange]:
        ids = {i for row in rows for i in (row.old_id, row.new_id, row.since_id) if i is not None}
        found = select(Article).where(Article.id.in_(ids)).options(joinedload(Article.price_list))
        articles = {a.id: a for a in db.session.scalars(found)}
        for row in rows:
            yield PriceChange(
                before=articles.get(row.old_id),
                after=articles.get(row.new_id),
                volume=Decimal(int(row.volume)).scaleb(-3),
                effect=None if row.effect is None else _sek(row.effect),
                is_breaking=bool(row.breaking),
                since=articles.get(row.since_id),
                refusal=row.refusal,
                weighed=self._weighed.get(row.new_id),
            )

    def _of(self, kind: Kind) -> ColumnElement[bool]:
        c = self._c
        conditions: dict[Kind, ColumnElement[bool]] = {
            Kind.NEW: c.old_id.is_(None),
            Kind.GONE: c.new_id.is_(None),
            Kind.DEARER: c.direction == 1,
            Kind.CHEAPER: c.direction == -1,
            Kind.REWORDED: c.reworded == 1,
            Kind.BREAKING: and_(c.breaking == 1, c.refusal.is_(None)),
            Kind.REFUSED: c.refusal.is_not(None),
        }
        return conditions[kind]


_COUNTED = (Kind.NEW, Kind.GONE, Kind.DEARER, Kind.CHEAPER, Kind.REWORDED, Kind.BREAKING)


def _refusal(price_list: PriceList, matched: Any) -> Any:
    """Why a row is refused. Of a draft alone: the others are as their refusals made them, so what differs of them now
    differs from another list than they were reviewed against."""
    if price_list.state is not PriceListState.DRAFT:
        return cast(null(), String)
    # asked for each row by the index: a join would trust statistics that a minute-old table does not have
    refusal = select(PriceRefusal.reason).where(
        PriceRefusal.price_list_id == price_list.id, PriceRefusal.supplier_number == matched.c.number
    )
    return refusal.correlate(matched).scalar_subquery()


def _matched(new_id: int, old_id: int, pairs: CTE) -> Any:
    """The rows of both lists side by side, without those that say the same."""
    new, old, gone, still = aliased(Article), aliased(Article), aliased(Article), aliased(Article)
    is_reworded = or_(
        *(getattr(new, name).is_distinct_from(getattr(old, name)) for name in TEXTS),
        new.base_quantity != old.base_quantity,
    )
    there = (
        _side_by_side(new, old, is_reworded)
        .outerjoin(old, and_(old.price_list_id == old_id, old.supplier_number == new.supplier_number))
        .where(new.price_list_id == new_id, or_(old.id.is_(None), new.price != old.price, is_reworded))
        .where(or_(old.id.is_not(None), new.id.not_in(select(pairs.c.new_id))))
    )
    moved = (
        _side_by_side(new, old, literal(1) == 1)
        .join(pairs, pairs.c.new_id == new.id)
        .join(old, old.id == pairs.c.old_id)
    )
    is_there = select(still.id).where(still.price_list_id == new_id, still.supplier_number == gone.supplier_number)
    nothing = cast(null(), BigInteger)
    taken_out = select(
        *(gone.supplier_number, gone.supplier_number, gone.id, nothing, literal(0), literal(0)),
        *(_micro(gone), nothing, nothing),
    ).where(gone.price_list_id == old_id, ~is_there.exists(), gone.id.not_in(select(pairs.c.old_id)))
    return union_all(there, moved, taken_out).subquery("matched")


def _side_by_side(new: Any, old: Any, is_reworded: ColumnElement[bool]) -> Select[Any]:
    """A row and the one that it follows, or nothing: which they are, and the price of one before and after."""
    direction = case((new.base_quantity == old.base_quantity, _steps(new.price) - _steps(old.price)))
    rise = func.coalesce(direction, _micro(new) - _micro(old))
    return select(
        new.supplier_number.label("number"),
        func.coalesce(old.supplier_number, new.supplier_number).label("bought_as"),
        old.id.label("old_id"),
        new.id.label("new_id"),
        case((rise > 0, 1), (rise < 0, -1), else_=0).label("direction"),
        case((and_(old.id.is_not(None), is_reworded), 1), else_=0).label("reworded"),
        _micro(old).label("before"),
        _micro(new).label("after"),
        _steps(new.base_quantity).label("base"),
    ).select_from(new)


def _steps(column: Any) -> Any:
    """What the database holds: a whole number of the column's smallest steps."""
    return type_coerce(column, BigInteger)


def _micro(article: Any) -> Any:
    """A unit's price in millionths of a krona, whole; no more than 10 million kronor."""
    price = _steps(article.price) * _MICRO // _steps(article.base_quantity)
    return case((price > _HIGHEST, _HIGHEST), else_=price)


def _times(quantity: Any, micro: Any) -> Any:
    """Thousandths × millionths of a krona → hundredths, in two parts so that 64 bits hold it."""
    return micro // 10**7 * quantity + micro % 10**7 * quantity // 10**7


def _nonzero(column: Any) -> Any:
    """The column, or nothing where it is zero: what is divided by it is nothing then."""
    return func.nullif(column, 0, type_=BigInteger)


def _is_breaking(c: Any, rise: Any, rule: PriceRule | None, price_list: PriceList) -> ColumnElement[bool]:
    """A raise above the largest one, but for what rounding to whole öre makes, or any before its day.

    A list that was in force until another one followed breaks nothing: its prices were agreed.
    """
    never: ColumnElement[bool] = literal(0) == 1
    if rule is None or price_list.repeats_agreed_prices:
        return never
    dearer: ColumnElement[bool] = c.direction == 1
    if rule.raises_from is not None and price_list.effective_from < rule.raises_from:
        return dearer
    if rule.largest_raise is None:
        return never
    hundredths = int(rule.largest_raise * 100)
    half_an_ore = 5_000_000 // c.base  # for one unit, in millionths of a krona
    return and_(dearer, rise * 10_000 > c.before * hundredths + half_an_ore * 10_000)


_ROW = ("id", "since_id", "direction", "effect", "percent", "largest", "raised", "breaking", "comparable")


def _sek(hundredths: Any) -> Decimal:
    return Decimal(int(hundredths)).scaleb(-Amount.places)
