"""What becomes of a wish today: the row in force, why it cannot be ordered, and what has taken its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from auth.organisation import Organisation
from catalog.agreement import Award
from catalog.finding import Finding, Level
from catalog.price_list import Article
from catalog.queries import articles_by_id, orderable_price_lists
from catalog.steering import Ask, load_facts
from core.clock import today
from core.db import db
from orders.favourite_queries import Favourites
from orders.order import Order
from orders.proposal import Choice, Proposal, SentRow, Then, judged
from orders.shopping_list import ShoppingList

# A free text held for one order, at the price of that day: nothing of it is ordered again unseen.
STATED_ANEW = Finding(
    "free-text-anew",
    Level.STOP,
    _l("Det här stod inte i prislistan, och priset gällde den gången."),
    way_on=_l("Skriv det på nytt, med pris och underlag för i dag."),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """Something she wants again: the row as it was chosen, how many, and what one cost. `key` is the line's id."""

    key: int
    article: Article
    quantity: Decimal
    then: Then
    is_free_text: bool = False


def wishes_of_order(order: Order) -> list[Wish]:
    """The lines of an order, on the terms on which they were ordered. One query."""
    articles = articles_by_id(line.article_id for line in order.lines)
    return [
        Wish(
            line.id,
            articles[line.article_id],
            line.quantity,
            Then(line.name, line.unit_code, line.unit_price, line.base_quantity),
            is_free_text=line.free_text_id is not None,
        )
        for line in order.lines
    ]


def wishes_of_list(shopping_list: ShoppingList) -> list[Wish]:
    """The lines of a list, on the terms on which they were written down."""
    return [
        Wish(line.id, line.article, line.quantity, _terms(line.article, line.quantity)) for line in shopping_list.lines
    ]


def wishes_of_favourites(favourites: Favourites) -> list[Wish]:
    """One of each of what cannot be ordered, to be told why."""
    return [Wish(article.id, article, Decimal(1), _terms(article, Decimal(1))) for article in favourites.gone]


def _terms(article: Article, quantity: Decimal) -> Then:
    return Then(article.name, article.unit_code, article.price_for(quantity), article.base_quantity)


def propose(wishes: Sequence[Wish], organisation: Organisation) -> list[Proposal]:
    """What an organisation can order of it today, in the order of the wishes.

    Nine queries at most, however many wishes. What cannot be ordered any more is looked for under the supplier's own
    number among its other agreements: that is offered, but not taken by itself.
    """
    if not wishes:
        return []
    on = today()
    facts = load_facts([Ask(wish.article) for wish in wishes], organisation, on)
    rows = [facts.current.get(_key(wish.article), wish.article) for wish in wishes]
    own = [judged(row, wish.quantity, facts) for row, wish in zip(rows, wishes, strict=True)]
    closed = [(wish, choice) for wish, choice in zip(wishes, own, strict=True) if not choice.is_open]
    taken_over = _successors(closed, organisation)
    return [_proposal(wish, choice, taken_over.get(wish.key)) for wish, choice in zip(wishes, own, strict=True)]


def _proposal(wish: Wish, own: Choice, successor: Choice | None) -> Proposal:
    offered = own if own.is_open else successor
    return Proposal(
        key=wish.key,
        name=wish.then.name,
        quantity=wish.quantity,
        choices=[offered] if offered else [],
        is_taken=own.is_open,
        then=wish.then,
        is_successor=offered is successor and successor is not None,
        stops=(STATED_ANEW,) if wish.is_free_text else own.closed,
        stated_under=own.award if wish.is_free_text else None,
    )


def sent_again(
    sent: Sequence[SentRow],
    articles: Mapping[int, Article],
    organisation: Organisation,
    refused: Mapping[int, Sequence[Finding]],
) -> list[Proposal]:
    """The rows of a page that was sent and could not be taken, to be shown again with what is wrong with each.

    `refused`: by the key of the row, what stood in its way together with what lies in the basket. Four queries.
    """
    shown = {i: articles[i] for row in sent for i in row.options if i in articles}
    facts = load_facts([Ask(article) for article in shown.values()], organisation, today())
    rows = []
    for row in sent:
        choices = [judged(shown[i], row.quantity, facts) for i in row.options if i in shown]
        proposal = Proposal(
            key=row.key,
            name=_name([choice.article for choice in choices]),
            quantity=row.quantity,
            choices=[choice for choice in choices if choice.is_open],
            is_taken=not refused.get(row.key),
            written=row.written if row.quantity is None else None,
            chosen_id=row.chosen_id,
            problems=[row.problem] if row.problem else [],
            refused=refused.get(row.key, ()),
        )
        if choices and not proposal.choices:
            proposal.stops, proposal.refused = choices[0].closed, ()
        rows.append(proposal)
    return rows


def _name(articles: Sequence[Article]) -> Any:
    """What to call a row: its article, or the number that several have."""
    if not articles:
        return _l("Artikeln finns inte.")
    return articles[0].name if len(articles) == 1 else articles[0].supplier_number


def _key(article: Article) -> tuple[int, str]:
    return article.award_id, article.supplier_number


def _successors(closed: Collection[tuple[Wish, Choice]], organisation: Organisation) -> dict[int, Choice]:
    """By wish key: the same supplier's article of the same number on another agreement that is open to them."""
    if not closed:
        return {}
    on = today()
    found = db.session.execute(
        select(Article, Award.supplier_id)
        .join(Award, Award.id == Article.award_id)
        .where(
            Article.price_list_id.in_(orderable_price_lists(organisation.id, on)),
            Article.supplier_number.in_({wish.article.supplier_number for wish, _own in closed}),
            Award.supplier_id.in_({own.award.supplier_id for _wish, own in closed}),
        )
        .order_by(Article.price, Article.id)
    ).all()
    if not found:
        return {}
    facts = load_facts([Ask(article) for article, _supplier_id in found], organisation, on)
    successors: dict[int, Choice] = {}
    for wish, own in closed:
        for article, supplier_id in found:
            same = (supplier_id, article.supplier_number) == (own.award.supplier_id, wish.article.supplier_number)
            if same and article.award_id != wish.article.award_id:
                choice = judged(article, wish.quantity, facts)
                if choice.is_open:
                    successors.setdefault(wish.key, choice)
    return successors
