"""Login: who is asking, in which organisation, and whether the route is hers to ask."""

from __future__ import annotations

from typing import Any, cast

from flask import Flask, current_app, g, redirect, request, url_for
from flask import session as cookie
from flask_babel import lazy_gettext as _l
from flask_login import AnonymousUserMixin, LoginManager, current_user
from sqlalchemy import update

from auth.journal import record
from auth.organisation import Organisation
from auth.permission import Permission
from auth.session import TOUCH, LoginSession, begin_session, find_session
from auth.user import User
from core.clock import now
from core.db import db, rollback, unit_of_work
from core.errors import NotAllowed
from core.web import permission_of

manager = LoginManager()
manager.session_protection = None  # the session is a row of ours, not a fingerprint of the browser


def init_login(app: Flask) -> None:
    """Every request is asked who it comes from and whether the route is open to her."""
    manager.init_app(app)
    app.before_request(_guard)
    app.after_request(_touch)


@manager.user_loader  # type: ignore[untyped-decorator, unused-ignore]
def _load(token: str) -> User | None:
    found = find_session(token)
    if found is None:
        return None
    g.login_session = found
    g.touch = found.id if now() - found.seen_at > TOUCH else None
    g.permissions = found.user.permissions_in(found.organisation_id)
    return found.user


def log_in(user: User) -> None:
    """Begin a session: a new token, and nothing of the cookie that was there before (session fixation)."""
    cookie.clear()
    cookie["_user_id"] = begin_session(user, request.user_agent.string)
    cookie["_fresh"] = True
    organisations = user.organisations()
    record(user, "log-in", "user", user.id, organisation_id=organisations[0].id if organisations else None)


def log_out() -> None:
    """End the session in the table, so that a copy of the cookie is worth nothing."""
    session = current_session()
    session.ended_at = now()
    record(session.user, "log-out", "user", session.user_id, organisation_id=session.organisation_id)
    cookie.clear()


def current() -> User:
    """The person who is asking. Only on routes that demand a log-in."""
    return cast(User, current_user._get_current_object())


def current_session() -> LoginSession:
    """The session of the person who is asking."""
    return cast(LoginSession, g.login_session)


def acting_organisation() -> Organisation:
    """The organisation she acts for. Raises NotAllowed for a person who belongs nowhere."""
    organisation = current_session().organisation
    if organisation is None or organisation not in current().organisations():
        raise NotAllowed(_l("Du hör inte till någon organisation. Din administratör kan lägga till dig."))
    return organisation


def has_permission(permission: Permission) -> bool:
    """Whether she who is asking holds the permission where she acts."""
    return permission in g.get("permissions", ())


def _guard() -> Any:
    if request.endpoint is None:
        return None
    permission = permission_of(current_app, request.endpoint)
    if permission is Permission.PUBLIC:
        return None
    if isinstance(current_user._get_current_object(), AnonymousUserMixin):
        here = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("auth.login", next=here), 303)
    if permission is not Permission.SIGNED_IN and permission not in g.permissions:
        raise NotAllowed(_l("Din roll ger dig inte tillgång till den här sidan."))
    return None


def _touch(response: Any) -> Any:
    """Note when she was last seen, at most once a minute, in a short transaction of its own: a GET never writes."""
    if session_id := g.pop("touch", None):
        rollback()
        with unit_of_work():
            db.session.execute(
                update(LoginSession).where(LoginSession.id == session_id).values(seen_at=now()),
                execution_options={"synchronize_session": False},
            )
    return response
