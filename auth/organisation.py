"""Organisation: a contracting authority or company that orders in its own name, with its units and addresses."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import Enum

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base
from core.errors import RuleBroken
from core.tree import LONGEST_PATH, checked_path
from core.types import Amount, TextEnum

LONGEST_MARKING = 100


class OrganisationKind(str, Enum):
    MUNICIPALITY = "municipality"
    COMPANY = "company"
    FEDERATION = "federation"
    OFFICE = "office"  # the joint procurement office: sees every agreement and its use


class Organisation(Base):
    """A buyer in the eyes of the law (LOU 1 kap.): it is entitled to agreements, and orders are numbered per
    organisation."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_number: Mapped[str] = mapped_column(String(10), unique=True)  # ten digits, Luhn-checked at the door
    name: Mapped[str] = mapped_column(String(200))
    sort_name: Mapped[str] = mapped_column(String(255, collation="C").with_variant(String(255), "sqlite"))
    kind: Mapped[OrganisationKind] = mapped_column(TextEnum(OrganisationKind))
    order_prefix: Mapped[str] = mapped_column(String(8), unique=True)  # ÖSD in ÖSD-2026-00017, kept ASCII-safe
    street: Mapped[str | None] = mapped_column(String(200))
    postal_code: Mapped[str | None] = mapped_column(String(10))
    city: Mapped[str | None] = mapped_column(String(100))
    invoice_name: Mapped[str | None] = mapped_column(String(200))  # the invoicee where it has another name
    invoice_street: Mapped[str | None] = mapped_column(String(200))
    invoice_postal_code: Mapped[str | None] = mapped_column(String(10))
    invoice_city: Mapped[str | None] = mapped_column(String(100))
    reference_pattern: Mapped[str | None] = mapped_column(String(200))  # a regular expression for buyer references
    reference_hint: Mapped[str | None] = mapped_column(String(200))
    is_reference_on_goods: Mapped[bool] = mapped_column(default=False)  # printed in the goods marking too
    link_decides_up_to: Mapped[Decimal | None] = mapped_column(Amount)  # below it; none: always log in first
    union_from: Mapped[Decimal | None] = mapped_column(Amount)  # from it on two take the last step; none: one does
    remind_after_days: Mapped[int | None]  # that an approval has waited; none: never
    escalate_after_days: Mapped[int | None]
    contact_buyer_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))  # who is asked at the office
    is_active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    identifiers: Mapped[list[OrganisationIdentifier]] = relationship(
        back_populates="organisation", cascade="all, delete-orphan", order_by="OrganisationIdentifier.id"
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_office(self) -> bool:
        return self.kind is OrganisationKind.OFFICE

    @property
    def vat_number(self) -> str:
        """The Swedish VAT number of a legal person: SE, ten digits, 01."""
        return f"SE{self.organisation_number}01"

    def check_reference(self, reference: str | None) -> None:
        """The buyer's reference must look as the organisation's invoices need it. Raises RuleBroken."""
        if self.reference_pattern and not re.fullmatch(self.reference_pattern, reference or ""):
            raise RuleBroken(
                _l(
                    "Beställarreferensen %(reference)s har fel form. Den ska se ut så här: %(hint)s",
                    reference=reference or "–",
                    hint=self.reference_hint or self.reference_pattern,
                )
            )

    def marking_of(self, marking: str | None, reference: str | None) -> str | None:
        """What the goods are marked with: the address's own words, and the reference where the organisation wants it
        there. As long as its column: a parcel must find its way before anybody looks for the reference."""
        marking, reference = marking or "", reference or ""
        if self.is_reference_on_goods and reference not in marking:
            marking = f"{marking} {reference}".strip()
        return marking[:LONGEST_MARKING] or None


class OrganisationIdentifier(Base):
    """An electronic address of an organisation; one organisation may have several, for different uses."""

    __tablename__ = "organisation_identifier"
    __table_args__ = (UniqueConstraint("organisation_id", "scheme", "value"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="CASCADE"))
    scheme: Mapped[str] = mapped_column(String(4))  # 0007 organisation number, 0088 GLN
    value: Mapped[str] = mapped_column(String(35))
    use: Mapped[str] = mapped_column(String(40), default="order")  # "order" is the endpoint of our orders

    organisation: Mapped[Organisation] = relationship(back_populates="identifiers")


class Unit(Base):
    """A unit of cost responsibility (ansvar), in a tree: administration, department, school."""

    __tablename__ = "unit"
    __table_args__ = (
        UniqueConstraint("organisation_id", "code"),
        CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_own_parent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    path: Mapped[str] = mapped_column(String(LONGEST_PATH), default="/")  # ids from the root and its own: /3/17/
    is_active: Mapped[bool] = mapped_column(default=True)
    # Order first and be approved after: up to so much (SEK excl. VAT) and within so many hours. None: it may not.
    emergency_cap: Mapped[Decimal | None] = mapped_column(Amount)
    emergency_hours: Mapped[int | None]

    organisation: Mapped[Organisation] = relationship()
    parent: Mapped[Unit | None] = relationship(remote_side=[id])

    def is_within(self, branch: Unit) -> bool:
        """Whether this unit is `branch` or lies below it."""
        return self.path.startswith(branch.path)

    def place_below(self, parent: Unit | None) -> None:
        """Set the place in the tree; the unit must have its id. Raises RuleBroken for a ring, a foreign parent
        or too many levels."""
        if parent is not None and (parent.organisation_id != self.organisation_id):
            raise RuleBroken(_l("En enhet kan bara ligga under en enhet i samma organisation."))
        if parent is not None and self.path != "/" and parent.is_within(self):
            raise RuleBroken(_l("En enhet kan inte ligga under sig själv."))
        self.parent = parent
        self.path = checked_path(f"{parent.path if parent else '/'}{self.id}/")


class DeliveryAddress(Base):
    """Where goods are delivered to: a door, a GLN and what the parcels must be marked with."""

    __tablename__ = "delivery_address"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    street: Mapped[str] = mapped_column(String(200))
    postal_code: Mapped[str] = mapped_column(String(10))
    city: Mapped[str] = mapped_column(String(100))
    gln: Mapped[str | None] = mapped_column(String(13))
    goods_marking: Mapped[str | None] = mapped_column(String(100))
    instructions: Mapped[str | None] = mapped_column(String(500))
    is_active: Mapped[bool] = mapped_column(default=True)

    unit: Mapped[Unit] = relationship()


def holds_on(starts_on: date, ends_on: date | None, on: date) -> bool:
    """Whether a dated right holds on a day; both ends are inclusive, no end means until further notice."""
    return starts_on <= on and (ends_on is None or on <= ends_on)
