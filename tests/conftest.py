"""What every test stands on: an application on a real, migrated database, on both engines.

A test that asks for `app` runs inside a transaction that is rolled back afterwards. One that needs real commits,
threads or processes asks for `fresh_app` instead and gets a database of its own.

Options: `--db sqlite|postgres|both` (default both). PostgreSQL is the server that AVROP_TEST_DATABASE_URL names, else
a private one, else skipped; the end of the report tells loudly what was skipped.
"""

from __future__ import annotations

import gc
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from flask.testing import FlaskClient
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import event

from auth.session import begin_session
from auth.user import User
from core.db import TransactionalFlask, commit, db
from tests import database, postgres
from tests.database import new_app
from tests.material import official_findings, shared

__all__ = ["official_findings", "shared"]  # fixtures for every test


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", choices=("sqlite", "postgres", "both"), default="both")


def pytest_configure(config: pytest.Config) -> None:
    """The first process of the run starts the private PostgreSQL server; test processes inherit its address."""
    programs = postgres.find_programs()
    if programs and config.getoption("--db") != "sqlite" and not os.environ.get(postgres.VARIABLE):
        server = postgres.PrivateServer(programs)
        config.add_cleanup(server.stop)
        os.environ[postgres.VARIABLE] = server.url


@pytest.hookimpl(tryfirst=True)  # before the groups are dealt to the test processes
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stories in a browser share one, so they run in one process; without Chromium they are skipped. What looks at the
    whole demo shares that, one for each engine."""
    for item in items:
        if {"demo", "engine"} <= set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group(f"demo-{item.callspec.params['engine']}"))
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))
            if not shutil.which("chromium"):
                item.add_marker(pytest.mark.skip("NO CHROMIUM: install the chromium package"))


def pytest_collection_finish() -> None:
    """What is imported stands until the end: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Whatever was skipped is told at the end, with its reason: a skipped test must never look like a passed one."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ") for report in terminalreporter.stats.get("skipped", ())
    )
    if reasons:
        terminalreporter.section("NOT TESTED", red=True, bold=True)
        for reason, count in sorted(reasons.items()):
            terminalreporter.write_line(f"{count} tests: {reason}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--db")
        engines = {"both": ["sqlite", "postgres"]}.get(chosen, [chosen])
        metafunc.parametrize("engine", engines, indirect=True, scope="session")


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> str:
    """Which database: `sqlite` or `postgres`."""
    if request.param == "postgres" and not os.environ.get(postgres.VARIABLE):
        pytest.skip("NO POSTGRESQL: set AVROP_TEST_DATABASE_URL or install the postgresql package")
    return request.param


@pytest.fixture(scope="session", autouse=True)
def moulds() -> Iterator[None]:
    """What databases are copied from goes after all who copied."""
    yield
    database.moulds.close()


@pytest.fixture(scope="session")
def shared_app(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TransactionalFlask]:
    with new_app(engine, tmp_path_factory.mktemp(engine)) as app:
        yield app


@contextmanager
def leaving_no_trace(app: TransactionalFlask) -> Iterator[None]:
    """Everything that is committed inside, by whatever context of the application, is undone at the end."""
    with app.app_context():
        connection = db.engine.connect()
    outer = connection.begin()
    sessions = db.session.session_factory.kw
    with (
        patch.object(FlaskSession, "get_bind", lambda self, *a, **k: connection),
        patch.dict(sessions, join_transaction_mode="create_savepoint"),
    ):
        try:
            yield
        finally:
            outer.rollback()
            connection.close()


@pytest.fixture
def app(shared_app: TransactionalFlask) -> Iterator[TransactionalFlask]:
    """The application with its context pushed, in a transaction that leaves no trace."""
    with leaving_no_trace(shared_app), shared_app.app_context():
        try:
            yield shared_app
        finally:
            db.session.remove()


@pytest.fixture
def fresh_app(engine: str, tmp_path: Path) -> Iterator[TransactionalFlask]:
    """An application on a database of its own, with real commits: for threads, processes and GET-never-writes."""
    with new_app(engine, tmp_path) as app:
        yield app


@pytest.fixture
def client(app: TransactionalFlask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def login_as(client: FlaskClient) -> Callable[[User], FlaskClient]:
    """Log a user in without the form: gives the client with her session."""

    def log_in(user: User, browser: FlaskClient | None = None) -> FlaskClient:
        browser = browser or client
        token = begin_session(user, "test")
        commit()
        with browser.session_transaction() as cookie:
            cookie["_user_id"] = token
        return browser

    return log_in


@pytest.fixture
def count_queries(app: TransactionalFlask) -> Iterator[Callable[[], Any]]:
    """`with count_queries() as queries:` collects the statements sent to the database inside the block."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
            if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "PRAGMA", "BEGIN", "SET TRANSACTION")):
                seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    yield counting
