"""`avrop db`: the tables."""

from __future__ import annotations

import click

from app.commands import check_migrated
from app.factory import create_app
from app.migrate import differences, upgrade
from app.server import check_durable
from catalog.ceiling import Ceiling
from core import db as database
from core.db import reading
from orders.ceiling_sums import Sums, wrong_counters


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
        with reading():
            wrong = [_told(ceiling, sums) for ceiling, sums in wrong_counters()]
        if wrong:
            raise click.ClickException("ceilings do not count what they should: " + "; ".join(wrong))
        click.echo(f"{_where()} fits this version.")


def _told(ceiling: Ceiling, sums: Sums) -> str:
    stands = Sums(ceiling.reserved, ceiling.ordered, ceiling.external)
    names = ("reserved", "ordered", "external")
    differ = (
        f"{n} is {getattr(stands, n)}, not {getattr(sums, n)}" for n in names if getattr(stands, n) != getattr(sums, n)
    )
    return f"{ceiling.scope_name} ({ceiling.measure}): {', '.join(differ)}"


def _where() -> str:
    return database.db.engine.url.render_as_string(hide_password=True)
