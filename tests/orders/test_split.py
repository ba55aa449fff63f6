"""How lines part into orders, and what freight and fees come on top."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

from catalog.agreement import Award
from core.db import TransactionalFlask
from orders.split import PricedLine, all_draws, draft_orders
from tests.factories.auth import make_organisation
from tests.factories.catalog import make_agreement, make_award, make_lot, make_supplier


def priced(award: Award, amount: str, vat: str = "25") -> PricedLine:
    return PricedLine(
        line=SimpleNamespace(unit_code="C62", quantity=Decimal(1)),
        award=award,
        net_amount=Decimal(amount),
        vat_percent=Decimal(vat),
    )


def test_lines_part_by_supplier_and_agreement(app: TransactionalFlask) -> None:
    one, other = make_supplier(), make_supplier()
    paper, food = make_agreement(), make_agreement()
    first, second = make_award(make_lot(paper), one), make_award(make_lot(paper), other)
    third, fourth = make_award(make_lot(food), one), make_award(make_lot(paper), one)
    drafts = draft_orders([priced(first, "1"), priced(second, "2"), priced(third, "3"), priced(fourth, "4")])
    assert [(d.supplier, d.agreement, d.totals.net) for d in drafts] == [
        (one, paper, Decimal(5)),
        (other, paper, Decimal(2)),
        (one, food, Decimal(3)),
    ]


def test_freight_is_due_below_the_free_limit_and_not_at_it(app: TransactionalFlask) -> None:
    award = make_award(make_lot(make_agreement()), freight=Decimal(95), freight_free_from=Decimal(500))
    [below] = draft_orders([priced(award, "499.99")])
    [at] = draft_orders([priced(award, "500.00")])
    assert [(c.kind, c.amount) for c in below.charges] == [("freight", Decimal(95))]
    assert at.charges == ()


def test_small_orders_cost_a_fee_with_the_highest_vat_of_the_goods(app: TransactionalFlask) -> None:
    award = make_award(make_lot(make_agreement()), minimum_order=Decimal(300), small_order_fee=Decimal(50))
    [draft] = draft_orders([priced(award, "100", "6"), priced(award, "10", "12")])
    [fee] = draft.charges
    assert (fee.kind, fee.amount, fee.vat_percent) == ("small-order", Decimal(50), Decimal(12))
    assert draft.totals.net == Decimal(160)


def test_a_charge_is_taken_once_though_two_awards_state_it(app: TransactionalFlask) -> None:
    agreement, supplier = make_agreement(), make_supplier()
    low = make_award(make_lot(agreement), supplier, freight=Decimal(50))
    high = make_award(make_lot(agreement), supplier, freight=Decimal(80))
    [draft] = draft_orders([priced(low, "10"), priced(high, "10")])
    assert [c.amount for c in draft.charges] == [Decimal(80)]
    assert {d.award_id: d.amount for d in all_draws([draft], 1)} == {low.id: Decimal(10), high.id: Decimal(90)}


def test_nothing_comes_of_nothing(app: TransactionalFlask) -> None:
    make_organisation()
    assert draft_orders([]) == []
