"""Pages: suppliers, for those who manage agreements."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.login import current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.actions import supplier as actions
from catalog.forms import SupplierForm
from catalog.managing import awards_of, supplier_by_id, suppliers_page
from catalog.policy import may_block_supplier, may_create_supplier, may_edit_supplier, may_manage
from catalog.supplier import Supplier
from catalog.views.manage import ask_reason, bp, page_number, search_text, story, trail
from core.errors import NotAllowed
from core.web import requires


@bp.get("/suppliers")
@requires(Permission.AGREEMENT_MANAGE)
def suppliers() -> Any:
    blocked = bool(request.args.get("blocked"))
    page = suppliers_page(search_text(), blocked, page_number())
    return render_template("manage/suppliers.html", page=page, text=search_text(), blocked=blocked, crumbs=trail())


@bp.route("/suppliers/new", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def create_supplier() -> Any:
    if not may_create_supplier(current()):
        raise NotAllowed(_l("Bara den som äger avtal får lägga till leverantörer."))
    form = SupplierForm()
    if form.validate_on_submit():
        with refusals_on(form):
            made = actions.create(current(), form.facts())
            flash(_("%(name)s är tillagd.", name=made.name), "success")
            return redirect(url_for("manage.supplier", supplier_id=made.id), 303)
    return render_template("manage/supplier_edit.html", form=form, supplier=None, crumbs=_trail()), status(form)


@bp.get("/suppliers/<int:supplier_id>")
@requires(Permission.AGREEMENT_MANAGE)
def supplier(supplier_id: int) -> Any:
    found = supplier_by_id(supplier_id)
    return render_template(
        "manage/supplier.html",
        supplier=found,
        awards=[(award, may_manage(current(), award.lot.agreement)) for award in awards_of(found, current())],
        story=story("supplier", found.id),
        may_edit=may_edit_supplier(current(), found),
        may_block=may_block_supplier(current()),
        crumbs=_trail(),
    )


@bp.route("/suppliers/<int:supplier_id>/edit", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def edit_supplier(supplier_id: int) -> Any:
    found = supplier_by_id(supplier_id)
    if not may_edit_supplier(current(), found):
        raise NotAllowed(_l("Leverantören används i avtal som din organisation inte äger. Kontakta kontoret."))
    form = SupplierForm(obj=found)
    if not form.is_submitted():
        form.channel.data = found.channel.value
        form.peppol_scheme.data = found.peppol_scheme or ""
    if form.validate_on_submit():
        with refusals_on(form):
            actions.edit(current(), found, form.facts(found.country), form.seen)
            flash(_("Uppgifterna är sparade."), "success")
            return redirect(_page(found), 303)
    page = render_template("manage/supplier_edit.html", form=form, supplier=found, crumbs=_trail(found))
    return page, status(form)


@bp.route("/suppliers/<int:supplier_id>/unblock", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def unblock_supplier(supplier_id: int) -> Any:
    found = supplier_by_id(supplier_id)
    return ask_reason(
        lambda reason: actions.unblock(current(), found, reason),
        _page(found),
        title=_("Ta bort spärren för %(name)s", name=found.name),
        lead=_("Det går att beställa igen så snart du har sparat."),
        button=_("Ta bort spärren"),
        done=_("Spärren för %(name)s är borttagen.", name=found.name),
        crumbs=_trail(found),
        tone="primary",
    )


def _page(supplier: Supplier) -> str:
    return url_for("manage.supplier", supplier_id=supplier.id)


def _trail(supplier: Supplier | None = None) -> list[tuple[Any, str]]:
    crumbs = trail((_l("Leverantörer"), url_for("manage.suppliers")))
    return crumbs if supplier is None else [*crumbs, (supplier.name, _page(supplier))]
