"""What is done to a requisition: submitted, withdrawn, mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import update

from auth.journal import record
from auth.organisation import DeliveryAddress, Organisation, Unit
from auth.user import User
from catalog import ceiling, words
from catalog.agreement import Award
from catalog.allocation import hold_ceilings, takes_turns
from catalog.category import Category
from catalog.parameter import vat_rates
from catalog.price_list import VatClass
from catalog.queries import categories_of, current_articles
from catalog.steering import blocking
from core.clock import now, today
from core.db import db
from core.errors import NotAllowed, RuleBroken
from core.state import advance, can
from core.types import line_net
from orders import mail
from orders.actions.basket import open_basket
from orders.actions.line_coding import code_lines
from orders.actions.placing import place
from orders.approval import ApprovalCandidate, ApprovalState, ApprovalStep
from orders.approval_queries import steps_of
from orders.basket import Basket, BasketLine
from orders.basket_queries import BasketView, basket_of, view_basket
from orders.coded import codes_of
from orders.coding_said import Said
from orders.condition import Need
from orders.directory import directory_of
from orders.policy import may_mend, may_order, may_withdraw
from orders.ranking import RankingRefusal
from orders.requisition import Requisition, RequisitionCharge, RequisitionLine, RequisitionState
from orders.requisition_queries import (
    load_requisition,
    requisition_drafts,
    requisition_lines,
    requisition_made_with,
)
from orders.route import NobodyCanApprove, RouteStep, find_route
from orders.split import Charge, OrderDraft, all_draws, draft_orders
from orders.substitutes import people_asked
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
    if not may_order(actor, checkout.unit) or checkout.unit.organisation_id != organisation.id:
        raise NotAllowed(_l("Du får inte beställa för %(unit)s.", unit=checkout.unit.name))
    if not checkout.address.is_active or checkout.address.unit.organisation_id != organisation.id:
        raise RuleBroken(_l("Leveransadressen kan inte användas. Välj en annan."))
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
    if requisition.is_emergency:
        _check_emergency(requisition)
    route = route_of(requisition)
    ceiling.reserve(all_draws(drafts, organisation.id))

    requisition.content_hash = requisition.compute_hash()
    requisition.submitted_at, requisition.decided_at = now(), None
    urgent: dict[str, Any] = {}
    if requisition.is_emergency:
        requisition.emergency_due_at = requisition.submitted_at + timedelta(hours=checkout.unit.emergency_hours or 0)
        urgent["emergency"] = requisition.emergency_reason
    advance(requisition, "submit")
    lay_route(requisition, route)
    _empty(basket, requisition)
    record(
        actor,
        "submit",
        "requisition",
        requisition.id,
        organisation_id=organisation.id,
        net_amount=str(requisition.net_amount),
        lines=len(requisition.lines),
        route=[[step.label, [person.name for person in step.people]] for step in route],
        content_hash=requisition.content_hash,
        **urgent,
    )
    if requisition.is_emergency:
        db.session.flush()
        place(actor, load_requisition(requisition.id), ())
    return requisition


def _check_emergency(requisition: Requisition) -> None:
    """Only units that may, and up to their amount. Raises RuleBroken."""
    unit = requisition.unit
    if unit.emergency_cap is None or unit.emergency_hours is None:
        raise RuleBroken(
            _l("%(unit)s får inte göra nödbeställningar.", unit=unit.name),
            way_on=_l("Skicka på vanligt sätt, eller fråga organisationens administratör."),
        )
    if requisition.net_amount > unit.emergency_cap:
        raise RuleBroken(
            _l(
                "%(unit)s får nödbeställa för högst %(cap)s utan moms, och det här är %(amount)s.",
                unit=unit.name,
                cap=words.kr(unit.emergency_cap),
                amount=words.kr(requisition.net_amount),
            ),
            way_on=_l("Skicka på vanligt sätt, och ring den som ska godkänna."),
        )


def route_of(requisition: Requisition) -> list[RouteStep]:
    """Who must say yes. Raises NobodyCanApprove."""
    need = need_of_requisition(requisition)
    return find_route(need, directory_of(requisition.organisation, today(), need))


def need_of_requisition(requisition: Requisition) -> Need:
    """What the rules look at, of what was sent. One query."""
    lines = [(line.award, line.net_amount, line.choice_ground) for line in requisition.lines]
    need = need_of(requisition.unit, requisition.net_amount, requisition.orderer, requisition.barred, lines)
    has_free_text = any(line.free_text_id for line in requisition.lines)
    codes = codes_of(line.coding for line in requisition.lines)
    return replace(need, has_free_text=has_free_text, is_emergency=requisition.is_emergency, codes=codes)


def need_of(
    unit: Unit,
    amount: Decimal,
    orderer: User,
    barred: frozenset[int],
    lines: Sequence[tuple[Award, Decimal, str | None]],
) -> Need:
    """What the rules look at, of lines as (award, sum excl. VAT, stated ground). One query."""
    lots = {award.lot_id: award.lot for award, _, _ in lines}
    categories = {category.id: category for category in categories_of(lots.values())}
    parts: dict[Category | None, Decimal] = {}
    for award, net_amount, _ground in lines:
        category = categories.get(award.lot.category_id or award.lot.agreement.category_id or 0)
        parts[category] = parts.get(category, Decimal(0)) + net_amount
    return Need(
        unit=unit,
        amount=amount,
        categories=tuple(categories.values()),
        orderer=orderer,
        barred=barred,
        suppliers=frozenset(award.supplier_id for award, _, _ in lines),
        agreements=frozenset(lot.agreement_id for lot in lots.values()),
        methods=frozenset(lot.method for lot in lots.values()),
        is_justified=any(ground for _, _, ground in lines),
        parts=tuple(parts.items()),
    )


def route_preview(
    actor: User,
    unit: Unit,
    view: BasketView,
    codes: frozenset[tuple[int, str]] = frozenset(),
    *,
    is_emergency: bool = False,
) -> list[RouteStep] | NobodyCanApprove:
    """Who would have to say yes to a basket if it were sent now, coded so; or why nobody can."""
    priced = [line for draft in view.drafts for line in draft.lines]
    lines = [(line.award, line.net_amount, line.line.choice_ground) for line in priced]
    need = need_of(unit, view.net_amount, actor, frozenset({actor.id}), lines)
    has_free_text = any(line.line.free_text_id for line in priced)
    need = replace(need, has_free_text=has_free_text, is_emergency=is_emergency, codes=codes)
    try:
        return find_route(need, directory_of(view.basket.organisation, today(), need))
    except NobodyCanApprove as nobody:
        return nobody


def open_step(step: ApprovalStep) -> None:
    """It is this step's turn: ask the people, substitutes included."""
    advance(step, "open")
    step.opened_at = now()
    db.session.flush()
    mail.ask_to_approve(step, people_asked(step))


