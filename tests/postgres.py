"""A PostgreSQL server of the test run's own, where the machine has one installed and nobody has named another.

One for the whole run, also with several test processes: the first process starts it and tells the others by
AVROP_TEST_DATABASE_URL. A small shell stands between: it waits for the end of its input, which comes however this
process ends, and then stops the server and removes its folder. The server is as durable as one in production (it
costs a tenth of a second per database), because `avrop serve` refuses any other.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

OLDEST = 15
VARIABLE = "AVROP_TEST_DATABASE_URL"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "300",  # the concurrency tests open many
    "shared_buffers": "64MB",
}
GUARD = '"$@" & server=$!; read -r _; kill -INT $server; wait $server; rm -rf "$FOLDER"'


def find_programs() -> Path | None:
    """The folder of the newest PostgreSQL of Debian's packages that is new enough."""
    found = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb") if int(p.parts[-3]) >= OLDEST]
    return max(found, key=lambda folder: int(folder.parts[-2]), default=None)


class PrivateServer:
    """A running server; `url` reaches it as its superuser."""

    def __init__(self, programs: Path) -> None:
        is_root = os.geteuid() == 0  # PostgreSQL refuses to run as root
        self._as_user = ["runuser", "-u", "postgres", "--"] if is_root else []
        self.folder = Path(tempfile.mkdtemp(prefix="avrop-postgresql-", dir="/tmp" if is_root else None))
        if is_root:
            shutil.chown(self.folder, "postgres")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        data = self.folder / "data"
        self._run([programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"])
        settings = SETTINGS | {"port": str(port), "unix_socket_directories": str(self.folder)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("w") as log:
            self._guard = subprocess.Popen(
                [*self._as_user, "sh", "-c", GUARD, "sh", programs / "postgres", "-D", data, *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=self.folder,
                env=os.environ | {"FOLDER": str(self.folder)},
                start_new_session=True,  # Ctrl-C is for the tests; the server goes after them
            )
        self._wait()

    def _run(self, command: list[str | Path]) -> None:
        subprocess.run([*self._as_user, *command], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._guard.poll() is not None:
                    log = (self.folder / "log").read_text()
                    self.stop()
                    raise RuntimeError(f"the private PostgreSQL server did not start:\n{log}") from None
                time.sleep(0.05)

    def stop(self) -> None:
        """End the server and remove its folder."""
        self._guard.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)
