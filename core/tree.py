"""Trees: each thing keeps the ids from the root down to its own, as `/3/17/`, so that a branch is what begins alike."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.errors import RuleBroken

LONGEST_PATH = 200  # characters, as wide as the columns: some twenty levels


def checked_path(path: str) -> str:
    """The path, when its column can hold it. Raises RuleBroken: SQLite would store what PostgreSQL refuses."""
    if len(path) > LONGEST_PATH:
        raise RuleBroken(_l("Det blir för många nivåer. Välj en plats högre upp."))
    return path
