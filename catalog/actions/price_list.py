"""Import, review, publish and withdraw price lists. A published row is never edited, only superseded."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import file_digest
from io import BytesIO
from typing import BinaryIO

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from auth.user import User
from catalog.actions.agreement import check_may_manage
from catalog.actions.price_review import ask_if_needed, check_changes, tell
from catalog.actions.price_version import hold_lists, next_version
from catalog.agreement import Award
from catalog.column_map import column_choices
from catalog.price_change import former_of
from catalog.price_list import PriceList, PriceListState, Publication
from catalog.price_refusal import keep_refused
from catalog.price_row import changed, rows_of, store_rows
from core.clock import now, today
from core.db import db, reading, unit_of_work
from core.errors import AvropError, NotAllowed, RuleBroken, WrongState
from core.state import advance, can
from exchange.pricefile import ORDINARY, PriceRow, PriceSource, open_price_file, read_whole
from exchange.problem import Problem, without_errors
from exchange.table import Limits

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What became of a file: a draft, or none and the errors. Warnings may come with either."""

    price_list: PriceList | None
    problems: Sequence[Problem]


def import_price_list(
    actor: User | None,
    award: Award,
    data: bytes | BinaryIO,
    file_name: str,
    effective_from: date,
    limits: Limits = ORDINARY,
) -> ImportOutcome:
    """Read a supplier's file into a draft: the whole of it, or nothing where one row has an error.

    data: the file, or one that is open for reading. A catalogue of changes is applied to the list in force: the draft
    is what comes of it.
    """
    check_may_manage(actor, award.lot.agreement)
    file = BytesIO(data) if isinstance(data, bytes) else data
    with open_price_file(file, file_name, limits, column_choices(award)) as source:
        if not source.replaces:
            return _import_changes(actor, award, source, _draft(actor, award, file, file_name, effective_from))
        price_list = _draft(actor, award, file, file_name, effective_from)
        try:
            _store(price_list, source)
        except (_Unusable, IntegrityError):  # something is wrong somewhere: now everything that is
            problems = read_whole(source).problems
            if without_errors(problems):
                raise
            return ImportOutcome(None, problems)
        _brought_in(actor, price_list)
        return ImportOutcome(price_list, source.problems)


def _draft(actor: User | None, award: Award, file: BinaryIO, file_name: str, effective_from: date) -> PriceList:
    """The next version of the award's list, not yet in the session."""
    file.seek(0)
    return PriceList(
        award_id=award.id,
        version=next_version(award.id),
        effective_from=effective_from,
        source_name=file_name[-200:] or None,
        source_sha256=file_digest(file, "sha256").hexdigest(),  # type: ignore[arg-type]
        created_at=now(),
        created_by_id=actor.id if actor else None,
    )


class _Unusable(Exception):
    """A list with an error in it."""


def _store(price_list: PriceList, source: PriceSource) -> None:
    """Store the list while it is read. Raises _Unusable or IntegrityError, and nothing is stored, where it is wrong."""

    def sound() -> Iterator[Sequence[PriceRow]]:
        for rows in source.chunks(remember=False):  # a number that comes twice is found by the database
            if not source.is_clean:
                break
            yield rows
        if not source.is_clean:
            raise _Unusable

    with db.session.begin_nested():
        db.session.add(price_list)
        db.session.flush()
        price_list.article_count = store_rows(price_list, sound())


def _import_changes(actor: User | None, award: Award, source: PriceSource, draft: PriceList) -> ImportOutcome:
    read = read_whole(source)
    if not read.is_clean:
        return ImportOutcome(None, read.problems)
    in_force = _in_force(award)
    rows, further = changed(rows_of(in_force) if in_force else (), read)
    problems = read.problems + further
    if not rows:
        return ImportOutcome(None, [*problems, Problem("no-rows")])
    db.session.add(draft)
    db.session.flush()
    draft.article_count = store_rows(draft, [rows])
    _brought_in(actor, draft)
    return ImportOutcome(draft, problems)


def _brought_in(actor: User | None, draft: PriceList) -> None:
    tell(actor, "import", draft, file=draft.source_name, articles=draft.article_count)
    ask_if_needed(draft)


