"""Pages: the basket and the till."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from auth.login import acting_organisation, current
from auth.organisation import DeliveryAddress, Unit
from auth.permission import Permission
from auth.user import User
from auth.views.refusals import refusals_on, status
from catalog.agreement import CallOffMethod
from catalog.finding import Finding
from catalog.queries import article_for, articles_for
from core.clock import today
from core.errors import NotFound
from core.language import language
from core.web import is_local_path, number, requires
from exchange.units import unit_name
from orders.actions import basket as act
from orders.actions.ranking import note_refusal
from orders.actions.requisition import Checkout, submit
from orders.actions.switch import switch
from orders.basket import Basket, BasketLine
from orders.basket_queries import basket_of, units_and_addresses, view_basket
from orders.coding_till import CodingTill, open_till
from orders.forms import (
    AddLineForm,
    ChangeLineForm,
    CheckoutForm,
    NoteRefusalForm,
    OwnGroundForm,
    StateGroundForm,
)
from orders.proposal import net_total
from orders.proposal_forms import TakeForm, chosen_goods, sent_rows
from orders.proposal_queries import sent_again
from orders.ranking_queries import asked_before, rival_of
from orders.requisition import MOST_LINES, Requisition
from orders.requisition_queries import requisition_made_with
from orders.route_queries import route_preview
from orders.shopping_list_queries import list_for, remembered_for

bp = Blueprint("basket", __name__)

KEPT_WHEN_MENDED = (
    *("unit_id", "wanted_on", "buyer_reference", "accounting_cost"),
    *("message_to_supplier", "message_to_approver"),
)


@bp.get("/basket")
@requires(Permission.ORDER_CREATE)
def show() -> Any:
    basket = basket_of(current(), acting_organisation())
    view = view_basket(basket) if basket and basket.lines else None
    return render_template("basket/show.html", view=view)


@bp.post("/basket/add")
@requires(Permission.ORDER_CREATE)
def add() -> Any:
    form = AddLineForm()
    back = form.next.data if is_local_path(form.next.data) else url_for("basket.show")
    if not form.validate() or form.quantity.data is None or form.article_id.data is None:
        flash(_("Skriv hur många du vill ha, till exempel 2 eller 2,5."), "error")
        return redirect(back, 303)
    article = article_for(current(), form.article_id.data)
    with refusals_on(form):
        line = act.add(current(), acting_organisation(), article, form.quantity.data)
        unit = unit_name(article.unit_code, language())
        told = {"name": article.name, "quantity": number(line.quantity), "unit": unit}
        flash(_("%(name)s ligger i varukorgen: %(quantity)s %(unit)s.", **told), "basket")
        return redirect(back, 303)
    article = article_for(current(), form.article_id.data)  # the refusal has undone what was read
    return render_template("basket/refused.html", form=form, article=article), status(form)


@bp.post("/basket/rows")
@requires(Permission.ORDER_CREATE)
def add_rows() -> Any:
    """Put the ticked rows of a list, an old order or a quick entry into the basket: all of them, or none."""
    form, sent = TakeForm(), sent_rows(request.form)
    is_sound = form.validate()
    list_id = form.list_id.data if is_sound else None
    kept = list_for(current(), acting_organisation(), list_id, share=True) if list_id else None
    refused: dict[int, tuple[Finding, ...]] = {}
    articles = articles_for(current(), {article_id for row in sent for article_id in row.options})
    if not sent:
        form.form_errors.append(_l("Kryssa för minst en rad."))
    elif len(sent) > MOST_LINES:
        form.form_errors.append(_l("Högst %(most)s rader åt gången.", most=MOST_LINES))
    elif is_sound and not [row for row in sent if row.problem or row.chosen_id not in articles]:
        with refusals_on(form):
            goods = chosen_goods(sent, articles)
            hard = act.add_all(current(), acting_organisation(), goods, kept, form.print_of(current()))
            if not any(hard):
                flash(
                    ngettext("%(num)s rad ligger i varukorgen.", "%(num)s rader ligger i varukorgen.", len(goods)),
                    "success",
                )
                return redirect(url_for("basket.show"), 303)
            refused = {row.key: found for row, found in zip(sent, hard, strict=True)}
        articles = articles_for(current(), articles)  # the refusal has undone what was read
    if not form.broken_rule and not form.form_errors:
        form.form_errors.append(_l("Kontrollera de markerade raderna."))
    rows = sent_again(sent[:MOST_LINES], articles, acting_organisation(), refused)
    return render_template("basket/rows.html", form=form, rows=rows, total=net_total(rows)), 422


@bp.post("/basket/<int:line_id>")
@requires(Permission.ORDER_CREATE)
def change(line_id: int) -> Any:
    form = ChangeLineForm()
    line = _own_line(line_id)
    if form.validate() and form.quantity.data is not None:
        act.change(current(), line, form.quantity.data, form.note.data)
        return _back_to(line_id)
    flash(_("Skriv hur många du vill ha, till exempel 2 eller 2,5."), "error")
    return redirect(url_for("basket.show"), 303)


def _back_to(line_id: int) -> Any:
    """The basket, at the line she worked with."""
    return redirect(url_for("basket.show", _anchor=f"line-{line_id}"), 303)


@bp.post("/basket/<int:line_id>/remove")
@requires(Permission.ORDER_CREATE)
def remove(line_id: int) -> Any:
    act.remove(current(), _own_line(line_id))
    return redirect(url_for("basket.show"), 303)


@bp.post("/basket/<int:line_id>/accept")
@requires(Permission.ORDER_CREATE)
def accept(line_id: int) -> Any:
    act.accept_change(current(), _own_line(line_id))
    return _back_to(line_id)


@bp.post("/basket/<int:line_id>/ground")
@requires(Permission.ORDER_CREATE)
def ground(line_id: int) -> Any:
    line = _own_line(line_id)
    lot = line.article.award.lot
    form = OwnGroundForm() if lot.method is CallOffMethod.DYNAMIC_RANKING else StateGroundForm()
    if isinstance(form, StateGroundForm):
        form.offer(lot.grounds)
    if form.validate():
        act.state_ground(current(), line, form.ground.data or "")
        return _back_to(line_id)
    flash(_("Ange varför du väljer leverantören."), "error")
    return redirect(url_for("basket.show"), 303)


@bp.post("/basket/<int:line_id>/switch/<int:award_id>")
@requires(Permission.ORDER_CREATE)
def switch_supplier(line_id: int, award_id: int) -> Any:
    """Let all of the line's lot come from another of its suppliers."""
    line = _own_line(line_id)
    award = rival_of(line, award_id)
    switch(current(), line.basket, award)
    flash(_("Nu kommer det från %(supplier)s.", supplier=award.supplier.name), "success")
    return redirect(url_for("basket.show"), 303)


