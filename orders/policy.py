"""Who may do what on the road of an order. Asked by the use cases and by the buttons alike."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, false, or_, select

from auth.organisation import Organisation, Unit
from auth.permission import ROLE_PERMISSIONS, Permission, Role
from auth.substitution import Substitution, in_force
from auth.user import Membership, User
from core.clock import today
from core.db import db, prepared
from core.state import can
from orders.approval import ApprovalCandidate, ApprovalState, ApprovalStep
from orders.conflict import Conflict
from orders.conflict_queries import in_conflict
from orders.limits import has_room, used_of
from orders.need import NeedReport
from orders.order import Order
from orders.requisition import Requisition
from orders.shopping_list import ShoppingList


def belongs_to(user: User, organisation_id: int) -> bool:
    """Whether she has any role in an organisation today, and the organisation is open."""
    return bool(user.roles_in(organisation_id))


def may_order(user: User, unit: Unit) -> bool:
    """Order for an open unit: an orderer there, above it or in the whole organisation."""
    return unit.is_active and user.has_role(Role.ORDERER, unit)


def may_withdraw(user: User, requisition: Requisition) -> bool:
    return user.id in (requisition.orderer_id, requisition.created_by_id)


may_mend = may_withdraw


def may_receive(user: User, order: Order) -> bool:
    """Take in goods: the orderer herself, or a receiver of the unit."""
    return user.id == order.orderer_id or user.has_role(Role.RECEIVER, order.unit)


def may_cancel(user: User, order: Order) -> bool:
    """Cancel or close: the orderer, an approver of the unit, or the organisation's administrator."""
    if user.id == order.orderer_id or user.has_role(Role.APPROVER, order.unit):
        return True
    return Role.ORGANISATION_ADMIN in user.roles_in(order.organisation_id)


may_resend = may_cancel


def may_change_list(user: User, shopping_list: ShoppingList) -> bool:
    """Others may order from a shared list and copy it; they do not change it under its owner's hands."""
    return user.id == shopping_list.owner_id


def may_manage_rules(user: User, organisation_id: int) -> bool:
    """Decide who approves what: the organisation's own administrator, not the system's, who sees no orders."""
    return Role.ORGANISATION_ADMIN in user.roles_in(organisation_id)


def may_declare_conflict(user: User, person: User, organisation_id: int) -> bool:
    """Her own interest, or, for the organisation's administrator, that of somebody who works there."""
    if not belongs_to(person, organisation_id):
        return False
    return user.id == person.id or may_manage_rules(user, organisation_id)


def may_withdraw_conflict(user: User, conflict: Conflict) -> bool:
    """What she declared herself, or, for the administrator where it was declared, what concerns somebody else."""
    if user.id == conflict.user_id:
        return user.id == conflict.made_by_id
    return may_manage_rules(user, conflict.organisation_id)


def may_reassign(user: User, step: ApprovalStep) -> bool:
    """Say that somebody else decides: the organisation's administrator, but not about what is her own."""
    requisition = step.requisition
    return may_manage_rules(user, requisition.organisation_id) and user.id not in requisition.barred


def may_report_need(user: User, organisation: Organisation) -> bool:
    """Anybody who works there, but for those who only read or only look after the system."""
    return any(Permission.NEED_REPORT in ROLE_PERMISSIONS[role] for role in user.roles_in(organisation.id))


def may_withdraw_need(user: User, report: NeedReport) -> bool:
    return user.id == report.reporter_id


def answers_needs_of(user: User, organisation_id: int) -> bool:
    """Whether she may receive and answer an organisation's reports: one of the office's agreement owners, who stand in
    for each other, or one of the organisation's own."""
    return user.is_at_office(Role.AGREEMENT_OWNER) or Role.AGREEMENT_OWNER in user.roles_in(organisation_id)


def may_answer_need(user: User, report: NeedReport) -> bool:
    """Nobody answers her own report: a direct procurement would be decided by who asked for it."""
    return user.id != report.reporter_id and answers_needs_of(user, report.organisation_id)


NEED_READERS = (Role.AGREEMENT_OWNER, Role.ORGANISATION_ADMIN, Role.AUDITOR)


