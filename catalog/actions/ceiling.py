"""State how much may be called off. The counters themselves move only by orders and by what is called off elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from auth.user import User
from catalog.actions.agreement import begin_edit, tell
from catalog.actions.document import store
from catalog.agreement import Agreement, AgreementDocument, AgreementState
from catalog.ceiling import Ceiling
from catalog.ceiling_change import CeilingChange, Ground, grounds_for
from core.clock import now, today
from core.db import db
from core.errors import RuleBroken


@dataclass(frozen=True, kw_only=True)
class Unlocking:
    """What a higher ceiling stands on: the ground, why it holds, and the decision with its day and document."""

    ground: Ground
    reason: str
    decided_on: date
    file_name: str
    content: bytes


def state_ceiling(
    actor: User | None,
    ceiling: Ceiling,
    version: int,
    *,
    limit: Decimal | None,
    reason: str | None = None,
    unlocking: Unlocking | None = None,
) -> None:
    """Set the limit (none: unknown), in SEK excl. VAT or in the ceiling's own unit.

    A published agreement's limit is only raised, or made unknown, by an `unlocking`: the change must stand on one of
    the grounds of LOU 17 kap. 8-16 §§. A limit below what is used is allowed: it stops the next order, not those
    placed. Raises NotAllowed for whoever does not manage the agreement, WrongState, RuleBroken.
    """
    agreement, before = ceiling.agreement, ceiling.limit
    begin_edit(actor, agreement, version)
    if limit is not None and limit <= 0:
        raise RuleBroken(_l("Takvolymen måste vara större än noll. Lämna tomt om den är okänd."))
    if limit == before:
        return
    is_draft = agreement.state is AgreementState.DRAFT
    gives_room = not is_draft and is_higher(limit, before)
    if not gives_room:
        unlocking = None
    elif unlocking is None:
        raise RuleBroken(
            _l("Takvolymen höjs. Välj vilken grund i LOU 17 kap. 8–16 §§ ändringen vilar på, och bifoga beslutet.")
        )
    document = _check(agreement, actor, unlocking) if unlocking else None
    ceiling.limit = limit
    reason = unlocking.reason.strip() if unlocking else reason
    if not is_draft:
        change = CeilingChange(
            ceiling=ceiling,
            before=before,
            after=limit,
            ground=unlocking.ground if unlocking else None,
            reason=reason,
            decided_on=unlocking.decided_on if unlocking else None,
            document=document,
            changed_at=now(),
            changed_by=actor,
        )
        db.session.add(change)
    tell(
        actor,
        "state-ceiling",
        agreement,
        scope=ceiling.scope_name,
        changes={"limit": [None if value is None else f"{value:f}" for value in (before, limit)]},
        reason=reason,
        ground=unlocking.ground.value if unlocking else None,
        decided_on=unlocking.decided_on.isoformat() if unlocking else None,
        document=document.name if document else None,
    )


def is_higher(limit: Decimal | None, before: Decimal | None) -> bool:
    """Whether a limit gives more room than the one before; an unknown one stops nothing."""
    return before is not None and (limit is None or limit > before)


def _check(agreement: Agreement, actor: User | None, unlocking: Unlocking) -> AgreementDocument:
    """The decision's document, stored with the agreement."""
    if unlocking.ground not in grounds_for(agreement):
        raise RuleBroken(_l("Avtalet är upphandlat enligt LOU. Välj en av lagens grunder."))
    if not unlocking.reason.strip():
        raise RuleBroken(_l("Skriv varför grunden är uppfylld."))
    if unlocking.decided_on > today():
        raise RuleBroken(_l("Beslutet är inte fattat än."))
    return store(actor, agreement, name=unlocking.file_name, content=unlocking.content)
