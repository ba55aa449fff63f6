"""What is done to favourites: kept and taken away. A private bookmark, so the journal is not told.

Each says what is to be so, not what is to change: pressed twice, even at once, it is so.
"""

from __future__ import annotations

from sqlalchemy import delete

from auth.user import User
from catalog.price_list import Article
from core.clock import now
from core.db import db, insert_with_conflict
from orders.favourite import Favourite
from orders.favourite_queries import of_article


def keep(actor: User, article: Article) -> None:
    """Keep an article at hand."""
    new = insert_with_conflict(Favourite).values(
        user_id=actor.id, award_id=article.award_id, supplier_number=article.supplier_number, added_at=now()
    )
    db.session.execute(new.on_conflict_do_nothing())


def remove(actor: User, article: Article) -> None:
    """Have it at hand no longer."""
    db.session.execute(delete(Favourite).where(*of_article(actor, article)))
