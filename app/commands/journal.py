"""`avrop journal`: is the journal whole?"""

from __future__ import annotations

import sys

import click
from sqlalchemy import select

from app.commands import with_app
from auth import journal as chain
from core.db import db, reading


@click.group()
def journal() -> None:
    """The journal of everything that was done."""


@journal.command()
@click.option("--quiet", is_flag=True, help="Say nothing when it is whole.")
@with_app
def verify(quiet: bool) -> None:
    """Say whether the journal is whole.

    Reads the whole chain and names the first entry that was changed, moved or taken away. Exit code 1 if any.
    """
    with reading():
        total = db.session.scalar(select(chain.JournalHead.number)) or 0
        with click.progressbar(
            length=total, label="Reading", file=sys.stderr, hidden=quiet or not sys.stderr.isatty()
        ) as bar:
            read, broken = chain.verify(progress=bar.update)
    if broken is not None:
        raise click.ClickException(f"the journal is broken at entry {broken}; the {read} before it are whole")
    if not quiet:
        click.echo(f"The journal is whole: {read} entries.")
