"""Pages: an article."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request

from auth.login import acting_organisation, current
from auth.permission import Permission
from catalog.comparison_price import comparison_price
from catalog.finding import Ask
from catalog.method import explanation
from catalog.picture import picture_of, picture_versions
from catalog.price_history import chart_of, price_history
from catalog.queries import article_for
from catalog.rules import judge
from catalog.steering import load_facts, unmendable
from catalog.views.search import basket_url, bp
from core.clock import today
from core.web import requires
from exchange.picture import kind_of

__all__ = ["article", "bp", "picture"]

YEAR = 365 * 24 * 3600  # seconds


@bp.get("/articles/<int:article_id>")
@requires(Permission.CATALOGUE_READ)
def article(article_id: int) -> Any:
    article = article_for(current(), article_id)
    asks = [Ask(article)]
    facts = load_facts(asks, acting_organisation(), today())
    found = judge(asks, facts)
    current_row = facts.current.get((article.award_id, article.supplier_number))
    successor = current_row if current_row is not None and current_row.id != article.id else None
    lot = article.award.lot
    history = price_history(article)
    return render_template(
        "catalog/article.html",
        article=article,
        pictures=picture_versions([article]),
        agreement=lot.agreement,
        lot=lot,
        explanation=explanation(lot),
        rivals=[award for award in facts.rivals[lot.id] if award.id != article.award_id],
        # what has changed since is for a basket to accept; here the page leads to the row of today
        findings=[finding for finding in found[0] if successor is None or finding.code != "price-changed"],
        history=history,
        chart=chart_of(history),
        today=today(),
        comparison=comparison_price(article),
        successor=successor,
        basket_url=None if successor or unmendable(found) else basket_url(),
    )


@bp.get("/articles/<int:article_id>/picture")
@requires(Permission.CATALOGUE_READ)
def picture(article_id: int) -> Any:
    """The article's picture, for whoever may see the article. An address with the version never changes its content."""
    content, version = picture_of(article_for(current(), article_id))
    kind = (kind_of(content) or "").lower()  # what the bytes are, whatever was said of them
    response = Response(content, mimetype=f"image/{kind}" if kind else "application/octet-stream")
    response.headers["Content-Disposition"] = f'inline; filename="artikel-{article_id}.{kind or "bin"}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.cache_control.private = True
    if request.args.get("v") == version:
        response.cache_control.max_age = YEAR
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
    response.set_etag(version)
    return response.make_conditional(request)
