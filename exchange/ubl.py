"""The order as Peppol BIS Order 3 (transaction T01, UBL 2.1), written with lxml.

Totals are taken from the document, never computed, so that the XML and the PDF cannot disagree. What is
missing leaves no element behind: an empty one is fatal (PEPPOL-COMMON-R001). The functions below stand in
the order of the schema's elements, from the top of the document to the bottom.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TypeGuard

from lxml import etree

from core import clock
from exchange.documents import (
    AddressDocument,
    ChargeDocument,
    ContactDocument,
    DeliveryDocument,
    LineDocument,
    OrderDocument,
    PartyDocument,
    Standing,
)

CUSTOMIZATION = "urn:fdc:peppol.eu:poacc:trns:order:3"
ORDERING = "urn:fdc:peppol.eu:poacc:bis:ordering:3"  # the supplier answers; order_only:3 where it cannot

_ORDER = "urn:oasis:names:specification:ubl:schema:xsd:Order-2"
_CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
_CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
_NAMESPACES = {None: _ORDER, "cac": _CAC, "cbc": _CBC}
_GROUP, _FIELD = f"{{{_CAC}}}", f"{{{_CBC}}}"

_ORGANISATION, _GLN, _GTIN = "0007", "0088", "0160"  # ISO 6523 ICD
_PURCHASE_ORDER = "220"  # UNCL 1001
_UNSPSC = "TST"  # UNCL 7143
_NO_SHIPMENT = "NA"  # Shipment/ID is mandatory and unknown to a buyer; the official example writes this

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
_BLANK = re.compile(r"(?:\s|" + _FORBIDDEN.pattern + ")*")


def render_order(document: OrderDocument, profile: str = ORDERING) -> bytes:
    """The placed order as UTF-8 XML; the same document always gives the same bytes.

    Give `valid_until`, without which the rules warn (PEPPOL-T01-R002). Raises ValueError for a draft and for
    a cancelled order, since T01 cannot say that it is not a live order, and where a mandatory text is empty.
    """
    if document.standing is not Standing.PLACED:
        raise ValueError(f"only a placed order may become a Peppol order, this one is {document.standing.value}")
    order = etree.Element(f"{{{_ORDER}}}Order", nsmap=_NAMESPACES)  # type: ignore[arg-type]  # stubs forget None
    _header(order, document, profile)
    _references(order, document)
    _parties(order, document)
    _delivery(order, document.delivery)
    if _has_text(document.payment_terms):
        _field(_group(order, "PaymentTerms"), "Note", document.payment_terms)
    for charge in document.charges:
        _charge(order, charge, document.currency)
    _totals(order, document)
    for line in document.lines:
        _line(order, line, document.currency)
    xml: bytes = etree.tostring(order, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return xml


def _header(order: etree._Element, document: OrderDocument, profile: str) -> None:
    issued = clock.local(document.issued_at)
    _field(order, "CustomizationID", CUSTOMIZATION)
    _field(order, "ProfileID", profile)
    _must(order, "ID", document.number)
    _field(order, "IssueDate", issued.date().isoformat())
    _field(order, "IssueTime", issued.strftime("%H:%M:%S"))
    _field(order, "OrderTypeCode", _PURCHASE_ORDER)
    _field(order, "Note", document.note)
    _field(order, "DocumentCurrencyCode", document.currency)
    _field(order, "CustomerReference", document.buyer_reference)
    _field(order, "AccountingCost", document.accounting_cost)


def _references(order: etree._Element, document: OrderDocument) -> None:
    if document.valid_until:
        _field(_group(order, "ValidityPeriod"), "EndDate", document.valid_until.isoformat())
    if _has_text(document.requisition_number):
        _field(_group(order, "OriginatorDocumentReference"), "ID", document.requisition_number)
    _must(_group(order, "Contract"), "ID", document.agreement_number)


def _parties(order: etree._Element, document: OrderDocument) -> None:
    buyer, seller, invoicee = document.buyer, document.seller, document.invoicee
    contact = buyer.contact if _reachable(buyer.contact) else document.orderer
    _party(_group(order, "BuyerCustomerParty"), buyer, contact)
    # T01 has no place for the seller's VAT number
    _party(_group(order, "SellerSupplierParty"), replace(seller, vat_number=None), seller.contact)
    if _has_text(document.originator):
        node = _group(_group(order, "OriginatorCustomerParty"), "Party")
        _field(_group(node, "PartyName"), "Name", document.originator)
        _contact(node, document.orderer)
    _party(_group(order, "AccountingCustomerParty"), invoicee, invoicee.contact)


def _party(role: etree._Element, party: PartyDocument, contact: ContactDocument) -> None:
    node = _group(role, "Party")
    _must(node, "EndpointID", party.endpoint.value).set("schemeID", party.endpoint.scheme)
    _must(_group(node, "PartyName"), "Name", party.name)
    _address(_group(node, "PostalAddress"), party.address)
    if _has_text(party.vat_number):
        scheme = _group(node, "PartyTaxScheme")
        _field(scheme, "CompanyID", party.vat_number)
        _field(_group(scheme, "TaxScheme"), "ID", "VAT")
    legal = _group(node, "PartyLegalEntity")
    _must(legal, "RegistrationName", party.name)
    _must(legal, "CompanyID", party.organisation_number).set("schemeID", _ORGANISATION)
    _contact(node, contact)


def _address(node: etree._Element, address: AddressDocument) -> None:
    _field(node, "StreetName", address.street)
    _field(node, "AdditionalStreetName", address.additional)
    _field(node, "CityName", address.city)
    _field(node, "PostalZone", address.postal_code)
    _must(_group(node, "Country"), "IdentificationCode", address.country)


def _reachable(contact: ContactDocument) -> bool:
    return _has_text(contact.name) or _has_text(contact.phone) or _has_text(contact.email)


def _contact(party: etree._Element, contact: ContactDocument) -> None:
    if _reachable(contact):
        node = _group(party, "Contact")
        _field(node, "Name", contact.name)
        _field(node, "Telephone", contact.phone)
        _field(node, "ElectronicMail", contact.email)


def _delivery(order: etree._Element, delivery: DeliveryDocument) -> None:
    node = _group(order, "Delivery")
    location = _group(node, "DeliveryLocation")
    if _has_text(delivery.gln):
        _must(location, "ID", delivery.gln).set("schemeID", _GLN)
    _address(_group(location, "Address"), delivery.address)
    if delivery.wanted_on:
        period = _group(node, "RequestedDeliveryPeriod")
        _field(period, "StartDate", delivery.wanted_on.isoformat())
        _field(period, "EndDate", delivery.wanted_on.isoformat())
    party = _group(node, "DeliveryParty")
    _must(_group(party, "PartyName"), "Name", delivery.name)
    _contact(party, delivery.contact)
    if _has_text(delivery.goods_marking):
        shipment = _group(node, "Shipment")
        _field(shipment, "ID", _NO_SHIPMENT)
        _field(_group(shipment, "TransportHandlingUnit"), "ShippingMarks", delivery.goods_marking)
    if _has_text(delivery.instructions):
        _field(_group(order, "DeliveryTerms"), "SpecialTerms", delivery.instructions)


def _charge(order: etree._Element, charge: ChargeDocument, currency: str) -> None:
    node = _group(order, "AllowanceCharge")
    _field(node, "ChargeIndicator", "true")
    _field(node, "AllowanceChargeReasonCode", charge.reason_code)
    _must(node, "AllowanceChargeReason", charge.reason)
    _amount(node, "Amount", charge.amount, currency)
    _tax_category(node, "TaxCategory", charge.vat_percent)


def _totals(order: etree._Element, document: OrderDocument) -> None:
    totals, currency = document.totals, document.currency
    _amount(_group(order, "TaxTotal"), "TaxAmount", totals.vat, currency)
    node = _group(order, "AnticipatedMonetaryTotal")
    _amount(node, "LineExtensionAmount", totals.lines, currency)
    _amount(node, "TaxExclusiveAmount", totals.net, currency)
    _amount(node, "TaxInclusiveAmount", totals.gross, currency)
    if document.charges:
        _amount(node, "ChargeTotalAmount", totals.charges, currency)
    _amount(node, "PayableAmount", totals.gross, currency)


def _line(order: etree._Element, line: LineDocument, currency: str) -> None:
    outer = _group(order, "OrderLine")
    _field(outer, "Note", line.note)
    node = _group(outer, "LineItem")
    _field(node, "ID", str(line.position))
    _element(node, "Quantity", _plain(line.quantity)).set("unitCode", line.unit_code)
    _amount(node, "LineExtensionAmount", line.net_amount, currency)
    _field(node, "AccountingCost", line.accounting_cost)
    price = _group(node, "Price")
    _element(price, "PriceAmount", _plain(line.unit_price)).set("currencyID", currency)
    _element(price, "BaseQuantity", _plain(line.base_quantity)).set("unitCode", line.unit_code)
    _item(_group(node, "Item"), line)


def _item(node: etree._Element, line: LineDocument) -> None:
    _field(node, "Description", line.description)
    _must(node, "Name", line.name)
    if _has_text(line.supplier_article_number):
        _field(_group(node, "SellersItemIdentification"), "ID", line.supplier_article_number)
    if _has_text(line.gtin):
        _must(_group(node, "StandardItemIdentification"), "ID", line.gtin).set("schemeID", _GTIN)
    if _has_text(line.classification):
        classification = _group(node, "CommodityClassification")
        _must(classification, "ItemClassificationCode", line.classification).set("listID", _UNSPSC)
    _tax_category(node, "ClassifiedTaxCategory", line.vat_percent)


def _tax_category(parent: etree._Element, tag: str, percent: Decimal) -> None:
    """S above zero, Z at zero: a standard rate of 0 % is fatal (PEPPOL-T01-R030)."""
    node = _group(parent, tag)
    _field(node, "ID", "S" if percent else "Z")
    _field(node, "Percent", _plain(percent))
    _field(_group(node, "TaxScheme"), "ID", "VAT")


def _group(parent: etree._Element, tag: str) -> etree._Element:
    return etree.SubElement(parent, _GROUP + tag)


def _field(parent: etree._Element, tag: str, text: str | None) -> None:
    """Append an element with this text; nothing at all where there is no text."""
    if _has_text(text):
        _element(parent, tag, text)


def _must(parent: etree._Element, tag: str, text: str | None) -> etree._Element:
    if not _has_text(text):
        raise ValueError(f"{etree.QName(parent).localname}/{tag} is mandatory in an order and has no text")
    return _element(parent, tag, text)


def _element(parent: etree._Element, tag: str, text: str) -> etree._Element:
    element = etree.SubElement(parent, _FIELD + tag)
    try:
        element.text = text
    except ValueError:  # lxml looks at each character anyway; looking first would cost every text
        element.text = _FORBIDDEN.sub(" ", text)
    return element


def _has_text(text: str | None) -> TypeGuard[str]:
    return text is not None and _BLANK.fullmatch(text) is None


def _amount(parent: etree._Element, tag: str, amount: Decimal, currency: str) -> None:
    _element(parent, tag, f"{amount:.2f}").set("currencyID", currency)


def _plain(number: Decimal) -> str:
    """Without exponent and without zeros at the end: 33.3350 → 33.335, 1E+2 → 100."""
    return f"{number.normalize():f}"
