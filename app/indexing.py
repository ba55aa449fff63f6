"""The search index, kept up beside the mail: a large list is read by a process of its own, at low priority.

Neither the mail nor the pages wait for it. It may be killed at any time: what it has written counts from the moment
when the manifest is swapped, and what lags is found again at the next look.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from threading import Event

from flask import Flask

from app.factory import create_app
from catalog.search import articles_waiting, follow_index, update_index
from core.config import Settings
from core.db import reading

log = logging.getLogger(__name__)

PAUSE, TROUBLE_PAUSE = 1.0, 30.0  # seconds between two looks
FEW = 2_000  # articles that are read at once: a process takes longer to start
PRIORITY = 5  # as `nice` has it
_ROOT = Path(__file__).resolve().parent.parent


def keep_index(app: Flask, stop: Event) -> None:
    """Bring the index of this node up with the database until `stop` is set: the work of a thread."""
    while not stop.is_set():
        pause = PAUSE
        with app.app_context():
            try:
                with reading():
                    waiting = articles_waiting()
                if waiting is not None and waiting <= FEW:
                    follow_index()
                elif waiting is not None and not _follow_apart(app.config["AVROP"], stop):
                    pause = TROUBLE_PAUSE
            except Exception:
                log.exception("the search index cannot be brought up")
                pause = TROUBLE_PAUSE
        stop.wait(pause)


def _follow_apart(settings: Settings, stop: Event) -> bool:
    """Whether the process did it; when everything stops it is stopped too."""
    own = {
        "AVROP_DATABASE_URL": settings.database_url,
        "AVROP_DATA_DIR": str(settings.data_dir),
        "AVROP_SECRET_KEY": settings.secret_key,
    }
    command = [sys.executable, "-m", __name__]
    with subprocess.Popen(command, cwd=_ROOT, env=os.environ | own) as process:  # noqa: S603  our own module
        while process.poll() is None:
            if stop.wait(0.2):
                process.terminate()
                return True
    if process.returncode:
        log.error("the process that brings the search index up ended with %s", process.returncode)
    return process.returncode == 0


def main() -> None:
    """The process: brings the index up once."""
    os.nice(PRIORITY)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with create_app().app_context(), reading():
        update_index(wait=False)


if __name__ == "__main__":
    main()
