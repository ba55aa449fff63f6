"""Queries of the catalogue. What a page shows is read here, scoped by who asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased, joinedload

from auth.organisation import Organisation
from catalog.agreement import Agreement, AgreementState, Award, Entitlement, Lot
from catalog.category import Category
from catalog.price_list import Article, PriceList, PriceListState
from catalog.supplier import Supplier
from core.db import db


def with_terms() -> tuple[Any, ...]:
    """Loader options of an award: with lot, agreement, responsible buyer, categories and supplier in the same query."""
    agreement = joinedload(Award.lot, innerjoin=True).joinedload(Lot.agreement, innerjoin=True)
    return (
        joinedload(Award.supplier, innerjoin=True),
        joinedload(Award.lot, innerjoin=True).joinedload(Lot.category),
        agreement.joinedload(Agreement.category),
        agreement.joinedload(Agreement.responsible),
    )


def with_award() -> tuple[Any, ...]:
    """Loader options of an article: with price list, award, lot, agreement and supplier in the same query."""
    award = joinedload(Article.award, innerjoin=True)
    return (joinedload(Article.price_list, innerjoin=True), award.options(*with_terms()))


def _may_order(organisation: Organisation, on: date) -> ColumnElement[bool]:
    """Whether a price list can be ordered from, over PriceList, Award, Supplier, Lot and Agreement.

    In force, of an award and an agreement within their dates, to which the organisation is entitled, with a supplier
    that is not blocked. The other gates are asked of the steering.
    """
    entitled = exists().where(
        Entitlement.agreement_id == Agreement.id,
        or_(Entitlement.lot_id.is_(None), Entitlement.lot_id == Lot.id),
        Entitlement.organisation_id == organisation.id,
        Entitlement.starts_on <= on,
        or_(Entitlement.ends_on.is_(None), Entitlement.ends_on >= on),
    )
    return and_(
        _is_in_force(on),
        Supplier.blocked_at.is_(None),
        or_(Award.starts_on.is_(None), Award.starts_on <= on),
        or_(Award.ends_on.is_(None), Award.ends_on >= on),
        Agreement.state == AgreementState.PUBLISHED,
        Agreement.starts_on <= on,
        Agreement.ends_on >= on,
        entitled,
    )


def _is_in_force(on: date) -> ColumnElement[bool]:
    return and_(PriceList.state == PriceListState.PUBLISHED, PriceList.effective_from <= on)


def orderable_price_lists(organisation: Organisation, on: date) -> Select[int]:
    """The ids of the price lists that an organisation may order from on a day: what search filters on."""
    return (
        select(PriceList.id)
        .join(Award, Award.id == PriceList.award_id)
        .join(Supplier, Supplier.id == Award.supplier_id)
        .join(Lot, Lot.id == Award.lot_id)
        .join(Agreement, Agreement.id == Lot.agreement_id)
        .where(_may_order(organisation, on))
    )


def orderable_price_list_ids(organisation: Organisation, on: date) -> list[int]:
    """See `orderable_price_lists`; ascending."""
    return list(db.session.scalars(orderable_price_lists(organisation, on).order_by(PriceList.id)))


def current_articles(keys: Collection[tuple[int, str]], on: date) -> dict[tuple[int, str], Article]:
    """The rows in force on a day, by (award id, supplier's number). One query."""
    statement = (
        select(Article)
        .join(PriceList, PriceList.id == Article.price_list_id)
        .where(
            tuple_(Article.award_id, Article.supplier_number).in_(sorted(keys)),
            PriceList.state == PriceListState.PUBLISHED,
            PriceList.effective_from <= on,
        )
    )
    return {(a.award_id, a.supplier_number): a for a in db.session.scalars(statement)}


def current_article(award_id: int, supplier_number: str, on: date) -> Article | None:
    """The row in force on a day for an award's article number; none when the price list no longer has it."""
    return current_articles([(award_id, supplier_number)], on).get((award_id, supplier_number))


def articles_by_id(ids: Iterable[int]) -> dict[int, Article]:
    """Articles with price list, award, lot, agreement and supplier, by id. One query; unknown ids are left out."""
    rows = db.session.scalars(select(Article).where(Article.id.in_(list(ids))).options(*with_award()))
    return {article.id: article for article in rows}


@dataclass(frozen=True, slots=True)
class Offer:
    """A supplier's place on an agreement as the search sees it, with the price list in force if there is one."""

    agreement_id: int
    agreement_number: str
    agreement_title: str
    lot_title: str
    supplier_id: int
    supplier_name: str
    category_id: int | None
    category_name: str | None
    category_path: str | None
    price_list_id: int | None
    published_at: str
    article_count: int
    is_orderable: bool


def offers(organisation: Organisation, on: date) -> list[Offer]:
    """Every place on the agreements that all staff may see, and whether the organisation may order from it.

    One query, a row for each award: some hundreds, however many articles there are.
    """
    category = aliased(Category)
    statement = (
        select(
            *(Agreement.id, Agreement.number, Agreement.title, Lot.title, Supplier.id, Supplier.name),
            *(category.id, category.name, category.path),
            *(PriceList.id, PriceList.published_at, PriceList.article_count),
            case((_may_order(organisation, on), 1), else_=0),
        )
        .join(Lot, Lot.agreement_id == Agreement.id)
        .join(Award, Award.lot_id == Lot.id)
        .join(Supplier, Supplier.id == Award.supplier_id)
        .outerjoin(category, category.id == func.coalesce(Lot.category_id, Agreement.category_id))
        .outerjoin(PriceList, and_(PriceList.award_id == Award.id, _is_in_force(on)))
        .where(
            Agreement.state.in_([AgreementState.PUBLISHED, AgreementState.PAUSED]),
            Agreement.starts_on <= on,
            Agreement.ends_on >= on,
        )
        .order_by(Agreement.sort_title, Agreement.id, Lot.number, Award.rank, Award.id)
    )
    return [
        Offer(*row[:10], published_at=str(row[10]), article_count=row[11] or 0, is_orderable=bool(row[12]))
        for row in db.session.execute(statement)
    ]
