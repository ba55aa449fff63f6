"""State how much may be called off, and what was called off elsewhere. The counters themselves move only by orders."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import lazy_gettext as _l

from auth.user import User
from catalog.actions.agreement import begin_edit, tell
from catalog.agreement import AgreementState
from catalog.ceiling import Ceiling
from core.errors import RuleBroken


def state_ceiling(
    actor: User | None,
    ceiling: Ceiling,
    version: int,
    *,
    limit: Decimal | None,
    external: Decimal | None = None,
    reason: str | None = None,
) -> None:
    """Set the limit (none: unknown) and the opening balance, both in SEK excl. VAT.

    A published agreement's limit is only raised, or made unknown, with a reason: the change must stand on one of the
    grounds of LOU 17 kap. 8-16 §§; its opening balance is only lowered with one, since that gives room as well. A
    limit below what is used is allowed: it stops the next order, not those placed.
    """
    agreement = ceiling.agreement
    begin_edit(actor, agreement, version)
    external = ceiling.external if external is None else external
    if external < 0 or (limit is not None and limit <= 0):
        raise RuleBroken(_l("Takvolymen måste vara större än noll. Lämna tomt om den är okänd."))
    if agreement.state is not AgreementState.DRAFT and not (reason or "").strip():
        if ceiling.limit is not None and (limit is None or limit > ceiling.limit):
            raise RuleBroken(
                _l("Takvolymen höjs. Skriv vilken grund i LOU 17 kap. 8–16 §§ ändringen vilar på, och varför."),
            )
        if external < ceiling.external:
            raise RuleBroken(_l("Det som är avropat utanför Avrop minskas, så att mer kan beställas. Skriv varför."))
    changes = {}
    for name, after in (("limit", limit), ("external", external)):
        before = getattr(ceiling, name)
        if before != after:
            changes[name] = [None if value is None else f"{value:f}" for value in (before, after)]
            setattr(ceiling, name, after)
    if changes:
        tell(actor, "state-ceiling", agreement, scope=ceiling.scope_name, changes=changes, reason=reason)
