"""The people of the demo: every role, amount limits, a chain of superiors and a substitute. All names are invented."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from app.demo.organisations import Places
from auth.journal import record
from auth.permission import ROLE_NAMES, Role
from auth.substitution import Substitution
from auth.user import Membership, User, check_password, hash_password
from core.clock import now, today
from core.db import db
from core.types import sort_key

PASSWORD = "norrsken-kaffe-7"  # noqa: S105 - of the demo only, printed by `avrop start`


class Login(NamedTuple):
    """Somebody to try Avrop as; all of them have the password `PASSWORD`."""

    email: str
    name: str
    role: Role
    place: str

    @property
    def password(self) -> str:
        return PASSWORD

    @property
    def who(self) -> str:
        """Name, role and place in one line, for the terminal."""
        return f"{self.name}, {ROLE_NAMES[self.role]}, {self.place}"


LOGINS = (
    Login("anna@ostersund.example", "Anna Lindqvist", Role.ORDERER, "Björkbackens skola, Östersund"),
    Login("maria@ostersund.example", "Maria Sundström", Role.APPROVER, "Björkbackens skola, Östersund"),
    Login("goran@ostersund.example", "Göran Fjällström", Role.RECEIVER, "Björkbackens skola, Östersund"),
    Login("karin@upphandling.example", "Karin Wikström", Role.AGREEMENT_OWNER, "Upphandlingskontoret"),
    Login("birgitta@ostersund.example", "Birgitta Sjödin", Role.ORGANISATION_ADMIN, "Östersunds kommun"),
    Login("sigrid@upphandling.example", "Sigrid Nygren", Role.SYSTEM_ADMIN, "Upphandlingskontoret"),
    Login("rolf@ostersund.example", "Rolf Ekman", Role.AUDITOR, "Östersunds kommun"),
)

_DOMAINS = {
    "UPK": "upphandling", "OSD": "ostersund", "KRO": "krokom", "ARE": "are", "BER": "berg", "BRA": "bracke",
    "HJD": "harjedalen", "RAG": "ragunda", "STR": "stromsund", "FBO": "fjallbostader", "JVA": "jamtvatten",
    "NDE": "norrskensdestination", "SGF": "storsjogymnasiet", "FRF": "fjallvarn",
}  # fmt: skip

# first part of the address|name|superior|roles: ROLE@UNIT:LIMIT, without @ for the whole organisation
_PEOPLE = {
    "UPK": """
        viveka|Viveka Lundmark|-|approver
        karin|Karin Wikström|viveka|agreement_owner orderer@120
        erik|Erik Tjärnlund|viveka|agreement_owner
        johanna|Johanna Sandvik|viveka|agreement_owner
        lars|Lars Hedenstedt|viveka|agreement_owner orderer@110 receiver@100
        sigrid|Sigrid Nygren|viveka|system_admin
        kenneth|Kenneth Bylund|viveka|auditor organisation_admin
    """,
    "OSD": """
        lena|Lena Åkesson|-|approver
        bengt|Bengt Åkerström|lena|approver@300:500000
        eva|Eva Norberg|bengt|approver@310:200000
        maria|Maria Sundström|eva|approver@311:100000
        anna|Anna Lindqvist|maria|orderer@311
        goran|Göran Fjällström|maria|receiver@311
        jonas|Jonas Bergqvist|eva|approver@312:50000 orderer@313
        sara|Sara Holm|jonas|orderer@312
        helena|Helena Ström|bengt|approver@320:300000
        ahmed|Ahmed Karimi|helena|orderer@321 receiver@321
        kerstin|Kerstin Wallin|lena|approver@400:500000
        per|Per Ängman|kerstin|approver@411:100000
        fatima|Fatima Hassan|per|orderer@411 receiver@411
        ulla|Ulla Jonsson|kerstin|orderer@412
        mats|Mats Hedlund|lena|approver@500:500000
        tommy|Tommy Eklund|mats|orderer@511 receiver@511
        ingrid|Ingrid Ljung|lena|approver@600:300000
        david|David Nyström|ingrid|orderer@611
        linnea|Linnea Berg|ingrid|orderer@612
        ulrika|Ulrika Sandgren|lena|approver@100:200000
        oskar|Oskar Palm|lena|approver@110:300000 orderer@100
        nils|Nils Öhman|oskar|orderer@110
        birgitta|Birgitta Sjödin|lena|organisation_admin
        rolf|Rolf Ekman|-|auditor
        stig|Stig Hallberg|mats|orderer@511
    """,
    "KRO": """
        margareta|Margareta Olofsson|-|approver
        patrik|Patrik Nordin|margareta|approver@200:400000
        sofia|Sofia Edström|patrik|approver@211:100000
        emil|Emil Svärd|sofia|orderer@211 receiver@211
        lisa|Lisa Grönlund|patrik|orderer@213 receiver@213
        hans|Hans Mattsson|margareta|approver@300:300000
        marie|Marie Fors|hans|orderer@311
        christer|Christer Ask|margareta|approver@400:300000
        robin|Robin Hägg|christer|orderer@400 receiver@400
        camilla|Camilla Brodin|margareta|organisation_admin
    """,
    "ARE": """
        gunilla|Gunilla Fagerström|-|approver
        henrik|Henrik Dahl|gunilla|approver@200:400000
        ida|Ida Vestin|henrik|orderer@211 receiver@211
        elsa|Elsa Nyberg|henrik|orderer@212
        monica|Monica Eriksson Lind|gunilla|approver@300:400000
        yusuf|Yusuf Demir|monica|orderer@311
        stefan|Stefan Kall|gunilla|approver@400:400000
        petra|Petra Lund|stefan|orderer@411 receiver@411
        johan|Johan Myhr|gunilla|organisation_admin
    """,
    "BER": "anders|Anders Rönn|-|approver organisation_admin\nmalin|Malin Forsgren|anders|orderer@211 receiver@211",
    "BRA": "yvonne|Yvonne Strid|-|approver organisation_admin\nmikael|Mikael Gren|yvonne|orderer@211",
    "HJD": "tore|Tore Magnusson|-|approver organisation_admin\nsiv|Siv Halvarsson|tore|orderer@212 orderer@211",
    "RAG": "agneta|Agneta Roos|-|approver organisation_admin\nleif|Leif Sandin|agneta|orderer@211 receiver@211",
    "STR": "ulf|Ulf Björklund|-|approver organisation_admin\nemma|Emma Risberg|ulf|orderer@211\n"
    "daniel|Daniel Ottosson|ulf|orderer@311 receiver@311",
    "FBO": "carina|Carina Holmberg|-|approver organisation_admin\n"
    "markus|Markus Viklund|carina|orderer@211 receiver@211",
    "JVA": "torbjorn|Torbjörn Ekelund|-|approver organisation_admin\nsusanne|Susanne Hallin|torbjorn|orderer@212",
    "NDE": "rebecka|Rebecka Stål|-|approver organisation_admin\nviktor|Viktor Blomqvist|rebecka|orderer@110",
    "SGF": "claes|Claes Rudolfsson|-|approver organisation_admin\nhanna|Hanna Åslund|claes|orderer@211 receiver@211",
    "FRF": "peter|Peter Stenmark|-|approver organisation_admin\ntherese|Therese Modig|peter|orderer@211 receiver@212",
}


@dataclass
class People:
    """Everybody by the address she logs in with, without its end: "anna@ostersund"."""

    by_address: dict[str, User] = field(default_factory=dict)
    orderers: list[tuple[User, str, str]] = field(default_factory=list)  # who, organisation and unit: an ordering place

    def __getitem__(self, address: str) -> User:
        return self.by_address[address]


def make_people(places: Places) -> People:
    """Some seventy people. The password is hashed once: argon2 is slow by design, and here nothing is secret."""
    people = People()
    check_password(PASSWORD, User(email="demo@avrop.example", name="Demo"))
    password_hash = hash_password(PASSWORD)
    for prefix, text in _PEOPLE.items():
        for local, name, superior, roles in (line.strip().split("|") for line in text.strip().splitlines()):
            domain = _DOMAINS[prefix]
            user = User(
                email=f"{local}@{domain}.example",
                name=name,
                sort_name=sort_key(name),
                phone=f"063-10 {len(people.by_address):02d} {7 * len(people.by_address) % 100:02d}",
                password_hash=password_hash,
                password_changed_at=now(),
                superior_id=people[f"{superior}@{domain}"].id if superior != "-" else None,
            )
            db.session.add(user)
            user.memberships = [_membership(places, prefix, role) for role in roles.split()]
            db.session.flush()
            people.by_address[f"{local}@{domain}"] = user
            user.reference = _reference(prefix, user)
            people.orderers += [
                (user, prefix, m.unit.code) for m in user.memberships if m.role is Role.ORDERER and m.unit
            ]
            organisation = places.organisations[prefix]
            record(None, "create", "user", user.id, organisation_id=organisation.id, name=name)
    _retire(people["stig@ostersund"], people["birgitta@ostersund"])
    people.orderers = [place for place in people.orderers if place[0].is_active]
    return people


def _membership(places: Places, prefix: str, role: str) -> Membership:
    """`approver@311:100000` as a membership that began well before the demo's history."""
    role, _, limit = role.partition(":")
    role, _, unit = role.partition("@")
    return Membership(
        organisation=places.organisations[prefix],
        unit=places.units[prefix, unit] if unit else None,
        role=Role(role),
        amount_limit=Decimal(limit) if limit else None,
        starts_on=today() - timedelta(days=400),
    )


