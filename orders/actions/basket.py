"""What is done to a basket."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from auth.journal import record
from auth.organisation import Organisation
from auth.user import User
from catalog.agreement import Award
from catalog.price_list import Article
from catalog.queries import articles_by_id, current_articles
from catalog.steering import Ask, findings, unmendable
from core.clock import now, today
from core.db import db, insert_with_conflict
from core.errors import RuleBroken
from orders.basket import Basket, BasketLine, RankingRefusal
from orders.basket_queries import basket_of, refused_awards
from orders.order import Order

MOST_LINES = 200  # as many as a requisition can be read with care


def add(actor: User, organisation: Organisation, article: Article, quantity: Decimal) -> BasketLine:
    """Put an article into the basket, or more of one that is there.

    Raises RuleBroken with the findings when this organisation may not order it at all.
    """
    basket = open_basket(actor, organisation)
    line = next((line for line in basket.lines if line.article_id == article.id), None)
    total = quantity + (line.quantity if line else 0)
    found = findings([Ask(article, total)], organisation, today(), refused=refused_awards(basket))
    if hard := unmendable(found):
        raise RuleBroken(hard[0].text, way_on=hard[0].way_on, findings=hard)
    if line is None:
        if len(basket.lines) >= MOST_LINES:
            raise RuleBroken(_l("En varukorg rymmer %(count)s rader. Skicka den här först.", count=MOST_LINES))
        line = BasketLine(article_id=article.id, quantity=total, seen_price=article.price, added_at=now())
        basket.lines.append(line)
    line.quantity, line.seen_price = total, article.price
    db.session.flush()
    return line


def change(actor: User, line: BasketLine, quantity: Decimal, note: str | None = None) -> None:
    """Set how many, and what the supplier should know about the line."""
    line.quantity, line.note = quantity, note


def remove(actor: User, line: BasketLine) -> None:
    line.basket.lines.remove(line)


def state_ground(actor: User, line: BasketLine, ground: str) -> None:
    """Orderer's choice: say on which of the lot's objective grounds this supplier was chosen (LOU 7:6).

    Raises RuleBroken for a ground that the procurement documents do not state.
    """
    if ground not in line.article.award.lot.grounds:
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
    line.article_id, line.seen_price = today_row.id, today_row.price


def note_refusal(
    actor: User, basket: Basket, award: Award, asked_at: datetime, channel: str, answer: str, reason: str
) -> RankingRefusal:
    """Note that a better-placed supplier declined or stayed silent; opens the next place for this need alone.

    Raises RuleBroken when silence is claimed before the lot's time to answer has run out.
    """
    if asked_at > now():
        raise RuleBroken(_l("Leverantören kan inte ha tillfrågats i framtiden."))
    hours = award.lot.answer_hours
    if answer == "silent" and (now() - asked_at).total_seconds() < hours * 3600:
        raise RuleBroken(
            _l("Leverantören har %(hours)s timmar på sig att svara. Vänta tills tiden gått ut.", hours=hours)
        )
    refusal = RankingRefusal(
        award=award,
        basket_id=basket.id,
        asked_at=asked_at,
        channel=channel,
        answer=answer,
        reason=reason,
        noted_by=actor,
        noted_at=now(),
    )
    db.session.add(refusal)
    db.session.flush()
    record(
        actor,
        "note-refusal",
        "award",
        award.id,
        organisation_id=basket.organisation_id,
        supplier=award.supplier.name,
        lot=award.lot.title,
        answer=answer,
        channel=channel,
        reason=reason,
        asked_at=asked_at.isoformat(),
    )
    return refusal


def reorder(actor: User, organisation: Organisation, order: Order) -> list[str]:
    """Put an old order's articles into the basket at today's prices. Returns the names of what is gone or stopped."""
    keys = [(line.award_id, line.supplier_number) for line in order.lines]
    found = current_articles(keys, today())
    articles = articles_by_id([article.id for article in found.values()])
    gone = []
    for line in order.lines:
        article = found.get((line.award_id, line.supplier_number))
        try:
            if article is None:
                raise RuleBroken
            add(actor, organisation, articles[article.id], line.quantity)
        except RuleBroken:
            gone.append(line.name)
    return gone


def open_basket(actor: User, organisation: Organisation) -> Basket:
    """Her basket, made when she has none; held until the transaction ends, so that two clicks do not collide."""
    basket = basket_of(actor, organisation, lock=True)
    if basket is None:
        new = insert_with_conflict(Basket).values(user_id=actor.id, organisation_id=organisation.id)
        db.session.execute(new.on_conflict_do_nothing())
        basket = basket_of(actor, organisation, lock=True)
    assert basket is not None
    return basket
