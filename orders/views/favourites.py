"""Pages: the articles she wants at hand."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from auth.login import acting_organisation, current
from auth.permission import Permission
from catalog.price_list import Article
from catalog.queries import article_for
from core.web import is_local_path, requires
from orders.actions import favourite as act
from orders.favourite_queries import favourites_of, is_kept
from orders.proposal_queries import propose, wishes_of_favourites

bp = Blueprint("favourites", __name__, url_prefix="/favourites")


@bp.get("")
@requires(Permission.ORDER_CREATE)
def index() -> Any:
    favourites = favourites_of(current(), acting_organisation())
    gone = propose(wishes_of_favourites(favourites), acting_organisation())
    return render_template("favourites/index.html", favourites=favourites, gone=gone)


@bp.post("/<int:article_id>")
@requires(Permission.ORDER_CREATE)
def keep(article_id: int) -> Any:
    article = article_for(current(), article_id)
    act.keep(current(), article)
    flash(_("%(name)s är sparad bland dina favoriter.", name=article.name), "success")
    return _back()


@bp.post("/<int:article_id>/remove")
@requires(Permission.ORDER_CREATE)
def remove(article_id: int) -> Any:
    article = article_for(current(), article_id)
    act.remove(current(), article)
    flash(_("%(name)s är inte längre en favorit.", name=article.name), "info")
    return _back()


def _back() -> Any:
    """To the page she came from, where that is told."""
    page = request.form.get("next", "")
    return redirect(page if is_local_path(page) else url_for("favourites.index"), 303)


@bp.app_template_global("is_favourite")
def is_favourite(article: Article) -> bool:
    """Asked by the article's page, which stands a floor below."""
    return is_kept(current(), article)
