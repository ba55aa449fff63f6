"""Moving what lies in a basket to another of the lot's suppliers: the same goods, as many of them."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from auth.user import User
from catalog.agreement import Award
from catalog.lowest_total import same_goods
from core.clock import today
from core.db import db
from core.errors import RuleBroken
from orders.actions.basket import lay
from orders.basket import Basket


def switch(actor: User, basket: Basket, award: Award) -> None:
    """Let all that lies in the basket of the award's lot come from that supplier, notes and all.

    Won prices stay where they are. Raises RuleBroken naming what the supplier does not sell: then nothing is moved.
    """
    moved = [
        line
        for line in basket.lines
        if line.article.award.lot_id == award.lot_id and line.article.award_id != award.id and line.bid_line_id is None
    ]
    matches = same_goods([line.article for line in moved], [award.id], today())
    missing = [line.article.name for line in moved if (line.article_id, award.id) not in matches]
    if missing:
        said = {"supplier": award.supplier.name, "goods": ", ".join(missing)}
        raise RuleBroken(
            _l("%(supplier)s har inte samma vara som %(goods)s i sin prislista.", **said),
            way_on=_l("Sök efter en motsvarande vara hos %(supplier)s.", **said),
        )
    for line in moved:
        basket.lines.remove(line)
        laid = lay(basket, matches[line.article_id, award.id], line.quantity)
        laid.note = laid.note or line.note  # but no ground: she stated it for the other supplier
    basket.filled_with = None
    db.session.flush()
