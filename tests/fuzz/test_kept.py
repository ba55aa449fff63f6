"""Every harness over its seeds and over all that ever broke a promise. Needs no fuzzer; README.md tells of the runs."""

from __future__ import annotations

import time

import pytest

from exchange.csvtext import Unreadable
from exchange.sandbox import convert
from tests.fuzz.harness import HERE, MEMORY, Check, Harness, sandbox_in_this_process
from tests.fuzz.parsers import HARNESSES


@pytest.mark.parametrize("name", HARNESSES)
def test_nothing_that_was_kept_breaks_a_promise(name: str) -> None:
    for which, data in HARNESSES[name].kept().items():
        try:
            HARNESSES[name].run(data)
        except Exception as error:
            raise AssertionError(f"{name}: {which}") from error


@pytest.mark.parametrize("name", HARNESSES)
def test_harness_has_seeds_words_and_takes_nothing(name: str) -> None:
    assert list((HERE / "seeds" / name).iterdir())
    assert all(HARNESSES[name].words)
    HARNESSES[name].run(b"")


def test_nothing_is_kept_for_a_harness_that_is_gone() -> None:
    kept = {
        path.name.partition(".")[0]
        for kind in ("seeds", "crashers", "words", "corpus")
        for path in (HERE / kind).iterdir()
    }
    assert kept == set(HARNESSES)


def too_long(_: bytes) -> None:
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass


def wrong(data: bytes) -> None:
    assert not data


@pytest.mark.parametrize("check", [too_long, wrong])
def test_broken_promise_is_noticed(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.harness.SECONDS", 0.05)
    with pytest.raises(AssertionError):
        Harness("", check, (), 0, MEMORY).run(b"x")


def test_memory_above_all_that_was_ever_held_is_noticed() -> None:
    held: list[bytes] = []
    greedy = Harness("", lambda data: held.append(data * 20_000_000), (), 0, 1_000_000)
    with pytest.raises(AssertionError, match="MB"):
        for _ in range(200):  # what the tests before it held, and gave back, may be had for nothing
            greedy.run(b"x")


def test_sandbox_in_this_process_says_what_the_child_would() -> None:
    with sandbox_in_this_process():
        text, _ = convert("tests.exchange.probe", b"", {"what": "environment"}, memory=MEMORY)
        assert "PATH" in text
        with pytest.raises(ZeroDivisionError):
            convert("tests.exchange.probe", b"", {"what": "raise"}, memory=MEMORY)
    with pytest.raises(Unreadable, match="broken"):
        convert("tests.exchange.probe", b"", {"what": "raise"}, memory=MEMORY)
