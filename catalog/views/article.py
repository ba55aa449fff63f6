"""Pages: an article."""

from __future__ import annotations

from typing import Any

from flask import render_template

from auth.login import acting_organisation, current
from auth.permission import Permission
from catalog.comparison_price import comparison_price
from catalog.finding import Ask
from catalog.method import explanation
from catalog.price_history import chart_of, price_history
from catalog.queries import article_for
from catalog.rules import judge
from catalog.steering import load_facts, unmendable
from catalog.views.search import basket_url, bp
from core.clock import today
from core.web import requires

__all__ = ["article", "bp"]


@bp.get("/articles/<int:article_id>")
@requires(Permission.CATALOGUE_READ)
def article(article_id: int) -> Any:
    article = article_for(current(), article_id)
    asks = [Ask(article)]
    facts = load_facts(asks, acting_organisation(), today())
    found = judge(asks, facts)
    current_row = facts.current.get((article.award_id, article.supplier_number))
    lot = article.award.lot
    history = price_history(article)
    return render_template(
        "catalog/article.html",
        article=article,
        agreement=lot.agreement,
        lot=lot,
        explanation=explanation(lot),
        rivals=[award for award in facts.rivals[lot.id] if award.id != article.award_id],
        findings=found[0],
        history=history,
        chart=chart_of(history),
        today=today(),
        comparison=comparison_price(article),
        successor=current_row if current_row is not None and current_row.id != article.id else None,
        basket_url=None if unmendable(found) else basket_url(),
    )
