"""When the ground gives way: a full disk, a lost database. Nothing is lost, and the same button works afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, text

from auth.journal import verify
from auth.session import begin_session
from core.db import Base, TransactionalFlask, db, reading, unit_of_work
from exchange.outbox import OutboxMessage
from orders.order import Order, OrderFile
from tests.factories.orders import make_place, make_requisition, pending_step


def count(table: type[Base]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def log_in(app: TransactionalFlask, token: str) -> FlaskClient:
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    return client


@pytest.fixture
def say_yes(fresh_app: TransactionalFlask) -> Callable[[], Any]:
    """A requisition that waits for its only approver; gives what presses her button."""
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            step = pending_step(make_requisition(place))
            url, form = f"/approvals/{step.id}", {"seen_hash": step.content_hash, "decision": "approve"}
            token = begin_session(place.approver, None)
        db.session.remove()
    client = log_in(fresh_app, token)
    return lambda: client.post(url, data=form)


def orders(app: TransactionalFlask) -> int:
    """How many orders there are; each with its documents and its mail, and the journal whole."""
    with app.app_context(), reading():
        mails = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.kind == "order")
        found = count(Order)
        assert (db.session.scalar(mails), count(OrderFile)) == (found, 2 * found)
        assert verify()[1] is None
        return found


def test_a_full_disk_places_nothing_and_says_so(fresh_app: TransactionalFlask, say_yes: Callable[[], Any]) -> None:
    with fresh_app.app_context():
        engine = db.engine
    if engine.dialect.name != "sqlite":
        pytest.skip("a full disk is staged with SQLite's own page limit")

    def fill(connection: Any, record: Any) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages - free}")

    event.listen(engine, "connect", fill)
    engine.dispose()
    refused = say_yes()
    event.remove(engine, "connect", fill)
    engine.dispose()
    assert refused.status_code == 503
    assert "Inget har ändrats" in refused.text
    assert orders(fresh_app) == 0
    assert say_yes().status_code == 303
    assert orders(fresh_app) == 1


def test_a_database_that_was_restarted_is_found_again(
    fresh_app: TransactionalFlask, say_yes: Callable[[], Any]
) -> None:
    with fresh_app.app_context():
        if db.engine.dialect.name != "postgresql":
            pytest.skip("SQLite has no server to lose")
        kill_others()
    assert say_yes().status_code == 303
    assert orders(fresh_app) == 1


def test_a_connection_lost_in_the_middle_places_nothing(
    fresh_app: TransactionalFlask, say_yes: Callable[[], Any]
) -> None:
    """The server cuts the line between two statements of the last approval."""
    with fresh_app.app_context():
        engine = db.engine
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no server to lose")

    def cut(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("INSERT INTO purchase_order_file"):
            event.remove(engine, "before_cursor_execute", cut)
            with engine.connect() as other:
                pid = connection.connection.dbapi_connection.info.backend_pid
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    event.listen(engine, "before_cursor_execute", cut)
    assert say_yes().status_code == 503
    assert orders(fresh_app) == 0
    assert say_yes().status_code == 303
    assert orders(fresh_app) == 1


def kill_others() -> None:
    """End every connection of the pool, as a restart of the server does."""
    with db.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
