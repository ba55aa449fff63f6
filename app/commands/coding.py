"""`avrop coding`: an organisation's code lists and allowed combinations as files."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select

from app.commands import with_app
from app.commands.registers import IN_FILE, OUT_FILE, take_in_as, write_out_as
from auth.organisation import Organisation
from catalog.actions.registers import RegisterKind
from core.db import db, reading
from orders.coding_register import kinds_of

KIND = click.Choice(["codes", "combinations"])


@click.group()
def coding() -> None:
    """An organisation's code lists and allowed combinations as files."""


@coding.command("import")
@click.argument("kind", type=KIND)
@click.argument("prefix")
@click.argument("file", type=IN_FILE)
@click.option("--dry-run", is_flag=True, help="Only tell what would change.")
@with_app
def import_(kind: str, prefix: str, file: Path, dry_run: bool) -> None:
    """Bring a file in: all of it, or nothing. PREFIX begins the organisation's order numbers.

    CSV, XLSX, XLS or ODS; docs/kontering.md has the columns. Problems are named with line and column on stderr.
    """
    with reading():
        register = _register(kind, prefix)
    take_in_as(register, file, dry_run=dry_run)


@coding.command("export")
@click.argument("kind", type=KIND)
@click.argument("prefix")
@click.option("--out", required=True, type=OUT_FILE, help="Where to write: .xlsx or .csv.")
@with_app
def export(kind: str, prefix: str, out: Path) -> None:
    """Write a list in the form in which it is imported."""
    write_out_as(lambda: _register(kind, prefix), out)


def _register(kind: str, prefix: str) -> RegisterKind:
    """A list of the organisation whose order numbers begin so. Raises click.ClickException."""
    organisation = db.session.scalar(select(Organisation).where(Organisation.order_prefix == prefix))
    if organisation is None:
        raise click.ClickException(f"no organisation has order numbers that begin with {prefix}")
    return kinds_of(organisation)[kind]
