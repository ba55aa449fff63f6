"""The command line as people meet it: a process of its own, its two outputs and its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import COMMANDS
from tests.house.source import ROOT


def avrop(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `avrop` with nothing of our own environment but the way to its programs."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AVROP_")}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT,
        env=own | {"AVROP_DATA_DIR": str(folder)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_names_every_command(tmp_path: Path) -> None:
    done = avrop("--help", folder=tmp_path)
    assert done.returncode == 0
    for name, text in COMMANDS.items():
        assert name in done.stdout and text.split()[0] in done.stdout


def test_help_imports_neither_web_nor_database() -> None:
    code = "import sys, app.cli; sys.exit(any(m in sys.modules for m in ('flask', 'sqlalchemy', 'lxml', 'reportlab')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["serve", "--port", "0"], "'--port' (env var: 'PORT')"),
        (["order", "export"], "NUMBER"),
        (["order", "export", "X-1", "--format", "doc", "--out", "x"], "'--format'"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = avrop(*arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"AVROP_DATABASE_URL": "mysql://x/y"}, "AVROP_DATABASE_URL: sqlite:///PATH or postgresql://"),
        ({"AVROP_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}, "the database does not answer"),
        ({"AVROP_DATABASE_URL": "sqlite:////nowhere/at/all.db"}, "the database does not answer"),
        ({"AVROP_SECRET_KEY": "short"}, "AVROP_SECRET_KEY: at least 32 characters"),
        ({"AVROP_BASE_URL": "avrop.example.se"}, "AVROP_BASE_URL: the address people use"),
        ({"AVROP_BASE_URL": "http://avrop.example.se:x"}, "AVROP_BASE_URL: the address people use"),
        ({"AVROP_DATA_DIR": "/dev/null/data"}, "AVROP_DATA_DIR: a folder that can be written to"),
        ({"AVROP_SMTP_URL": "mail.example.se:25"}, "AVROP_SMTP_URL: smtp://"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_its_name(environment: dict[str, str], said: str, tmp_path: Path) -> None:
    done = avrop("db", "check", folder=tmp_path, **environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr and len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_debug_shows_where_it_went_wrong(tmp_path: Path) -> None:
    done = avrop("db", "check", folder=tmp_path, AVROP_DATABASE_URL="mysql://x/y", AVROP_DEBUG="1")
    assert done.returncode == 1 and "Traceback" in done.stderr


def test_database_is_prepared_and_then_fits(tmp_path: Path) -> None:
    before = avrop("db", "check", folder=tmp_path)
    assert before.returncode == 1 and "avrop db upgrade" in before.stderr
    assert avrop("db", "upgrade", folder=tmp_path).returncode == 0
    assert avrop("db", "upgrade", folder=tmp_path).returncode == 0, "a second time changes nothing"
    assert avrop("db", "check", folder=tmp_path).returncode == 0


def test_serving_refuses_tables_that_do_not_fit(tmp_path: Path) -> None:
    done = avrop("serve", folder=tmp_path)
    assert done.returncode == 1 and "avrop db upgrade" in done.stderr


def test_serving_over_https_refuses_to_show_all_mail_to_everybody(tmp_path: Path) -> None:
    done = avrop("serve", folder=tmp_path, AVROP_BASE_URL="https://avrop.example.se")
    assert done.returncode == 1 and done.stderr.startswith("avrop: AVROP_SMTP_URL: a mail server")
