"""Price index: the permitted raise is the index now through the base, until a list has followed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from auth.journal import entries_about
from auth.permission import Role
from auth.user import User
from catalog.actions.price_index import IndexFacts, state_index
from catalog.actions.price_list import approve, import_price_list
from catalog.actions.price_review import difference_of, judge
from catalog.agreement import Award
from catalog.price_index import PriceIndex, readings_of, rules_for
from catalog.price_list import PriceList
from catalog.price_rule import PriceRule
from core.clock import now, today
from core.db import commit, db
from core.errors import NotAllowed, RuleBroken
from exchange.outbox import OutboxMessage
from tests.factories.auth import make_member, make_office, make_organisation
from tests.factories.catalog import make_agreement, make_award, make_lot, make_price_list

pytestmark = pytest.mark.usefixtures("app")

HEADER = "Artikelnummer;Benämning;Enhet;Pris;Moms\n"


@pytest.fixture
def actor(app: Any) -> User:
    return make_member(Role.AGREEMENT_OWNER, make_office())


@pytest.fixture
def award(app: Any) -> Award:
    """With a list in force in which a pen costs 100 kr, and a clause about an index."""
    made = make_award(make_lot(make_agreement()))
    row = {
        "supplier_number": "A1",
        "name": "Penna",
        "price": Decimal(100),
        "unit_code": "H87",
        "pack_size": None,
        "pack_unit": None,
    }
    former = make_price_list(made, [row])
    former.published_at = now() - timedelta(days=300)
    db.session.add(PriceRule(agreement_id=made.lot.agreement_id, index_clause="KPI, avtalet punkt 7"))
    db.session.flush()
    return made


def reading(base: str, value: str, **values: Any) -> IndexFacts:
    facts = {"series": "SCB KPI", "base_period": "okt 2025", "period": "okt 2026", "source": "scb.se"}
    return IndexFacts(**{**facts, "base_value": Decimal(base), "value": Decimal(value), "read_on": today(), **values})


def state(actor: User, award: Award, facts: IndexFacts) -> PriceIndex:
    return state_index(actor, award.lot.agreement, facts, award.lot.agreement.version)


def offer(actor: User, award: Award, price: str) -> PriceList:
    data = f"{HEADER}A1;Penna;st;{price};25\n".encode()
    made = import_price_list(actor, award, data, "lista.csv", today()).price_list
    assert made is not None
    return made


def breaking(price_list: PriceList) -> int:
    return judge(None, price_list, difference_of(price_list)).breaking


@pytest.mark.parametrize(
    ("base", "value", "percent"),
    [
        ("400", "410", "2.50"),
        ("412.5", "418.99", "1.57"),
        ("3", "4", "33.33"),
        ("410", "400", "0"),
        ("400", "400", "0"),
    ],
)
def test_the_permitted_raise_is_rounded_down_and_never_below_zero(base: str, value: str, percent: str) -> None:
    made = PriceIndex(base_value=Decimal(base), value=Decimal(value))
    assert made.permitted_raise == Decimal(percent)


@pytest.mark.parametrize(("price", "count"), [("102,50", 0), ("102,51", 1), ("90", 0)])
def test_a_list_may_follow_the_index_and_not_pass_it(actor: User, award: Award, price: str, count: int) -> None:
    state(actor, award, reading("400", "410"))
    assert breaking(offer(actor, award, price)) == count


def test_the_lower_of_index_and_largest_raise_holds(actor: User, award: Award) -> None:
    rule = db.session.get_one(PriceRule, award.lot.agreement_id)
    rule.largest_raise = Decimal(2)
    state(actor, award, reading("400", "410"))
    made = rules_for(offer(actor, award, "102,50"), None).rule
    assert made is not None and made.largest_raise == Decimal(2)
    rule.largest_raise = Decimal(5)
    db.session.flush()
    made = rules_for(offer(actor, award, "102,50"), None).rule
    assert made is not None and made.largest_raise == Decimal("2.50")


def test_without_a_reading_the_rule_is_as_it_was(actor: User, award: Award) -> None:
    assert breaking(offer(actor, award, "500")) == 0


def test_a_reading_is_spent_when_a_list_has_followed(actor: User, award: Award) -> None:
    state(actor, award, reading("400", "410"))
    followed = make_price_list(
        award, [{"supplier_number": "A1", "name": "Penna", "price": Decimal("102.50"), "unit_code": "H87"}]
    )
    followed.published_at = now() + timedelta(seconds=1)
    db.session.flush()
    assert breaking(offer(actor, award, "102,51")) == 1


def test_the_latest_reading_holds_and_the_former_stay(actor: User, award: Award) -> None:
    state(actor, award, reading("400", "410"))
    state(actor, award, reading("400", "420"))
    commit()
    assert [r.value for r in readings_of(award.lot.agreement)] == [Decimal(420), Decimal(410)]
    told = entries_about("agreement", award.lot.agreement_id)[-1]
    assert (told.act, told.details["permitted"], told.details["source"]) == ("state-index", "5.00", "scb.se")


def test_what_is_refused(actor: User, award: Award) -> None:
    for wrong in (reading("0", "1"), reading("1", "0"), reading("1", "2", read_on=today() + timedelta(days=1))):
        with pytest.raises(RuleBroken):
            state(actor, award, wrong)
    with pytest.raises(NotAllowed):
        state(make_member(Role.AGREEMENT_OWNER, make_organisation()), award, reading("1", "2"))
    with pytest.raises(RuleBroken, match="prisregeln"):
        state(actor, make_award(make_lot(make_agreement())), reading("1", "2"))


def test_whoever_read_the_index_lets_no_raise_that_leans_on_it_through(actor: User, award: Award) -> None:
    other = make_member(Role.AGREEMENT_OWNER, make_office())
    state(actor, award, reading("400", "410"))
    draft = offer(actor, award, "102")
    for person in (actor, None):  # the machine is nobody's second pair of eyes
        with pytest.raises(NotAllowed, match="indextal"):
            approve(person, draft)
    assert db.session.query(OutboxMessage).filter_by(recipient=other.email).count() == 1
    approve(other, draft)
    assert draft.reviewed_by_id == other.id


@pytest.mark.parametrize("price", ["100", "90"])
def test_what_raises_nothing_leans_on_no_index(actor: User, award: Award, price: str) -> None:
    state(actor, award, reading("400", "410"))
    approve(actor, offer(actor, award, price))


def test_an_index_that_somebody_else_has_read_is_leant_on_alone(actor: User, award: Award) -> None:
    state(make_member(Role.AGREEMENT_OWNER, make_office()), award, reading("400", "410"))
    approve(actor, offer(actor, award, "102"))
