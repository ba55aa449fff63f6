"""The decisions about a requisition: approve, reject, send back."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import timedelta
from typing import Any, cast

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, Table, bindparam, delete, select, update
from sqlalchemy.orm import joinedload

from auth.journal import record
from auth.session import digest
from auth.user import Membership, User
from catalog import ceiling
from core.clock import now
from core.db import db, prepared, reading, unit_of_work
from core.errors import AvropError, NotAllowed, RuleBroken, WrongState
from core.state import advance, can
from orders import mail
from orders.actions.emergency import tell_rejected_emergency
from orders.actions.placing import place
from orders.actions.refused_line import refuse_lines
from orders.actions.route import close_route, open_step
from orders.approval import ApprovalCandidate, ApprovalState, ApprovalStep, ApprovalToken, Quorum
from orders.approval_queries import reload_step, with_route
from orders.order_queries import orders_of
from orders.policy import awaited, belongs_to, seat_of, why_no_seat
from orders.requisition import Requisition
from orders.requisition_queries import load_requisition, requisition_drafts
from orders.split import all_draws
from orders.substitutes import people_asked

KEEP_LINKS = timedelta(days=90)  # after they have expired: until then an old mail can still tell what was decided

log = logging.getLogger(__name__)


def approve(
    actor: User, step: ApprovalStep, comment: str | None, seen_hash: str, refused: Collection[int] = ()
) -> Requisition:
    """Say yes to a step. The last yes places the orders, in the same transaction: all or nothing.

    `seen_hash` is the content hash of the page that was looked at; `refused` are the ids of lines to leave out, for
    which the comment says why. Raises NotAllowed, WrongState, and RuleBroken with the gate that closed since the
    requisition was submitted.
    """
    step, seat = _sit_down(actor, step, seen_hash, "approve")
    requisition = step.requisition
    if refused and requisition.is_emergency:
        raise RuleBroken(_l("Allt är redan beställt. Godkänn eller avslå hela begäran."))
    if refused and refuse_lines(actor, step, refused, comment or ""):
        return requisition  # which she is asked about anew, as everybody is
    _decide(actor, seat, "approve", comment)
    waits = bool(step.lacks_yes or (step.quorum is Quorum.ALL and awaited(step)))
    if refused:
        _ask_about_the_rest(step, waits)
    return requisition if waits else _go_on(actor, step, comment)


def _ask_about_the_rest(step: ApprovalStep, waits: bool) -> None:
    """Whoever has a link to what was asked before, and is still to answer, gets one to what is left."""
    still = [step] if waits else []
    if waits or step.stage_quorum is Quorum.ALL:
        still += step.beside
    for each in still:
        each.requisition = step.requisition
        mail.ask_to_approve(each, people_asked(each))


def reject(actor: User, step: ApprovalStep, reason: str, seen_hash: str) -> Requisition:
    """Say no, with a reason: nothing is ordered and the room under the ceilings is given back. What was ordered in an
    emergency stays ordered; that nobody approved it is recorded, and told to the orderer and those who watch."""
    return _turn_down(actor, step, "reject", "rejected", reason, seen_hash)


def send_back(actor: User, step: ApprovalStep, reason: str, seen_hash: str) -> Requisition:
    """Ask the orderer to change something and send it again; every step is then asked anew."""
    return _turn_down(actor, step, "send_back", "returned", reason, seen_hash)


def find_token(secret: str) -> ApprovalToken | None:
    """The approval link that a secret belongs to, whether it still works or not."""
    return db.session.scalars(*_by_hash(digest(secret))).unique().one_or_none()


@prepared
def _by_hash(token_hash: str) -> Select[Any]:
    return (
        select(ApprovalToken)
        .where(ApprovalToken.token_hash == token_hash)
        .options(
            joinedload(ApprovalToken.user),
            joinedload(ApprovalToken.step).options(joinedload(ApprovalStep.requisition), with_route()),
        )
    )


def check_person(token: ApprovalToken) -> None:
    """Raises WrongState when the person of a link has left: it then shows nothing of the requisition."""
    if not belongs_to(token.user, token.step.requisition.organisation_id):
        raise WrongState(_l("Länken gäller inte längre: kontot är avstängt eller hör inte till organisationen."))


def check_usable(token: ApprovalToken) -> None:
    """Raises WrongState, which says why a link does not work: used, expired, decided, or about other content."""
    step = token.step
    if token.used_at is not None:
        raise WrongState(_l("Länken är redan använd."))
    if token.expires_at <= now():
        raise WrongState(_l("Länken har gått ut. Logga in för att se vad som väntar på dig."))
    if step.state is not ApprovalState.PENDING:
        raise WrongState(_l("Begäran är redan avgjord eller tillbakatagen."))
    if token.content_hash != step.requisition.content_hash:
        raise WrongState(_l("Begäran har ändrats sedan länken skickades."))


def remove_old_links() -> int:
    """Remove the secrets of links that have long gone out; returns how many. A job of the worker. Who decided what
    stays in the steps and in the journal."""
    is_old = ApprovalToken.expires_at < now() - KEEP_LINKS
    with reading() as session:
        old = list(session.scalars(select(ApprovalToken.id).where(is_old)))
    if old:
        with unit_of_work() as session:
            session.execute(delete(ApprovalToken).where(is_old))
    return len(old)


def may_decide_by_link(token: ApprovalToken) -> bool:
    """Whether the link alone decides: only below an amount that the organisation has set; it sets none by itself.

    E-mail is no proof of identity (ASVS 6.3.6).
    """
    requisition = token.step.requisition
    limit = requisition.organisation.link_decides_up_to
    return limit is not None and requisition.net_amount < limit


def settle_steps() -> int:
    """Go on with steps that waited for everybody, once those who remain to be heard may decide no more: their role has
    ended or they have left. Returns how many. A job of the worker; a step whose orders cannot be placed is left as it
    is, and the next yes or no meets the same stop.
    """
    with reading() as session:
        ripe = [step.id for step in session.scalars(_half_decided()).unique() if _is_ripe(step)]
    done = 0
    for step_id in ripe:
        try:
            with unit_of_work() as session:
                done += _settle(session.get_one(ApprovalStep, step_id))
        except AvropError as error:
            log.warning("approval step %s cannot be settled: %s", step_id, error)
    return done


def _half_decided() -> Select[ApprovalStep]:
    """The steps that wait for everybody and have been given a yes."""
    yes = select(ApprovalCandidate.step_id).where(ApprovalCandidate.decision == "approve")
    waits = (ApprovalStep.state == ApprovalState.PENDING, ApprovalStep.quorum == Quorum.ALL, ApprovalStep.id.in_(yes))
    return select(ApprovalStep).where(*waits).options(joinedload(ApprovalStep.requisition), with_route())


def _is_ripe(step: ApprovalStep) -> bool:
    """Whether a step has all the yes that it will get."""
    return can(step, "approve") and not (step.lacks_yes or awaited(step))


def _settle(step: ApprovalStep) -> bool:
    requisition = load_requisition(step.requisition_id, lock=True)
    step = reload_step(step)
    step.requisition = requisition
    if not _is_ripe(step):
        return False
    requisition.check_unchanged()
    last = max((s for s in step.candidates if s.decided_at), key=lambda s: s.decided_at or now())
    assert last.decided_by is not None  # a decision has its time and its person
    _go_on(last.decided_by, step, last.comment)
    return True


def _go_on(actor: User, step: ApprovalStep, comment: str | None) -> Requisition:
    """A step has been given all its yes: ask the next, or place the orders."""
    requisition = step.requisition
    unheard = [seat.name for seat in step.candidates if seat.is_open]
    if step.quorum is Quorum.ALL and unheard:
        record(
            None,
            "pass-over",
            "requisition",
            requisition.id,
            organisation_id=requisition.organisation_id,
            step=step.label,
            names=unheard,
        )
    advance(step, "approve")
    if step.stage_quorum is Quorum.ANY:
        for other in step.beside:
            advance(other, "skip")
    elif step.beside:
        return requisition
    if following := step.following:
        for each in following:
            open_step(each)
        return requisition
    advance(requisition, "approve")
    requisition.decided_at = now()
    orders = list(orders_of(requisition)) if requisition.is_emergency else place(actor, requisition, step.route)
    mail.tell_outcome(requisition, "approved", actor, comment, orders)
    return requisition


def _turn_down(actor: User, step: ApprovalStep, act: str, outcome: str, reason: str, seen_hash: str) -> Requisition:
    if not reason.strip():
        raise RuleBroken(_l("Skriv varför, så att beställaren vet vad som ska göras."))
    step, seat = _sit_down(actor, step, seen_hash, act)
    requisition = step.requisition
    if requisition.is_emergency and act == "send_back":
        raise RuleBroken(_l("Det är redan beställt och kan inte ändras. Godkänn eller avslå."))
    _decide(actor, seat, act, reason)
    advance(step, act)
    advance(requisition, act)
    requisition.decided_at = now()
    close_route(requisition)
    if requisition.is_emergency:  # what is ordered is ordered, and stands on the ceilings
        orders = list(orders_of(requisition))
        mail.tell_outcome(requisition, outcome, actor, reason, orders)
        tell_rejected_emergency(requisition, orders, actor, reason)
        return requisition
    ceiling.release_reserved(all_draws(requisition_drafts(requisition), requisition.organisation_id))
    mail.tell_outcome(requisition, outcome, actor, reason, [])
    return requisition


def _sit_down(actor: User, step: ApprovalStep, seen_hash: str, act: str) -> tuple[ApprovalStep, ApprovalCandidate]:
    """Who, what, which: lock the requisition, find the actor's seat, and check that nothing has moved."""
    requisition = load_requisition(step.requisition_id, lock=True)
    step = reload_step(step)
    step.requisition = requisition  # the very one that is loaded whole
    if not can(step, act) or not can(requisition, act):
        raise WrongState(_l("Begäran är redan avgjord. Någon kan ha hunnit före dig."))
    seat, held = seat_of(actor, step), set[int]()
    while seat is not None and seat.user_id not in held and _hold_limits(seat.user):
        held.add(seat.user_id)
        seat = seat_of(actor, step)  # what was decided elsewhere meanwhile takes room; she may stand in for another
    if seat is None:
        refusal = WrongState if any(c.decided_by_id == actor.id for c in step.candidates) else NotAllowed
        raise refusal(why_no_seat(actor, step))
    requisition.check_unchanged()
    if seen_hash != requisition.content_hash:
        raise RuleBroken(_l("Begäran har ändrats sedan du öppnade sidan. Läs igenom den igen."))
    return step, seat


