"""Organisation: founding, changing and closing a buyer, and its electronic addresses."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from auth.journal import record
from auth.organisation import Organisation, OrganisationIdentifier, OrganisationKind
from auth.policy import is_system_admin, may_manage_organisation
from auth.user import User
from core.checkdigits import gs1_ok, organisation_number
from core.db import db
from core.errors import NotAllowed, RuleBroken
from core.types import sort_key

GLN = "0088"
ORGANISATION_NUMBER = "0007"
SCHEMES = {ORGANISATION_NUMBER: _l("Organisationsnummer"), GLN: _l("GLN")}


@dataclass(frozen=True, slots=True)
class Identity:
    """What an organisation is: kept by the system administrator."""

    organisation_number: str  # ten digits, checked
    name: str
    kind: OrganisationKind
    order_prefix: str


@dataclass(frozen=True, slots=True)
class Particulars:
    """What an organisation decides itself: addresses, invoices, references, approval by link, and whom it asks."""

    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    invoice_name: str | None = None
    invoice_street: str | None = None
    invoice_postal_code: str | None = None
    invoice_city: str | None = None
    reference_pattern: str | None = None
    reference_hint: str | None = None
    is_reference_on_goods: bool = False
    link_decides_up_to: Decimal | None = None
    contact_buyer_id: int | None = None


def create_organisation(actor: User | None, identity: Identity, particulars: Particulars) -> Organisation:
    """Let a new buyer in. Its organisation number becomes its electronic address, as most have it in Peppol."""
    _check_system(actor)
    organisation = Organisation(
        **asdict(identity) | {"sort_name": sort_key(identity.name)},
        **asdict(particulars),
        identifiers=[OrganisationIdentifier(scheme=ORGANISATION_NUMBER, value=identity.organisation_number)],
    )
    _check(organisation)
    db.session.add(organisation)
    db.session.flush()
    record(actor, "create", "organisation", organisation.id, organisation_id=organisation.id, name=organisation.name)
    return organisation


def edit_organisation(
    actor: User, organisation: Organisation, particulars: Particulars, identity: Identity | None = None
) -> None:
    """Change an organisation; `identity` only by the system administrator."""
    check_manager(actor, organisation)
    values = asdict(particulars)
    if identity is not None:
        _check_system(actor)
        values |= asdict(identity) | {"sort_name": sort_key(identity.name)}
    changed = {key: value for key, value in values.items() if getattr(organisation, key) != value}
    with db.session.no_autoflush:
        for key, value in changed.items():
            setattr(organisation, key, value)
        _check(organisation)
    record(
        actor,
        "edit",
        "organisation",
        organisation.id,
        organisation_id=organisation.id,
        name=organisation.name,
        changed=sorted(changed.keys() - {"sort_name"}),
    )


def close_organisation(actor: User, organisation: Organisation) -> None:
    """Let nobody order or approve there any more; everything that was ordered stays readable to the administrators."""
    _check_system(actor)
    if organisation in actor.organisations():
        raise RuleBroken(_l("Du kan inte stänga en organisation som du själv arbetar i."))
    organisation.is_active = False
    record(actor, "close", "organisation", organisation.id, organisation_id=organisation.id, name=organisation.name)


def reopen_organisation(actor: User, organisation: Organisation) -> None:
    """Undo `close_organisation`."""
    _check_system(actor)
    organisation.is_active = True
    record(actor, "reopen", "organisation", organisation.id, organisation_id=organisation.id, name=organisation.name)


def add_identifier(actor: User, organisation: Organisation, scheme: str, value: str) -> None:
    """Add an electronic address. Raises RuleBroken for a wrong check digit or one that is there already."""
    check_manager(actor, organisation)
    value = checked_identifier(scheme, value)
    if any((i.scheme, i.value) == (scheme, value) for i in organisation.identifiers):
        raise RuleBroken(_l("Adressen finns redan."))
    organisation.identifiers.append(OrganisationIdentifier(scheme=scheme, value=value))
    record(
        actor,
        "add-identifier",
        "organisation",
        organisation.id,
        organisation_id=organisation.id,
        name=organisation.name,
        identifier=f"{scheme}:{value}",
    )


def remove_identifier(actor: User, organisation: Organisation, identifier: OrganisationIdentifier) -> None:
    """Take an electronic address away; one must remain, or no order could say who sends it (PEPPOL-T01)."""
    check_manager(actor, organisation)
    if len(organisation.identifiers) == 1:
        raise RuleBroken(_l("En elektronisk adress måste finnas kvar. Lägg till den nya först."))
    organisation.identifiers.remove(identifier)
    record(
        actor,
        "remove-identifier",
        "organisation",
        organisation.id,
        organisation_id=organisation.id,
        name=organisation.name,
        identifier=f"{identifier.scheme}:{identifier.value}",
    )


def checked_identifier(scheme: str, text: str) -> str:
    """The digits of an electronic address. Raises RuleBroken where the check digit is wrong."""
    if scheme == ORGANISATION_NUMBER:
        try:
            return organisation_number(text)
        except ValueError:
            raise RuleBroken(
                _l("Organisationsnumret stämmer inte. Det har tio siffror, till exempel 212000-2528.")
            ) from None
    if scheme != GLN:
        raise RuleBroken(_l("Välj vilken sorts adress det är."))
    return checked_gln(text)


def checked_gln(text: str) -> str:
    """The thirteen digits of a GLN. Raises RuleBroken for another length or a wrong check digit (GS1)."""
    digits = "".join(text.split()).replace("-", "")
    if len(digits) != 13 or not gs1_ok(digits):
        raise RuleBroken(_l("GLN ska ha 13 siffror, och den sista är en kontrollsiffra. Kontrollera siffrorna."))
    return digits


def _check(organisation: Organisation) -> None:
    others = select(Organisation.id).where(Organisation.id != (organisation.id or 0))
    number, prefix = organisation.organisation_number, organisation.order_prefix
    if db.session.scalar(others.where(Organisation.organisation_number == number)):
        raise RuleBroken(_l("Det finns redan en organisation med det numret."))
    if db.session.scalar(others.where(Organisation.order_prefix == prefix)):
        raise RuleBroken(_l("En annan organisation har redan det prefixet på sina ordernummer."))
    if organisation.reference_pattern:
        check_pattern(organisation.reference_pattern)


MOST_VARIABLE = 4
_REPEATED_GROUP = re.compile(r"\)\s*[*+{]")
_VARIABLE = re.compile(r"(?<![\\(])(?:[*+?]|\{\d*,\d*\})")
_BACK_REFERENCE = re.compile(r"\\[1-9]|\(\?P=")


def check_pattern(pattern: str) -> None:
    """A pattern for references must be a regular expression, and not one that takes for ever. Raises RuleBroken.

    Time grows with the power of the parts of variable length, and without bounds in a group that is repeated.
    """
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        raise RuleBroken(
            _l("Mönstret för referenser går inte att läsa. Exempel: %(example)s för fem siffror.", example="[0-9]{5}")
        ) from None
    is_deep = _REPEATED_GROUP.search(pattern) or _BACK_REFERENCE.search(pattern)
    if is_deep or len(_VARIABLE.findall(pattern)) > MOST_VARIABLE:
        raise RuleBroken(
            _l(
                "Mönstret är för invecklat. Upprepa ingen grupp, och ha högst %(count)s delar av varierande längd.",
                count=MOST_VARIABLE,
            )
        )


def _check_system(actor: User | None) -> None:
    if actor is not None and not is_system_admin(actor):
        raise NotAllowed(_l("Bara systemadministratören får göra det."))


def check_manager(actor: User, organisation: Organisation) -> None:
    """Raises NotAllowed for whoever does not keep the organisation's units, addresses and people."""
    if not may_manage_organisation(actor, organisation):
        raise NotAllowed(_l("Bara organisationens administratör får göra det."))
