"""The web server: gunicorn inside this process, and what a database must promise before people rely on it."""

from __future__ import annotations

import errno
import gc
import socket
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker
from sqlalchemy import text

from core.config import SettingError
from core.db import TransactionalFlask, db, reading

OLDEST_POSTGRESQL = 150000
THREADS = 8


class Worker(ThreadWorker):  # type: ignore[misc, unused-ignore]
    """Gunicorn's own with threads, but Ctrl-C asks it to stop, as SIGTERM does, and ends nothing there and then: the
    signal may interrupt the making of a thread, whose locks it would wait for, or which would never be told to end."""

    def handle_quit(self, sig: int, frame: Any) -> None:
        self.handle_exit(sig, frame)


class Server(BaseApplication):  # type: ignore[misc, unused-ignore]
    """Gunicorn with our settings; `hooks` are functions of its own names, such as `when_ready`.

    `make_app` is called after the fork, so no connection or thread is shared between processes.
    """

    def __init__(
        self,
        make_app: Callable[[], TransactionalFlask],
        host: str,
        port: int,
        workers: int,
        **hooks: Callable[..., None],
    ) -> None:
        self.make_app = make_app
        self.options: dict[str, Any] = {
            "bind": [f"[{host}]:{port}" if ":" in host else f"{host}:{port}"],
            "workers": workers,
            "worker_class": Worker,
            "threads": THREADS,
            "timeout": 60,
            "graceful_timeout": 10,
            "loglevel": "warning",
            "proc_name": "avrop",
            "control_socket_disable": True,
            **hooks,
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        _freeze()
        super().run()

    def load(self) -> TransactionalFlask:
        app = self.make_app()
        _freeze()
        return app


def _freeze() -> None:
    """Leave what stands for good to itself: the garbage collector's notes on it would unshare it from the parent's."""
    gc.collect()
    gc.freeze()


def check_port(host: str, port: int) -> None:
    """Raises SettingError when nothing can listen there."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = error.strerror or str(error)
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise SettingError("HOST", f"{host} is no address of this machine ({reason})") from None
        raise SettingError("PORT", f"{host}:{port} cannot be used ({reason}); choose another with --port") from None


def check_durable() -> None:
    """What is committed must survive a power cut: SQLite is told so in core/db.py, PostgreSQL is asked here.

    Raises SettingError naming the server's setting that would lose acknowledged orders.
    """
    if db.engine.dialect.name != "postgresql":
        return
    with reading() as session:
        version = int(session.scalar(text("SHOW server_version_num")) or 0)
        if version < OLDEST_POSTGRESQL:
            raise SettingError("AVROP_DATABASE_URL", f"PostgreSQL 15 or newer; the server is {version // 10000}")
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            if session.scalar(text(f"SHOW {name}")) == "off":
                raise SettingError("AVROP_DATABASE_URL", f"a PostgreSQL server with {name} = on; it is off there")
