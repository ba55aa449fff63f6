"""A harness: a plain function from bytes to nothing that raises when a parser breaks a promise, and what feeds it.

The promises are the same for all: nothing is raised but the parser's own refusal, no input takes more than its share
of time and memory, and what is accepted is written and read again as the same.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import tarfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from time import process_time
from typing import IO, Any, BinaryIO, NamedTuple
from unittest.mock import patch
from zipfile import ZipFile

from exchange import sandbox
from exchange.csvtext import Unreadable

HERE = Path(__file__).resolve().parent
SECONDS = 2  # of CPU, for one input; instrumented code takes some times as long as our own
MEMORY = 100_000_000  # bytes more than the process has ever held

Check = Callable[[bytes], None]


class Harness(NamedTuple):
    """`headings`: words that the parser looks for, beside those in words/NAME.txt; `longest`: bytes of an input."""

    name: str
    check: Check
    headings: tuple[str, ...]
    longest: int
    memory: int

    def run(self, data: bytes) -> None:
        """Check one input, and what it takes to read it."""
        start, held = process_time(), _most_held()
        with sandbox_in_this_process():
            self.check(data)
        took, grown = process_time() - start, _most_held() - held
        assert took <= SECONDS, f"{took:.1f} s for {len(data)} bytes"
        assert grown <= self.memory, f"{grown / 1e6:.0f} MB for {len(data)} bytes"

    @property
    def words(self) -> list[bytes]:
        """What the parser looks for and no chance would find. The file has one a line, with escapes as in Python."""
        lines = (HERE / "words" / f"{self.name}.txt").read_text("utf-8").split("\n")
        written = [line.encode().decode("unicode_escape").encode("latin-1") for line in lines if line]
        return written + [heading.encode() for heading in self.headings]

    def kept(self) -> dict[str, bytes]:
        """What every run begins with: the seeds, all that ever broke a promise, and the corpus that earlier runs left
        behind, one input for each piece of code that they reached."""
        files = (path for kind in ("seeds", "crashers") for path in sorted((HERE / kind / self.name).glob("*")))
        named = {f"{path.parent.parent.name}/{path.name}": path.read_bytes() for path in files}
        if not self.corpus.exists():
            return named
        with tarfile.open(self.corpus) as corpus:
            inputs = ((member.name, corpus.extractfile(member)) for member in corpus)
            return named | {f"corpus/{name}": file.read() for name, file in inputs if file is not None}

    @property
    def corpus(self) -> Path:
        """The file of it, written by `python -m tests.fuzz NAME --keep`."""
        return HERE / "corpus" / f"{self.name}.tar.xz"


HARNESSES: dict[str, Harness] = {}


def harness(*, headings: Iterable[str] = (), longest: int = 4_000, memory: int = MEMORY) -> Callable[[Check], Check]:
    """Keep a check under its function's name."""

    def keep(check: Check) -> Check:
        HARNESSES[check.__name__] = Harness(check.__name__, check, tuple(headings), longest, memory)
        return check

    return keep


def _most_held() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextmanager
def sandbox_in_this_process() -> Iterator[None]:
    """Read in this process what a child would read, so that its coverage is seen and nothing that it raises is lost."""
    with patch.object(sandbox, "subprocess", _Here):
        yield


class _Here:
    """As much of `subprocess` as the sandbox uses."""

    TimeoutExpired = subprocess.TimeoutExpired

    @staticmethod
    def run(
        command: list[str], *, stdin: IO[bytes], stdout: BinaryIO, stderr: IO[bytes], **_: Any
    ) -> subprocess.CompletedProcess[bytes]:
        request, data = json.loads(stdin.readline()), stdin.read()
        convert = import_module(command[-1]).convert
        is_risky = command[-1] == SPREADSHEETS and _may_be_wide(data)
        if is_risky and not _survives(lambda: convert(data, request, StringIO()), request["memory"]):
            return subprocess.CompletedProcess(command, -signal.SIGABRT)
        out = TextIOWrapper(stdout, encoding="utf-8", newline="")
        code = 0
        try:
            answer = convert(data, request, out)
            out.flush()
        except Unreadable as error:
            answer = {"refused": error.code}
        except (MemoryError, OSError):
            answer = {"refused": "too-much-inside"}
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # of Rust: the child ends, and the file is called broken
                raise
            answer, code = {}, 1
        finally:
            out.detach()
        stderr.write(b"\n" + json.dumps(answer).encode())
        return subprocess.CompletedProcess(command, code)


TABLES = ("content.xml", "xl/worksheets/sheet1.xml")
SPREADSHEETS = "exchange.spreadsheet"  # its library makes a table of all cells up to the farthest one


_FAR = re.compile(rb"[\"'][A-Za-z]{2,}[0-9]|[0-9]{5}|-repeated\s*=\s*[\"'][0-9]{3}")


def _may_be_wide(data: bytes) -> bool:
    """Whether a workbook may have cells far apart: any old one, and one that names such a cell."""
    if not data.startswith(b"PK"):
        return True
    try:
        with ZipFile(BytesIO(data)) as archive:
            return any(_FAR.search(archive.read(name)) for name in archive.namelist() if name in TABLES)
    except Exception:  # the parser must say so, not we
        return True


def _survives(act: Callable[[], object], memory: int) -> bool:
    """Whether a copy of this process with the child's limits comes to an end by itself; however it ends, it is to be
    seen here. One that is stopped would take this process with it."""
    with warnings.catch_warnings():  # newer Pythons warn of threads, which the copy does without
        warnings.simplefilter("ignore", DeprecationWarning)
        copy = os.fork()
    if copy:
        return os.waitpid(copy, 0)[1] == 0
    try:
        for number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGXCPU):  # libFuzzer waits for them
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + memory, held + memory))
        resource.setrlimit(resource.RLIMIT_CPU, (10 * SECONDS, 10 * SECONDS))
        act()
    except MemoryError:
        os._exit(1)
    except BaseException:
        os._exit(0)
    os._exit(0)
