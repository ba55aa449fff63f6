"""Difference: what a price list changes, worked out by the database, however many rows there are.

A page asks for the totals, for one page of changes and for the articles on it. Articles are the same where the
supplier's number is. Prices are compared for one unit, and weighed by what was ordered in a year, so that what costs
us the most comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    bindparam,
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
from sqlalchemy.orm import aliased

from catalog.price_change import TEXTS, Kind, PriceChange, Totals
from catalog.price_list import Article, PriceList
from catalog.price_refusal import PriceRefusal
from catalog.price_rule import PriceRule
from catalog.tier_change import tier_changes
from catalog.volume import YEAR, volumes
from core.clock import now
from core.db import db
from core.types import Amount
from core.web import Page

PAGE_SIZE = 50
_FETCHED = 1_000
# One unit's price in millionths of a krona: 10 million kronor at most, so that nothing below leaves 64 bits
_HIGHEST = 10**13
_MICRO = 100_000  # ten-thousandths ÷ thousandths → millionths


class Difference:
    """The difference between a list and the one it follows, under a price rule; asks only what it is asked for."""

    def __init__(self, price_list: PriceList, former: PriceList | None, rule: PriceRule | None) -> None:
        self.price_list, self.former, self.rule = price_list, former, rule
        # only a rule asks what becomes of the price of many
        self._tiers = list(tier_changes(price_list, former)) if rule and former else []
        matched = _matched(price_list.id, former.id if former else 0)
        volume = volumes(price_list.award_id, now() - YEAR)
        # asked for each row by the index: a join would trust statistics that a minute-old table does not have
        refusal = select(PriceRefusal.reason).where(
            PriceRefusal.price_list_id == price_list.id, PriceRefusal.supplier_number == matched.c.number
        )
        quantity = func.coalesce(volume.c.quantity, 0, type_=BigInteger)
        here = and_(matched.c.before.is_not(None), matched.c.after.is_not(None))
        rise = matched.c.after - matched.c.before
        is_breaking = or_(_is_breaking(matched.c, rise, rule, price_list), matched.c.new_id.in_(self._breaking_tiers()))
        self._c: Any = (
            select(
                matched.c.number,
                matched.c.old_id,
                matched.c.new_id,
                matched.c.direction,
                matched.c.reworded,
                quantity.label("volume"),
                case((here, _times(quantity, rise)), else_=null()).label("effect"),
                case((matched.c.new_id.is_(None), _times(quantity, matched.c.before)), else_=0).label("spend"),
                case((here, rise * 10_000 // _nonzero(matched.c.before)), else_=0).label("percent"),
                case((is_breaking, 1), else_=0).label("breaking"),
                refusal.correlate(matched).scalar_subquery().label("refusal"),
            )
            .select_from(matched)
            .outerjoin(volume, volume.c.supplier_number == matched.c.number)
            .subquery("change")
            .c
        )

    @cached_property
    def totals(self) -> Totals:
        """One query."""
        c = self._c
        is_open = c.refusal.is_(None)

        def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
            return func.coalesce(func.sum(case((and_(is_open, condition), 1), else_=0)), 0)

        def total(value: Any, condition: ColumnElement[bool]) -> ColumnElement[Any]:
            return func.coalesce(func.sum(case((and_(is_open, condition), value), else_=0)), 0)

        dearer, cheaper = c.direction == 1, c.direction == -1
        row: Sequence[Any] = db.session.execute(
            select(
                *(count(self._of(kind)) for kind in _COUNTED),
                func.coalesce(func.sum(case((c.refusal.is_not(None), 1), else_=0)), 0),
                func.coalesce(func.sum(case((is_open, 1), else_=0)), 0),
                total(c.effect, dearer),
                total(c.effect, cheaper),
                total(c.spend, c.new_id.is_(None)),
                func.coalesce(func.max(case((is_open, func.abs(c.percent)), else_=0)), 0),
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
            largest_percent=max(Decimal(int(row[11])).scaleb(-2), self._largest_of_tiers()),
        )

    def _breaking_tiers(self) -> Any:
        """The ids of the rows with a tier that is raised more than the agreement allows; written into the statement,
        since they may be more than a statement takes parameters."""
        rule, listed = self.rule, self.price_list
        ids = []
        if rule is not None and not listed.repeats_agreed_prices:
            ids = [change.article_id for change in self._tiers if change.is_breaking(rule, listed.effective_from)]
        return bindparam("breaking_tiers", ids, expanding=True, literal_execute=True)

    def _largest_of_tiers(self) -> Decimal:
        """In percent, of the rows that were not refused."""
        if not self._tiers:
            return Decimal(0)
        refused = select(PriceRefusal.supplier_number).where(PriceRefusal.price_list_id == self.price_list.id)
        numbers = set(db.session.scalars(refused))
        return max((c.percent for c in self._tiers if c.supplier_number not in numbers), default=Decimal(0))

    def page(self, kind: Kind | None, number: int) -> Page:
        """A page of the changes of a kind, or of all: what costs the most first, in either direction. Three queries."""
        statement = self._select(kind)
        total = db.session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
        number = max(1, min(number, -(-total // PAGE_SIZE)))
        rows = db.session.execute(statement.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)).all()
        return Page(list(_with_articles(rows)), number, PAGE_SIZE, total)

    def portions(self, kind: Kind | None = None) -> Iterator[list[PriceChange]]:
        """Every change of a kind, in the order of the pages, a thousand at a time: one query for each thousand, and one
        for their order."""
        rows = db.session.execute(self._select(kind)).all()
        for start in range(0, len(rows), _FETCHED):
            yield list(_with_articles(rows[start : start + _FETCHED]))

    def offered(self, kind: Kind | None, among: Sequence[str] | None) -> Select[Any]:
        """What a refusal keeps of each change of a kind, or of the articles named: number, kind, name, and the price
        and base quantity of the row in force and of the new one."""
        c, old, new = self._c, aliased(Article), aliased(Article)
        words = {1: Kind.DEARER.value, -1: Kind.CHEAPER.value}
        statement = (
            select(
                c.number,
                case(
                    (c.old_id.is_(None), Kind.NEW.value),
                    (c.new_id.is_(None), Kind.GONE.value),
                    else_=case(words, value=c.direction, else_=Kind.REWORDED.value),
                ),
                func.coalesce(new.name, old.name),
                *(old.price, old.base_quantity, new.price, new.base_quantity),
            )
            .outerjoin(old, old.id == c.old_id)
            .outerjoin(new, new.id == c.new_id)
        )
        if kind is not None:
            statement = statement.where(self._of(kind))
        return statement if among is None else statement.where(c.number.in_(among))

    def _select(self, kind: Kind | None) -> Select[Any]:
        c = self._c
        statement = select(c.number, c.old_id, c.new_id, c.volume, c.effect, c.breaking, c.refusal)
        if kind is not None:
            statement = statement.where(self._of(kind))
        weight = func.abs(func.coalesce(c.effect, 0)) + c.spend
        return statement.order_by(weight.desc(), func.abs(c.percent).desc(), c.number)

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


def _matched(new_id: int, old_id: int) -> Any:
    """The rows of both lists side by side, without those that say the same."""
    new, old, gone, still = aliased(Article), aliased(Article), aliased(Article), aliased(Article)
    direction = case((new.base_quantity == old.base_quantity, _steps(new.price) - _steps(old.price)))
    rise = func.coalesce(direction, _micro(new) - _micro(old))
    reworded = or_(
        *(getattr(new, name).is_distinct_from(getattr(old, name)) for name in TEXTS),
        new.base_quantity != old.base_quantity,
    )
    there = (
        select(
            new.supplier_number.label("number"),
            old.id.label("old_id"),
            new.id.label("new_id"),
            case((rise > 0, 1), (rise < 0, -1), else_=0).label("direction"),
            case((and_(old.id.is_not(None), reworded), 1), else_=0).label("reworded"),
            _micro(old).label("before"),
            _micro(new).label("after"),
            _steps(new.base_quantity).label("base"),
        )
        .outerjoin(old, and_(old.price_list_id == old_id, old.supplier_number == new.supplier_number))
        .where(new.price_list_id == new_id, or_(old.id.is_(None), new.price != old.price, reworded))
    )
    is_there = select(still.id).where(still.price_list_id == new_id, still.supplier_number == gone.supplier_number)
    nothing = cast(null(), BigInteger)
    taken_out = select(
        gone.supplier_number,
        gone.id,
        nothing,
        literal(0),
        literal(0),
        _micro(gone),
        nothing,
        nothing,
    ).where(gone.price_list_id == old_id, ~is_there.exists())
    return union_all(there, taken_out).subquery("matched")


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


def _with_articles(rows: Sequence[Any]) -> Iterator[PriceChange]:
    ids = {article_id for row in rows for article_id in (row.old_id, row.new_id) if article_id is not None}
    articles = {a.id: a for a in db.session.scalars(select(Article).where(Article.id.in_(ids)))}
    for row in rows:
        yield PriceChange(
            before=articles.get(row.old_id),
            after=articles.get(row.new_id),
            volume=Decimal(int(row.volume)).scaleb(-3),
            effect=None if row.effect is None else _sek(row.effect),
            is_breaking=bool(row.breaking),
            refusal=row.refusal,
        )


def _sek(hundredths: Any) -> Decimal:
    return Decimal(int(hundredths)).scaleb(-Amount.places)
