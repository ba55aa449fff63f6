"""`avrop search`: what an organisation finds, and how it says that there is nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from click.testing import CliRunner

import app.commands
from app.commands.search import search
from core.db import TransactionalFlask, commit
from tests.factories.auth import make_organisation
from tests.factories.catalog import make_offer


@pytest.fixture
def town(fresh_app: TransactionalFlask, monkeypatch: pytest.MonkeyPatch) -> str:
    """The number of an organisation with one thing to order and one that is somebody else's."""
    monkeypatch.setattr(app.commands, "create_app", lambda: fresh_app)
    with fresh_app.app_context():
        buyer = make_organisation()
        make_offer(buyer, name="Kopieringspapper A4", supplier_number="KP-1", price=Decimal("1049.90"))
        make_offer(make_organisation(), name="Papper till andra", supplier_number="KP-2")
        commit()
        return buyer.organisation_number


def test_prints_what_the_organisation_may_order(town: str) -> None:
    done = CliRunner().invoke(search, ["papper", "--organisation", town])
    assert done.exit_code == 0, done.output
    assert "KP-1" in done.output and "1\xa0049,90" in done.output and "1 of 1" in done.output
    assert "KP-2" not in done.output


def test_prints_the_reason_beside_what_it_may_not_order(town: str) -> None:
    done = CliRunner().invoke(search, ["papper", "--organisation", town, "--all"])
    assert "får inte avropa" in next(line for line in done.output.splitlines() if "KP-2" in line)


@pytest.mark.parametrize("arguments", [("helikopter",), ("papper", "--organisation", "5560000167")])
def test_nothing_found_and_nobody_known_are_errors(town: str, arguments: tuple[str, ...]) -> None:
    known = ("--organisation", town) if len(arguments) == 1 else ()
    assert CliRunner().invoke(search, [*arguments, *known]).exit_code == 1
