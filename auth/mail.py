"""Mail about accounts: an invitation to choose a first password, and a new one for the forgetful."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from flask_babel import gettext as _

from auth.password_link import INVITATION, RESET, make_token
from auth.user import User
from core.language import speaking
from core.web import external_url
from exchange.letter import promise


def send_invitation(user: User, by: User | None) -> None:
    """Invite a new person to choose her password. `by` is named in the text; nobody when a command made her."""
    with speaking(user.language):
        subject = _("Välkommen till Avrop: välj ditt lösenord")
        _send(user, "password_invitation", subject, by=by, days=INVITATION.days)


def send_reset(user: User) -> None:
    """Send the link by which she can choose a new password."""
    with speaking(user.language):
        _send(user, "password_reset", _("Välj ett nytt lösenord i Avrop"), minutes=int(RESET.total_seconds()) // 60)


def _send(user: User, template: str, subject: str, **context: Any) -> None:
    token = make_token(user)
    promise(
        template,
        kind="password",
        key=f"{template}:{sha256(token.encode()).hexdigest()[:32]}",
        recipient=user.email,
        subject=subject,
        about=f"user:{user.id}",
        user=user,
        url=external_url("auth.reset", token=token),
        **context,
    )
