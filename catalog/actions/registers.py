"""The four registers that come and go as files: how each is read, brought in and written out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from auth.user import User
from catalog import registers as out
from catalog.actions.category_register import import_categories
from catalog.actions.entitlement_register import import_entitlements
from catalog.actions.intake import Entry, Outcome, Refusal, RegisterRefused
from catalog.actions.register import import_register
from catalog.actions.supplier_register import import_suppliers
from catalog.register_upload import RegisterUpload
from core.clock import now
from core.db import db, reading, undone, unit_of_work
from core.errors import NotFound
from exchange import registers
from exchange.registerfile import RegisterRow, read_register
from exchange.table import Read
from exchange.tablefile import Form

KEPT = timedelta(days=1)  # a file that nobody said yes to


class RegisterKind(NamedTuple):
    """A register. `name` is that of its file."""

    name: str
    read: Callable[[bytes, str], Read[Any]]
    bring_in: Callable[[User | None, Sequence[Any]], Outcome]
    write: Callable[[User | None, Form], bytes]


def preview(kind: RegisterKind, actor: User | None, rows: Sequence[Any]) -> tuple[Outcome, Sequence[Refusal]]:
    """What bringing the rows in would do, and what stands against it; nothing of it stays."""
    try:
        with undone():
            return kind.bring_in(actor, rows), ()
    except RegisterRefused as refused:
        return Outcome(), refused.refusals


def keep(user: User, kind: str, file_name: str, content: bytes) -> RegisterUpload:
    """Keep a file until she has seen what it changes: in the place of her former one, and for a day at most."""
    own = (RegisterUpload.user_id == user.id, RegisterUpload.kind == kind)
    db.session.execute(delete(RegisterUpload).where(*own))
    upload = RegisterUpload(user_id=user.id, kind=kind, file_name=file_name[-200:], content=content, uploaded_at=now())
    db.session.add(upload)
    db.session.flush()
    return upload


def kept(user: User, kind: str, upload_id: int) -> RegisterUpload:
    """A file of hers. Raises NotFound."""
    own = (RegisterUpload.user_id == user.id, RegisterUpload.kind == kind, RegisterUpload.id == upload_id)
    upload = db.session.scalar(select(RegisterUpload).where(*own))
    if upload is None:
        raise NotFound(_l("Filen finns inte kvar. Läs in den igen."))
    return upload


def remove_old_uploads() -> int:
    """Remove the files that nobody said yes to; returns how many. A job of the worker."""
    old = RegisterUpload.uploaded_at < now() - KEPT
    with reading() as session:
        if session.scalar(select(RegisterUpload.id).where(old).limit(1)) is None:
            return 0
    with unit_of_work() as session:
        return len(session.scalars(delete(RegisterUpload).where(old).returning(RegisterUpload.id)).all())


def _import_agreements(actor: User | None, rows: Sequence[RegisterRow]) -> Outcome:
    done = import_register(actor, rows)
    line_of = {row.agreement: row.line for row in reversed(rows)}
    title_of = {row.agreement: row.title for row in rows}
    return Outcome(
        new=[Entry(line_of[number], f"{number} {title_of[number]}") for number in done.created],
        changed=[
            Entry(line_of[number], f"{number} {title_of[number]}", changes) for number, changes in done.changed.items()
        ],
        unchanged=len(done.unchanged),
        remarks=done.remarks,
    )


KINDS: dict[str, RegisterKind] = {
    "agreements": RegisterKind("avtal", read_register, _import_agreements, out.agreements_file),
    "suppliers": RegisterKind(
        "leverantorer",
        lambda data, name: registers.read(registers.SUPPLIERS, data, name),
        import_suppliers,
        lambda _user, form: out.suppliers_file(form),
    ),
    "categories": RegisterKind(
        "kategorier",
        lambda data, name: registers.read(registers.CATEGORIES, data, name),
        import_categories,
        lambda _user, form: out.categories_file(form),
    ),
    "entitlements": RegisterKind(
        "avropsberattigade",
        lambda data, name: registers.read(registers.ENTITLEMENTS, data, name),
        import_entitlements,
        out.entitlements_file,
    ),
}
