"""What a supplier does with the link: answers, as often as it likes until the time is out. Nobody reads it before.

Neither the journal nor any list of mail tells that an answer came: who has answered is as secret as the price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256

from flask_babel import lazy_gettext as _l

from auth.throttle import TooManyTries, within_limit
from core.clock import now
from core.db import db, unit_of_work
from core.errors import RuleBroken, WrongState
from core.types import line_net
from orders import competition_mail as mail
from orders.bid import Answer
from orders.competition import Competition, Invitation
from orders.competition_queries import load_competition
from orders.envelope import check_key, close
from orders.sent_file import SentFile, known_pdf

MOST_BYTES = 5_000_000
QUARTER = timedelta(minutes=15)
ANSWERS_PER_ADDRESS = 60  # a whole company may stand behind one address


@dataclass(frozen=True, kw_only=True)
class BidFacts:
    """What a supplier offers; `prices` are SEK excl. VAT by the line's id, freight and fees in them."""

    prices: Mapping[int, Decimal]
    valid_until: date | None = None
    contact: str | None = None
    message: str | None = None
    file: SentFile | None = None


def count_try(address: str) -> None:
    """Count an answer from a network address. Raises TooManyTries. With no transaction open; leaves none open."""
    with unit_of_work():
        allowed = within_limit(f"bid from {address}", ANSWERS_PER_ADDRESS, QUARTER)
    if not allowed:
        raise TooManyTries(QUARTER)


def bid(invitation: Invitation, facts: BidFacts) -> str:
    """Seal a bid in place of any former answer. Returns the SHA-256 of the envelope, as the receipt has it.

    Raises WrongState when the time is out by the clock of this transaction, and RuleBroken for a bid that lacks a price
    or holds too short a time.
    """
    competition = _still_open(invitation)
    if invitation.supplier.is_blocked:
        raise RuleBroken(_l("Företaget är spärrat för nya beställningar och kan inte lämna anbud. Fråga beställaren."))
    if set(facts.prices) != {line.id for line in competition.lines}:
        raise RuleBroken(_l("Ange ett pris på varje rad."))
    if facts.valid_until is None or facts.valid_until < competition.valid_until:
        raise RuleBroken(_l("Anbudet ska gälla minst till och med %(day)s.", day=competition.valid_until.isoformat()))
    if not any(line_net(line.quantity, facts.prices[line.id], Decimal(1)) for line in competition.lines):
        raise RuleBroken(_l("Ange ett pris på varje rad."))  # all of it together rounds to nothing
    file = known_pdf(facts.file, MOST_BYTES) if facts.file else None
    answer = Answer(
        received_at=now(),
        prices=dict(facts.prices),
        valid_until=facts.valid_until,
        contact=facts.contact,
        message=facts.message,
        file_name=file.name if file else None,
        file_content=file.content if file else b"",
    )
    return _put(invitation, answer)


def decline(invitation: Invitation, message: str | None) -> str:
    """Seal a no, in place of any former answer: so a bid is withdrawn, too."""
    _still_open(invitation)
    return _put(invitation, Answer(received_at=now(), prices={}, message=message))


def _still_open(invitation: Invitation) -> Competition:
    """The competition, held until the transaction ends: it is not opened meanwhile. Then the clock is asked."""
    competition = load_competition(invitation.competition_id)
    if not competition.takes_bids:
        raise WrongState(_l("Anbudstiden har gått ut, eller så är förfrågan avbruten. Svaret är inte mottaget."))
    check_key(competition)
    return competition


def _put(invitation: Invitation, answer: Answer) -> str:
    envelope = close(invitation, answer)
    invitation.envelope = envelope
    db.session.flush()
    fingerprint = sha256(envelope).hexdigest()
    mail.acknowledge(invitation, answer.received_at, fingerprint)
    return fingerprint
