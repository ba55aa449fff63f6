"""What is done to favourites: set and taken away. A private bookmark, so the journal is not told."""

from __future__ import annotations

from auth.user import User
from catalog.price_list import Article
from core.clock import now
from core.db import db
from orders.favourite import Favourite
from orders.favourite_queries import favourite_for


def toggle(actor: User, article: Article) -> bool:
    """Keep an article at hand, or no longer; whether it is a favourite afterwards."""
    favourite = favourite_for(actor, article)
    if favourite is not None:
        db.session.delete(favourite)
        return False
    db.session.add(
        Favourite(user_id=actor.id, award_id=article.award_id, supplier_number=article.supplier_number, added_at=now())
    )
    db.session.flush()
    return True
