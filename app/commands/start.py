"""`avrop start`: everything on one machine, for a first look and for a small office."""

from __future__ import annotations

import os
import sys
from threading import Event, Thread
from typing import Any

import click

from app.commands import demo
from app.demo import LOGINS
from app.factory import create_app
from app.migrate import is_current, upgrade
from app.server import Server, check_durable, check_port
from app.worker import run_worker
from core.db import TransactionalFlask, db

PATIENCE = 6  # seconds for the message in hand when all stops: gunicorn kills after ten, two of them for browsers


@click.command()
@click.option("--host", envvar="HOST", show_envvar=True, default="127.0.0.1", show_default=True)
@click.option("--port", envvar="PORT", show_envvar=True, default=8000, type=click.IntRange(1, 65535), show_default=True)
def start(host: str, port: int) -> None:
    """Start everything on this machine, with demo data.

    Makes the tables, fills an empty database with demo data, serves the pages and sends the mail. What is stored
    stays for the next start. Ctrl-C stops all of it.
    """
    check_port(host, port)
    os.environ.update(HOST=host, PORT=str(port))  # AVROP_BASE_URL follows them unless it is set
    app = create_app()
    with app.app_context():
        if not is_current():
            upgrade()
        check_durable()
        if demo.is_empty():
            demo.fill()
            _begin_anew()
        has_demo = demo.is_there()
        db.session.remove()
        db.engine.dispose()

    def make_app() -> TransactionalFlask:
        served = create_app()
        served.config["DEMO_LOGINS"] = LOGINS if has_demo else ()
        return served

    def tell(_server: Any) -> None:
        settings = app.config["AVROP"]
        click.echo(f"\nAvrop answers on {settings.base_url} (Ctrl-C stops it)\n")
        if has_demo:
            demo.show_logins()
        if settings.smtp is None:
            click.echo(f"\nNo mail leaves this machine: it lands on {settings.base_url}/mailbox\n")

    postman = Postman()
    Server(
        make_app, host, port, workers=1, when_ready=tell, post_worker_init=postman.begin, worker_exit=postman.end
    ).run()


def _begin_anew() -> None:
    """The same process and command from its beginning: what filling took of memory would stay with the pages."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own command line


class Postman:
    """The mail worker as a thread of the one web process, so that it can never outlive the pages."""

    def __init__(self) -> None:
        self.stop = Event()
        self.thread: Thread | None = None

    def begin(self, worker: Any) -> None:
        """Gunicorn's hook: the process is ready to serve."""
        self.thread = Thread(target=run_worker, args=(worker.wsgi, self.stop), name="mail", daemon=True)
        self.thread.start()

    def end(self, _server: Any, _worker: Any) -> None:
        """Gunicorn's hook: the process is about to end."""
        self.stop.set()
        if self.thread is not None:
            self.thread.join(PATIENCE)
