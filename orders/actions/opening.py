"""The opening of a competition: the clock tells, once, that the time is out; two people open all envelopes at once."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import String, cast, exists, literal, select

from auth.queries import office_buyers
from auth.user import User
from core.clock import now
from core.db import db, reading, unit_of_work
from core.errors import NotAllowed, RuleBroken
from core.sealing import Unsealable
from core.state import advance, can
from core.types import line_net
from exchange.outbox import OutboxMessage
from orders import competition_mail as mail
from orders.actions.competition import tell
from orders.bid import Answer, Bid, BidLine
from orders.competition import Competition, CompetitionState, Invitation, InvitationOutcome
from orders.competition_mail import DUE, tell_due
from orders.competition_policy import may_run, may_witness
from orders.competition_queries import load_competition, read_envelopes
from orders.envelope import check_key, take_out


def name_witness(actor: User, competition: Competition, witness: User) -> None:
    """Say who the second person at the opening is; she opens, on a page of her own. Raises NotAllowed, RuleBroken."""
    competition = load_competition(competition.id)
    if not may_run(actor, competition):
        raise NotAllowed(_l("Anbuden öppnas av den som förvaltar avtalet."))
    competition.check_openable()
    _check_unopened(competition)
    competition.opener = actor
    competition.opener_id = actor.id
    if not may_witness(witness, competition):
        raise RuleBroken(_l("Välj någon annan i organisationen eller på upphandlingskontoret."))
    competition.witness, competition.witness_asked_at = witness, now()
    db.session.flush()
    tell(actor, "name-witness", competition, witness=witness.name)
    mail.ask_witness(competition)


def open_bids(actor: User, competition: Competition) -> None:
    """Open all envelopes at once: the second of two named persons does so, after the time is out (LOU 7:9).

    Raises NotAllowed, WrongState, and RuleBroken before the time is out.
    """
    competition = load_competition(competition.id)
    competition.check_openable()
    _check_unopened(competition)
    if competition.witness_id != actor.id or competition.opener is None or not may_witness(actor, competition):
        raise NotAllowed(_l("Anbuden öppnas av den andra namngivna personen."))
    if not may_run(competition.opener, competition):
        raise NotAllowed(_l("Den som skulle öppna har inte längre rätt till det. Utse två på nytt."))
    check_key(competition)
    advance(competition, "open")
    competition.opened_at = now()
    db.session.flush()
    read_envelopes(competition)
    found = [_open(competition, invitation) for invitation in competition.invited]
    db.session.flush()
    tell(actor, "open", competition, opener=competition.opener.name, witness=actor.name, bids=found)
    mail.tell_opened(competition)


def _check_unopened(competition: Competition) -> None:
    if not can(competition, "open"):
        advance(competition, "open")  # raises, and says how it stands


def _open(competition: Competition, invitation: Invitation) -> dict[str, Any]:
    """Write out what lies in one envelope. Returns its line of the record."""
    envelope = invitation.envelope or b""
    told = {"supplier": invitation.supplier.name, "sha256": sha256(envelope).hexdigest()}
    try:
        answer = take_out(invitation)
    except Unsealable:
        invitation.outcome = InvitationOutcome.UNREADABLE
        return told | {"outcome": invitation.outcome.value}
    if answer is None:
        invitation.outcome = InvitationOutcome.SILENT
        return told | {"outcome": invitation.outcome.value}
    invitation.outcome = InvitationOutcome.BID if answer.is_bid else InvitationOutcome.DECLINED
    told |= {"outcome": invitation.outcome.value, "received_at": answer.received_at.isoformat()}
    if not answer.is_bid:
        return told
    bid = _bid(competition, invitation, answer, told["sha256"])
    db.session.add(bid)
    return told | {"net_amount": str(bid.net_amount)}


def _bid(competition: Competition, invitation: Invitation, answer: Answer, fingerprint: str) -> Bid:
    lines = [
        BidLine(
            line=line,
            unit_price=answer.prices[line.id],
            net_amount=line_net(line.quantity, answer.prices[line.id], Decimal(1)),
        )
        for line in competition.lines
    ]
    return Bid(
        invitation=invitation,
        competition=competition,
        award_id=invitation.award_id,
        received_at=answer.received_at,
        sha256=fingerprint,
        net_amount=sum((line.net_amount for line in lines), Decimal(0)),
        valid_until=answer.valid_until or competition.valid_until,
        contact=answer.contact,
        message=answer.message,
        file_name=answer.file_name,
        file_sha256=sha256(answer.file_content).hexdigest() if answer.file_name else None,
        file_content=answer.file_content if answer.file_name else None,
        lines=lines,
    )


def tell_openings() -> int:
    """Tell who asked and who manages the agreement that the bids can be opened. Returns how many competitions. A job of
    the worker."""
    about = literal("competition:") + cast(Competition.id, String)
    told = exists().where(OutboxMessage.about == about, OutboxMessage.kind == DUE)
    due = select(Competition.id).where(
        Competition.state == CompetitionState.INVITED, Competition.deadline_at <= now(), ~told
    )
    with reading() as session:
        ids = list(session.scalars(due))
    for competition_id in ids:
        with unit_of_work():
            competition = load_competition(competition_id)
            if competition.waits_for_opening:
                tell_due(competition, _who(competition))
    return len(ids)


def _who(competition: Competition) -> list[User]:
    """Who asked, and the agreement's responsible buyer; without one, all of the office's agreement owners."""
    responsible = competition.agreement.responsible
    buyers = [responsible] if responsible is not None and responsible.is_active else office_buyers()
    people = (competition.requester, *buyers)
    return list({person.id: person for person in people if person.is_active}.values())
