"""Choose what the columns of a supplier's file hold, where their headings do not say it; it is remembered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete

from auth.journal import record
from auth.user import User
from catalog.actions.agreement import check_may_manage
from catalog.actions.price_list import ImportOutcome, import_price_list
from catalog.agreement import Award
from catalog.column_map import ColumnMap, PriceUpload, column_maps, fingerprint_of, upload_of
from core.clock import now
from core.db import db, unit_of_work
from core.errors import RuleBroken
from exchange.csvtext import visible
from exchange.header import folded_row
from exchange.pricefile import INSTEAD, MANDATORY, heading, look_at
from exchange.table import Problem

KEPT = timedelta(days=1)
UNKNOWN = {"no-header", "missing-column"}


def keep(
    actor: User, award: Award, data: bytes, file_name: str, effective_from: date, problems: Iterable[Problem]
) -> PriceUpload | None:
    """Let a file wait for its columns, where they are all that is wrong with it; none where choosing would not help.

    A file of hers that waited for the same award gives way.
    """
    check_may_manage(actor, award.lot.agreement)
    wrong = {problem.code for problem in problems if problem.severity == "error"}
    header = look_at(data, file_name) if wrong and wrong <= UNKNOWN else None
    if header is None or len(header.headings) < len(MANDATORY):
        return None
    _discard(actor, award)
    upload = PriceUpload(
        award=award,
        file_name=file_name[-200:],
        effective_from=effective_from,
        content=data,
        headings=header.headings,
        samples=header.samples,
        uploaded_at=now(),
        uploaded_by_id=actor.id,
    )
    db.session.add(upload)
    db.session.flush()
    return upload


def choose(actor: User, upload: PriceUpload, fields: Sequence[str]) -> ImportOutcome:
    """Say which field each column holds ("" for none), remember it for the supplier, and import the file.

    The choice is remembered whether or not the rows are right. Raises RuleBroken where a needed column is not among
    the chosen ones, or one is chosen twice.
    """
    award = upload.award
    check_may_manage(actor, award.lot.agreement)
    chosen = [field for field in fields if field]
    for field in chosen:
        if chosen.count(field) > 1:
            raise RuleBroken(_l("%(column)s är vald för två kolumner. Välj en.", column=heading(field)))
    for field in MANDATORY:
        if field not in chosen and not (field in INSTEAD and set(chosen).issuperset(INSTEAD[field])):
            raise RuleBroken(_l("Välj vilken kolumn som är %(column)s.", column=heading(field)))
    headings = folded_row(upload.headings)
    fingerprint = fingerprint_of(headings)
    known = next((known for known in column_maps(award) if known.fingerprint == fingerprint), None) or ColumnMap(
        organisation_id=award.lot.agreement.owner_id, supplier_id=award.supplier_id, fingerprint=fingerprint
    )
    written = [visible(name) for name in upload.headings]
    known.headings, known.fields, known.written = list(headings), list(fields), written
    known.chosen_at, known.chosen_by_id = now(), actor.id
    db.session.add(known)
    db.session.flush()
    _tell(actor, "choose-columns", award, _named(written, fields))
    outcome = import_price_list(actor, award, upload.content, upload.file_name, upload.effective_from)
    _discard(actor, award)
    return outcome


def forget(actor: User, award: Award, column_map_id: int) -> None:
    """Forget what was chosen for a row of headings: the next file with them asks again."""
    check_may_manage(actor, award.lot.agreement)
    known = next((known for known in column_maps(award) if known.id == column_map_id), None)
    if known is not None:
        db.session.delete(known)
        _tell(actor, "forget-columns", award, _named(known.written, known.fields))


def sweep_uploads() -> int:
    """Throw away the files that nobody chose columns for within a day; returns how many. A job of the worker."""
    with unit_of_work() as session:
        gone = session.execute(
            delete(PriceUpload).where(PriceUpload.uploaded_at < now() - KEPT).returning(PriceUpload.id)
        ).all()
    return len(gone)


def _discard(actor: User, award: Award) -> None:
    upload = upload_of(actor, award)
    if upload is not None:
        db.session.delete(upload)
        db.session.flush()


def _tell(actor: User, act: str, award: Award, columns: dict[str, str]) -> None:
    agreement = award.lot.agreement
    record(
        actor,
        act,
        "award",
        award.id,
        organisation_id=agreement.owner_id,
        number=agreement.number,
        supplier=award.supplier.name,
        columns=columns,
    )


def _named(written: Sequence[str], fields: Sequence[str]) -> dict[str, str]:
    """What each heading was said to hold, without those that are not read."""
    return {name: heading(field) for name, field in zip(written, fields, strict=False) if field}
