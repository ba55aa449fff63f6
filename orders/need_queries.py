"""Queries about need reports: those a person sees where she acts, what waits for an answer, and what is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, extract, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from auth.organisation import Organisation, Unit
from auth.user import User
from catalog.agreement import Agreement, Award, Lot
from catalog.category import Category
from catalog.price_list import Article, PriceList, PriceListState
from core.db import db, paginate
from core.errors import NotFound
from core.web import Page
from orders.direct_procurement import DirectProcurement
from orders.need import OPEN, NeedAttachment, NeedReport
from orders.policy import visible_needs

MOST_EXPORTED = 10_000


def report_for(user: User, organisation: Organisation, report_id: int) -> NeedReport:
    """A report she sees, with everything on its page. Two queries. Raises NotFound."""
    found = db.session.scalar(
        select(NeedReport)
        .where(NeedReport.id == report_id, visible_needs(user, organisation))
        .options(*_with_people(), selectinload(NeedReport.attachments))
        .options(joinedload(NeedReport.article), joinedload(NeedReport.agreement))
        .options(joinedload(NeedReport.answer_article), joinedload(NeedReport.answer_agreement))
    )
    if found is None:
        raise NotFound(_l("Anmälan finns inte, eller så får du inte se den."))
    return found


def attachment_for(user: User, organisation: Organisation, report_id: int, attachment_id: int) -> NeedAttachment:
    """A file of a report she sees. Raises NotFound."""
    found = db.session.scalar(
        select(NeedAttachment)
        .join(NeedReport)
        .where(NeedReport.id == report_id, NeedAttachment.id == attachment_id, visible_needs(user, organisation))
    )
    if found is None:
        raise NotFound(_l("Filen finns inte."))
    return found


def procurement_of(report: NeedReport) -> DirectProcurement | None:
    """The direct procurement that a report was answered with, with its suppliers. Two queries."""
    return db.session.scalar(
        select(DirectProcurement)
        .where(DirectProcurement.report_id == report.id)
        .options(joinedload(DirectProcurement.category), joinedload(DirectProcurement.decided_by))
        .options(joinedload(DirectProcurement.organisation), selectinload(DirectProcurement.asked))
    )


def reports_page(user: User, organisation: Organisation, *, mine: bool, page: int) -> Page:
    """Reports the newest first: her own, or all that she sees. Two queries."""
    found = select(NeedReport).where(visible_needs(user, organisation)).options(*_with_people())
    if mine:
        found = found.where(NeedReport.reporter_id == user.id)
    return paginate(found.order_by(NeedReport.reported_at.desc(), NeedReport.id.desc()), page)


def inbox_page(user: User, organisation: Organisation, *, mine: bool, page: int) -> Page:
    """What waits for an answer, the most urgent first: what has come to her or to nobody in particular, or all.

    Two queries. Her own reports are others' to answer.
    """
    found = select(NeedReport).where(_waits(user, organisation, mine=mine)).options(*_with_people())
    return paginate(found.order_by(NeedReport.due_on, NeedReport.id), page)


def needs_to_answer(user: User, organisation: Organisation) -> int:
    """How many wait for her answer, or for nobody's in particular. One query."""
    waiting = select(func.count()).select_from(NeedReport).where(_waits(user, organisation, mine=True))
    return db.session.scalar(waiting) or 0


def _waits(user: User, organisation: Organisation, *, mine: bool) -> ColumnElement[bool]:
    conditions = [visible_needs(user, organisation), NeedReport.state.in_(OPEN), NeedReport.reporter_id != user.id]
    if mine:
        conditions.append(or_(NeedReport.receiver_id == user.id, NeedReport.receiver_id.is_(None)))
    return and_(*conditions)


def units_of(user: User, organisation: Organisation) -> Sequence[Unit]:
    """The open units where she has any role, in the order of the tree: what a report may be for. One query."""
    memberships = [m for m in user.current_memberships() if m.organisation_id == organisation.id]
    branches = [Unit.path.startswith(m.unit.path if m.unit else "/") for m in memberships]
    return db.session.scalars(
        select(Unit)
        .where(Unit.organisation_id == organisation.id, Unit.is_active, or_(Unit.id.is_(None), *branches))
        .order_by(Unit.path)
    ).all()


