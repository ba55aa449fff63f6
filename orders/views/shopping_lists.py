"""Pages: shopping lists, which are also the templates of whole orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from auth.login import acting_organisation, current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.price_list import Article
from catalog.queries import article_for, articles_by_id
from core.clock import today
from core.web import read_key, requires
from orders.actions import shopping_list as act
from orders.basket import BasketLine
from orders.basket_queries import basket_of, units_and_addresses
from orders.coding_queries import current_dimensions
from orders.favourite_queries import favourites_of
from orders.order import Order, OrderLine
from orders.order_queries import order_for
from orders.policy import may_change_list
from orders.proposal import net_total
from orders.proposal_forms import TakeForm
from orders.proposal_queries import propose, wishes_of_list
from orders.shopping_list import SHARING_NAMES, ShoppingList
from orders.shopping_list_forms import NONE, ListForm, PutForm, arranged, line_form
from orders.shopping_list_queries import list_for, lists_for, own_lists

bp = Blueprint("shopping_lists", __name__, url_prefix="/lists")


@bp.get("")
@requires(Permission.ORDER_CREATE)
def index() -> Any:
    page = lists_for(current(), acting_organisation(), request.args.get("page", 1, type=int))
    return render_template("shopping_lists/index.html", page=page, sharing_names=SHARING_NAMES)


@bp.get("/<int:list_id>")
@requires(Permission.ORDER_CREATE)
def show(list_id: int) -> Any:
    shopping_list = _visible_list(list_id)
    rows = propose(wishes_of_list(shopping_list), acting_organisation())
    return render_template(
        "shopping_lists/show.html",
        shopping_list=shopping_list,
        rows=rows,
        total=net_total(rows),
        form=TakeForm(data={"list_id": list_id}),
        sharing_names=SHARING_NAMES,
        may_change=may_change_list(current(), shopping_list),
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.ORDER_CREATE)
def new() -> Any:
    """A new list: empty, or of the basket, the favourites, an order or another list."""
    source = _source()
    form = ListForm(data=source.suggested)
    _offer(form, None)
    if form.validate_on_submit():
        with refusals_on(form):
            made = act.create(current(), acting_organisation(), form.terms(), source.goods(), form.print_of(current()))
            flash(_("Listan %(name)s är sparad.", name=made.name), "success")
            return redirect(url_for("shopping_lists.show", list_id=made.id), 303)
    return render_template("shopping_lists/edit.html", form=form, count=len(source.wanted), rows=()), status(form)


@bp.route("/<int:list_id>/edit", methods=["GET", "POST"])
@requires(Permission.ORDER_CREATE)
def edit(list_id: int) -> Any:
    """Name, sharing, what it remembers, and its rows. The buttons up and down save, too."""
    shopping_list = _visible_list(list_id, lock=request.method == "POST")
    act.check_hers(current(), shopping_list)
    form = ListForm(data=_said(shopping_list))
    _offer(form, shopping_list)
    rows = [(line, line_form(line)) for line in shopping_list.lines]
    if form.is_submitted() and form.validate_lines(row for _line, row in rows):
        with refusals_on(form):
            move = request.form.get("move", "")
            act.change(current(), shopping_list, form.terms(), *arranged(rows, move))
            if moved := read_key(move.partition(":")[0]):
                return redirect(url_for("shopping_lists.edit", list_id=list_id, _anchor=f"line-{moved}"), 303)
            flash(_("Listan är sparad."), "success")
            return redirect(url_for("shopping_lists.show", list_id=list_id), 303)
        shopping_list = _visible_list(list_id)  # the refusal has undone what was read
    page = render_template("shopping_lists/edit.html", form=form, rows=rows, shopping_list=shopping_list)
    return page, status(form)


@bp.post("/<int:list_id>/delete")
@requires(Permission.ORDER_CREATE)
def delete(list_id: int) -> Any:
    shopping_list = _visible_list(list_id, lock=True)
    act.delete(current(), shopping_list)
    flash(_("Listan %(name)s är borttagen.", name=shopping_list.name), "success")
    return redirect(url_for("shopping_lists.index"), 303)


@bp.route("/pick/<int:article_id>", methods=["GET", "POST"])
@requires(Permission.ORDER_CREATE)
def pick(article_id: int) -> Any:
    """Which of her lists an article is to be written on."""
    article = article_for(current(), article_id)
    lists = {kept.id: kept for kept in own_lists(current(), acting_organisation())}
    form = PutForm(data={"quantity": _first_quantity(article)})
    form.offer(lists.values())
    if form.validate_on_submit() and form.quantity.data is not None:
        with refusals_on(form):
            if form.list_id.data == NONE:
                terms, goods = act.ListTerms(name=form.name.data or ""), [(article, form.quantity.data)]
                chosen = act.create(current(), acting_organisation(), terms, goods, form.print_of(current()))
            else:
                chosen = _visible_list(form.list_id.data, lock=True)
                act.put(current(), chosen, article, form.quantity.data, form.print_of(current()))
            flash(_("%(article)s står på listan %(name)s.", article=article.name, name=chosen.name), "success")
            return redirect(url_for("shopping_lists.show", list_id=chosen.id), 303)
    return render_template("shopping_lists/pick.html", form=form, article=article, has_lists=bool(lists)), status(form)


def _visible_list(list_id: int, *, lock: bool = False) -> ShoppingList:
    return list_for(current(), acting_organisation(), list_id, lock=lock)


def _first_quantity(article: Article) -> Decimal:
    return article.minimum_quantity or article.quantity_multiple or Decimal(1)


def _offer(form: ListForm, kept: ShoppingList | None) -> None:
    organisation = acting_organisation()
    is_coded = bool(current_dimensions(organisation, today()))
    form.offer(*units_and_addresses(current(), organisation), kept, is_coded=is_coded)


def _said(shopping_list: ShoppingList) -> dict[str, Any]:
    return {
        "name": shopping_list.name,
        "sharing": shopping_list.sharing.value,
        "unit_id": shopping_list.unit_id or NONE,
        "order_unit_id": shopping_list.order_unit_id or NONE,
        "address_id": shopping_list.address_id or NONE,
        "buyer_reference": shopping_list.buyer_reference,
        "accounting_cost": shopping_list.accounting_cost,
    }


@dataclass(frozen=True, slots=True)
class Source:
    """What a new list is made of: article ids with quantities, and what its form is filled in with."""

    wanted: list[tuple[int, Decimal]] = field(default_factory=list)
    suggested: dict[str, Any] = field(default_factory=dict)

    def goods(self) -> list[tuple[Article, Decimal]]:
        found = articles_by_id(article_id for article_id, _quantity in self.wanted)
        return [(found[article_id], quantity) for article_id, quantity in self.wanted]


def _source() -> Source:
    """What the address names: `?order=` number, `?list=` id, `?of=basket` or `?of=favourites`; else nothing.

    Raises NotFound for an order or a list that she does not see.
    """
    user, organisation = current(), acting_organisation()
    if number := request.args.get("order"):
        order = order_for(user, organisation, number)
        return Source(_listable(order.lines), _as_ordered(order))
    if "list" in request.args:
        kept = _visible_list(read_key(request.args["list"]) or NONE)
        wanted = [(line.article_id, line.quantity) for line in kept.lines]
        return Source(wanted, {"name": _("Kopia av %(name)s", name=kept.name)[:100]})
    if request.args.get("of") == "basket":
        basket = basket_of(user, organisation)
        return Source(_listable(basket.lines) if basket else [])
    if request.args.get("of") == "favourites":
        hers = favourites_of(user, organisation)
        wanted = [(article.id, _first_quantity(article)) for article in (*hers.orderable, *hers.gone)]
        return Source(wanted, {"name": _("Mina favoriter")})
    return Source()


def _listable(lines: Iterable[BasketLine | OrderLine]) -> list[tuple[int, Decimal]]:
    """What can be ordered again as it was: neither a price won for one order, nor a free text, which is stated anew."""
    return [(line.article_id, line.quantity) for line in lines if not (line.bid_line_id or line.free_text_id)]


def _as_ordered(order: Order) -> dict[str, Any]:
    """What the order said at the till; the address by its name, since an order keeps a copy and not the address."""
    requisition = order.requisition
    copied = (requisition.delivery_name, requisition.delivery_street, requisition.delivery_city)
    _units, addresses = units_and_addresses(current(), order.organisation)
    same = [a for a in addresses if (a.name, a.street, a.city) == copied]
    return {
        "name": _("Som %(number)s", number=order.number),
        "order_unit_id": order.unit_id,
        "address_id": same[0].id if same else NONE,
        "buyer_reference": requisition.buyer_reference,
        "accounting_cost": requisition.accounting_cost,
    }
