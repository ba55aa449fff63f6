"""`avrop categories`: the office's own tree of what is bought, mapped to CPV."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select

from app.commands import with_app
from app.commands.registers import IN_FILE, OUT_FILE, take_in, write_out
from catalog.category import Category
from catalog.suggestion import suggest_categories
from core.db import db, reading


@click.group()
def categories() -> None:
    """The office's own tree of what is bought, mapped to CPV."""


@categories.command("import")
@click.argument("file", type=IN_FILE)
@click.option("--dry-run", is_flag=True, help="Only tell what would change.")
@with_app
def import_(file: Path, dry_run: bool) -> None:
    """Bring a register in: all of it, or nothing.

    CSV, XLSX, XLS or ODS; docs/register.md has the columns. Problems are named with line and column on stderr.
    """
    take_in("categories", file, dry_run=dry_run)


@categories.command("export")
@click.option("--out", required=True, type=OUT_FILE, help="Where to write: .xlsx or .csv.")
@with_app
def export(out: Path) -> None:
    """Write the register in the form in which it is imported."""
    write_out("categories", out)


@categories.command("suggest")
@click.argument("words")
@click.option("--most", default=10, type=click.IntRange(1, 100), show_default=True, help="Categories to print.")
@with_app
def suggest(words: str, most: int) -> None:
    """Name the categories that an agreement's or an article's words resemble, the likest first.

    Learnt from the tree itself and from what lies in it. Exit code 1 when nothing is alike.
    """
    with reading():
        found = suggest_categories(words, db.session.scalars(select(Category)).all(), most=most)
        if not found:
            raise click.ClickException(f"no category resembles “{words}”")
        for category in found:
            click.echo(f"{category.code}  {category.name}")
