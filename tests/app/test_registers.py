"""`avrop suppliers`, `categories`, `entitlements` and `agreements export`: registers out and in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.commands import agreements, categories, entitlements, suppliers
from catalog.supplier import Supplier
from core.db import TransactionalFlask
from tests.app.test_imports import REGISTER, run, stored

__all__ = ["run"]  # a fixture

GROUPS = {
    "suppliers": suppliers.suppliers,
    "categories": categories.categories,
    "entitlements": entitlements.entitlements,
    "agreements": agreements.agreements,
}
NEW = "Organisationsnummer;Namn\n556000-3468;Ny AB\n"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_is_exported_and_imported_changes_nothing(run: Any, form: str, tmp_path: Path) -> None:
    run(agreements.agreements, "import", "register.csv", register=REGISTER)
    run(categories.categories, "import", "tree.csv", tree="Kod;Namn;Ligger under\nK;Kontor;\nK.1;Papper;K\n")
    for name, group in GROUPS.items():
        done = run(group, "export", "--out", f"{name}.{form}")
        assert (done.exit_code, (tmp_path / f"{name}.{form}").stat().st_size > 100) == (0, True)
        done = run(group, "import", f"{name}.{form}")
        assert done.exit_code == 0, done.stderr
        assert "0 new, 0 changed" in done.output.replace("agreements ", "")


def test_dry_run_tells_and_stores_nothing(run: Any, fresh_app: TransactionalFlask) -> None:
    done = run(suppliers.suppliers, "import", "new.csv", "--dry-run", new=NEW)
    assert "+ Ny AB" in done.output and "nothing was imported" in done.output
    assert stored(fresh_app, Supplier) == 0
    done = run(suppliers.suppliers, "import", "new.csv", new=NEW)
    assert "1 new" in done.output and stored(fresh_app, Supplier) == 1


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_refused_rows_are_named_and_nothing_is_stored(
    run: Any, fresh_app: TransactionalFlask, dry: tuple[str, ...]
) -> None:
    data = NEW.replace("Namn", "Namn;Kanal").replace("Ny AB", "Ny AB;Peppol") + "556000-0167;Annan AB;\n"
    done = run(suppliers.suppliers, "import", "new.csv", *dry, new=data)
    assert done.exit_code == 1
    assert "rad 2: Organisationsnummer: Leverantören behöver ett Peppol-id" in done.stderr
    assert stored(fresh_app, Supplier) == 0


def test_only_csv_and_xlsx_are_written(run: Any) -> None:
    done = run(suppliers.suppliers, "export", "--out", "suppliers.pdf")
    assert done.exit_code == 1 and "write a .xlsx or a .csv" in done.stderr


def test_words_suggest_categories(run: Any) -> None:
    run(categories.categories, "import", "tree.csv", tree="Kod;Namn\nK.1;Kopieringspapper\nT;Taxi\n")
    assert run(categories.categories, "suggest", "papper till kopiering").output.startswith("K.1  Kopieringspapper")
    assert run(categories.categories, "suggest", "qzxw").exit_code == 1


def test_call_offs_made_elsewhere_are_entered_once_and_written_again(run: Any, tmp_path: Path) -> None:
    run(agreements.agreements, "import", "register.csv", register=REGISTER)
    number = REGISTER.splitlines()[1].split(";")[0]
    data = f"Avtalsnummer;Dag;Belopp;Referens\n{number};2026-01-31;1 250,50;F-1\n"
    done = run(agreements.agreements, "external", "bought.csv", "--dry-run", bought=data)
    assert "1 new" in done.output and "nothing was imported" in done.output, done.stderr
    assert "1 new" in run(agreements.agreements, "external", "bought.csv", bought=data).output
    assert "0 new, 0 changed, 1 as before" in run(agreements.agreements, "external", "bought.csv", bought=data).output
    done = run(agreements.agreements, "external", "wrong.csv", wrong=data.replace("2026-01-31", "2999-01-31"))
    assert done.exit_code == 1 and "rad 2: Belopp: Dagen har inte varit" in done.stderr
    done = run(agreements.agreements, "export-external", "--out", "out.csv")
    assert done.exit_code == 0 and "F-1" in (tmp_path / "out.csv").read_text("utf-8-sig")
