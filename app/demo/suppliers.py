"""About forty invented suppliers. Their mail goes to `.example`, a domain that can belong to nobody (RFC 2606)."""

from __future__ import annotations

from functools import partial

from app.demo.chronicle import Chronicle
from app.demo.numbers import organisation_numbers
from app.demo.people import People
from auth.journal import record
from auth.user import User
from catalog.supplier import Channel, Supplier
from core.clock import today
from core.db import db
from core.types import sort_key
from orders.actions.block import block_supplier

# short name (also the mail domain)|name|street|postal code|city|contact|channel
_SUPPLIERS = """
    norrkontor|Norrkontor AB|Hantverksvägen 8|831 48|Östersund|Lotta Sjögren|email
    pappershuset|Pappershuset i Mitt AB|Bergsgatan 114|831 53|Östersund|Roger Alm|peppol
    skrivlagret|Skrivlagret Sverige AB|Kabelvägen 3|553 02|Jönköping|Kundservice|peppol
    tryckeriet|Tryckeriet Storsjön AB|Fältjägargränd 6|831 45|Östersund|Agnes Hultin|email
    profilverket|Profilverket Norr AB|Västergatan 20|852 31|Sundsvall|Jesper Rask|email
    fjallmejeriet|Fjällmejeriet ek. för.|Mejerivägen 1|831 43|Östersund|Ordermottagningen|peppol
    jamtchark|Jämtchark AB|Slaktarvägen 12|835 32|Krokom|Marita Lood|email
    nordkott|Nordkött Grossist AB|Frysvägen 9|863 31|Sundsbruk|Orderkontoret|peppol
    bagarstugan|Bagarstugan i Jämtland AB|Ugnsgatan 4|831 52|Östersund|Nattbageriet|email
    gronkorgen|Grönkorgen Partihandel AB|Fruktvägen 17|831 48|Östersund|Leila Nassar|email
    fruktringen|Fruktringen Norr AB|Terminalvägen 30|862 40|Njurunda|Orderkontoret|email
    storhushallet|Storhushållet Grossist AB|Lagervägen 2|863 41|Sundsvall|Kundcenter offentlig|peppol
    fiskcentralen|Fiskcentralen Bottenhavet AB|Hamngatan 40|871 30|Härnösand|Gunnar Wästberg|email
    renkraft|Renkraft Städsystem AB|Såpvägen 5|831 48|Östersund|Anneli Frisk|email
    blankstad|Blank & Städ i Norr AB|Polergatan 2|891 60|Örnsköldsvik|Order|email
    stadia|Stadia Hygien AB|Skumvägen 11|721 36|Västerås|Kundservice|peppol
    mjukbolaget|Mjukbolaget AB|Cellulosavägen 6|856 33|Sundsvall|Kundservice|peppol
    lardomsmobler|Lärdoms Möbler AB|Bänkvägen 9|333 31|Smålandsstenar|Stina Alfredsson|email
    skolrum|Skolrum Inredning AB|Stolsgatan 1|571 38|Nässjö|Projektavdelningen|email
    sittbra|Sittbra Kontor AB|Ergovägen 7|831 37|Östersund|Fredrik Boman|email
    rumochform|Rum & Form Norrland AB|Verkstadsgatan 30|903 22|Umeå|Ritva Salo|email
    datastig|Datastigen AB|Serverhallen 4|831 40|Östersund|Offentligteamet|peppol
    bitochbyte|Bit & Byte Tillbehör AB|Kontaktvägen 12|164 40|Kista|Order|peppol
    kabelkungen|Kabelkungen i Norr AB|Sladdgatan 3|931 32|Skellefteå|Order|email
    fjalltele|Fjälltele AB|Mastvägen 1|831 30|Östersund|Camilla Rehn|email
    vardvaror|Vårdvaror Norden AB|Sterilvägen 8|435 33|Mölnlycke|Kundservice vård|peppol
    omsorgslagret|Omsorgslagret AB|Plåstergatan 14|831 48|Östersund|Jannike Moe|email
    rullaut|Rulla Ut Hjälpmedel AB|Rampvägen 2|831 46|Östersund|Bosse Lind|email
    stodet|Stödet i Mellannorrland AB|Greppgatan 5|852 36|Sundsvall|Kundservice|email
    varselbod|Varselboden AB|Reflexvägen 6|831 48|Östersund|Tina Höglund|email
    nordplagg|Nordplagg Arbetskläder AB|Textilgatan 31|503 38|Borås|Order|peppol
    jarnbod|Järnboden i Östersund AB|Skruvvägen 10|831 48|Östersund|Proffsdisken|email
    verktygsmax|Verktygshuset Fjäll AB|Hammargatan 3|837 31|Järpen|Disken|email
    spikochplank|Spik & Plank AB|Brädgårdsvägen 1|835 32|Krokom|Brädgården|email
    harjebygg|Härjebygg Trävaror AB|Sågvägen 20|842 32|Sveg|Kontoret|email
    ljuspunkten|Ljuspunkten Armatur AB|Lampgatan 9|831 48|Östersund|Innesälj|peppol
    skolskafferi|Skolskafferiet AB|Kritvägen 15|574 35|Vetlanda|Kundservice|peppol
    lekmaster|Lekmästarna AB|Klossvägen 4|343 30|Älmhult|Order|email
    sportforum|Sportforum Norr AB|Målgatan 1|831 46|Östersund|Klubb och skola|email
    bokrosten|Bokrösten AB|Pärmgatan 2|223 62|Lund|Bibliotekstjänst|peppol
    lasfjall|Läsfjäll Bokhandel AB|Prästgatan 33|831 31|Östersund|Butiken|email
    dackdepan|Däckdepån i Jämtland AB|Gummivägen 3|831 48|Östersund|Verkstan|email
    hjulnorr|Hjul Norr AB|Fälggatan 8|833 36|Strömsund|Verkstan|email
    byggmastarna|Byggmästarna vid Sjön AB|Ställningsvägen 2|831 48|Östersund|Arbetsledningen|email
    snickarlaget|Snickarlaget Jämtland AB|Hyvelvägen 7|835 40|Ås|Nisse Hagman|email
    elochvatten|El & Vatten i Jämtland AB|Rörgatan 4|831 48|Östersund|Jouren|email
    storsjoror|Storsjö Rör & El AB|Kopplingsvägen 9|831 52|Östersund|Kontoret|email
    flyttfjall|Flytt & Fjälltransport AB|Lastvägen 1|831 48|Östersund|Transportledningen|email
    drivnat|Drivnätet Sverige AB|Pumpgatan 100|115 56|Stockholm|Företagskort|email
    kaffeverket|Kaffeverket i Norr AB|Rosterigatan 5|852 34|Sundsvall|Service|email
"""

