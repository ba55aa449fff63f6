"""What is done with a blanket order: drawn from as things come, and ended with its period."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import cast

from flask_babel import lazy_gettext as _l
from sqlalchemy import Table, select, update

from auth.journal import record
from auth.user import User
from catalog import ceiling, words
from core.clock import local, now, today
from core.db import db, reading, unit_of_work
from core.errors import NotAllowed, RuleBroken, WrongState
from core.state import advance, can
from orders.actions.order import draws_not_come, lock_order
from orders.blanket import BlanketDraw, BlanketOrder
from orders.order import Order, OrderState
from orders.policy import may_receive

_blanket = cast(Table, BlanketOrder.__table__).c


def draw(actor: User, order: Order, amount: Decimal, came_on: date, note: str | None, key: str) -> BlanketDraw:
    """Note what came, in SEK excl. VAT: never more than is left. A negative amount takes back what was noted wrongly.

    The same key makes one draw. Raises NotAllowed, WrongState, RuleBroken.
    """
    order = lock_order(order)
    if done := db.session.scalar(select(BlanketDraw).where(BlanketDraw.key == key)):
        return done
    blanket = order.blanket
    if blanket is None:
        raise RuleBroken(_l("Det här är ingen ramorder."))
    if not may_receive(actor, order):
        raise NotAllowed(_l("Du får inte ta emot den här beställningen."))
    if not can(order, "close"):
        raise WrongState(_l("Ramordern är avslutad eller annullerad, så inget mer kan avropas på den."))
    _check(blanket, amount, came_on, note)
    if amount > 0:
        _check_not_blocked(order, came_on)
    _take(blanket, amount)
    made = BlanketDraw(
        blanket=blanket, amount=amount, came_on=came_on, note=note, key=key, drawn_at=now(), drawn_by=actor
    )
    db.session.add(made)
    db.session.flush()
    record(
        actor,
        "draw",
        "order",
        order.number,
        organisation_id=order.organisation_id,
        amount=str(amount),
        left=str(blanket.left),
        note=note,
    )
    return made


def _check(blanket: BlanketOrder, amount: Decimal, came_on: date, note: str | None) -> None:
    if not amount:
        raise RuleBroken(_l("Skriv beloppet."))
    if amount < 0 and not note:
        raise RuleBroken(_l("Skriv varför beloppet rättas."))
    if not blanket.starts_on <= came_on <= min(blanket.ends_on, today()):
        raise RuleBroken(
            _l(
                "Dagen ska ligga i ramorderns tid, %(first)s till %(last)s, och inte i framtiden.",
                first=blanket.starts_on.isoformat(),
                last=blanket.ends_on.isoformat(),
            )
        )


def _check_not_blocked(order: Order, came_on: date) -> None:
    """Each draw is a call-off: nothing is drawn from a blocked supplier from the day of the block on."""
    supplier = order.supplier
    if supplier.blocked_at is None or came_on < local(supplier.blocked_at).date():
        return
    raise RuleBroken(
        _l(
            "%(supplier)s är spärrad för beställningar sedan %(day)s: %(reason)s",
            supplier=supplier.name,
            day=words.day(local(supplier.blocked_at).date()),
            reason=supplier.blocked_reason,
        ),
        way_on=_l(
            "Kom det före spärren antecknar du det med den dagen. Kontakta annars %(help)s.",
            help=words.helper(order.agreement),
        ),
    )


def _take(blanket: BlanketOrder, amount: Decimal) -> None:
    """One conditional UPDATE: its row count decides whether there was room. Raises RuleBroken."""
    after = _blanket.drawn + amount
    room = (_blanket.id == blanket.id, after >= Decimal(0), after <= _blanket.cap)
    done = db.session.execute(update(BlanketOrder.__table__).where(*room).values(drawn=after))  # type: ignore[arg-type]
    db.session.refresh(blanket)
    if done.rowcount == 1:  # type: ignore[attr-defined]
        return
    if amount < 0:
        raise RuleBroken(_l("Mer än vad som är avropat kan inte tas tillbaka."))
    raise RuleBroken(
        _l(
            "Det är %(left)s kvar av ramordern, så %(amount)s går inte.",
            left=words.kr(blanket.left),
            amount=words.kr(amount),
        ),
        way_on=_l("Lägg en ny beställning för resten, innan mer levereras."),
    )


def end_blankets() -> int:
    """Close the blanket orders whose period is over and give back what is left of them; each in a transaction of its
    own. Returns how many."""
    with reading() as session:
        due = select(BlanketOrder.order_id).join(BlanketOrder.order).where(BlanketOrder.ends_on < today())
        ids = session.scalars(due.where(Order.state.in_((OrderState.PLACED, OrderState.CONFIRMED)))).all()
    return sum(_end(order_id) for order_id in ids)


def _end(order_id: int) -> bool:
    with unit_of_work():
        order = lock_order(db.session.get_one(Order, order_id))
        if not can(order, "close"):  # somebody was quicker, or the supplier declined it
            return False
        advance(order, "close")
        order.closed_at = now()
        released = draws_not_come(order, {})
        ceiling.release_ordered(released)
        record(
            None,
            "end-blanket",
            "order",
            order.number,
            organisation_id=order.organisation_id,
            released=str(sum((each.amount for each in released), Decimal(0))),
        )
        return True
