"""Substitution: appointing somebody to act for an absent approver, and ending it."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from auth.journal import record
from auth.organisation import Organisation
from auth.policy import may_decide_substitution, may_end_substitution
from auth.queries import substitutions_between
from auth.substitution import Substitution
from auth.user import User
from core.clock import now, today
from core.db import db
from core.errors import NotAllowed, RuleBroken, WrongState


def substitute(
    actor: User,
    absent: User,
    stand_in: User,
    organisation: Organisation,
    starts_on: date,
    ends_on: date,
    decision: str | None = None,
) -> Substitution:
    """Let `stand_in` act for `absent` in an organisation between two days, both included.

    Raises NotAllowed, or RuleBroken when she does not belong there, the days are past or turned round, or the
    appointments would lead back to the absent one, so that in the end nobody, or everybody, is away.
    """
    if absent.id == stand_in.id:
        raise RuleBroken(_l("Du kan inte vara din egen ersättare. Välj någon annan."))
    if not may_decide_substitution(actor, absent, stand_in, organisation):
        raise NotAllowed(_l("Du får inte utse den ersättaren. Ingen utser sig själv."))
    _check_days(starts_on, ends_on)
    for person in (absent, stand_in):
        if organisation not in person.organisations():
            raise RuleBroken(_l("%(name)s hör inte till organisationen i dag.", name=person.name))
    db.session.execute(select(Organisation.id).where(Organisation.id == organisation.id).with_for_update())
    _check_ring(absent, stand_in, substitutions_between(organisation, starts_on, ends_on))
    made = Substitution(
        organisation=organisation,
        absent=absent,
        substitute=stand_in,
        starts_on=starts_on,
        ends_on=ends_on,
        decision=decision,
        decided_by=actor,
        created_at=now(),
    )
    db.session.add(made)
    db.session.flush()
    _record(actor, "create", made)
    return made


def end_substitution(actor: User, substitution: Substitution) -> None:
    """End an appointment before its last day, from this moment."""
    if not may_end_substitution(actor, substitution):
        raise NotAllowed(_l("Du får inte avsluta den ersättningen."))
    if substitution.ended_at is not None or substitution.ends_on < today():
        raise WrongState(_l("Ersättningen är redan slut."))
    substitution.ended_at = now()
    _record(actor, "end", substitution)


def _check_days(starts_on: date, ends_on: date) -> None:
    if ends_on < starts_on:
        raise RuleBroken(_l("Sista dagen kan inte komma före den första."))
    if ends_on < today():
        raise RuleBroken(_l("Sista dagen har redan varit."))


def _check_ring(absent: User, stand_in: User, standing: list[Substitution]) -> None:
    reached, waiting = set[int](), [stand_in.id]
    while waiting:
        person = waiting.pop()
        if person == absent.id:
            raise RuleBroken(
                _l("%(name)s är själv borta och ersätts av någon som leder tillbaka hit.", name=stand_in.name)
            )
        if person not in reached:
            reached.add(person)
            waiting += [s.substitute_id for s in standing if s.absent_id == person]
    if any((s.absent_id, s.substitute_id) == (absent.id, stand_in.id) for s in standing):
        raise RuleBroken(_l("%(name)s är redan ersättare under de dagarna.", name=stand_in.name))


def _record(actor: User, act: str, made: Substitution) -> None:
    record(
        actor,
        act,
        "substitution",
        made.id,
        organisation_id=made.organisation_id,
        name=made.absent.name,
        substitute=made.substitute.name,
        starts_on=made.starts_on.isoformat(),
        ends_on=made.ends_on.isoformat(),
        decision=made.decision,
    )
