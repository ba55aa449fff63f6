"""Pages: purchases that were probably split, for whoever controls the agreements."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

from flask import Blueprint, render_template, request, send_file

from auth.login import acting_organisation, current
from auth.permission import Permission
from catalog.views.manage import trail
from core.clock import today
from core.web import requires
from exchange.tablefile import MEDIA_TYPES, write_table
from orders.policy import sees_everything
from orders.splitting import Split
from orders.splitting_queries import measure_on, names_of, scope_of, splits_between, splits_sheet

bp = Blueprint("splitting", __name__, url_prefix="/admin/splitting")

PERIODS = (30, 90, 365)
MOST_SHOWN = 200


@bp.get("")
@requires(Permission.AGREEMENT_MANAGE)
def index() -> Any:
    days, found = _found()
    return render_template(
        "manage/splitting.html",
        found=found[:MOST_SHOWN],
        count=len(found),
        names=names_of(found[:MOST_SHOWN]),
        days=days,
        periods=PERIODS,
        measure=measure_on(today()),
        may_open=sees_everything(current(), acting_organisation()),
        crumbs=trail(),
    )


@bp.get("/file")
@requires(Permission.AGREEMENT_MANAGE)
def file() -> Any:
    """All of them, as CSV or XLSX."""
    _days, found = _found()
    form: Any = "xlsx" if request.args.get("form") == "xlsx" else "csv"
    data = BytesIO(write_table(form, splits_sheet(found, names_of(found))))
    return send_file(data, MEDIA_TYPES[form], as_attachment=True, download_name=f"uppdelning-{today()}.{form}")


def _found() -> tuple[int, list[Split]]:
    days = request.args.get("days", 90, type=int)
    days = days if days in PERIODS else 90
    return days, splits_between(scope_of(current()), today() - timedelta(days=days))
