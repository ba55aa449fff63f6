"""Price change: an article that differs between a price list and the one it follows, and what all of them sum to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import cached_property

from sqlalchemy import select

from catalog.price_list import Article, PriceList
from catalog.price_refusal import SAID
from catalog.weighed_change import WeighedChange
from core.db import db
from core.types import rounded

_PRICE = ("price", "base_quantity")
TEXTS = [name for name in SAID if name not in (*_PRICE, "supplier_number")]


class Kind(str, Enum):
    """What to see of a difference."""

    DEARER = "dearer"
    CHEAPER = "cheaper"
    NEW = "new"
    GONE = "gone"
    REWORDED = "reworded"  # another text, unit, package or VAT, whatever became of the price
    BREAKING = "breaking"  # a raise that the agreement does not allow
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Totals:
    """How many articles of each kind, refused ones apart, and what the changes would have cost last year.

    `dearer_effect` is above zero and `cheaper_effect` below; `gone_spend` is what was bought of articles that are
    gone. SEK excl. VAT a year. `largest_percent`: of one article, up or down, at any tier. `incomparable`: articles
    whose unit or package is another one that does not tell what it holds. `former`: articles in the list before.
    """

    new: int
    gone: int
    dearer: int
    cheaper: int
    reworded: int
    breaking: int
    refused: int
    changed: int
    former: int
    dearer_effect: Decimal
    cheaper_effect: Decimal
    gone_spend: Decimal
    largest_percent: Decimal
    incomparable: int

    @property
    def effect(self) -> Decimal:
        """What the list costs us more a year, at last year's volumes."""
        return self.dearer_effect + self.cheaper_effect

    @property
    def share(self) -> Decimal:
        """Changed articles in percent of all that are in either list; zero where there was no list. 100 at most, also
        where one that left has come back as several."""
        if not self.former:
            return Decimal(0)
        return min(Decimal(100), rounded(Decimal(self.changed * 100) / (self.former + self.new)))

    @property
    def has_outgrown(self) -> bool:
        """Whether most of what is there now was not there before, so that the share says little."""
        return self.new > self.former > 0


@dataclass(frozen=True)
class PriceChange:
    """One article that differs: before and after (none: not there), and what that costs in SEK a year."""

    before: Article | None
    after: Article | None
    volume: Decimal  # ordered in a year, in the unit of then
    effect: Decimal | None  # none where there is no price on one side
    is_breaking: bool
    refusal: str | None
    weighed: WeighedChange | None = None  # where the price of one does not tell
    since: Article | None = None  # the earlier row that forbids the price, where it is not the one before

    @property
    def article(self) -> Article:
        """The row to name it by: the new one where there is one."""
        found = self.after or self.before
        assert found is not None
        return found

    @cached_property
    def kind(self) -> Kind:
        if self.before is None or self.after is None:
            return Kind.NEW if self.before is None else Kind.GONE
        if self.weighed is not None:
            return _KINDS[self.weighed.direction]
        old, new = unit_price(self.before), unit_price(self.after)
        return Kind.REWORDED if old == new else Kind.DEARER if new > old else Kind.CHEAPER

    @cached_property
    def percent(self) -> Decimal | None:
        """Plus is dearer: 10.0 is a tenth more. None where there is no price on one side, or it is the same."""
        if self.before is None or self.after is None or self.kind is Kind.REWORDED:
            return None
        if self.weighed is not None:
            return rounded(self.weighed.percent, 1)
        old = unit_price(self.before)
        return rounded((unit_price(self.after) - old) * 100 / old, 1)

    @cached_property
    def reworded(self) -> list[str]:
        """The columns of what else differs than the price: `unit_code`, `name` …"""
        if self.before is None or self.after is None:
            return []
        found = [name for name in TEXTS if self._differs(name)]
        others = [name for name in ("base_quantity", "supplier_number") if self._differs(name)]
        return found + others

    def _differs(self, name: str) -> bool:
        return bool(getattr(self.before, name) != getattr(self.after, name))

    @property
    def is_comparable(self) -> bool:
        """Whether a unit of the one can be compared with a unit of the other."""
        return self.weighed is None or self.weighed.is_comparable


_KINDS = {1: Kind.DEARER, -1: Kind.CHEAPER, 0: Kind.REWORDED}


def unit_price(article: Article) -> Decimal:
    """SEK excl. VAT for one unit, as exact as a Decimal is."""
    return article.price / article.base_quantity


def former_of(price_list: PriceList) -> PriceList | None:
    """The list that this one is compared with: the one in force, or the one that it came after.

    Where the last one was withdrawn, it is that one all the same: nobody gets round a review by withdrawing first.
    """
    lists = select(PriceList).where(PriceList.award_id == price_list.award_id, PriceList.id != price_list.id)
    if price_list.publication is not None:
        lists = lists.where(PriceList.publication < price_list.publication)
    was_in_force = lists.where(PriceList.publication.is_not(None))
    return db.session.scalar(was_in_force.order_by(PriceList.publication.desc()).limit(1))
