"""Language: which of the two the reader of the moment is written to in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import g
from flask_babel import force_locale, get_locale

# British English: its dates and amounts read as Swedes expect (3 November 2026, not Nov 3)
LOCALES = {"sv": "sv", "en": "en_GB"}


def language() -> str:
    """`sv` or `en`, as HTML names them: what `speaking` says, else what the request was found to want.

    Remembered, because a page asks some two hundred times.
    """
    try:
        return g.language  # type: ignore[no-any-return]
    except AttributeError:
        locale = get_locale()
        g.language = "en" if locale is not None and locale.language == "en" else "sv"
        return g.language  # type: ignore[no-any-return]
    except RuntimeError:  # no application is running: the texts as they stand in the code
        return "sv"


@contextmanager
def speaking(wanted: str) -> Iterator[None]:
    """Write in one language (`sv` or `en`), whoever is asking: mail to somebody else, what is kept for all."""
    before = g.pop("language", None)
    try:
        with force_locale(LOCALES[wanted]):
            g.language = wanted
            yield
    finally:
        g.pop("language", None)
        if before is not None:
            g.language = before
