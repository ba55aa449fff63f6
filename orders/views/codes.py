"""Pages: what a code is called, for whoever codes an order and cannot find hers in the field."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, render_template, request

from auth.login import acting_organisation
from auth.permission import Permission
from core.clock import today
from core.web import requires
from orders.coding import Dimension
from orders.coding_queries import codes_like, codes_page, dimension_for

bp = Blueprint("codes", __name__, url_prefix="/codes")

MOST_SUGGESTED = 30


@bp.get("/<int:dimension_id>")
@requires(Permission.ORDER_CREATE)
def show(dimension_id: int) -> Any:
    """The codes in force today, by code or a part of the name."""
    dimension, text = _asked(dimension_id)
    page = codes_page(dimension, text, request.args.get("page", 1, type=int), today())
    return render_template("coding/look_up.html", dimension=dimension, page=page, text=text)


@bp.get("/<int:dimension_id>/suggest")
@requires(Permission.ORDER_CREATE)
def suggest(dimension_id: int) -> Any:
    """The first of them as JSON, [code, name], for the script of the field."""
    dimension, text = _asked(dimension_id)
    return jsonify(codes=[[code.code, code.name] for code in codes_like(dimension, text, today(), MOST_SUGGESTED)])


def _asked(dimension_id: int) -> tuple[Dimension, str]:
    text = request.args.get("q", "").replace("\0", "").strip()[:100]
    return dimension_for(acting_organisation(), dimension_id), text
