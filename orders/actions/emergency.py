"""Emergency orders (nödbeställning) after they are placed: told when nobody approves them, or not in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from auth.journal import record
from auth.permission import Role
from auth.queries import members_of
from auth.user import User
from core.clock import now
from core.db import reading, unit_of_work
from orders import mail
from orders.approval import ApprovalState
from orders.approval_queries import steps_of
from orders.order import Order
from orders.order_queries import orders_of
from orders.requisition import Requisition, RequisitionState
from orders.requisition_queries import load_requisition
from orders.substitutes import people_asked


def tell_rejected_emergency(requisition: Requisition, orders: Sequence[Order], decider: User, reason: str) -> None:
    """Those who watch hear of an emergency order that was not approved; the orderer has got a letter of her own."""
    people = [person for person in _watchers(requisition, orders) if person.id != decider.id]
    mail.tell_emergency(requisition, list(orders), people, "rejected", reason)


def flag_overdue() -> int:
    """Flag the emergency orders that were not decided in time, once: those who were asked are reminded, those who
    watch are told. Returns how many. A job of the worker."""
    due = select(Requisition.id).where(
        Requisition.emergency_due_at < now(),
        Requisition.emergency_overdue_at.is_(None),
        Requisition.state == RequisitionState.SUBMITTED,
    )
    with reading() as session:
        late = list(session.scalars(due.order_by(Requisition.id)))
    return sum(_flag(requisition_id) for requisition_id in late)


def _flag(requisition_id: int) -> int:
    with unit_of_work():
        requisition = load_requisition(requisition_id, lock=True)
        if requisition.emergency_overdue_at is not None or requisition.state is not RequisitionState.SUBMITTED:
            return 0  # somebody was before us
        requisition.emergency_overdue_at = now()
        for step in steps_of(requisition):
            if step.state is ApprovalState.PENDING and step.reminded_at is None:
                step.reminded_at = now()
                mail.ask_to_approve(step, people_asked(step), is_reminder=True)
        orders = orders_of(requisition)
        people = _watchers(requisition, orders)
        mail.tell_emergency(requisition, list(orders), [requisition.orderer, *people], "overdue")
        record(
            None,
            "overdue",
            "requisition",
            requisition.id,
            organisation_id=requisition.organisation_id,
            names=[person.name for person in people],
        )
        return 1


def _watchers(requisition: Requisition, orders: Iterable[Order]) -> list[User]:
    """The organisation's administrators and the agreements' responsible buyers, without the orderer."""
    administrators = members_of(requisition.organisation, Role.ORGANISATION_ADMIN)
    buyers = [buyer for order in orders if (buyer := order.agreement.responsible) is not None and buyer.is_active]
    people = {person.id: person for person in (*administrators, *buyers)}
    return [person for key, person in people.items() if key != requisition.orderer_id]
