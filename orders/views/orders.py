"""Pages: the orders, one order's story, its documents, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from io import BytesIO
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.login import acting_organisation, current, has_permission
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from core.clock import today
from core.errors import NotAllowed, NotFound
from core.state import can
from core.web import requires
from exchange.outbox import messages_about
from orders import mail
from orders.actions import order as act
from orders.actions.blanket import draw as draw_from
from orders.actions.receipt import Received, receive
from orders.forms import OnceForm, ReasonForm, ReceiveForm, ReceiveLineForm, receive_line_form
from orders.free_text_forms import DrawForm
from orders.order import FileKind, Order, OrderLine, OrderState
from orders.order_list import arrivals_of, dispatch_of
from orders.order_queries import entries_of, order_for, orders_page, receipts_of, received_quantities
from orders.policy import may_cancel, may_receive, may_resend
from orders.proposal import net_total
from orders.proposal_queries import propose, wishes_of_order
from orders.ranking_queries import refusals_of
from orders.receipt import DEVIATION_NAMES, sum_of
from orders.story import tell

bp = Blueprint("orders", __name__, url_prefix="/orders")

SCOPES = ("mine", "unit", "organisation")


@bp.get("")
@requires(Permission.ORDER_READ)
def index() -> Any:
    scope = request.args.get("scope")
    if scope not in SCOPES:  # whoever orders nothing has none of her own
        scope = "mine" if has_permission(Permission.ORDER_CREATE) else "organisation"
    state = next((s for s in OrderState if s.value == request.args.get("state")), None)
    page = orders_page(
        current(),
        acting_organisation(),
        scope=scope,
        text=request.args.get("q", "").strip()[:100],
        state=state,
        page=request.args.get("page", 1, type=int),
    )
    return render_template(
        "orders/index.html",
        page=page,
        scope=scope,
        state=state,
        states=list(OrderState),
        dispatch=dispatch_of(page.items),
        arrivals=arrivals_of(page.items),
    )


@bp.get("/<number>")
@requires(Permission.ORDER_READ)
def show(number: str) -> Any:
    user, order = current(), _visible_order(number)
    receipts = receipts_of(order)
    is_open = can(order, "close")
    takes_in = may_receive(user, order) and has_permission(Permission.ORDER_RECEIVE)
    return render_template(
        "orders/show.html",
        order=order,
        files={file.kind.value: file for file in order.documents},
        messages=messages_about(mail.about(order)),
        received=sum_of(receipts),
        receipts=receipts,
        deviation_names=DEVIATION_NAMES,
        refusals=refusals_of(order.requisition) if any(choice.passed for choice in order.choices) else (),
        story=tell(entries_of(order)),
        still_holds=partial(act.still_holds, order),
        may_receive=is_open and takes_in and order.blanket is None,
        may_draw=is_open and takes_in and order.blanket is not None,
        may_correct=can(order, "reopen") and takes_in and bool(receipts),
        may_cancel=may_cancel(user, order) and can(order, "cancel") and not receipts and not _is_drawn(order),
        may_close=is_open and may_cancel(user, order),
        may_resend=may_resend(user, order),
        may_order_again=has_permission(Permission.ORDER_CREATE),
    )


@bp.get("/<number>.pdf")
@requires(Permission.ORDER_READ)
def pdf(number: str) -> Any:
    return _file(number, FileKind.PDF)


@bp.get("/<number>.xml")
@requires(Permission.ORDER_READ)
def xml(number: str) -> Any:
    return _file(number, FileKind.UBL)


@bp.get("/<number>/cancellation.pdf")
@requires(Permission.ORDER_READ)
def cancellation(number: str) -> Any:
    return _file(number, FileKind.CANCELLATION)


@bp.route("/<number>/receive", endpoint="receive", methods=["GET", "POST"])
@requires(Permission.ORDER_RECEIVE)
def receive_goods(number: str) -> Any:
    """Take in a delivery, line by line; with the button `all`, everything that is still awaited."""
    user, order = current(), _visible_order(number)
    if not may_receive(user, order):
        raise NotAllowed(_l("Du får inte ta emot den här beställningen."))
    if order.blanket is not None and request.method == "GET":
        return redirect(url_for("orders.draw", number=number), 303)  # it is received in money
    received = received_quantities(order)
    left = {line.id: max(line.quantity - received.get(line.id, Decimal(0)), Decimal(0)) for line in order.lines}
    form = ReceiveForm()
    is_closed = can(order, "reopen")
    takes_all = "all" in request.form  # whatever the rows say
    rows = [] if takes_all else _rows_of(order, {} if is_closed else left)
    if form.is_submitted() and form.validate_lines(row for _line, row in rows):
        if takes_all:
            came = {line_id: Received(quantity) for line_id, quantity in left.items()}
        else:
            came = {line.id: row.received() for line, row in rows}
        with refusals_on(form):
            receive(user, order, came, form.note.data, form.print_of(user))
            flash(_("Mottagningen är sparad."), "success")
            return redirect(url_for("orders.show", number=number), 303)
        order = _visible_order(number)  # the refusal has undone what was read
    page = render_template(
        "orders/receive.html",
        order=order,
        form=form,
        rows=rows or _rows_of(order, {} if is_closed else left),
        received=received,
        left=left,
        is_closed=is_closed,
    )
    return page, status(form)


def _rows_of(order: Order, left: Mapping[int, Decimal]) -> list[tuple[OrderLine, ReceiveLineForm]]:
    return [(line, receive_line_form(line, left.get(line.id, Decimal(0)))) for line in order.lines]


@bp.route("/<number>/draw", methods=["GET", "POST"])
@requires(Permission.ORDER_RECEIVE)
def draw(number: str) -> Any:
    """Note what came of a blanket order."""
    user, order = current(), _visible_order(number)
    if order.blanket is None:
        raise NotFound(_l("Det här är ingen ramorder."))
    if not may_receive(user, order):
        raise NotAllowed(_l("Du får inte ta emot den här beställningen."))
    form = DrawForm(data={"came_on": today()})
    if form.validate_on_submit() and form.amount.data is not None and form.came_on.data is not None:
        with refusals_on(form):
            draw_from(user, order, form.amount.data, form.came_on.data, form.note.data, form.print_of(user))
            flash(_("Leveransen är antecknad."), "success")
            return redirect(url_for("orders.show", number=number), 303)
        order = _visible_order(number)  # the refusal has undone what was read
    return render_template("orders/draw.html", order=order, form=form), status(form)


@bp.route("/<number>/cancel", methods=["GET", "POST"])
@requires(Permission.ORDER_READ)
def cancel(number: str) -> Any:
    return _with_reason(number, "cancel", act.cancel, _("Beställningen är annullerad."))


@bp.route("/<number>/close", methods=["GET", "POST"])
@requires(Permission.ORDER_READ)
def close(number: str) -> Any:
    return _with_reason(number, "close", act.close, _("Beställningen är avslutad."))


@bp.post("/<number>/messages/<int:message_id>/resend")
@requires(Permission.ORDER_READ)
def resend(number: str, message_id: int) -> Any:
    act.resend(current(), _visible_order(number), message_id)
    flash(_("Brevet skickas igen inom någon minut."), "success")
    return redirect(url_for("orders.show", number=number), 303)


@bp.get("/<number>/again")
@requires(Permission.ORDER_CREATE)
def again(number: str) -> Any:
    """What the same costs today, what is gone and why: before anything lands in the basket."""
    order = _visible_order(number)
    rows = propose(wishes_of_order(order), acting_organisation())
    return render_template("orders/again.html", order=order, rows=rows, total=net_total(rows), form=OnceForm())


def _is_drawn(order: Order) -> bool:
    return order.blanket is not None and order.blanket.drawn > 0


def _visible_order(number: str) -> Order:
    return order_for(current(), acting_organisation(), number)


def _file(number: str, kind: FileKind) -> Any:
    """The stored bytes, as they were sent."""
    order = _visible_order(number)
    file = next((file for file in order.documents if file.kind is kind), None)
    if file is None:
        raise NotFound(_l("Dokumentet finns inte."))
    return send_file(
        BytesIO(file.content),
        mimetype=file.media_type,
        download_name=file.name,
        as_attachment=kind is FileKind.UBL,
        etag=file.sha256,
    )


def _with_reason(number: str, what: str, use_case: Any, done: str) -> Any:
    order, form = _visible_order(number), ReasonForm()
    if not may_cancel(current(), order):
        raise NotAllowed(_l("Bara beställaren, en attestant eller en administratör får göra det."))
    if form.validate_on_submit():
        with refusals_on(form):
            use_case(current(), order, form.reason.data)
            flash(done, "success")
            return redirect(url_for("orders.show", number=number), 303)
        order = _visible_order(number)  # the refusal has undone what was read
    return render_template(f"orders/{what}.html", order=order, form=form), status(form)
