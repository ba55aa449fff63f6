"""Envelope: how an answer is closed and opened. The one place that unseals, and it asks the clock first."""

from __future__ import annotations

from flask import current_app
from flask_babel import lazy_gettext as _l

from core.errors import RuleBroken
from core.sealing import Unsealable, key_print, seal, unseal
from orders.bid import Answer
from orders.competition import Competition, Invitation


def present_key_print() -> str:
    """The print of the key that envelopes are closed with now."""
    return key_print(_secret())


def close(invitation: Invitation, answer: Answer | None = None) -> bytes:
    """The envelope with an answer in it; without one, an empty one that looks the same."""
    return seal(_secret(), invitation.context, answer.to_bytes() if answer else b"")


def check_key(competition: Competition) -> None:
    """Answers must be closed with the key that the others are. Raises RuleBroken."""
    if competition.sealed_with != present_key_print():
        raise RuleBroken(
            _l("Servern har bytt nyckel sedan förfrågan skickades, och anbuden kan inte läsas eller lämnas."),
            way_on=_l("Driften behöver ta tillbaka den tidigare nyckeln (AVROP_SECRET_KEY)."),
        )


def take_out(invitation: Invitation) -> Answer | None:
    """The answer in an envelope; none where nobody answered.

    Raises RuleBroken before the time is out, whoever asks, and Unsealable for an envelope that was changed.
    """
    invitation.competition.check_openable()
    if invitation.envelope is None:
        raise Unsealable
    return Answer.from_bytes(unseal(_secret(), invitation.context, invitation.envelope))


def _secret() -> str:
    return str(current_app.config["SECRET_KEY"])
