"""Files that belong to an agreement: what they are is read from their content, never from their name."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
import zlib
from hashlib import sha256
from zipfile import ZIP_DEFLATED, ZIP_STORED

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from auth.user import User
from catalog.actions.agreement import begin_edit, tell
from catalog.agreement import Agreement, AgreementDocument
from catalog.ceiling_change import CeilingChange
from core.clock import now
from core.db import db
from core.errors import RuleBroken

MAX_BYTES = 20_000_000
MAX_MEMBERS = 10_000  # of an archive: a long text with pictures has some hundred
_OFFICE = {
    "word/document.xml": (".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xl/workbook.xml": (".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "ppt/presentation.xml": (".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
}
_OPEN = {
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
}
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")


def attach(actor: User | None, agreement: Agreement, version: int, *, name: str, content: bytes) -> AgreementDocument:
    """Add a file: PDF, Office, OpenDocument or plain text, at most 20 MB. Raises RuleBroken for anything else."""
    begin_edit(actor, agreement, version)
    return store(actor, agreement, name=name, content=content)


def store(actor: User | None, agreement: Agreement, *, name: str, content: bytes) -> AgreementDocument:
    """`attach`, in an edit of the agreement that has begun."""
    if not content:
        raise RuleBroken(_l("Filen är tom."))
    if len(content) > MAX_BYTES:
        raise RuleBroken(_l("Filen är större än %(megabytes)s MB.", megabytes=MAX_BYTES // 1_000_000))
    kind = kind_of(content)
    if kind is None:
        raise RuleBroken(_l("Filen är inte av ett slag som kan bifogas. Använd PDF, Office, OpenDocument eller text."))
    suffix, media_type = kind
    document = AgreementDocument(
        name=safe_name(name, suffix),
        media_type=media_type,
        sha256=sha256(content).hexdigest(),
        size=len(content),
        content=content,
        added_at=now(),
    )
    agreement.documents.append(document)
    tell(actor, "attach", agreement, document=document.name, sha256=document.sha256)
    return document


def detach(actor: User, document: AgreementDocument, version: int) -> None:
    """Take a file away; the journal remembers its name and fingerprint."""
    agreement = document.agreement
    begin_edit(actor, agreement, version)
    if db.session.scalar(select(CeilingChange.id).where(CeilingChange.document_id == document.id)):
        raise RuleBroken(_l("Ett högre tak vilar på dokumentet. Det kan inte tas bort."))
    agreement.documents.remove(document)
    tell(actor, "detach", agreement, document=document.name, sha256=document.sha256)


def kind_of(content: bytes) -> tuple[str, str] | None:
    """The suffix and media type of a file, from its content; none for what we do not hand on (macros included)."""
    if content.startswith(b"%PDF-"):
        return ".pdf", "application/pdf"
    if content.startswith(b"PK\x03\x04"):
        return _kind_of_archive(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    if _CONTROL.search(text) or "\ufffd" in text:
        return None
    # a browser that is told text/plain and nosniff runs no script in it
    return ".txt", "text/plain"


def _kind_of_archive(content: bytes) -> tuple[str, str] | None:
    if content.count(b"PK\x01\x02") > MAX_MEMBERS:  # each entry of the list of members begins so
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                return None
            for part, kind in _OFFICE.items():
                if part in names and "[Content_Types].xml" in names:
                    return kind
            if "mimetype" in names and archive.getinfo("mimetype").compress_type in (ZIP_STORED, ZIP_DEFLATED):
                with archive.open("mimetype") as file:  # the first hundred bytes only: it may claim any size
                    media_type = file.read(100).decode("ascii", "replace").strip()
                return (_OPEN[media_type], media_type) if media_type in _OPEN else None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
        return None
    return None


def safe_name(name: str, suffix: str) -> str:
    """A file name without path, control characters or a suffix that lies; at most 150 characters."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    base = "".join(c for c in base if c.isprintable() and c not in '<>:"|?*;').strip(" .")
    stem = base[: -len(suffix)] if base.lower().endswith(suffix) else base.rpartition(".")[0] or base
    return f"{stem.strip(' .')[:140].rstrip(' .') or 'dokument'}{suffix}"
