"""Declaring a conflict of interest, and withdrawing it by a new entry."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from auth.journal import record
from auth.organisation import Organisation
from auth.user import User
from catalog.supplier import Supplier
from core.clock import now, today
from core.db import db
from core.errors import NotAllowed, RuleBroken, WrongState
from orders.conflict import Conflict
from orders.policy import may_declare_conflict, may_withdraw_conflict


def declare(
    actor: User,
    organisation: Organisation,
    person: User,
    supplier: Supplier,
    starts_on: date | None = None,
    ends_on: date | None = None,
    reason: str | None = None,
) -> Conflict:
    """Note that a person has an interest in a supplier, from a day (today) to another, both included, or until further
    notice. From then on she is asked about nothing from it, and decides nothing that waits.

    Raises NotAllowed, and RuleBroken for days that are turned round or a declaration that is there already.
    """
    if not may_declare_conflict(actor, person, organisation.id):
        raise NotAllowed(_l("Du anmäler bara ditt eget jäv. Administratören anmäler för dem som arbetar hos er."))
    starts_on = starts_on or today()
    if ends_on is not None and ends_on < starts_on:
        raise RuleBroken(_l("Sista dagen kan inte komma före den första."))
    db.session.execute(select(User.id).where(User.id == person.id).with_for_update(key_share=True))
    known = select(Conflict).where(
        Conflict.user_id == person.id, Conflict.supplier_id == supplier.id, Conflict.withdraws_id.is_(None)
    )
    if any(_overlaps(other, starts_on, ends_on) for other in db.session.scalars(known)):
        raise RuleBroken(
            _l("%(name)s har redan anmält jäv mot %(supplier)s.", name=person.name, supplier=supplier.name)
        )
    made = Conflict(
        organisation=organisation,
        user=person,
        supplier=supplier,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason,
        made_by=actor,
        made_at=now(),
    )
    return _add(actor, "declare", made, until=ends_on.isoformat() if ends_on else None)


def withdraw(actor: User, conflict: Conflict, reason: str | None = None) -> Conflict:
    """Say that an interest is no more; the declaration stays, with the entry that withdraws it. Raises NotAllowed,
    WrongState."""
    if not may_withdraw_conflict(actor, conflict):
        raise NotAllowed(_l("Det som någon annan har anmält om dig tas tillbaka av organisationens administratör."))
    if conflict.withdrawal is not None or conflict.withdraws_id is not None:
        raise WrongState(_l("Anmälan är redan tillbakatagen."))
    made = Conflict(
        organisation=conflict.organisation,
        user=conflict.user,
        supplier=conflict.supplier,
        starts_on=today(),
        reason=reason,
        made_by=actor,
        made_at=now(),
        withdraws=conflict,
    )
    return _add(actor, "withdraw", made)


def _overlaps(other: Conflict, starts_on: date, ends_on: date | None) -> bool:
    if other.withdrawal is not None:
        return False
    begins_in_time = ends_on is None or other.starts_on <= ends_on
    return begins_in_time and (other.ends_on is None or other.ends_on >= starts_on)


def _add(actor: User, act: str, made: Conflict, **detail: Any) -> Conflict:
    db.session.add(made)
    db.session.flush()
    record(
        actor,
        act,
        "conflict",
        made.withdraws_id or made.id,
        organisation_id=made.organisation_id,
        name=made.user.name,
        supplier=made.supplier.name,
        starts_on=made.starts_on.isoformat(),
        **detail,
    )
    return made
