"""Pages: up to five articles side by side; which ones stands in the address, so that it can be shared."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from auth.login import acting_organisation, current
from auth.permission import Permission
from catalog.lineup import MOST, line_up
from catalog.picture import picture_versions
from catalog.queries import articles_for
from catalog.views.search import basket_url, bp
from core.clock import today
from core.web import read_key, requires

__all__ = ["bp", "compare"]

LOOKED_UP = 20  # ids of an address that somebody made up


@bp.get("/compare")
@requires(Permission.CATALOGUE_READ)
def compare() -> Any:
    """`?id=1&id=2`: the first five that she may see; the others are named, and what is missing is told."""
    wanted = [key for text in request.args.getlist("id") if (key := read_key(text)) is not None]
    ids = list(dict.fromkeys(wanted))[:LOOKED_UP]
    found = articles_for(current(), ids)
    articles = [found[article_id] for article_id in ids if article_id in found]
    shown = articles[:MOST]
    return render_template(
        "catalog/compare.html",
        lineup=line_up(shown, acting_organisation(), today()),
        pictures=picture_versions(shown),
        too_many=articles[MOST:],
        missing=len(ids) - len(found),
        most=MOST,
        without=lambda article: url_for("catalog.compare", id=[a.id for a in shown if a is not article]),
        here=url_for("catalog.compare", id=[a.id for a in shown]),
        basket_url=basket_url(),
    )
