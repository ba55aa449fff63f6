"""A place to read the files of strangers in: a process of its own that can open nothing, and neither grow nor stay.

The parent checks the file's outside (exchange/container.py) and hands it over; the child has loaded its libraries, then
gives up the right to open any further descriptor (so neither a file nor a connection, whatever the library does), takes
limits on memory and time, and only then looks at the first byte. It knows no setting and no secret: its environment is
empty. What comes back is text, never an object.
"""

from __future__ import annotations

import importlib
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EFBIG
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO

from exchange.csvtext import TextFile, Unreadable

SECONDS = 20  # unless the caller has more patience
MAX_MEMORY = 512_000_000  # bytes above what the empty child takes
MAX_OUTPUT = 200_000_000
_ROOT = Path(__file__).resolve().parent.parent
_START = "import sys; sys.path.insert(0, sys.argv[1]); from exchange.sandbox import child; child(sys.argv[2])"


def convert(reader: str, data: bytes, request: dict[str, Any], *, memory: int) -> tuple[str, dict[str, Any]]:
    """Let the module `reader` turn a file into text; and what it has to tell of it.

    Raises Unreadable: with the reader's own code, too-slow, too-much-inside (no memory left) or broken.
    """
    with _converted(reader, data, request, memory) as (file, told):
        return file.read().decode(), told


@contextmanager
def converted(
    reader: str, data: bytes, request: dict[str, Any], *, memory: int, seconds: int | None = None
) -> Iterator[tuple[TextFile, dict[str, Any]]]:
    """The same for a text that is long: CSV, parted by semicolons, and never in memory as a whole."""
    with _converted(reader, data, request, memory, seconds) as (file, told):
        text = TextFile(file, max_bytes=None)
        try:
            yield text, told
        finally:
            text.release()


@contextmanager
def _converted(
    reader: str, data: bytes, request: dict[str, Any], memory: int, seconds: int | None = None
) -> Iterator[tuple[BinaryIO, dict[str, Any]]]:
    seconds = seconds or SECONDS
    told = {**request, "memory": min(memory + 2 * len(data), MAX_MEMORY), "seconds": seconds}
    with TemporaryFile() as given, TemporaryFile() as text, TemporaryFile() as said:
        given.write(json.dumps(told).encode() + b"\n")
        given.write(data)
        given.seek(0)
        try:
            done = subprocess.run(  # noqa: S603  our own module, in our own interpreter
                [sys.executable, "-I", "-c", _START, str(_ROOT), reader],
                stdin=given,
                stdout=text,
                stderr=said,
                env={},
                cwd="/",
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unreadable("too-slow") from None
        answer = _answer(said)
        if "refused" in answer:
            raise Unreadable(str(answer["refused"]))
        if done.returncode:
            raise Unreadable(_REASONS.get(done.returncode, "broken"))
        text.seek(0)
        yield text, answer


# by signal: time (SIGXCPU, SIGKILL of the limit above it), memory (Rust and C abort where Python raises)
_REASONS = {-24: "too-slow", -9: "too-slow", -6: "too-much-inside", -25: "too-much-inside", -11: "too-much-inside"}


def _answer(said: IO[bytes]) -> dict[str, Any]:
    said.seek(max(0, said.seek(0, 2) - 5_000_000))
    try:
        answer = json.loads(said.read().rpartition(b"\n")[2])
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def child(reader: str) -> None:
    """The other side: runs in the process of its own, and never in ours."""
    module = importlib.import_module(reader)
    for codec in ("cp437", "utf-8-sig", "iso8859-1", "cp1252"):
        "".encode(codec)  # loaded while files can still be opened
    request = json.loads(sys.stdin.buffer.readline())
    _give_up(request["memory"], request["seconds"])
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    try:
        answer = module.convert(sys.stdin.buffer.read(), request, sys.stdout)
        sys.stdout.flush()
    except Unreadable as error:
        answer = {"refused": error.code}
    except (MemoryError, OSError) as error:
        no_room = isinstance(error, MemoryError) or error.errno == EFBIG
        answer = {"refused": "too-much-inside" if no_room else "broken"}
    sys.stderr.write("\n" + json.dumps(answer))


def _give_up(memory: int, seconds: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    limits = (
        (resource.RLIMIT_AS, pages * resource.getpagesize() + memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, MAX_OUTPUT),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 3),  # stdin, stdout, stderr; a socket would be the fourth
    )
    for which, most in limits:
        resource.setrlimit(which, (most, most))