def approve(actor: User | None, price_list: PriceList) -> None:
    """Say that a draft is right, but for the rows that were refused: it is in force at once, or from its first day on.

    Raises RuleBroken or NotAllowed where the agreement's price rule says no (`check_changes`).
    """
    check_may_manage(actor, price_list.award.lot.agreement)
    _lock(price_list)
    if can(price_list, "review"):
        check_changes(actor, price_list)
        keep_refused(price_list, former_of(price_list))
    advance(price_list, "review")
    price_list.reviewed_at, price_list.reviewed_by_id = now(), actor.id if actor else None
    tell(actor, "review", price_list, effective_from=price_list.effective_from.isoformat())
    if price_list.effective_from <= today():
        _put_in_force(actor, price_list)


def publish(actor: User | None, price_list: PriceList) -> None:
    """Put a reviewed list in force, in the place of the one that was. Raises WrongState when somebody was before.

    The list in force may be another one than when this was reviewed, so the price rule is asked again.
    """
    check_may_manage(actor, price_list.award.lot.agreement)
    if price_list.effective_from > today():
        raise RuleBroken(
            _l("Prislistan gäller från %(day)s och träder i kraft då.", day=price_list.effective_from.isoformat())
        )
    _lock(price_list)
    if can(price_list, "publish"):
        check_changes(actor, price_list)
    _put_in_force(actor, price_list)


def _put_in_force(actor: User | None, price_list: PriceList) -> None:
    # Drawing the number locks the counter: of two who publish at once the second waits here, and then sees the first.
    number = db.session.scalar(update(Publication).values(last=Publication.last + 1).returning(Publication.last))
    former = _in_force(price_list.award)
    moment = now()
    if former is not None and can(price_list, "publish"):
        advance(former, "supersede")
        former.superseded_at = moment
        db.session.flush()  # before the other: at most one list of an award is in force
    advance(price_list, "publish")
    price_list.publication, price_list.published_at = number, moment
    tell(actor, "publish", price_list, articles=price_list.article_count)


def withdraw(actor: User, price_list: PriceList, reason: str) -> None:
    """Take a list back. Where it was in force, nothing of the award can be ordered until another one is."""
    check_may_manage(actor, price_list.award.lot.agreement)
    if not reason.strip():
        raise RuleBroken(_l("Skriv varför prislistan återtas."))
    _lock(price_list)
    advance(price_list, "withdraw")
    tell(actor, "withdraw", price_list, reason=reason.strip())


def publish_due() -> int:
    """Put in force every reviewed list whose first day has come; returns how many. A job of the worker: each list in
    a transaction of its own, so that one that cannot be published does not hold up the others. One that had to stand
    back while a later one came into force is left to people."""
    later = aliased(PriceList)
    is_passed = exists().where(
        later.award_id == PriceList.award_id,
        later.state == PriceListState.PUBLISHED,
        or_(
            later.effective_from > PriceList.effective_from,
            and_(later.effective_from == PriceList.effective_from, later.version > PriceList.version),
        ),
    )
    due = select(PriceList.id).where(
        PriceList.state == PriceListState.REVIEWED, PriceList.effective_from <= today(), ~is_passed
    )
    with reading() as session:
        ids = session.scalars(due.order_by(PriceList.effective_from, PriceList.version)).all()
    done = 0
    for price_list_id in ids:
        try:
            with unit_of_work() as session:
                price_list = session.get_one(PriceList, price_list_id)
                _lock(price_list)
                if session.scalar(due.where(PriceList.id == price_list_id)) is None:
                    continue  # somebody was before, with this one or a later one
                publish(None, price_list)
            done += 1
        except WrongState:  # another worker was before
            continue
        except AvropError as error:  # its page says why, and lets somebody publish it
            log.warning("price list %s is due and cannot be published: %s", price_list_id, error)
            if isinstance(error, NotAllowed):
                with unit_of_work() as session:
                    ask_if_needed(session.get_one(PriceList, price_list_id))
    return done


def _lock(price_list: PriceList) -> None:
    """See its state as it is now, and let nobody else change it, nor which list of its award is in force, before we are
    done (SQLite has one writer anyway)."""
    db.session.flush()
    hold_lists(price_list.award_id)
    db.session.refresh(price_list, ["state"], with_for_update=True)


def _in_force(award: Award) -> PriceList | None:
    """The published list of an award as it is now, and nobody else changes it before we are done."""
    return db.session.scalars(
        select(PriceList)
        .where(PriceList.award_id == award.id, PriceList.state == PriceListState.PUBLISHED)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
