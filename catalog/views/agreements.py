"""Pages: the agreements, for all staff."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from auth.login import acting_organisation, current
from auth.permission import Permission
from catalog.agreement_queries import (
    AgreementFilter,
    agreement_for,
    agreements_page,
    articles_on_sale,
    ceilings_of,
    document_for,
)
from catalog.allocation import standings_of
from catalog.ceiling_change import changes_of
from catalog.method import explanation
from catalog.policy import may_manage
from catalog.queries import categories
from core.clock import today
from core.web import download, requires

bp = Blueprint("agreements", __name__, url_prefix="/agreements")

SCOPES = ("", "mine", "ending", "new", "ended")


@bp.get("")
@requires(Permission.CATALOGUE_READ)
def index() -> Any:
    args = request.args
    wanted = AgreementFilter(
        text=args.get("q", "").strip()[:100],
        category_id=args.get("category", type=int),
        scope=args.get("scope", "") if args.get("scope") in SCOPES else "",
        page=min(max(args.get("page", 1, type=int), 1), 10_000),
    )
    page = agreements_page(current(), acting_organisation(), today(), wanted)
    return render_template("agreements/index.html", page=page, wanted=wanted, categories=categories())


@bp.get("/<path:number>")
@requires(Permission.CATALOGUE_READ)
def show(number: str) -> Any:
    agreement = agreement_for(current(), number)
    on, ceilings = today(), ceilings_of(agreement)
    return render_template(
        "agreements/show.html",
        agreement=agreement,
        may_order=agreement.is_open_to(acting_organisation(), on),
        entitled=sorted(agreement.entitlements, key=lambda e: (e.organisation.sort_name, e.id)),
        ceilings=ceilings,
        changes=changes_of(agreement),
        standings=standings_of(agreement, ceilings, on),
        explanations={lot.id: explanation(lot) for lot in agreement.lots},
        article_counts=articles_on_sale(agreement, on),
        on=on,
        may_manage=may_manage(current(), agreement),
    )


@bp.get("/<path:number>/documents/<int:document_id>")
@requires(Permission.CATALOGUE_READ)
def document(number: str, document_id: int) -> Any:
    """A file of the agreement, always as a download: it comes from outside and is never run in our pages."""
    found = document_for(current(), number, document_id)
    return download(found.name, found.content)
