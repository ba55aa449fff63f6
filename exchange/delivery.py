"""Delivery: the worker's half of the outbox. Claim, send, mark; three steps that a crash may part anywhere.

The claim is committed before the mail server is called, and it runs out by itself, so a message whose worker died is
taken again. No transaction is open while the server is talked to: it may hang for minutes, and would hold up every
writer meanwhile. A crash after the server's yes and before the mark sends the message once more, with the same
Message-ID; that is the price of never losing one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from core.clock import now
from core.db import db, reading, unit_of_work
from core.state import advance
from core.types import UtcDateTime
from exchange.outbox import Attachment, MessageState, OutboxMessage, enqueue
from exchange.smtp import Mail, MailFile, PermanentFailure, ServerDown, TemporaryFailure

log = logging.getLogger(__name__)

Send = Callable[[Mail], object]  # returns when the mail is taken; raises TemporaryFailure or PermanentFailure

LEASE = timedelta(minutes=5)  # longer than smtp.py can take for one mail: two time-outs to connect, and LONGEST
PAUSES = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 120, *17 * (240,)))  # then given up, after 71 hours

ANSWERED_BY_PEOPLE = frozenset({"order", "cancellation"})  # an absent supplier's automatic reply is worth reading


@dataclass(frozen=True, slots=True)
class Round:
    """What one call of `deliver_due` did: how many messages it tried, and whether the mail server let it down."""

    tried: int = 0
    is_server_down: bool = False


@dataclass(frozen=True, slots=True)
class _Claim:
    id: int
    until: datetime


@dataclass(frozen=True, slots=True)
class _Outcome:
    act: str  # of OutboxMessage.TRANSITIONS
    reason: str | None = None
    is_servers: bool = False


def deliver_due(
    send: Send,
    *,
    limit: int = 100,
    may_send: Callable[[OutboxMessage], str | None] = lambda message: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Round:
    """Deliver what is due, oldest first: `limit` messages at most, until `stopped()` or until the server is down.

    `may_send` is asked right before each message and gives the reason why it must not go after all, or None. Any
    number of workers may do this at once. Must be called with no transaction open.
    """
    with reading() as session:  # an idle worker takes no write lock
        if session.scalar(select(OutboxMessage.id).where(_IS_DUE).limit(1), {"now": now()}) is None:
            return Round()
    with unit_of_work():
        claim = _claim()
    tried = 0
    is_server_down = False
    while claim is not None:
        outcome = _attempt(claim, send, may_send)
        tried += 1
        is_server_down = outcome.is_servers
        goes_on = tried < limit and not is_server_down and not stopped()
        with unit_of_work():  # one commit marks this message and claims the next
            _mark(claim, outcome)
            claim = _claim() if goes_on else None
    return Round(tried, is_server_down)


_NOW, _UNTIL = bindparam("now", type_=UtcDateTime), bindparam("until", type_=UtcDateTime)
_IS_DUE = or_(
    and_(OutboxMessage.state == MessageState.QUEUED, OutboxMessage.due_at <= _NOW),
    and_(OutboxMessage.state == MessageState.SENDING, OutboxMessage.claimed_until < _NOW),
)
# Another worker's row is passed over on PostgreSQL; SQLite has one writer at a time. The choice stands in a CTE of its
# own, which PostgreSQL evaluates once: in a sub-select it may lock more rows.
_OLDEST_DUE = (
    select(OutboxMessage.id)
    .where(_IS_DUE)
    .order_by(OutboxMessage.due_at, OutboxMessage.id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM = (
    update(OutboxMessage)
    .where(OutboxMessage.id.in_(select(_OLDEST_DUE.c.id)))
    .values(state=MessageState.SENDING, claimed_until=_UNTIL, attempts=OutboxMessage.attempts + 1)
    .returning(OutboxMessage.id)
    .execution_options(synchronize_session=False)
)
_FILES = (
    select(Attachment.name, Attachment.media_type, Attachment.sha256, Attachment.content)
    .where(Attachment.message_id == bindparam("message_id"))
    .order_by(Attachment.id)
)


def _claim() -> _Claim | None:
    """Take the oldest due message: one conditional UPDATE that only one worker can win."""
    moment = now()
    until = moment + LEASE
    taken = db.session.scalar(_CLAIM, {"now": moment, "until": until})
    return None if taken is None else _Claim(taken, until)


def _attempt(claim: _Claim, send: Send, may_send: Callable[[OutboxMessage], str | None]) -> _Outcome:
    """Try one message, with no transaction open while it is sent.

    Errors of the database go through to the caller; any other error is this message's own and must not stop the rest.
    """
    try:
        with reading():
            message = db.session.get_one(OutboxMessage, claim.id)
            if message.attempts > len(PAUSES) + 1:
                return _Outcome("fail", "Sändningen avbröts varje gång utan besked.")
            if reason := may_send(message):
                return _Outcome("refuse", reason)
            mail = _mail(message)
        send(mail)
    except PermanentFailure as failure:
        return _Outcome("fail", str(failure))
    except TemporaryFailure as failure:
        return _Outcome("postpone", str(failure), isinstance(failure, ServerDown))
    except SQLAlchemyError:
        raise
    except Exception as error:
        log.exception("message %s cannot be sent", claim.id)
        return _Outcome("fail", f"Meddelandet går inte att skicka: {error or type(error).__name__}")
    return _Outcome("deliver")


def _mail(message: OutboxMessage) -> Mail:
    """The message in plain values. Raises ValueError when a file is not what was queued."""
    files = db.session.execute(_FILES, {"message_id": message.id}).all()
    for file in files:
        if sha256(file.content).hexdigest() != file.sha256:
            raise ValueError(f"{file.name} är inte den fil som köades")
    thing, _, number = (message.about or "").partition(":")
    return Mail(
        message_id=message.message_id,
        recipient=message.recipient,
        reply_to=message.reply_to,
        subject=message.subject,
        text=message.text,
        html=message.html,
        written_at=message.created_at,
        order_number=number if thing == "order" else None,
        is_automatic=message.kind not in ANSWERED_BY_PEOPLE,
        files=tuple(MailFile(file.name, file.media_type, file.content) for file in files),
    )


def _mark(claim: _Claim, outcome: _Outcome) -> None:
    """Write down what came of it. A worker that overslept its claim may only tell that the message has gone."""
    message = db.session.get_one(OutboxMessage, claim.id, with_for_update=True, populate_existing=True)
    is_ours = message.claimed_until == claim.until
    if message.state is not MessageState.SENDING or not (is_ours or outcome.act == "deliver"):
        log.warning("message %s was taken over by another worker: %s", claim.id, outcome)
        return
    reason, act = outcome.reason, outcome.act
    if act == "postpone" and message.attempts > len(PAUSES):
        reason, act = f"{reason} Vi har försökt i tre dygn.", "fail"
    advance(message, act)
    message.claimed_until = None
    message.last_error = reason and reason[:500]
    if act == "deliver":
        message.sent_at = now()
    elif act == "postpone":
        message.due_at = now() + PAUSES[message.attempts - 1]
    else:
        _raise_alarm(message, act, reason or "")
    log.info("message %s to %s: %s %s", message.id, message.recipient, act, reason or "")


# In Swedish whatever the reader's own language: the outbox knows an address, not a person.
ALARM = """\
{what}

