"""Queries of the catalogue. What a page shows is read here, scoped by who asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Exists, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import joinedload

from auth.organisation import Organisation
from auth.user import User
from catalog.agreement import (
    COMPETED,
    RANKED,
    Agreement,
    AgreementState,
    Award,
    CallOffMethod,
    Entitlement,
    Lot,
)
from catalog.category import Category
from catalog.policy import may_manage
from catalog.price_list import NOT_ON_SHOW, Article, PriceList, PriceListState
from catalog.supplier import Supplier
from core.db import AnySelect, db, prepared
from core.errors import NotFound


def with_terms(lot: Any = None) -> tuple[Any, ...]:
    """Loader options of an award: with lot, agreement, responsible buyer and supplier in the same query.

    `lot`: how a query that joins the lot itself loads it.
    """
    lot = lot or joinedload(Award.lot, innerjoin=True)
    agreement = lot.joinedload(Lot.agreement, innerjoin=True)
    return (
        joinedload(Award.supplier, innerjoin=True),
        agreement.joinedload(Agreement.responsible),
    )


def with_award() -> tuple[Any, ...]:
    """Loader options of an article: with price list, award, lot, agreement and supplier in the same query."""
    award = joinedload(Article.award, innerjoin=True)
    return (joinedload(Article.price_list, innerjoin=True), award.options(*with_terms()))


def _may_order(organisation_id: int, on: date) -> ColumnElement[bool]:
    """Whether a price list can be ordered from, over PriceList, Award, Supplier, Lot and Agreement.

    In force, of an award and an agreement within their dates, to which the organisation is entitled, with a supplier
    that is not blocked. The other gates are asked of the steering.
    """
    of_lot = or_(Entitlement.lot_id.is_(None), Entitlement.lot_id == Lot.id)
    return and_(is_in_force_on(on), _is_open(on), is_active_on(on), is_entitled_on(organisation_id, on).where(of_lot))


def is_active_on(on: date) -> ColumnElement[bool]:
    """Agreement.is_active, as the database says it."""
    return and_(Agreement.state == AgreementState.PUBLISHED, Agreement.starts_on <= on, Agreement.ends_on >= on)


def is_entitled_on(organisation_id: int, on: date) -> Exists:
    """Whether an organisation holds an entitlement to an agreement, or to a lot of it; over Agreement."""
    return exists().where(
        Entitlement.agreement_id == Agreement.id,
        Entitlement.organisation_id == organisation_id,
        Entitlement.starts_on <= on,
        or_(Entitlement.ends_on.is_(None), Entitlement.ends_on >= on),
    )


def _is_open(on: date) -> ColumnElement[bool]:
    """Whether a supplier can deliver under its award, over Award and Supplier."""
    begun = or_(Award.starts_on.is_(None), Award.starts_on <= on)
    return and_(Supplier.blocked_at.is_(None), begun, or_(Award.ends_on.is_(None), Award.ends_on >= on))


def is_in_force_on(on: date) -> ColumnElement[bool]:
    return and_(PriceList.state == PriceListState.PUBLISHED, PriceList.effective_from <= on)


def orderable_price_lists(organisation_id: int, on: date) -> Select[int]:
    """The ids of the price lists that an organisation may order from on a day: what search filters on."""
    return (
        select(PriceList.id)
        .join(Award, Award.id == PriceList.award_id)
        .join(Supplier, Supplier.id == Award.supplier_id)
        .join(Lot, Lot.id == Award.lot_id)
        .join(Agreement, Agreement.id == Lot.agreement_id)
        .where(_may_order(organisation_id, on))
    )


def current_articles(keys: Collection[tuple[int, str]], on: date) -> dict[tuple[int, str], Article]:
    """The rows in force on a day, by (award id, supplier's number). One query."""
    # not by pairs: SQLite reads the whole table for a row value
    award_ids, numbers = list({award_id for award_id, _ in keys}), list({number for _, number in keys})
    rows = db.session.scalars(*_current_articles(award_ids, numbers, on))
    return {key: article for article in rows if (key := (article.award_id, article.supplier_number)) in keys}


@prepared
def _current_articles(award_ids: list[int], numbers: list[str], on: date) -> Select[Any]:
    return (
        select(Article)
        .join(PriceList, PriceList.id == Article.price_list_id)
        .where(PriceList.award_id.in_(award_ids), is_in_force_on(on), Article.supplier_number.in_(numbers))
    )


def articles_in_force(ids: Collection[int], list_ids: Collection[int], on: date) -> dict[int, Article]:
    """Those of the articles that stand in one of the price lists, in force on a day; by id. One query."""
    return {article.id: article for article in db.session.scalars(*_articles_in_force(list(ids), list(list_ids), on))}


@prepared
def _articles_in_force(ids: list[int], list_ids: list[int], on: date) -> Select[Any]:
    return (
        select(Article)
        .join(PriceList, PriceList.id == Article.price_list_id)
        .where(Article.id.in_(ids), PriceList.id.in_(list_ids), is_in_force_on(on))
    )


def articles_by_id(ids: Iterable[int]) -> dict[int, Article]:
    """Articles with price list, award, lot, agreement and supplier, by id. One query; unknown ids are left out."""
    return {article.id: article for article in db.session.scalars(*_with_award(list(ids)))}


@prepared
def _with_award(ids: list[int]) -> Select[Any]:
    return select(Article).where(Article.id.in_(ids)).options(*with_award())


@dataclass(frozen=True, slots=True)
class Offer:
    """A supplier's place on an agreement as the search sees it, with the price list in force if there is one."""

    agreement_id: int
    agreement_number: str
    agreement_title: str
    lot_id: int
    lot_title: str
    method: CallOffMethod
    rank: int
    supplier_id: int
    supplier_name: str
    category_id: int | None
    category_name: str | None
    category_path: str | None
    price_list_id: int | None
    published_at: str
    article_count: int
    is_entitled: bool  # may be ordered from today, as far as organisation, agreement, award and supplier go
    is_next: bool  # and nobody better placed in the ranking comes before, nor any competition

    @property
    def is_orderable(self) -> bool:
        return self.is_entitled and self.is_next


def offers(organisation: Organisation, on: date) -> list[Offer]:
    """Every place on the agreements that all staff may see, and whether the organisation may order from it.

    One query, a row for each award: some hundreds, however many articles there are.
    """
    rows: Sequence[Any] = db.session.execute(*_offers(organisation.id, on)).all()
    first_open: dict[int, int] = {}  # lot id → rank of the best placed supplier that can deliver
    for row in rows:
        if row[16]:
            first_open.setdefault(row[3], row[6])
    return [_offer(row, first_open) for row in rows]


@prepared
def _offers(organisation_id: int, on: date) -> AnySelect:
    return (
        select(
            *(Agreement.id, Agreement.number, Agreement.title, Lot.id, Lot.title, Lot.method, Award.rank),
            *(Supplier.id, Supplier.name, Category.id, Category.name, Category.path),
            *(PriceList.id, PriceList.published_at, PriceList.article_count),
            case((_may_order(organisation_id, on), 1), else_=0),
            case((_is_open(on), 1), else_=0),
        )
        .join(Lot, Lot.agreement_id == Agreement.id)
        .join(Award, Award.lot_id == Lot.id)
        .join(Supplier, Supplier.id == Award.supplier_id)
        .outerjoin(Category, Category.id == func.coalesce(Lot.category_id, Agreement.category_id))
        .outerjoin(PriceList, and_(PriceList.award_id == Award.id, is_in_force_on(on)))
        .where(
            Agreement.state.in_([AgreementState.PUBLISHED, AgreementState.PAUSED]),
            Agreement.starts_on <= on,
            Agreement.ends_on >= on,
        )
        .order_by(Agreement.sort_title, Agreement.id, Lot.number, Award.rank, Award.id)
    )


def _offer(row: Any, first_open: dict[int, int]) -> Offer:
    lot_id, method, rank = row[3], row[5], row[6]
    is_next = method not in COMPETED and (method not in RANKED or rank <= first_open.get(lot_id, rank))
    values: tuple[Any, ...] = (*row[:13], str(row[13]), row[14] or 0, bool(row[15]), is_next)
    return Offer(*values)


def article_for(user: User, article_id: int) -> Article:
    """An article that she may see: of a list that is or was in force, under an agreement that is no draft.

    Those who manage the agreement see its drafts too. Raises NotFound.
    """
    article: Article | None = db.session.scalar(*_article(article_id))
    if article is None or not _may_see_article(user, article):
        raise NotFound(_l("Artikeln finns inte."))
    return article


def articles_for(user: User, ids: Iterable[int]) -> dict[int, Article]:
    """Those of the articles that she may see, by id; see `article_for`. One query."""
    return {i: article for i, article in articles_by_id(ids).items() if _may_see_article(user, article)}


@prepared
def _article(article_id: int) -> Select[Any]:
    """An article with what decides whether she sees it; the steering reads the rest of its terms."""
    to_lot = joinedload(Article.award, innerjoin=True).joinedload(Award.lot, innerjoin=True)
    return (
        select(Article)
        .where(Article.id == article_id)
        .options(
            joinedload(Article.price_list, innerjoin=True),
            to_lot.options(joinedload(Lot.agreement, innerjoin=True), joinedload(Lot.category)),
        )
    )


def _may_see_article(user: User, article: Article) -> bool:
    agreement = article.award.lot.agreement
    is_on_show = article.price_list.state not in NOT_ON_SHOW
    return (is_on_show and agreement.state is not AgreementState.DRAFT) or may_manage(user, agreement)


def award_for(user: User, award_id: int) -> Award:
    """A supplier's place on a lot under an agreement that she may see, with its terms. Raises NotFound."""
    award: Award | None = db.session.scalar(select(Award).where(Award.id == award_id).options(*with_terms()))
    is_seen = award is not None and (
        award.lot.agreement.state is not AgreementState.DRAFT or may_manage(user, award.lot.agreement)
    )
    if award is None or not is_seen:
        raise NotFound(_l("Leverantören finns inte på avtalet."))
    return award


def categories() -> list[Category]:
    """The whole tree, branch by branch."""
    return list(db.session.scalars(select(Category).order_by(Category.path)))


def categories_of(lots: Iterable[Lot]) -> tuple[Category, ...]:
    """What is bought under some lots: each one's category, or its agreement's. One query, of lots with agreements."""
    ids = [found for lot in lots if (found := lot.category_id or lot.agreement.category_id)]
    return tuple(db.session.scalars(*_categories(ids)))


@prepared
def _categories(ids: list[int]) -> Select[Any]:
    return select(Category).where(Category.id.in_(ids)).order_by(Category.path)