def visible_needs(user: User, organisation: Organisation) -> ColumnElement[bool]:
    """The condition that keeps a query to the need reports she may see, where she acts.

    Her own; those of the places where she answers, administers or audits; the office's agreement owners see all.
    """
    if sees_everything(user, organisation):
        return NeedReport.id.is_not(None)
    places: list[ColumnElement[bool]] = [NeedReport.reporter_id == user.id]
    for membership in user.current_memberships():
        if membership.organisation_id != organisation.id or membership.role not in NEED_READERS:
            continue
        if membership.unit is None:
            places.append(NeedReport.organisation_id == organisation.id)
        else:
            branch = select(Unit.id).where(
                Unit.organisation_id == organisation.id, Unit.path.startswith(membership.unit.path)
            )
            places.append(NeedReport.unit_id.in_(branch))
    return and_(NeedReport.organisation_id == organisation.id, or_(*places))


def seat_of(user: User, step: ApprovalStep) -> ApprovalCandidate | None:
    """The place at the table from which a person may decide a step: her own, or that of somebody she stands in for.

    None when she has none; or when she ordered, created or last edited the requisition; or has an interest in one of
    its suppliers; or already decided another step of it, in her own name or for somebody else; or when the right that
    gave the seat has ended since.
    """
    requisition = step.requisition
    conflicted = in_conflict(requisition)
    if _is_barred(user, step, conflicted):
        return None
    open_seats = [candidate for candidate in step.candidates if candidate.is_open]
    seats = [candidate for candidate in open_seats if candidate.user_id == user.id]
    if open_seats and not seats:
        absent = absent_of(user, requisition.organisation_id, requisition.barred)
        seats = [candidate for candidate in open_seats if candidate.user_id in absent]
    kept = (seat for seat in seats if seat.user_id not in conflicted)
    return next((seat for seat in kept if _may_approve_still(seat.user, step)), None)


def awaited(step: ApprovalStep) -> list[ApprovalCandidate]:
    """Those whom a step that needs everybody still waits for: not for one who may decide it no more. She stays in the
    record as asked."""
    conflicted = in_conflict(step.requisition)
    return [
        seat
        for seat in step.candidates
        if seat.is_open and not _is_barred(seat.user, step, conflicted) and _may_approve_still(seat.user, step)
    ]


def _is_barred(user: User, step: ApprovalStep, conflicted: Collection[int]) -> bool:
    """Nobody decides her own purchase, her superior's, one from a supplier she has an interest in, or twice."""
    requisition = step.requisition
    if user.id in requisition.barred or user.id in conflicted:
        return True
    return user.superior_id == requisition.orderer_id or _has_decided(user, step)


def _may_approve_still(user: User, step: ApprovalStep) -> bool:
    """The route names people for good, but a role that has ended, or a limit that was lowered or is full, decides no
    more."""
    rights = [
        membership
        for membership in user.current_memberships()
        if membership.role is Role.APPROVER
        and membership.organisation_id == step.requisition.organisation_id
        and membership.reaches(step.net_amount)
    ]
    used = used_of(rights, today(), but_for=step.requisition_id)
    return any(has_room(right, step.net_amount, used) for right in rights)


def why_no_seat(user: User, step: ApprovalStep) -> Any:
    """Why somebody who may read the approval page cannot decide there (lazy)."""
    requisition = step.requisition
    if not can(step, "approve"):
        if step.state is ApprovalState.WAITING:
            return _l("Det är inte din tur än. Du får ett brev när stegen före dig har sagt ja.")
        if _has_decided(user, step):
            return _l("Beslutet är redan taget.")
        return _l("Beslutet är redan taget. Någon kan ha hunnit före dig.")
    if user.id in requisition.barred:
        return _l("Du har själv beställt eller ändrat det här. Någon annan måste godkänna det.")
    if user.id in in_conflict(requisition):
        return _l("Du har anmält jäv mot en leverantör i begäran. Någon annan måste besluta.")
    if user.superior_id == requisition.orderer_id:
        return _l("Beställaren är din chef. Du kan inte godkänna din chefs inköp.")
    if _has_decided(user, step):
        return _l("Du har redan beslutat om den här begäran. Ingen beslutar två gånger.")
    if any(candidate.user_id == user.id and candidate.handed_over_at for candidate in step.candidates):
        return _l("Frågan har gått över till någon annan.")
    if any(candidate.user_id == user.id for candidate in step.candidates):
        return _l("Din roll som attestant har ändrats sedan begäran skickades in. Den räcker inte till det här.")
    return _l("Du är inte en av dem som ska besluta om den här begäran.")


