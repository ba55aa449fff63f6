"""Mail about competitions: to the suppliers in Swedish, to our own people in their language.

Subjects name the request by its number: whoever looks after the mail reads them, and must not read what is bought.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from auth.user import User
from core.language import speaking
from core.web import external_url
from exchange.letter import promise
from orders.bid import CompetitionDecision
from orders.competition import Competition, Invitation
from orders.evaluation import Ranked

DUE = "competition-due"  # the kind of mail that tells, once, that the time is out


def about(competition: Competition) -> str:
    """The name under which the outbox knows a competition's messages."""
    return f"competition:{competition.id}"


def invite(invitation: Invitation, token: str) -> None:
    """Ask a supplier for a bid, by the link that is its own."""
    competition = invitation.competition
    with speaking("sv"):
        names = {"number": competition.number, "organisation": competition.organisation.name}
        subject = _("Förfrågan %(number)s från %(organisation)s", **names)
        link = external_url("bids.show", token=token)
        _send(competition, "invite", invitation.email, subject, f"{invitation.id}", invitation=invitation, link=link)


def acknowledge(invitation: Invitation, received_at: datetime, fingerprint: str) -> None:
    """The receipt: that an answer came, when, and its fingerprint. In no list of ours before the time is out."""
    competition = invitation.competition
    with speaking("sv"):
        subject = _("Kvittens: ert svar på förfrågan %(number)s", number=competition.number)
        _send(
            competition,
            "receipt",
            invitation.email,
            subject,
            fingerprint,
            listed_from=competition.deadline_at,
            received_at=received_at,
            fingerprint=fingerprint,
        )


def ask_witness(competition: Competition) -> None:
    """Ask the second person to open the envelopes."""
    witness, asked_at = competition.witness, competition.witness_asked_at
    if witness is None or asked_at is None:
        return
    with speaking(witness.language):
        subject = _("Var med och öppna anbuden i %(number)s", number=competition.number)
        key = f"{witness.id}:{int(asked_at.timestamp())}"
        _send(competition, "witness", witness.email, subject, key, link=_page(competition))


def tell_due(competition: Competition, people: Iterable[User]) -> None:
    """Tell that the time is out and that the bids can be opened."""
    for person in people:
        with speaking(person.language):
            subject = _("Tiden har gått ut för %(number)s", number=competition.number)
            _send(competition, "due", person.email, subject, str(person.id), kind=DUE, link=_page(competition))


def tell_opened(competition: Competition) -> None:
    """Tell who asked, and who is to decide."""
    for person in _ours(competition):
        with speaking(person.language):
            subject = _("Anbuden i %(number)s är öppnade", number=competition.number)
            _send(competition, "opened", person.email, subject, str(person.id), link=_page(competition))


def tell_decided(competition: Competition, decision: CompetitionDecision, ranked: Sequence[Ranked]) -> None:
    """The notice with its reasons, to every bidder (LOU 12:12), and to who asked."""
    for each in ranked:
        invitation = each.bid.invitation
        with speaking("sv"):
            subject = _("Tilldelningsbeslut i %(number)s", number=competition.number)
            _send(
                competition,
                "decided",
                invitation.email,
                subject,
                f"{invitation.id}",
                decision=decision,
                ranked=ranked,
                own=each,
            )
    for person in _ours(competition):
        with speaking(person.language):
            subject = _("%(number)s är avgjord", number=competition.number)
            _send(
                competition,
                "ours",
                person.email,
                subject,
                str(person.id),
                decision=decision,
                ranked=ranked,
                link=_page(competition),
            )


def tell_abandoned(competition: Competition, invitations: Iterable[Invitation]) -> None:
    """Tell those who were asked, or after the opening those who answered, that there will be no contract, and why."""
    with speaking("sv"):
        subject = _("Förfrågan %(number)s är avbruten", number=competition.number)
        for invitation in invitations:
            _send(competition, "abandoned", invitation.email, subject, f"{invitation.id}")


def _ours(competition: Competition) -> list[User]:
    people = (competition.requester, competition.opener)
    return list({person.id: person for person in people if person is not None and person.is_active}.values())


def _page(competition: Competition) -> str:
    return external_url("competitions.show", competition_id=competition.id)


def _send(
    competition: Competition,
    event: str,
    recipient: str | None,
    subject: str,
    key: str,
    *,
    kind: str = "competition",
    listed_from: datetime | None = None,
    **context: Any,
) -> None:
    if recipient is None:
        return
    promise(
        "competition",
        kind=kind,
        key=f"competition:{competition.id}:{event}:{key}"[:120],
        recipient=recipient,
        subject=subject,
        about=about(competition),
        reply_to=competition.contact_email,
        listed_from=listed_from,
        competition=competition,
        event=event,
        **context,
    )
