"""Pages: block a supplier, and see what that stops."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.login import current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.managing import supplier_by_id
from catalog.policy import may_block_supplier
from catalog.supplier import Supplier
from catalog.supplier_block import blocks_of
from catalog.views.manage import trail
from core.errors import NotAllowed
from core.web import requires
from orders.actions.block import block_supplier
from orders.block_forms import BlockForm
from orders.stopped import stopped_for

bp = Blueprint("blocks", __name__, url_prefix="/admin")


@bp.route("/suppliers/<int:supplier_id>/block", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def block(supplier_id: int) -> Any:
    found = supplier_by_id(supplier_id)
    if not may_block_supplier(current()):
        raise NotAllowed(_l("Bara det gemensamma kontoret får spärra en leverantör."))
    form = BlockForm()
    if form.validate_on_submit():
        with refusals_on(form):
            decision, starts_on = form.decision.data, form.starts_on.data
            made = block_supplier(current(), found, form.reason.data or "", decision=decision, starts_on=starts_on)
            if made.begun_at is None:
                flash(_("%(name)s spärras %(day)s.", name=found.name, day=made.starts_on.isoformat()), "success")
            else:
                flash(_("%(name)s är spärrad. De som berörs får brev.", name=found.name), "success")
            return redirect(url_for("blocks.stopped", supplier_id=found.id), 303)
    page = render_template(
        "manage/block.html", form=form, supplier=found, stopped=stopped_for(current(), found), crumbs=_trail(found)
    )
    return page, status(form)


@bp.get("/suppliers/<int:supplier_id>/stopped")
@requires(Permission.AGREEMENT_MANAGE)
def stopped(supplier_id: int) -> Any:
    """The page of the block: its story, and what it stops now."""
    found = supplier_by_id(supplier_id)
    return render_template(
        "manage/stopped.html",
        supplier=found,
        blocks=blocks_of(found),
        stopped=stopped_for(current(), found),
        may_block=may_block_supplier(current()),
        crumbs=_trail(found),
    )


def _trail(supplier: Supplier) -> list[tuple[Any, str]]:
    crumbs = trail((_l("Leverantörer"), url_for("manage.suppliers")))
    return [*crumbs, (supplier.name, url_for("manage.supplier", supplier_id=supplier.id))]
