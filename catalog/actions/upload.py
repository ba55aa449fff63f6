"""Keep a file while whoever sent it decides about it, and throw it away when she does not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from auth.user import User
from catalog.agreement import Award
from catalog.upload import Upload, upload_of
from core.clock import now
from core.db import db, reading, unit_of_work
from core.errors import NotFound

KEPT = timedelta(days=1)


def keep(
    user: User,
    kind: str,
    file_name: str,
    content: bytes,
    *,
    award: Award | None = None,
    effective_from: date | None = None,
    headings: Sequence[str] = (),
    samples: Sequence[list[str]] = (),
) -> Upload:
    """Keep a file in the place of her former one of that kind (and award), and for a day at most."""
    award_id = award.id if award else None
    db.session.execute(
        delete(Upload).where(Upload.user_id == user.id, Upload.kind == kind, Upload.award_id == award_id)
    )
    upload = Upload(
        user_id=user.id,
        kind=kind,
        file_name=file_name[-200:],
        content=content,
        uploaded_at=now(),
        award_id=award_id,
        effective_from=effective_from,
        headings=[*headings],
        samples=[*samples],
    )
    db.session.add(upload)
    db.session.flush()
    return upload


def kept(user: User, kind: str, upload_id: int) -> Upload:
    """The file of hers that she was shown. Raises NotFound, also where she has sent another one since."""
    upload = upload_of(user, kind)
    if upload is None or upload.id != upload_id:
        raise NotFound(_l("Filen finns inte kvar. Läs in den igen."))
    return upload


def sweep_uploads() -> int:
    """Throw away the files that nobody decided about; returns how many. A job of the worker."""
    old = Upload.uploaded_at < now() - KEPT
    with reading() as session:  # no write lock where there is nothing to do
        if session.scalar(select(Upload.id).where(old).limit(1)) is None:
            return 0
    with unit_of_work() as session:
        return len(session.scalars(delete(Upload).where(old).returning(Upload.id)).all())
