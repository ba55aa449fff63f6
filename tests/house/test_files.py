"""What is committed: nothing of one machine, no address of a registry, texts in both languages."""

from __future__ import annotations

import re
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from tests.house.source import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
# Where one machine keeps its things; put together here so that this file does not name them itself.
OF_A_MACHINE = re.compile(rb"/(?:root|work|home/[a-z]+|opt|Users)/[A-Za-z.]")
MAY_NAME_A_FOLDER = {"docs/operations.md"}  # it shows where a service may be installed
ENGLISH = ROOT / "translations" / "en" / "LC_MESSAGES" / "messages.po"


def committed() -> list[Path]:
    """The files of the checkout that git knows or would take; all of them where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("NO GIT: the committed files cannot be listed")
    paths = [ROOT / name.decode() for name in listed.stdout.split(b"\0") if name]
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_by_hash_and_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text and "--index" not in text and "--find-links" not in text
    for requirement in re.split(r"(?<!\\)\n", text):
        if requirement.strip() and not requirement.startswith("#"):
            assert re.match(r"[a-z0-9._-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", requirement, re.S), requirement[:80]


def test_tools_are_locked_on_the_same_versions() -> None:
    run, tools = (set(re.findall(r"^([a-z0-9._-]+==\S+)", (ROOT / lock).read_text(), re.M)) for lock in LOCKS)
    assert run <= tools


def test_nothing_of_one_machine_is_committed() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group().decode()}"
        for path in committed()
        if str(path.relative_to(ROOT)) not in MAY_NAME_A_FOLDER and (match := OF_A_MACHINE.search(path.read_bytes()))
    ]
    assert found == []


def test_both_front_doors_can_be_run() -> None:
    for name in ("avrop", ".ci/run"):
        assert (ROOT / name).stat().st_mode & 0o111, name


def test_front_door_needs_no_bash() -> None:
    text = (ROOT / "avrop").read_text("utf-8")
    assert text.startswith("#!/bin/sh\n")
    assert subprocess.run(["sh", "-n", ROOT / "avrop"], check=False).returncode == 0
    assert not re.search(r"\[\[|\blocal \b|\bfunction \b|<<<|\$'", text)


@pytest.fixture(scope="module")
def english() -> Catalog:
    with ENGLISH.open("rb") as file:
        return read_po(file)


def test_every_text_is_translated(english: Catalog, tmp_path: Path) -> None:
    """The texts in the code and the templates are exactly those of the catalogue, and each has its English."""
    extracted = tmp_path / "messages.pot"
    keywords = ("_l", "lazy_gettext", "lazy_pgettext:1c,2", "N_")
    command = ["pybabel", "-q", "extract", "-F", "babel.cfg", *(f"--keyword={word}" for word in keywords), "-o"]
    CommandLineInterface().run([*command, str(extracted), str(ROOT)])
    with extracted.open("rb") as file:
        in_the_code = {message.id for message in read_po(file) if message.id}
    said = [message for message in english if message.id]
    assert in_the_code - {message.id for message in said} == set(), "not in translations/: docs/development.md"
    assert {message.id for message in said} - in_the_code == set(), "no longer in the code"
    assert [message.id for message in said if not all(message.string) or message.fuzzy] == []
    assert [str(error) for message in said for error in message.check(english)] == []


def test_the_compiled_catalogue_is_that_of_the_texts(english: Catalog) -> None:
    compiled = BytesIO()
    write_mo(compiled, english)
    assert ENGLISH.with_suffix(".mo").read_bytes() == compiled.getvalue()
