"""Serving: the port, what the database must promise, and a start and a stop that leave nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from app.server import check_durable, check_port
from core.config import SettingError
from core.db import TransactionalFlask, commit, db
from tests.app.test_cli import avrop
from tests.database import new_app
from tests.factories.auth import make_organisation
from tests.factories.orders import make_order
from tests.house.source import ROOT


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingError, match=f"PORT: 127.0.0.1:{port} cannot be used"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)


def test_a_database_that_may_lose_orders_is_not_served(fresh_app: TransactionalFlask) -> None:
    """SQLite is told by every connection what to keep, so it is asked whether it heard; PostgreSQL is refused."""
    with fresh_app.app_context():
        if db.engine.dialect.name == "sqlite":
            check_durable()
            with db.engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2, "FULL"
                assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            return
        is_durable = db.session.scalar(text("SHOW fsync")) == "on"
        db.session.remove()
        if is_durable:
            check_durable()
        with db.engine.begin() as connection:
            connection.execute(text(f"ALTER DATABASE {db.engine.url.database} SET synchronous_commit = off"))
        db.engine.dispose()
        with pytest.raises(SettingError, match="AVROP_DATABASE_URL: .*(fsync|synchronous_commit) = on"):
            check_durable()


@contextmanager
def running(command: str, folder: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`avrop start` or `serve` on a free port, once it answers; killed at the end if it is still there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {name: value for name, value in os.environ.items() if not name.startswith("AVROP_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", command],
        cwd=ROOT,
        env=own | {"AVROP_DATA_DIR": str(folder), "PORT": str(port), "HOST": "127.0.0.1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not answers(port):
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield process, port
    finally:
        process.kill()
        process.communicate()


def answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@pytest.fixture
def inhabited(tmp_path: Path) -> Iterator[Path]:
    """A data folder with a SQLite database that is not empty: no demo is made in it."""
    with new_app("sqlite", tmp_path) as app, app.app_context():
        make_organisation(name="Stannar kvar")
        commit()
    yield tmp_path
    with sqlite3.connect(tmp_path / "avrop.db") as connection:
        assert connection.execute("SELECT name FROM organisation").fetchall() == [("Stannar kvar",)]
    connection.close()


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_start_stops_whole_and_keeps_the_data(by: signal.Signals, inhabited: Path) -> None:
    for _ in range(2):
        with running("start", inhabited) as (process, port):
            family = psutil.Process(process.pid).children(recursive=True)
            assert family, "pages are served by a process of their own"
            process.send_signal(by)
            said, complained = process.communicate(timeout=30)
            assert (process.returncode, complained) == (0, "")
            assert f"http://127.0.0.1:{port}" in said and "/mailbox" in said and "Ctrl-C" in said
            _, alive = psutil.wait_procs(family, timeout=5)
            assert alive == [] and not answers(port)


def test_a_start_that_is_killed_leaves_no_process_behind(inhabited: Path) -> None:
    with running("start", inhabited) as (process, _port):
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        _, alive = psutil.wait_procs(family, timeout=20)
        assert alive == []


def test_an_order_is_exported_as_it_was_sent(fresh_app: TransactionalFlask, tmp_path: Path) -> None:
    with fresh_app.app_context():
        order = make_order()
        commit()
        number, files = order.number, {file.kind.value: file.content for file in order.documents}
        url = fresh_app.config["SQLALCHEMY_DATABASE_URI"]
        db.session.remove()
    for kind in ("pdf", "ubl"):
        out = tmp_path / f"out.{kind}"
        done = avrop(
            *("order", "export", number, "--format", kind, "--out", str(out)), folder=tmp_path, AVROP_DATABASE_URL=url
        )
        assert done.returncode == 0, done.stderr
        assert out.read_bytes() == files[kind]
    missing = avrop(
        *("order", "export", "NIX-1", "--format", "pdf", "--out", str(out)), folder=tmp_path, AVROP_DATABASE_URL=url
    )
    assert missing.returncode == 1 and missing.stderr == "avrop: there is no order NIX-1\n"


def test_bench_of_price_lists_tells_time_memory_and_what_was_seen(tmp_path: Path) -> None:
    found = {}
    for arguments in (("import", "--format", "xlsx"), ("publish",)):
        done = avrop("bench", *arguments, "--quick", "--rows", "300", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        figures = [json.loads(line) for line in done.stdout.splitlines()]
        found[arguments[0]] = {figure["variant"].partition(":")[0]: figure for figure in figures}
    assert found["import"]["300 rows, csv, sqlite"]["ratio"] > 1
    assert found["import"]["memory above the empty process, beside 10,000 rows"]["unit"] == "MB"
    assert any("xlsx" in variant for variant in found["import"])
    halves = next(figure for variant, figure in found["publish"].items() if variant.startswith("half lists"))
    assert halves["value"] == 0
    refused = avrop("bench", "road", "--rows", "300", folder=tmp_path)
    assert refused.returncode != 0 and "no choice of rows" in refused.stderr


@pytest.mark.parametrize("what", ["documents", "outbox"])
def test_bench_puts_each_figure_beside_its_floor(what: str, tmp_path: Path) -> None:
    done = avrop("bench", what, "--quick", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    figures = [json.loads(line) for line in done.stdout.splitlines()]
    assert figures
    for figure in figures:
        assert list(figure) == ["name", "variant", "value", "unit", "floor", "ratio", "queries"]
        assert figure["name"] == what and figure["value"] > 0 and figure["floor"] > 0


def test_bench_touches_no_data_that_is_there(tmp_path: Path) -> None:
    there = tmp_path / "mine.db"
    there.write_bytes(b"precious")
    done = avrop("bench", "outbox", "--quick", "--database", f"sqlite:///{there}", folder=tmp_path)
    assert done.returncode == 1 and "exists already" in done.stderr
    assert there.read_bytes() == b"precious"
