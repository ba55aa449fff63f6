"""Organisations and people."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from auth.organisation import DeliveryAddress, Organisation, OrganisationKind, Unit
from auth.permission import Role
from auth.substitution import Substitution
from auth.user import Membership, User
from core.checkdigits import luhn_check_digit
from core.clock import now, today
from core.db import db
from core.types import sort_key
from tests.factories import unique

LONG_AGO = date(2020, 1, 1)
PASSWORD = "norrsken-kaffe-7"


def organisation_number() -> str:
    """A valid number that belongs to nobody."""
    digits = f"2129{unique():05d}"
    return f"{digits}{luhn_check_digit(digits)}"


def make_organisation(**values: object) -> Organisation:
    number = unique()
    values.setdefault("name", f"Kommun {number}")
    organisation = Organisation(
        **{
            "organisation_number": organisation_number(),
            "sort_name": sort_key(str(values["name"])),
            "kind": OrganisationKind.MUNICIPALITY,
            "order_prefix": f"K{number}",
            "street": "Rådhusgatan 1",
            "postal_code": "83182",
            "city": "Östersund",
            **values,
        }
    )
    db.session.add(organisation)
    db.session.flush()
    return organisation


def make_office(**values: object) -> Organisation:
    return make_organisation(**{"name": "Upphandlingskontoret", "kind": OrganisationKind.OFFICE, **values})


def make_unit(organisation: Organisation | None = None, parent: Unit | None = None, **values: object) -> Unit:
    number = unique()
    organisation = organisation or (parent.organisation if parent else make_organisation())
    unit = Unit(**{"organisation": organisation, "code": f"U{number}", "name": f"Skola {number}", **values})
    db.session.add(unit)
    db.session.flush()
    unit.place_below(parent)
    db.session.flush()
    return unit


def make_address(unit: Unit, **values: object) -> DeliveryAddress:
    address = DeliveryAddress(
        **{
            "unit": unit,
            "name": f"{unit.name}, godsmottagning",
            "street": "Skolgatan 2",
            "postal_code": "83131",
            "city": "Östersund",
            "goods_marking": unit.code,
            **values,
        }
    )
    db.session.add(address)
    db.session.flush()
    return address


def make_user(**values: object) -> User:
    number = unique()
    values.setdefault("name", f"Karin Person {number}")
    user = User(**{"email": f"person{number}@kommun.example", "sort_name": sort_key(str(values["name"])), **values})
    db.session.add(user)
    db.session.flush()
    return user


def make_member(
    role: Role,
    organisation: Organisation,
    unit: Unit | None = None,
    *,
    user: User | None = None,
    amount_limit: Decimal | None = None,
    starts_on: date = LONG_AGO,
    ends_on: date | None = None,
    **values: object,
) -> User:
    """A person with a role in an organisation, at a unit or everywhere in it."""
    user = user or make_user(**values)
    user.memberships.append(
        Membership(
            organisation=organisation,
            unit=unit,
            role=role,
            amount_limit=amount_limit,
            starts_on=starts_on,
            ends_on=ends_on,
        )
    )
    db.session.flush()
    return user


def make_substitution(organisation: Organisation, absent: User, substitute: User, **values: object) -> Substitution:
    """Somebody decides for somebody else; today alone, as the absent one has decided."""
    substitution = Substitution(
        **{
            "organisation": organisation,
            "absent": absent,
            "substitute": substitute,
            "starts_on": today(),
            "ends_on": today(),
            "decided_by": absent,
            "created_at": now(),
            **values,
        }
    )
    db.session.add(substitution)
    db.session.flush()
    return substitution
