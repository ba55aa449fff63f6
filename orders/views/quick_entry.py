"""Pages: quick entry, for those who know the article numbers already."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask_babel import lazy_gettext as _l

from auth.login import acting_organisation
from auth.permission import Permission
from core.web import requires
from orders.forms import OnceForm
from orders.proposal import Proposal, net_total
from orders.proposal_forms import QuickEntryForm
from orders.quick_entry import read_rows
from orders.quick_entry_queries import propose_rows
from orders.requisition import MOST_LINES

bp = Blueprint("quick_entry", __name__)


@bp.route("/quick", methods=["GET", "POST"])
@requires(Permission.ORDER_CREATE)
def index() -> Any:
    """Paste and look: what was found for each row. Nothing is put into the basket here."""
    form = QuickEntryForm()
    rows: list[Proposal] = []
    if form.validate_on_submit():
        pasted = read_rows(form.text.data or "")
        if not pasted:
            form.text.errors = [_l("Det finns inga rader under rubriken.")]
        elif len(pasted) > MOST_LINES:
            form.text.errors = [
                _l("Högst %(most)s rader åt gången, nu är det %(count)s.", most=MOST_LINES, count=len(pasted))
            ]
        else:
            rows = propose_rows(pasted, acting_organisation())
    page = render_template(
        "quick_entry/index.html",
        form=form,
        rows=rows,
        most=MOST_LINES,
        total=net_total(rows),
        take=OnceForm(formdata=None),
    )
    return page, 422 if form.errors else 200
