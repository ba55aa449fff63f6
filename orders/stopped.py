"""What a supplier's block stops: what waits, what is about to be sent, and what is on its way (not cancelled)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from auth.permission import Role
from auth.user import User
from catalog.agreement import Award
from catalog.price_list import Article
from catalog.supplier import Supplier
from core.db import db
from orders.approval import ApprovalState, ApprovalStep
from orders.approval_queries import with_route
from orders.basket import Basket, BasketLine
from orders.competition import Competition, CompetitionState, Invitation
from orders.order import Order, OrderState
from orders.requisition import Requisition, RequisitionLine, RequisitionState


@dataclass(frozen=True, slots=True)
class Stopped:
    """Oldest first."""

    requisitions: Sequence[Requisition]  # wait for approval, or for their orderer
    baskets: Sequence[Basket]
    competitions: Sequence[Competition]  # not decided, and the supplier is asked
    orders: Sequence[Order]  # placed, and not all received

    @property
    def is_empty(self) -> bool:
        return not (self.requisitions or self.baskets or self.competitions or self.orders)


def stopped_by(supplier: Supplier, organisation_ids: set[int] | None = None) -> Stopped:
    """What stands in the way of a supplier's block in some organisations; none: in all of them. Four queries."""

    def here(thing: type[Requisition] | type[Basket] | type[Competition] | type[Order]) -> ColumnElement[bool]:
        everywhere: ColumnElement[bool] = thing.id.is_not(None)
        return everywhere if organisation_ids is None else thing.organisation_id.in_(organisation_ids)

    of_supplier = select(RequisitionLine.requisition_id).where(RequisitionLine.supplier_id == supplier.id)
    requisitions = (
        select(Requisition)
        .where(here(Requisition), Requisition.id.in_(of_supplier))
        .where(Requisition.state.in_((RequisitionState.SUBMITTED, RequisitionState.RETURNED)))
        .options(joinedload(Requisition.orderer), joinedload(Requisition.organisation))
        .order_by(Requisition.id)
    )
    with_goods = (
        select(BasketLine.basket_id)
        .join(Article, Article.id == BasketLine.article_id)
        .join(Award, Award.id == Article.award_id)
        .where(Award.supplier_id == supplier.id)
    )
    baskets = (
        select(Basket)
        .where(here(Basket), Basket.id.in_(with_goods))
        .options(joinedload(Basket.user), joinedload(Basket.organisation))
        .order_by(Basket.id)
    )
    asked = select(Invitation.competition_id).where(
        Invitation.supplier_id == supplier.id, Invitation.excluded_reason.is_(None)
    )
    competitions = (
        select(Competition)
        .where(here(Competition), Competition.id.in_(asked))
        .where(Competition.state.in_((CompetitionState.INVITED, CompetitionState.OPENED)))
        .options(joinedload(Competition.requester), joinedload(Competition.organisation))
        .order_by(Competition.id)
    )
    orders = (
        select(Order)
        .where(here(Order), Order.supplier_id == supplier.id)
        .where(Order.state.in_((OrderState.PLACED, OrderState.CONFIRMED)))
        .options(joinedload(Order.orderer), joinedload(Order.organisation))
        .order_by(Order.id)
    )
    return Stopped(
        db.session.scalars(requisitions).all(),
        db.session.scalars(baskets).all(),
        db.session.scalars(competitions).all(),
        db.session.scalars(orders).all(),
    )


def stopped_for(user: User, supplier: Supplier) -> Stopped:
    """What one who manages agreements may see of it: of the organisations whose agreements she owns; the office's, of
    all."""
    if user.is_at_office(Role.AGREEMENT_OWNER):
        return stopped_by(supplier)
    return stopped_by(
        supplier, {m.organisation_id for m in user.current_memberships() if m.role is Role.AGREEMENT_OWNER}
    )


def steps_waiting(requisitions: Sequence[Requisition]) -> Sequence[ApprovalStep]:
    """The steps of some requisitions that wait for a decision now, each with its route and people."""
    query = (
        select(ApprovalStep)
        .where(ApprovalStep.requisition_id.in_([r.id for r in requisitions]))
        .where(ApprovalStep.state == ApprovalState.PENDING)
        .options(joinedload(ApprovalStep.requisition), with_route())
        .order_by(ApprovalStep.id)
    )
    return db.session.scalars(query).unique().all()
