"""`avrop coding`: an organisation's code lists and allowed combinations out and in."""

from __future__ import annotations

from typing import Any

from app.commands.coding import coding
from core.db import TransactionalFlask, unit_of_work
from orders.coding import Code
from tests.app.test_imports import run, stored
from tests.factories.auth import make_organisation
from tests.factories.coding import make_dimension

__all__ = ["run"]  # a fixture

CODES = "Koddel;Kod;Namn\nAnsvar;100;Kansli\nAnsvar;200;Skola\n"
RULES = "Regel;Om koddel;Från kod;Gäller att;Annan koddel\nK1;Ansvar;100;krävs;Projekt\n"


def found(app: TransactionalFlask) -> None:
    """An organisation with two dimensions; its order numbers begin with KOD."""
    with app.app_context(), unit_of_work():
        organisation = make_organisation(order_prefix="KOD")
        make_dimension(organisation, "Ansvar", is_listed=True, code_length=3)
        make_dimension(organisation, "Projekt")


def test_lists_come_in_and_go_out_the_same(run: Any, fresh_app: TransactionalFlask) -> None:
    found(fresh_app)
    for kind, text, many in (("codes", CODES, 2), ("combinations", RULES, 1)):
        tried = run(coding, "import", kind, "KOD", "new.csv", "--dry-run", new=text)
        assert f"{many} new" in tried.output and "nothing was imported" in tried.output
        done = run(coding, "import", kind, "KOD", "new.csv", new=text)
        assert (done.exit_code, f"{many} new" in done.output) == (0, True)
        assert run(coding, "export", kind, "KOD", "--out", f"{kind}.xlsx").exit_code == 0
        again = run(coding, "import", kind, "KOD", f"{kind}.xlsx")
        assert "0 new, 0 changed" in again.output
    assert stored(fresh_app, Code) == 2


def test_a_wrong_row_is_named_and_nothing_is_stored(run: Any, fresh_app: TransactionalFlask) -> None:
    found(fresh_app)
    done = run(coding, "import", "codes", "KOD", "new.csv", new=CODES + "Ansvar;1;Kort\n")
    assert done.exit_code == 1
    assert "rad 4: Kod: Ansvar 1: koden ska ha 3 tecken." in done.stderr
    assert stored(fresh_app, Code) == 0


def test_an_organisation_that_is_not_there_is_refused(run: Any, fresh_app: TransactionalFlask) -> None:
    done = run(coding, "import", "codes", "NIX", "new.csv", new=CODES)
    assert done.exit_code == 1
    assert "no organisation has order numbers that begin with NIX" in done.stderr
