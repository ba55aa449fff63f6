"""Documents: an order as the supplier meets it, made of what was frozen when it was placed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta
from hashlib import sha256

from flask_babel import lazy_gettext as _l

from auth.organisation import Organisation
from auth.user import User
from catalog.agreement import FreeTextPrice
from catalog.supplier import Supplier
from core.clock import local
from core.errors import AvropError
from exchange import pdf, swedish, ubl
from exchange.documents import (
    AddressDocument,
    ApproverDocument,
    ChargeDocument,
    ContactDocument,
    DeliveryDocument,
    Identifier,
    LineDocument,
    OrderDocument,
    PartyDocument,
    Standing,
    TotalsDocument,
)
from orders.coded import coding_text, common_text
from orders.order import FileKind, Order, OrderCharge, OrderFile, OrderLine, OrderState
from orders.requisition import Requisition
from orders.totals import totals

log = logging.getLogger(__name__)

VALID = timedelta(days=90)  # after the wanted day, or the order's own: Peppol T01-R002 asks for an end
SCHEME_ORGANISATION_NUMBER = "0007"
APPROXIMATE = "Ungefärlig mängd: den levererade mängden debiteras."  # Swedish: it is read by the supplier
FREE_TEXT = {  # likewise
    FreeTextPrice.HOURLY: "Fritext, timpris enligt avtalet: nedlagd tid debiteras, högst den beställda.",
    FreeTextPrice.MARK_UP: "Fritext, listpris {price} kr plus {percent} % påslag enligt avtalet.",
    FreeTextPrice.ESTIMATE: "Fritext, uppskattat pris: kontakta beställaren innan det överskrids.",
}
BLANKET = (
    "Ramorder: avropas efter hand från {first} till {last}, för högst {cap} kr exkl. moms. "
    "Leverera bara det som beställaren avropar."
)
CHARGE_CODES = {"freight": "FC", "small-order": "ADR"}  # UNCL 7161


def order_document(order: Order, approvers: Sequence[ApproverDocument]) -> OrderDocument:
    """The frozen document of a placed or cancelled order."""
    requisition, blanket = order.requisition, order.blanket
    return OrderDocument(
        number=order.number,
        standing=Standing.CANCELLED if order.state is OrderState.CANCELLED else Standing.PLACED,
        issued_at=order.placed_at,
        agreement_number=order.agreement.number,
        agreement_title=order.agreement.title,
        buyer=_buyer(order.organisation),
        seller=_seller(order.supplier),
        invoicee=_invoicee(order.organisation),
        originator=order.unit.name,
        orderer=_contact(order.orderer),
        delivery=_delivery(requisition),
        lines=tuple(_line(line, requisition) for line in order.lines),
        totals=order_totals(order),
        approvers=tuple(approvers),
        charges=tuple(_charge(charge) for charge in order.charges),
        buyer_reference=requisition.buyer_reference,
        accounting_cost=common_text(order.lines) or requisition.accounting_cost,
        requisition_number=requisition.number,
        registry_number=order.agreement.registry_number,
        note=requisition.message_to_supplier,
        payment_terms=order.agreement.payment_terms,
        currency=order.currency,
        valid_until=blanket.ends_on if blanket else (order.wanted_on or local(order.placed_at).date()) + VALID,
        is_emergency=order.is_emergency,
        period=(blanket.starts_on, blanket.ends_on) if blanket else None,
        cancel_reason=order.cancel_reason,
    )


def order_totals(order: Order) -> TotalsDocument:
    """The totals of a placed order from its own rows; equal to the frozen columns, because both are sums of them."""
    return totals(
        ((line.net_amount, line.vat_percent) for line in order.lines),
        ((charge.amount, charge.vat_percent) for charge in order.charges),
    )


class RenderingFailed(AvropError):
    """A document could not be made: nothing is ordered, and the log has the cause."""

    code = "rendering-failed"


def render_files(order: Order, document: OrderDocument) -> list[OrderFile]:
    """The PDF and the UBL of a placed order, with their hashes. Raises RenderingFailed."""
    try:
        rendered = pdf.render_order(document), ubl.render_order(document)
    except Exception as error:  # whatever a library throws, the approver must hear that nothing was ordered
        log.exception("the documents of an order could not be made")
        raise RenderingFailed(
            _l("Beställningens dokument kunde inte skapas, så ingenting är beställt och inget beslut är sparat."),
            way_on=_l("Försök igen om en stund. Går det inte då heller, kontakta systemets administratör."),
        ) from error
    return [
        make_file(order, FileKind.PDF, f"{order.number}.pdf", "application/pdf", rendered[0]),
        make_file(order, FileKind.UBL, f"{order.number}.xml", "application/xml", rendered[1]),
    ]


def make_file(order: Order, kind: FileKind, name: str, media_type: str, content: bytes) -> OrderFile:
    """A stored document of an order."""
    return OrderFile(
        order_id=order.id,
        kind=kind,
        name=name,
        media_type=media_type,
        sha256=sha256(content).hexdigest(),
        content=content,
    )


def _buyer(organisation: Organisation) -> PartyDocument:
    return PartyDocument(
        name=organisation.name,
        organisation_number=organisation.organisation_number,
        address=AddressDocument(organisation.street, organisation.postal_code, organisation.city),
        endpoint=_endpoint(organisation),
        vat_number=organisation.vat_number,
    )


def _invoicee(organisation: Organisation) -> PartyDocument:
    own_address = AddressDocument(organisation.street, organisation.postal_code, organisation.city)
    invoice_address = AddressDocument(
        organisation.invoice_street, organisation.invoice_postal_code, organisation.invoice_city
    )
    return PartyDocument(
        name=organisation.invoice_name or organisation.name,
        organisation_number=organisation.organisation_number,
        address=invoice_address if organisation.invoice_city else own_address,
        endpoint=_endpoint(organisation),
        vat_number=organisation.vat_number,
    )


def _endpoint(organisation: Organisation) -> Identifier:
    """The electronic address of our orders; the organisation number where the organisation states none."""
    for identifier in organisation.identifiers:
        if identifier.use == "order":
            return Identifier(identifier.scheme, identifier.value)
    return Identifier(SCHEME_ORGANISATION_NUMBER, organisation.organisation_number)


def _seller(supplier: Supplier) -> PartyDocument:
    if supplier.peppol_scheme and supplier.peppol_id:
        endpoint = Identifier(supplier.peppol_scheme, supplier.peppol_id)
    else:
        endpoint = Identifier(SCHEME_ORGANISATION_NUMBER, supplier.organisation_number)
    return PartyDocument(
        name=supplier.name,
        organisation_number=supplier.organisation_number,
        address=AddressDocument(supplier.street, supplier.postal_code, supplier.city, country=supplier.country),
        endpoint=endpoint,
        contact=ContactDocument(supplier.contact_name, supplier.phone, supplier.order_email),
    )


def _contact(user: User) -> ContactDocument:
    return ContactDocument(name=user.name, phone=user.phone, email=user.email)


def _delivery(requisition: Requisition) -> DeliveryDocument:
    return DeliveryDocument(
        name=requisition.delivery_name,
        address=AddressDocument(
            requisition.delivery_street, requisition.delivery_postal_code, requisition.delivery_city
        ),
        gln=requisition.delivery_gln,
        contact=_contact(requisition.orderer),
        goods_marking=requisition.goods_marking,
        instructions=requisition.delivery_instructions,
        wanted_on=requisition.wanted_on,
    )


def _line(line: OrderLine, requisition: Requisition) -> LineDocument:
    return LineDocument(
        position=line.position,
        name=line.name,
        quantity=line.quantity,
        unit_code=line.unit_code,
        unit_price=line.unit_price,
        base_quantity=line.base_quantity,
        net_amount=line.net_amount,
        vat_percent=line.vat_percent,
        supplier_article_number=line.supplier_number,
        description=line.description,
        gtin=line.gtin,
        classification=line.classification,
        accounting_cost=coding_text(line.coding) or requisition.accounting_cost,
        note=" ".join(filter(None, _notes(line))) or None,
    )


def _notes(line: OrderLine) -> Iterator[str | None]:
    yield line.note
    yield APPROXIMATE if line.is_approximate else None
    yield _free_text(line)


def _free_text(line: OrderLine) -> str | None:
    """What the supplier must know of a line that stands in no price list."""
    free = line.free_text
    if free is None:
        return None
    words = FREE_TEXT[free.price_kind]
    if free.period is not None:
        first, last = (swedish.day(day) for day in free.period)
        words = BLANKET.format(first=first, last=last, cap=swedish.kr(line.net_amount))
    if free.list_price is not None and free.mark_up is not None:
        words = words.format(price=swedish.kr(free.list_price), percent=swedish.quantity(free.mark_up))
    return f"{words} Bilaga: {free.file_name}." if free.is_file_sent else words


def _charge(charge: OrderCharge) -> ChargeDocument:
    return ChargeDocument(
        reason=charge.reason,
        amount=charge.amount,
        vat_percent=charge.vat_percent,
        reason_code=CHARGE_CODES[charge.kind],
    )