@bp.route("/basket/<int:line_id>/refusal/<int:award_id>", methods=["GET", "POST"])
@requires(Permission.ORDER_CREATE)
def refusal(line_id: int, award_id: int) -> Any:
    """Note what the supplier whose turn it is answered: opens for the next, for this need."""
    line = _own_line(line_id)
    award = asked_before(line, award_id)
    form = NoteRefusalForm()
    if form.validate_on_submit() and form.reason.data:
        with refusals_on(form):
            note_refusal(
                *(current(), line.basket, award, form.asked_at, form.channel.data, form.answer.data, form.reason.data),
                form.sent_file,
            )
            flash(_("Svaret från %(name)s är antecknat.", name=award.supplier.name), "success")
            return redirect(url_for("basket.show"), 303)
    return render_template("basket/refusal.html", form=form, award=award, line=line), status(form)


@bp.route("/checkout", methods=["GET", "POST"])
@requires(Permission.ORDER_CREATE)
def checkout() -> Any:
    """The till. `look` shows what another unit means for address and approvers, and sends nothing."""
    user, organisation = current(), acting_organisation()
    basket = basket_of(user, organisation, lock=request.method == "POST")
    if basket is None or not basket.lines:
        done = requisition_made_with(CheckoutForm().key_of(user))
        return redirect(_at(done) if done else url_for("basket.show"), 303)
    if request.method == "POST" and requisition_made_with(CheckoutForm().key_of(user)):
        flash(_("Den sidan är redan skickad. Det här ligger i varukorgen nu: läs igenom det innan du skickar."), "info")
        return redirect(url_for("basket.checkout"), 303)
    units, addresses = units_and_addresses(user, organisation)
    form = CheckoutForm(data=_suggested(user, basket, units, addresses))
    is_looking = "look" in request.form
    unit = form.offer(units, addresses, reset=is_looking)
    till = open_till(user, unit, basket, request.form if request.method == "POST" and not is_looking else None)
    is_looking = is_looking or (till is not None and till.answer(request.form))
    if unit is not None and not is_looking and form.validate_on_submit() and not _coded_elsewhere(form, till):
        address = next(address for address in addresses if address.id == form.address_id.data)
        with refusals_on(form):
            requisition = submit(user, organisation, _said(user, form, unit, address, till), basket)
            done = _("Beställd. Godkännandet frågas i efterhand.") if requisition.is_emergency else None
            flash(done or _("Skickad för godkännande."), "success")
            return redirect(_at(requisition), 303)
        basket = basket_of(user, organisation)  # the refusal has undone what was read
        till = open_till(user, unit, basket, request.form) if basket else None
    view = view_basket(basket) if basket else None
    codes = till.codes if till and view else frozenset()
    is_emergency = bool(form.is_emergency.data)
    route = route_preview(user, unit, view, codes, is_emergency=is_emergency) if unit and view else None
    page = render_template(
        "basket/checkout.html", form=form, view=view, route=route, units=units, unit=unit, today=today(), till=till
    )
    return page, 200 if is_looking else status(form)


