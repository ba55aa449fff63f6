"""What is done to a basket."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, update

from auth.organisation import Organisation
from auth.user import User
from catalog.agreement import CallOffMethod
from catalog.price_list import Article
from catalog.queries import current_articles
from catalog.rules import judge
from catalog.steering import Ask, Finding, load_facts, unmendable
from core.clock import now, today
from core.db import db, insert_with_conflict
from core.errors import RuleBroken
from orders.basket import Basket, BasketLine
from orders.basket_queries import basket_of
from orders.ranking import RankingRefusal
from orders.requisition import MOST_LINES
from orders.shopping_list import ShoppingList


def add(actor: User, organisation: Organisation, article: Article, quantity: Decimal) -> BasketLine:
    """Put an article into the basket, or more of one that is there.

    Raises RuleBroken with the findings when this organisation may not order it at all.
    """
    basket = open_basket(actor, organisation)
    [hard] = _in_the_way(basket, [(article, quantity)])
    if hard:
        raise RuleBroken(hard[0].text, way_on=hard[0].way_on, findings=hard)
    line = lay(basket, article, quantity)
    db.session.flush()
    return line


def add_all(
    actor: User,
    organisation: Organisation,
    wanted: Sequence[tuple[Article, Decimal]],
    shopping_list: ShoppingList | None = None,
    form_print: str | None = None,
) -> list[tuple[Finding, ...]]:
    """Put many articles into the basket, or none of them when something stands in the way of any.

    Returns what stands in the way of each, in their order: nothing of any when they lie there. The same article twice
    counts together. `shopping_list`: the list they come from; if it remembers a delivery, the till will suggest that.
    The same `form_print` fills the basket once. Raises RuleBroken when the basket is too small.
    """
    basket = open_basket(actor, organisation)
    if form_print and basket.filled_with == form_print:
        return [()] * len(wanted)  # the button was pressed twice
    together: dict[tuple[int, str], Decimal] = {}
    for article, quantity in wanted:
        together[_key(article)] = together.get(_key(article), Decimal(0)) + quantity
    hard = _in_the_way(basket, [(article, together[_key(article)]) for article, _quantity in wanted])
    if not any(hard):
        for article, quantity in wanted:
            lay(basket, article, quantity)
        if shopping_list is not None and shopping_list.remembers:
            basket.shopping_list_id = shopping_list.id
        basket.filled_with = form_print
        db.session.flush()
    return hard


def _in_the_way(basket: Basket, wanted: Sequence[tuple[Article, Decimal]]) -> list[tuple[Finding, ...]]:
    """What keeps each article out of the basket, together with what lies there of it already; each asked alone."""
    asks = [Ask(article, quantity + _lying(basket, article)) for article, quantity in wanted]
    in_force = {_key(article): article for article, _ in wanted if article.price_list.is_in_force(today())}
    has_all = all(_key(article) in in_force for article, _ in wanted)
    facts = load_facts(asks, basket.organisation, today(), current=in_force if has_all else None)
    return [unmendable(judge([ask], facts)) for ask in asks]


def _lying(basket: Basket, article: Article) -> Decimal:
    line = _line_of(basket, article)
    return line.quantity if line else Decimal(0)


def _line_of(basket: Basket, article: Article) -> BasketLine | None:
    """The line of an article, of whichever price list: an article has one line in a basket."""
    return next((line for line in basket.lines if _key(line.article) == _key(article)), None)


def _key(article: Article) -> tuple[int, str]:
    return article.award_id, article.supplier_number


def lay(basket: Basket, article: Article, quantity: Decimal) -> BasketLine:
    """So many more of an article, on its one line. Asks no gate. Raises RuleBroken when the basket is full."""
    line = _line_of(basket, article)
    if line is None:
        if len(basket.lines) >= MOST_LINES:
            raise RuleBroken(_l("En varukorg rymmer %(count)s rader. Skicka den här först.", count=MOST_LINES))
        line = BasketLine(quantity=Decimal(0), added_at=now())
        basket.lines.append(line)
    line.article = article
    line.quantity += quantity
    return line


def change(actor: User, line: BasketLine, quantity: Decimal, note: str | None = None) -> None:
    """Set how many, and what the supplier should know about the line."""
    line.quantity, line.note = quantity, note


def remove(actor: User, line: BasketLine) -> None:
    """Take a line out. With the last one the need is gone, and with it what was being mended and noted for it."""
    basket = line.basket
    basket.lines.remove(line)
    basket.filled_with = None  # so it may be filled from that page again
    if not basket.lines:
        basket.requisition_id = basket.shopping_list_id = None
        of_basket = RankingRefusal.basket_id == basket.id
        db.session.execute(delete(RankingRefusal).where(of_basket, RankingRefusal.requisition_id.is_(None)))
        db.session.execute(update(RankingRefusal).where(of_basket).values(basket_id=None))


def state_ground(actor: User, line: BasketLine, ground: str) -> None:
    """Orderer's choice: say on which of the lot's objective grounds this supplier was chosen (LOU 7:6). Dynamic
    ranking: say in her own words how she compared what the system cannot.

    Raises RuleBroken for a ground that the procurement documents do not state.
    """
    lot = line.article.award.lot
    if lot.method is not CallOffMethod.DYNAMIC_RANKING and ground not in lot.grounds:
        raise RuleBroken(_l("Välj en av de grunder som avtalet anger."))
    line.choice_ground = ground


def accept_change(actor: User, line: BasketLine) -> None:
    """Take the article as it stands in the price list of today, at today's price.

    Raises RuleBroken when it is not sold any more.
    """
    key = (line.article.award_id, line.article.supplier_number)
    today_row = current_articles([key], today()).get(key)
    if today_row is None:
        raise RuleBroken(_l("Artikeln säljs inte längre under avtalet. Ta bort raden och sök efter en annan."))
    line.article_id = today_row.id


def open_basket(actor: User, organisation: Organisation) -> Basket:
    """Her basket, made when she has none; held until the transaction ends, so that two clicks do not collide."""
    while (basket := basket_of(actor, organisation, lock=True)) is None:
        new = insert_with_conflict(Basket).values(user_id=actor.id, organisation_id=organisation.id)
        db.session.execute(new.on_conflict_do_nothing())
    return basket
