"""Block a supplier: at once, everywhere, and everybody whom it concerns is told what it stopped."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from auth.user import User
from catalog.actions.supplier import begin, block, hold_orders
from catalog.supplier import Supplier
from catalog.supplier_block import SupplierBlock
from core.clock import today
from core.db import reading, unit_of_work
from orders import mail
from orders.stopped import Stopped, steps_waiting, stopped_by
from orders.substitutes import people_asked


def block_supplier(
    actor: User, supplier: Supplier, reason: str, *, decision: str | None = None, starts_on: date | None = None
) -> SupplierBlock:
    """Block it and, if that holds from today, tell those who ordered and who are to approve. Nothing is cancelled.

    Raises NotAllowed, RuleBroken, WrongState.
    """
    made = block(actor, supplier, reason, decision=decision, starts_on=starts_on)
    if made.begun_at is not None:
        tell_concerned(made)
    return made


def begin_blocks() -> int:
    """Begin the blocks whose day has come. Returns how many. A job of the worker."""
    due = select(SupplierBlock.id).where(
        SupplierBlock.begun_at.is_(None), SupplierBlock.lifted_at.is_(None), SupplierBlock.starts_on <= today()
    )
    with reading() as session:
        ids = list(session.scalars(due))
    done = 0
    for block_id in ids:
        with unit_of_work() as session:
            made = session.get_one(SupplierBlock, block_id)
            hold_orders(made.supplier)
            if session.scalar(due.where(SupplierBlock.id == block_id)) is not None:  # nobody was before us
                begin(made)
                tell_concerned(made)
                done += 1
    return done


def tell_concerned(made: SupplierBlock) -> None:
    """One letter to each orderer, approver and requester, with what of hers it stops."""
    stopped = stopped_by(made.supplier)
    concerned: dict[int, tuple[User, list[str]]] = {}

    def note(people: Iterable[User], what: str) -> None:
        for person in people:
            things = concerned.setdefault(person.id, (person, []))[1]
            if what not in things:
                things.append(what)

    for thing, people in whom(stopped):
        note(people, thing)
    for person, things in concerned.values():
        if person.is_active:
            mail.tell_blocked(made, person, things)


def whom(stopped: Stopped) -> Iterable[tuple[str, list[User]]]:
    """What is stopped, by its number, and who is told of it. A basket is nobody's number: hers alone, told as empty."""
    for requisition in stopped.requisitions:
        yield requisition.number, [requisition.orderer]
    for step in steps_waiting(stopped.requisitions):
        yield step.requisition.number, [person for person, _absent in people_asked(step)]
    for basket in stopped.baskets:
        yield "", [basket.user]
    for competition in stopped.competitions:
        yield competition.number, [competition.requester]
    for order in stopped.orders:
        yield order.number, [order.orderer]
