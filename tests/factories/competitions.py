"""Competitions, walked by the real use cases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from auth.permission import Role
from auth.user import User
from catalog.agreement import Agreement, CallOffMethod, Lot
from catalog.criterion import LotCriterion
from core.clock import frozen, today
from core.db import db
from exchange.outbox import messages_about
from orders.actions.bidding import BidFacts, bid
from orders.actions.competition import AskedLine, RequestFacts, announce
from orders.actions.opening import name_witness, open_bids
from orders.actions.weighing import Grade, decide, weigh
from orders.bid import CompetitionDecision
from orders.competition import Competition, Invitation
from orders.competition_mail import about
from orders.competition_queries import bids_of, invitation_by
from tests.factories import unique
from tests.factories.auth import make_member
from tests.factories.catalog import make_agreement, make_award, make_lot
from tests.factories.needs import make_buyer
from tests.factories.orders import Place, make_place

DESKS = (AskedLine("Höj- och sänkbart bord", Decimal(10), "C62"), AskedLine("Montering", Decimal("2.5"), "HUR"))


@dataclass
class Scene:
    """A place whose agreement demands competition, and the people of it."""

    place: Place
    lot: Lot
    buyer: User
    witness: User
    suppliers: list[str] = field(default_factory=list)

    @property
    def agreement(self) -> Agreement:
        return self.lot.agreement


def make_scene(suppliers: int = 3, place: Place | None = None, **lot_values: Any) -> Scene:
    """A lot of some suppliers where every call-off is competed for."""
    place = place or make_place()
    lot = make_lot(make_agreement(place.organisation), **{"method": CallOffMethod.COMPETITION, **lot_values})
    names = [make_award(lot).supplier.name for _number in range(suppliers)]
    return Scene(place, lot, make_buyer(), make_member(Role.AUDITOR, place.organisation), names)


def add_criteria(lot: Lot, price: int = 60, **qualities: int) -> None:
    """Weighted criteria of a lot: the price's weight, and others by name."""
    weights = [("Pris", price, True), *((name, weight, False) for name, weight in qualities.items())]
    for position, (name, weight, is_price) in enumerate(weights, start=1):
        db.session.add(
            LotCriterion(lot_id=lot.id, position=position, name=name, weight=Decimal(weight), is_price=is_price)
        )
    db.session.flush()


def request_facts(place: Place, **values: Any) -> RequestFacts:
    return RequestFacts(
        **{
            "key": f"competition-{unique()}",
            "unit": place.unit,
            "title": "Bord till skolan",
            "specification": "Bord för elever i årskurs 7 till 9.",
            "lines": DESKS,
            "last_day": today() + timedelta(days=14),
            "valid_until": today() + timedelta(days=90),
            "contact_name": "Anna Andersson",
            "contact_email": "anna@kommun.example",
            **values,
        }
    )


def make_competition(scene: Scene | None = None, **values: Any) -> Competition:
    """One that takes bids."""
    scene = scene or make_scene()
    return announce(scene.place.orderer, scene.place.organisation, scene.lot, request_facts(scene.place, **values))


def links_of(competition: Competition) -> list[str]:
    """The secrets of the suppliers' links, in the order of the invitations, as they stand in the mail."""
    mails = [m for m in messages_about(about(competition)) if "/bids/" in m.text]
    found = [re.search(r"/bids/([\w-]+)", mail.text) for mail in mails]
    return [match.group(1) for match in found if match]


def invitations_of(competition: Competition) -> list[Invitation]:
    return [invitation_by(link) for link in links_of(competition)]


def make_bid(invitation: Invitation, *prices: str, **values: Any) -> str:
    """A bid with a price for each line."""
    lines = invitation.competition.lines
    facts = {
        "prices": {line.id: Decimal(price) for line, price in zip(lines, prices, strict=True)},
        "valid_until": invitation.competition.valid_until,
        **values,
    }
    return bid(invitation, BidFacts(**facts))


def after_deadline(competition: Competition) -> Any:
    """The clock a minute after the time is out."""
    return frozen(competition.deadline_at + timedelta(minutes=1))


def open_together(scene: Scene, competition: Competition) -> None:
    """The buyer and the witness open what came; the clock must be past the deadline."""
    name_witness(scene.buyer, competition, scene.witness)
    open_bids(scene.witness, competition)


def make_opened(
    scene: Scene, prices: Sequence[tuple[str, ...]] = (("900", "500"), ("880", "500")), **values: Any
) -> Competition:
    """One whose bids are open; each tuple is the prices of one supplier. Leaves the clock as it was."""
    competition = make_competition(scene, **values)
    for invitation, of_one in zip(invitations_of(competition), prices, strict=False):
        make_bid(invitation, *of_one)
    with after_deadline(competition):
        open_together(scene, competition)
    return competition


def make_decided(scene: Scene, *, standstill: bool = False, **values: Any) -> CompetitionDecision:
    """One that the best bid has won."""
    competition = make_opened(scene, **values)
    with after_deadline(competition):
        for bid_ in bids_of(competition):
            grades = [Grade(c, Decimal(7), "Bra.") for c in competition.criteria if not c.is_price]
            weigh(scene.buyer, bid_, grades)
        best = min(bids_of(competition), key=lambda each: each.net_amount)
        return decide(scene.buyer, competition, best.id, "Lägst pris.", standstill=standstill)
