"""Transactions that only read, and selects that are built once."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Timer
from time import monotonic, process_time, sleep
from typing import Any

import pytest
from sqlalchemy import Select, func, literal, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from auth.organisation import Organisation
from core.db import TransactionalFlask, db, json_table, mentions, prepared, reading, unit_of_work
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


def test_writers_begin_in_the_order_in_which_they_asked(fresh_app: TransactionalFlask) -> None:
    """On SQLite; PostgreSQL's writers do not wait for each other."""
    begun: list[int] = []
    asked = [Event() for _writer in range(8)]

    def write(number: int) -> None:
        with fresh_app.app_context():
            asked[number].set()
            with unit_of_work() as session:
                session.execute(text("SELECT 1"))
                begun.append(number)
                sleep(0.02)

    with fresh_app.app_context():
        is_alone = db.engine.dialect.name == "sqlite"
        with unit_of_work() as session, ThreadPoolExecutor(8) as pool:
            session.execute(text("SELECT 1"))
            for number in range(8):
                pool.submit(write, number)
                asked[number].wait(30)
                sleep(0.2)  # by then it stands in line
            assert begun == ([] if is_alone else list(range(8)))
            session.commit()
    assert begun == list(range(8))


def test_nobody_in_line_waits_longer_than_a_writer_may(
    fresh_app: TransactionalFlask, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine != "sqlite":
        return  # its writers do not wait for each other
    monkeypatch.setattr("core.db.WAIT_SECONDS", 1)
    outcomes: list[str] = []

    def write(_number: int) -> None:
        with fresh_app.app_context():
            try:
                with unit_of_work() as session:
                    session.execute(text("SELECT 1"))
            except OperationalError as error:
                outcomes.append(str(error.orig))

    with fresh_app.app_context(), unit_of_work() as session:
        session.execute(text("SELECT 1"))
        began = monotonic()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, range(4)))
        assert outcomes == ["database is locked"] * 4
        assert monotonic() - began < 3  # all of them after one second, not one second each


def test_who_dies_in_line_keeps_nobody_waiting(fresh_app: TransactionalFlask, engine: str) -> None:
    if engine != "sqlite":
        return
    with fresh_app.app_context():
        line = f"{db.engine.url.database}-line"
        script = "import fcntl, sys, time; f = open(sys.argv[1]); fcntl.flock(f, 2); print('first'); time.sleep(60)"
        with unit_of_work() as session:
            session.execute(text("SELECT 1"))
        first = subprocess.Popen([sys.executable, "-uc", script, line], stdout=subprocess.PIPE)
        assert first.stdout is not None and first.stdout.readline()
        Timer(0.3, first.kill).start()
        began = monotonic()
        with unit_of_work() as session:
            session.execute(text("SELECT 1"))
        assert 0.2 < monotonic() - began < 10
        first.communicate()


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


@pytest.mark.parametrize("text", ["äldre", "ÄLDRE", "omsorg ås", "É", "50 %"])
def test_swedish_letters_are_the_same_small_and_large(text: str, app: TransactionalFlask) -> None:
    assert db.session.scalar(select(mentions(literal("Äldreomsorg Ås, café 50 %"), text)))
    assert not db.session.scalar(select(mentions(literal("Alderomsorg As, cafe 500"), text)))
