"""Choose what the columns of a supplier's file hold, where their headings do not say it; it is remembered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from flask_babel import lazy_gettext as _l

from auth.journal import record
from auth.user import User
from catalog.actions.agreement import check_may_manage
from catalog.actions.price_list import ImportOutcome, import_price_list
from catalog.actions.upload import keep
from catalog.agreement import Award
from catalog.column_map import ColumnMap, column_maps, fingerprint_of
from catalog.upload import PRICES, Upload, upload_of
from core.clock import now
from core.db import db
from core.errors import RuleBroken
from exchange.csvtext import visible
from exchange.header import folded_row
from exchange.pricecolumns import INSTEAD, MANDATORY, heading
from exchange.pricefile import look_at
from exchange.problem import Problem

UNKNOWN = {"no-header", "missing-column"}


def ask_for_columns(
    actor: User, award: Award, data: bytes, file_name: str, effective_from: date, problems: Iterable[Problem]
) -> Upload | None:
    """Let a file wait for its columns, where they are all that is wrong with it; none where choosing would not help.

    A file of hers that waited for the same award gives way.
    """
    check_may_manage(actor, award.lot.agreement)
    wrong = {problem.code for problem in problems if problem.severity == "error"}
    header = look_at(data, file_name) if wrong and wrong <= UNKNOWN else None
    if header is None or len(header.headings) < len(MANDATORY):
        return None
    return keep(actor, PRICES, file_name, data, award=award, effective_from=effective_from, **header._asdict())


def choose(actor: User, award: Award, upload_id: int, fields: Sequence[str]) -> ImportOutcome:
    """Say which field each column of her file holds ("" for none), remember it for the supplier, and import the file.

    The choice is remembered whether or not the rows are right. Raises RuleBroken where a needed column is not among
    the chosen ones, or one is chosen twice, or where that file does not wait any longer.
    """
    check_may_manage(actor, award.lot.agreement)
    upload = upload_of(actor, PRICES, award)
    if upload is None or upload.id != upload_id:
        raise RuleBroken(_l("Du har skickat en annan fil sedan sidan visades. Välj kolumner för den som visas nu."))
    assert upload.effective_from is not None  # it came with the file
    chosen = [field for field in fields if field]
    for field in chosen:
        if chosen.count(field) > 1:
            raise RuleBroken(_l("%(column)s är vald för två kolumner. Välj en.", column=heading(field)))
    for field in MANDATORY:
        if field not in chosen and not (field in INSTEAD and set(chosen).issuperset(INSTEAD[field])):
            raise RuleBroken(_l("Välj vilken kolumn som är %(column)s.", column=heading(field)))
    _remember(actor, award, upload.headings, fields)
    outcome = import_price_list(actor, award, upload.content, upload.file_name, upload.effective_from)
    db.session.delete(upload)
    return outcome


def forget(actor: User, award: Award, column_map_id: int) -> None:
    """Forget what was chosen for a row of headings: the next file with them asks again."""
    check_may_manage(actor, award.lot.agreement)
    known = next((known for known in column_maps(award) if known.id == column_map_id), None)
    if known is not None:
        db.session.delete(known)
        _tell(actor, "forget-columns", award, _named(known.written, known.fields))


def _remember(actor: User, award: Award, written: Sequence[str], fields: Sequence[str]) -> None:
    headings = folded_row(written)
    fingerprint = fingerprint_of(headings)
    known = next((known for known in column_maps(award) if known.fingerprint == fingerprint), None) or ColumnMap(
        organisation_id=award.lot.agreement.owner_id, supplier_id=award.supplier_id, fingerprint=fingerprint
    )
    known.headings, known.fields, known.written = list(headings), list(fields), [visible(name) for name in written]
    known.chosen_at, known.chosen_by_id = now(), actor.id
    db.session.add(known)
    db.session.flush()
    _tell(actor, "choose-columns", award, _named(known.written, fields))


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
