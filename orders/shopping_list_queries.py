"""Queries about shopping lists: those a person sees where she acts, and who may be given one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from auth.organisation import Organisation, Unit
from auth.user import User
from core.db import db
from core.errors import NotFound
from core.web import Page
from orders.shopping_list import Sharing, ShoppingList, ShoppingListLine

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class ListedList:
    """A row of the page of lists."""

    shopping_list: ShoppingList
    line_count: int


def visible_lists(user: User, organisation: Organisation) -> ColumnElement[bool]:
    """The condition that keeps a query to her own lists and those that are shared with her.

    A list of a unit is seen by those who work there, below it, or above it.
    """
    may_see = [ShoppingList.owner_id == user.id, ShoppingList.sharing == Sharing.ORGANISATION]
    for membership in user.current_memberships():
        if membership.organisation_id != organisation.id:
            continue
        if membership.unit is None:
            may_see.append(ShoppingList.sharing == Sharing.UNIT)
            continue
        path = membership.unit.path
        above = [int(unit_id) for unit_id in path.strip("/").split("/")]
        near = select(Unit.id).where(or_(Unit.id.in_(above), Unit.path.startswith(path)))
        may_see.append(and_(ShoppingList.sharing == Sharing.UNIT, ShoppingList.unit_id.in_(near)))
    return and_(ShoppingList.organisation_id == organisation.id, or_(*may_see))


def lists_for(user: User, organisation: Organisation, number: int = 1) -> Page:
    """A page of the lists she sees (ListedList), her own first, each part by name. Two queries."""
    condition = visible_lists(user, organisation)
    total = db.session.scalar(select(func.count()).select_from(ShoppingList).where(condition)) or 0
    number = max(1, min(number, -(-total // PAGE_SIZE)))
    by_name = _listed(user, condition, ShoppingList.sort_name).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    return Page(_read(by_name), number, PAGE_SIZE, total)


def latest_lists(user: User, organisation: Organisation, most: int) -> list[ListedList]:
    """A few of the lists she sees, her own first, what was changed last before the others. One query."""
    condition = visible_lists(user, organisation)
    return _read(_listed(user, condition, ShoppingList.changed_at.desc()).limit(most))


def _listed(user: User, condition: ColumnElement[bool], order: Any) -> Select[ShoppingList, int]:
    """Lists with how many lines each has, her own first."""
    of_list = ShoppingListLine.list_id == ShoppingList.id
    lines = select(func.count()).select_from(ShoppingListLine).where(of_list).scalar_subquery()
    return (
        select(ShoppingList, lines)
        .where(condition)
        .order_by(ShoppingList.owner_id != user.id, order, ShoppingList.id)
        .options(joinedload(ShoppingList.owner), joinedload(ShoppingList.unit))
    )


def _read(lists: Select[ShoppingList, int]) -> list[ListedList]:
    return [ListedList(shopping_list, count) for shopping_list, count in db.session.execute(lists)]


def own_lists(user: User, organisation: Organisation) -> Sequence[ShoppingList]:
    """The lists she may write on, by name."""
    return db.session.scalars(
        select(ShoppingList)
        .where(ShoppingList.owner_id == user.id, ShoppingList.organisation_id == organisation.id)
        .order_by(ShoppingList.sort_name, ShoppingList.id)
    ).all()


def remembered_for(user: User, organisation: Organisation, list_id: int | None) -> dict[str, int | str]:
    """What a list remembers for the till, by the names of its fields; nothing of one that she sees no more. One query
    at most."""
    if list_id is None:
        return {}
    hers = and_(ShoppingList.id == list_id, visible_lists(user, organisation))
    seen = db.session.scalar(select(ShoppingList).where(hers))
    return seen.remembers if seen is not None else {}


def list_for(
    user: User, organisation: Organisation, list_id: int, *, lock: bool = False, share: bool = False
) -> ShoppingList:
    """A list she sees, with its lines and their articles. Two queries. Raises NotFound.

    With `lock`, one transaction at a time changes it: a second one waits here, and then reads what the first has left.
    With `share`, nobody throws it away before the transaction ends.
    """
    hers = and_(ShoppingList.id == list_id, visible_lists(user, organisation))
    if lock or share:
        db.session.execute(select(ShoppingList.id).where(hers).with_for_update(read=share, key_share=share))
    found = db.session.scalar(
        select(ShoppingList)
        .where(hers)
        .execution_options(populate_existing=lock)
        .options(
            joinedload(ShoppingList.owner),
            joinedload(ShoppingList.unit),
            joinedload(ShoppingList.order_unit),
            joinedload(ShoppingList.address),
            selectinload(ShoppingList.lines).joinedload(ShoppingListLine.article),
        )
    )
    if found is None:
        raise NotFound(_l("Listan finns inte, eller så är den inte delad med dig."))
    return found
