"""`avrop db`: the tables."""

from __future__ import annotations

import click

from app.commands import check_migrated
from app.factory import create_app
from app.migrate import differences, upgrade
from app.server import check_durable
from core import db as database


@click.group()
def db() -> None:
    """Prepare the database, or ask whether it is prepared."""


@db.command("upgrade")
def upgrade_() -> None:
    """Make or change the tables. What is stored stays."""
    with create_app().app_context():
        upgrade()
        click.echo(f"{_where()} is prepared.")


@db.command()
def check() -> None:
    """Say whether the database fits this version.

    And whether it keeps what it promises to keep. Exit code 1 if not.
    """
    with create_app().app_context():
        check_migrated()
        check_durable()
        if found := differences():
            raise click.ClickException(f"the tables differ from the models: {'; '.join(map(str, found))}")
        click.echo(f"{_where()} fits this version.")


def _where() -> str:
    return database.db.engine.url.render_as_string(hide_password=True)
