"""Transactions that only read, and selects that are built once."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest
from sqlalchemy import Select, func, select, text
from sqlalchemy.exc import DBAPIError

from auth.organisation import Organisation
from core.db import TransactionalFlask, db, json_table, prepared, reading, unit_of_work
from tests.factories.auth import make_organisation

built: list[object] = []


@prepared
def _named(name: str, city: str) -> Select[Any]:
    built.append(name)
    return select(Organisation.id).where(Organisation.name == name, Organisation.city == city)


def test_prepared_select_is_built_once_and_asks_for_the_values_of_each_call(app: TransactionalFlask) -> None:
    bracke, krokom = make_organisation(name="Bräcke"), make_organisation(name="Krokom")
    db.session.flush()
    assert db.session.scalars(*_named("Bräcke", "Östersund")).all() == [bracke.id]
    assert db.session.scalars(*_named("Krokom", city="Östersund")).all() == [krokom.id]
    assert db.session.scalars(*_named("Krokom", "Bräcke")).all() == []
    assert len(built) == 1


def test_the_database_itself_refuses_a_write_while_reading_and_takes_one_afterwards(
    fresh_app: TransactionalFlask,
) -> None:
    with fresh_app.app_context():
        with pytest.raises(DBAPIError, match="read-?only"), reading():
            make_organisation(name="Härjedalen")
            db.session.flush()
        with unit_of_work():
            make_organisation(name="Ragunda")
        with reading() as session:
            assert session.scalars(select(Organisation.name)).all() == ["Ragunda"]


def test_a_failed_unit_of_work_leaves_nothing(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        with pytest.raises(ZeroDivisionError), unit_of_work():
            make_organisation(name="Strömsund")
            db.session.flush()
            _ = 1 / 0
        with reading() as session:
            assert session.scalar(select(func.count()).select_from(Organisation)) == 0


def test_what_has_only_read_keeps_the_statements_that_were_prepared(fresh_app: TransactionalFlask, engine: str) -> None:
    if engine == "sqlite":  # prepares by itself
        return
    with fresh_app.app_context():
        for _ in range(8):
            with reading() as session:
                session.scalars(*_named("Berg", "Svenstavik")).all()
        with reading() as session:
            prepared_now = session.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    assert any("organisation.city" in statement for statement in prepared_now)


def test_numbers_that_the_program_knows_are_a_table(app: TransactionalFlask) -> None:
    known = json_table("known", [(1, 10**15, None), (2, -5, 0)], ("id", "amount", "flag"))
    rows = db.session.execute(select(known).order_by(known.c.id)).all()
    assert [tuple(row) for row in rows] == [(1, 10**15, None), (2, -5, 0)]
    assert db.session.execute(select(json_table("empty", [], ("id",)))).all() == []


def test_many_such_numbers_are_joined_by_an_index(app: TransactionalFlask) -> None:
    one, other = (json_table(name, ((n, n) for n in range(20_000)), ("id", "amount")) for name in ("one", "other"))
    began = process_time()
    total = db.session.scalar(
        select(func.sum(other.c.amount)).select_from(one).outerjoin(other, other.c.id == one.c.id)
    )
    assert total == sum(range(20_000))
    assert process_time() - began < 5  # looking through all of them for each takes SQLite a minute
