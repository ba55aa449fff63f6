"""The commands, one file each, named as the command; `app/cli.py` lists them all.

    @click.command()
    @click.argument("file", type=click.Path(path_type=Path))
    @with_app
    def prices(file: Path) -> None:
        ...
        with unit_of_work():
            ...

A command says what it did on stdout, and raises for everything else: `app/cli.py` turns an AvropError, a
SettingError or a click.ClickException into one line on stderr and exit code 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from app.factory import create_app
from app.migrate import is_current
from core.db import TransactionalFlask, reading
from core.db import db as database  # `db` here becomes the command of that name as soon as it is imported

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def ready_app() -> Iterator[TransactionalFlask]:
    """The application with its context pushed, on a database that has all its tables.

    Raises click.ClickException when a migration is missing.
    """
    app = create_app()
    with app.app_context():
        check_migrated()
        try:
            yield app
        finally:
            database.session.remove()


def with_app(command: Callable[P, R]) -> Callable[P, R]:
    """Run the command inside `ready_app()`."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with ready_app():
            return command(*args, **kwargs)

    return run


def check_migrated() -> None:
    """Raises click.ClickException that names the command to run when the database lacks a migration."""
    with reading():
        if not is_current():
            raise click.ClickException("the database is not prepared for this version: run `avrop db upgrade`")
