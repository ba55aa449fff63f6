"""A purchase of the demo: from basket to receipt through the use cases that people use, each act on its own day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import select

from app.demo.agreements import Office
from app.demo.articles import quantity_of
from app.demo.chronicle import Act, Chronicle, working_hours
from app.demo.post import deliver, fail
from app.demo.tastes import FEW, LINES
from auth.journal import record
from auth.organisation import Organisation
from auth.substitution import Substitution
from auth.user import User
from catalog import ceiling
from catalog.agreement import Award, CallOffMethod
from catalog.price_list import Article
from catalog.queries import articles_by_id
from catalog.steering import Ask, blocking, findings
from core.clock import now, today
from core.db import db
from core.errors import RuleBroken
from core.state import advance, can
from orders.actions.approval import approve, reject, send_back
from orders.actions.basket import open_basket
from orders.actions.order import cancel, close, draws_of
from orders.actions.ranking import note_refusal
from orders.actions.receipt import Received, receive
from orders.actions.requisition import Checkout, mend, submit, withdraw
from orders.approval import ApprovalState, ApprovalStep
from orders.approval_queries import steps_of
from orders.basket import Basket, BasketLine
from orders.basket_queries import basket_of
from orders.order import Order
from orders.order_queries import orders_of
from orders.receipt import Deviation
from orders.requisition import Requisition

LOW, HIGH = 150, 1900  # SEK that a line is aimed at
REJECTIONS = ("Vi har redan det här i förrådet.", "Ryms inte i årets budget.", "Köp in efter sommaren i stället.")
RETURNS = ("Kan antalet halveras?", "Välj gärna ett miljömärkt alternativ.", "Fel kontering, ändra och skicka in igen.")
CANCELS = ("Beställd två gånger av misstag.", "Behovet finns inte längre.", "Vi fick låna av grannskolan.")
CLOSES = ("Resten är slut hos leverantören och väntas inte.", "Vi klarar oss med det som har kommit.")
DECLINES = ("Varan har utgått ur sortimentet.", "Slut hos tillverkaren till nästa månad.")
DEVIATIONS = {
    "damaged": (Deviation.DAMAGED, "Kartongen var blöt och delar av innehållet förstört."),
    "wrong": (Deviation.WRONG, "Fel färg levererad. Leverantören hämtar och byter."),
    "missing": (Deviation.MISSING, "Står på följesedeln men fanns inte i leveransen."),
}
NOTES = ("Leverera före kl. 10, tack.", "Ring en halvtimme före, tack.", None, None, None, None)


@dataclass
class Purchase:
    """Somebody's purchase for a unit, and what becomes of it.

    `story`: whole, parts, partial, over, damaged, wrong, missing, short, cancelled, declined, confirmed, placed or
    undelivered for what is ordered; rejected, withdrawn, returned, mended, half (the last yes is lacking) or waiting
    for what never is, or not yet. Acts that would lie in the future do not happen, so that recent purchases are under
    way.
    """

    office: Office
    chronicle: Chronicle
    key: str
    orderer: User
    prefix: str
    unit: str
    wanted: set[str]  # assortments
    story: str
    refused: int = 0  # how many suppliers of the ranking say no before
    scale: int = 1  # how many times as much as usual
    agreement: str | None = None  # only this one
    requisition: Requisition | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.chance = Random(self.key)  # noqa: S311 - the same choices in every run

    def begin(self) -> None:
        """Fill the basket and send it in."""
        for assortment in sorted(self.wanted):
            self._fill(assortment)
        self.requisition = self._submit(self.key)
        if self.requisition is None or self.story == "waiting":
            return
        if self.story == "withdrawn":
            self._later(2, 20, self._withdraw)
        else:
            self._later(1, 5, self._decide)

    # the basket

    def _fill(self, assortment: str) -> None:
        """A few articles of the first supplier who may deliver them to this organisation today."""
        sellers = [
            award
            for award in self.office.assortments.sellers(assortment)
            if self.agreement in (None, award.lot.agreement.number)
        ]
        basket, passed = open_basket(self.orderer, self._organisation), sellers[: self.refused]
        refused = frozenset(award.id for award in passed)
        for award in sellers[self.refused :]:
            lines = [self._line(article, award, assortment) for article in self._pick(award, assortment)]
            asks = [Ask(line.article, line.quantity, line.choice_ground, refused=refused) for line in lines]
            if not blocking(findings(asks, self._organisation, today())):
                basket.lines.extend(lines)
                db.session.flush()
                self._note_refusals(basket, [one for one in passed if one.lot_id == award.lot_id])
                return

    def _pick(self, award: Award, assortment: str) -> list[Article]:
        fewest, most = LINES.get(assortment, (1, 5))
        ids = self.office.assortments.article_ids(award)
        chosen = self.chance.sample(ids, min(len(ids), self.chance.randint(fewest, most)))
        found = articles_by_id(chosen)
        return [found[article_id] for article_id in sorted(found)]

    def _line(self, article: Article, award: Award, assortment: str) -> BasketLine:
        """What `basket.add` would put there; asked for all lines at once, because a year is long."""
        aim = Decimal(self.chance.randint(LOW, HIGH))
        wanted = min(60, int(aim * article.base_quantity / article.price))
        wanted = self.chance.randint(1, 3) if assortment in FEW else wanted
        return BasketLine(
            article=article,
            quantity=quantity_of(article, wanted * self.scale),
            choice_ground=self._ground(award),
            added_at=now(),
        )

    def _ground(self, award: Award) -> str | None:
        if award.lot.method is CallOffMethod.DYNAMIC_RANKING:
            return "Allt behövs samtidigt till samma grupp, och bara den här leverantören har alla storlekar."
        return self.chance.choice(award.lot.grounds) if award.lot.grounds else None

    def _note_refusals(self, basket: Basket, awards: list[Award]) -> None:
        for award in awards:
            if not award.supplier.is_blocked:
                asked_at = now() - timedelta(hours=26)
                reason = "Tillfälligt slut i lager, kan inte leverera inom avtalad tid."
                note_refusal(self.orderer, basket, award, asked_at, "e-post", "declined", reason)

    # the requisition

    def _submit(self, key: str) -> Requisition | None:
        basket = basket_of(self.orderer, self._organisation)
        if basket is None or not basket.lines:
            return None
        places = self.office.places
        unit = places.units[self.prefix, self.unit]
        address = places.addresses.get((self.prefix, self.unit)) or places.addresses[self.prefix, "100"]
        checkout = Checkout(
            unit=unit,
            address=address,
            key=key,
            wanted_on=working_hours(now() + timedelta(days=self.chance.randint(5, 12))).date(),
            buyer_reference=self.orderer.reference,
            accounting_cost=f"{self.unit}-{self.chance.choice((4610, 5410, 6110, 6410))}",
            message_to_supplier=self.chance.choice(NOTES),
            message_to_approver="Till terminsstarten." if self.chance.random() < 0.1 else None,
        )
        try:
            return submit(self.orderer, self._organisation, checkout)
        except RuleBroken as refusal:
            if not refusal.findings:
                raise
            basket.lines.clear()  # a ceiling is reached: she gives up
            return None

    def _withdraw(self) -> None:
        assert self.requisition is not None
        withdraw(self.orderer, self.requisition)

    def _decide(self) -> None:
        """The next step's decision; the last yes places the orders."""
        requisition = self.requisition
        assert requisition is not None
        step = next(step for step in steps_of(requisition) if step.state is ApprovalState.PENDING)
        if self.story == "half" and step.lacks_yes == 1 and not step.following:
            return
        person, seen = self._decider(step), step.content_hash
        if self.story == "rejected":
            reject(person, step, self.chance.choice(REJECTIONS), seen)
        elif self.story in ("returned", "mended") and step.round == 1:
            send_back(person, step, self.chance.choice(RETURNS), seen)
            if self.story == "mended":
                self._later(1, 3, self._mend)
        else:
            approve(person, step, "Ja, enligt plan." if self.chance.random() < 0.15 else None, seen)
            if can(requisition, "approve"):
                self._later(1, 2, self._decide)
            for order in orders_of(requisition):
                self._go_on(order)

    def _decider(self, step: ApprovalStep) -> User:
        """One of the candidates, or whoever stands in for her today."""
        candidate = self.chance.choice([seat for seat in step.candidates if seat.is_open]).user
        if len([other for other in steps_of(step.requisition) if other.round == step.round]) > 1:
            return candidate  # the substitute may be asked in another step, and nobody decides twice
        substitutions = db.session.scalars(select(Substitution).where(Substitution.absent_id == candidate.id))
        return next((s.substitute for s in substitutions if s.is_current(today())), candidate)

    def _mend(self) -> None:
        assert self.requisition is not None
        mend(self.orderer, self.requisition)
        basket = basket_of(self.orderer, self._organisation)
        if basket is not None and len(basket.lines) > 1:
            basket.lines.pop()
        self._submit(f"{self.key}-2")
        self._later(1, 2, self._decide)

    # the order

    def _go_on(self, order: Order) -> None:
        if self.story == "declined":
            self._later(4, 30, lambda: self._decline(order))
        elif self.story == "cancelled":
            self._later(20, 40, lambda: self._cancel(order))
        elif self.story == "undelivered":
            fail(order)
        elif self.story != "placed":
            self._later(3, 24, lambda: self._confirm(order))

    def _confirm(self, order: Order) -> None:
        advance(order, "confirm")
        order.confirmed_at = now()
        self._tell_answer(order, "confirm")
        if self.story != "confirmed":
            self._later(30, 130, lambda: self._receive(order))

    def _decline(self, order: Order) -> None:
        advance(order, "decline")
        ceiling.release_ordered(draws_of(order))
        self._tell_answer(order, "decline", self.chance.choice(DECLINES))

    def _tell_answer(self, order: Order, act: str, reason: str | None = None) -> None:
        """What the supplier answered by telephone or mail; there is no actor of ours."""
        told: dict[str, Any] = {"supplier": order.supplier.name} | ({"reason": reason} if reason else {})
        record(None, act, "order", order.number, organisation_id=order.organisation_id, **told)

    def _cancel(self, order: Order) -> None:
        deliver(now())
        cancel(self.orderer, order, self.chance.choice(CANCELS))

    def _receive(self, order: Order) -> None:
        """The first delivery; what follows depends on the story."""
        came = {line.id: Received(line.quantity) for line in order.lines}
        first = order.lines[0]
        note = None
        if self.story in ("parts", "partial", "short"):
            half = (first.quantity / 2).to_integral_value()
            came = {first.id: Received(half)} if half else came
            note = "Resten kommer senare enligt följesedeln."
        elif self.story == "over":
            came[first.id] = Received(first.quantity + 1, note="En förpackning för mycket, behålls.")
        elif self.story == "missing":
            came[first.id] = Received(max(first.quantity - 2, Decimal(0)), *DEVIATIONS[self.story])
        elif self.story in DEVIATIONS:
            came[first.id] = Received(first.quantity, *DEVIATIONS[self.story])
        receive(self._receiver(), order, came, note, f"{self.key}-{order.number}-1")
        if not can(order, "close"):
            return
        if self.story in ("parts", "missing"):
            self._later(40, 90, lambda: self._receive_rest(order, came))
        elif self.story == "short":
            self._later(90, 200, lambda: close(self.orderer, order, self.chance.choice(CLOSES)))

    def _receive_rest(self, order: Order, came: dict[int, Received]) -> None:
        nothing = Received(Decimal(0))
        rest = {line.id: line.quantity - came.get(line.id, nothing).quantity for line in order.lines}
        lacking = {line_id: Received(quantity) for line_id, quantity in rest.items() if quantity}
        receive(self._receiver(), order, lacking, None, f"{self.key}-{order.number}-2")

    def _receiver(self) -> User:
        if self.orderer.email == "anna@ostersund.example":
            return self.office.people["goran@ostersund"]
        return self.orderer

    # time

    def _later(self, fewest_hours: int, most_hours: int, act: Act) -> None:
        """Let `act` happen some hours from now, at work; not at all where that lies in the future."""
        instant = working_hours(now() + timedelta(minutes=self.chance.randint(fewest_hours * 60, most_hours * 60)))
        if instant < self.chronicle.instant(0, 6):
            self.chronicle.at(instant, act)

    @property
    def _organisation(self) -> Organisation:
        return self.office.places.organisations[self.prefix]
