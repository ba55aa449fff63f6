"""Pages: the search, and browsing by category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, jsonify, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from auth.login import acting_organisation, has_permission
from auth.permission import Permission
from catalog.category import Category
from catalog.lineup import MOST
from catalog.picture import picture_versions
from catalog.queries import categories
from catalog.search import Facet, SearchRequest, SearchResult, note_miss, suggest
from catalog.search import search as find
from catalog.search.request import SORTS
from core.clock import today
from core.db import rollback
from core.web import requires

bp = Blueprint("catalog", __name__)

FACETS = ("category", "supplier", "agreement", "mark")


@bp.get("/search")
@requires(Permission.CATALOGUE_READ)
def search() -> Any:
    question = _question(request.args)
    if _is_bare(question) and "all" not in request.args:
        return _browse(question)
    result = find(question)
    if _is_miss(question, result):
        g.search_miss = (question.organisation.id, question.text)
    return render_template(
        "catalog/search.html",
        question=question,
        result=result,
        pictures=picture_versions(hit.article for hit in result.hits),
        chosen=_chosen(result, question),
        without=_without,
        compared=list(dict.fromkeys(request.args.getlist("compare", type=int)))[:MOST],
        basket_url=basket_url(),
    )


@bp.get("/search/suggest")
@requires(Permission.CATALOGUE_READ)
def suggestions() -> Any:
    """What the text in the search box may become, as JSON for the script of the box."""
    text = request.args.get("q", "")[:200]
    return jsonify(suggestions=suggest(text, acting_organisation(), today()))


def _is_miss(question: SearchRequest, result: SearchResult) -> bool:
    """Whether the whole catalogue was asked for a word and has nothing: a narrowed search says little."""
    is_whole = not (question.marks or question.supplier_id or question.category_id or question.agreement_id)
    is_first = question.page == 1 and result.is_indexed
    return is_whole and is_first and bool(question.text) and not (result.total or result.agreements)


@bp.after_request
def _note_miss(response: Any) -> Any:
    """Count a search without a hit when the request's own transaction is over: a GET never writes."""
    if miss := g.pop("search_miss", None):
        rollback()
        note_miss(*miss)
    return response


def _browse(question: SearchRequest) -> Any:
    """The front of the catalogue: the branches of the category tree that have something to order."""
    result = find(question)
    counts = {int(facet.value): facet.count for facet in result.facets["category"]}
    return render_template("catalog/browse.html", total=result.total, branches=branches(categories(), counts))


def _question(args: MultiDict[str, str]) -> SearchRequest:
    sort = args.get("sort", "")
    text = args.get("q", "").strip()[:200]
    return SearchRequest(
        text=text,
        organisation=acting_organisation(),
        on=today(),
        supplier_id=args.get("supplier", type=int),
        category_id=args.get("category", type=int),
        agreement_id=args.get("agreement", type=int),
        marks=tuple(dict.fromkeys(args.getlist("mark")))[:20],
        sort=sort if sort in SORTS else "relevance" if text else "name",
        page=min(max(args.get("page", 1, type=int), 1), 500),
        include_not_orderable=args.get("show") == "all",
    )


def _is_bare(question: SearchRequest) -> bool:
    narrowed = (question.supplier_id, question.category_id, question.agreement_id)
    return not question.text and not question.marks and all(value is None for value in narrowed)


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice that narrows the answer, and the link that takes it away."""

    label: str
    url: str


def _chosen(result: SearchResult, question: SearchRequest) -> list[Choice]:
    choices = []
    for name in FACETS:
        facets: Sequence[Facet] = result.facets[name]
        choices += [Choice(f.label, _without(name, f.value)) for f in facets if f.is_chosen]
    is_leaf = any(f.is_chosen for f in result.facets["category"])
    if question.category_id is not None and not is_leaf:  # a branch is no facet: hits have leaves
        branches = [c for c in categories() if c.id == question.category_id]
        choices[:0] = [Choice(branch.name, _without("category")) for branch in branches]
    return choices


def _without(name: str, value: str | None = None, **more: str) -> str:
    """The present page without one of its choices (`value` for one of several marks) and with others."""
    gone = {"page", *more}
    kept = [
        (key, v)
        for key, v in request.args.items(multi=True)
        if key not in gone and not (key == name and (value is None or name != "mark" or v == value))
    ]
    query: dict[str, Any] = MultiDict([*kept, *more.items()]).to_dict(flat=False)
    return url_for("catalog.search", **query)


def basket_url() -> str | None:
    """Where "put in the basket" goes; none for those who may not order."""
    return url_for("basket.add") if has_permission(Permission.ORDER_CREATE) else None


@dataclass(frozen=True, slots=True)
class Branch:
    """A root of the category tree with what lies below it, and how many articles there are to order."""

    category: Category
    count: int
    leaves: list[tuple[Category, int]]


def branches(tree: Sequence[Category], counts: dict[int, int]) -> list[Branch]:
    """The roots that have something in or below them, by name, each with its categories that have."""
    found = []
    for root in tree:
        if root.parent_id is None:
            below = [(c, counts[c.id]) for c in tree if c.id in counts and c.is_within(root) and c is not root]
            total = sum(count for _c, count in below) + counts.get(root.id, 0)
            if total:
                found.append(Branch(root, total, sorted(below, key=lambda pair: pair[0].name)))
    return sorted(found, key=lambda branch: branch.category.name)
