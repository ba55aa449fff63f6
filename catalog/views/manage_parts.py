"""Pages: the parts of an agreement, each with a small form of its own."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage

from auth.login import current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.actions import agreement as agreement_actions
from catalog.actions import ceiling as ceiling_actions
from catalog.actions import document as document_actions
from catalog.actions import entitlement as entitlement_actions
from catalog.actions import lot as lot_actions
from catalog.actions import watch as watch_actions
from catalog.agreement import Agreement, AgreementState
from catalog.ceiling_forms import CeilingForm, WatchForm
from catalog.forms import (
    AwardForm,
    DocumentForm,
    EndForm,
    EntitlementForm,
    ExtensionForm,
    LotForm,
    TakeExtensionForm,
    VersionedForm,
    indented,
    offer_suppliers,
)
from catalog.managing import (
    agreement_for,
    award_for,
    category_tree,
    ceiling_for,
    document_for,
    entitlable,
    entitlement_for,
    extension_for,
    lot_for,
    suppliers,
)
from catalog.suggestion import article_names, suggest_categories
from catalog.views.manage import agreement_trail, bp
from catalog.views.manage_agreements import page_of
from catalog.watch import watch_of
from core.clock import today
from core.errors import RuleBroken
from core.web import requires

FORM = ["GET", "POST"]


def _page(template: str, form: VersionedForm, agreement: Agreement, anchor: str, **values: Any) -> Any:
    """The page of one small form, which remembers the version of the agreement it was made from."""
    if not form.is_submitted():
        form.version.data = agreement.version
    page = render_template(
        f"manage/{template}.html",
        form=form,
        agreement=agreement,
        back=page_of(agreement, anchor),
        crumbs=agreement_trail(agreement),
        **values,
    )
    return page, status(form)


def _done(agreement: Agreement, anchor: str, text: str) -> Any:
    flash(text, "success")
    return redirect(page_of(agreement, anchor), 303)


def _seen() -> int:
    """The version on the page whose button was pressed."""
    return request.form.get("version", 0, type=int)


# Lots and awards


@bp.route("/agreements/<int:agreement_id>/lots/new", methods=FORM)
@requires(Permission.AGREEMENT_MANAGE)
def add_lot(agreement_id: int) -> Any:
    found = agreement_for(current(), agreement_id)
    form = LotForm()
    form.category.offer(indented(category_tree()))
    if not form.is_submitted():
        form.number.data, form.title.data = str(len(found.lots) + 1), found.title
    if form.validate_on_submit():
        with refusals_on(form):
            lot_actions.add_lot(current(), found, form.facts(), form.seen)
            return _done(found, "lots", _("Delområdet är tillagt."))
    return _page("lot_edit", form, found, "lots", lot=None)


@bp.route("/lots/<int:lot_id>", methods=FORM)
@requires(Permission.AGREEMENT_MANAGE)
def lot(lot_id: int) -> Any:
    found = lot_for(current(), lot_id)
    form = LotForm(obj=found)
    form.category.offer(indented(category_tree()))
    if not form.is_submitted():
        form.show(found)
    is_picking = form.category.take_pick()
    if not is_picking and form.validate_on_submit():
        with refusals_on(form):
            lot_actions.edit_lot(current(), found, form.facts(), form.seen)
            return _done(found.agreement, "lots", _("Delområdet är sparat."))
    words = " ".join([form.title.data or "", *article_names(found)])
    suggested = suggest_categories(words, form.category.things.values(), besides=form.category.data)
    page, code = _page("lot_edit", form, found.agreement, "lots", lot=found, suggested=suggested)
    return page, 200 if is_picking else code


@bp.post("/lots/<int:lot_id>/remove")
@requires(Permission.AGREEMENT_MANAGE)
def remove_lot(lot_id: int) -> Any:
    found = lot_for(current(), lot_id)
    agreement = found.agreement
    lot_actions.remove_lot(current(), found, _seen())
    return _done(agreement, "lots", _("Delområdet är borttaget."))


@bp.route("/lots/<int:lot_id>/awards/new", methods=FORM)
@requires(Permission.AGREEMENT_MANAGE)
def add_award(lot_id: int) -> Any:
    found = lot_for(current(), lot_id)
    form = AwardForm()
    taken = {award.supplier_id for award in found.awards}
    offer_suppliers(form, (s for s in suppliers() if s.id not in taken))
    if not form.is_submitted():
        form.rank.data = len(found.awards) + 1
    if form.validate_on_submit():
        with refusals_on(form):
            lot_actions.add_award(current(), found, form.supplier.picked, form.facts(), form.seen)
            return _done(found.agreement, "lots", _("Leverantören är tillagd."))
    return _page("award_edit", form, found.agreement, "lots", lot=found, award=None)


@bp.route("/awards/<int:award_id>", methods=FORM)
@requires(Permission.AGREEMENT_MANAGE)
def award(award_id: int) -> Any:
    found = award_for(current(), award_id)
    form = AwardForm(obj=found)
    offer_suppliers(form, [found.supplier])
    form.supplier.data = found.supplier_id
    if form.validate_on_submit():
        with refusals_on(form):
            lot_actions.edit_award(current(), found, form.facts(), form.seen)
            return _done(found.lot.agreement, "lots", _("Leverantörens villkor är sparade."))
    return _page("award_edit", form, found.lot.agreement, "lots", lot=found.lot, award=found)


@bp.post("/awards/<int:award_id>/remove")
@requires(Permission.AGREEMENT_MANAGE)
def remove_award(award_id: int) -> Any:
    found = award_for(current(), award_id)
    agreement = found.lot.agreement
    lot_actions.remove_award(current(), found, _seen())
    return _done(agreement, "lots", _("Leverantören är borttagen från delområdet."))


# Who may order


@bp.route("/agreements/<int:agreement_id>/entitlements/new", methods=FORM)
@requires(Permission.AGREEMENT_MANAGE)
def entitle(agreement_id: int) -> Any:
    found = agreement_for(current(), agreement_id)
    form = EntitlementForm()
    form.offer(entitlable(), found.lots)
    if form.validate_on_submit():
        with refusals_on(form):
            entitlement_actions.entitle(
                current(),
                found,
                form.picked,
                form.seen,
                lot=form.lot.picked,
                starts_on=form.starts_on.data,
                ends_on=form.ends_on.data,
                reason=form.reason.data,
            )
            return _done(found, "entitled", _("De valda organisationerna får avropa."))
    return _page("entitle", form, found, "entitled")


@bp.route("/entitlements/<int:entitlement_id>/end", methods=FORM)
@requires(Permission.AGREEMENT_MANAGE)
def end_entitlement(entitlement_id: int) -> Any:
    found = entitlement_for(current(), entitlement_id)
    agreement, name = found.agreement, found.organisation.name
    form = EndForm(data={"ends_on": found.ends_on or today()})
    if form.validate_on_submit():
        with refusals_on(form):
            entitlement_actions.end_entitlement(current(), found, form.last_day, form.seen)
            return _done(agreement, "entitled", _("Rätten att avropa är ändrad för %(name)s.", name=name))
    return _page("entitlement_end", form, agreement, "entitled", entitlement=found)


# Ceilings


@bp.route("/ceilings/<int:ceiling_id>", methods=FORM)
@requires(Permission.AGREEMENT_MANAGE)
def ceiling(ceiling_id: int) -> Any:
    found = ceiling_for(current(), ceiling_id)
    form = CeilingForm(obj=found)
    form.offer(found)
    if form.validate_on_submit():
        with refusals_on(form):
            ceiling_actions.state_ceiling(
                current(),
                found,
                form.seen,
                limit=form.limit.data,
                reason=form.reason.data,
                unlocking=form.unlocking(),
            )
            return _done(found.agreement, "ceilings", _("Takvolymen är sparad."))
    is_published = found.agreement.state is not AgreementState.DRAFT
    return _page("ceiling", form, found.agreement, "ceilings", ceiling=found, is_published=is_published)


@bp.route("/agreements/<int:agreement_id>/watch", methods=FORM)
@requires(Permission.AGREEMENT_MANAGE)
def watch(agreement_id: int) -> Any:
    found = agreement_for(current(), agreement_id)
    form = WatchForm(obj=watch_of(found))
    if form.validate_on_submit():
        with refusals_on(form):
            days = {name: form[name].data for name in ("notice_days", "decide_days", "ends_days")}
            watch_actions.state_watch(current(), found, form.seen, levels=form.picked_levels, **days)
            return _done(found, "ceilings", _("Bevakningen är sparad."))
    return _page("watch", form, found, "ceilings")


# Extensions


@bp.route("/agreements/<int:agreement_id>/extensions/new", methods=FORM)
@requires(Permission.AGREEMENT_MANAGE)
def add_extension(agreement_id: int) -> Any:
    found = agreement_for(current(), agreement_id)
    form = ExtensionForm()
    if form.validate_on_submit():
        with refusals_on(form):
            agreement_actions.add_extension(
                current(),
                found,
                form.seen,
                ends_on=form.last_day,
                decide_by=form.decide_by.data,
                reason=form.reason.data,
            )
            return _done(found, "extensions", _("Förlängningen är tillagd."))
    return _page("extension_edit", form, found, "extensions")


@bp.route("/extensions/<int:extension_id>/take", methods=FORM)
@requires(Permission.AGREEMENT_MANAGE)
def take_extension(extension_id: int) -> Any:
    found = extension_for(current(), extension_id)
    form = TakeExtensionForm(data={"ends_on": found.ends_on})
    if form.validate_on_submit():
        with refusals_on(form):
            tells = bool(form.tell_suppliers.data)
            agreement_actions.take_extension(current(), found, form.seen, form.decision(), tell_suppliers=tells)
            day = found.agreement.ends_on.isoformat()
            return _done(found.agreement, "extensions", _("Avtalet gäller nu till %(day)s.", day=day))
    return _page("extension_take", form, found.agreement, "extensions", extension=found)


@bp.post("/extensions/<int:extension_id>/remove")
@requires(Permission.AGREEMENT_MANAGE)
def remove_extension(extension_id: int) -> Any:
    found = extension_for(current(), extension_id)
    agreement = found.agreement
    agreement_actions.remove_extension(current(), found, _seen())
    return _done(agreement, "extensions", _("Förlängningen är borttagen."))


# Documents


@bp.route("/agreements/<int:agreement_id>/documents/new", methods=FORM)
@requires(Permission.AGREEMENT_MANAGE)
def attach(agreement_id: int) -> Any:
    found = agreement_for(current(), agreement_id)
    form = DocumentForm()
    if form.validate_on_submit():
        with refusals_on(form):
            file = form.file.data
            if not isinstance(file, FileStorage) or not file.filename:
                raise RuleBroken(_l("Välj en fil."))
            name, content = file.filename, file.stream.read(document_actions.MAX_BYTES + 1)
            document_actions.attach(current(), found, form.seen, name=name, content=content)
            return _done(found, "documents", _("Filen är bifogad."))
    return _page("document_new", form, found, "documents")


@bp.post("/documents/<int:document_id>/remove")
@requires(Permission.AGREEMENT_MANAGE)
def detach(document_id: int) -> Any:
    found = document_for(current(), document_id)
    agreement = found.agreement
    document_actions.detach(current(), found, _seen())
    return _done(agreement, "documents", _("Filen är borttagen."))
