"""What the pages of the favourites read: hers alone, and what of it can be ordered today where she acts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, select

from auth.organisation import Organisation
from auth.user import User
from catalog.price_list import NOT_ON_SHOW, Article, PriceList
from catalog.queries import orderable_price_lists, with_award
from core.clock import today
from core.db import db
from orders.favourite import Favourite


@dataclass(frozen=True, slots=True)
class Favourites:
    """Hers: what can be ordered now, and the last known rows of what cannot. Both latest first."""

    orderable: Sequence[Article]
    gone: Sequence[Article]


def favourites_of(user: User, organisation: Organisation) -> Favourites:
    """Her favourites as they stand in the price lists of today. Three queries at most."""
    kept = db.session.scalars(
        select(Favourite).where(Favourite.user_id == user.id).order_by(Favourite.added_at.desc(), Favourite.id.desc())
    ).all()
    keys = [(favourite.award_id, favourite.supplier_number) for favourite in kept]
    if not keys:
        return Favourites((), ())
    may_order = Article.price_list_id.in_(orderable_price_lists(organisation.id, today()))
    now = _rows(keys, may_order)
    missing = [key for key in keys if key not in now]
    last = _rows(missing, Article.price_list_id.in_(_ever_on_show())) if missing else {}
    return Favourites([now[key] for key in keys if key in now], [last[key] for key in missing if key in last])


def _rows(keys: Collection[tuple[int, str]], of_lists: ColumnElement[bool]) -> dict[tuple[int, str], Article]:
    """The newest rows of some price lists by (award id, supplier's number); some not asked for may be among them."""
    # not by pairs: SQLite reads the whole table for a row value
    wanted = select(Article).where(
        Article.award_id.in_({award_id for award_id, _number in keys}),
        Article.supplier_number.in_({number for _award_id, number in keys}),
        of_lists,
    )
    newest_last = wanted.order_by(Article.id).options(*with_award())
    return {(a.award_id, a.supplier_number): a for a in db.session.scalars(newest_last)}


def _ever_on_show() -> Select[int]:
    """The price lists that are no drafts; what stands in a draft is not told before its day."""
    return select(PriceList.id).where(PriceList.state.not_in(NOT_ON_SHOW))


def is_kept(user: User, article: Article) -> bool:
    """Whether she keeps an article at hand, marked in this price list or another of the same award."""
    return db.session.scalar(select(Favourite.id).where(*of_article(user, article))) is not None


def of_article(user: User, article: Article) -> tuple[ColumnElement[bool], ...]:
    """The conditions of her mark on an article."""
    return (
        Favourite.user_id == user.id,
        Favourite.award_id == article.award_id,
        Favourite.supplier_number == article.supplier_number,
    )
