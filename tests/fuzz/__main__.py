"""`python -m tests.fuzz NAME… --seconds 600`: fuzz one parser, several, or (without a name) all, one after the other.

Needs atheris, which is no dependency of the project (README.md). What is found is kept in build/fuzz/.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
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
    parser.add_argument("--merge", action="store_true", help="only keep what adds coverage: build/fuzz/NAME.kept")
    parser.add_argument("--list", action="store_true", help="tell their names")
    asked = parser.parse_args()
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
    if len(asked.names) != 1:
        options = ["--seconds", str(asked.seconds), *(["--merge"] if asked.merge else [])]
        each = [[sys.executable, "-m", "tests.fuzz", name, *options] for name in asked.names or HARNESSES]
        return max(subprocess.run(command, cwd=ROOT, check=False).returncode for command in each)
    harness = HARNESSES[asked.names[0]]
    atheris.Setup([sys.argv[0], *_options(harness, None if asked.merge else asked.seconds)], harness.run)
    atheris.Fuzz()  # ends the process
    return 0


def _options(harness: Harness, seconds: int | None) -> list[str]:
    """What libFuzzer is asked: so many seconds, or none to keep what adds coverage."""
    corpus, found, kept = (WORK / f"{harness.name}{end}" for end in ("", ".found", ".kept"))
    for folder in (corpus, found, kept):
        folder.mkdir(parents=True, exist_ok=True)
    words = WORK / f"{harness.name}.dict"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in harness.words))
    options = [f"-dict={words}", f"-max_len={harness.longest}", "-timeout=60", "-rss_limit_mb=1500"]
    folders = [corpus, *(folder for folder in harness.folders if folder.is_dir())]
    if seconds is None:
        return [*options, "-merge=1", *map(str, [kept, *folders])]
    run = [f"-max_total_time={seconds}", f"-artifact_prefix={found}/", "-print_final_stats=1"]
    return [*options, *run, *map(str, folders)]


def _escaped(word: bytes) -> str:
    """As libFuzzer's dictionaries write bytes."""
    return "".join(f"\\x{byte:02X}" for byte in word)


if __name__ == "__main__":
    sys.exit(main())
