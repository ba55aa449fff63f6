"""Proposal: a row that she may put into the basket together with others, and what there is to know about it first.

What an old order, a shopping list and pasted article numbers become before anything lands in the basket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from catalog.agreement import Award
from catalog.finding import Ask, Facts, Finding, Level
from catalog.price_list import Article
from catalog.rules import judge
from catalog.steering import unmendable
from core.types import line_net, rounded

MOST_CHOICES = 10  # that a row is offered


@dataclass(frozen=True, slots=True)
class Choice:
    """An article that can be taken for a row, judged by itself."""

    article: Article
    award: Award
    closed: tuple[Finding, ...]  # what keeps it from the basket, in whatever quantity
    findings: tuple[Finding, ...]  # what else stands in the way of this quantity; may be mended

    @property
    def is_open(self) -> bool:
        return not self.closed


def judged(article: Article, quantity: Decimal | None, facts: Facts) -> Choice:
    """What the steering says about an article, and about so many of it."""
    closed = unmendable(judge([Ask(article)], facts))
    [found] = judge([Ask(article, quantity)], facts)
    told = tuple(f for f in found if f.level is Level.STOP)
    return Choice(article, facts.awards[article.award_id], closed, () if closed else told)


@dataclass(frozen=True, slots=True)
class Then:
    """The terms on which something was chosen once. Price in SEK excl. VAT for `base_quantity` units."""

    name: str
    unit_code: str
    price: Decimal
    base_quantity: Decimal


@dataclass(slots=True)
class Proposal:
    """A row of the page. `key` names its fields; `choices` is what can be ordered: nothing, one article or several."""

    key: int
    name: Any  # what she asked for, in the words she knows it by
    quantity: Decimal | None
    choices: Sequence[Choice]
    is_taken: bool = True
    then: Then | None = None
    is_successor: bool = False  # the choice stands on another agreement than what she once chose
    stops: Sequence[Finding] = ()  # why what she asked for cannot be ordered
    stated_under: Award | None = None  # it was free text, which is stated anew where it is wanted again
    written: str | None = None  # the quantity as she wrote it, where it is no number
    chosen_id: int | None = None
    problems: list[Any] = field(default_factory=list)  # texts (lazy): what is wrong with the row as it was written
    notes: list[Any] = field(default_factory=list)  # and what is only good to know about it
    refused: Sequence[Finding] = ()  # what stood in the way when it was sent, together with what lies in the basket

    @property
    def can_be_ordered(self) -> bool:
        return bool(self.choices)

    @property
    def now(self) -> Article | None:
        """The article that it will be, where there is nothing to choose."""
        return self.choices[0].article if len(self.choices) == 1 else None

    @property
    def findings(self) -> Sequence[Finding]:
        """What stands in the way of so many of it; she can mend that."""
        return self.refused or (self.choices[0].findings if len(self.choices) == 1 else ())

    @property
    def net_now(self) -> Decimal | None:
        """What so many cost today, in SEK excl. VAT."""
        if self.now is None or self.quantity is None:
            return None
        return line_net(self.quantity, self.now.price_for(self.quantity), self.now.base_quantity)

    @property
    def change_percent(self) -> Decimal | None:
        """How much dearer (or, below zero, cheaper) one of so many is today; none where the two cannot be compared."""
        then, now = self.then, self.now
        if then is None or now is None or then.unit_code != now.unit_code or not then.price:
            return None
        before, after = then.price / then.base_quantity, now.price_for(self.quantity) / now.base_quantity
        return rounded((after - before) * 100 / before, 1)


@dataclass(slots=True)
class SentRow:
    """A ticked row as it came. `problem` (lazy) says what is wrong with it; then there is no quantity or no choice."""

    key: int
    options: list[int]
    chosen_id: int | None
    written: str
    quantity: Decimal | None = None
    problem: Any = None


def net_total(proposals: Sequence[Proposal]) -> Decimal:
    """What the rows that are taken cost today, in SEK excl. VAT."""
    return sum((row.net_now or Decimal(0) for row in proposals if row.is_taken), Decimal("0.00"))
