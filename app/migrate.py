"""The schema: bringing a database to the newest migration, and asking whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.db import db

FOLDER = Path(__file__).resolve().parent.parent / "migrations"


def config() -> Config:
    """Alembic's configuration, wherever the command was started from."""
    return Config(str(FOLDER / "alembic.ini"))


def upgrade() -> None:
    """Apply every migration that the database lacks. Needs an application context."""
    command.upgrade(config(), "head")


def differences() -> list[object]:
    """What a new migration would have to change to make the database equal to the models; empty when equal."""
    with db.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), db.metadata))


def is_current() -> bool:
    """Whether the database has exactly the newest migration."""
    newest = ScriptDirectory.from_config(config()).get_current_head()
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == newest
