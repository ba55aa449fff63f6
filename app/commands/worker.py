"""`avrop worker`: the mail that waits."""

from __future__ import annotations

import logging
import signal
from threading import Event
from types import FrameType

import click

from app.commands import check_migrated
from app.factory import create_app
from app.worker import run_once, run_worker


@click.command()
@click.option("--once", is_flag=True, help="Send what is due now, then end; exit code 1 when the mail server is down.")
def worker(once: bool) -> None:
    """Send the mail that waits, until stopped.

    SIGTERM and Ctrl-C let it finish the message in hand. Several may run at once, each message is sent by one.
    """
    app = create_app()
    with app.app_context():
        check_migrated()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stop = Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    if not once:
        run_worker(app, stop)
    elif not run_once(app, stop):
        raise click.ClickException("the mail server did not take everything; the rest stays queued")
