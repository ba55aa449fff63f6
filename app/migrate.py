"""The schema: bringing a database to the newest migration, and asking whether it is there.

Alembic is imported only where it works: asking is enough for a web worker, and does without its ten megabytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from core.db import db

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).resolve().parent.parent / "migrations"


def config() -> Config:
    """Alembic's configuration, wherever the command was started from."""
    from alembic.config import Config

    return Config(str(FOLDER / "alembic.ini"))


def upgrade() -> None:
    """Apply every migration that the database lacks. Needs an application context."""
    from alembic import command

    command.upgrade(config(), "head")


def differences() -> list[object]:
    """What a new migration would have to change to make the database equal to the models; empty when equal."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with db.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), db.metadata))


def newest() -> str:
    """The newest migration: files are named NNNN_slug.py, for the revision that is in them."""
    return max(path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def is_current() -> bool:
    """Whether the database has exactly the newest migration."""
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        return connection.scalars(text("SELECT version_num FROM alembic_version")).all() == [newest()]
