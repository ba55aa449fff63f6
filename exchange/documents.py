"""The order as the supplier meets it: frozen, format-neutral, with every total already decided.

The PDF and the UBL are both made from one `OrderDocument`, so they cannot disagree. Nothing here
computes: amounts come from `orders.totals`, texts were copied when the requisition was submitted.

Amounts are SEK excluding VAT with 2 decimals unless the name says otherwise; unit prices have up to
4 decimals and hold for `base_quantity` units; quantities have up to 3 decimals.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier in a numbered scheme: ISO 6523 ICD `0007` Swedish organisation number (ten digits),
    `0088` GLN, `0160` GTIN (domain of the Peppol code lists)."""

    scheme: str
    value: str


@dataclass(frozen=True, slots=True)
class AddressDocument:
    street: str | None
    postal_code: str | None
    city: str | None
    additional: str | None = None
    country: str = "SE"


@dataclass(frozen=True, slots=True)
class ContactDocument:
    name: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class PartyDocument:
    """A party of the order: buyer, seller or invoicee."""

    name: str
    organisation_number: str  # ten digits, no hyphen
    address: AddressDocument
    endpoint: Identifier  # the Peppol address; the organisation number (0007) where nothing better is known
    contact: ContactDocument = ContactDocument()
    vat_number: str | None = None  # with country prefix: SE212000252801


@dataclass(frozen=True, slots=True)
class DeliveryDocument:
    """Where and when, and what the goods must be marked with."""

    name: str
    address: AddressDocument
    gln: str | None = None
    contact: ContactDocument = ContactDocument()
    goods_marking: str | None = None
    instructions: str | None = None
    wanted_on: date | None = None


@dataclass(frozen=True, slots=True)
class LineDocument:
    position: int  # 1, 2, 3 … unique within the order
    name: str
    quantity: Decimal
    unit_code: str  # UN/ECE Rec 20, or Rec 21 with prefix X
    unit_price: Decimal  # SEK for `base_quantity` units
    base_quantity: Decimal
    net_amount: Decimal
    vat_percent: Decimal
    supplier_article_number: str
    description: str | None = None
    gtin: str | None = None
    classification: str | None = None  # UNSPSC (list id TST)
    accounting_cost: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ChargeDocument:
    """Freight or small-order fee on the whole order (Peppol AllowanceCharge, ChargeIndicator true)."""

    reason: str
    amount: Decimal
    vat_percent: Decimal
    reason_code: str = "FC"  # UNCL 7161: FC freight, ADR other services


@dataclass(frozen=True, slots=True)
class VatDocument:
    """VAT of one rate, reckoned on the sum of the net amounts of that rate (EN 16931 BG-23)."""

    percent: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class TotalsDocument:
    lines: Decimal  # sum of the rounded lines
    charges: Decimal
    net: Decimal  # lines + charges
    vat: Decimal
    gross: Decimal  # net + vat
    vat_rates: tuple[VatDocument, ...]  # highest rate first


@dataclass(frozen=True, slots=True)
class ApproverDocument:
    name: str
    approved_at: datetime  # aware
    on_behalf_of: str | None = None


class Standing(str, Enum):
    """Is it an order, or only on its way to become one? A draft never looks like an order."""

    DRAFT = "draft"
    PLACED = "placed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class OrderDocument:
    number: str | None  # none for a draft
    standing: Standing
    issued_at: datetime  # aware; the order date is its Stockholm day
    agreement_number: str
    agreement_title: str
    buyer: PartyDocument
    seller: PartyDocument
    invoicee: PartyDocument
    originator: str  # the ordering unit
    orderer: ContactDocument
    delivery: DeliveryDocument
    lines: tuple[LineDocument, ...]
    totals: TotalsDocument
    approvers: tuple[ApproverDocument, ...] = ()
    charges: tuple[ChargeDocument, ...] = ()
    buyer_reference: str | None = None  # beställarreferens, to be quoted on the invoice
    accounting_cost: str | None = None
    requisition_number: str | None = None
    registry_number: str | None = None  # the agreement's diarienummer
    note: str | None = None  # message to the supplier
    payment_terms: str | None = None
    currency: str = "SEK"
    valid_until: date | None = None
    is_emergency: bool = False  # ordered before it was approved
    period: tuple[date, date] | None = None  # of a blanket order, both days included
    cancel_reason: str | None = None
    link: str | None = None  # address that the printed code leads to (ASCII)
