"""How Alembic runs here: through the application's own engine, in one transaction, safe for SQLite's batch mode."""

from __future__ import annotations

from alembic import context
from flask import current_app

from core.db import Base, db


def run() -> None:
    with db.engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        raw = connection.connection.dbapi_connection
        if is_sqlite:
            # Batch mode copies a table and drops the old one; with foreign keys on, ON DELETE CASCADE would
            # empty its children. The pragma does nothing inside a transaction, so it comes first.
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                render_as_batch=True,
                transactional_ddl=True,
            )
            with context.begin_transaction():
                if not is_sqlite:
                    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(84718)")  # one migration at a time
                context.run_migrations()
                if is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
                    raise RuntimeError(f"the migration leaves broken references: {broken[:5]}")
        finally:
            if is_sqlite:
                raw.execute("PRAGMA foreign_keys=ON")


assert current_app, "run through `avrop db`"
run()
