"""Price history: what an article has cost in the lists of its award, as a table and as a small chart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from catalog.price_list import Article, PriceList, PriceListState
from core.clock import local, today
from core.db import db
from core.types import rounded

WIDTH, HEIGHT = 600, 160  # of the chart, in units of its own


@dataclass(frozen=True, slots=True)
class PriceStep:
    """A price and the days it was, or is, in force: SEK excl. VAT for `base_quantity` units. `until` is
    none where it is so today, or where the list was withdrawn."""

    price: Decimal
    base_quantity: Decimal
    unit_code: str
    since: date
    until: date | None
    is_withdrawn: bool  # it ended on a day that the list does not tell
    percent: Decimal | None  # against the step before, for one unit; none for the first

    @property
    def unit_price(self) -> Decimal:
        return self.price / self.base_quantity


def price_history(article: Article) -> list[PriceStep]:
    """The prices of an article from its first list on, the latest last; lists that left it as it was are one step.

    One query. An article is the same where the award and the supplier's number are.
    """
    rows = db.session.execute(
        select(
            *(Article.price, Article.base_quantity, Article.unit_code),
            *(PriceList.published_at, PriceList.superseded_at, PriceList.state),
        )
        .join(PriceList, PriceList.id == Article.price_list_id)
        .where(
            Article.award_id == article.award_id,
            Article.supplier_number == article.supplier_number,
            PriceList.publication.is_not(None),
        )
        .order_by(PriceList.publication)
    ).all()
    steps: list[PriceStep] = []
    for price, base, unit, published_at, superseded_at, state in rows:
        assert published_at is not None  # a list with a publication has its instant
        since = local(published_at).date()
        until = local(superseded_at).date() if superseded_at else None
        last, percent = steps[-1] if steps else None, None
        if last is not None and (last.price, last.base_quantity, last.unit_code) == (price, base, unit):
            since, percent = last.since, last.percent
            steps.pop()
        elif last is not None and last.unit_code == unit:
            percent = rounded((price / base - last.unit_price) * 100 / last.unit_price, 1)
        steps.append(PriceStep(price, base, unit, since, until, state is PriceListState.WITHDRAWN, percent))
    return steps


@dataclass(frozen=True, slots=True)
class Chart:
    """A line in steps, from zero kronor at the foot, ready for an SVG of WIDTH × HEIGHT."""

    points: str
    width: int = WIDTH
    height: int = HEIGHT


def chart_of(steps: list[PriceStep]) -> Chart | None:
    """The prices over time; none where there is but one, or where the unit has changed and they do not compare."""
    if len(steps) < 2 or len({step.unit_code for step in steps}) > 1:
        return None
    first, last = steps[0].since, steps[-1].until or today()
    days = max((last - first).days, 1)
    highest = max(step.unit_price for step in steps)
    points = []
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        y = HEIGHT - 4 - int(step.unit_price * (HEIGHT - 12) / highest)
        for day in (step.since, following.since if following else last):
            points.append(f"{(day - first).days * WIDTH // days},{y}")
    return Chart(" ".join(points))
