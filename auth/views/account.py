"""Logging in and out, passwords, language and organisation: what everybody does with her own account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from auth.actions import account
from auth.forms import ChangePasswordForm, ForgotPasswordForm, LogInForm, NewPasswordForm
from auth.login import current, current_session, log_in, log_out
from auth.password_link import user_of_token
from auth.permission import Permission
from auth.queries import sessions_of
from auth.throttle import TooManyTries
from auth.views.refusals import refusals_on, status
from core.db import rollback
from core.errors import RuleBroken
from core.forms import BaseForm, show_rule
from core.web import is_local_path, requires

bp = Blueprint("auth", __name__)

LANGUAGES = ("sv", "en")
LANGUAGE_COOKIE = "language"
LOOPBACK = ("127.0.0.1", "::1")
WRONG = RuleBroken(
    _l("E-postadressen eller lösenordet stämmer inte."),
    way_on=_l("Kontrollera stavningen, eller välj ett nytt lösenord med Glömt lösenord."),
)


@bp.route("/login", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
def login() -> Any:
    """Wrong, unknown and disabled get the same page, status and time."""
    target = request.values.get("next")
    form = LogInForm()
    if form.validate_on_submit():
        rollback()
        try:
            user = account.sign_in(form.email.data or "", form.password.data, asking_address())
        except TooManyTries as error:
            return _throttled("auth/login.html", form, error, next=target)
        if user is not None:
            log_in(user)
            return redirect(target if target and is_local_path(target) else url_for("roof.index"), 303)
        show_rule(form, WRONG)
    elif current_user.is_authenticated:
        return redirect(url_for("roof.index"), 303)
    return _login_page(form, target), status(form)


@bp.post("/logout")
@requires(Permission.SIGNED_IN)
def logout() -> Any:
    log_out()
    flash(_("Du är utloggad."), "success")
    response = make_response(redirect(url_for("auth.login"), 303))
    response.headers["Clear-Site-Data"] = '"cache"'  # a shared computer's back button shows nothing
    return response


@bp.post("/switch-organisation")
@requires(Permission.SIGNED_IN)
def switch() -> Any:
    account.switch_organisation(current(), current_session(), request.form.get("organisation_id", 0, type=int))
    return redirect(url_for("roof.index"), 303)


@bp.post("/language")
@requires(Permission.PUBLIC)
def language() -> Any:
    """Kept with the person, and in a cookie for the pages before log-in."""
    target = request.form.get("next")
    response = make_response(redirect(target if target and is_local_path(target) else url_for("roof.index"), 303))
    chosen = request.form.get("language")
    if chosen in LANGUAGES:
        if current_user.is_authenticated:
            account.choose_language(current(), chosen)
        response.set_cookie(
            LANGUAGE_COOKIE,
            chosen,
            max_age=timedelta(days=365),
            secure=current_app.config["AVROP"].is_secure,
            httponly=True,
            samesite="Lax",
        )
    return response


@bp.route("/password", methods=["GET", "POST"])
@requires(Permission.SIGNED_IN)
def password() -> Any:
    form = ChangePasswordForm()
    if form.validate_on_submit():
        try:
            with refusals_on(form):
                account.change_password(current(), current_session(), form.present.data, form.new.data)
                flash(_("Lösenordet är bytt. I andra webbläsare är du utloggad."), "success")
                return redirect(url_for("auth.password"), 303)
        except TooManyTries as error:
            return _throttled("auth/password.html", form, error, **_sessions())
    return render_template("auth/password.html", form=form, **_sessions()), status(form)


@bp.post("/password/sessions/end")
@requires(Permission.SIGNED_IN)
def end_sessions() -> Any:
    account.end_other_sessions(current(), current_session())
    flash(_("Nu är du bara inloggad här."), "success")
    return redirect(url_for("auth.password"), 303)


@bp.route("/forgot", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
def forgot() -> Any:
    form = ForgotPasswordForm()
    if form.validate_on_submit():
        rollback()
        try:
            account.ask_for_reset(form.email.data or "", asking_address())
        except TooManyTries as error:
            return _throttled("auth/forgot.html", form, error)
        flash(_("Finns det ett konto med den adressen har vi skickat en länk dit. Den gäller en timme."), "info")
        return redirect(url_for("auth.login"), 303)
    return render_template("auth/forgot.html", form=form), status(form)


@bp.route("/reset/<token>", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
def reset(token: str) -> Any:
    user = user_of_token(token)
    if user is None:
        return render_template("auth/link_gone.html"), 404
    form = NewPasswordForm()
    if form.validate_on_submit():
        with refusals_on(form):
            account.reset_password(token, form.new.data)
            flash(_("Lösenordet är valt. Logga in med det."), "success")
            return redirect(url_for("auth.login"), 303)
    return render_template("auth/reset.html", form=form, user=user, is_first=user.password_hash is None), status(form)


def asking_address() -> str:
    """The network address that asks. A proxy is believed when it is on this machine, or everybody would be one."""
    peer = request.remote_addr or "nowhere"
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return told if told and peer in LOOPBACK else peer


def _sessions() -> dict[str, Any]:
    return {"sessions": sessions_of(current()), "here": current_session()}


def _login_page(form: LogInForm, target: str | None) -> str:
    demo = current_app.config.get("DEMO_LOGINS", ())
    return render_template("auth/login.html", form=form, next=target, demo_logins=demo)


def _throttled(template: str, form: BaseForm, error: TooManyTries, **values: Any) -> Any:
    show_rule(form, error)
    headers = {"Retry-After": str(int(error.span.total_seconds()))}
    return render_template(template, form=form, demo_logins=(), **values), 429, headers