def absent_of(user: User, organisation_id: int, deciders: Collection[int] = ()) -> set[int]:
    """The ids of those a person stands in for today, as long as she belongs to the organisation herself.

    An appointment that was decided by one of `deciders`, other than about her own absence, does not count: who orders
    does not choose who decides about it.
    """
    if not belongs_to(user, organisation_id):
        return set()
    statement = stood_in_for(user.id, organisation_id, today())
    if deciders:
        by_another = Substitution.decided_by_id.not_in(deciders)
        statement = statement.where(or_(by_another, Substitution.decided_by_id == Substitution.absent_id))
    return set(db.session.scalars(statement))


def stood_in_for(user_id: int, organisation_id: int, on: date) -> Select[int]:
    """The ids of those a person stands in for on a day. One step only: a substitute's substitute has no say."""
    return select(Substitution.absent_id).where(
        Substitution.substitute_id == user_id, Substitution.organisation_id == organisation_id, in_force(on)
    )


def _has_decided(user: User, step: ApprovalStep) -> bool:
    """Whether she decided anything in this round of the requisition: nobody does so twice."""
    return any(
        candidate.decision is not None and user.id in (candidate.decided_by_id, candidate.user_id)
        for other in step.this_round
        for candidate in other.candidates
    )


def visible(user: User, organisation: Organisation, thing: type[Requisition] | type[Order]) -> ColumnElement[bool]:
    """The condition that keeps a query to what a person may see, for somebody who acts in an organisation.

    Her own; what is ordered where she holds a role that reads orders; and what she was asked to decide. The
    procurement office's agreement owners see every organisation's.
    """
    if sees_everything(user, organisation):
        return thing.id.is_not(None)
    places: list[ColumnElement[bool]] = [thing.orderer_id == user.id, _asked_to_decide(user, organisation, thing)]
    for membership in _reading_memberships(user, organisation):
        if membership.unit is None:
            places.append(thing.organisation_id == organisation.id)
        else:
            branch = select(Unit.id).where(
                Unit.organisation_id == organisation.id, Unit.path.startswith(membership.unit.path)
            )
            places.append(thing.unit_id.in_(branch))
    return and_(thing.organisation_id == organisation.id, or_(*places, false()))


def may_see(user: User, organisation: Organisation, thing: Requisition | Order) -> bool:
    """The same as `visible` about one thing that is read already: composing the condition costs more than the thing."""
    if sees_everything(user, organisation):
        return True
    if thing.organisation_id != organisation.id:
        return False
    if thing.orderer_id == user.id or any(m.covers(thing.unit) for m in _reading_memberships(user, organisation)):
        return True
    requisition_id = thing.id if isinstance(thing, Requisition) else thing.requisition_id
    return db.session.scalar(*_seat_at(requisition_id, user.id, organisation.id, today())) is not None


def sees_everything(user: User, organisation: Organisation) -> bool:
    """Whether she acts as one of the procurement office's agreement owners, who see every organisation's orders."""
    return organisation.is_office and user.is_at_office(Role.AGREEMENT_OWNER)


def _reading_memberships(user: User, organisation: Organisation) -> list[Membership]:
    return [
        membership
        for membership in user.current_memberships()
        if membership.organisation_id == organisation.id and Permission.ORDER_READ in ROLE_PERMISSIONS[membership.role]
    ]


@prepared
def _seat_at(requisition_id: int, user_id: int, organisation_id: int, on: date) -> Select[int]:
    """The seats at a requisition of hers, or of somebody she stands in for."""
    return (
        select(ApprovalCandidate.id)
        .join(ApprovalStep)
        .where(ApprovalStep.requisition_id == requisition_id, _is_hers(user_id, organisation_id, on))
        .limit(1)
    )


def _asked_to_decide(
    user: User, organisation: Organisation, thing: type[Requisition] | type[Order]
) -> ColumnElement[bool]:
    asked = select(ApprovalStep.requisition_id).join(ApprovalCandidate)
    key = Requisition.id if thing is Requisition else Order.requisition_id
    return key.in_(asked.where(_is_hers(user.id, organisation.id, today())))


def _is_hers(user_id: int, organisation_id: int, on: date) -> ColumnElement[bool]:
    """Whether a seat is hers, or that of somebody she stands in for; over ApprovalCandidate."""
    absent = stood_in_for(user_id, organisation_id, on)
    return or_(ApprovalCandidate.user_id == user_id, ApprovalCandidate.user_id.in_(absent))
