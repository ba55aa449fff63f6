"""Headers and cookies: what the browser must not do with our pages.

Everything is served from our own host and no page carries a script or style of its own, so the policy can be the
strictest there is; a text that slipped through unescaped would still run nothing.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, request, url_for

from core.config import Settings

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # the arrow of a select is a data: image in Bootstrap's style sheet
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
YEAR = timedelta(days=365)
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")  # health checks and trying it out on one's own machine


def init_headers(app: Flask, settings: Settings) -> None:
    """Protect every response, and answer only to the names we are known by.

    No header of a proxy is believed about who we are (no ProxyFix): our address comes from AVROP_BASE_URL.
    """
    secure = settings.is_secure
    app.config.update(
        SESSION_COOKIE_NAME="__Host-avrop" if secure else "avrop",  # __Host-: never set by a neighbour's subdomain
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        TRUSTED_HOSTS=[urlsplit(settings.base_url).hostname or "localhost", *LOCAL_NAMES],
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session, so a long lunch loses no form
    )
    headers = HEADERS | ({"Strict-Transport-Security": f"max-age={int(YEAR.total_seconds())}"} if secure else {})

    def protect(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if request.endpoint in ("static", "roof.bootstrap") and response.status_code in (200, 304):
            if "v" in request.args:
                response.headers["Cache-Control"] = f"public, max-age={int(YEAR.total_seconds())}, immutable"
        else:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    def asset(filename: str) -> str:
        """The address of a file of ours, changing with the file so that browsers may keep it for a year."""
        changed = int((Path(app.static_folder or "") / filename).stat().st_mtime)
        return url_for("static", filename=filename, v=changed)

    app.after_request(protect)
    app.add_template_global(asset)
