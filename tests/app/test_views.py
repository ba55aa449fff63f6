"""Health answers and Bootstrap's style sheet."""

from __future__ import annotations

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import text

from app.factory import create_app
from core.clock import frozen, now
from core.config import read_settings
from core.db import TransactionalFlask, commit, db
from exchange.outbox import enqueue


def test_live_asks_no_database(client: FlaskClient, count_queries) -> None:  # type: ignore[no-untyped-def]
    with count_queries() as queries:
        assert client.get("/health/live").json == {"status": "alive"}
    assert queries == []


def test_ready_tells_how_long_the_oldest_mail_has_waited(client: FlaskClient) -> None:
    ready = client.get("/health/ready").json
    assert ready is not None
    assert ready["search_lists_behind"] >= 0
    assert ready["search"] in ("ready", "none")
    assert {name: ready[name] for name in ("status", "database", "migrations", "oldest_queued_seconds")} == {
        "status": "ready",
        "database": "reachable",
        "migrations": "current",
        "oldest_queued_seconds": 0,
    }
    queued_at = now() - timedelta(minutes=10)
    with frozen(queued_at):
        enqueue(dedupe_key="x", kind="test", recipient="a@kommun.example", subject="x", text="x")
    with frozen(queued_at + timedelta(minutes=10)):
        response = client.get("/health/ready")
    assert response.json is not None and response.json["oldest_queued_seconds"] == 600


def test_ready_refuses_a_database_of_another_version(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        db.session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        commit()
        response = fresh_app.test_client().get("/health/ready")
    assert response.status_code == 503
    assert response.json == {"status": "not-ready", "database": "reachable", "migrations": "not-current"}


def test_ready_refuses_an_empty_database(tmp_path) -> None:  # type: ignore[no-untyped-def]
    client = create_app(read_settings({"AVROP_DATA_DIR": str(tmp_path)})).test_client()
    assert client.get("/health/ready").status_code == 503


def test_bootstrap_is_served_from_our_own_host(client: FlaskClient) -> None:
    response = client.get("/static/bootstrap.min.css", buffered=True)
    assert response.mimetype == "text/css" and b"Bootstrap" in response.data[:200]
