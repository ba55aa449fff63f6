"""The office's tree of what is bought, mapped to CPV, with the strategic buyer who owns each branch."""

from __future__ import annotations

from app.demo.people import People
from catalog.category import Category
from core.db import db

# code|name|English|CPV|owner at the office; a code with a dot lies below the part before it
_CATEGORIES = """
    10|Kontor och papper|Office and paper|30190000|karin
    10.1|Kontorsmaterial|Office supplies|30192000|karin
    10.2|Papper och kuvert|Paper and envelopes|30197600|karin
    10.3|Tryck och profilvaror|Print and promotional goods|79810000|karin
    20|Livsmedel|Food|15000000|erik
    20.1|Mejeri och ägg|Dairy and eggs|15500000|erik
    20.2|Kött och chark|Meat and charcuterie|15100000|erik
    20.3|Bröd och kaffebröd|Bread and pastry|15810000|erik
    20.4|Frukt och grönt|Fruit and vegetables|15300000|erik
    20.5|Kolonial och drycker|Dry goods and drinks|15800000|erik
    20.6|Fisk och fryst|Fish and frozen food|15200000|erik
    30|Städ och hygien|Cleaning and hygiene|39800000|karin
    30.1|Städkemikalier och redskap|Cleaning agents and tools|39830000|karin
    30.2|Mjukpapper och engångsartiklar|Tissue and disposables|33760000|karin
    40|Möbler och inredning|Furniture and interiors|39100000|lars
    40.1|Skolmöbler|School furniture|39160000|lars
    40.2|Kontorsmöbler|Office furniture|39130000|lars
    50|IT och telefoni|IT and telephony|30200000|johanna
    50.1|Datorer och skärmar|Computers and monitors|30213000|johanna
    50.2|IT-tillbehör|IT accessories|30237000|johanna
    50.3|Telefoner och surfplattor|Telephones and tablets|32250000|johanna
    60|Vård och omsorg|Health and social care|33100000|erik
    60.1|Sjukvårdsmaterial|Medical supplies|33140000|erik
    60.2|Handskar, skydd och inkontinens|Gloves, protection and incontinence|33770000|erik
    60.3|Hjälpmedel|Assistive devices|33196200|erik
    70|Kläder och skor|Clothes and shoes|18000000|lars
    70.1|Arbetskläder|Work clothes|18110000|lars
    70.2|Skyddsskor|Safety shoes|18830000|lars
    80|Fastighet och teknik|Property and works|44000000|lars
    80.1|Verktyg och förnödenheter|Tools and consumables|44510000|lars
    80.2|Bygg- och trävaror|Building materials|44110000|lars
    80.3|Ljuskällor och el|Light sources and electrical|31500000|lars
    80.4|Hantverkare|Craftsmen|45300000|lars
    90|Skola och fritid|School and leisure|39162000|johanna
    90.1|Skolmaterial|School supplies|39162100|johanna
    90.2|Lek och leksaker|Play and toys|37500000|johanna
    90.3|Idrottsmateriel|Sports equipment|37400000|johanna
    90.4|Böcker|Books|22110000|johanna
    95|Fordon och transporter|Vehicles and transport|34000000|lars
    95.1|Däck|Tyres|34350000|lars
    95.2|Drivmedel|Fuel|09130000|lars
    95.3|Transporter och flytt|Transport and removals|60100000|lars
    99|Säkerhetskänsliga system|Security-sensitive systems|35120000|johanna
"""


def make_categories(people: People) -> dict[str, Category]:
    """The categories by code. The last is closed: security-sensitive goods are not ordered in Avrop."""
    made: dict[str, Category] = {}
    for line in _CATEGORIES.strip().splitlines():
        code, name, name_en, cpv, owner = line.strip().split("|")
        category = Category(
            code=code,
            name=name,
            name_en=name_en,
            cpv=cpv,
            parent=made.get(code.partition(".")[0]),
            owner=people[f"{owner}@upphandling"],
            is_closed=code == "99",
        )
        db.session.add(category)
        db.session.flush()
        category.path = f"{category.parent.path if category.parent else '/'}{category.id}/"
        made[code] = category
    return made
