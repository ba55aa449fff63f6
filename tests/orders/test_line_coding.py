"""Coding when a requisition is sent: what is mandatory, what is closed, what the defaults fill in, and what is kept."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from auth.permission import Role
from catalog.price_list import Article
from core.clock import today
from core.db import db
from core.errors import RuleBroken
from orders.actions.approval import approve
from orders.actions.basket import add
from orders.actions.requisition import submit
from orders.basket_queries import basket_of
from orders.coded import Coded
from orders.coding_queries import current_dimensions, suggest
from orders.coding_rule import Effect
from orders.coding_said import Said, SaidCoding, SaidPart
from orders.order_queries import orders_of
from orders.requisition import Requisition
from tests.factories.auth import make_member, make_unit
from tests.factories.catalog import make_agreement, make_award, make_category, make_lot, make_offer, make_price_list
from tests.factories.coding import make_code, make_combination, make_default, make_dimension
from tests.factories.orders import Place, checkout_at, make_requisition, pending_step


def said(*parts: tuple[dict[int, str], str], lines: dict[int, SaidCoding] | None = None) -> Said:
    return Said(SaidCoding(tuple(SaidPart(codes, share) for codes, share in parts)), lines or {})


def findings_of(refused: pytest.ExceptionInfo[RuleBroken]) -> list[str]:
    return [str(finding.text) for finding in refused.value.findings]


def test_nothing_is_coded_and_one_query_asked_where_there_are_no_dimensions(place: Place, count_queries: Any) -> None:
    with count_queries() as queries:
        assert current_dimensions(place.organisation, today()) == []
    assert len(queries) == 1
    requisition = make_requisition(place, accounting_cost="Projekt 7")
    assert requisition.lines[0].coding == ()
    assert requisition.accounting_cost == "Projekt 7"
    assert "coding" not in requisition.lines[0].content()


def test_codes_are_copied_with_their_names_and_survive_to_the_order(place: Place) -> None:
    ansvar = make_dimension(place.organisation, "Ansvar", "12345")
    requisition = make_requisition(place, coding=said(({ansvar.id: "12345"}, "")))
    expected = (Coded(ansvar.id, "Ansvar", "12345", "Kod 12345"),)
    step = pending_step(requisition)
    approve(step.candidates[0].user, step, None, requisition.content_hash or "")
    db.session.expire_all()
    (order,) = orders_of(requisition)
    assert [part.codes for line in order.lines for part in line.coding] == [expected]
    assert sum(part.amount for part in order.lines[0].coding) == order.lines[0].net_amount
    ansvar.name = "Enhet"
    db.session.flush()
    assert order.lines[0].coding[0].codes == expected


def test_the_hash_covers_the_coding(place: Place) -> None:
    ansvar = make_dimension(place.organisation, "Ansvar", "1", "2")
    requisition = make_requisition(place, coding=said(({ansvar.id: "1"}, "")))
    db.session.expire_all()
    requisition.check_unchanged()
    part = requisition.lines[0].coding[0]
    requisition.lines[0].coding = (type(part)(part.amount, (Coded(ansvar.id, "Ansvar", "2", "Kod 2"),)),)
    with pytest.raises(RuleBroken):
        requisition.check_unchanged()


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (None, "Ansvar saknas."),
        ("999", "Ansvar 999 finns inte."),
        ("8", "Ansvar 8 gäller inte i dag."),
        ("7", "Ansvar 7 gäller inte i dag."),
    ],
)
def test_a_code_must_be_there_and_hold_today(place: Place, code: str | None, why: str) -> None:
    ansvar = make_dimension(place.organisation, "Ansvar", "1")
    make_code(ansvar, "8", ends_on=today() - timedelta(days=1))
    make_code(ansvar, "7", starts_on=today() + timedelta(days=1))
    with pytest.raises(RuleBroken) as refused:
        make_requisition(place, coding=said(({ansvar.id: code} if code else {}, "")))
    assert findings_of(refused) == [why]


def test_a_code_without_a_list_has_the_length_and_form_of_its_dimension(place: Place) -> None:
    ansvar = make_dimension(place.organisation, "Ansvar", code_length=5)
    projekt = make_dimension(place.organisation, "Projekt", code_pattern="P[0-9]+", is_mandatory=False)
    with pytest.raises(RuleBroken) as refused:
        make_requisition(place, coding=said(({ansvar.id: "123", projekt.id: "7"}, "")))
    assert findings_of(refused) == ["Ansvar 123: koden ska ha 5 tecken.", "Projekt 7: koden har fel form."]


def test_a_dimension_that_has_ended_is_not_asked_for(place: Place) -> None:
    make_dimension(place.organisation, "Objekt", "1", ends_on=today() - timedelta(days=1))
    assert make_requisition(place, coding=Said()).lines[0].coding == ()


def test_what_is_wrong_on_one_line_names_it(place: Place) -> None:
    ansvar = make_dimension(place.organisation, "Ansvar", "1")
    goods = [make_offer(place.organisation, name=name) for name in ("Pärm", "Penna")]
    for article in goods:
        add(place.orderer, place.organisation, article, Decimal(1))
    basket = basket_of(place.orderer, place.organisation)
    assert basket is not None
    line = basket.lines[1]
    own = {line.id: SaidCoding((SaidPart({ansvar.id: "2"}),))}
    coding = said(({ansvar.id: "1"}, ""), lines=own)
    with pytest.raises(RuleBroken) as refused:
        submit(place.orderer, place.organisation, checkout_at(place, coding=coding))
    assert findings_of(refused) == [f"{line.article.name}: Ansvar 2 finns inte."]


def test_a_split_gives_the_whole_line(place: Place) -> None:
    ansvar = make_dimension(place.organisation, "Ansvar", "1", "2", "3")
    thirds = [({ansvar.id: "1"}, "33,33"), ({ansvar.id: "2"}, "33,33"), ({ansvar.id: "3"}, "")]
    line = make_requisition(place, coding=said(*thirds)).lines[0]
    assert len(line.coding) == 3
    assert sum(part.amount for part in line.coding) == line.net_amount


def test_a_combination_that_is_not_allowed_is_refused_by_name(place: Place) -> None:
    konto, projekt = make_dimension(place.organisation, "Konto", "4010"), make_dimension(place.organisation, "Projekt")
    projekt.is_mandatory = False
    make_combination(konto, Effect.REQUIRED, projekt, name="Investering")
    with pytest.raises(RuleBroken) as refused:
        make_requisition(place, coding=said(({konto.id: "4010"}, "")))
    assert findings_of(refused) == ["Investering: Konto 4000–6999 ska ha Projekt."]
    assert make_requisition(place, coding=said(({konto.id: "4010", projekt.id: "P1"}, ""))).lines[0].coding


def test_a_combination_that_has_ended_says_nothing(place: Place) -> None:
    konto, projekt = make_dimension(place.organisation, "Konto", "4010"), make_dimension(place.organisation, "Projekt")
    projekt.is_mandatory = False
    make_combination(konto, Effect.REQUIRED, projekt, ends_on=today() - timedelta(days=1))
    assert make_requisition(place, coding=said(({konto.id: "4010"}, ""))).lines[0].coding


class Shop:
    """Goods of one category, with an agreement and an award to hang defaults on."""

    def __init__(self, place: Place) -> None:
        root = make_category()
        self.category = make_category(parent=root)
        self.root = root
        agreement = make_agreement(place.organisation)
        lot = make_lot(agreement, category=self.category)
        self.agreement, self.award = agreement, make_award(lot)
        rows = [{"supplier_number": "A1"}, {"supplier_number": "A2"}]
        make_price_list(self.award, rows)
        self.first = db.session.query(Article).filter_by(supplier_number="A1", award_id=self.award.id).one()


def test_the_most_specific_default_wins(place: Place) -> None:
    konto = make_dimension(place.organisation, "Konto")
    shop, below = Shop(place), make_unit(place.organisation, place.unit)
    goods = [(shop.award, "A1"), (shop.award, "A2")]
    steps: list[tuple[dict[str, Any], str]] = [
        ({"user_id": place.orderer.id}, "1"),
        ({"unit_id": place.unit.id}, "2"),
        ({"unit_id": below.id}, "3"),
        ({"category_id": shop.root.id}, "4"),
        ({"category_id": shop.category.id}, "5"),
        ({"agreement_id": shop.agreement.id}, "6"),
    ]
    for thing, code in steps:
        make_default(konto, code, **thing)
        found = suggest(place.orderer, below, goods, [konto], today())
        assert (found.whole[konto.id].code, list(found.lines)) == (code, [{}, {}])
    make_default(konto, "7", award_id=shop.award.id, supplier_number="A1")
    found = suggest(place.orderer, below, goods, [konto], today())
    assert found.whole[konto.id].code == "3"  # the lines differ: above stands what holds for the unit
    assert [line[konto.id].code for line in found.lines] == ["7", "6"]
    assert [str(line[konto.id].source) for line in found.lines] == ["från varan", "från avtalet"]
    assert str(found.whole[konto.id].source) == f"från enheten {below.name}"


def test_a_default_whose_code_is_closed_gives_way_to_the_next(place: Place) -> None:
    konto = make_dimension(place.organisation, "Konto", "1")
    make_code(konto, "2", ends_on=today() - timedelta(days=1))
    make_default(konto, "1", user_id=place.orderer.id)
    make_default(konto, "2", unit_id=place.unit.id)
    found = suggest(place.orderer, place.unit, [(Shop(place).award, "A1")], [konto], today())
    assert found.whole[konto.id].code == "1"


def test_defaults_of_others_are_not_hers(place: Place) -> None:
    konto = make_dimension(place.organisation, "Konto")
    make_default(konto, "1", user_id=make_member(Role.ORDERER, place.organisation).id)
    make_default(konto, "2", unit_id=make_unit(place.organisation).id)
    make_default(konto, "3", category_id=make_category().id)
    found = suggest(place.orderer, place.unit, [(Shop(place).award, "A1")], [konto], today())
    assert (found.whole, list(found.lines)) == ({}, [{}])


def test_the_defaults_count_where_nothing_is_said(place: Place) -> None:
    konto = make_dimension(place.organisation, "Konto")
    shop = Shop(place)
    make_default(konto, "1", unit_id=place.unit.id)
    make_default(konto, "2", award_id=shop.award.id, supplier_number="A1")
    requisition: Requisition = make_requisition(
        place, [(shop.first, Decimal(1)), (make_offer(place.organisation), Decimal(1))]
    )
    assert [line.coding[0].codes[0].code for line in requisition.lines] == ["2", "1"]


def test_coding_takes_as_many_queries_for_ten_lines_as_for_one(place: Place, count_queries: Any) -> None:
    konto = make_dimension(place.organisation, "Konto", "1")
    make_default(konto, "1", unit_id=place.unit.id)
    shop = Shop(place)
    counts = []
    for number in (1, 10):
        with count_queries() as queries:
            suggest(place.orderer, place.unit, [(shop.award, f"A{n}") for n in range(number)], [konto], today())
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 2


def test_the_reference_is_printed_on_the_goods_where_the_organisation_says_so(place: Place) -> None:
    place.address.goods_marking = "Lastkaj 2"
    assert make_requisition(place, buyer_reference="12345").goods_marking == "Lastkaj 2"
    place.organisation.is_reference_on_goods = True
    assert make_requisition(place, buyer_reference="12345").goods_marking == "Lastkaj 2 12345"
    assert make_requisition(place).goods_marking == "Lastkaj 2"
