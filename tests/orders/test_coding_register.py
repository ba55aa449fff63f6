"""Code lists and allowed combinations as files: all or nothing, told before it is taken, and the same out as in."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from auth.journal import entries_about
from auth.permission import Role
from catalog.actions.intake import Outcome, RegisterRefused
from catalog.actions.registers import preview
from core.clock import today
from core.db import commit, db
from core.errors import NotAllowed
from exchange.table import Read
from orders.coding import Code, Dimension
from orders.coding_queries import rules_of
from orders.coding_register import kinds_of
from orders.coding_rule import Effect
from tests.factories.auth import make_member
from tests.factories.coding import make_code, make_combination, make_dimension
from tests.factories.orders import Place


@pytest.fixture
def ansvar(place: Place) -> Dimension:
    return make_dimension(place.organisation, "Ansvar", code_length=3, is_listed=True)


def read(place: Place, text: str, kind: str = "codes") -> Read[Any]:
    return kinds_of(place.organisation)[kind].read(text.encode(), "fil.csv")


def take(place: Place, text: str, kind: str = "codes") -> Outcome:
    found = read(place, text, kind)
    assert found.problems == []
    return kinds_of(place.organisation)[kind].bring_in(None, found.rows)


def refused(place: Place, text: str, kind: str = "codes") -> list[tuple[int, str, str]]:
    with pytest.raises(RegisterRefused) as error:
        take(place, text, kind)
    return [(refusal.line, refusal.column, str(refusal.text)) for refusal in error.value.refusals]


def codes_of(dimension: Dimension) -> dict[str, str]:
    query = select(Code).where(Code.dimension_id == dimension.id).order_by(Code.code)
    return {code.code: code.name for code in db.session.scalars(query)}


def test_codes_are_added_changed_and_left_alone(place: Place, ansvar: Dimension) -> None:
    for code, name in (("100", "Kansli"), ("200", "Skola"), ("300", "Vård")):
        make_code(ansvar, code, name=name)
    outcome = take(place, "Koddel;Kod;Namn\nansvar;100;Kansli\nAnsvar;200;Skolan\nAnsvar;010;Ny\n")
    assert (len(outcome.new), len(outcome.changed), outcome.unchanged, outcome.missing) == (1, 1, 1, 1)
    assert codes_of(ansvar) == {"010": "Ny", "100": "Kansli", "200": "Skolan", "300": "Vård"}
    commit()
    (entry,) = entries_about("coding-dimension", ansvar.id)
    assert entry.details["new"] == [["010", "Ny"]]
    assert entry.details["changed"] == {"200": {"name": ["Skola", "Skolan"]}}


def test_days_come_and_go_by_a_file(place: Place, ansvar: Dimension) -> None:
    make_code(ansvar, "100", name="Kansli", starts_on=date(2026, 1, 1))
    take(place, "Koddel;Kod;Namn;Gäller till\nAnsvar;100;Kansli;2026-12-31\n")
    code = db.session.scalars(select(Code)).one()
    assert (code.starts_on, code.ends_on) == (date(2026, 1, 1), date(2026, 12, 31))


def test_every_wrong_row_is_told_and_nothing_is_taken(place: Place, ansvar: Dimension) -> None:
    rows = "Ansvar;100;Bra\nKonto;1;Okänd\nAnsvar;12;Kort\nansvar;100;Igen\nAnsvar;400;Fel;2026-02-01;2026-01-01\n"
    found = refused(place, "Koddel;Kod;Namn;Gäller från;Gäller till\n" + rows)
    assert found == [
        (3, "Koddel", "Koddelen ”Konto” finns inte. Lägg upp den först."),
        (4, "Kod", "Ansvar 12: koden ska ha 3 tecken."),
        (5, "Kod", "Samma kod står på en tidigare rad."),
        (6, "Kod", "Sista dagen kan inte vara före den första."),
    ]
    assert codes_of(ansvar) == {}


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "1 2", "-5", "x" * 21])
def test_a_cell_that_is_no_code_is_a_problem_with_its_line(place: Place, ansvar: Dimension, cell: str) -> None:
    (problem,) = read(place, f"Koddel;Kod;Namn\nAnsvar;{cell};Text\n").problems
    assert (problem.line, problem.column) == (2, "Kod")


def test_a_look_changes_nothing(place: Place, ansvar: Dimension) -> None:
    kind = kinds_of(place.organisation)["codes"]
    rows = read(place, "Koddel;Kod;Namn\nAnsvar;100;Kansli\n").rows
    outcome, refusals = preview(kind, None, rows)
    assert (len(outcome.new), refusals, codes_of(ansvar)) == (1, (), {})


def test_only_the_organisations_administrator_may(place: Place, ansvar: Dimension) -> None:
    rows = read(place, "Koddel;Kod;Namn\nAnsvar;100;Kansli\n").rows
    with pytest.raises(NotAllowed):
        kinds_of(place.organisation)["codes"].bring_in(place.orderer, rows)
    admin = make_member(Role.ORGANISATION_ADMIN, place.organisation)
    assert kinds_of(place.organisation)["codes"].bring_in(admin, rows).has_changes


def test_a_long_list_takes_as_many_queries_as_a_short_one(place: Place, ansvar: Dimension, count_queries: Any) -> None:
    counts = []
    for start, number in ((100, 2), (200, 300)):
        text = "Koddel;Kod;Namn\n" + "".join(f"Ansvar;{start + n};Nummer {n}\n" for n in range(number))
        with count_queries() as queries:
            take(place, text)
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 2  # PostgreSQL takes many rows in a few statements


RULES = "Regel;Om koddel;Från kod;Till kod;Gäller att;Annan koddel;Koder\n"


def test_combinations_are_added_changed_and_left_alone(place: Place, ansvar: Dimension) -> None:
    projekt = make_dimension(place.organisation, "Projekt")
    make_combination(ansvar, Effect.REQUIRED, projekt, name="K1", from_code="100", to_code="199")
    make_combination(ansvar, Effect.ALLOWED, projekt, name="K2", from_code="200", to_code="299", codes="900")
    rows = "K1;Ansvar;100;199;Krävs;Projekt;\nK2;Ansvar;200;299;tillåts bara;Projekt;900,910-919\n"
    rows += "K3;Ansvar;300;;tillåts inte;Projekt;\n"
    outcome = take(place, RULES + rows, "combinations")
    assert (len(outcome.new), len(outcome.changed), outcome.unchanged) == (1, 1, 1)
    assert [(rule.name, rule.to_code, rule.effect, rule.codes) for rule in rules_of(place.organisation)] == [
        ("K1", "199", Effect.REQUIRED, None),
        ("K2", "299", Effect.ALLOWED, "900, 910-919"),
        ("K3", "300", Effect.FORBIDDEN, None),
    ]


def test_a_wrong_combination_is_told_and_nothing_is_taken(place: Place, ansvar: Dimension) -> None:
    rows = "K1;Ansvar;1;;krävs;Ansvar;\nK2;Ansvar;1;;krävs;Motpart;\n"
    assert refused(place, RULES + rows, "combinations") == [
        (2, "Regel", "En regel handlar om två olika koddelar."),
        (3, "Annan koddel", "Koddelen ”Motpart” finns inte. Lägg upp den först."),
    ]
    assert rules_of(place.organisation) == []


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("kind", ["codes", "combinations"])
def test_what_is_written_and_read_again_says_the_same(place: Place, ansvar: Dimension, kind: str, form: Any) -> None:
    make_code(ansvar, "010", name="Kansli", starts_on=today(), ends_on=today() + timedelta(days=9))
    projekt = make_dimension(place.organisation, "Projekt")
    for effect in Effect:
        make_combination(ansvar, effect, projekt, codes="010, 200-299", ends_on=today())
    register = kinds_of(place.organisation)[kind]
    data = register.write(None, form)
    found = register.read(data, f"fil.{form}")
    outcome = register.bring_in(None, found.rows)
    assert (found.problems, outcome.has_changes, outcome.missing) == ([], False, 0)
    assert outcome.unchanged == (1 if kind == "codes" else 3)
