"""Unit: the tree of cost responsibility and where each unit takes its deliveries."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from auth.actions.organisation import check_manager, checked_gln
from auth.journal import record
from auth.organisation import DeliveryAddress, Organisation, Unit
from auth.permission import Role
from auth.queries import branch_of
from auth.user import User
from core.db import db, hold
from core.errors import NotAllowed, RuleBroken
from core.tree import checked_path


def create_unit(actor: User, organisation: Organisation, code: str, name: str, parent: Unit | None) -> Unit:
    """A new unit. Raises RuleBroken when the code is taken or the parent is another organisation's."""
    check_manager(actor, organisation)
    _hold_tree(organisation, parent)
    _check_code(organisation, code)
    unit = Unit(organisation=organisation, code=code, name=name)
    db.session.add(unit)
    db.session.flush()  # its place in the tree is written with its id
    _place(unit, parent)
    _record(actor, "create", unit)
    return unit


def edit_unit(actor: User, unit: Unit, code: str, name: str, parent: Unit | None) -> None:
    """Change a unit, and move it with everything below it."""
    check_manager(actor, unit.organisation)
    _check_code(unit.organisation, code, but=unit)
    if parent != unit.parent:
        move_unit(actor, unit, parent)
    if (unit.code, unit.name) != (code, name):
        unit.code, unit.name = code, name
        _record(actor, "edit", unit)


def allow_emergency(actor: User, unit: Unit, cap: Decimal | None, hours: int | None) -> None:
    """Let a unit order first and be approved after: up to an amount in SEK excl. VAT, within so many hours; or not, by
    none of both. The organisation's own administrator says so, not the system's. Raises NotAllowed, RuleBroken."""
    check_manager(actor, unit.organisation)
    if (cap is None) != (hours is None):
        raise RuleBroken(_l("Ange både högsta belopp och timmar för nödbeställning, eller ingetdera."))
    if (unit.emergency_cap, unit.emergency_hours) != (cap, hours):
        if Role.ORGANISATION_ADMIN not in actor.roles_in(unit.organisation_id):
            raise NotAllowed(_l("Bara organisationens administratör bestämmer om nödbeställning."))
        unit.emergency_cap, unit.emergency_hours = cap, hours
        told = {"cap": str(cap) if cap is not None else None, "hours": hours}
        _record(actor, "allow-emergency" if cap is not None else "forbid-emergency", unit, **told)


def move_unit(actor: User, unit: Unit, parent: Unit | None) -> None:
    """Put a unit, and its branch, below another one or at the root. Two moves at once cannot make a ring."""
    check_manager(actor, unit.organisation)
    _hold_tree(unit.organisation, unit, parent)
    branch, former = branch_of(unit), unit.path
    _place(unit, parent)
    for below in branch:
        below.path = checked_path(unit.path + below.path.removeprefix(former))
    _record(actor, "move", unit, below=parent.name if parent else None)


def close_unit(actor: User, unit: Unit) -> None:
    """Let nobody order for the unit any more. Raises RuleBroken while units below it are open."""
    check_manager(actor, unit.organisation)
    _hold_tree(unit.organisation, unit)
    if any(below.is_active for below in branch_of(unit)):
        raise RuleBroken(_l("Det finns enheter under den här som är öppna. Stäng eller flytta dem först."))
    unit.is_active = False
    _record(actor, "close", unit)


def reopen_unit(actor: User, unit: Unit) -> None:
    """Undo `close_unit`. Raises RuleBroken while the unit above it is closed."""
    check_manager(actor, unit.organisation)
    _hold_tree(unit.organisation, unit.parent)
    if unit.parent is not None and not unit.parent.is_active:
        raise RuleBroken(_l("Enheten ovanför är stängd. Öppna den först, eller flytta den här."))
    unit.is_active = True
    _record(actor, "reopen", unit)


@dataclass(frozen=True, slots=True)
class Place:
    """Where goods are delivered to; `gln` as typed, `goods_marking` is printed on the parcels."""

    name: str
    street: str
    postal_code: str
    city: str
    gln: str | None = None
    goods_marking: str | None = None
    instructions: str | None = None


def create_address(actor: User, unit: Unit, place: Place) -> DeliveryAddress:
    """A new place of delivery for a unit."""
    check_manager(actor, unit.organisation)
    address = DeliveryAddress(unit=unit, **_checked(place))
    db.session.add(address)
    db.session.flush()
    _record_address(actor, "create", address)
    return address


def edit_address(actor: User, address: DeliveryAddress, place: Place) -> None:
    """Change a place of delivery. Orders keep the address they were placed with."""
    check_manager(actor, address.unit.organisation)
    for key, value in _checked(place).items():
        setattr(address, key, value)
    _record_address(actor, "edit", address)


def close_address(actor: User, address: DeliveryAddress) -> None:
    """Let nobody order to the address any more."""
    check_manager(actor, address.unit.organisation)
    address.is_active = False
    _record_address(actor, "close", address)


def reopen_address(actor: User, address: DeliveryAddress) -> None:
    """Undo `close_address`."""
    check_manager(actor, address.unit.organisation)
    address.is_active = True
    _record_address(actor, "reopen", address)


def _checked(place: Place) -> dict[str, str | None]:
    return asdict(place) | {"gln": checked_gln(place.gln) if place.gln else None}


def _hold_tree(organisation: Organisation, *units: Unit | None) -> None:
    """One at a time changes the tree of an organisation: what is put below a unit lies where that unit lies now."""
    hold(organisation)
    db.session.flush()  # or what is not written yet is forgotten
    for unit in units:
        if unit is not None:
            db.session.refresh(unit, ["path", "is_active"])


def _place(unit: Unit, parent: Unit | None) -> None:
    if parent is not None and not parent.is_active:
        raise RuleBroken(_l("Enheten ovanför är stängd. Välj en annan."))
    unit.place_below(parent)


def _check_code(organisation: Organisation, code: str, but: Unit | None = None) -> None:
    taken = select(Unit.id).where(Unit.organisation_id == organisation.id, Unit.code == code)
    if db.session.scalar(taken.where(Unit.id != (but.id if but else 0))):
        raise RuleBroken(_l("En annan enhet har redan koden %(code)s.", code=code))


def _record(actor: User, act: str, unit: Unit, **detail: Any) -> None:
    name = f"{unit.code} {unit.name}"
    record(actor, act, "unit", unit.id, organisation_id=unit.organisation_id, name=name, **detail)


def _record_address(actor: User, act: str, address: DeliveryAddress) -> None:
    unit = address.unit
    record(actor, act, "address", address.id, organisation_id=unit.organisation_id, name=address.name, unit=unit.name)