def agreement_numbered(number: str) -> Agreement | None:
    """The agreement with a number, whatever its state. One query."""
    return db.session.scalar(select(Agreement).where(Agreement.number == number))


def article_numbered(agreement: Agreement, number: str) -> Article | None:
    """The article in force that a supplier under the agreement sells by that number; the first where several do."""
    return db.session.scalar(
        select(Article)
        .join(PriceList, PriceList.id == Article.price_list_id)
        .join(Award, Award.id == Article.award_id)
        .join(Lot, Lot.id == Award.lot_id)
        .where(
            Lot.agreement_id == agreement.id,
            PriceList.state == PriceListState.PUBLISHED,
            Article.supplier_number == number,
        )
        .order_by(Article.id)
        .limit(1)
    )


# The office's overview


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """What was asked for in a category: reports per month, in the order of the months asked about."""

    category: Category | None
    per_month: tuple[int, ...]
    waiting: int

    @property
    def total(self) -> int:
        return sum(self.per_month)


def months_until(last: date, count: int) -> list[date]:
    """The first days of the last `count` months, this one included, oldest first."""
    month, found = last.replace(day=1), []
    for _number in range(count):
        found.append(month)
        month = (
            month.replace(year=month.year - 1, month=12) if month.month == 1 else month.replace(month=month.month - 1)
        )
    return found[::-1]


def by_category_and_month(user: User, organisation: Organisation, months: Sequence[date]) -> list[CategoryRow]:
    """How many reports there were per category and month, the most wanted category first. Two queries."""
    year, month = extract("year", NeedReport.reported_on), extract("month", NeedReport.reported_on)
    is_open: ColumnElement[bool] = NeedReport.state.in_(OPEN)
    rows = db.session.execute(
        select(NeedReport.category_id, year, month, is_open, func.count())
        .where(visible_needs(user, organisation), NeedReport.reported_on >= months[0])
        .group_by(NeedReport.category_id, year, month, is_open)
    ).all()
    counts: dict[int | None, dict[tuple[int, int], int]] = {}
    waiting: dict[int | None, int] = {}
    for category_id, in_year, in_month, waits, count in rows:
        key = (int(in_year), int(in_month))
        of_category = counts.setdefault(category_id, {})
        of_category[key] = of_category.get(key, 0) + count
        waiting[category_id] = waiting.get(category_id, 0) + (count if waits else 0)
    known = db.session.scalars(select(Category).where(Category.id.in_([i for i in counts if i is not None])))
    categories = {category.id: category for category in known}
    found = [
        CategoryRow(
            category=categories.get(category_id) if category_id else None,
            per_month=tuple(of_category.get((m.year, m.month), 0) for m in months),
            waiting=waiting[category_id],
        )
        for category_id, of_category in counts.items()
    ]
    return sorted(found, key=lambda row: (-row.total, row.category.code if row.category else "~"))


def exported(user: User, organisation: Organisation, since: date) -> Iterator[NeedReport]:
    """The reports since a day that she sees, oldest first, at most ten thousand. One query."""
    found: Select[NeedReport] = (
        select(NeedReport)
        .where(visible_needs(user, organisation), NeedReport.reported_on >= since)
        .options(*_with_people(), joinedload(NeedReport.answer_agreement))
        .order_by(NeedReport.id)
        .limit(MOST_EXPORTED)
    )
    yield from db.session.scalars(found)


def _with_people() -> tuple[Any, ...]:
    """Loader options for what every list of reports shows."""
    return (
        joinedload(NeedReport.reporter),
        joinedload(NeedReport.receiver),
        joinedload(NeedReport.answered_by),
        joinedload(NeedReport.organisation),
        joinedload(NeedReport.unit),
        joinedload(NeedReport.category),
    )
