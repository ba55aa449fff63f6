"""Condition: what an approval rule asks of a need before it decides about it; pure.

The rule itself is a noun of `orders.approval`, the way it leads to is found in `orders.route`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import IntEnum

from auth.organisation import Unit
from auth.user import User
from catalog.agreement import CallOffMethod
from catalog.category import Category
from orders.approval import ApprovalRule

Part = tuple[Category | None, Decimal]


@dataclass(frozen=True, slots=True)
class Need:
    """What the rules look at. `amount` is excl. VAT, charges included; `suppliers` and `agreements` are their ids.
    `parts` are the sums of the lines by category; none given: all of it is of each of the categories."""

    unit: Unit
    amount: Decimal
    categories: tuple[Category, ...]
    orderer: User
    barred: frozenset[int]  # ids of the orderer, the creator and the last editor
    suppliers: frozenset[int] = frozenset()
    agreements: frozenset[int] = frozenset()
    methods: frozenset[CallOffMethod] = frozenset()
    is_justified: bool = False  # the orderer has stated a ground for her choice of supplier
    has_free_text: bool = False  # some line stands in no price list
    is_emergency: bool = False  # ordered before it is approved
    codes: frozenset[tuple[int, str]] = frozenset()  # dimension id and code, of all lines
    parts: tuple[Part, ...] = ()

    def bought(self) -> tuple[Part, ...]:
        """The categories of the lines, with their sums."""
        whole: tuple[Category | None, ...] = self.categories or (None,)
        return self.parts or tuple((category, self.amount) for category in whole)

    def amount_in(self, branch: Category) -> Decimal | None:
        """The sum of the lines in a branch of categories, the charges too where it is all there is; nothing where it
        has no line."""
        amounts = [amount for category, amount in self.bought() if category and category.is_within(branch)]
        if len(amounts) == len(self.bought()):
            return self.amount
        return sum(amounts, Decimal(0)) if amounts else None


class Unmet(IntEnum):
    """A condition of a rule that does not hold."""

    NOT_YET = 1
    NO_LONGER = 2
    UNIT = 3
    AMOUNT_TOO_LOW = 4
    AMOUNT_TOO_HIGH = 5
    CATEGORY = 6
    AGREEMENT = 7
    METHOD = 8
    NOT_JUSTIFIED = 9
    NO_FREE_TEXT = 10
    CODING = 11
    NO_EMERGENCY = 12


def fits(rule: ApprovalRule, need: Need, on: date) -> bool:
    """Whether all conditions of a rule hold on a day."""
    return next(unmet(rule, need, on), None) is None


def unmet(rule: ApprovalRule, need: Need, on: date) -> Iterator[Unmet]:
    """The conditions of a rule that do not hold on a day: its own days, branch of units, amount band [from, below),
    branch of categories, agreement, call-off method, a ground that was stated, free text, a code."""
    if rule.starts_on is not None and on < rule.starts_on:
        yield Unmet.NOT_YET
    if rule.ends_on is not None and rule.ends_on < on:
        yield Unmet.NO_LONGER
    if rule.unit is not None and not need.unit.is_within(rule.unit):
        yield Unmet.UNIT
    if need.amount < rule.amount_from:
        yield Unmet.AMOUNT_TOO_LOW
    if rule.amount_below is not None and need.amount >= rule.amount_below:
        yield Unmet.AMOUNT_TOO_HIGH
    if rule.category is not None and not any(category.is_within(rule.category) for category in need.categories):
        yield Unmet.CATEGORY
    if rule.agreement_id is not None and rule.agreement_id not in need.agreements:
        yield Unmet.AGREEMENT
    if rule.method is not None and rule.method not in need.methods:
        yield Unmet.METHOD
    if rule.is_justified and not need.is_justified:
        yield Unmet.NOT_JUSTIFIED
    if rule.is_free_text and not need.has_free_text:
        yield Unmet.NO_FREE_TEXT
    if rule.is_emergency and not need.is_emergency:
        yield Unmet.NO_EMERGENCY
    if rule.coding_dimension_id is not None and not any(_is_coded(rule, *coded) for coded in need.codes):
        yield Unmet.CODING


def _is_coded(rule: ApprovalRule, dimension_id: int, code: str) -> bool:
    """Whether a code is the one that a rule is for, or begins so where that is enough."""
    wanted = rule.coding_code or ""
    is_it = code.startswith(wanted) if rule.is_code_prefix else code == wanted
    return dimension_id == rule.coding_dimension_id and is_it
