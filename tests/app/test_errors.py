"""Every refusal and fault is a page that says what to do, and no page says too much."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import request
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.factory import create_app
from auth.organisation import Organisation
from auth.permission import Permission, Role
from auth.user import User
from catalog.category import Category
from catalog.finding import Finding, Level
from core.config import read_settings
from core.db import TransactionalFlask, db
from core.errors import AvropError, NotAllowed, NotFound, RuleBroken, WrongState
from core.web import requires
from tests.database import SECRET
from tests.factories.auth import make_member, make_organisation

Answer = Callable[[Callable[[], Any]], None]


@pytest.fixture
def answer(app: TransactionalFlask, monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Let /health/live do something else."""

    def put(view: Callable[[], Any]) -> None:
        monkeypatch.setitem(app.view_functions, "roof.live", requires(Permission.PUBLIC)(lambda: view()))

    return put


def raising(error: Exception) -> Callable[[], Any]:
    def view() -> Any:
        raise error

    return view


@pytest.mark.parametrize("kind, status", [(NotAllowed, 403), (NotFound, 404), (WrongState, 409), (RuleBroken, 422)])
def test_refusal_tells_what_why_and_the_way_on(
    kind: type[AvropError], status: int, answer: Answer, client: FlaskClient
) -> None:
    finding = Finding("x", Level.STOP, "Rangordningen bryts.", clause="LOU 7:6", way_on="Fråga ettan.")
    answer(raising(kind("<b>Nej</b>", way_on="Fråga inköp.", findings=(finding,))))
    response = client.get("/health/live")
    assert response.status_code == status
    for text in ("&lt;b&gt;Nej", "Fråga inköp.", "Rangordningen bryts.", "LOU 7:6", "Fråga ettan.", "Till startsidan"):
        assert text in response.text


def test_refusal_leads_back_to_where_she_came_from_but_never_elsewhere(answer: Answer, client: FlaskClient) -> None:
    answer(raising(RuleBroken("Nej")))
    near = client.get("/health/live", headers={"Referer": "http://localhost/basket?a=1&b=2"})
    far = client.get("/health/live", headers={"Referer": "http://evil.example/basket"})
    assert 'href="/basket?a=1&amp;b=2"' in near.text
    twisted = client.get("/health/live", headers={"Referer": "http://localhost//evil.example/"})
    assert "evil" not in far.text and "Gå tillbaka" not in far.text
    assert "//evil" not in twisted.text


def test_unknown_page_says_so_in_swedish(client: FlaskClient) -> None:
    response = client.get("/nope")
    assert response.status_code == 404 and "Sidan finns inte" in response.text


def test_wrong_method_keeps_the_allow_header(client: FlaskClient) -> None:
    response = client.get("/basket/add")
    assert response.status_code == 405 and "POST" in response.headers["Allow"]
    assert "görs med en knapp" in response.text


def test_too_large_a_request_says_how_large_it_may_be(
    app: TransactionalFlask, answer: Answer, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 10)
    answer(lambda: request.get_data(as_text=True))
    response = client.get("/health/live", data="x" * 11)
    assert response.status_code == 413 and "25 MB" in response.text


def test_form_without_token_is_refused_in_swedish(
    app: TransactionalFlask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    response = client.post("/basket/add", data={"csrf_token": "wrong"})
    assert response.status_code == 400
    assert "Formuläret gäller inte längre" in response.text and "CSRF" not in response.text


def test_stale_change_is_refused_as_too_late(answer: Answer, client: FlaskClient) -> None:
    answer(raising(StaleDataError("UPDATE statement on table 'lot' expected to update 1 row(s)")))
    response = client.get("/health/live")
    assert response.status_code == 409
    assert "Någon annan ändrade" in response.text and "UPDATE" not in response.text


def test_of_two_who_enter_the_same_code_at_once_the_second_is_told(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unseen() -> None:
        db.session.add_all([Category(code="K1", name="Kontor"), Category(code="K1", name="Kontor")])
        db.session.flush()

    monkeypatch.setitem(client.application.view_functions, "basket.add", requires(Permission.PUBLIC)(unseen))
    response = client.post("/basket/add")
    assert response.status_code == 409 and "Någon annan ändrade" in response.text


def test_another_broken_constraint_is_a_fault(answer: Answer, client: FlaskClient) -> None:
    answer(raising(IntegrityError("INSERT", {}, Exception("NOT NULL constraint failed"))))
    with pytest.raises(IntegrityError):
        client.get("/health/live")


def test_fault_shows_a_number_and_no_trace(
    app: TransactionalFlask,
    answer: Answer,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    answer(raising(ZeroDivisionError("the secret inside")))
    response = client.get("/health/live")
    assert response.status_code == 500
    assert "secret" not in response.text and "Zero" not in response.text and "Traceback" not in response.text
    incident = response.text.split("Felnummer: ")[1][:8]
    assert f"incident {incident}: GET /health/live" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_error_page_of_a_post_leaves_nothing_behind(
    app: TransactionalFlask, login_as: Callable[[User], FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = login_as(make_member(Role.ORDERER, make_organisation(name="Före")))

    def half_done() -> None:
        db.session.scalars(select(Organisation)).one().name = "Efter"
        db.session.flush()
        raise RuleBroken("Nej")

    monkeypatch.setitem(app.view_functions, "basket.add", requires(Permission.SIGNED_IN)(lambda: half_done()))
    response = browser.post("/basket/add")
    assert response.status_code == 422 and "Före" in response.text  # the page shows what is true
    db.session.expire_all()
    assert db.session.scalars(select(Organisation.name)).one() == "Före"


@pytest.mark.parametrize("url", ["sqlite:////no/such/folder/avrop.db", "postgresql://nobody@127.0.0.1:1/avrop"])
@pytest.mark.parametrize("path, status", [("/", 503), ("/nope", 404), ("/health/ready", 503), ("/health/live", 200)])
def test_pages_render_while_the_database_is_gone(url: str, path: str, status: int, tmp_path: Path) -> None:
    environment = {"AVROP_DATABASE_URL": url, "AVROP_DATA_DIR": str(tmp_path), "AVROP_SECRET_KEY": SECRET}
    app = create_app(read_settings(environment))
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "somebody who was logged in"
    response = client.get(path)
    assert response.status_code == status
    assert "no/such" not in response.text and "nobody" not in response.text
    if path == "/":
        assert "Databasen svarar inte" in response.text and response.headers["Retry-After"]
