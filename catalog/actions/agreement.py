"""Create, edit, publish, pause, resume, end and prolong agreements.

A published agreement is edited too, because addresses and texts change; each change is told to the journal as before
and after. What the law cares about (a longer term, a higher ceiling, a new entitled organisation) demands a written
reason, which the journal keeps. All edits of an agreement and its parts count up one version, the agreement's: whoever
works from an older page is told so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from auth.journal import record
from auth.organisation import Organisation
from auth.user import User
from catalog import mail
from catalog.actions.change import Facts, apply, check_version
from catalog.agreement import Agreement, AgreementState, ExtensionOption, FollowUpClass, LegalRegime
from catalog.category import Category
from catalog.ceiling import Ceiling
from catalog.policy import may_manage, may_manage_for
from core.clock import now, today
from core.db import db
from core.errors import NotAllowed, RuleBroken, WrongState
from core.state import advance
from core.types import sort_key

LONGEST_TERM = {LegalRegime.LOU: (4, "LOU 7 kap. 2 §"), LegalRegime.LUF: (8, "LUF 7 kap. 2 §")}


@dataclass(frozen=True, kw_only=True)
class AgreementFacts(Facts):
    """What is told of an agreement; both days are inclusive."""

    number: str
    title: str
    owner: Organisation
    starts_on: date
    ends_on: date
    registry_number: str | None = None
    summary: str | None = None
    how_to_order: str | None = None
    legal_regime: LegalRegime = LegalRegime.LOU
    responsible: User | None = None
    category: Category | None = None
    delivers_after_end: bool = False
    notice_on: date | None = None
    price_terms: str | None = None
    payment_terms: str = "30 dagar netto"
    follow_up_class: FollowUpClass = FollowUpClass.C


def create(actor: User | None, facts: AgreementFacts, *, reason: str | None = None) -> Agreement:
    """A draft, with a ceiling that is unknown until somebody states it, so that use is counted from the first order."""
    _check_owner(actor, facts.owner)
    _check(facts)
    if needs_reason(facts.legal_regime, facts.starts_on, facts.ends_on):
        _check_reason(reason, facts.legal_regime)
    agreement = Agreement(sort_title=sort_key(facts.title), created_at=now())
    apply(agreement, facts)
    db.session.add_all([agreement, Ceiling(agreement=agreement)])
    db.session.flush()
    tell(actor, "create", agreement, title=agreement.title, reason=reason)
    return agreement


def edit(
    actor: User | None, agreement: Agreement, facts: AgreementFacts, version: int, *, reason: str | None = None
) -> Agreement:
    """Change what is told of an agreement. A longer term than the law's demands a reason whenever the days change."""
    begin_edit(actor, agreement, version)
    if facts.owner != agreement.owner:
        _check_owner(actor, facts.owner)
    if facts.number != agreement.number and agreement.state is not AgreementState.DRAFT:
        raise RuleBroken(_l("Avtalsnumret står på beställningar och kan inte ändras efter publicering."))
    _check(facts, agreement)
    days = (agreement.legal_regime, agreement.starts_on, agreement.ends_on)
    asked = (facts.legal_regime, facts.starts_on, facts.ends_on)
    if asked != days and needs_reason(*asked):
        _check_reason(reason, facts.legal_regime)
    changes = apply(agreement, facts)
    if changes:
        agreement.sort_title = sort_key(agreement.title)
        tell(actor, "edit", agreement, changes=changes, reason=reason)
    return agreement


def publish(actor: User | None, agreement: Agreement) -> None:
    """Let staff meet it. Raises RuleBroken naming what is missing."""
    check_may_manage(actor, agreement)
    agreement.check_publishable()
    advance(agreement, "publish")
    agreement.published_at = now()
    tell(actor, "publish", agreement)


def pause(actor: User, agreement: Agreement, reason: str) -> None:
    """Stop new orders for a while; those placed stand."""
    check_may_manage(actor, agreement)
    if not reason.strip():
        raise RuleBroken(_l("Skriv varför avtalet pausas."))
    advance(agreement, "pause")
    tell(actor, "pause", agreement, reason=reason.strip())


def resume(actor: User, agreement: Agreement) -> None:
    """Open a paused agreement again."""
    check_may_manage(actor, agreement)
    agreement.check_publishable()
    advance(agreement, "resume")
    tell(actor, "resume", agreement)


def end(actor: User, agreement: Agreement, reason: str) -> None:
    """Close it for good: a run-out or cancelled agreement, or a draft that came to nothing."""
    check_may_manage(actor, agreement)
    if not reason.strip():
        raise RuleBroken(_l("Skriv varför avtalet avslutas."))
    advance(agreement, "end")
    tell(actor, "end", agreement, reason=reason.strip())


def add_extension(
    actor: User | None,
    agreement: Agreement,
    version: int,
    *,
    ends_on: date,
    decide_by: date | None = None,
    reason: str | None = None,
) -> ExtensionOption:
    """Enter an agreed right to prolong until `ends_on`."""
    begin_edit(actor, agreement, version)
    latest = max([agreement.ends_on, *(option.ends_on for option in agreement.extensions)])
    if ends_on <= latest:
        raise RuleBroken(_l("Förlängningen måste sluta efter %(day)s.", day=latest.isoformat()))
    if needs_reason(agreement.legal_regime, agreement.starts_on, ends_on):
        _check_reason(reason, agreement.legal_regime)
    option = ExtensionOption(ends_on=ends_on, decide_by=decide_by)
    agreement.extensions.append(option)
    tell(actor, "add-extension", agreement, ends_on=ends_on.isoformat(), reason=reason)
    return option


