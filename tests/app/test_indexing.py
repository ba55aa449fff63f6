"""The index is kept up beside the mail, by a process of its own where there is much to read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from app import indexing
from app.indexing import keep_index
from catalog.search import articles_waiting, index_state, update_index
from core.db import TransactionalFlask, db, reading, unit_of_work
from tests.factories.auth import make_organisation
from tests.factories.catalog import make_agreement, make_award, make_lot, make_price_list


def publish(count: int) -> None:
    with unit_of_work():
        award = make_award(make_lot(make_agreement(make_organisation())))
        make_price_list(award, [{}] * count)
    db.session.remove()


def lags() -> bool:
    with reading():
        state = index_state()
    db.session.remove()
    return not state.is_ready or state.lists_behind > 0


@contextmanager
def kept(app: TransactionalFlask) -> Iterator[None]:
    stop = Event()
    thread = Thread(target=keep_index, args=(app, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def wait_until_up(seconds: int = 30) -> None:
    end = time.monotonic() + seconds
    while lags():
        assert time.monotonic() < end, "the index was never brought up"
        time.sleep(0.05)


def test_says_how_much_there_is_to_read(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        publish(10)
        with reading():
            assert articles_waiting() == 10
            update_index()
            assert articles_waiting() is None
        publish(1)
        with reading():
            assert articles_waiting() == 1
        publish(5)
        with reading():
            assert articles_waiting() == 16  # so many are new that all is made anew


@pytest.mark.parametrize("few", [indexing.FEW, -1])
def test_brings_the_index_up_here_or_in_a_process(
    fresh_app: TransactionalFlask, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "FEW", few)
    monkeypatch.setattr(indexing, "PAUSE", 0.1)
    with fresh_app.app_context():
        publish(3)
        with kept(fresh_app):
            wait_until_up()
            publish(2)
            wait_until_up()


def test_process_that_fails_is_told_and_tried_again(
    fresh_app: TransactionalFlask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(indexing, "FEW", -1)
    monkeypatch.setattr(indexing, "TROUBLE_PAUSE", 0.1)
    with fresh_app.app_context():
        publish(3)
        with monkeypatch.context() as broken:
            broken.setattr(indexing, "__name__", "app.no_such_module")
            with kept(fresh_app):
                end = time.monotonic() + 20
                while "ended with 1" not in caplog.text:
                    assert time.monotonic() < end
                    time.sleep(0.05)
        with kept(fresh_app):
            wait_until_up()


def test_stopping_ends_the_process_too(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        publish(3)
        stop = Event()
        stop.set()
        assert indexing._follow_apart(fresh_app.config["AVROP"], stop)
        assert lags()
        assert indexing._follow_apart(fresh_app.config["AVROP"], Event())
        assert not lags()
