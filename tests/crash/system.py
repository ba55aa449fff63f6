"""The whole system in processes of its own: pages, workers and mail server; and what kills them."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from threading import Event

import psutil
from sqlalchemy import create_engine, text

ROOT = Path(__file__).parents[2]
WORKERS = 2


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class System:
    """Everything runs between `start()` and `stop()`; what dies is started again."""

    def __init__(self, env: dict[str, str], folder: Path, port: int, smtp_port: int, seed: int) -> None:
        self.port = port
        self.random = random.Random(seed)
        self.kills: dict[str, int] = {}
        self.log, self.calm = folder / "mail.log", folder / "calm"
        self._env = os.environ | env
        self._output = folder / "output.txt"
        self._database_url = env["AVROP_DATABASE_URL"]
        cli = [sys.executable, "-m", "app.cli"]
        self._commands = {
            # not `avrop serve`: that one refuses, rightly, a PostgreSQL that was made quick for tests
            "web": [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}"]
            + ["--workers", "2", "--worker-class", "gthread", "--threads", "4", "--no-control-socket"],
            "mail server": [sys.executable, str(ROOT / "tests/crash/peer.py")]
            + [str(smtp_port), str(self.log), str(self.calm), str(seed)],
            **{f"worker {n}": [*cli, "worker"] for n in range(WORKERS)},
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        for name in self._commands:
            self._start(name)
        end = time.monotonic() + 30
        while not self._answers():
            assert time.monotonic() < end, "the pages never came up"
            time.sleep(0.1)

    def stop(self, *spared: str) -> None:
        """Kill everything that still runs, but for those that are spared."""
        for name in self._running.keys() - set(spared):
            self._kill(name)

    def kill_at_random(self, done: Event, *, seconds: float, pauses: tuple[float, float]) -> None:
        """Kill this and that until `done`, for some seconds at most; what died of itself is started again."""
        end = time.monotonic() + seconds
        acts = {self.kill_web_worker: 40, self.kill_web: 8, self.kill_worker: 25, self.kill_mail_server: 6}
        if self._database_url.startswith("postgresql"):
            acts[self.kill_connection] = 6
        while not done.wait(self.random.uniform(*pauses)):
            for name in [name for name, process in self._running.items() if process.poll() is not None]:
                self._restart(name)
            if time.monotonic() > end:
                continue
            act = self.random.choices(list(acts), list(acts.values()))[0]
            self.kills[act.__name__] = self.kills.get(act.__name__, 0) + 1
            act()

    def kill_web_worker(self) -> None:
        """Gunicorn starts another by itself."""
        with suppress(psutil.NoSuchProcess):
            if children := psutil.Process(self._running["web"].pid).children():
                self.random.choice(children).kill()

    def kill_web(self) -> None:
        self._restart("web")

    def kill_worker(self) -> None:
        self._restart(f"worker {self.random.randrange(WORKERS)}")

    def kill_mail_server(self) -> None:
        self._restart("mail server")

    def kill_connection(self) -> None:
        """Some connection to the database breaks."""
        engine = create_engine(self._database_url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            others = connection.scalars(
                text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
            ).all()
            if others:
                connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": self.random.choice(others)})
        engine.dispose()

    def _restart(self, name: str) -> None:
        self._kill(name)
        self._start(name)

    def _start(self, name: str) -> None:
        with self._output.open("ab") as output:
            self._running[name] = subprocess.Popen(
                self._commands[name], env=self._env, cwd=ROOT, stdout=output, stderr=output, start_new_session=True
            )

    def _kill(self, name: str) -> None:
        process = self._running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def _answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health/live")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()
