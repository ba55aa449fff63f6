"""What is done to a requisition: submitted, withdrawn, mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import update

from auth.journal import record
from auth.organisation import DeliveryAddress, Organisation, Unit
from auth.user import User
from catalog import ceiling
from catalog.allocation import hold_ceilings, takes_turns
from catalog.parameter import vat_rates
from catalog.price_list import VatClass
from catalog.queries import current_articles
from catalog.steering import blocking
from core.clock import now, today
from core.db import db
from core.errors import NotAllowed, RuleBroken
from core.state import advance, can
from core.types import line_net
from orders.actions.basket import open_basket
from orders.actions.line_coding import code_lines
from orders.actions.placing import place
from orders.actions.route import close_route, lay_route
from orders.basket import Basket, BasketLine
from orders.basket_queries import BasketView, basket_of, view_basket
from orders.coding_said import Said
from orders.policy import may_mend, may_order, may_withdraw
from orders.ranking import RankingRefusal
from orders.requisition import Requisition, RequisitionCharge, RequisitionLine, RequisitionState
from orders.requisition_queries import (
    load_requisition,
    requisition_drafts,
    requisition_lines,
    requisition_made_with,
)
from orders.route import RouteStep
from orders.route_queries import route_of
from orders.split import Charge, OrderDraft, all_draws, draft_orders
from orders.supplier_choice import kept_choices
from orders.won import hold_won


@dataclass(frozen=True, slots=True)
class Checkout:
    """What the orderer says at the till. `key` comes from the form: the same key makes one requisition."""

    unit: Unit
    address: DeliveryAddress
    key: str
    wanted_on: date | None = None
    buyer_reference: str | None = None
    accounting_cost: str | None = None
    message_to_supplier: str | None = None
    message_to_approver: str | None = None
    coding: Said | None = None  # by basket line; none: the defaults
    emergency_reason: str | None = None  # order now, approve after: why it cannot wait


def submit(actor: User, organisation: Organisation, checkout: Checkout, basket: Basket | None = None) -> Requisition:
    """Send the basket to be approved: copy, price, route, reserve. In an emergency the orders are placed at once, and
    the same route is asked afterwards.

    `basket`: hers, where the caller holds it already and has asked whether the form was sent before.

    Raises NotAllowed, and RuleBroken with the findings, with `ceiling-reached` or with `nobody-can-approve`.
    """
    _check_place(actor, organisation, checkout)
    if basket is None:
        basket = basket_of(actor, organisation, lock=True)
        if done := requisition_made_with(checkout.key):
            return done  # the button was pressed twice
    if basket is None or not basket.lines:
        raise RuleBroken(_l("Varukorgen är tom."))
    hold_won(basket.lines)
    view = _check_steering(basket, checkout.wanted_on)
    if takes_turns(view.awards) and hold_ceilings(view.awards):
        view = _check_steering(basket, checkout.wanted_on)  # as it stands now that nobody else can change it

    requisition = _fill(actor, basket, checkout)
    requisition.choices = kept_choices(view.whys.values())
    code_lines(requisition, checkout.coding, [line.id for line in basket.lines])
    requisition.check_submittable()
    drafts = price(requisition)
    _check_blankets(drafts)
    requisition.check_emergency()
    route = route_of(requisition)
    ceiling.reserve(all_draws(drafts, organisation.id))

    requisition.seal()
    advance(requisition, "submit")
    lay_route(requisition, route)
    _empty(basket, requisition)
    _tell_submitted(actor, requisition, route)
    if requisition.is_emergency:
        db.session.flush()
        place(actor, load_requisition(requisition.id), ())
    return requisition


def _check_place(actor: User, organisation: Organisation, checkout: Checkout) -> None:
    """She may order there, and goods can be delivered there. Raises NotAllowed, RuleBroken."""
    if not may_order(actor, checkout.unit) or checkout.unit.organisation_id != organisation.id:
        raise NotAllowed(_l("Du får inte beställa för %(unit)s.", unit=checkout.unit.name))
    if not checkout.address.is_active or checkout.address.unit.organisation_id != organisation.id:
        raise RuleBroken(_l("Leveransadressen kan inte användas. Välj en annan."))


def _tell_submitted(actor: User, requisition: Requisition, route: Sequence[RouteStep]) -> None:
    urgent: dict[str, Any] = {"emergency": requisition.emergency_reason} if requisition.is_emergency else {}
    record(
        actor,
        "submit",
        "requisition",
        requisition.id,
        organisation_id=requisition.organisation_id,
        net_amount=str(requisition.net_amount),
        lines=len(requisition.lines),
        route=[[step.label, [person.name for person in step.people]] for step in route],
        content_hash=requisition.content_hash,
        **urgent,
    )


def withdraw(actor: User, requisition: Requisition) -> None:
    """Take back what is not decided yet, and give its room under the ceilings back. Raises NotAllowed, WrongState.

    One that lies in the basket to be mended stays there, as a need of its own.
    """
    basket = open_basket(actor, requisition.organisation)  # before the requisition, as when it is sent again
    requisition = load_requisition(requisition.id, lock=True)
    if not may_withdraw(actor, requisition):
        raise NotAllowed(_l("Bara den som har beställt kan ta tillbaka begäran."))
    if requisition.is_emergency:
        raise RuleBroken(
            _l("Det är redan beställt, så någon måste besluta om det."),
            way_on=_l("Annullera beställningen hos leverantören om den inte behövs."),
        )
    reserved = can(requisition, "approve")  # a returned one holds no room
    advance(requisition, "withdraw")
    if reserved:
        close_route(requisition)
        ceiling.release_reserved(all_draws(requisition_drafts(requisition), requisition.organisation_id))
    if basket.requisition_id == requisition.id:
        basket.requisition_id = None
    requisition.decided_at = now()
    record(actor, "withdraw", "requisition", requisition.id, organisation_id=requisition.organisation_id)


def mend(actor: User, requisition: Requisition) -> list[str]:
    """Put a returned requisition's lines back into the basket, to be changed and sent again as the same requisition.

    Returns the names of articles that are not sold any more. Raises RuleBroken when the basket is not empty.
    """
    if not may_mend(actor, requisition):
        raise NotAllowed(_l("Bara den som har beställt kan ändra begäran."))
    basket = open_basket(actor, requisition.organisation)
    requisition = load_requisition(requisition.id)  # nobody sends it or takes it back while its basket is held
    if not can(requisition, "submit"):
        raise RuleBroken(_l("Bara en återsänd begäran kan ändras."))
    if basket.lines and basket.requisition_id == requisition.id:
        return []  # the button was pressed twice
    if basket.lines:
        raise RuleBroken(_l("Det ligger redan något i varukorgen. Skicka eller töm den först."))
    keys = [(line.award_id, line.supplier_number) for line in requisition.lines]
    sold = current_articles(keys, today())
    gone = []
    for line, key in zip(requisition.lines, keys, strict=True):
        if key not in sold and line.bid_line_id is None and line.free_text_id is None:
            gone.append(line.name)
            continue
        basket.lines.append(
            BasketLine(
                article_id=line.article_id,  # what she saw then: where it has changed since, she is asked
                quantity=line.quantity,
                choice_ground=line.choice_ground,
                note=line.note,
                bid_line_id=line.bid_line_id,
                free_text_id=line.free_text_id,
                added_at=now(),
            )
        )
    basket.requisition_id = requisition.id
    db.session.flush()
    db.session.execute(
        update(RankingRefusal).where(RankingRefusal.requisition_id == requisition.id).values(basket_id=basket.id)
    )
    record(actor, "mend", "requisition", requisition.id, organisation_id=requisition.organisation_id)
    return gone


def _check_blankets(drafts: Sequence[OrderDraft]) -> None:
    """A blanket order is drawn from by its own receipts, so nothing else stands on it. Raises RuleBroken."""
    for draft in drafts:
        if len(draft.lines) > 1 and any(line.is_blanket for line in draft.lines):
            raise RuleBroken(
                _l("En ramorder skickas för sig. Ta bort det andra från %(supplier)s.", supplier=draft.supplier.name),
                way_on=_l("Skicka ramordern först, och lägg sedan det andra i varukorgen igen."),
            )


def _check_steering(basket: Basket, deliver_on: date | None) -> BasketView:
    """Every gate again, for the whole basket, at the till; what it showed."""
    view = view_basket(basket, deliver_on)
    if found := blocking(view.findings.values()):
        raise RuleBroken(
            _l("Varukorgen kan inte skickas än. Se raderna för vad som återstår."),
            way_on=found[0].way_on,
            findings=found,
        )
    return view


def _fill(actor: User, basket: Basket, checkout: Checkout) -> Requisition:
    """A draft requisition with everything copied; the returned one anew where the basket mends it.

    A new one is not stored before it is whole. So the keys are copied too: the content hash is of them.
    """
    address = checkout.address
    requisition = db.session.get(Requisition, basket.requisition_id) if basket.requisition_id else None
    if requisition is None:
        requisition = Requisition(state=RequisitionState.DRAFT, created_by_id=actor.id, created_at=now())
    else:
        requisition.lines.clear()
        db.session.flush()  # or the new lines would meet the old ones at their positions
    requisition.organisation, requisition.organisation_id = basket.organisation, basket.organisation_id
    requisition.unit, requisition.unit_id = checkout.unit, checkout.unit.id
    requisition.orderer, requisition.orderer_id = actor, actor.id
    requisition.edited_by_id = actor.id
    requisition.key = checkout.key
    requisition.delivery_name, requisition.delivery_street = address.name, address.street
    requisition.delivery_postal_code, requisition.delivery_city = address.postal_code, address.city
    requisition.delivery_gln = address.gln
    requisition.goods_marking = basket.organisation.marking_of(address.goods_marking, checkout.buyer_reference)
    requisition.delivery_instructions = address.instructions
    requisition.wanted_on = checkout.wanted_on
    requisition.buyer_reference = checkout.buyer_reference
    requisition.accounting_cost = checkout.accounting_cost
    requisition.message_to_supplier = checkout.message_to_supplier
    requisition.message_to_approver = checkout.message_to_approver
    requisition.emergency_reason = checkout.emergency_reason
    rates = vat_rates(checkout.wanted_on or today())
    requisition.lines.extend(_copy(position, line, rates) for position, line in enumerate(basket.lines, start=1))
    return requisition


def _copy(position: int, line: BasketLine, rates: dict[VatClass, Decimal]) -> RequisitionLine:
    """What the order will promise. VAT is that of the day of delivery, as anticipated (ML 7 kap.)."""
    article = line.article
    award = article.award
    return RequisitionLine(
        position=position,
        article_id=article.id,
        award=award,
        award_id=award.id,
        lot_id=award.lot_id,
        agreement_id=award.lot.agreement_id,
        supplier_id=award.supplier_id,
        supplier_number="" if line.free_text_id else article.supplier_number,
        gtin=article.gtin,
        name=article.name,
        description=article.description,
        classification=article.classification,
        unit_code=article.unit_code,
        quantity=line.quantity,
        unit_price=article.price_for(line.quantity),
        base_quantity=article.base_quantity,
        net_amount=line_net(line.quantity, article.price_for(line.quantity), article.base_quantity),
        is_approximate=article.is_approximate,
        vat_class=article.vat_class,
        vat_percent=rates[article.vat_class],
        choice_ground=line.choice_ground,
        note=line.note,
        bid_line_id=line.bid_line_id,
        free_text=line.free_text,
        free_text_id=line.free_text_id,
        coding=(),
    )


def price(requisition: Requisition) -> list[OrderDraft]:
    """Write what it costs, freight and fees included. Returns the orders it becomes."""
    drafts = draft_orders(requisition_lines(requisition))
    requisition.charges = [_copy_charge(charge) for draft in drafts for charge in draft.charges]
    requisition.net_amount = sum((draft.totals.net for draft in drafts), Decimal(0))
    requisition.vat_amount = sum((draft.totals.vat for draft in drafts), Decimal(0))
    requisition.gross_amount = requisition.net_amount + requisition.vat_amount
    for draft in drafts:
        draft.supplier.check_reachable()
    return drafts


def _copy_charge(charge: Charge) -> RequisitionCharge:
    return RequisitionCharge(
        award=charge.award,
        award_id=charge.award.id,
        kind=charge.kind,
        reason=charge.reason,
        amount=charge.amount,
        vat_percent=charge.vat_percent,
    )


def _empty(basket: Basket, requisition: Requisition) -> None:
    """The need is the requisition's now, its noted refusals too."""
    db.session.execute(
        update(RankingRefusal)
        .where(RankingRefusal.basket_id == basket.id)
        .values(requisition_id=requisition.id, basket_id=None)
    )
    basket.lines.clear()
    basket.requisition_id = basket.shopping_list_id = basket.filled_with = None
