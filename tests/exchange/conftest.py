"""Official rules, code lists and real data lie outside the project; a test says so where they are missing."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared material: AVROP_SHARED, or `shared` beside the checkout."""
    folder = Path(os.environ.get("AVROP_SHARED") or ROOT.parent / "shared")
    if not folder.is_dir():
        pytest.skip(f"SKIPPED: the shared material is missing: {folder} (set AVROP_SHARED)")
    return folder