def _reference(prefix: str, user: User) -> str | None:
    """A buyer's reference of the form that her organisation demands."""
    unit = next((m.unit.code for m in user.memberships if m.unit), "100")
    forms = {
        "OSD": f"{unit}{user.id:03d}",
        "ARE": f"ARE-{unit}{user.id % 10}",
        "STR": f"{unit}{user.id % 10}{user.name[0]}L",
    }
    return forms.get(prefix)


def _retire(user: User, admin: User) -> None:
    """Somebody who has left: her name stays on what she did."""
    user.is_active = False
    for membership in user.memberships:
        membership.ends_on = today() - timedelta(days=30)
    organisation_id = user.memberships[0].organisation_id
    record(admin, "disable", "user", user.id, organisation_id=organisation_id, name=user.name)


def make_substitution(places: Places, people: People, days: int) -> None:
    """Maria is away from tomorrow and Eva, her superior, decides for her; both names are kept."""
    substitution = Substitution(
        organisation=places.organisations["OSD"],
        absent=people["maria@ostersund"],
        substitute=people["eva@ostersund"],
        starts_on=today() + timedelta(days=1),
        ends_on=today() + timedelta(days=days),
        decision="BUN § 42, delegationsordning punkt 3.1",
        decided_by=people["bengt@ostersund"],
        created_at=now(),
    )
    db.session.add(substitution)
    db.session.flush()
    record(
        people["bengt@ostersund"],
        "create",
        "substitution",
        substitution.id,
        organisation_id=substitution.organisation_id,
        name=substitution.absent.name,
        substitute=substitution.substitute.name,
        starts_on=substitution.starts_on.isoformat(),
        ends_on=substitution.ends_on.isoformat(),
    )
