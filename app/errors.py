"""Errors: every refusal and every fault becomes a page that says what happened and what to do now."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask_babel import lazy_gettext as _l
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from core.db import reading
from core.errors import AvropError, WrongState
from core.web import is_local_path

TITLES = {
    400: _l("Det gick inte att läsa begäran"),
    403: _l("Det får du inte göra"),
    404: _l("Sidan finns inte"),
    405: _l("Sidan kan inte öppnas så"),
    409: _l("Det går inte längre"),
    413: _l("Det du skickade är för stort"),
    422: _l("Det går inte"),
    429: _l("Vänta en stund"),
}
MESSAGES = {
    404: _l("Adressen är fel, eller så är sidan inte till för dig."),
    405: _l("Länken leder till något som görs med en knapp. Gå tillbaka och tryck på knappen."),
    413: _l("Filen är för stor. Den får vara högst %(most)s MB.", most=25),
    429: _l("Det har kommit för många försök på kort tid. Försök igen om några minuter."),
}


def init_errors(app: Flask) -> None:
    """Answer every error of the application, the framework and the database with a page of ours."""
    app.register_error_handler(AvropError, refuse)
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(CSRFError, answer_csrf)
    app.register_error_handler(SecurityError, answer_unknown_host)
    app.register_error_handler(StaleDataError, answer_stale)
    app.register_error_handler(IntegrityError, answer_taken)
    app.register_error_handler(DataError, answer_unstorable)
    app.register_error_handler(OperationalError, answer_database_gone)
    app.register_error_handler(InternalServerError, answer_fault)


def refuse(error: AvropError) -> Response:
    """One of the house's own refusals: its message, the way on, and the findings behind it."""
    return page(
        error.status,
        error.message or MESSAGES.get(error.status, ""),
        way_on=error.way_on,
        findings=error.findings,
    )


def answer_http(error: HTTPException) -> Response:
    """A refusal of the framework: no such page, wrong method, too large."""
    status = error.code or 500
    response = page(status, MESSAGES.get(status, _l("Gå tillbaka och försök igen.")))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def answer_csrf(error: CSRFError) -> Response:
    """A form without a valid token: mostly one that was open since before she logged in."""
    return page(
        400,
        _l("Formuläret har blivit för gammalt, eller så loggade du in i en annan flik. Inget har ändrats."),
        title=_l("Formuläret gäller inte längre"),
        way_on=_l("Gå tillbaka, ladda om sidan och skicka formuläret igen."),
    )


def answer_unknown_host(error: SecurityError) -> Response:
    """Somebody reached us under a name that is not ours. No page: there is no address to build its links from."""
    text = "Okänd adress. / Unknown host. AVROP_BASE_URL names the address of this system.\n"
    return Response(text, 400, content_type="text/plain; charset=utf-8")


def answer_stale(error: Exception) -> Response:
    """Two people changed the same thing; the second one's change is refused, whole."""
    return refuse(
        WrongState(
            _l("Någon annan ändrade samtidigt som du. Dina ändringar är inte sparade."),
            way_on=_l("Öppna sidan på nytt och gör om ändringen."),
        )
    )


def answer_taken(error: IntegrityError) -> Response:
    """Two people entered the same number, code or address at once, each unseen by the other: the second one is told.

    Only PostgreSQL lets it come so far (SQLite has one writer at a time). Any other broken constraint is a fault of
    ours.
    """
    is_unique = getattr(error.orig, "sqlstate", "") == "23505"
    if not is_unique and getattr(error.orig, "sqlite_errorname", "") != "SQLITE_CONSTRAINT_UNIQUE":
        raise error
    return answer_stale(error)


def answer_unstorable(error: DataError) -> Response:
    """A text that PostgreSQL cannot hold, such as one with NUL in it: people do not write them."""
    current_app.logger.warning("a value that the database cannot hold: %s", error.orig)
    return page(400, _l("Gå tillbaka och försök igen."))


def answer_database_gone(error: OperationalError) -> Response:
    """The database does not answer, or another writer holds it for too long. A faulty statement is a fault of ours."""
    if getattr(error.orig, "sqlite_errorname", "") in ("SQLITE_ERROR", "SQLITE_READONLY"):
        raise error
    current_app.logger.error("database gone: %s", error.orig)
    forget_person()
    response = page(
        503,
        _l("Databasen svarar inte just nu. Inget har ändrats."),
        title=_l("Avrop är tillfälligt otillgängligt"),
        way_on=_l("Försök igen om en stund."),
    )
    response.headers["Retry-After"] = "30"
    return response


def answer_fault(error: InternalServerError) -> Response:
    """A fault of ours: its trace is in the log, the page carries only the number to find it by."""
    incident = secrets.token_hex(4)
    current_app.logger.error("incident %s: %s %s", incident, request.method, request.path)
    return page(
        500,
        _l("Något gick fel hos oss. Inget har ändrats."),
        title=_l("Ett fel har inträffat"),
        way_on=_l("Försök igen. Händer det igen: tala om för din administratör vad du gjorde, och numret nedan."),
        incident=incident,
    )


def page(status: int, message: Any, *, title: Any = None, **values: Any) -> Response:
    """The error page. It reads in a transaction of its own that takes no write lock, and renders without database,
    as for somebody unknown, where that is what failed."""
    values |= {"title": title or TITLES.get(status, TITLES[422]), "message": message, "back": way_back()}
    try:
        with reading():
            text = render_template("errors/error.html", **values)
    except (OperationalError, InterfaceError):
        forget_person()
        text = render_template("errors/error.html", **values)
    return make_response(text, status)


def forget_person() -> None:
    """Treat the rest of the request as nobody's, so that nothing asks the database who she is."""
    g._login_user = AnonymousUserMixin()
    g.permissions = frozenset()
    g.touch = None
    g.pop("login_session", None)


def way_back() -> str | None:
    """The path of the page she came from, when it is one of ours."""
    came_from = urlsplit(request.referrer or "")
    if came_from.netloc != request.host or not is_local_path(came_from.path):
        return None
    if came_from.path == request.path and request.method == "GET":
        return None
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")
