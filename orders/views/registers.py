"""Pages: the register of approvers of a year, and the decisions by delegation of a period; both as files too."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Blueprint, render_template, request, send_file
from flask_babel import gettext as _

from auth.login import acting_organisation, current
from auth.permission import Permission
from auth.queries import unit_tree
from core.clock import today
from core.errors import NotFound
from core.language import speaking
from core.web import requires
from exchange.reportpdf import render_report
from exchange.tablefile import MEDIA_TYPES, Sheet, write_table
from orders.register import decisions_of, decisions_sheet, register_of, register_report, register_sheet, sums_by_board
from orders.rule_forms import PeriodForm

bp = Blueprint("delegation", __name__, url_prefix="/admin/delegation")

FIRST_YEAR = 2000
MOST_SHOWN = 200


@bp.get("/register")
@requires(Permission.RULES_READ)
def register() -> Any:
    organisation, year = acting_organisation(), _year()
    return render_template(
        "delegation/register.html",
        organisation=organisation,
        year=year,
        years=sorted({year, *range(today().year - 2, today().year + 2)}),
        found=register_of(organisation, year),
    )


@bp.get("/register/file")
@requires(Permission.RULES_READ)
def register_file() -> Any:
    """The register as CSV, XLSX or, to be signed, as a PDF in Swedish."""
    organisation, year = acting_organisation(), _year()
    found, name = register_of(organisation, year), f"attestforteckning-{year}"
    if request.args.get("form") != "pdf":
        return _download(register_sheet(organisation, year, found), name)
    with speaking("sv"):
        data = render_report(register_report(organisation, year, found))
    return send_file(BytesIO(data), "application/pdf", as_attachment=True, download_name=f"{name}.pdf")


@bp.get("/decisions")
@requires(Permission.RULES_READ)
def decisions() -> Any:
    form = _period()
    found = decisions_of(current(), acting_organisation(), *form.days, form.unit.picked)
    return render_template(
        "delegation/decisions.html",
        form=form,
        sums=sums_by_board(found),
        found=found[:MOST_SHOWN],
        count=len(found),
    )


@bp.get("/decisions/file")
@requires(Permission.RULES_READ)
def decisions_file() -> Any:
    form = _period()
    first, last = form.days
    found = decisions_of(current(), acting_organisation(), first, last, form.unit.picked)
    return _download(decisions_sheet(found), f"delegationsbeslut-{first}-{last}")


def _period() -> PeriodForm:
    form = PeriodForm.of_address()
    form.unit.offer(unit_tree(acting_organisation()))
    form.validate()
    return form


def _download(sheet: Sheet, name: str) -> Any:
    form = request.args.get("form", "csv")
    if form not in MEDIA_TYPES:
        raise NotFound(_("Det finns ingen sådan fil."))
    data = write_table(form, sheet)
    return send_file(BytesIO(data), MEDIA_TYPES[form], as_attachment=True, download_name=f"{name}.{form}")


def _year() -> int:
    asked = request.args.get("year", today().year, int)
    return asked if FIRST_YEAR <= asked <= today().year + 1 else today().year
