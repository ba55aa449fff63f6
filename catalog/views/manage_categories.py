"""Pages: the tree of categories."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.login import current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.actions import category as actions
from catalog.category import Category
from catalog.forms import CategoryForm, indented
from catalog.managing import agreement_owners, category_by_id, category_tree
from catalog.policy import may_manage_categories
from catalog.views.manage import bp, story, trail
from core.errors import NotAllowed
from core.web import requires


@bp.get("/categories")
@requires(Permission.AGREEMENT_MANAGE)
def categories() -> Any:
    return render_template(
        "manage/categories.html", tree=category_tree(), may_manage=may_manage_categories(current()), crumbs=trail()
    )


@bp.route("/categories/new", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def create_category() -> Any:
    form = _form(None)
    if not form.is_submitted():
        form.parent.data = request.args.get("parent", 0, type=int)
    if form.validate_on_submit():
        with refusals_on(form):
            made = actions.create(current(), form.facts())
            flash(_("Kategorin %(name)s är tillagd.", name=made.name), "success")
            return redirect(url_for("manage.categories"), 303)
    return render_template("manage/category_edit.html", form=form, category=None, crumbs=_trail()), status(form)


@bp.route("/categories/<int:category_id>", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def category(category_id: int) -> Any:
    found = category_by_id(category_id)
    form = _form(found)
    if form.validate_on_submit():
        with refusals_on(form):
            actions.edit(current(), found, form.facts())
            flash(_("Kategorin är sparad."), "success")
            return redirect(url_for("manage.categories"), 303)
    page = render_template(
        "manage/category_edit.html", form=form, category=found, story=story("category", found.id), crumbs=_trail()
    )
    return page, status(form)


def _form(category: Category | None) -> CategoryForm:
    """The form with its choices. Raises NotAllowed for whoever may not change the tree."""
    if not may_manage_categories(current()):
        raise NotAllowed(_l("Bara det gemensamma kontoret får ändra kategorierna."))
    form = CategoryForm(obj=category)
    tree = [(d, c) for d, c in category_tree() if category is None or not c.is_within(category)]
    form.parent.offer(indented(tree))
    people = list(agreement_owners())
    if category is not None and category.owner is not None and category.owner not in people:
        people.append(category.owner)
    form.owner.offer((user, user.name) for user in people)
    if category is not None and not form.is_submitted():
        form.parent.data, form.owner.data = category.parent_id or 0, category.owner_id or 0
    return form


def _trail() -> list[tuple[Any, str]]:
    return trail((_l("Kategorier"), url_for("manage.categories")))
