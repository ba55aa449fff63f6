"""Watching: the days that come closer and the ceilings that fill up, in the scope of who asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import joinedload

from auth.user import User
from catalog.agreement import Agreement, AgreementState, ExtensionOption, Lot
from catalog.ceiling import Ceiling
from catalog.managing import agreement_owners
from catalog.policy import manageable
from catalog.watch import DATE_NAMES, DAYS_BEFORE, DateKind, Watch, levels_of, usual
from core.clock import today
from core.db import db
from exchange.tablefile import Sheet

LIVING = (AgreementState.PUBLISHED, AgreementState.PAUSED)


@dataclass(frozen=True, slots=True)
class ComingDay:
    """A day of an agreement that somebody must act before."""

    kind: DateKind
    day: date
    agreement: Agreement

    @property
    def left(self) -> int:
        """Days left; below zero where it has passed."""
        return (self.day - today()).days

    @property
    def kind_name(self) -> Any:
        return DATE_NAMES[self.kind]


def days_of(agreement: Agreement) -> Iterator[ComingDay]:
    """The days of an agreement that are still to be acted on: of the extensions, the next that is not taken."""
    waiting = next((option for option in agreement.extensions if option.taken_at is None), None)
    if agreement.notice_on is not None:
        yield ComingDay(DateKind.NOTICE, agreement.notice_on, agreement)
    if waiting is not None and waiting.decide_by is not None:
        yield ComingDay(DateKind.DECIDE, waiting.decide_by, agreement)
    yield ComingDay(DateKind.ENDS, agreement.ends_on, agreement)


@dataclass(frozen=True, slots=True)
class DatesFilter:
    """What is asked for: days until then, of one kind, of the agreements she is responsible for alone."""

    until: date
    kind: DateKind | None = None
    mine: bool = False
    sort: str = "day"


def coming_days(user: User, wanted: DatesFilter) -> list[ComingDay]:
    """The days from today until then of the living agreements she manages. Two queries."""
    query = _with_a_day(today(), wanted.until).where(manageable(user))
    if wanted.mine:
        query = query.where(Agreement.responsible_id == user.id)
    found = (day for agreement in db.session.scalars(query).unique() for day in days_of(agreement))
    shown = [d for d in found if today() <= d.day <= wanted.until and wanted.kind in (None, d.kind)]
    by_title = wanted.sort == "agreement"
    return sorted(shown, key=lambda d: (d.agreement.sort_title, d.day) if by_title else (d.day, d.agreement.sort_title))


def days_to_tell(on: date) -> list[tuple[int, DateKind, date]]:
    """The days that people should have been told of by now and that have not passed, as agreement id, kind and day;
    whether they were told or not. Two queries."""
    stated = {watch.agreement_id: watch for watch in db.session.scalars(select(Watch))}
    longest = max(watch.days_before(kind) for watch in (usual(0), *stated.values()) for kind in DateKind)
    found = db.session.scalars(_with_a_day(on, on + timedelta(days=longest))).unique()
    days = (day for agreement in found for day in days_of(agreement) if on <= day.day)
    return [
        (day.agreement.id, day.kind, day.day)
        for day in days
        if day.day - timedelta(days=_before(stated.get(day.agreement.id), day.kind)) <= on
    ]


MOST_DAYS = 1000


def _before(stated: Watch | None, kind: DateKind) -> int:
    return DAYS_BEFORE[kind] if stated is None else stated.days_before(kind)


def _with_a_day(first: date, last: date) -> Select[Agreement]:
    """The living agreements that have some day in a period, with their extensions."""
    decides = select(ExtensionOption.agreement_id).where(
        ExtensionOption.taken_at.is_(None), ExtensionOption.decide_by.between(first, last)
    )
    has_day: ColumnElement[bool] = (
        Agreement.notice_on.between(first, last) | Agreement.ends_on.between(first, last) | Agreement.id.in_(decides)
    )
    return (
        select(Agreement)
        .where(Agreement.state.in_(LIVING), has_day)
        .options(joinedload(Agreement.extensions), joinedload(Agreement.responsible), joinedload(Agreement.owner))
        .order_by(Agreement.id)
    )


def days_sheet(days: Sequence[ComingDay]) -> Sheet:
    """The days as a table to write."""
    headings = (_("Dag"), _("Dagar kvar"), _("Vad"), _("Avtalsnummer"), _("Avtal"), _("Ansvarig"), _("Ägs av"))
    rows = [
        [
            *(d.day.isoformat(), d.left, str(d.kind_name), d.agreement.number, d.agreement.title),
            *(d.agreement.responsible.name if d.agreement.responsible else None, d.agreement.owner.name),
        ]
        for d in days
    ]
    return Sheet(str(_("Kommande datum")), [str(h) for h in headings], rows, (12, 12, 28, 18, 40, 26, 30))


def filling_ceilings(user: User) -> list[tuple[Ceiling, int]]:
    """The ceilings of the living agreements she manages that have reached their lowest level, the fullest first, each
    with the level it has reached."""
    query = (
        select(Ceiling, Watch.levels)
        .join(Agreement, Agreement.id == Ceiling.agreement_id)
        .outerjoin(Watch, Watch.agreement_id == Agreement.id)
        .where(manageable(user), Agreement.state.in_(LIVING), Ceiling.limit.is_not(None))
        .where((Ceiling.reserved + Ceiling.ordered + Ceiling.external) > 0)
        .options(
            joinedload(Ceiling.agreement).joinedload(Agreement.responsible),
            joinedload(Ceiling.lot).joinedload(Lot.agreement),
            joinedload(Ceiling.award),
            joinedload(Ceiling.organisation),
        )
    )
    found = [(ceiling, ceiling.level(levels_of(stated))) for ceiling, stated in db.session.execute(query)]
    return sorted((pair for pair in found if pair[1]), key=lambda pair: (-(pair[0].percent_used or 0), pair[0].id))


def people_of(agreement: Agreement) -> list[User]:
    """Who is told about an agreement: its responsible buyer, and the agreement owners of the organisation that owns
    it."""
    people = [agreement.responsible] if agreement.responsible is not None else []
    found = [*people, *agreement_owners({agreement.owner_id})]
    return list({person.id: person for person in found if person.is_active}.values())
