"""`avrop serve`: the pages, in production."""

from __future__ import annotations

import click

from app.commands import check_migrated
from app.factory import create_app
from app.server import Server, check_durable, check_port
from core.config import SettingError, Settings
from core.db import db


@click.command()
@click.option("--host", envvar="HOST", show_envvar=True, default="127.0.0.1", show_default=True)
@click.option("--port", envvar="PORT", show_envvar=True, default=8000, type=click.IntRange(1, 65535), show_default=True)
@click.option("--workers", default=2, type=click.IntRange(1, 64), show_default=True, help="Processes.")
def serve(host: str, port: int, workers: int) -> None:
    """Serve the pages, for production.

    Mail is sent by `avrop worker`, which runs beside it.
    """
    app = create_app()
    _check_mail(app.config["AVROP"])
    with app.app_context():
        check_migrated()
        check_durable()
        db.engine.dispose()
    check_port(host, port)
    Server(create_app, host, port, workers, when_ready=lambda _: click.echo(f"Listening on {host}:{port}.")).run()


def _check_mail(settings: Settings) -> None:
    """The mailbox page shows all mail to all who log in, links to choose a password too: for trying out only."""
    if settings.smtp is None and settings.is_secure:
        raise SettingError("AVROP_SMTP_URL", "a mail server, as AVROP_BASE_URL is https; without one all read all mail")
