"""What was called off elsewhere: counted in the same transaction, never deleted, in and out as a file."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from auth.permission import Role
from auth.user import User
from catalog.actions.external import ExternalFacts, alike, enter, take_back
from catalog.actions.intake import Outcome, RegisterRefused
from catalog.actions.registers import KINDS
from catalog.agreement import Agreement
from catalog.ceiling import Ceiling
from catalog.external import ExternalCallOff
from core.clock import today
from core.db import db
from core.errors import NotAllowed, RuleBroken, WrongState
from core.language import speaking
from exchange.tablefile import Form
from tests.factories.auth import make_member, make_office, make_organisation
from tests.factories.catalog import make_ceiling, make_external, make_offer

pytestmark = pytest.mark.usefixtures("app")


def make_owner() -> User:
    return make_member(Role.AGREEMENT_OWNER, make_office())


def facts(amount: str = "100", **values: object) -> ExternalFacts:
    return ExternalFacts(**{"called_off_on": today(), "amount": Decimal(amount), **values})  # type: ignore[arg-type]


def external(ceiling: Ceiling) -> Decimal:
    db.session.refresh(ceiling)
    return ceiling.external


def bring_in(data: str, actor: User | None = None) -> Outcome:
    read = KINDS["external"].read(data.encode(), "avrop.csv")
    assert read.is_clean, [problem.text for problem in read.problems]
    return KINDS["external"].bring_in(actor, read.rows)


def refusals(data: str) -> list[tuple[int, str]]:
    with pytest.raises(RegisterRefused) as refused, db.session.begin_nested():
        bring_in(data)
    return [(refusal.line, refusal.column) for refusal in refused.value.refusals]


def test_a_call_off_counts_where_it_falls_within() -> None:
    ours = make_organisation()
    award = make_offer(ours).award
    agreement = award.lot.agreement
    scopes = [{}, {"lot": award.lot}, {"lot": award.lot, "award": award}, {"organisation": ours}, {"measure": "KGM"}]
    ceilings = [make_ceiling(agreement, None, **scope) for scope in scopes]
    enter(None, agreement, facts("10"))
    enter(None, agreement, facts("20", lot=award.lot))
    enter(None, agreement, facts("40", award=award, organisation=ours))
    enter(None, agreement, facts("80", unit_code="GRM", quantity=Decimal(500)))
    assert [external(c) for c in ceilings] == [Decimal(n) for n in ("150", "60", "40", "40", "0.5")]


def test_a_wrong_row_is_met_by_a_counter_row_once_and_with_a_reason() -> None:
    actor, agreement = make_owner(), make_offer(make_organisation()).award.lot.agreement
    ceiling = make_ceiling(agreement, None)
    row = enter(actor, agreement, facts("100"))
    with pytest.raises(RuleBroken):
        take_back(actor, row, " ")
    take_back(actor, row, "Fel avtal")
    assert external(ceiling) == 0
    counter = db.session.scalars(select(ExternalCallOff).where(ExternalCallOff.corrects_id == row.id)).one()
    assert (counter.amount, counter.reason, counter.entered_by) == (Decimal(-100), "Fel avtal", actor)
    with pytest.raises(WrongState):
        take_back(actor, row, "Igen")
    with pytest.raises(WrongState):
        take_back(actor, counter, "Rättelsen var fel")


@pytest.mark.parametrize("change", ["UPDATE external_call_off SET amount = 1", "DELETE FROM external_call_off"])
def test_the_database_refuses_to_change_or_delete_a_row(change: str) -> None:
    make_external(make_offer(make_organisation()).award.lot.agreement)
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(text(change))


def test_what_is_refused() -> None:
    agreement = make_offer(make_organisation()).award.lot.agreement
    foreign = make_offer(make_organisation()).award
    for wrong in (
        facts("0"),
        facts("-1"),
        facts("1.001"),
        facts(called_off_on=today() + timedelta(days=1)),
        facts(quantity=Decimal(1)),
        facts(award=foreign),
        facts(lot=foreign.lot),
    ):
        with pytest.raises(RuleBroken):
            enter(None, agreement, wrong)
    enter(None, agreement, facts("-1", is_opening=True))


def test_only_who_manages_the_agreement_enters() -> None:
    agreement = make_offer(make_organisation()).award.lot.agreement
    with pytest.raises(NotAllowed):
        enter(make_member(Role.AGREEMENT_OWNER, make_organisation()), agreement, facts())


def test_a_row_that_looks_the_same_is_found_until_it_is_taken_back() -> None:
    actor, agreement = make_owner(), make_offer(make_organisation()).award.lot.agreement
    row = enter(actor, agreement, facts("100", reference="A1"))
    assert alike(agreement, facts("100", reference="A2")) == row
    assert alike(agreement, facts("100.01")) is None
    take_back(actor, row, "Fel")
    assert alike(agreement, facts("100")) is None


# As a file

HEAD = "Avtalsnummer;Dag;Belopp;Organisationsnummer;Leverantörens organisationsnummer;Delområde;Antal;Enhet;Referens"


def line(agreement: Agreement, *cells: str) -> str:
    return ";".join((agreement.number, *cells))


def test_a_file_is_brought_in_and_counts() -> None:
    ours = make_organisation()
    award = make_offer(ours).award
    ceiling = make_ceiling(award.lot.agreement, Decimal(5000), organisation=ours)
    number, supplier = ours.organisation_number, award.supplier.organisation_number
    done = bring_in(f"{HEAD}\n{line(award.lot.agreement, today().isoformat(), '1 250,50', number, supplier)};;;;F-1\n")
    assert len(done.new) == 1
    row = db.session.scalars(select(ExternalCallOff)).one()
    assert (row.award, row.lot, row.reference) == (award, award.lot, "F-1")
    assert external(ceiling) == Decimal("1250.50")


def test_each_bad_row_is_named_and_nothing_is_brought_in() -> None:
    ours = make_organisation()
    agreement = make_offer(ours).award.lot.agreement
    ceiling = make_ceiling(agreement, None)
    day = today().isoformat()
    rows = [
        line(agreement, day, "100", "", "", "", "", "", ""),
        line(agreement, day, "-100", "", "", "", "", "", ""),
        line(agreement, day, "100", "2120000142", "", "", "", "", ""),
        line(agreement, day, "100", "", "5560360793", "", "", "", ""),
        line(agreement, day, "100", "", "", "99", "", "", ""),
        line(agreement, day, "100", "", "", "", "5", "", ""),
        f"FINNS-INTE;{day};1;;;;;;",
    ]
    assert refusals("\n".join([HEAD, *rows])) == [
        (3, "Belopp"),
        (4, "Organisationsnummer"),
        (5, "Leverantörens organisationsnummer"),
        (6, "Delområde"),
        (7, "Belopp"),
        (8, "Avtalsnummer"),
    ]
    assert external(ceiling) == 0


def test_a_file_that_is_read_twice_counts_once_and_says_so() -> None:
    agreement = make_offer(make_organisation()).award.lot.agreement
    ceiling = make_ceiling(agreement, None)
    day = today().isoformat()
    row, twin = (
        line(agreement, day, "100", "", "", "", "", "", "A"),
        line(agreement, day, "100", "", "", "", "", "", "B"),
    )
    first = bring_in(f"{HEAD}\n{row}\n{twin}\n")
    assert len(first.new) == 2
    with speaking("sv"):
        assert ["Rad 3 liknar" in str(remark) for remark in first.remarks] == [True]
    again = bring_in(f"{HEAD}\n{row}\n{twin}\n")
    assert (len(again.new), again.unchanged, len(again.remarks)) == (0, 2, 2)
    assert external(ceiling) == Decimal(200)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_is_written_says_the_same_when_it_is_read(form: Form) -> None:
    ours, actor = make_organisation(), make_owner()
    award = make_offer(ours).award
    agreement = award.lot.agreement
    enter(actor, agreement, facts("12.50", award=award, organisation=ours, reference="0012", note="-ny"))
    enter(actor, agreement, facts("7", unit_code="KGM", quantity=Decimal("0.5")))
    enter(actor, agreement, facts("-3", is_opening=True))
    take_back(actor, enter(actor, agreement, facts("99")), "Fel")
    data = KINDS["external"].write(actor, form)
    read = KINDS["external"].read(data, f"fil.{form}")
    assert read.is_clean, [(problem.line, problem.text) for problem in read.problems]
    done = KINDS["external"].bring_in(actor, read.rows)
    assert (len(done.new), done.unchanged) == (0, 3)
