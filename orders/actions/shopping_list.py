"""What is done to shopping lists. They promise nothing and order nothing, so the journal is not told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from auth.organisation import DeliveryAddress, Organisation, Unit
from auth.user import User
from catalog.price_list import NOT_ON_SHOW, Article
from core.clock import now
from core.db import db
from core.errors import NotAllowed, RuleBroken
from core.types import sort_key
from orders.policy import belongs_to, may_change_list
from orders.shopping_list import Sharing, ShoppingList, ShoppingListLine


@dataclass(frozen=True, slots=True)
class ListTerms:
    """The head of a list: its name, whom it is shared with, and what it remembers for the till."""

    name: str
    sharing: Sharing = Sharing.PRIVATE
    unit: Unit | None = None  # the one it is shared with
    order_unit: Unit | None = None
    address: DeliveryAddress | None = None
    buyer_reference: str | None = None
    accounting_cost: str | None = None


def create(
    actor: User,
    organisation: Organisation,
    terms: ListTerms,
    goods: Iterable[tuple[Article, Decimal]] = (),
    form_print: str | None = None,
) -> ShoppingList:
    """A new list of hers with these articles; the same `form_print` makes one. Raises NotAllowed and RuleBroken."""
    if not belongs_to(actor, organisation.id):
        raise NotAllowed(_l("Du hör inte till organisationen."))
    if form_print and (done := _made_with(actor, form_print)):
        return done  # the button was pressed twice
    made = ShoppingList(organisation=organisation, owner=actor, filled_with=form_print)
    _set_terms(made, terms)
    for article, quantity in goods:
        _check_listed(article)
        made.put(article, quantity)
    db.session.add(made)
    db.session.flush()
    return made


def change(
    actor: User,
    shopping_list: ShoppingList,
    terms: ListTerms,
    lines: Sequence[ShoppingListLine],
    quantities: Mapping[int, Decimal],
) -> None:
    """Set the head, the order of the lines (those that are not named go) and the quantities by line id.

    Raises NotAllowed and RuleBroken.
    """
    check_hers(actor, shopping_list)
    _set_terms(shopping_list, terms)
    shopping_list.arrange(lines)
    for line in lines:
        line.quantity = quantities.get(line.id, line.quantity)
    db.session.flush()


def put(
    actor: User, shopping_list: ShoppingList, article: Article, quantity: Decimal, form_print: str | None = None
) -> None:
    """Write an article on a list; the same `form_print` does it once. Raises NotAllowed and RuleBroken."""
    check_hers(actor, shopping_list)
    if form_print and shopping_list.filled_with == form_print:
        return  # the button was pressed twice
    _check_listed(article)
    shopping_list.put(article, quantity)
    shopping_list.filled_with, shopping_list.changed_at = form_print, now()
    db.session.flush()


def delete(actor: User, shopping_list: ShoppingList) -> None:
    """Throw a list away. Raises NotAllowed."""
    check_hers(actor, shopping_list)
    db.session.delete(shopping_list)


def check_hers(actor: User, shopping_list: ShoppingList) -> None:
    """Raises NotAllowed."""
    if not may_change_list(actor, shopping_list):
        raise NotAllowed(_l("Bara den som äger listan får ändra den. Spara en egen kopia i stället."))


def _made_with(owner: User, form_print: str) -> ShoppingList | None:
    """What a form has made already. Her lists are made one at a time: a second click waits here for the first."""
    db.session.execute(select(User.id).where(User.id == owner.id).with_for_update(key_share=True))
    hers = (ShoppingList.owner_id == owner.id, ShoppingList.filled_with == form_print)
    return db.session.scalar(select(ShoppingList).where(*hers))


def _check_listed(article: Article) -> None:
    """A draft's row may still be changed or thrown away: nobody shops by it."""
    if article.price_list.state in NOT_ON_SHOW:
        raise RuleBroken(_l("%(name)s står i en prislista som inte är publicerad.", name=article.name))


def _set_terms(shopping_list: ShoppingList, terms: ListTerms) -> None:
    """Places are those of the list's own organisation, and a unit is named where one is shared with."""
    places = [terms.unit, terms.order_unit, terms.address.unit if terms.address else None]
    if any(place is not None and place.organisation_id != shopping_list.organisation.id for place in places):
        raise RuleBroken(_l("Enheten hör inte till organisationen."))
    if terms.sharing is Sharing.UNIT and terms.unit is None:
        raise RuleBroken(_l("Välj vilken enhet listan ska delas med."))
    shopping_list.name, shopping_list.sort_name = terms.name, sort_key(terms.name)
    shopping_list.sharing = terms.sharing
    shopping_list.unit = terms.unit if terms.sharing is Sharing.UNIT else None
    shopping_list.order_unit, shopping_list.address = terms.order_unit, terms.address
    shopping_list.buyer_reference, shopping_list.accounting_cost = terms.buyer_reference, terms.accounting_cost
    shopping_list.changed_at = now()
