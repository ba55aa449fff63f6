"""Pages: the days that come closer and the ceilings that fill up, of all the agreements she manages."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

from flask import render_template, request, send_file

from auth.login import current
from auth.permission import Permission
from catalog.views.manage import bp, trail
from catalog.watch import DATE_NAMES, DateKind
from catalog.watching import DatesFilter, coming_days, days_sheet, filling_ceilings
from core.clock import today
from core.web import requires
from exchange.tablefile import MEDIA_TYPES, write_table

HORIZONS = (30, 90, 180, 365, 730)


@bp.get("/dates")
@requires(Permission.AGREEMENT_MANAGE)
def dates() -> Any:
    wanted, days = _wanted()
    found = coming_days(current(), wanted)
    return render_template(
        "manage/dates.html",
        found=found,
        wanted=wanted,
        days=days,
        horizons=HORIZONS,
        kinds=DATE_NAMES,
        crumbs=trail(),
    )


@bp.get("/dates/file")
@requires(Permission.AGREEMENT_MANAGE)
def dates_file() -> Any:
    """The same days, all of them, as CSV or XLSX."""
    wanted, _days = _wanted()
    form: Any = "xlsx" if request.args.get("form") == "xlsx" else "csv"
    data = BytesIO(write_table(form, days_sheet(coming_days(current(), wanted))))
    return send_file(data, MEDIA_TYPES[form], as_attachment=True, download_name=f"datum-{today()}.{form}")


@bp.get("/ceilings")
@requires(Permission.AGREEMENT_MANAGE)
def ceilings() -> Any:
    """Those that have reached a level of warning, the fullest first."""
    return render_template("manage/ceilings.html", found=filling_ceilings(current()), crumbs=trail())


def _wanted() -> tuple[DatesFilter, int]:
    args = request.args
    days = args.get("days", 180, type=int)
    days = days if days in HORIZONS else 180
    kinds = {kind.value: kind for kind in DateKind}
    sort = "agreement" if args.get("sort") == "agreement" else "day"
    until = today() + timedelta(days=days)
    return DatesFilter(until, kinds.get(args.get("kind", "")), bool(args.get("mine")), sort), days
