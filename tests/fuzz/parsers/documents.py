"""Files that are kept with an agreement as they came."""

from __future__ import annotations

from catalog.actions.document import kind_of, safe_name
from tests.fuzz.harness import harness


@harness()
def document(data: bytes) -> None:
    """What a file is, from its content, and what it may be called. Data: its name, a line break, the file."""
    name, _, content = data.partition(b"\n")
    kind = kind_of(content)
    if kind is None:
        return
    suffix, media_type = kind
    assert media_type.isascii() and "/" in media_type
    safe = safe_name(name.decode("utf-8", "replace"), suffix)
    assert safe.endswith(suffix) and len(safe) <= 150 and safe.isprintable() and safe.encode()
    assert not set(safe) & set('/\\<>:"|?*;') and not safe.startswith(".")
    assert safe_name(safe, suffix) == safe
