"""`python -m tests.fuzz NAME… --seconds 600`: fuzz one parser, several, or (without a name) all, one after the other.

Needs atheris, which is no dependency of the project (README.md). What is found is kept in build/fuzz/.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported for real when the fuzzer watches
    from tests.fuzz.harness import Harness

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "fuzz"
INSTRUMENTED = ["core", "exchange", "catalog", "orders"]


def main() -> int:
    """One harness is run in this process, several in a process each."""
    parser = argparse.ArgumentParser("python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--seconds", type=int, default=600, help="for each of them (600)")
    parser.add_argument("--keep", action="store_true", help="do not fuzz, but keep what reached new code")
    parser.add_argument("--list", action="store_true", help="tell their names")
    asked, for_libfuzzer = _parted(parser)
    try:
        import atheris  # type: ignore[import-untyped]
    except ImportError:
        print("atheris is missing: tests/fuzz/README.md says how to install it", file=sys.stderr)
        return 2
    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.parsers import HARNESSES
    unknown = set(asked.names) - HARNESSES.keys()
    if asked.list or unknown:
        print("\n".join(HARNESSES), file=sys.stderr if unknown else sys.stdout)
        return 2 if unknown else 0
    if asked.keep:
        return max(_keep(HARNESSES[name]) for name in asked.names or HARNESSES)
    if len(asked.names) != 1:
        return max(_again(name, "--seconds", str(asked.seconds)) for name in asked.names or HARNESSES)
    harness = HARNESSES[asked.names[0]]
    options = for_libfuzzer or _run_options(harness, asked.seconds)
    atheris.Setup([str(_program(harness.name)), *options], harness.run)
    atheris.Fuzz()  # ends the process
    return 0


def _parted(parser: argparse.ArgumentParser) -> tuple[argparse.Namespace, list[str]]:
    """Our own arguments, and after two hyphens those of libFuzzer."""
    given = sys.argv[1:]
    at = given.index("--") if "--" in given else len(given)
    return parser.parse_args(given[:at]), given[at + 1 :]


def _again(name: str, *options: str) -> int:
    """The same for one of them, in a process of its own."""
    return subprocess.run([sys.executable, "-m", "tests.fuzz", name, *options], cwd=ROOT, check=False).returncode


def _program(name: str) -> Path:
    """What libFuzzer calls to look through a corpus in a process that may die."""
    program = WORK / f"{name}.sh"
    program.write_text(f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} -m tests.fuzz {name} -- "$@"\n')
    program.chmod(0o755)
    return program


def _keep(harness: Harness) -> int:
    """Pack what libFuzzer thinks worth keeping."""
    kept = WORK / f"{harness.name}.kept"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    folders = [str(kept), *_corpora(harness)]
    if code := _again(harness.name, "--", "-merge=1", f"-max_len={harness.longest}", *folders):
        return code
    harness.corpus.parent.mkdir(exist_ok=True)
    own = {data for name, data in harness.kept().items() if not name.startswith("corpus/")}
    with tarfile.open(harness.corpus, "w:xz") as corpus:
        for path in sorted(kept.iterdir()):
            if (data := path.read_bytes()) not in own:
                member = tarfile.TarInfo(path.name[:16])
                member.size = len(data)
                corpus.addfile(member, BytesIO(data))
    return 0


def _corpora(harness: Harness) -> list[str]:
    """The folder in which the corpus grows, and one with all that was kept."""
    corpus, begun = (WORK / f"{harness.name}{end}" for end in ("", ".begun"))
    for folder in (corpus, begun):
        folder.mkdir(parents=True, exist_ok=True)
    for name, data in harness.kept().items():
        (begun / name.replace("/", "-")).write_bytes(data)
    return [str(corpus), str(begun)]


def _run_options(harness: Harness, seconds: int) -> list[str]:
    """What libFuzzer is asked."""
    folders = _corpora(harness)
    found, words = WORK / f"{harness.name}.found", WORK / f"{harness.name}.dict"
    found.mkdir(exist_ok=True)
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in harness.words))
    limits = [f"-max_len={harness.longest}", f"-max_total_time={seconds}", "-timeout=60", "-rss_limit_mb=1500"]
    return [*limits, f"-dict={words}", f"-artifact_prefix={found}/", "-print_final_stats=1", *folders]


def _escaped(word: bytes) -> str:
    """As libFuzzer's dictionaries write bytes."""
    return "".join(f"\\x{byte:02X}" for byte in word)


if __name__ == "__main__":
    sys.exit(main())
