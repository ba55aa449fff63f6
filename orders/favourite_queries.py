"""What the pages of the favourites read: hers alone, and what of it can be ordered today where she acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, tuple_

from auth.organisation import Organisation
from auth.user import User
from catalog.price_list import Article
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
    wanted = select(Article).where(tuple_(Article.award_id, Article.supplier_number).in_(keys)).options(*with_award())
    may_order = Article.price_list_id.in_(orderable_price_lists(organisation, today()))
    now = {(a.award_id, a.supplier_number): a for a in db.session.scalars(wanted.where(may_order))}
    missing = [key for key in keys if key not in now]
    last: dict[tuple[int, str], Article] = {}
    if missing:
        older = wanted.where(tuple_(Article.award_id, Article.supplier_number).in_(missing)).order_by(Article.id)
        last = {(a.award_id, a.supplier_number): a for a in db.session.scalars(older)}
    return Favourites([now[key] for key in keys if key in now], [last[key] for key in missing if key in last])


def favourite_for(user: User, article: Article) -> Favourite | None:
    """Her mark on an article, set in this price list or another of the same award; none where she has set none."""
    return db.session.scalar(
        select(Favourite).where(
            Favourite.user_id == user.id,
            Favourite.award_id == article.award_id,
            Favourite.supplier_number == article.supplier_number,
        )
    )