def withdraw(actor: User, requisition: Requisition) -> None:
    """Take back what is not decided yet, and give its room under the ceilings back. Raises NotAllowed, WrongState.

    One that lies in the basket to be mended stays there, as a need of its own.
    """
    basket = basket_of(actor, requisition.organisation, lock=True)  # before the requisition, as when it is sent again
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
    if basket is not None and basket.requisition_id == requisition.id:
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


def close_route(requisition: Requisition) -> None:
    """The steps that were not reached are not needed any more."""
    for step in steps_of(requisition):
        if step.state in (ApprovalState.WAITING, ApprovalState.PENDING):
            advance(step, "skip")


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


def lay_route(requisition: Requisition, route: list[RouteStep]) -> None:
    """The steps of its next round, with the names that were found; those of the first stage are asked."""
    former = steps_of(requisition) if requisition.id else ()  # a new one has none
    steps = [
        ApprovalStep(
            requisition=requisition,
            round=former[-1].round + 1 if former else 1,
            position=position,
            stage=step.stage,
            stage_quorum=step.stage_quorum,
            category_id=step.category.id if step.category else None,
            amount=step.amount,
            state=ApprovalState.WAITING,
            label=step.label,
            quorum=step.quorum,
            yes_needed=step.yes_needed,
            content_hash=requisition.content_hash or "",
            candidates=[ApprovalCandidate(user=person, name=person.name) for person in step.people],
        )
        for position, step in enumerate(route, start=1)
    ]
    db.session.add_all(steps)
    for step in steps:
        if step.stage == steps[0].stage:
            open_step(step)


def _empty(basket: Basket, requisition: Requisition) -> None:
    """The need is the requisition's now, its noted refusals too."""
    db.session.execute(
        update(RankingRefusal)
        .where(RankingRefusal.basket_id == basket.id)
        .values(requisition_id=requisition.id, basket_id=None)
    )
    basket.lines.clear()
    basket.requisition_id = basket.shopping_list_id = basket.filled_with = None
