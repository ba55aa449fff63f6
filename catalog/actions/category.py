"""Build the tree of categories."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, text, update

from auth.journal import record
from auth.user import User
from catalog.actions.change import Facts, apply
from catalog.category import Category
from catalog.policy import may_manage_categories
from core.db import db, locks_rows
from core.errors import NotAllowed, RuleBroken
from core.tree import checked_path


@dataclass(frozen=True, kw_only=True)
class CategoryFacts(Facts):
    """What is told of a category; `cpv` is the first two to eight digits of a CPV code."""

    code: str
    name: str
    name_en: str | None = None
    cpv: str | None = None
    parent: Category | None = None
    owner: User | None = None
    is_closed: bool = False


def create(actor: User | None, facts: CategoryFacts) -> Category:
    """Add a category below its parent, or at the root."""
    _check(actor, facts)
    _hold_tree(facts.parent)
    category = Category()
    apply(category, facts)
    db.session.add(category)
    db.session.flush()
    category.path = _path(category)
    record(actor, "create", "category", category.id, code=category.code, name=category.name)
    return category


def edit(actor: User | None, category: Category, facts: CategoryFacts) -> Category:
    """Change a category; where it moves, all that lies below it moves along."""
    _check(actor, facts, category)
    _hold_tree(category, facts.parent)
    if facts.parent is not None and facts.parent.is_within(category):
        raise RuleBroken(_l("En kategori kan inte ligga under sig själv."))
    if changes := apply(category, facts):
        _move(category)
        record(actor, "edit", "category", category.id, name=category.name, changes=changes)
    return category


def _move(category: Category) -> None:
    former, category.path = category.path, _path(category)
    if former == category.path:
        return
    db.session.flush()
    branch = (Category.path.startswith(former, autoescape=True), Category.id != category.id)
    for below in db.session.scalars(select(Category.path).where(*branch)):
        checked_path(category.path + below.removeprefix(former))
    db.session.execute(
        update(Category).where(*branch).values(path=category.path + func.substr(Category.path, len(former) + 1)),
        execution_options={"synchronize_session": "fetch"},
    )


def _hold_tree(*categories: Category | None) -> None:
    """One at a time changes the tree: two moves at once cannot make a ring, and what is put below a category lies where
    that one lies now. Agreements and articles still find their categories meanwhile."""
    if not locks_rows():
        return
    db.session.execute(text("LOCK TABLE category IN SHARE ROW EXCLUSIVE MODE"))
    db.session.flush()
    for category in categories:
        if category is not None:
            db.session.refresh(category, ["path"])


def _path(category: Category) -> str:
    return checked_path(f"{category.parent.path if category.parent else '/'}{category.id}/")


def _check(actor: User | None, facts: CategoryFacts, itself: Category | None = None) -> None:
    if actor and not may_manage_categories(actor):
        raise NotAllowed(_l("Bara det gemensamma kontoret får ändra kategorierna."))
    holder = db.session.scalar(select(Category).where(Category.code == facts.code))
    if holder is not None and holder is not itself:
        raise RuleBroken(_l("Koden %(code)s används redan av %(name)s.", code=facts.code, name=holder.name))
    if facts.cpv is not None and not (facts.cpv.isascii() and facts.cpv.isdigit() and 2 <= len(facts.cpv) <= 8):
        raise RuleBroken(_l("CPV skrivs med två till åtta siffror, till exempel 30197."))