def _coded_elsewhere(form: CheckoutForm, till: CodingTill | None) -> bool:
    """Whether the coding is that of a unit that she has left; says so."""
    if till is None or not till.unit_changed(request.form):
        return False
    text = _l("Konteringen är nu ifylld för %(unit)s. Läs igenom den och skicka igen.", unit=till.unit.name)
    form.form_errors.append(text)
    return True


def _said(user: User, form: CheckoutForm, unit: Unit, address: DeliveryAddress, till: CodingTill | None) -> Checkout:
    return Checkout(
        unit=unit,
        address=address,
        key=form.key_of(user),
        wanted_on=form.wanted_on.data,
        buyer_reference=form.buyer_reference.data,
        accounting_cost=form.accounting_cost.data,
        message_to_supplier=form.message_to_supplier.data,
        message_to_approver=form.message_to_approver.data,
        coding=till.said if till else None,
        emergency_reason=form.emergency_reason.data if form.is_emergency.data else None,
    )


def _suggested(
    user: User, basket: Basket, units: Sequence[Unit], addresses: Sequence[DeliveryAddress]
) -> dict[str, Any]:
    """What the till is filled in with: what a requisition said that she mends, else what a list remembers."""
    former = basket.requisition
    if former is None:
        remembered = remembered_for(user, basket.organisation, basket.shopping_list_id)
        for name, offered in (
            ("unit_id", units),
            ("address_id", addresses),
        ):  # closed since, or not hers
            if remembered.get(name) not in {place.id for place in offered}:
                remembered.pop(name, None)
        return {"buyer_reference": user.reference, **remembered}
    return {name: getattr(former, name) for name in KEPT_WHEN_MENDED}


def _at(requisition: Requisition) -> str:
    return url_for("requisitions.show", requisition_id=requisition.id)


def _own_line(line_id: int) -> BasketLine:
    """A line of her own basket for the organisation she acts for. Raises NotFound.

    Where something is changed, the basket is held until the transaction ends.
    """
    basket = basket_of(current(), acting_organisation(), lock=request.method == "POST")
    for line in basket.lines if basket else ():
        if line.id == line_id:
            return line
    raise NotFound(_l("Raden finns inte i din varukorg."))
