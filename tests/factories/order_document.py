"""A frozen order with consistent totals, as the formats meet it: a valid default, one override per test."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core.checkdigits import gs1_check_digit
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
    VatDocument,
)

_GOODS = (
    ("Kopieringspapper A4 80 g, ohålat", "Vitt, 500 ark, Svanenmärkt", "XPK", "41.90", "25"),
    ("Nitrilhandske puderfri, medium", "Blå, AQL 1,5", "XPK", "68.50", "25"),
    ("Mellanmjölk 1,5 % ekologisk", None, "LTR", "9.4375", "6"),
    ("Läsa med Ludde, lärarhandledning årskurs 1", "Spiralbunden", "H87", "412.00", "6"),
    ("Servettryck och duk i rulle, vinröd", "1,2 × 25 m", "XRO", "159.00", "12"),
)


def öre(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def make_line(position: int = 1, **overrides: Any) -> LineDocument:
    """Line number `position` of a believable basket; the net amount follows from quantity and price."""
    name, description, unit, price, vat = _GOODS[(position - 1) % len(_GOODS)]
    digits = f"0735{position:09d}"
    values: dict[str, Any] = {
        "position": position,
        "name": name,
        "description": description,
        "quantity": Decimal(1 + position * 7 % 40),
        "unit_code": unit,
        "unit_price": Decimal(price),
        "base_quantity": Decimal(1),
        "vat_percent": Decimal(vat),
        "supplier_article_number": f"{104000 + position}",
        "gtin": digits + gs1_check_digit(digits),
        "classification": "14111507",
        "accounting_cost": "6410-310-21",
        **overrides,
    }
    net = öre(values["quantity"] * values["unit_price"] / values["base_quantity"])
    return LineDocument(**{"net_amount": net, **values})


def make_totals(lines: Sequence[LineDocument], charges: Sequence[ChargeDocument] = ()) -> TotalsDocument:
    line_sum = sum((line.net_amount for line in lines), Decimal("0.00"))
    charge_sum = sum((charge.amount for charge in charges), Decimal("0.00"))
    rates = []
    for percent in sorted({part.vat_percent for part in (*lines, *charges)}, reverse=True):
        base = sum((line.net_amount for line in lines if line.vat_percent == percent), Decimal("0.00"))
        base += sum((charge.amount for charge in charges if charge.vat_percent == percent), Decimal("0.00"))
        rates.append(VatDocument(percent, base, öre(base * percent / 100)))
    vat = sum((rate.amount for rate in rates), Decimal("0.00"))
    net = line_sum + charge_sum
    return TotalsDocument(line_sum, charge_sum, net, vat, net + vat, tuple(rates))


def make_party(name: str = "Östersunds kommun", number: str = "2120002528", **overrides: Any) -> PartyDocument:
    values: dict[str, Any] = {
        "name": name,
        "organisation_number": number,
        "address": AddressDocument("Rådhusgatan 25", "831 82", "Östersund"),
        "endpoint": Identifier("0007", number),
        **overrides,
    }
    return PartyDocument(**values)


def make_document(lines: int | Sequence[LineDocument] = 5, **overrides: Any) -> OrderDocument:
    """A placed order with every field in use; `lines` is a number of lines or the lines themselves."""
    made = tuple(make_line(n + 1) for n in range(lines)) if isinstance(lines, int) else tuple(lines)
    charges: tuple[ChargeDocument, ...] = overrides.get("charges", ())
    buyer = make_party(vat_number="SE212000252801")
    document = OrderDocument(
        number="OST-2026-000147",
        standing=Standing.PLACED,
        issued_at=datetime(2026, 10, 14, 7, 12, 30, tzinfo=UTC),
        agreement_number="UHK 2025/118-3",
        agreement_title="Kontorsmaterial och papper 2025–2029",
        buyer=buyer,
        seller=make_party(
            "Fjällvinden Kontor & Papper AB",
            "5560000167",
            address=AddressDocument("Hantverksvägen 8", "831 48", "Östersund", "Port 3"),
            contact=ContactDocument("Kundtjänst", "063-10 00 00", "order@fjallvinden.example"),
        ),
        invoicee=replace(
            buyer,
            address=AddressDocument("Box 709", "831 28", "Östersund", "Fakturaservice"),
            endpoint=Identifier("0088", "7340090400001"),
        ),
        originator="Norra skolområdet, Torvalla skola",
        orderer=ContactDocument("Åsa Öberg", "063-14 00 21", "asa.oberg@ostersund.example"),
        delivery=DeliveryDocument(
            name="Torvalla skola, godsmottagning",
            address=AddressDocument("Torvalla byväg 14", "831 72", "Östersund"),
            gln="7340090400001",
            contact=ContactDocument("Per Ängman", "070-000 00 01", "per.angman@ostersund.example"),
            goods_marking="Torvalla skola / Åsa Öberg / rum B214",
            instructions="Lossas vid lastkajen på baksidan, vardagar kl. 7–15. Ring en halvtimme före.",
            wanted_on=date(2026, 10, 21),
        ),
        lines=made,
        totals=make_totals(made, charges),
        approvers=(ApproverDocument("Lena Åkesson", datetime(2026, 10, 14, 7, 12, 30, tzinfo=UTC)),),
        buyer_reference="310214",
        accounting_cost="6410-310-21",
        requisition_number="R-2026-000312",
        registry_number="GNU 00118-2025",
        note="Leverera allt på en gång om det går. Tack för snabb hjälp förra veckan!",
        payment_terms="30 dagar netto",
        valid_until=date(2026, 11, 13),
        link="https://avrop.example/s/9fK2mQ7xT4bLw8ZpR1cVn6Hd",
    )
    return replace(document, **overrides)
