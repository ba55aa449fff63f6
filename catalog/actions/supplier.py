"""Enter, edit, block and unblock suppliers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from auth.journal import record
from auth.user import User
from catalog.actions.change import Facts, apply, check_version
from catalog.policy import may_block_supplier, may_create_supplier, may_edit_supplier
from catalog.supplier import Channel, Supplier
from catalog.supplier_block import SupplierBlock, open_block
from core.checkdigits import gs1_ok, organisation_number
from core.clock import now, today
from core.db import db
from core.errors import NotAllowed, RuleBroken, WrongState
from core.types import sort_key


@dataclass(frozen=True, kw_only=True)
class SupplierFacts(Facts):
    """What is told of a supplier; `organisation_number` is ten digits."""

    organisation_number: str
    name: str
    order_email: str | None = None
    channel: Channel = Channel.EMAIL
    peppol_scheme: str | None = None
    peppol_id: str | None = None
    contact_name: str | None = None
    phone: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str = "SE"


def create(actor: User | None, facts: SupplierFacts) -> Supplier:
    """Enter a supplier. Raises RuleBroken for a number that is wrong or taken."""
    if actor and not may_create_supplier(actor):
        raise NotAllowed(_l("Bara den som äger avtal får lägga till leverantörer."))
    _check(facts)
    if db.session.scalar(select(Supplier.id).where(Supplier.organisation_number == facts.organisation_number)):
        raise RuleBroken(
            _l("Det finns redan en leverantör med organisationsnumret %(number)s.", number=facts.organisation_number)
        )
    supplier = Supplier(sort_name=sort_key(facts.name))
    apply(supplier, facts)
    db.session.add(supplier)
    db.session.flush()
    record(actor, "create", "supplier", supplier.id, name=supplier.name, number=supplier.organisation_number)
    return supplier


def edit(actor: User | None, supplier: Supplier, facts: SupplierFacts, version: int) -> Supplier:
    """Change what is told of a supplier; the change of an order address is the journal's most wanted line."""
    if actor and not may_edit_supplier(actor, supplier):
        raise NotAllowed(_l("Leverantören används i avtal som din organisation inte äger. Kontakta kontoret."))
    check_version(supplier.version, version)
    _check(facts)
    taken = select(Supplier.id).where(
        Supplier.organisation_number == facts.organisation_number, Supplier.id != supplier.id
    )
    if db.session.scalar(taken):
        raise RuleBroken(
            _l("Det finns redan en leverantör med organisationsnumret %(number)s.", number=facts.organisation_number)
        )
    if changes := apply(supplier, facts):
        supplier.sort_name = sort_key(supplier.name)
        db.session.flush()
        record(actor, "edit", "supplier", supplier.id, name=supplier.name, changes=changes)
    return supplier


def block(
    actor: User, supplier: Supplier, reason: str, *, decision: str | None = None, starts_on: date | None = None
) -> SupplierBlock:
    """Stop every new order to the supplier at once (sanctions, insolvency, exclusion: LOU 13 kap.), or from a day that
    comes: the worker then begins it. Raises NotAllowed, RuleBroken, WrongState."""
    _check_may_block(actor)
    if not reason.strip():
        raise RuleBroken(_l("Skriv varför leverantören spärras. Det visas för den som försöker beställa."))
    hold_orders(supplier)
    if supplier.is_blocked or open_block(supplier) is not None:
        raise WrongState(_l("%(name)s är redan spärrad, eller ska bli det.", name=supplier.name))
    made = SupplierBlock(
        supplier=supplier,
        starts_on=starts_on or today(),
        reason=reason.strip(),
        decision=(decision or "").strip() or None,
        made_at=now(),
        made_by=actor,
    )
    db.session.add(made)
    if made.starts_on <= today():
        begin(made)
    db.session.flush()
    told: dict[str, Any] = {"reason": made.reason, "starts_on": made.starts_on.isoformat()}
    if made.decision is not None:
        told["decision"] = made.decision
    record(actor, "block", "supplier", supplier.id, name=supplier.name, **told)
    return made


def hold_orders(supplier: Supplier) -> None:
    """Let no order be placed with it until the transaction ends, and read it anew: an order that is being placed is
    waited for, and one that comes now waits and meets what is decided here."""
    db.session.flush()
    db.session.refresh(supplier, with_for_update=True)


def begin(planned: SupplierBlock) -> None:
    """From now on every gate refuses the supplier."""
    supplier = planned.supplier
    planned.begun_at = supplier.blocked_at = now()
    supplier.blocked_reason = planned.reason
    supplier.blocked_by_id = planned.made_by.id if planned.made_by is not None else None


def unblock(actor: User, supplier: Supplier, reason: str) -> None:
    """Let orders through again, or take a planned block back."""
    _check_may_block(actor)
    if not reason.strip():
        raise RuleBroken(_l("Skriv varför spärren tas bort."))
    hold_orders(supplier)
    made = open_block(supplier)
    if made is None and not supplier.is_blocked:
        raise WrongState(_l("%(name)s är inte spärrad.", name=supplier.name))
    if made is not None:
        made.lifted_at, made.lifted_by, made.lift_reason = now(), actor, reason.strip()
    supplier.blocked_at = supplier.blocked_reason = supplier.blocked_by_id = None
    record(actor, "unblock", "supplier", supplier.id, name=supplier.name, reason=reason.strip())


def _check(facts: SupplierFacts) -> None:
    try:
        if organisation_number(facts.organisation_number) != facts.organisation_number:
            raise ValueError("Ett organisationsnummer har tio siffror, till exempel 212000-2528.")
    except ValueError as error:
        raise RuleBroken(str(error)) from None
    if bool(facts.peppol_scheme) != bool(facts.peppol_id):
        raise RuleBroken(_l("Ett Peppol-id har två delar: typ och nummer. Fyll i båda eller ingen."))
    if facts.peppol_scheme == "0088" and not (len(facts.peppol_id or "") == 13 and gs1_ok(facts.peppol_id or "")):
        raise RuleBroken(_l("Peppol-id av typen 0088 är ett GLN: tretton siffror där den sista är en kontrollsiffra."))
    if facts.channel is Channel.PEPPOL and not facts.peppol_id:
        raise RuleBroken(_l("Leverantören behöver ett Peppol-id för att få beställningar den vägen."))


def _check_may_block(actor: User) -> None:
    if not may_block_supplier(actor):
        raise NotAllowed(_l("Bara det gemensamma kontoret får spärra en leverantör."))
