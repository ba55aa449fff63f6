"""Which language a page comes in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from auth.permission import Role
from auth.user import User
from tests.factories.auth import make_member, make_organisation


@pytest.mark.parametrize(
    "asked, language", [("", "sv"), ("sv-SE,en;q=0.5", "sv"), ("en-US,sv;q=0.5", "en"), ("de,fi;q=0.5", "sv")]
)
def test_browser_decides_for_somebody_unknown(asked: str, language: str, client: FlaskClient) -> None:
    assert f'<html lang="{language}">' in client.get("/nope", headers={"Accept-Language": asked}).text


def test_cookie_goes_before_the_browser_and_nonsense_is_ignored(client: FlaskClient) -> None:
    client.set_cookie("language", "en")
    assert '<html lang="en">' in client.get("/nope", headers={"Accept-Language": "sv"}).text
    client.set_cookie("language", "../../etc")
    assert '<html lang="sv">' in client.get("/nope", headers={"Accept-Language": "sv"}).text


def test_her_own_choice_goes_before_all(client: FlaskClient, login_as: Callable[[User], FlaskClient]) -> None:
    client.set_cookie("language", "sv")
    browser = login_as(make_member(Role.ORDERER, make_organisation(), language="en"))
    assert '<html lang="en">' in browser.get("/nope").text