# Blocked: how many days ago, and why.
BLOCKED = {
    "verktygsmax": (24, "Skatteskulder vid kvartalskontrollen. Uteslutning utreds (LOU 13 kap. 2 §)."),
    "blankstad": (70, "Upprepade leveransförseningar. Spärrad tills åtgärdsplanen är godkänd."),
    "profilverket": (9, "Bolaget har begärt företagsrekonstruktion. Kontakta kontoret före nya beställningar."),
}


def make_suppliers(people: People) -> dict[str, Supplier]:
    """The suppliers by their short names."""
    numbers = organisation_numbers("5520")
    made: dict[str, Supplier] = {}
    for position, line in enumerate(_SUPPLIERS.strip().splitlines()):
        key, name, street, postal_code, city, contact, channel = line.strip().split("|")
        number = next(numbers)
        is_peppol = channel == "peppol"
        supplier = Supplier(
            organisation_number=number,
            name=name,
            sort_name=sort_key(name),
            street=street,
            postal_code=postal_code,
            city=city,
            order_email=f"order@{key}.example",
            contact_name=contact,
            phone=f"010-{200 + position} {position * 13 % 90 + 10} {position * 7 % 90 + 10}",
            channel=Channel(channel),
            peppol_scheme="0007" if is_peppol else None,
            peppol_id=number if is_peppol else None,
        )
        db.session.add(supplier)
        made[key] = supplier
    db.session.flush()
    for supplier in made.values():
        record(people["karin@upphandling"], "create", "supplier", supplier.id, name=supplier.name)
    return made


def plan_blocks(chronicle: Chronicle, suppliers: dict[str, Supplier], people: People) -> None:
    """Put the blocks into the chronicle: whoever is blocked today could deliver before."""
    karin = people["karin@upphandling"]
    for key, (days_ago, reason) in BLOCKED.items():
        chronicle.at(chronicle.instant(days_ago, 11), partial(_block, karin, suppliers[key], reason))


def _block(actor: User, supplier: Supplier, reason: str) -> None:
    block_supplier(actor, supplier, reason, decision=f"Upphandlingskontorets beslut {today()}")
