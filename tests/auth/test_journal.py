"""The journal: chained, complete, and unchangeable on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from auth.journal import JournalEntry, JournalHead, record, verify
from core.db import TransactionalFlask, commit, db, rollback
from tests.factories.auth import make_user


def write(count: int) -> None:
    user = make_user()
    for number in range(count):
        record(user, "try", "thing", number, note="å & <ö>")
    commit()


def test_entries_are_numbered_without_gaps_and_chained(app: TransactionalFlask) -> None:
    write(3)
    write(2)
    numbers = db.session.scalars(select(JournalEntry.number).order_by(JournalEntry.number)).all()
    assert list(numbers) == [1, 2, 3, 4, 5]
    assert verify() == (5, None)


def test_a_rolled_back_transaction_tells_nothing(app: TransactionalFlask) -> None:
    write(1)
    record(None, "try", "thing", 1)
    rollback()
    write(1)
    assert verify() == (2, None)


@pytest.mark.parametrize("statement", ["UPDATE journal_entry SET act='x'", "DELETE FROM journal_entry"])
def test_the_database_refuses_to_change_an_entry(app: TransactionalFlask, statement: str) -> None:
    write(1)
    with pytest.raises(DatabaseError, match="append-only"):
        db.session.execute(text(statement))


def test_verify_names_the_first_broken_entry(fresh_app: TransactionalFlask) -> None:
    """Even an owner of the database who takes the trigger away is found out."""
    with fresh_app.app_context():
        write(4)
        where = " ON journal_entry" if db.engine.dialect.name == "postgresql" else ""
        db.session.execute(text(f"DROP TRIGGER journal_entry_no_update{where}"))
        db.session.execute(text("UPDATE journal_entry SET act='approve' WHERE number=3"))
        commit()
        assert verify() == (2, 3)


def test_verify_finds_a_cut_tail(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        write(4)
        db.session.execute(text("UPDATE journal_head SET number=5"))
        commit()
        assert db.session.scalar(select(JournalHead.number)) == 5
        assert verify() == (4, 5)
