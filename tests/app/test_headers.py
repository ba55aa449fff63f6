"""Headers on every kind of response, cookies, and the names we answer to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.factory import create_app
from app.headers import HEADERS
from auth.permission import Permission, Role
from auth.user import User
from core.config import read_settings
from core.db import TransactionalFlask
from core.web import requires
from tests.database import SECRET
from tests.factories.auth import make_member, make_organisation


def broken() -> str:
    raise ZeroDivisionError("a secret of the trace")


@pytest.mark.parametrize(
    "path, status",
    [
        ("/health/live", 200),
        ("/static/avrop.css", 200),
        ("/", 303),
        ("/nope", 404),
        ("/basket/add", 405),
        ("/broken", 500),
    ],
)
def test_every_kind_of_response_is_protected(
    path: str, status: int, app: TransactionalFlask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path == "/broken":
        path = "/health/live"
        monkeypatch.setitem(app.view_functions, "roof.live", requires(Permission.PUBLIC)(lambda: broken()))
        monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    response = client.get(path, buffered=True)
    assert response.status_code == status
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_pages_are_not_kept_by_browsers_but_our_files_are(
    client: FlaskClient, login_as: Callable[[User], FlaskClient]
) -> None:
    browser = login_as(make_member(Role.ORDERER, make_organisation()))
    assert browser.get("/").headers["Cache-Control"] == "no-store"
    assert browser.get("/nope").headers["Cache-Control"] == "no-store"
    assert "immutable" in client.get("/static/avrop.css?v=1", buffered=True).headers["Cache-Control"]
    assert client.get("/static/nope.css?v=1").headers["Cache-Control"] == "no-store"


def settings(tmp_path: Path, **values: str) -> Any:
    base = {"AVROP_DATA_DIR": str(tmp_path), "AVROP_SECRET_KEY": SECRET}
    return read_settings(base | values)


def test_https_marks_the_cookie_and_tells_browsers_to_stay(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path, AVROP_BASE_URL="https://avrop.example.se"))
    response = app.test_client().post("/basket/add", base_url="https://avrop.example.se")  # sets a cookie for the token
    assert response.status_code == 400
    cookie = response.headers.get("Set-Cookie", "")
    assert app.config["SESSION_COOKIE_NAME"] == "__Host-avrop"
    assert "max-age=31536000" in response.headers["Strict-Transport-Security"]
    for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert not cookie or flag in cookie
    assert app.config["SESSION_COOKIE_SECURE"] and app.config["SESSION_COOKIE_DOMAIN"] is None


def test_http_sends_no_promise_of_https(client: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/nope").headers


@pytest.mark.parametrize("host, status", [("avrop.test", 404), ("localhost:8000", 404), ("evil.example", 400)])
def test_only_our_own_names_are_answered(host: str, status: int, client: FlaskClient) -> None:
    response = client.get("/nope", headers={"Host": host})
    assert response.status_code == status
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_headers_of_a_proxy_are_not_believed(client: FlaskClient) -> None:
    response = client.get("/", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})
    assert response.status_code == 303 and "evil" not in response.headers["Location"]
