"""Databases for tests. A migrated one is made once in each process and copied for whoever needs one of its own."""

from __future__ import annotations

import contextvars
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from flask import has_app_context
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.factory import create_app
from app.migrate import upgrade
from core.config import read_settings
from core.db import TransactionalFlask, commit, db
from tests import postgres

SECRET = "a key for tests only, thirty-two characters or more"

moulds = ExitStack()  # closed when every test has run


class ApartClient(FlaskClient):
    """A test client whose requests share no application context with the test, as in real life."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if has_app_context():
            commit()  # what the test has prepared is there for the request to see
        return contextvars.Context().run(super().open, *args, **kwargs)


@contextmanager
def new_database(engine: str, folder: Path, mould: str | None = None) -> Iterator[str]:
    """A database of its own; gives its URL and removes it afterwards. Empty, or a copy of the one with the URL `mould`,
    to which nobody is connected."""
    if engine == "sqlite":
        path = folder / "avrop.db"
        if mould:
            shutil.copyfile(str(make_url(mould).database), path)
        yield f"sqlite:///{path}"
        return
    server = make_url(os.environ[postgres.VARIABLE]).set(drivername="postgresql+psycopg")
    name = f"avrop_test_{secrets.token_hex(6)}"
    template = make_url(mould).database if mould else "template0"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE {template}"))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@cache
def migrated(engine: str) -> str:
    """The URL of an empty database with every migration applied, to copy."""
    folder = Path(moulds.enter_context(tempfile.TemporaryDirectory(prefix="avrop-mould-")))
    url = moulds.enter_context(new_database(engine, folder))
    with application(url, folder) as app, app.app_context():
        upgrade()
    return url


@contextmanager
def application(url: str, folder: Path, **environment: str) -> Iterator[TransactionalFlask]:
    """An application on a database that is there. It has let go of it afterwards."""
    base = {
        "AVROP_DATABASE_URL": url,
        "AVROP_DATA_DIR": str(folder),
        "AVROP_SECRET_KEY": SECRET,
        "AVROP_BASE_URL": "http://avrop.test",
    }
    app = create_app(read_settings(base | environment))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    app.test_client_class = ApartClient
    try:
        yield app
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@contextmanager
def new_app(engine: str, folder: Path, mould: str | None = None, **environment: str) -> Iterator[TransactionalFlask]:
    """An application on a database of its own, migrated and empty, or a copy of the one with the URL `mould`."""
    with (
        new_database(engine, folder, mould or migrated(engine)) as url,
        application(url, folder, **environment) as app,
    ):
        yield app
