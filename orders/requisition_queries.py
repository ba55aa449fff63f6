"""Queries about requisitions: whole, as orders to be, as questions to the steering."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, selectinload

from auth.organisation import Organisation
from auth.user import User
from catalog.agreement import Award, Lot
from catalog.steering import Ask
from catalog.supplier import Supplier
from core.db import db, locks_rows, prepared
from core.errors import NotFound
from orders.free_text import free_of
from orders.policy import may_see, sees_everything
from orders.ranking import RankingRefusal, refused_by_line
from orders.requisition import Requisition, RequisitionCharge, RequisitionLine, RequisitionState
from orders.split import Charge, OrderDraft, PricedLine, draft_orders
from orders.won import won_prices


def requisition_for(user: User, organisation: Organisation, requisition_id: int) -> Requisition:
    """A requisition she may see, with its lines. Raises NotFound."""
    everywhere = sees_everything(user, organisation)
    statement = _anywhere(requisition_id) if everywhere else _within(requisition_id, organisation.id)
    found: Requisition | None = db.session.scalars(*statement).unique().one_or_none()
    if found is None or not may_see(user, organisation, found):
        raise NotFound(_l("Begäran finns inte, eller så får du inte se den."))
    return found


def requisition_made_with(key: str) -> Requisition | None:
    """What a form has made already, when its button is pressed a second time."""
    made: Requisition | None = db.session.scalar(*_made_with(key))
    return made


@prepared
def _made_with(key: str) -> Select[Any]:
    return select(Requisition).where(Requisition.key == key)


def load_requisition(requisition_id: int, *, lock: bool = False) -> Requisition:
    """A requisition with all that its lines point at, as the database has it now: two queries, however many lines.

    With `lock`, one transaction at a time decides about it: the others wait here, and then see what was decided. None
    of its suppliers is blocked meanwhile (`catalog.actions.supplier.hold_orders`).
    """
    if lock and locks_rows():
        db.session.execute(*_locked(requisition_id))
    found = db.session.scalars(*_anywhere(requisition_id), execution_options={"populate_existing": True})
    requisition: Requisition = found.unique().one()
    return requisition


@prepared
def _locked(requisition_id: int) -> Select[int]:
    its_own = select(RequisitionLine.supplier_id).where(RequisitionLine.requisition_id == requisition_id)
    suppliers = select(Supplier.id).where(Supplier.id.in_(its_own)).with_for_update(read=True, key_share=True)
    are_held = select(func.count()).select_from(suppliers.cte("held")).scalar_subquery() >= 0  # in the same statement
    return select(Requisition.id).where(Requisition.id == requisition_id, are_held).with_for_update()


@prepared
def _within(requisition_id: int, organisation_id: int) -> Select[Any]:
    return _whole(requisition_id).where(Requisition.organisation_id == organisation_id)


@prepared
def _anywhere(requisition_id: int) -> Select[Any]:
    return _whole(requisition_id)


def _whole(requisition_id: int) -> Select[Any]:
    """A requisition with what keeps its lines from asking the database again; only the lines can be many."""
    lines = selectinload(Requisition.lines)
    to_award = lines.joinedload(RequisitionLine.award)
    return (
        select(Requisition)
        .where(Requisition.id == requisition_id)
        .options(
            to_award.joinedload(Award.supplier),
            to_award.joinedload(Award.lot).joinedload(Lot.agreement),
            lines.joinedload(RequisitionLine.article),
            lines.joinedload(RequisitionLine.free_text),
            joinedload(Requisition.charges),
            joinedload(Requisition.orderer),
            joinedload(Requisition.unit),
            joinedload(Requisition.organisation).joinedload(Organisation.identifiers),
        )
    )


def requisition_drafts(requisition: Requisition) -> list[OrderDraft]:
    """The orders a requisition becomes, from its own frozen lines and charges."""
    return draft_orders(requisition_lines(requisition), [priced_charge(charge) for charge in requisition.charges])


def requisition_lines(requisition: Requisition) -> list[PricedLine]:
    """A requisition's lines as the split wants them."""
    return [
        PricedLine(line=line, award=line.award, net_amount=line.net_amount, vat_percent=line.vat_percent)
        for line in requisition.lines
    ]


def asks_of(requisition: Requisition, refusals: Iterable[RankingRefusal] = ()) -> list[Ask]:
    """A requisition's lines as questions to the steering; `refusals` are the entries of its ranking log."""
    won = won_prices(requisition.lines, requisition.organisation, requisition.id)
    return [
        Ask(
            line.article,
            line.quantity,
            line.choice_ground,
            requisition.wanted_on,
            won.get(line.article_id),
            free=free_of(line),
            refused=refused,
        )
        for line, refused in zip(requisition.lines, refused_by_line(refusals, requisition.lines), strict=True)
    ]


def priced_charge(charge: RequisitionCharge) -> Charge:
    """A frozen charge as the split wants it."""
    return Charge(charge.award, charge.kind, charge.reason, charge.amount, charge.vat_percent)


def requisitions_of(user: User, organisation: Organisation, *states: RequisitionState) -> Sequence[Requisition]:
    """Her own requisitions in some states, newest first."""
    return db.session.scalars(
        select(Requisition)
        .where(
            Requisition.orderer_id == user.id,
            Requisition.organisation_id == organisation.id,
            Requisition.state.in_(states),
        )
        .order_by(Requisition.id.desc())
        .options(joinedload(Requisition.unit))
        .limit(50)
    ).all()
