"""`avrop suppliers`: the suppliers, as a register."""

from __future__ import annotations

from pathlib import Path

import click

from app.commands import with_app
from app.commands.registers import IN_FILE, OUT_FILE, take_in, write_out


@click.group()
def suppliers() -> None:
    """The suppliers, as a register."""


@suppliers.command("import")
@click.argument("file", type=IN_FILE)
@click.option("--dry-run", is_flag=True, help="Only tell what would change.")
@with_app
def import_(file: Path, dry_run: bool) -> None:
    """Bring a register in: all of it, or nothing.

    CSV, XLSX, XLS or ODS; docs/register.md has the columns. Problems are named with line and column on stderr.
    """
    take_in("suppliers", file, dry_run=dry_run)


@suppliers.command("export")
@click.option("--out", required=True, type=OUT_FILE, help="Where to write: .xlsx or .csv.")
@with_app
def export(out: Path) -> None:
    """Write the register in the form in which it is imported."""
    write_out("suppliers", out)
