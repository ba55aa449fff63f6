"""E-mail addresses, in the one form that every mail server takes."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}")


def is_email(text: str) -> bool:
    """Whether a text is one bare address, in ASCII and with a domain."""
    return _ADDRESS.fullmatch(text) is not None
