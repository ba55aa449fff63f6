"""The roof's own pages: the start page, the health answers and Bootstrap's style sheet."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, g, render_template, send_file
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.migrate import is_current
from app.start import Start, start_of
from auth.login import current, current_session
from auth.permission import Permission
from catalog.search import index_state
from core.clock import now
from core.db import db
from core.web import requires
from exchange.outbox import MessageState, OutboxMessage
from orders.shopping_list import SHARING_NAMES

bp = Blueprint("roof", __name__)


@bp.get("/")
@requires(Permission.SIGNED_IN)
def index() -> str:
    """The start page: one search box, what waits for her, and what she often needs."""
    organisation = current_session().organisation
    start = start_of(current(), organisation, g.permissions) if organisation else Start()
    return render_template("roof/index.html", start=start, sharing_names=SHARING_NAMES)


@bp.get("/static/bootstrap.min.css")
@requires(Permission.PUBLIC)
def bootstrap() -> Response:
    """Bootstrap's style sheet, straight from the package that carries it; nothing else of that package is served."""
    return send_file(BOOTSTRAP, mimetype="text/css", max_age=86400)


@bp.get("/health/live")
@requires(Permission.PUBLIC)
def live() -> dict[str, str]:
    """The process answers. Asks no database: a restart would not bring that back."""
    return {"status": "alive"}


@bp.get("/health/ready")
@requires(Permission.PUBLIC)
def ready() -> tuple[dict[str, Any], int]:
    """Whether this process can serve people: 503 without a database or with one of another version.

    Old queued mail and a search index that lags are told but do not make the process unready: another web process
    would not send the mail either, and without an index the catalogue is browsed from the database.
    """
    try:
        if not is_current():
            return {"status": "not-ready", "database": "reachable", "migrations": "not-current"}, 503
        oldest = db.session.scalar(
            select(func.min(OutboxMessage.created_at)).where(OutboxMessage.state == MessageState.QUEUED)
        )
        index = index_state()
    except SQLAlchemyError:
        return {"status": "not-ready", "database": "unreachable"}, 503
    age = int((now() - oldest).total_seconds()) if oldest else 0
    return {
        "status": "ready",
        "database": "reachable",
        "migrations": "current",
        "oldest_queued_seconds": age,
        "search": "ready" if index.is_ready else "none",
        "search_lists_behind": index.lists_behind,
    }, 200


def _bootstrap() -> Path:
    spec = find_spec("flask_bootstrap")  # found without being imported
    if spec is None or spec.origin is None:
        raise RuntimeError("the package bootstrap-flask is missing")
    return Path(spec.origin).parent / "static/bootstrap5/css/bootstrap.min.css"


BOOTSTRAP = _bootstrap()
