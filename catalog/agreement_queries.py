"""Queries of the agreements as all staff see them: the list, and everything on an agreement's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, case, exists, func, not_, or_, select
from sqlalchemy.orm import joinedload, selectinload

from auth.organisation import Organisation
from auth.user import User
from catalog.agreement import ENDS_SOON, Agreement, AgreementDocument, AgreementState, Award, Entitlement, Lot
from catalog.category import Category
from catalog.ceiling import Ceiling
from catalog.policy import manageable
from catalog.price_list import PriceList
from catalog.queries import is_active_on, is_entitled_on, is_in_force_on
from catalog.supplier import Supplier
from core.db import db, mentions
from core.errors import NotFound
from core.types import sort_key
from core.web import Page

NEW = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class AgreementFilter:
    """What to list. `scope`: "mine" (may order today), "ending" (within 90 days), "new" (60 days), "ended" or all."""

    text: str = ""
    category_id: int | None = None
    scope: str = ""
    page: int = 1
    size: int = 20


@dataclass(frozen=True, slots=True)
class ListedAgreement:
    """A row of the agreement list."""

    agreement: Agreement
    suppliers: list[str]
    may_order: bool


def agreements_page(user: User, organisation: Organisation, on: date, wanted: AgreementFilter) -> Page:
    """The agreements that she may see, by title. Three queries."""
    may_order = _may_call_off(organisation, on)
    conditions = [_may_see_agreement(user), *_agreement_conditions(wanted, may_order, on)]
    total = db.session.scalar(select(func.count()).select_from(Agreement).where(*conditions)) or 0
    rows = db.session.execute(
        select(Agreement, case((may_order, 1), else_=0))
        .where(*conditions)
        .options(joinedload(Agreement.category))
        .order_by(Agreement.sort_title, Agreement.id)
        .limit(wanted.size)
        .offset((wanted.page - 1) * wanted.size)
    ).all()
    suppliers: dict[int, list[str]] = {}
    for agreement_id, name in db.session.execute(
        select(Lot.agreement_id, Supplier.name)
        .join(Award, Award.lot_id == Lot.id)
        .join(Supplier, Supplier.id == Award.supplier_id)
        .where(Lot.agreement_id.in_([agreement.id for agreement, _ in rows]))
        .distinct()
        .order_by(Supplier.name)
    ):
        suppliers.setdefault(agreement_id, []).append(name)
    items = [ListedAgreement(agreement, suppliers.get(agreement.id, []), bool(may)) for agreement, may in rows]
    return Page(items, wanted.page, wanted.size, total)


def _may_call_off(organisation: Organisation, on: date) -> ColumnElement[bool]:
    """Agreement.is_open_to, as the database says it."""
    return and_(is_active_on(on), is_entitled_on(organisation.id, on))


def _may_see_agreement(user: User) -> ColumnElement[bool]:
    return or_(Agreement.state != AgreementState.DRAFT, manageable(user))


def _agreement_conditions(
    wanted: AgreementFilter, may_order: ColumnElement[bool], on: date
) -> list[ColumnElement[bool]]:
    has_ended = or_(Agreement.state == AgreementState.ENDED, Agreement.ends_on < on)
    conditions = [has_ended if wanted.scope == "ended" else not_(has_ended)]
    if wanted.scope == "mine":
        conditions.append(may_order)
    elif wanted.scope == "ending":
        conditions.append(Agreement.ends_on <= on + ENDS_SOON)
    elif wanted.scope == "new":
        conditions.append(Agreement.starts_on >= on - NEW)
    if wanted.category_id is not None:
        branch = select(Category.id).where(Category.path.contains(f"/{wanted.category_id}/"))
        in_lot = exists().where(Lot.agreement_id == Agreement.id, Lot.category_id.in_(branch))
        conditions.append(or_(Agreement.category_id.in_(branch), in_lot))
    for word in wanted.text.split():
        sorted_word = sort_key(word)
        by_supplier = exists().where(
            Lot.agreement_id == Agreement.id,
            Award.lot_id == Lot.id,
            Supplier.id == Award.supplier_id,
            Supplier.sort_name.contains(sorted_word, autoescape=True),
        )
        conditions.append(
            or_(
                Agreement.sort_title.contains(sorted_word, autoescape=True),
                mentions(Agreement.number, word),
                mentions(Agreement.summary, word),
                by_supplier,
            )
        )
    return conditions


def agreement_for(user: User, number: str) -> Agreement:
    """An agreement with everything on its page, if she may see it; drafts only for those who manage them.

    Four queries. Raises NotFound.
    """
    statement = (
        select(Agreement)
        .where(Agreement.number == number, _may_see_agreement(user))
        .options(
            joinedload(Agreement.category),
            joinedload(Agreement.responsible),
            joinedload(Agreement.owner),
            joinedload(Agreement.extensions),
            selectinload(Agreement.lots).joinedload(Lot.awards).joinedload(Award.supplier),
            selectinload(Agreement.entitlements).joinedload(Entitlement.organisation),
            selectinload(Agreement.documents),
        )
    )
    if (agreement := db.session.scalars(statement).unique().one_or_none()) is None:
        raise NotFound(_l("Avtalet finns inte."))
    return agreement


def document_for(user: User, number: str, document_id: int) -> AgreementDocument:
    """A file of an agreement that she may see. Raises NotFound."""
    statement = (
        select(AgreementDocument)
        .join(Agreement, Agreement.id == AgreementDocument.agreement_id)
        .where(Agreement.number == number, AgreementDocument.id == document_id, _may_see_agreement(user))
    )
    if (document := db.session.scalar(statement)) is None:
        raise NotFound(_l("Dokumentet finns inte."))
    return document


def ceilings_of(agreement: Agreement) -> list[Ceiling]:
    """Every ceiling of an agreement: its own first, then its lots', its awards', and the organisations' parts."""
    statement = select(Ceiling).where(Ceiling.agreement_id == agreement.id).options(joinedload(Ceiling.organisation))
    parts_last = (c.is_not(None) for c in (Ceiling.organisation_id, Ceiling.lot_id, Ceiling.award_id))
    return list(db.session.scalars(statement.order_by(*parts_last, Ceiling.id)))


def articles_on_sale(agreement: Agreement, on: date) -> dict[int, int]:
    """How many articles each award of an agreement has in force, by award id."""
    rows = db.session.execute(
        select(PriceList.award_id, PriceList.article_count)
        .join(Award, Award.id == PriceList.award_id)
        .join(Lot, Lot.id == Award.lot_id)
        .where(Lot.agreement_id == agreement.id, is_in_force_on(on))
    )
    return {row.award_id: row.article_count for row in rows}
