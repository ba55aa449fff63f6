"""Queries of the catalogue. What a page shows is read here, scoped by who asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import Select, exists, or_, select, tuple_
from sqlalchemy.orm import joinedload

from auth.organisation import Organisation
from catalog.agreement import Agreement, AgreementState, Award, Entitlement, Lot
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


def orderable_price_lists(organisation: Organisation, on: date) -> Select[int]:
    """The ids of the price lists that an organisation may order from on a day.

    Published and in force, of an award and an agreement within their dates, to which the organisation is entitled,
    with a supplier that is not blocked: what search filters on. The single gates are asked of the steering.
    """
    entitled = exists().where(
        Entitlement.agreement_id == Agreement.id,
        or_(Entitlement.lot_id.is_(None), Entitlement.lot_id == Lot.id),
        Entitlement.organisation_id == organisation.id,
        Entitlement.starts_on <= on,
        or_(Entitlement.ends_on.is_(None), Entitlement.ends_on >= on),
    )
    return (
        select(PriceList.id)
        .join(Award, Award.id == PriceList.award_id)
        .join(Supplier, Supplier.id == Award.supplier_id)
        .join(Lot, Lot.id == Award.lot_id)
        .join(Agreement, Agreement.id == Lot.agreement_id)
        .where(
            PriceList.state == PriceListState.PUBLISHED,
            PriceList.effective_from <= on,
            Supplier.blocked_at.is_(None),
            or_(Award.starts_on.is_(None), Award.starts_on <= on),
            or_(Award.ends_on.is_(None), Award.ends_on >= on),
            Agreement.state == AgreementState.PUBLISHED,
            Agreement.starts_on <= on,
            Agreement.ends_on >= on,
            entitled,
        )
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
