"""Ceilings and days of the demo: an organisation's part, what was bought elsewhere, a term prolonged, a ceiling raised;
purchases that look split, and what lies with a supplier that is blocked the next day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial

from sqlalchemy import select

from app.demo.agreements import Office
from app.demo.articles import quantity_of
from app.demo.chronicle import Chronicle
from catalog.actions.agreement import Decision, add_extension, take_extension
from catalog.actions.ceiling import Unlocking, state_ceiling
from catalog.actions.external import ExternalFacts, enter, take_back
from catalog.agreement import Agreement, Award
from catalog.ceiling import Ceiling
from catalog.ceiling_change import Ground
from catalog.queries import articles_by_id
from core.clock import today
from core.db import db
from core.errors import RuleBroken
from orders.actions.basket import add
from orders.actions.ceiling import open_ceiling
from orders.actions.requisition import Checkout, submit
from orders.basket_queries import basket_of

COMPUTERS, PAPER, TIMBER, PRINT = "UK24-030", "UK24-011", "UK24-045", "UK25-003"
ELSEWHERE = (
    # days ago, organisation, SEK, reference
    (40, "KRO", "18400", "Faktura 88213"),
    (33, "BER", "7260.50", "Faktura 4411"),
    (21, "ARE", "12900", "Butiksköp, kvitto 1190"),
)


def plan_ceilings(office: Office, chronicle: Chronicle) -> None:
    """Put it all into the chronicle."""
    acts: tuple[tuple[int, Callable[[Office], None]], ...] = (
        (50, _part),
        (45, _elsewhere),
        (44, _correct),
        (30, _prolong),
        (26, _raise),
        (10, _waits_for_the_blocked),
        (7, partial(_split, "demo-split-1", 23_400)),
        (4, partial(_split, "demo-split-2", 24_100)),
    )
    for minute, (days, act) in enumerate(acts):
        chronicle.at(chronicle.instant(chronicle.workday(days), 13, minute), partial(act, office))


def _agreement(office: Office, number: str) -> Agreement:
    return office.agreements[number]


def _part(office: Office) -> None:
    """Östersund may call off so much of the paper agreement, which begins to fill up; timber has one in metres."""
    agreement = _agreement(office, PAPER)
    town = office.places.organisations["OSD"]
    karin = office.people["karin@upphandling"]
    open_ceiling(karin, agreement, agreement.version, limit=Decimal(95_000), organisation=town)
    timber = _agreement(office, TIMBER)
    lars = office.people["lars@upphandling"]
    open_ceiling(lars, timber, timber.version, limit=Decimal(60_000), lot=timber.lots[0], measure="MTR")


def _elsewhere(office: Office) -> None:
    agreement = _agreement(office, TIMBER)
    for days, prefix, amount, reference in ELSEWHERE:
        facts = ExternalFacts(
            called_off_on=today() - timedelta(days=days),
            amount=Decimal(amount),
            organisation=office.places.organisations[prefix],
            reference=reference,
        )
        enter(office.people["lars@upphandling"], agreement, facts)


def _correct(office: Office) -> None:
    lars, agreement = office.people["lars@upphandling"], _agreement(office, TIMBER)
    facts = ExternalFacts(called_off_on=today() - timedelta(days=3), amount=Decimal(99_000), reference="Faktura 88214")
    take_back(lars, enter(lars, agreement, facts), "Fakturan gällde ett annat avtal.")


def _prolong(office: Office) -> None:
    johanna, agreement = office.people["johanna@upphandling"], _agreement(office, COMPUTERS)
    last_day = agreement.ends_on + timedelta(days=365)
    option = add_extension(johanna, agreement, agreement.version, ends_on=last_day, decide_by=today())
    decision = Decision(
        number="UPK 2026/118",
        decided_on=today(),
        reason="Priserna är goda, och en ny upphandling har börjat förberedas.",
    )
    db.session.flush()
    take_extension(johanna, option, agreement.version, decision)


def _raise(office: Office) -> None:
    agreement = _agreement(office, COMPUTERS)
    query = select(Ceiling).where(Ceiling.agreement_id == agreement.id, Ceiling.lot_id.is_(None))
    ceiling = db.session.scalars(query.where(Ceiling.organisation_id.is_(None))).one()
    unlocking = Unlocking(
        ground=Ground.SMALL,
        reason="Ökningen är 6 procent av avtalets värde och under tröskelvärdet. Inga tidigare ändringar.",
        decided_on=today(),
        file_name="beslut-hojt-tak.txt",
        content="Beslut om höjt tak för UK24-030 (demodata).".encode(),
    )
    limit = (ceiling.limit or Decimal(0)) * Decimal("1.06")
    johanna = office.people["johanna@upphandling"]
    state_ceiling(johanna, ceiling, agreement.version, limit=limit, unlocking=unlocking)


def _split(key: str, aim: int, office: Office) -> None:
    """Two requisitions of timber, each just under what a higher boss would approve."""
    agreement = _agreement(office, TIMBER)
    _order(office, "tommy@ostersund", ("OSD", "511"), agreement.lots[0].awards[0], key, aim)


def _waits_for_the_blocked(office: Office) -> None:
    """Printed matter of the supplier that was blocked a few days later."""
    blocked = office.suppliers["profilverket"]
    award = next(a for lot in _agreement(office, PRINT).lots for a in lot.awards if a.supplier == blocked)
    _order(office, "linnea@ostersund", ("OSD", "612"), award, "demo-blocked", 2_400)


def _order(office: Office, who: str, where: tuple[str, str], award: Award, key: str, aim: int) -> None:
    orderer, organisation = office.people[who], office.places.organisations[where[0]]
    article_id = min(office.assortments.article_ids(award))
    article = articles_by_id([article_id])[article_id]
    wanted = int(aim * article.base_quantity / article.price)
    add(orderer, organisation, article, quantity_of(article, wanted))
    basket = basket_of(orderer, organisation)
    assert basket is not None
    for line in basket.lines:
        line.choice_ground = award.lot.grounds[0] if award.lot.grounds else None
    address = office.places.addresses.get(where) or office.places.addresses[where[0], "100"]
    checkout = Checkout(
        unit=office.places.units[where],
        address=address,
        key=key,
        buyer_reference=orderer.reference,
        message_to_approver="Till renoveringen." if aim > 10_000 else None,
    )
    try:
        submit(orderer, organisation, checkout)
    except RuleBroken as refusal:
        if not refusal.findings:
            raise
        basket.lines.clear()
