"""The buyers of the demo: the joint office, the eight municipalities of Jämtland, five invented companies and
federations, with their units and delivery addresses.

The municipalities carry their real organisation numbers; everything below them is invented.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from app.demo.numbers import gs1_numbers, organisation_numbers
from auth.journal import record
from auth.organisation import DeliveryAddress, Organisation, OrganisationIdentifier, OrganisationKind, Unit
from core.checkdigits import organisation_number
from core.db import db
from core.types import sort_key

K = OrganisationKind

# prefix, number (or a series to invent one from), kind, name, street, postal code, city
_ORGANISATIONS = (
    ("UPK", "2229", K.OFFICE, "Upphandlingskontoret", "Rådhusgatan 31", "831 82", "Östersund"),
    ("OSD", "212000-2528", K.MUNICIPALITY, "Östersunds kommun", "Rådhuset", "831 82", "Östersund"),
    ("KRO", "212000-2478", K.MUNICIPALITY, "Krokoms kommun", "Offerdalsvägen 8", "835 80", "Krokom"),
    ("ARE", "212000-2494", K.MUNICIPALITY, "Åre kommun", "Box 201", "837 22", "Järpen"),
    ("BER", "212000-2502", K.MUNICIPALITY, "Bergs kommun", "Box 73", "845 21", "Svenstavik"),
    ("BRA", "212000-2460", K.MUNICIPALITY, "Bräcke kommun", "Box 190", "843 21", "Bräcke"),
    ("HJD", "212000-2510", K.MUNICIPALITY, "Härjedalens kommun", "Medborgarhuset", "842 80", "Sveg"),
    ("RAG", "212000-2452", K.MUNICIPALITY, "Ragunda kommun", "Box 150", "844 21", "Hammarstrand"),
    ("STR", "212000-2486", K.MUNICIPALITY, "Strömsunds kommun", "Box 500", "833 24", "Strömsund"),
    ("FBO", "5521", K.COMPANY, "Fjällbostäder AB (demo)", "Kyrkgatan 90", "831 34", "Östersund"),
    ("JVA", "5522", K.COMPANY, "Jämtvatten AB (demo)", "Reningsvägen 2", "831 48", "Östersund"),
    ("NDE", "5523", K.COMPANY, "Norrskens Destination AB (demo)", "Torget 4", "830 13", "Åre"),
    ("SGF", "22294", K.FEDERATION, "Storsjöns gymnasieförbund (demo)", "Läroverksgränd 3", "831 36", "Östersund"),
    ("FRF", "22295", K.FEDERATION, "Fjällvärns räddningstjänstförbund (demo)", "Brandgatan 1", "831 45", "Östersund"),
)

# How a buyer's reference must look, where the organisation's invoice system demands it: pattern and hint.
_REFERENCES = {
    "OSD": (r"\d{6}", "sex siffror, till exempel 310214"),
    "ARE": (r"ARE-\d{4}", "ARE och fyra siffror, till exempel ARE-2041"),
    "STR": (r"\d{4}[A-Z]{2}", "fyra siffror och två bokstäver, till exempel 4402KL"),
}

# Below this amount (excl. VAT) the link in the mail decides alone; the others ask for log-in.
_LINK_DECIDES = {"KRO": Decimal(2000), "FBO": Decimal(1000)}

# code, code of the unit above, name, and where goods are delivered (street, postal code, city) if anywhere
_UNITS: dict[str, str] = {
    "UPK": """
        100|-|Upphandlingskontoret|Rådhusgatan 31|831 82|Östersund
        110|100|Strategiskt inköp
        120|100|Avtalscontrolling
    """,
    "OSD": """
        100|-|Kommunledningsförvaltningen|Rådhusgatan 25|831 82|Östersund
        110|100|IT-enheten|Rådhusgatan 27|831 82|Östersund
        300|-|Barn- och utbildningsförvaltningen|Kyrkgatan 66|831 82|Östersund
        310|300|Norra skolområdet
        311|310|Björkbackens skola|Björkbacksvägen 14|831 72|Östersund
        312|310|Strandängens förskola|Strandvägen 3|831 41|Östersund
        313|310|Granlidens förskola|Granlidsvägen 22|831 72|Östersund
        320|300|Måltidsenheten
        321|320|Centralköket Odenhallen|Odenskogsvägen 40|831 48|Östersund
        400|-|Vård- och omsorgsförvaltningen|Prästgatan 60|831 82|Östersund
        411|400|Solgläntans äldreboende|Solgläntevägen 5|831 61|Östersund
        412|400|Hemtjänst Frösön|Frösövägen 31|832 43|Frösön
        500|-|Teknisk förvaltning|Förrådsvägen 9|831 48|Östersund
        511|500|Gata och park|Förrådsvägen 11|831 48|Östersund
        600|-|Kultur- och fritidsförvaltningen|Rådhusgatan 27|831 82|Östersund
        611|600|Stadsbiblioteket|Biblioteksgränd 1|831 31|Östersund
        612|600|Storsjöbadet och idrottshallarna|Krondikesvägen 95|831 46|Östersund
    """,
    "KRO": """
        100|-|Kommunstyrelsens förvaltning|Offerdalsvägen 8|835 80|Krokom
        200|-|Barn- och utbildningsförvaltningen|Offerdalsvägen 8|835 80|Krokom
        211|200|Hissmons skola|Hissmovägen 20|835 31|Krokom
        212|200|Dvärsätts förskola|Skolstigen 4|835 95|Nälden
        213|200|Köket i Krokom|Offerdalsvägen 12|835 31|Krokom
        300|-|Socialförvaltningen|Offerdalsvägen 8|835 80|Krokom
        311|300|Blomstergårdens äldreboende|Blomstervägen 6|835 41|Ås
        400|-|Samhällsbyggnad|Industrivägen 3|835 31|Krokom
    """,
    "ARE": """
        100|-|Kommunledningskontoret|Strandvägen 28|837 22|Järpen
        200|-|Skola och förskola|Strandvägen 28|837 22|Järpen
        211|200|Racklöfs skola|Skolvägen 3|837 31|Järpen
        212|200|Duveds förskola|Byvägen 17|830 15|Duved
        300|-|Vård och omsorg|Sjövägen 10|837 31|Järpen
        311|300|Fjällglimtens äldreboende|Sjövägen 12|837 31|Järpen
        400|-|Teknik och drift|Verkstadsgatan 1|837 31|Järpen
        411|400|Måltidsservice Järpen|Skolvägen 5|837 31|Järpen
    """,
    "BER": """
        100|-|Kommunstyrelsen|Centrumvägen 10|845 31|Svenstavik
        200|-|Vård- och socialavdelningen|Centrumvägen 12|845 31|Svenstavik
        211|200|Tallbackens äldreboende|Tallvägen 2|845 31|Svenstavik
        300|-|Utbildning och kultur|Skolgatan 1|845 31|Svenstavik
        311|300|Storsjö skola|Skolgatan 3|845 31|Svenstavik
    """,
    "BRA": """
        100|-|Kommunledningen|Hantverksgatan 25|843 31|Bräcke
        200|-|Skol- och barnomsorg|Skolvägen 8|843 31|Bräcke
        211|200|Gimårens skola|Skolvägen 10|843 31|Bräcke
        300|-|Vård och omsorg|Riksvägen 39|843 31|Bräcke
        311|300|Gimgårdens äldreboende|Riksvägen 41|843 31|Bräcke
    """,
    "HJD": """
        100|-|Kommunstyrelsens förvaltning|Medborgarhuset|842 80|Sveg
        200|-|Bildning|Älvgatan 4|842 32|Sveg
        211|200|Älvros skola|Skolvägen 2|842 92|Sveg
        212|200|Funäs förskola|Rörosvägen 18|840 95|Funäsdalen
        300|-|Social omsorg|Fjällvägen 7|842 32|Sveg
        400|-|Miljö och samhällsbyggnad|Industrigatan 5|842 32|Sveg
    """,
    "RAG": """
        100|-|Kommunledning|Centralgatan 15|844 31|Hammarstrand
        200|-|Barn och utbildning|Skolgatan 6|844 31|Hammarstrand
        211|200|Kullsta skola|Skolgatan 8|844 31|Hammarstrand
        300|-|Social omsorg|Vårdvägen 1|844 31|Hammarstrand
    """,
    "STR": """
        100|-|Kommunledningsförvaltningen|Storgatan 15|833 35|Strömsund
        200|-|Barn-, kultur- och utbildning|Storgatan 17|833 35|Strömsund
        211|200|Vattudals skola|Ramselevägen 4|833 35|Strömsund
        212|200|Backe förskola|Hammarvägen 2|880 50|Backe
        300|-|Vård och social|Verkstadsgatan 16|833 35|Strömsund
        311|300|Levinsgårdens äldreboende|Levinsvägen 3|833 35|Strömsund
        400|-|Teknik och service|Industrigatan 9|833 36|Strömsund
    """,
    "FBO": """
        100|-|Ledning och ekonomi|Kyrkgatan 90|831 34|Östersund
        200|-|Förvaltning
        211|200|Område norr|Körfältsvägen 12|831 73|Östersund
        212|200|Område söder|Odensalavägen 8|831 46|Östersund
    """,
    "JVA": """
        100|-|Ledning|Reningsvägen 2|831 48|Östersund
        200|-|Vatten och avlopp
        211|200|Minnesgårdens vattenverk|Minnesvägen 1|831 52|Östersund
        212|200|Göviken reningsverk|Göviksvägen 20|831 45|Östersund
    """,
    "NDE": """
        100|-|Ledning|Torget 4|830 13|Åre
        110|100|Besöksservice|Torget 6|830 13|Åre
        120|100|Evenemang
    """,
    "SGF": """
        100|-|Förbundsledning|Läroverksgränd 3|831 36|Östersund
        200|-|Gymnasieskolor
        211|200|Storsjögymnasiet|Kyrkgatan 4|831 36|Östersund
        212|200|Fjällgymnasiet|Tegelbruksvägen 11|831 35|Östersund
        220|200|Skolrestaurangen|Läroverksgränd 5|831 36|Östersund
    """,
    "FRF": """
        100|-|Förbundsledning|Brandgatan 1|831 45|Östersund
        200|-|Insats
        211|200|Station Östersund|Brandgatan 3|831 45|Östersund
        212|200|Station Åre|Årevägen 110|830 13|Åre
    """,
}

_INSTRUCTIONS = (
    "Lossas vid lastkajen på baksidan, vardagar kl. 7–15.",
    "Ring en halvtimme före. Ingen lastkaj, bil med bakgavellyft behövs.",
    "Leverera före kl. 10. Kylvaror ställs i kylrummet till vänster.",
    None,
)


@dataclass
class Places:
    """What was made, by the short names that the rest of the demo uses: "OSD", ("OSD", "311")."""

    organisations: dict[str, Organisation] = field(default_factory=dict)
    units: dict[tuple[str, str], Unit] = field(default_factory=dict)
    addresses: dict[tuple[str, str], DeliveryAddress] = field(default_factory=dict)

    def prefixes(self, *kinds: OrganisationKind) -> list[str]:
        return [prefix for prefix, o in self.organisations.items() if o.kind in kinds]


def make_organisations() -> Places:
    """Fourteen organisations with their trees of units and their addresses."""
    places = Places()
    locations = gs1_numbers("7359901")
    for prefix, number, kind, name, street, postal_code, city in _ORGANISATIONS:
        invented = organisation_numbers(number) if len(number) < 10 else iter((organisation_number(number),))
        organisation = Organisation(
            organisation_number=next(invented),
            name=name,
            sort_name=sort_key(name),
            kind=kind,
            order_prefix=prefix,
            street=street,
            postal_code=postal_code,
            city=city,
            invoice_name=f"{name}, fakturaservice",
            invoice_street="Box 709" if prefix in ("UPK", "OSD") else street,
            invoice_postal_code="831 28" if prefix in ("UPK", "OSD") else postal_code,
            invoice_city=city,
            link_decides_up_to=_LINK_DECIDES.get(prefix),
        )
        organisation.reference_pattern, organisation.reference_hint = _REFERENCES.get(prefix, (None, None))
        if kind is K.MUNICIPALITY:
            gln = OrganisationIdentifier(scheme="0088", value=next(locations), use="order")
            organisation.identifiers.append(gln)
        db.session.add(organisation)
        places.organisations[prefix] = organisation
    db.session.flush()
    for prefix, organisation in places.organisations.items():
        record(None, "create", "organisation", organisation.id, organisation_id=organisation.id, name=organisation.name)
        _make_units(prefix, places, locations)
    db.session.flush()
    return places


def _make_units(prefix: str, places: Places, locations: Iterator[str]) -> None:
    organisation = places.organisations[prefix]
    for position, (code, above, name, *where) in enumerate(_rows(_UNITS[prefix])):
        unit = Unit(organisation=organisation, code=code, name=name)
        db.session.add(unit)
        db.session.flush()
        unit.place_below(places.units.get((prefix, above)))
        places.units[prefix, code] = unit
        if not where:
            continue
        street, postal_code, city = where
        address = DeliveryAddress(
            unit=unit,
            name=f"{name}, godsmottagning" if above != "-" else name,
            street=street,
            postal_code=postal_code,
            city=city,
            gln=next(locations) if position % 2 else None,
            goods_marking=f"{code} {name}"[:100],
            instructions=_INSTRUCTIONS[position % len(_INSTRUCTIONS)],
        )
        db.session.add(address)
        places.addresses[prefix, code] = address


def _rows(text: str) -> Iterable[list[str]]:
    return [line.strip().split("|") for line in text.strip().splitlines()]
