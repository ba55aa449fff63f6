"""Files made to harm: each refused within two seconds of work, with little memory, without opening anything."""

from __future__ import annotations

import json
import os
import sys
import threading
import time

import psutil
import pytest

from exchange import registers, sandbox
from exchange.csvtext import Unreadable
from exchange.pricefile import read_price_file
from tests.factories import hostile

SECONDS, MEMORY = 2, 100_000_000
connections: list[str] = []
sys.addaudithook(
    lambda event, args: connections.append(event) if event in ("socket.connect", "urllib.Request") else None
)


class Watch:
    """The most that this process and its children held at once, above what it held before."""

    def __enter__(self) -> Watch:
        self.most, self.stop, self.process = 0, threading.Event(), psutil.Process()
        self.before = self.held()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop.set()
        self.thread.join()

    def held(self) -> int:
        held: int = self.process.memory_info().rss
        for child in self.process.children():
            try:
                if "exchange.sandbox" in " ".join(child.cmdline()):  # before it starts its program it is a copy of us
                    held += child.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return held

    def look(self) -> None:
        while not self.stop.wait(0.005):
            self.most = max(self.most, self.held() - self.before)


def worked() -> float:
    """Seconds of processor time of this thread and of the children that have ended: no neighbour makes it longer."""
    spent = os.times()
    return time.thread_time() + spent.children_user + spent.children_system


def test_there_are_enough_of_them() -> None:
    assert len(hostile.FILES) >= 40


@pytest.mark.parametrize("name", hostile.FILES)
def test_hostile_file_is_refused_quickly_in_little_memory(name: str) -> None:
    file_name, make = hostile.FILES[name]
    data = make()
    connections.clear()
    with Watch() as watch:
        before = worked()
        found = read_price_file(data, file_name)
        took = worked() - before
    assert not found.is_clean, found
    assert all(problem.text and problem.value.isprintable() for problem in found.problems)
    assert took < SECONDS
    assert watch.most < MEMORY
    assert connections == []


@pytest.mark.parametrize("name", hostile.FILES)
def test_hostile_file_is_no_register_either(name: str) -> None:
    file_name, make = hostile.FILES[name]
    found = registers.read(registers.SUPPLIERS, make(), file_name)
    assert not found.is_clean, found
    assert all(problem.text and problem.value.isprintable() for problem in found.problems)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("zip_bomb_in_a_sheet", "too-much-inside"),
        ("ten_thousand_members", "too-many-members"),
        ("directory_that_hides_its_count", "too-many-members"),
        ("archive_that_calls_itself_a_picture", "nested"),
        ("macros_under_another_name", "macros"),
        ("member_that_lies_about_its_size", "broken"),
        ("two_members_of_one_name", "broken"),
        ("laughs_in_the_shared_strings", "dtd"),
        ("billion_laughs", "dtd"),
        ("doctype_hidden_in_utf_16", "encoding"),
        ("formula_in_a_price", "formula"),
        ("price_that_is_no_number", "not-a-number"),
        ("two_hundred_thousand_rows", "too-many-rows"),
        ("cells_in_opposite_corners", "too-much-inside"),
        ("program_for_windows", "not-a-list"),
        ("workbook_under_the_name_of_a_text", "other-kind"),
        ("workbook_locked_with_a_password", "locked"),
        ("thirty_prices_for_one_article", "number-twice"),
        ("catalogue_with_thirty_prices_for_an_article", "several-prices"),
    ],
)
def test_the_reason_is_the_right_one(name: str, code: str) -> None:
    file_name, make = hostile.FILES[name]
    assert code in {problem.code for problem in read_price_file(make(), file_name).problems}


def test_the_material_is_sound_where_nothing_is_wrong_with_it() -> None:
    """Else every file above would be refused for a reason that is not its own."""
    assert read_price_file(hostile.workbook(), "a.xlsx").is_clean
    assert read_price_file(hostile.repacked(hostile.workbook()), "a.xlsx").is_clean
    sheet = hostile.sheet_xml(hostile.HEAD_ROW + hostile.inline(2, "A1", "Pärm", "st", "1", "25"))
    assert read_price_file(hostile.with_sheet(sheet), "a.xlsx").is_clean
    rows = hostile.ods_row(*hostile.HEADER) + hostile.ods_row("A1", "Pärm", "st", "1", "25")
    assert read_price_file(hostile.open_document(rows), "a.ods").is_clean
    assert read_price_file(hostile.catalogue(hostile.catalogue_line()), "a.xml").is_clean


PROBE = "tests.exchange.probe"


@pytest.mark.parametrize("what", ["open", "connect", "run"])
def test_sandbox_can_open_nothing(what: str) -> None:
    text, told = sandbox.convert(PROBE, b"", {"what": what}, memory=100_000_000)
    assert "EMFILE" in told["error"], told
    assert text == ""


def test_sandbox_knows_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVROP_SECRET_KEY", "hemligt")
    text, _ = sandbox.convert(PROBE, b"", {"what": "environment"}, memory=100_000_000)
    assert "AVROP" not in json.loads(text)


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("grow", "too-much-inside"),
        ("talk", "too-much-inside"),
        ("loop", "too-slow"),
        ("sleep", "too-slow"),
        ("raise", "broken"),
    ],
)
def test_sandbox_ends_what_does_not_end(what: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if code == "too-slow":
        monkeypatch.setattr(sandbox, "SECONDS", 1)
    with pytest.raises(Unreadable) as error:
        sandbox.convert(PROBE, b"", {"what": what}, memory=50_000_000)
    assert error.value.code == code
