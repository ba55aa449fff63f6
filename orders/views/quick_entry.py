"""Pages: quick entry, for those who know the article numbers already."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask_babel import lazy_gettext as _l

from auth.login import acting_organisation
from auth.permission import Permission
from core.forms import BaseForm
from core.web import requires
from orders.proposal import Proposal, net_total
from orders.proposal_forms import QuickEntryForm
from orders.quick_entry import MOST_ROWS, read_entries
from orders.quick_entry_queries import propose_entries

bp = Blueprint("quick_entry", __name__)


@bp.route("/quick", methods=["GET", "POST"])
@requires(Permission.ORDER_CREATE)
def index() -> Any:
    """Paste and look: what was found for each row. Nothing is put into the basket here."""
    form = QuickEntryForm()
    rows: list[Proposal] = []
    if form.validate_on_submit():
        entries = read_entries(form.text.data or "")
        if not entries:
            form.text.errors = [_l("Det finns inga rader under rubriken.")]
        elif len(entries) > MOST_ROWS:
            form.text.errors = [
                _l("Högst %(most)s rader åt gången, nu är det %(count)s.", most=MOST_ROWS, count=len(entries))
            ]
        else:
            rows = propose_entries(entries, acting_organisation())
    page = render_template(
        "quick_entry/index.html", form=form, rows=rows, total=net_total(rows), take=BaseForm(formdata=None)
    )
    return page, 422 if form.errors else 200
