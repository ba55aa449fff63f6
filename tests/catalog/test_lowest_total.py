"""Lowest total: what counts, whose goods are the same, and that the lowest is chosen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from auth.organisation import Organisation
from catalog.agreement import Agreement, AgreementState, Award, CallOffMethod, Entitlement, Lot
from catalog.finding import Ask, Facts
from catalog.lowest_total import compare, same_goods
from catalog.price_list import Article, PriceListState
from catalog.rules import judge
from catalog.supplier import Supplier
from core.clock import today
from core.db import TransactionalFlask, db
from tests.factories.catalog import make_agreement, make_award, make_lot, make_price_list

PAPER, PEN = "07310869000010", "07310869000027"


def award(number: int, **values: Any) -> Award:
    return Award(id=number, rank=number, supplier=Supplier(name=f"Leverantör {number}"), **values)


def row(number: int, of: Award, price: int, gtin: str = PAPER, **values: Any) -> Article:
    return Article(
        id=number,
        award_id=of.id,
        supplier_number=f"A{number}",
        gtin=gtin,
        name=f"Vara {gtin[-2:]}",
        unit_code="XPK",
        price=Decimal(price),
        base_quantity=Decimal(1),
        **values,
    )


def test_freight_and_fee_count() -> None:
    """Cheaper goods, dearer in all: 90 + 49 + 25 against 100."""
    dear, cheap = award(1), award(2, freight=Decimal(49), minimum_order=Decimal(100), small_order_fee=Decimal(25))
    mine, other = row(1, dear, 10), row(2, cheap, 9)
    offers = compare([(mine, Decimal(10))], [dear, cheap], {(1, 2): other})
    assert [(o.award.id, o.lines, o.charges, o.total) for o in offers] == [(1, 100, 0, 100), (2, 90, 74, 164)]


def test_freight_is_free_from_its_amount_and_the_fee_ends_at_the_least() -> None:
    free = award(1, freight=Decimal(49), freight_free_from=Decimal(100), minimum_order=Decimal(100), small_order_fee=5)
    assert [free.charges_on(Decimal(net)) for net in ("99.99", "100.00")] == [Decimal(54), Decimal(0)]


def test_tiers_and_base_quantities_count() -> None:
    one, other = award(1), award(2)
    mine = row(1, one, 10)
    by_hundred = row(2, other, 950)
    by_hundred.base_quantity = Decimal(100)
    offers = compare([(mine, Decimal(10))], [one, other], {(1, 2): by_hundred})
    assert [(o.award.id, o.total) for o in offers] == [(2, Decimal(95)), (1, Decimal(100))]


def test_who_lacks_something_comes_last_and_says_what() -> None:
    one, other = award(1), award(2)
    paper, pen = row(1, one, 10), row(2, one, 5, PEN)
    first, last = compare([(paper, Decimal(1)), (pen, Decimal(1))], [other, one], {(1, 2): row(3, other, 1)})
    assert (first.award, first.is_complete, last.award, last.lacks) == (one, True, other, "Vara 27")


def test_who_does_not_sell_so_many_lacks_it() -> None:
    one, other = award(1), award(2)
    paper = row(1, one, 10)
    for values in ({"minimum_quantity": Decimal(5)}, {"quantity_multiple": Decimal(2)}):
        offers = compare([(paper, Decimal(3))], [one, other], {(1, 2): row(3, other, 1, **values)})
        assert [o.is_complete for o in offers] == [True, False]


def test_same_goods_are_of_one_gtin_unit_and_package_in_a_list_in_force(app: TransactionalFlask) -> None:
    lot = make_lot(make_agreement(), method=CallOffMethod.DYNAMIC_RANKING)
    awards = [make_award(lot) for _ in range(6)]
    wanted = {"gtin": PAPER, "unit_code": "XPK", "pack_size": Decimal(500), "pack_unit": "C62"}
    make_price_list(awards[0], [wanted])
    make_price_list(awards[1], [{**wanted, "price": Decimal(9)}, {**wanted, "price": Decimal(8)}])
    make_price_list(awards[2], [{**wanted, "unit_code": "XBX"}])
    make_price_list(awards[3], [{**wanted, "pack_size": Decimal(250)}])
    make_price_list(awards[4], [wanted], state=PriceListState.DRAFT)
    make_price_list(awards[5], [{**wanted, "gtin": PEN}])
    mine = db.session.query(Article).filter_by(award_id=awards[0].id).one()
    found = same_goods([mine], [a.id for a in awards], today())
    assert {key: article.price for key, article in found.items()} == {(mine.id, awards[1].id): Decimal(8)}


prices = st.integers(1, 500)


@given(data=st.data(), quantities=st.lists(st.integers(1, 20), min_size=1, max_size=4), suppliers=st.integers(2, 5))
def test_exactly_the_lowest_total_of_those_who_have_all_is_open(
    data: st.DataObject, quantities: list[int], suppliers: int
) -> None:
    agreement = Agreement(id=1, number="UK-1", state=AgreementState.PUBLISHED, starts_on=today(), ends_on=today())
    lot = Lot(id=1, agreement_id=1, agreement=agreement, method=CallOffMethod.DYNAMIC_RANKING, clause="4.2", awards=[])
    charges = st.one_of(st.none(), st.integers(1, 300).map(Decimal))
    awards = {n: award(n, lot=lot, lot_id=1, freight=data.draw(charges)) for n in range(1, suppliers + 1)}
    rows: dict[tuple[int, int], Article] = {}
    for n in awards:
        for at in range(len(quantities)):
            if n == 1 or data.draw(st.integers(0, 4)):
                rows[n, at] = row(n * 100 + at, awards[n], data.draw(prices), f"{at:014d}")
    matches = {
        (mine.id, n): other
        for (_one, at), mine in rows.items()
        for (n, same), other in rows.items()
        if same == at and n != mine.award_id
    }
    totals = {}
    for n in awards:
        own = [(rows.get((n, at)), quantity) for at, quantity in enumerate(quantities)]
        if all(article is not None for article, _ in own):
            totals[n] = sum(article.price * q for article, q in own if article) + (awards[n].freight or 0)
    open_ = set()
    for n in totals:
        asks = [Ask(rows[n, at], Decimal(quantity)) for at, quantity in enumerate(quantities)]
        facts = Facts(
            organisation=Organisation(id=1, name="Kommun"),
            on=today(),
            awards=awards,
            rivals={1: list(awards.values())},
            entitlements={1: [Entitlement(agreement_id=1, organisation_id=1, starts_on=today())]},
            ceilings={},
            current={(article.award_id, article.supplier_number): article for article in rows.values()},
            matches=matches,
        )
        found = {finding.code for of_line in judge(asks, facts) for finding in of_line}
        if "lowest-total-elsewhere" not in found:
            open_.add(n)
    assert open_ == {n for n, total in totals.items() if total == min(totals.values())}
