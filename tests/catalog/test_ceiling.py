"""Ceilings: the database itself refuses what does not fit, whatever was asked before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from auth.organisation import Organisation
from catalog.agreement import Award
from catalog.ceiling import Ceiling, Draw, count_external, counted, release_reserved, reserve, times_measure
from catalog.steering import Ask, Finding, findings
from core.clock import now, today
from core.db import TransactionalFlask, db
from core.errors import RuleBroken
from core.language import speaking
from tests.factories.auth import make_organisation
from tests.factories.catalog import make_ceiling, make_offer

Drawing = Callable[..., list[Draw]]


def drawing(award: Award) -> Drawing:
    """Makes what is called off under an award."""

    def draw(amount: str, organisation: Organisation | None = None, **quantities: str) -> list[Draw]:
        by_unit = {unit: Decimal(quantity) for unit, quantity in quantities.items()}
        whose = organisation.id if organisation else None
        return [Draw(award.lot.agreement_id, award.lot_id, award.id, Decimal(amount), whose, by_unit)]

    return draw


def reload(ceiling: Ceiling) -> Ceiling:
    db.session.refresh(ceiling)
    return ceiling


def test_the_last_ore_fits_and_one_more_does_not(app: TransactionalFlask) -> None:
    award = make_offer(make_organisation()).award
    make_ceiling(award.lot.agreement, Decimal("100.00"))
    draw = drawing(award)
    reserve(draw("60.00"))
    with pytest.raises(RuleBroken):
        reserve(draw("40.01"))
    reserve(draw("40.00"))
    with pytest.raises(RuleBroken):
        reserve(draw("0.01"))


@pytest.mark.parametrize("is_of_lot", [False, True])
def test_an_organisations_part_is_its_own(app: TransactionalFlask, is_of_lot: bool) -> None:
    ours, theirs = make_organisation(), make_organisation()
    award = make_offer(ours, theirs).award
    whole = make_ceiling(award.lot.agreement, Decimal(1000))
    part = make_ceiling(
        award.lot.agreement, Decimal(100), organisation=ours, **({"lot": award.lot} if is_of_lot else {})
    )
    draw = drawing(award)
    reserve(draw("100", ours))
    with pytest.raises(RuleBroken) as refused, db.session.begin_nested():
        reserve(draw("0.01", ours))
    with speaking("sv"):
        assert ours.name in str(refused.value.message)
    reserve(draw("500", theirs))
    assert (reload(part).reserved, reload(whole).reserved) == (Decimal(100), Decimal(600))


def test_a_part_beside_room_in_the_whole_does_not_help(app: TransactionalFlask) -> None:
    ours = make_organisation()
    award = make_offer(ours).award
    make_ceiling(award.lot.agreement, Decimal(50))
    make_ceiling(award.lot.agreement, Decimal(100), organisation=ours)
    with pytest.raises(RuleBroken):
        reserve(drawing(award)("51", ours))


def test_a_quantity_is_counted_in_its_own_unit_and_what_is_a_fixed_number_of_it(app: TransactionalFlask) -> None:
    award = make_offer(make_organisation()).award
    ceiling = make_ceiling(award.lot.agreement, Decimal("1000.5"), measure="KGM")
    draw = drawing(award)
    reserve(draw("9999999", KGM="500", TNE="0.5", GRM="499"))
    assert reload(ceiling).reserved == Decimal("1000.499")
    reserve(draw("9999999", XPK="77", LTR="5"))  # packages and litres are no kilograms
    assert reload(ceiling).reserved == Decimal("1000.499")
    with pytest.raises(RuleBroken) as refused, db.session.begin_nested():
        reserve(draw("1", GRM="2"))
    with speaking("sv"):
        assert "0,001\N{NO-BREAK SPACE}kg" in str(refused.value.message)
    release_reserved(draw("9999999", KGM="500", TNE="0.5", GRM="499"))
    assert reload(ceiling).reserved == 0


@pytest.mark.parametrize(
    ("unit", "measure", "times"),
    [("H87", "C62", "1"), ("DZN", "H87", "12"), ("TNE", "KGM", "1000"), ("XPK", "XPK", "1"), ("XPK", "H87", None)]
    + [("HUR", "KGM", None), ("DAY", "DAY", "1"), ("MIN", "DAY", None)],
)
def test_units_that_are_a_fixed_number_of_the_measure(unit: str, measure: str, times: str | None) -> None:
    assert times_measure(unit, measure) == (None if times is None else Decimal(times))


def test_an_amount_is_counted_whatever_the_unit() -> None:
    quantities: Mapping[str, Decimal] = {"KGM": Decimal(5)}
    assert counted(Decimal(7), quantities, "SEK") == Decimal(7)
    assert counted(Decimal(7), quantities, "H87") == 0


def test_what_was_called_off_elsewhere_is_counted_beyond_the_limit(app: TransactionalFlask) -> None:
    award = make_offer(make_organisation()).award
    ceiling = make_ceiling(award.lot.agreement, Decimal(100))
    of_lot = make_ceiling(award.lot.agreement, Decimal(100), lot=award.lot)
    count_external([Draw(award.lot.agreement_id, None, None, Decimal(150))])
    assert (reload(ceiling).external, reload(of_lot).external) == (Decimal(150), 0)
    with pytest.raises(RuleBroken):
        reserve(drawing(award)("0.01"))


# What the steering says


def codes(found: tuple[Finding, ...]) -> set[str]:
    return {finding.code for finding in found}


def test_the_finding_names_the_organisations_part(app: TransactionalFlask) -> None:
    ours, theirs = make_organisation(), make_organisation()
    article = make_offer(ours, theirs, price=Decimal(100))
    make_ceiling(article.award.lot.agreement, Decimal(10_000))
    make_ceiling(article.award.lot.agreement, Decimal(250), organisation=ours)
    [found] = findings([Ask(article, Decimal(3))], ours, today())
    [stop] = [f for f in found if f.code == "ceiling-reached"]
    with speaking("sv"):
        assert ours.name in str(stop.text) and "250,00" in str(stop.text)
    assert codes(findings([Ask(article, Decimal(3))], theirs, today())[0]) == set()


def test_a_quantity_ceiling_stops_what_it_counts_and_tells_of_what_it_does_not(app: TransactionalFlask) -> None:
    ours = make_organisation()
    weighed = make_offer(ours, unit_code="GRM")
    ceiling = make_ceiling(weighed.award.lot.agreement, Decimal(2), measure="KGM")
    assert codes(findings([Ask(weighed, Decimal(2000))], ours, today())[0]) == {"ceiling-near"}
    assert codes(findings([Ask(weighed, Decimal(2001))], ours, today())[0]) == {"ceiling-reached"}
    ceiling.measure = "LTR"
    db.session.flush()
    assert codes(findings([Ask(weighed, Decimal(2001))], ours, today())[0]) == {"ceiling-other-unit"}


def test_a_ceiling_that_comes_later_does_not_stop_what_was_promised(app: TransactionalFlask) -> None:
    ours = make_organisation()
    article = make_offer(ours, price=Decimal(100))
    make_ceiling(article.award.lot.agreement, Decimal(10), organisation=ours, opened_at=now(), reserved=Decimal(100))
    ask: dict[str, Any] = {"reserved": True}
    [found] = findings([Ask(article, Decimal(1))], ours, today(), promised_at=now() - timedelta(hours=1), **ask)
    assert "ceiling-reached" not in codes(found)
    [found] = findings([Ask(article, Decimal(1))], ours, today(), promised_at=now() + timedelta(hours=1), **ask)
    assert "ceiling-reached" in codes(found)
