"""`avrop user` and `avrop journal`: the first person of an installation, and whether the journal is whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from app.cli import cli
from auth.permission import Role
from auth.queries import user_by_email
from auth.user import password_matches
from core.db import TransactionalFlask, db, rollback

PASSWORD = "norrsken-kaffe-7"
FIRST = ("--system-admin", "--organisation", "212000-2528", "--organisation-name", "Kontoret")


@pytest.fixture
def installation(fresh_app: TransactionalFlask, monkeypatch: pytest.MonkeyPatch) -> Iterator[TransactionalFlask]:
    """The commands act on this application, instead of one more made from the environment."""
    monkeypatch.setattr("app.commands.create_app", lambda: fresh_app)
    with fresh_app.app_context():
        yield fresh_app


def run(*words: str, said: str = PASSWORD) -> Result:
    return CliRunner().invoke(cli, words, input=said + "\n")


def create(*words: str, email: str = "eva@kommun.example") -> Result:
    return run("user", "create", "--email", email, "--name", "Eva Ek", "--password-stdin", *words)


def test_the_first_system_administrator_founds_the_office(installation: TransactionalFlask) -> None:
    result = create(*FIRST)
    assert result.exit_code == 0, result.output
    user = user_by_email("eva@kommun.example")
    assert user is not None and password_matches(user.password_hash, PASSWORD)
    (membership,) = user.memberships
    assert (membership.role, membership.organisation.name) == (Role.SYSTEM_ADMIN, "Kontoret")
    rollback()
    assert create("--system-admin", email="nils@kommun.example").exit_code == 0
    again = create("--role", "orderer", "--organisation", "212000-2528", email="per@kommun.example")
    assert again.exit_code == 0, again.output


@pytest.mark.parametrize(
    "words",
    [
        ("--system-admin",),
        ("--role", "orderer", "--organisation", "212000-2529"),
        ("--role", "orderer", "--organisation", "212000-2528"),
        ("--role", "emperor"),
        (),
        ("--system-admin", "--role", "orderer"),
        (*FIRST, "--unit", "77"),
    ],
)
def test_a_wrong_request_makes_nobody(installation: TransactionalFlask, words: tuple[str, ...]) -> None:
    assert create(*words).exit_code != 0
    assert user_by_email("eva@kommun.example") is None


def test_a_weak_password_makes_nobody(installation: TransactionalFlask) -> None:
    words = ("user", "create", "--email", "eva@kommun.example", "--name", "Eva", "--password-stdin", *FIRST)
    assert run(*words, said="kort").exit_code != 0
    assert user_by_email("eva@kommun.example") is None


def test_a_whole_journal_is_said_to_be_whole(installation: TransactionalFlask) -> None:
    create(*FIRST)
    result = run("journal", "verify")
    assert (result.exit_code, "whole: 3 entries" in result.output) == (0, True)
    assert run("journal", "verify", "--quiet").stdout == ""


def test_the_first_broken_entry_is_named(installation: TransactionalFlask, engine: str) -> None:
    create(*FIRST)
    if engine == "sqlite":
        db.session.execute(text("DROP TRIGGER journal_entry_no_update"))
    else:
        db.session.execute(text("ALTER TABLE journal_entry DISABLE TRIGGER USER"))
    db.session.execute(text("UPDATE journal_entry SET act = 'stole' WHERE number = 2"))
    db.session.commit()
    result = run("journal", "verify", "--quiet")
    assert result.exit_code == 1
    assert "entry 2" in result.output
