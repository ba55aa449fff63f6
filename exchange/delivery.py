"""Delivery: the worker's half of the outbox. Claim, send, mark; three steps that a crash may part anywhere.

The claim is committed before the mail server is called, and it runs out by itself, so a message whose worker died is
taken again. No transaction is open while the server is talked to: it may hang for minutes, and would hold up every
writer meanwhile. A crash after the server's yes and before the mark sends the message once more, with the same
Message-ID; that is the price of never losing one. Some messages are claimed and read at once, because that is most of
the work; but each is marked by itself, right after the server's yes, so that a crash repeats one message at most.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, and_, bindparam, or_, select, update
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
FRESH = timedelta(seconds=2)  # what was claimed longer ago and not begun is given back, and read anew
BATCH = 20  # messages claimed at once
PAUSES = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 120, *17 * (240,)))  # then given up, after 71 hours

ANSWERED_BY_PEOPLE = frozenset({"order", "cancellation"})  # an absent supplier's automatic reply is worth reading


@dataclass(frozen=True, slots=True)
class Round:
    """What one call of `deliver_due` did: how many messages it tried, and whether the mail server let it down."""

    tried: int = 0
    is_server_down: bool = False


@dataclass(frozen=True, slots=True)
class _Outcome:
    act: str  # of OutboxMessage.TRANSITIONS
    reason: str | None = None
    is_servers: bool = False


@dataclass(frozen=True, slots=True)
class _Letter:
    """A claimed message: the mail to send, or what came of it without."""

    id: int
    mail: Mail | _Outcome


def deliver_due(
    send: Send,
    *,
    limit: int = 100,
    may_send: Callable[[OutboxMessage], str | None] = lambda message: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Round:
    """Deliver what is due, oldest first: `limit` messages at most, until `stopped()` or until the server is down.

    `may_send` is asked before each message, two seconds before at most, and gives the reason why it must not go after
    all, or None. Any number of workers may do this at once. Must be called with no transaction open.
    """
    tried = 0
    is_over = is_server_down = False
    while not is_over and (letters := _take(limit - tried, until := now() + LEASE, may_send)):
        for position, letter in enumerate(letters, start=1):
            outcome = _attempt(letter, send)
            with unit_of_work():
                _mark(letter.id, until, outcome)
            tried += 1
            is_server_down = outcome.is_servers
            is_over = is_server_down or stopped()
            if is_over or now() > until - LEASE + FRESH:
                _give_back(letters[position:], until)
                break
    return Round(tried, is_server_down)


_NOW, _UNTIL = bindparam("now", type_=UtcDateTime), bindparam("until", type_=UtcDateTime)
_IS_DUE = or_(
    and_(OutboxMessage.state == MessageState.QUEUED, OutboxMessage.due_at <= _NOW),
    and_(OutboxMessage.state == MessageState.SENDING, OutboxMessage.claimed_until < _NOW),
)
_BY_AGE = (OutboxMessage.due_at, OutboxMessage.id)
# Another worker's row is passed over on PostgreSQL; SQLite has one writer at a time. The choice stands in a CTE of its
# own, which PostgreSQL evaluates once: in a sub-select it may lock more rows.
_OLDEST_DUE = (
    select(OutboxMessage.id)
    .where(_IS_DUE, OutboxMessage.attempts <= bindparam("attempts"))
    .order_by(*_BY_AGE)
    .limit(bindparam("count"))
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
_GIVE_BACK = (
    update(OutboxMessage)
    .where(
        OutboxMessage.id.in_(bindparam("ids", expanding=True)),
        OutboxMessage.state == MessageState.SENDING,
        OutboxMessage.claimed_until == _UNTIL,
    )
    .values(state=MessageState.QUEUED, claimed_until=None, attempts=OutboxMessage.attempts - 1)
    .execution_options(synchronize_session=False)
)
_TABLE = OutboxMessage.metadata.tables[OutboxMessage.__tablename__]
_MARK_SENT = (  # said of the table for each mail: of the class it takes twice as long
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("sent_id"), _TABLE.c.state == MessageState.SENDING)
    .values(state=MessageState.SENT, claimed_until=None, last_error=None, sent_at=_NOW)
    .returning(_TABLE.c.recipient)
)
_MESSAGES = select(OutboxMessage).where(OutboxMessage.id.in_(bindparam("ids", expanding=True))).order_by(*_BY_AGE)
_FILES = (
    select(Attachment.message_id, Attachment.name, Attachment.media_type, Attachment.sha256, Attachment.content)
    .where(Attachment.message_id.in_(bindparam("ids", expanding=True)))
    .order_by(Attachment.id)
)


def _take(most: int, until: datetime, may_send: Callable[[OutboxMessage], str | None]) -> list[_Letter]:
    """Claim until then and read what is due: some new messages, or one that was tried before.

    That one goes alone because it may be what kills its workers, and must not take others along.
    """
    parameters = {"now": until - LEASE, "until": until}
    with reading() as session:  # an idle worker takes no write lock
        oldest = select(OutboxMessage.attempts).where(_IS_DUE).order_by(*_BY_AGE).limit(1)
        attempts = session.scalar(oldest, parameters) if most > 0 else None
    if attempts is None:
        return []
    with unit_of_work() as session:  # one conditional UPDATE that only one worker can win
        count = min(BATCH, most) if attempts == 0 else 1
        ids = session.scalars(_CLAIM, {**parameters, "attempts": attempts, "count": count}).all()
    with reading() as session:
        messages = session.scalars(_MESSAGES, {"ids": ids}).all()
        files = defaultdict(list)
        for file in session.execute(_FILES, {"ids": ids}):
            files[file.message_id].append(file)
        return [_Letter(message.id, _read(message, files[message.id], may_send)) for message in messages]


def _read(
    message: OutboxMessage, files: Sequence[Row[Any, *tuple[Any, ...]]], may_send: Callable[[OutboxMessage], str | None]
) -> Mail | _Outcome:
    """The mail in plain values. What is wrong with this message must not stop the rest."""
    if message.attempts > len(PAUSES) + 1:
        return _Outcome("fail", "Sändningen avbröts varje gång utan besked.")
    try:
        reason = may_send(message)
        return _Outcome("refuse", reason) if reason else _mail(message, files)
    except SQLAlchemyError:
        raise
    except Exception as error:
        return _unsendable(message.id, error)


def _attempt(letter: _Letter, send: Send) -> _Outcome:
    """Try one message, with no transaction open."""
    if isinstance(letter.mail, _Outcome):
        return letter.mail
    try:
        send(letter.mail)
    except PermanentFailure as failure:
        return _Outcome("fail", str(failure))
    except TemporaryFailure as failure:
        return _Outcome("postpone", str(failure), isinstance(failure, ServerDown))
    except Exception as error:
        return _unsendable(letter.id, error)
    return _Outcome("deliver")


def _unsendable(id_: int, error: Exception) -> _Outcome:
    log.error("message %s cannot be sent", id_, exc_info=error)
    return _Outcome("fail", f"Meddelandet går inte att skicka: {error or type(error).__name__}")


def _give_back(letters: Sequence[_Letter], until: datetime) -> None:
    """What was claimed and not tried waits for the next who has time, as if nobody had touched it."""
    if letters:
        with unit_of_work() as session:
            session.execute(_GIVE_BACK, {"ids": [letter.id for letter in letters], "until": until})


def _mail(message: OutboxMessage, files: Sequence[Row[Any, *tuple[Any, ...]]]) -> Mail:
    """Raises ValueError when a file is not what was queued."""
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


def _mark(id_: int, until: datetime, outcome: _Outcome) -> None:
    """Write down what came of it. A worker that overslept its claim may only tell that the message has gone."""
    if outcome.act == "deliver":
        recipient = db.session.scalar(_MARK_SENT, {"sent_id": id_, "now": now()})
        if recipient is None:
            log.warning("message %s was taken over by another worker, and has gone from here too", id_)
        else:
            log.info("message %s to %s: sent", id_, recipient)
        return
    message = db.session.get_one(OutboxMessage, id_, with_for_update=True, populate_existing=True)
    if message.state is not MessageState.SENDING or message.claimed_until != until:
        log.warning("message %s was taken over by another worker: %s", id_, outcome)
        return
    reason, act = outcome.reason, outcome.act
    if act == "postpone" and message.attempts > len(PAUSES):
        reason, act = f"{reason} Vi har försökt i tre dygn.", "fail"
    advance(message, act)
    message.claimed_until = None
    message.last_error = reason and reason[:500]
    if act == "postpone":
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
