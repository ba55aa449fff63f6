"""What stands in no price list: a supplier that may be ordered work and special goods from, and orders of that."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from sqlalchemy import select

from app.demo.agreements import Office
from app.demo.chronicle import Chronicle
from auth.actions.unit import allow_emergency
from auth.user import User
from catalog.actions.lot import AwardFacts, edit_award
from catalog.agreement import Agreement, Award, FreeTextPrice, Lot
from core.clock import now, today
from core.db import db
from orders.actions.approval import approve
from orders.actions.blanket import draw
from orders.actions.free_text import FreeTextFacts, state
from orders.actions.requisition import Checkout, submit
from orders.approval import ApprovalState
from orders.approval_queries import steps_of
from orders.order_queries import orders_of
from orders.requisition import Requisition, RequisitionState
from orders.sent_file import SentFile

AGREEMENT = "UK25-018"
SCHOOL = ("OSD", "311")
OFFER = "Offert 4471\n\nTvå armaturer IP65 med rörelsevakt, 1 890 kr styck enligt vår prislista.\nLjuspunkten AB\n"
WORK = FreeTextFacts(
    key="demo-fritext-1",
    name="Byte av armaturer i trapphuset",
    description="Trapphus B, plan 1 till 3. Nycklar hos vaktmästaren.",
    quantity=Decimal(6),
    price=Decimal(590),
    price_kind=FreeTextPrice.HOURLY,
)
LAMPS = FreeTextFacts(
    key="demo-fritext-2",
    name="Armatur IP65 med rörelsevakt",
    description="Som de som sitter i trapphus A.",
    quantity=Decimal(2),
    unit_code="C62",
    price=Decimal(1890),
    price_kind=FreeTextPrice.MARK_UP,
    mark_up=Decimal(12),
    file=SentFile("Offert 4471.txt", OFFER.encode()),
    is_file_sent=True,
)
SEARCH = FreeTextFacts(
    key="demo-fritext-3",
    name="Felsökning av belysningen i slöjdsalen",
    description="Lamporna blinkar när svarven är i gång.",
    quantity=Decimal(1),
    unit_code="LS",
    price=Decimal(4500),
    price_kind=FreeTextPrice.ESTIMATE,
)


def plan_free_text(office: Office, chronicle: Chronicle) -> None:
    """Allow it, order some of it, and let one wait."""
    chronicle.at(chronicle.instant(70, 10, 5), partial(_allow, office))
    chronicle.at(chronicle.instant(24, 9, 15), partial(_order, office, chronicle, (WORK, LAMPS), says_yes=True))
    chronicle.at(chronicle.instant(chronicle.workday(1), 9, 25), partial(_order, office, chronicle, (SEARCH,)))
    chronicle.at(chronicle.instant(62, 9, 35), partial(_place_blanket, office, chronicle))
    chronicle.at(chronicle.instant(80, 13, 5), partial(_allow_emergency, office))
    chronicle.at(
        chronicle.instant(41, 19, 20), partial(_order_now, office, LEAK, chronicle, chronicle.instant(40, 7, 35))
    )
    chronicle.at(chronicle.instant(1, 20, 45), partial(_order_now, office, DARK, chronicle))


def _place_blanket(office: Office, chronicle: Chronicle) -> None:
    """A blanket order for small repairs, drawn from three times and running on."""
    anna, organisation = office.people["anna@ostersund"], office.places.organisations["OSD"]
    facts = FreeTextFacts(
        key="demo-ramorder",
        name="Löpande elreparationer på skolan",
        description="Mindre fel som vaktmästaren anmäler: 590 kr i timmen, material enligt prislistan.",
        quantity=Decimal(1),
        price=Decimal(20_000),
        price_kind=FreeTextPrice.ESTIMATE,
        period=(today(), today() + timedelta(days=180)),
    )
    state(anna, organisation, award_of(AGREEMENT), facts)
    requisition = submit(anna, organisation, checkout_of(office, anna, facts.key))
    chronicle.at(now() + timedelta(hours=4), partial(approve_all, requisition))
    for days, amount, note in DRAWS:
        came = partial(_draw, office, requisition, Decimal(amount), note)
        chronicle.at(chronicle.instant(days, 15, 10), came)


DRAWS = (
    (50, "1770", "Tre timmar, jordfelsbrytare i köket"),
    (33, "2945.50", "Uttag i lärarrummet, med material"),
    (9, "1180", "Två timmar, ytterbelysning"),
)


def _draw(office: Office, requisition: Requisition, amount: Decimal, note: str) -> None:
    [order] = orders_of(requisition)
    draw(office.people["anna@ostersund"], order, amount, today(), note, f"demo-{note}"[:64])


LEAK = "Fel på huvudcentralen: halva skolan utan ström inför morgondagen."
DARK = "Utrymningsbelysningen slocknade på kvällen och måste lagas innan eleverna kommer."


def _allow_emergency(office: Office) -> None:
    """The school may order first, up to an amount, and be approved within three days."""
    allow_emergency(office.people["birgitta@ostersund"], office.places.units[SCHOOL], Decimal(15_000), 72)


def _order_now(office: Office, why: str, chronicle: Chronicle, answered: datetime | None = None) -> None:
    """An emergency order in the evening, answered the next morning or still waiting."""
    anna, organisation = office.people["anna@ostersund"], office.places.organisations["OSD"]
    facts = FreeTextFacts(
        key=f"demo-jour-{now():%m%d}",
        name="Felavhjälpning, jour",
        description=why,
        quantity=Decimal(4),
        price=Decimal(640),
        price_kind=FreeTextPrice.HOURLY,
    )
    state(anna, organisation, award_of(AGREEMENT), facts)
    checkout = replace(checkout_of(office, anna, facts.key), emergency_reason=why)
    requisition = submit(anna, organisation, checkout)
    if answered is not None:
        chronicle.at(answered, partial(approve_all, requisition))


def award_of(number: str) -> Award:
    """The first supplier on the first lot of an agreement."""
    found = select(Award).join(Award.lot).join(Lot.agreement).where(Agreement.number == number)
    return db.session.scalars(found.order_by(Award.rank)).first()  # type: ignore[return-value]


def _allow(office: Office) -> None:
    award = award_of(AGREEMENT)
    same = {name: getattr(award, name) for name in AwardFacts.__dataclass_fields__}
    facts = replace(
        AwardFacts(**same),
        free_text_cap=Decimal(25_000),
        free_text_basis="Avtalet punkt 4.3, arbete och annat elmateriel",
        free_text_by_hour=True,
        free_text_rate=Decimal(640),
        free_text_by_list=True,
        free_text_mark_up=Decimal(15),
        free_text_by_estimate=True,
    )
    edit_award(office.people["lars@upphandling"], award, facts, award.lot.agreement.version)


def _order(office: Office, chronicle: Chronicle, wanted: tuple[FreeTextFacts, ...], *, says_yes: bool = False) -> None:
    anna, organisation = office.people["anna@ostersund"], office.places.organisations["OSD"]
    for facts in wanted:
        state(anna, organisation, award_of(AGREEMENT), facts)
    requisition = submit(anna, organisation, checkout_of(office, anna, wanted[0].key))
    if says_yes:
        chronicle.at(chronicle.instant(23, 10, 20), partial(approve_all, requisition))


def checkout_of(office: Office, person: User, key: str) -> Checkout:
    """At the till of the school."""
    return Checkout(
        unit=office.places.units[SCHOOL],
        address=office.places.addresses[SCHOOL],
        key=key,
        buyer_reference=person.reference,
        accounting_cost="311-5520",
    )


def approve_all(requisition: Requisition) -> None:
    """Everybody who is asked says yes."""
    while requisition.state is RequisitionState.SUBMITTED:
        step = next(step for step in steps_of(requisition) if step.state is ApprovalState.PENDING)
        approve(step.candidates[0].user, step, None, requisition.content_hash or "")