Ärende: {subject}
Till: {recipient}
Orsak: {reason}

{way_on}

Hälsningar
Avrop
"""
WHAT = {"fail": "Det här meddelandet kom inte fram.", "refuse": "Det här meddelandet stoppades innan det skickades."}
WAY_ON = {
    "fail": "Gör så här: kontrollera mottagarens e-postadress, och ring mottagaren om det är bråttom. När felet är "
    "rättat kan systemadministratören skicka samma meddelande igen.",
    "refuse": "Mottagaren har inte fått det. Behövs varan ändå? Kontakta upphandlingskontoret, som vet vilka avtal "
    "och leverantörer du kan använda i stället.",
}


def _raise_alarm(message: OutboxMessage, act: str, reason: str) -> None:
    """Tell whoever waits for it that it will not arrive; never about an alarm that did not."""
    if message.alarm_to is None or message.kind == "alarm":
        return
    enqueue(
        dedupe_key=f"alarm:{message.id}:{now().isoformat()}",  # it may fail once more after a resend
        kind="alarm",
        recipient=message.alarm_to,
        subject=f"Kom inte fram: {message.subject}",
        text=ALARM.format(
            what=WHAT[act],
            subject=message.subject,
            recipient=message.recipient,
            reason=reason,
            way_on=WAY_ON[act],
        ),
    )
