"""Life cycles as data: a table of (state, act) → state, and the one place that assigns a state.

*Which state* is decided here; *what must hold* is a `check_…` of the model; *who may* is in a `policy.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Protocol

from flask_babel import lazy_gettext as _l

from core.errors import WrongState

Transitions = Mapping[tuple[Any, str], Any]


class Living(Protocol):
    """A thing with a life cycle: a `state` and the table of its transitions."""

    state: Any

    @property
    def TRANSITIONS(self) -> Transitions: ...  # noqa: N802


def can(thing: Living, act: str) -> bool:
    """Whether the act leads anywhere from the present state."""
    return (thing.state, act) in thing.TRANSITIONS


def advance(thing: Living, act: str) -> None:
    """Do the act: move the thing to its next state.

    Raises WrongState when the table has no such act from the present state; never skips silently.
    """
    following = thing.TRANSITIONS.get((thing.state, act))
    if following is None:
        raise WrongState(
            _l(
                "Det går inte längre: läget är nu %(state)s. Någon kan ha hunnit före dig.",
                state=state_name(thing.state),
            )
        )
    thing.state = following


def state_name(state: Enum) -> Any:
    """What a state is called on the screen (lazy); in Swedish the word bends after what it is said of."""
    value = str(state.value)
    return NAMES.get(f"{type(state).__name__}.{value}") or NAMES.get(value, value)


NAMES = {
    "draft": _l("utkast"),
    "published": _l("publicerat"),
    "PriceListState.published": _l("publicerad"),
    "paused": _l("pausat"),
    "ended": _l("avslutat"),
    "reviewed": _l("granskad"),
    "superseded": _l("ersatt"),
    "withdrawn": _l("återtagen"),
    "won": _l("vunnen i konkurrens"),
    "free": _l("fritext"),
    "invited": _l("anbud begärda"),
    "opened": _l("öppnad"),
    "decided": _l("avgjord"),
    "abandoned": _l("avbruten"),
    "submitted": _l("inskickad"),
    "approved": _l("godkänd"),
    "returned": _l("återsänd"),
    "rejected": _l("avslagen"),
    "waiting": _l("väntar på tur"),
    "pending": _l("väntar på beslut"),
    "skipped": _l("behövdes inte"),
    "placed": _l("beställd"),
    "confirmed": _l("bekräftad"),
    "declined": _l("avböjd"),
    "cancelled": _l("annullerad"),
    "closed": _l("avslutad"),
    "queued": _l("i kö"),
    "sending": _l("skickas"),
    "sent": _l("skickat"),
    "NeedState.sent": _l("skickad"),
    "taken": _l("mottagen, svar på väg"),
    "answered": _l("besvarad"),
    "failed": _l("kunde inte skickas"),
    "bounced": _l("studsade"),
    "aborted": _l("stoppat"),
}
