"""Which organisations may call off (avropsberättigade, LOU 7 kap. 3 §)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from flask_babel import lazy_gettext as _l

from auth.organisation import Organisation
from auth.user import User
from catalog.actions.agreement import begin_edit, tell
from catalog.agreement import Agreement, AgreementState, Entitlement, Lot
from core.clock import today
from core.errors import RuleBroken


def entitle(
    actor: User | None,
    agreement: Agreement,
    organisations: Iterable[Organisation],
    version: int,
    *,
    lot: Lot | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    reason: str | None = None,
) -> list[Entitlement]:
    """Let organisations call off, from the agreement's first day unless told otherwise; those who may are left alone.

    Only an authority named when the agreement was procured may use it, so a published agreement demands that the
    reason says where it is named.
    """
    begin_edit(actor, agreement, version)
    starts_on = starts_on or agreement.starts_on
    if ends_on is not None and ends_on < starts_on:
        raise RuleBroken(_l("Sista dagen ligger före första dagen."))
    if lot is not None and lot.agreement_id != agreement.id:
        raise RuleBroken(_l("Delområdet hör till ett annat avtal."))
    missing = [o for o in organisations if not _holds(agreement, o, lot, starts_on, ends_on)]
    if not missing:
        raise RuleBroken(_l("Välj minst en organisation som inte redan är avropsberättigad."))
    if agreement.state is not AgreementState.DRAFT and not (reason or "").strip():
        raise RuleBroken(
            _l("Skriv var i upphandlingen organisationen är angiven. Bara den får avropa (LOU 7 kap. 3 §).")
        )
    added = [Entitlement(organisation=o, lot=lot, starts_on=starts_on, ends_on=ends_on) for o in missing]
    agreement.entitlements.extend(added)
    names = ", ".join(organisation.name for organisation in missing)
    tell(actor, "entitle", agreement, organisations=names, lot=lot.number if lot else None, reason=reason)
    return added


def end_entitlement(actor: User | None, entitlement: Entitlement, ends_on: date, version: int) -> None:
    """Let an organisation call off until `ends_on`. From a draft, or before it has begun, the row is taken away.

    Never longer than it may: that is a new right, and `entitle` asks where it was procured.
    """
    agreement = entitlement.agreement
    begin_edit(actor, agreement, version)
    name = entitlement.organisation.name
    never_begun = ends_on < entitlement.starts_on and entitlement.starts_on > today()
    if agreement.state is AgreementState.DRAFT or never_begun:
        agreement.entitlements.remove(entitlement)
        tell(actor, "remove-entitlement", agreement, organisations=name)
        return
    if ends_on < entitlement.starts_on:
        raise RuleBroken(_l("Sista dagen ligger före första dagen."))
    if entitlement.ends_on is not None and ends_on > entitlement.ends_on:
        raise RuleBroken(
            _l("Rätten att avropa slutar %(day)s och förlängs inte här.", day=entitlement.ends_on.isoformat()),
            way_on=_l("Lägg till organisationen från dagen efter, och ange var i upphandlingen den finns."),
        )
    entitlement.ends_on = ends_on
    tell(actor, "end-entitlement", agreement, organisations=name, ends_on=ends_on.isoformat())


def _holds(
    agreement: Agreement, organisation: Organisation, lot: Lot | None, starts_on: date, ends_on: date | None
) -> bool:
    """Whether the organisation has the same right, for the lot or for all, at some time of the days asked for."""
    return any(
        e.organisation_id == organisation.id
        and (e.lot is None or e.lot is lot)
        and (e.ends_on is None or e.ends_on >= starts_on)
        and (ends_on is None or e.starts_on <= ends_on)
        for e in agreement.entitlements
    )
