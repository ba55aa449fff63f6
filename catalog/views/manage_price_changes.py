"""Pages: what a price list changes, and the rows that are refused."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from auth.login import current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.actions import price_review as actions
from catalog.actions.price_review import difference_of
from catalog.managing import price_list_for
from catalog.price_change import Kind
from catalog.price_forms import RefuseForm
from catalog.price_list import PriceList
from catalog.price_sheets import ONE_NAMES, changes_sheet, refused_sheet, told
from catalog.views.manage import bp, page_number
from catalog.views.manage_price_lists import download, page_of, trail_of
from core.errors import RuleBroken
from core.state import can
from core.web import requires
from exchange.tablefile import Form, write_table

KIND_NAMES = {
    Kind.DEARER: _l("Dyrare"),
    Kind.CHEAPER: _l("Billigare"),
    Kind.NEW: _l("Nya"),
    Kind.GONE: _l("Försvinner"),
    Kind.REWORDED: _l("Ändrad text eller enhet"),
    Kind.BREAKING: _l("Höjs mer än avtalet tillåter"),
    Kind.REFUSED: _l("Avböjda"),
}


@bp.route("/price-lists/<int:price_list_id>/changes", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def price_changes(price_list_id: int) -> Any:
    """Every change, what costs the most first; a draft's rows are refused and taken back here."""
    found, kind, form = price_list_for(current(), price_list_id), _kind(), RefuseForm()
    if form.validate_on_submit():
        with refusals_on(form):
            _choose(found, kind, form)
            return redirect(request.full_path, 303)
    difference = difference_of(found)
    page = render_template(
        "manage/price_changes.html",
        form=form,
        price_list=found,
        award=found.award,
        difference=difference,
        totals=difference.totals,
        page=difference.page(kind, page_number()),
        kind=kind,
        kinds=KIND_NAMES,
        one=ONE_NAMES,
        told=told,
        is_draft=can(found, "review"),
        crumbs=[*trail_of(found), (_("Version %(version)s", version=found.version), page_of(found))],
    )
    return page, status(form)


def _choose(price_list: PriceList, kind: Kind | None, form: RefuseForm) -> None:
    """What the pressed button says: refuse or accept, the picked rows or all that the page lists."""
    act, picked = request.form.get("act", ""), request.form.getlist("number")
    reason = form.reason.data or ""
    if act in ("refuse", "accept") and not picked:
        raise RuleBroken(_l("Välj minst en rad."))
    if act in ("refuse", "refuse-all"):
        numbers = picked if act == "refuse" else None
        count = actions.refuse(current(), price_list, reason, numbers=numbers, kind=None if numbers else kind)
        flash(ngettext("%(num)s rad är avböjd.", "%(num)s rader är avböjda.", count), "success")
    elif act in ("accept", "accept-all"):
        count = actions.accept(current(), price_list, picked if act == "accept" else None)
        flash(ngettext("%(num)s rad är med igen.", "%(num)s rader är med igen.", count), "success")


@bp.get("/price-lists/<int:price_list_id>/changes.xlsx")
@requires(Permission.AGREEMENT_MANAGE)
def price_changes_file(price_list_id: int) -> Any:
    return _changes_file(price_list_id, "xlsx")


@bp.get("/price-lists/<int:price_list_id>/changes.csv")
@requires(Permission.AGREEMENT_MANAGE)
def price_changes_file_csv(price_list_id: int) -> Any:
    return _changes_file(price_list_id, "csv")


@bp.get("/price-lists/<int:price_list_id>/refused.xlsx")
@requires(Permission.AGREEMENT_MANAGE)
def refused_rows_file(price_list_id: int) -> Any:
    """The refused rows and why, to send back to the supplier."""
    return _refused_file(price_list_id, "xlsx")


@bp.get("/price-lists/<int:price_list_id>/refused.csv")
@requires(Permission.AGREEMENT_MANAGE)
def refused_rows_file_csv(price_list_id: int) -> Any:
    return _refused_file(price_list_id, "csv")


@bp.post("/price-lists/<int:price_list_id>/restore")
@requires(Permission.AGREEMENT_MANAGE)
def restore_price_list(price_list_id: int) -> Any:
    draft = actions.restore(current(), price_list_for(current(), price_list_id))
    flash(_("Listan är upptagen igen som ett utkast. Se vad som ändras, och publicera."), "success")
    return redirect(page_of(draft), 303)


def _kind() -> Kind | None:
    wanted = request.args.get("kind", "")
    return Kind(wanted) if wanted in [kind.value for kind in Kind] else None


def _changes_file(price_list_id: int, form: Form) -> Any:
    found, kind = price_list_for(current(), price_list_id), _kind()
    return download(write_table(form, changes_sheet(found, kind)), form, f"{_file_name(found)}-andringar")


def _refused_file(price_list_id: int, form: Form) -> Any:
    found = price_list_for(current(), price_list_id)
    return download(write_table(form, refused_sheet(found)), form, f"{_file_name(found)}-avbojda")


def _file_name(price_list: PriceList) -> str:
    award = price_list.award
    return f"{award.lot.agreement.number}-{award.supplier.organisation_number}-{price_list.version}"
