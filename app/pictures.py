"""The pictures of articles, fetched beside the mail: a slow host of a supplier must not keep an order waiting."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from threading import Event

from flask import Flask, current_app

from catalog.actions.picture import Fetch, fetch_due, note_pictures
from core.config import Settings
from core.db import rollback
from exchange.picture import fetch

log = logging.getLogger(__name__)

BUSY_PAUSE, IDLE_PAUSE = 1.0, 60.0  # seconds between two looks


def keep_pictures(app: Flask, stop: Event) -> None:
    """Fetch what price lists name until `stop` is set: the work of a thread. A picture in hand is given up
    after ten seconds."""
    while not stop.is_set():
        pause = IDLE_PAUSE
        with app.app_context():
            try:
                pause = BUSY_PAUSE if follow_pictures(stop.is_set) else IDLE_PAUSE
            except Exception:
                rollback()
                log.exception("the pictures cannot be fetched")
        stop.wait(pause)


def follow_pictures(stopped: Callable[[], bool] = lambda: False, fetching: Fetch | None = None) -> int:
    """Note which pictures are wanted and fetch some; returns how much there was to do. A job of the worker.

    No connection is made while AVROP_PICTURE_HOSTS is empty.
    """
    settings: Settings = current_app.config["AVROP"]
    noted = note_pictures(settings.picture_hosts)
    if not settings.picture_hosts:
        return noted
    return noted + fetch_due(fetching or partial(fetch, hosts=settings.picture_hosts), stopped)
