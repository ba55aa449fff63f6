"""Three competitions: one won and ordered, one whose bids wait to be opened, one that takes bids (see the mailbox)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from sqlalchemy import select

from app.demo.agreements import Office
from app.demo.chronicle import Chronicle
from app.demo.free_text import approve_all
from catalog.actions.criterion import CriterionFacts, set_criteria
from catalog.agreement import Agreement, Lot
from core.clock import now, today
from core.db import db
from orders.actions.bidding import BidFacts, bid, decline
from orders.actions.competition import AskedLine, RequestFacts, announce, take_to_basket
from orders.actions.opening import name_witness, open_bids
from orders.actions.requisition import Checkout, submit
from orders.actions.weighing import Grade, decide, weigh
from orders.competition_queries import bids_of, load_competition

SCHOOL = ("OSD", "311")
ANSWER_DAYS = 12
CRITERIA = (
    CriterionFacts("Pris", Decimal(70), is_price=True),
    CriterionFacts(
        "Genomförande", Decimal(30), "Tidplan, störning för verksamheten och hur arbetet samordnas. Betyg 0 till 10."
    ),
)


class Scene(NamedTuple):
    """A request so many days ago, on an agreement; `bids`: prices per line of each supplier, or none who declines."""

    days: int
    agreement: str
    title: str
    specification: str
    lines: tuple[AskedLine, ...]
    bids: tuple[tuple[str, ...] | None, ...] = ()
    wins: bool = False


SCENES = (
    Scene(
        45, "UK25-030", "Bokhyllor i skolbiblioteket",
        "Platsbyggda bokhyllor längs två väggar, höjd 210 cm, i vitlaserad furu. Verksamheten pågår under arbetet, så "
        "borrning och sågning görs efter klockan 15. Mått på ritningen är ungefärliga: mät på plats.",
        (AskedLine("Bokhylla, platsbyggd", Decimal(18), "MTR"), AskedLine("Rivning av den gamla", Decimal(1), "LS")),
        (("1480", "6500"), ("1390", "9800"), None, ("1620", "4200")), wins=True,
    ),
    Scene(
        14, "UK25-032", "Flytt av två klassrum till paviljongen",
        "Möbler och material för två klassrum, ungefär 40 meter, en trappa ner. En lördag. Kartonger ingår.",
        (AskedLine("Flytt av ett klassrum", Decimal(2), "C62"), AskedLine("Flyttkartonger", Decimal(60), "C62")),
        (("7400", "18"), ("6900", "22.50")),
    ),
    Scene(
        3, "UK25-030", "Ny skärmvägg i matsalen",
        "En skärmvägg 6 meter lång och 180 cm hög, ljuddämpande på båda sidor, som tål att torkas av.",
        (AskedLine("Skärmvägg, ljuddämpande", Decimal(6), "MTR"), AskedLine("Montering", Decimal(8), "HUR")),
    ),
)  # fmt: skip


def plan_competitions(office: Office, chronicle: Chronicle) -> None:
    """Put the criteria, the requests and what became of them into the chronicle."""
    chronicle.at(chronicle.instant(60, 9, 40), partial(_weigh_by, office))
    for scene in SCENES:
        chronicle.at(chronicle.instant(scene.days, 9, 45), partial(_announce, office, chronicle, scene))


def _lot(number: str) -> Lot:
    return db.session.scalars(select(Lot).join(Agreement).where(Agreement.number == number)).one()


def _weigh_by(office: Office) -> None:
    lot = _lot("UK25-030")
    set_criteria(office.people["lars@upphandling"], lot, CRITERIA, lot.agreement.version)


def _announce(office: Office, chronicle: Chronicle, scene: Scene) -> None:
    anna = office.people["anna@ostersund"]
    last_day = today() + timedelta(days=ANSWER_DAYS)
    made = announce(
        anna,
        office.places.organisations["OSD"],
        _lot(scene.agreement),
        RequestFacts(
            key=f"demo-competition-{scene.days:02d}",
            unit=office.places.units[SCHOOL],
            title=scene.title,
            specification=scene.specification,
            lines=scene.lines,
            last_day=last_day,
            valid_until=last_day + timedelta(days=60),
            wanted_on=last_day + timedelta(days=30),
            contact_name=anna.name,
            contact_email=anna.email,
        ),
    )
    for number, prices in enumerate(scene.bids):
        chronicle.at(now() + timedelta(days=2 + number, hours=number), partial(_answer, made.id, number, prices))
    if scene.wins:
        chronicle.at(made.deadline_at + timedelta(hours=9), partial(_open, office, chronicle, made.id))


def _answer(competition_id: int, number: int, prices: tuple[str, ...] | None) -> None:
    competition = load_competition(competition_id)
    invitation = competition.invited[number]
    if prices is None:
        decline(invitation, "Vi har fullt till sommaren. Fråga gärna igen.")
        return
    bid(
        invitation,
        BidFacts(
            prices={line.id: Decimal(price) for line, price in zip(competition.lines, prices, strict=True)},
            valid_until=competition.valid_until,
            contact=invitation.supplier.contact_name,
            message="Vi har sett lokalen och kan börja inom två veckor.",
        ),
    )


def _open(office: Office, chronicle: Chronicle, competition_id: int) -> None:
    lars, karin = office.people["lars@upphandling"], office.people["karin@upphandling"]
    competition = load_competition(competition_id)
    name_witness(lars, competition, karin)
    open_bids(karin, competition)
    chronicle.at(now() + timedelta(hours=3), partial(_decide, office, chronicle, competition_id))


GRADES = (
    ("8", "Tydlig tidplan, arbetar efter skoltid."),
    ("6", "Tidplan finns, men störningen är inte beskriven."),
    ("7", "Bra tidplan, samordningen med skolan är kort beskriven."),
)


def _decide(office: Office, chronicle: Chronicle, competition_id: int) -> None:
    lars, competition = office.people["lars@upphandling"], load_competition(competition_id)
    execution = competition.criteria[1]
    bids = bids_of(competition)
    for each, (grade, reason) in zip(bids, GRADES, strict=True):
        weigh(lars, each, [Grade(execution, Decimal(grade), reason)])
    reasons = "Bäst på båda kriterierna: lägst pris, och den tydligaste planen för arbete efter skoltid."
    decide(lars, competition, bids[0].id, reasons)
    chronicle.at(now() + timedelta(days=1), partial(_order, office, chronicle, competition_id))


def _order(office: Office, chronicle: Chronicle, competition_id: int) -> None:
    anna, competition = office.people["anna@ostersund"], load_competition(competition_id)
    basket = take_to_basket(anna, competition)
    checkout = Checkout(
        unit=office.places.units[SCHOOL],
        address=office.places.addresses[SCHOOL],
        key=f"demo-won-{competition_id}",
        wanted_on=competition.wanted_on,
        buyer_reference=anna.reference,
        accounting_cost="311-5410",
        message_to_approver=f"Vunnet i förnyad konkurrensutsättning, {competition.number}.",
    )
    requisition = submit(anna, competition.organisation, checkout, basket)
    chronicle.at(now() + timedelta(hours=5), partial(approve_all, requisition))
