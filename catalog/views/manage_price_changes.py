"""Pages: what a price list changes, the rows that are refused, and the agreement's price rule."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.login import current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.actions import price_review as actions
from catalog.actions.price_review import difference_of
from catalog.forms import PriceRuleForm, RefuseForm
from catalog.managing import agreement_for, price_list_for
from catalog.price_change import Kind, PriceChange
from catalog.price_list import PriceList, VatClass
from catalog.price_refusal import refusals_of
from catalog.price_rule import rule_of
from catalog.views.manage import agreement_trail, bp, page_number
from catalog.views.manage_price_lists import download, page_of, trail_of
from core.errors import RuleBroken
from core.state import can
from core.web import number, requires
from exchange import pricesheet
from exchange.pricesheet import Form, Sheet
from exchange.units import unit_name

KIND_NAMES = {
    Kind.DEARER: _l("Dyrare"),
    Kind.CHEAPER: _l("Billigare"),
    Kind.NEW: _l("Nya"),
    Kind.GONE: _l("Försvinner"),
    Kind.REWORDED: _l("Ändrad text eller enhet"),
    Kind.BREAKING: _l("Höjs mer än avtalet tillåter"),
    Kind.REFUSED: _l("Avböjda"),
}
ONE_NAMES = {
    Kind.DEARER: _l("dyrare"),
    Kind.CHEAPER: _l("billigare"),
    Kind.NEW: _l("ny"),
    Kind.GONE: _l("försvinner"),
    Kind.REWORDED: _l("ändrad text eller enhet"),
}
COLUMN_NAMES = {
    "name": _l("Benämning"),
    "unit_code": _l("Enhet"),
    "description": _l("Beskrivning"),
    "brand": _l("Varumärke"),
    "gtin": _l("GTIN"),
    "synonyms": _l("Sökord"),
    "pack_size": _l("Antal per förpackning"),
    "pack_unit": _l("Innehållsenhet"),
    "minimum_quantity": _l("Minsta antal"),
    "quantity_multiple": _l("Multipel"),
    "base_quantity": _l("Prisenhet"),
    "vat_class": _l("Moms"),
    "classification": _l("UNSPSC"),
    "marks": _l("Märkning"),
    "picture_url": _l("Bild"),
    "lead_time_days": _l("Leveranstid"),
}
VAT_NAMES = {
    VatClass.STANDARD: "25 %",
    VatClass.REDUCED_12: "12 %",
    VatClass.REDUCED_6: "6 %",
    VatClass.NONE: "0 %",
    VatClass.FOOD: _l("livsmedel"),
}
LONGEST = 80


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


@bp.route("/agreements/<int:agreement_id>/price-rule", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def price_rule(agreement_id: int) -> Any:
    found = agreement_for(current(), agreement_id)
    form = PriceRuleForm(obj=rule_of(found), data={"version": found.version})
    if form.validate_on_submit():
        with refusals_on(form):
            actions.set_price_rule(current(), found, form.facts(), form.seen, reason=form.reason.data)
            flash(_("Prisregeln är sparad."), "success")
            return redirect(url_for("manage.agreement", agreement_id=found.id), 303)
    page = render_template("manage/price_rule.html", form=form, agreement=found, crumbs=agreement_trail(found))
    return page, status(form)


def told(change: PriceChange) -> list[tuple[Any, str, str]]:
    """What else than the price differs: what it is called, before, after."""
    return [
        (COLUMN_NAMES[name], _shown(name, getattr(change.before, name)), _shown(name, getattr(change.after, name)))
        for name in change.reworded
    ]


def _shown(name: str, value: Any) -> str:
    if value is None or value == "":
        return "–"
    if name in ("unit_code", "pack_unit"):
        return unit_name(value, str(get_locale()))
    if isinstance(value, VatClass):
        return str(VAT_NAMES[value])
    text = number(value) if isinstance(value, Decimal) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _kind() -> Kind | None:
    wanted = request.args.get("kind", "")
    return Kind(wanted) if wanted in [kind.value for kind in Kind] else None


def _changes_file(price_list_id: int, form: Form) -> Any:
    found, kind = price_list_for(current(), price_list_id), _kind()
    return download(pricesheet.table(changes_sheet(found, kind), form), form, f"{_file_name(found)}-andringar")


def changes_sheet(price_list: PriceList, kind: Kind | None = None) -> Sheet:
    """The difference as a table to send: prices in SEK excl. VAT, effects in SEK a year."""
    headings = (
        *(_("Vad"), _("Artikelnummer"), _("Benämning"), _("Pris nu"), _("Prisenhet nu"), _("Nytt pris")),
        *(_("Ny prisenhet"), _("Ändring, procent"), _("Köpt på ett år"), _("Kostar mer per år, kr")),
        *(_("Annat som ändras"), _("Avböjd därför att")),
    )
    widths = (14, 16, 40, 12, 12, 12, 12, 12, 12, 16, 50, 40)
    return Sheet(_("Ändringar"), headings, _change_rows(price_list, kind), widths, frozenset({1}))


def _change_rows(price_list: PriceList, kind: Kind | None) -> Iterator[tuple[Any, ...]]:
    for changes in difference_of(price_list).portions(kind):
        for c in changes:
            others = "; ".join(_("%(name)s: %(old)s → %(new)s", name=n, old=old, new=new) for n, old, new in told(c))
            yield (
                *(str(ONE_NAMES[c.kind]), c.article.supplier_number, c.article.name),
                *((c.before.price, c.before.base_quantity) if c.before else (None, None)),
                *((c.after.price, c.after.base_quantity) if c.after else (None, None)),
                *(c.percent, c.volume, c.effect, others or None, c.refusal),
            )


def _refused_file(price_list_id: int, form: Form) -> Any:
    found = price_list_for(current(), price_list_id)
    return download(pricesheet.table(refused_sheet(found), form), form, f"{_file_name(found)}-avbojda")


def refused_sheet(price_list: PriceList) -> Sheet:
    """The refused rows as a table for the supplier: what it wanted, what holds instead, and why."""
    headings = (
        *(_("Artikelnummer"), _("Benämning"), _("Vad"), _("Ert pris"), _("Er prisenhet")),
        *(_("Pris som gäller"), _("Prisenhet"), _("Avböjd därför att")),
    )
    rows = (
        (
            *(r.supplier_number, r.name, str(ONE_NAMES[Kind(r.kind)])),
            *(r.offered_price, r.offered_base, r.kept_price, r.kept_base, r.reason),
        )
        for r in refusals_of(price_list)
    )
    return Sheet(_("Avböjda rader"), headings, rows, (16, 40, 14, 12, 12, 14, 12, 60), frozenset({0}))


def _file_name(price_list: PriceList) -> str:
    award = price_list.award
    return f"{award.lot.agreement.number}-{award.supplier.organisation_number}-{price_list.version}"
