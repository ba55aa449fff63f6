"""Sent file: what somebody sends along with a form. Its name is her word only; its kind is read from its content."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage

from catalog.actions.document import kind_of, safe_name
from core.errors import RuleBroken
from exchange.picture import kind_of as kind_of_picture

MOST_BYTES = 10_000_000
PICTURES = {"JPEG": (".jpg", "image/jpeg"), "PNG": (".png", "image/png")}


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as it came."""

    name: str
    content: bytes

    def check_size(self, most: int = MOST_BYTES) -> None:
        """Raises RuleBroken for more bytes than are taken."""
        if len(self.content) > most:
            raise RuleBroken(_l("Filen är större än %(megabytes)s MB.", megabytes=most // 1_000_000))


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file whose kind is known, under a name that fits it."""

    name: str
    media_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()


def sent_in(field: Any, most: int = MOST_BYTES) -> SentFile | None:
    """What a file field holds, read no further than one byte beyond what is taken."""
    if not isinstance(field, FileStorage) or not field.filename:
        return None
    return SentFile(field.filename, field.stream.read(most + 1))


def known_file(file: SentFile) -> KnownFile:
    """A document or a picture. Raises RuleBroken for what is empty, too large or unknown."""
    if not file.content:
        raise RuleBroken(_l("Filen är tom."))
    file.check_size()
    kind = PICTURES.get(kind_of_picture(file.content) or "") or kind_of(file.content)
    if kind is None:
        raise RuleBroken(
            _l("Filen går inte att bifoga. Använd PDF, bild (JPEG, PNG), Office, OpenDocument eller text.")
        )
    suffix, media_type = kind
    return KnownFile(safe_name(file.name, suffix), media_type, file.content)


def known_document(file: SentFile) -> KnownFile:
    """A document, no picture. Raises RuleBroken."""
    file.check_size()
    kind = kind_of(file.content) if file.content else None
    if kind is None:
        raise RuleBroken(_l("Filen går inte att bifoga. Använd PDF, Office, OpenDocument eller text."))
    suffix, media_type = kind
    return KnownFile(safe_name(file.name, suffix), media_type, file.content)


def known_pdf(file: SentFile, most: int) -> KnownFile:
    """A PDF of so many bytes at most. Raises RuleBroken."""
    file.check_size(most)
    kind = kind_of(file.content) if file.content else None
    if kind is None or kind[0] != ".pdf":
        raise RuleBroken(_l("Bilagan måste vara en PDF."))
    return KnownFile(safe_name(file.name, kind[0]), kind[1], file.content)


def file_columns(file: KnownFile | None) -> dict[str, Any]:
    """A file, or none, in the columns of what it belongs to."""
    return {
        "file_name": file.name if file else None,
        "file_type": file.media_type if file else None,
        "file_sha256": file.sha256 if file else None,
        "file_content": file.content if file else None,
    }