def remove_extension(actor: User, option: ExtensionOption, version: int) -> None:
    """Take away an option that is not taken."""
    agreement = option.agreement
    begin_edit(actor, agreement, version)
    if option.taken_at is not None:
        raise WrongState(_l("Förlängningen är redan använd."))
    agreement.extensions.remove(option)
    tell(actor, "remove-extension", agreement, ends_on=option.ends_on.isoformat())


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Who decided to prolong is the actor; this is what was decided. `ends_on`: the new last day, at most the option's;
    none: the option's."""

    number: str
    decided_on: date
    reason: str
    ends_on: date | None = None


def take_extension(
    actor: User, option: ExtensionOption, version: int, decision: Decision, *, tell_suppliers: bool = False
) -> int:
    """Use an option, before the agreement has ended and in the order of their days: its last day moves.

    Returns how many suppliers are told by mail. Raises NotAllowed, WrongState, RuleBroken.
    """
    agreement, former = option.agreement, option.agreement.ends_on
    ends_on = decision.ends_on or option.ends_on
    _check_takable(option, ends_on, decision)
    moved = replace(AgreementFacts.of(agreement), ends_on=ends_on)
    edit(actor, agreement, moved, version, reason=decision.reason.strip())
    option.taken_at, option.taken_by, option.taken_until = now(), actor, ends_on
    option.decision_number, option.decided_on = decision.number.strip(), decision.decided_on
    option.reason = decision.reason.strip()
    told = mail.tell_prolonged(option, former, actor) if tell_suppliers else 0
    tell(
        actor,
        "take-extension",
        agreement,
        ends_on=ends_on.isoformat(),
        decision=option.decision_number,
        decided_on=decision.decided_on.isoformat(),
        reason=option.reason,
        suppliers_told=told,
    )
    return told


def _check_takable(option: ExtensionOption, ends_on: date, decision: Decision) -> None:
    agreement = option.agreement
    if option.taken_at is not None:
        raise WrongState(_l("Förlängningen är redan använd."))
    if today() > agreement.ends_on:
        raise WrongState(_l("Avtalet har gått ut, och kan inte förlängas längre. Det behövs en ny upphandling."))
    if any(other.taken_at is None and other.ends_on < option.ends_on for other in agreement.extensions):
        raise RuleBroken(_l("Använd den tidigare förlängningen först."))
    if ends_on <= agreement.ends_on:
        raise RuleBroken(_l("Avtalet gäller redan längre än så."))
    if ends_on > option.ends_on:
        raise RuleBroken(_l("Avtalet kan förlängas till %(day)s som längst.", day=option.ends_on.isoformat()))
    if not decision.number.strip() or not decision.reason.strip():
        raise RuleBroken(_l("Ange beslutets nummer och varför avtalet förlängs."))
    if decision.decided_on > today():
        raise RuleBroken(_l("Beslutet är inte fattat än."))


def needs_reason(regime: LegalRegime, starts_on: date, ends_on: date) -> bool:
    """Whether the term is longer than the law has without special reasons: four years, eight under LUF."""
    if regime not in LONGEST_TERM:
        return False
    years = LONGEST_TERM[regime][0]
    try:
        limit = starts_on.replace(year=starts_on.year + years)
    except ValueError:  # from 29 February
        limit = date(starts_on.year + years, 3, 1)
    return ends_on >= limit


def begin_edit(actor: User | None, agreement: Agreement, version: int) -> None:
    """Who may, is it still open, is the form fresh; then count up the version with whatever part is edited.

    Raises NotAllowed or WrongState. An `actor` of none is the machine: a command at the server.
    """
    check_may_manage(actor, agreement)
    if agreement.state is AgreementState.ENDED:
        raise WrongState(_l("Avtalet är avslutat och kan inte ändras."))
    check_version(agreement.version, version)
    flag_modified(agreement, "title")


def check_may_manage(actor: User | None, agreement: Agreement) -> None:
    """Raises NotAllowed for whoever does not manage the agreement."""
    if actor is not None and not may_manage(actor, agreement):
        raise NotAllowed(_l("Avtalet sköts av %(owner)s.", owner=agreement.owner.name))


def tell(actor: User | None, act: str, agreement: Agreement, **detail: Any) -> None:
    """An entry in the agreement's story; details of none are left out."""
    db.session.flush()
    told = {name: value for name, value in detail.items() if value is not None}
    record(actor, act, "agreement", agreement.id, organisation_id=agreement.owner_id, number=agreement.number, **told)


def _check_owner(actor: User | None, owner: Organisation) -> None:
    if actor is not None and not may_manage_for(actor, owner):
        raise NotAllowed(_l("Du kan inte lägga upp avtal som %(owner)s äger.", owner=owner.name))


def _check(facts: AgreementFacts, itself: Agreement | None = None) -> None:
    if not re.fullmatch(r"[\w .:-]{1,40}", facts.number):
        raise RuleBroken(_l("Avtalsnumret får ha bokstäver, siffror, mellanslag och . _ - : men inte snedstreck."))
    holder = db.session.scalar(select(Agreement).where(Agreement.number == facts.number))
    if holder is not None and holder is not itself:
        raise RuleBroken(_l("Avtalsnumret %(number)s finns redan.", number=facts.number))
    if facts.ends_on < facts.starts_on:
        raise RuleBroken(_l("Sista dagen ligger före första dagen."))


def _check_reason(reason: str | None, regime: LegalRegime) -> None:
    if not (reason or "").strip():
        years, clause = LONGEST_TERM[regime]
        raise RuleBroken(
            _l(
                "Avtalet blir längre än %(years)s år. Skriv de särskilda skälen (%(clause)s).",
                years=years,
                clause=clause,
            )
        )
