"""Official rules, code lists and real data lie outside the project; a test says so where they are missing."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared material: AVROP_SHARED, or `shared` beside the checkout."""
    folder = Path(os.environ.get("AVROP_SHARED") or ROOT.parent / "shared")
    if not folder.is_dir():
        pytest.skip(f"SKIPPED: the shared material is missing: {folder} (set AVROP_SHARED)")
    return folder


@pytest.fixture(scope="session")
def official_findings(shared: Path) -> Iterator[Callable[[bytes], list[Any]]]:
    """Peppol's own schema and rules: XML → list of findings, warnings included."""
    path = shared / "tools" / "peppol_validate.py"
    spec = importlib.util.spec_from_file_location("peppol_validate", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["peppol_validate"] = module
    spec.loader.exec_module(module)
    yield module.Validator().check
    del sys.modules["peppol_validate"]
