"""Earlier prices: the largest raise holds for a year, however many lists there are, and nothing escapes by leaving."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask

from auth.permission import Role
from catalog.actions.price_list import approve, import_price_list, withdraw
from catalog.actions.price_review import difference_of, judge, refuse, restore
from catalog.agreement import Award
from catalog.price_change import Kind, PriceChange
from catalog.price_index import PriceIndex
from catalog.price_list import Article, PriceList
from catalog.price_rule import PriceRule
from core.clock import STOCKHOLM, frozen, now, today
from core.db import db
from core.errors import RuleBroken
from tests.factories.auth import make_member, make_office
from tests.factories.catalog import make_agreement, make_award, make_lot

HEADER = "Artikelnummer;Benämning;GTIN;Enhet;Pris;Moms;Antal per förpackning;Innehållsenhet;Staffelpris"
START = datetime(2026, 1, 1, 12, tzinfo=STOCKHOLM)
GTIN, OTHER_GTIN = "7310865004703", "7310130003547"


def row(number: str, price: str, *, unit: str = "st", gtin: str = "", held: str = "", tiers: str = "") -> str:
    pack = f"{held};st" if held else ";"
    return f"{number};Penna;{gtin};{unit};{price};25;{pack};{tiers}"


def bring_in(award: Award, *rows: str, days: int = 0) -> PriceList:
    first_day = today() + timedelta(days=days)
    outcome = import_price_list(None, award, "\n".join([HEADER, *rows]).encode(), "lista", first_day)
    assert outcome.price_list is not None, outcome.problems
    db.session.flush()
    return outcome.price_list


def publish(award: Award, *rows: str, after: int) -> PriceList:
    """A list in force so many days after the first one."""
    with frozen(START + timedelta(days=after)):
        made = bring_in(award, *rows)
        approve(None, made)
    db.session.flush()
    return made


def breaking(award: Award, *rows: str, after: int) -> list[str]:
    """The articles of a draft, so many days after the first list, that the agreement forbids to cost so much."""
    with frozen(START + timedelta(days=after)):
        difference = difference_of(bring_in(award, *rows))
        changes: Sequence[PriceChange] = difference.page(Kind.BREAKING, 1).items
        assert difference.totals.breaking == len(changes)
        return sorted(change.article.supplier_number for change in changes)


@pytest.fixture
def award(app: Flask) -> Iterator[Award]:
    """Its agreement allows raises of three percent."""
    made = make_award(make_lot(make_agreement(starts_on=date(2025, 1, 1), ends_on=date(2030, 1, 1))))
    db.session.add(PriceRule(agreement_id=made.lot.agreement_id, largest_raise=Decimal(3)))
    yield made


@pytest.mark.parametrize(("price", "is_breaking"), [("103", False), ("103,01", True), ("106", True)])
def test_lists_after_each_other_raise_a_price_no_more_than_one_may(award: Award, price: str, is_breaking: bool) -> None:
    publish(award, row("a", "100"), row("b", "10"), after=0)
    publish(award, row("a", "102"), row("b", "10"), after=30)
    publish(award, row("a", "102,90"), row("b", "10"), after=60)
    assert breaking(award, row("a", price), row("b", "10,30"), after=90) == ["a"] * is_breaking


@pytest.mark.parametrize(("after", "is_breaking"), [(394, True), (395, False)])
def test_a_price_may_be_raised_again_when_a_year_has_passed(award: Award, after: int, is_breaking: bool) -> None:
    publish(award, row("a", "100"), after=0)
    publish(award, row("a", "103"), after=30)
    assert breaking(award, row("a", "106"), after=after) == ["a"] * is_breaking


def test_a_list_for_a_coming_day_is_held_against_a_year_before_that_day(award: Award) -> None:
    publish(award, row("a", "100"), after=0)
    publish(award, row("a", "103"), after=30)
    with frozen(START + timedelta(days=380)):
        soon, later = (bring_in(award, row("a", "106"), days=days) for days in (14, 15))
        assert [judge(None, made, difference_of(made)).breaking for made in (soon, later)] == [1, 0]


def test_what_is_not_raised_is_left_as_it_is(award: Award) -> None:
    """A price that stands too high already, by a rule that was less strict then, may stay or fall."""
    rule = db.session.get_one(PriceRule, award.lot.agreement_id)
    rule.largest_raise = Decimal(50)
    publish(award, row("a", "100"), row("b", "100"), row("c", "100"), after=0)
    publish(award, row("a", "120"), row("b", "120"), row("c", "120"), after=30)
    rule.largest_raise = Decimal(3)
    rows = row("a", "119"), row("b", "120", gtin=GTIN), row("c", "121")
    assert breaking(award, *rows, after=60) == ["c"]


@pytest.mark.parametrize("gone", [1, 2])
@pytest.mark.parametrize(("price", "is_breaking"), [("103", False), ("104", True)])
def test_an_article_that_comes_back_is_held_against_what_it_cost(
    award: Award, gone: int, price: str, is_breaking: bool
) -> None:
    publish(award, row("a", "100"), row("b", "10"), after=0)
    for number in range(gone):
        publish(award, row("b", "10"), after=30 + number)
    new = row("new", "999")
    assert breaking(award, row("a", price), row("b", "10"), new, after=60) == ["a"] * is_breaking


def test_an_article_that_comes_back_is_held_against_its_last_price_too(award: Award) -> None:
    publish(award, row("a", "100"), row("b", "10"), after=0)
    publish(award, row("a", "50"), row("b", "10"), after=30)
    publish(award, row("b", "10"), after=60)
    assert breaking(award, row("a", "52"), row("b", "10"), after=90) == ["a"]


def test_nothing_comes_back_dearer_before_the_day_that_the_agreement_names(award: Award) -> None:
    db.session.get_one(PriceRule, award.lot.agreement_id).raises_from = date(2027, 1, 1)
    publish(award, row("a", "100"), row("b", "10"), after=0)
    publish(award, row("b", "10"), after=30)
    assert breaking(award, row("a", "101"), row("b", "10"), after=60) == ["a"]
    assert breaking(award, row("a", "100"), row("b", "10"), after=61) == []


def test_an_article_that_comes_back_with_another_number_is_the_one_it_is(award: Award) -> None:
    publish(award, row("a", "100", gtin=GTIN), row("b", "10", gtin=OTHER_GTIN), after=0)
    publish(award, row("b", "10", gtin=OTHER_GTIN), after=30)
    rows = row("a2", "110", gtin=GTIN), row("b", "10", gtin=OTHER_GTIN), row("b2", "99", gtin=OTHER_GTIN)
    assert breaking(award, *rows, after=60) == ["a2"]  # b has not left, so b2 is another article


def test_another_number_meanwhile_begins_no_new_year(award: Award) -> None:
    publish(award, row("a", "100", gtin=GTIN), after=0)
    publish(award, row("a", "103", gtin=GTIN), after=30)
    assert breaking(award, row("a2", "106", gtin=GTIN), after=60) == ["a2"]


def test_an_article_that_is_younger_than_a_year_is_held_against_its_first_price(award: Award) -> None:
    publish(award, row("a", "100"), after=0)
    publish(award, row("a", "100"), row("b", "10"), after=400)
    publish(award, row("a", "100"), row("b", "10,30"), after=430)
    assert breaking(award, row("a", "103"), row("b", "10,60"), after=460) == ["b"]


def test_withdrawing_a_list_begins_no_new_year(award: Award) -> None:
    owner = make_member(Role.AGREEMENT_OWNER, make_office())
    publish(award, row("a", "100"), after=0)
    second = publish(award, row("a", "103"), after=30)
    with frozen(START + timedelta(days=31)):
        withdraw(owner, second, "Fel")
    assert breaking(award, row("a", "106"), after=32) == ["a"]


def test_a_refused_row_is_held_against_nothing(award: Award) -> None:
    publish(award, row("a", "100"), row("b", "10"), after=0)
    publish(award, row("a", "103"), after=30)
    with frozen(START + timedelta(days=60)):
        draft = bring_in(award, row("a", "106"), row("b", "11"), row("c", "1"))
        with pytest.raises(RuleBroken, match="tillåter: 2"):
            approve(None, draft)
        assert refuse(None, draft, "Högst tre procent om året", kind=Kind.BREAKING) == 2
        approve(None, draft)
    kept = db.session.query(Article).filter_by(price_list_id=draft.id)
    assert {article.supplier_number: article.price for article in kept} == {"a": Decimal(103), "c": Decimal(1)}


def test_the_row_that_forbids_a_price_is_told(award: Award) -> None:
    first = publish(award, row("a", "100"), row("b", "10"), after=0)
    publish(award, row("a", "103"), after=30)
    with frozen(START + timedelta(days=60)):
        draft = bring_in(award, row("a", "106"), row("b", "11"))
        told = {c.article.supplier_number: c for c in difference_of(draft).page(None, 1).items}
    since = {number: change.since for number, change in told.items()}
    assert {number: (found.price, found.price_list) for number, found in since.items() if found} == {
        "a": (Decimal(100), first),
        "b": (Decimal(10), first),
    }
    assert (told["a"].kind, told["b"].kind) == (Kind.DEARER, Kind.NEW)


TIERED = row("a", "100", tiers="10: 90"), row("a", "102", tiers="10: 92")
BOXED = row("a", "100"), row("a", "1224", unit="krt", held="12")


@pytest.mark.parametrize(
    ("former", "new", "is_breaking"),
    [
        (TIERED, row("a", "103", tiers="10: 92,70"), False),
        (TIERED, row("a", "103", tiers="10: 93"), True),  # from ten on
        (TIERED, row("a", "104", tiers="10: 92"), True),  # less than ten
        (TIERED, row("a", "102", tiers="10: 91"), False),
        ((row("a", "100", tiers="10: 90"), row("a", "102")), row("a", "102", tiers="10: 101"), False),  # cheaper again
        (BOXED, row("a", "103"), False),
        (BOXED, row("a", "104"), True),
        (BOXED, row("a", "1236", unit="krt", held="12"), False),
        (BOXED, row("a", "1248", unit="krt", held="12"), True),
    ],
)
def test_tiers_and_units_are_weighed_over_the_year_too(
    award: Award, former: tuple[str, str], new: str, is_breaking: bool
) -> None:
    rule = db.session.get_one(PriceRule, award.lot.agreement_id)
    rule.largest_raise = Decimal(50)
    publish(award, former[0], after=0)
    publish(award, former[1], after=30)
    rule.largest_raise = Decimal(3)
    assert breaking(award, new, after=60) == ["a"] * is_breaking


def test_what_comes_back_in_another_unit_that_does_not_compare_is_outside_the_agreement(award: Award) -> None:
    publish(award, row("a", "100"), row("b", "10"), after=0)
    publish(award, row("b", "10"), after=30)
    assert breaking(award, row("a", "1", unit="förp"), row("b", "10"), after=60) == ["a"]


def test_a_list_that_is_taken_up_again_is_held_against_nothing(award: Award) -> None:
    first = publish(award, row("a", "100"), after=0)
    publish(award, row("a", "90"), after=30)
    with frozen(START + timedelta(days=60)):
        approve(None, restore(None, first))
    assert breaking(award, row("a", "103"), after=90) == []


def test_every_reading_of_an_index_allows_its_own_raise_and_both_no_more_than_the_agreement(award: Award) -> None:
    owner = make_member(Role.AGREEMENT_OWNER, make_office())

    def read(after: int) -> None:
        said = {"series": "KPI", "base_period": "x", "period": "y", "source": "scb.se", "read_on": today()}
        values = {"base_value": Decimal(100), "value": Decimal(102), "stated_by": owner}
        with frozen(START + timedelta(days=after)):
            db.session.add(PriceIndex(agreement=award.lot.agreement, stated_at=now(), **said, **values))
            db.session.flush()

    rule = db.session.get_one(PriceRule, award.lot.agreement_id)
    rule.index_clause = "KPI"
    publish(award, row("a", "100"), row("b", "100"), after=0)
    read(29)
    approver = make_member(Role.AGREEMENT_OWNER, make_office())
    with frozen(START + timedelta(days=30)):
        approve(approver, bring_in(award, row("a", "102"), row("b", "100")))
    read(59)
    rows = row("a", "104"), row("b", "102")
    assert breaking(award, *rows, after=60) == ["a"]
    rule.largest_raise = None
    assert breaking(award, *rows, after=61) == []