def _hold_limits(user: User) -> bool:
    """Let one yes at a time count against her limits for a period; whether she has such a limit."""
    limited = [membership.id for membership in user.memberships if membership.period_limit is not None]
    if limited:
        db.session.execute(select(Membership.id).where(Membership.id.in_(limited)).with_for_update())
    return bool(limited)


_token = cast(Table, ApprovalToken.__table__)
_USE_LINKS = (
    update(_token)
    .where(_token.c.step_id == bindparam("step"), _token.c.user_id.in_(bindparam("people", expanding=True)))
    .values(used_at=bindparam("moment"))
)


def _decide(actor: User, seat: ApprovalCandidate, decision: str, comment: str | None) -> None:
    people, moment, requisition = [actor.id, seat.user_id], now(), seat.step.requisition
    db.session.execute(_USE_LINKS, {"step": seat.step_id, "people": people, "moment": moment})
    seat.decision, seat.decided_by, seat.decided_at = decision, actor, moment
    seat.comment = (comment or "").strip() or None
    record(
        actor,
        decision.replace("_", "-"),
        "requisition",
        requisition.id,
        organisation_id=requisition.organisation_id,
        acting_for=seat.user if seat.user_id != actor.id else None,
        step=seat.step.label,
        comment=seat.comment,
        net_amount=str(requisition.net_amount),
        content_hash=requisition.content_hash,
    )
