"""The play: orderers, approvers, administrators, suppliers and the clock do what comes to their minds.

Every step is tried by the real use case, most by people who may and some by people who may not. A refusal is a fine
answer; what must never happen is asked after each step (`tests.play.truths`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from auth.actions.substitution import end_substitution, substitute
from auth.actions.user import Person, change_membership, disable_user, edit_user, enable_user
from auth.organisation import DeliveryAddress, Organisation
from auth.permission import Role
from auth.substitution import Substitution
from auth.user import LimitPeriod, Membership, User
from catalog.actions import agreement as agreements
from catalog.actions import external
from catalog.actions import supplier as suppliers
from catalog.actions.ceiling import Unlocking, state_ceiling
from catalog.actions.entitlement import end_entitlement
from catalog.actions.watch import warn_of_ceilings
from catalog.agreement import Agreement, Award, FreeTextPrice, Lot
from catalog.ceiling import SEK, Ceiling
from catalog.ceiling_change import Ground
from catalog.external import ExternalCallOff
from catalog.price_list import Article
from catalog.supplier import Supplier
from core.clock import frozen, now, today
from core.db import TransactionalFlask, db, reading, unit_of_work
from core.errors import AvropError
from orders.actions import approval, basket, competition, free_text, opening, requisition, weighing
from orders.actions.blanket import draw, end_blankets
from orders.actions.block import begin_blocks
from orders.actions.ceiling import open_ceiling
from orders.actions.conflict import declare
from orders.actions.conflict import withdraw as withdraw_conflict
from orders.actions.emergency import flag_overdue
from orders.actions.free_text import FreeTextFacts
from orders.actions.order import cancel, close
from orders.actions.ranking import note_refusal
from orders.actions.reassign import reassign
from orders.actions.receipt import Received, receive
from orders.actions.reminder import ask_substitutes, escalate_steps, remind_of_steps
from orders.approval import ApprovalCandidate, ApprovalState, ApprovalStep
from orders.approval_queries import steps_of
from orders.basket import Basket, BasketLine
from orders.basket_queries import basket_of
from orders.blanket import BlanketOrder
from orders.coding_said import Said, SaidCoding, SaidPart
from orders.competition import Competition, CompetitionState
from orders.competition_queries import bids_of
from orders.conflict import Conflict
from orders.order import Order, OrderLine
from orders.requisition import Requisition, RequisitionState
from tests.factories import unique
from tests.factories.catalog import make_price_list
from tests.factories.competitions import invitations_of, make_bid, request_facts
from tests.factories.orders import Place
from tests.play.truths import Memory, broken
from tests.play.world import GOODS, GROUNDS, Plan, Town, World, build, person, plans, unit_of

# What must be there before an act can be tried at all
THERE = {
    "basket": select(BasketLine.id).exists(),
    "requisition": select(Requisition.id).exists(),
    "waiting": select(Requisition.id).where(Requisition.state == RequisitionState.SUBMITTED).exists(),
    "returned": select(Requisition.id).where(Requisition.state == RequisitionState.RETURNED).exists(),
    "order": select(Order.id).exists(),
    "blanket": select(BlanketOrder.id).exists(),
    "substitution": select(Substitution.id).where(Substitution.ended_at.is_(None)).exists(),
    "conflict": select(Conflict.id).exists(),
}
JOBS = (
    *(approval.settle_steps, ask_substitutes, remind_of_steps, escalate_steps),
    *(end_blankets, flag_overdue, warn_of_ceilings, begin_blocks),
)
DAWN = datetime(2026, 10, 5, 7, tzinfo=UTC)
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., None])


class Act(NamedTuple):
    """Something that may happen: how often beside the others, and what must be there first."""

    name: str
    weight: int
    needs: str | None
    drawn: dict[str, st.SearchStrategy[Any]]


ACTS: list[Act] = []


def act(weight: int, needs: str | None = None, **drawn: st.SearchStrategy[Any]) -> Callable[[F], F]:
    """One of the things that may happen in a step. Hypothesis would choose among rules in its own way, which leaves
    most plays without an order; here each act has its weight."""

    def noted(method: F) -> F:
        ACTS.append(Act(method.__name__, weight, needs, drawn))
        return method

    return noted


class Play(RuleBasedStateMachine):
    """One play, in a database that forgets it afterwards. `stage` is set by the test that runs it."""

    stage: ClassVar[Callable[[], AbstractContextManager[TransactionalFlask]]]
    tally: ClassVar[Counter[tuple[str, str]]] = Counter()  # what was tried, and what came of it

    def __init__(self) -> None:
        super().__init__()
        self._standing = type(self).stage()
        self.app = self._standing.__enter__()
        self.world = World(0)
        self.memory = Memory()
        self.there = dict.fromkeys(THERE, False)
        self.now = DAWN

    def teardown(self) -> None:
        self._standing.__exit__(None, None, None)

    @initialize(plan=plans, data=st.data(), bought=st.integers(3, 9))
    def begin(self, plan: Plan, data: st.DataObject, bought: int) -> None:
        with self.app.app_context(), frozen(self.now), unit_of_work():
            self.world = build(plan)
        for number in range(bought):
            self.buy_at_once(data, 1 + number % 2)

    @rule(data=st.data())
    def happens(self, data: st.DataObject) -> None:
        """One step."""
        possible = [each for each in ACTS if each.needs is None or self.there[each.needs]]
        chosen = data.draw(st.sampled_from([each for each in possible for _ in range(each.weight)]), "act")
        values = {name: data.draw(strategy, name) for name, strategy in chosen.drawn.items()}
        with suppress(Nothing):
            getattr(self, chosen.name)(data, **values)

    @invariant()
    def keeps_its_word(self) -> None:
        with self.app.app_context(), frozen(self.now), reading():
            faults = broken(self.memory)
            self.there = {name: bool(db.session.scalar(select(condition))) for name, condition in THERE.items()}
        assert not faults, faults

    @contextmanager
    def trying(self, act: str) -> Iterator[None]:
        """A step: all of it happens or nothing, and a refusal is an answer."""
        with self.app.app_context(), frozen(self.now):
            try:
                with unit_of_work():
                    yield
            except AvropError as refusal:
                self.tally[act, refusal.code] += 1
            else:
                self.tally[act, "done"] += 1
        self.now += timedelta(minutes=1)

    def one(self, data: st.DataObject, things: Sequence[T], label: str) -> T:
        """One of the things, if there is any."""
        if not things:
            raise Nothing
        return data.draw(st.sampled_from(things), label)

    # Orderers

    @act(3, quantity=st.integers(1, 12), again=st.integers(1, 3))
    def put_in_basket(self, data: st.DataObject, quantity: int, again: int) -> None:
        town = self.one(data, self.world.towns, "town")
        who = self.one(data, [*town.orderers * 10, *self.world.people], "who")
        for _ in range(again):
            article = self.one(data, self.world.articles, "article")
            with self.trying("add"):
                organisation = db.session.get_one(Organisation, town.organisation)
                found = db.session.get_one(Article, article)
                basket.add(person(who), organisation, found, Decimal(quantity))

    @act(2, price=st.sampled_from([Decimal(90), Decimal(390), Decimal(410)]), by_hour=st.booleans())
    def state_free_text(self, data: st.DataObject, price: Decimal, by_hour: bool) -> None:
        town = self.one(data, self.world.towns, "town")
        award = self.one(data, [*self.world.free_awards * 4, *self.world.awards], "award")
        kind = FreeTextPrice.HOURLY if by_hour else FreeTextPrice.ESTIMATE
        with self.trying("free text"):
            organisation, orderer = db.session.get_one(Organisation, town.organisation), person(town.orderers[0])
            period = data.draw(st.sampled_from([None, None, (today(), today() + timedelta(days=30))]), "period")
            said = FreeTextFacts(
                key=f"key-{unique()}",
                name="Montering",
                quantity=Decimal(1),
                price=price,
                price_kind=FreeTextPrice.ESTIMATE if period else kind,
                period=period,
            )
            line = free_text.state(orderer, organisation, db.session.get_one(Award, award), said)
            line.choice_ground = next(iter(line.article.award.lot.grounds), None)

    @act(3, "basket")
    def tidy_basket(self, data: st.DataObject) -> None:
        """Do what the basket asks for: grounds, new prices; or take something out."""
        with self.trying("tidy"):
            found = self._basket(data)
            line = self.one(data, found.lines, "line")
            act = data.draw(st.sampled_from(["ground", "price", "fewer", "out"]), "act")
            if act == "ground":
                basket.state_ground(found.user, line, GROUNDS.splitlines()[0])
            elif act == "price":
                basket.accept_change(found.user, line)
            elif act == "fewer":
                basket.change(found.user, line, Decimal(1))
            else:
                basket.remove(found.user, line)

    @act(3, "basket", hours=st.sampled_from([1, 47, 49]), answer=st.sampled_from(["declined", "silent"]))
    def note_refusal(self, data: st.DataObject, hours: int, answer: str) -> None:
        with self.trying("note refusal"):
            found = self._basket(data)
            line = self.one(data, found.lines, "line")
            award = self.one(data, line.article.award.lot.awards, "award")
            asked = now() - timedelta(hours=hours)
            note_refusal(found.user, found, award, asked, "telefon", answer, "Har inte varan hemma.")

    @act(4, "basket", share=st.integers(1, 99))
    def submit(self, data: st.DataObject, share: int) -> None:
        with self.trying("submit"):
            found = self._basket(data)
            town = self._town(found.organisation_id)
            requisition.submit(found.user, found.organisation, self._checkout(data, town, share))

    @act(4, lines=st.integers(1, 3))
    def buy_at_once(self, data: st.DataObject, lines: int) -> None:
        """The quick way, so that there is something to approve: a few lines, from basket to requisition in one step."""
        town = self.one(data, self.world.towns, "town")
        who = self.one(data, town.orderers, "who")
        articles = [self.one(data, self.world.articles, "article") for _ in range(lines)]
        with self.trying("buy"):
            organisation, orderer = db.session.get_one(Organisation, town.organisation), person(who)
            for article in articles:
                line = basket.add(orderer, organisation, db.session.get_one(Article, article), Decimal(2))
                line.choice_ground = next(iter(line.article.award.lot.grounds), None)
            checkout = self._checkout(data, town, 50)
            if data.draw(st.sampled_from([False, False, False, True]), "emergency"):
                checkout = replace(checkout, emergency_reason="Vattenläcka.")
            requisition.submit(orderer, organisation, checkout)

    @act(1, "requisition")
    def withdraw(self, data: st.DataObject) -> None:
        with self.trying("withdraw"):
            found = self.one(data, self._requisitions(), "requisition")
            requisition.withdraw(self._somebody(data, found.orderer_id), found)

    @act(4, "returned", is_emptied=st.booleans())
    def mend(self, data: st.DataObject, is_emptied: bool) -> None:
        """Take what was sent back into the basket, and send it again, changed or not."""
        with self.trying("mend"):
            found = self.one(data, self._requisitions(RequisitionState.RETURNED), "requisition")
            who = self._somebody(data, found.orderer_id)
            lying = basket_of(who, found.organisation, lock=True)
            for line in list(lying.lines) if lying and is_emptied else ():
                basket.remove(who, line)
            requisition.mend(who, found)
            town = self._town(found.organisation_id)
            if data.draw(st.booleans(), "sent again"):
                requisition.submit(who, found.organisation, self._checkout(data, town, 30))

    # Approvers

    @act(2, act=st.sampled_from(["_stand_in", "_be_back", "_have_an_interest", "_have_it_no_more"]))
    def be_away_or_biased(self, data: st.DataObject, act: str) -> None:
        getattr(self, act)(data)

    @act(9, "waiting", act=st.sampled_from(["approve"] * 4 + ["refuse"] * 2 + ["reject", "send_back"]))
    def decide(self, data: st.DataObject, act: str) -> None:
        """Somebody who is asked decides; or somebody else tries to."""
        with self.trying(act):
            waiting = self._requisitions(RequisitionState.SUBMITTED)
            several = [each for each in waiting if len(each.lines) > 1] if act == "refuse" else []
            found = self.one(data, several or waiting, "requisition")
            step = self.one(data, [s for s in steps_of(found) if s.state is ApprovalState.PENDING], "step")
            asked = self.one(data, [seat.user_id for seat in step.candidates], "asked")
            self._decide(data, self._somebody(data, asked), step, act)

    @act(2, "requisition")
    def decide_out_of_turn(self, data: st.DataObject) -> None:
        """Somebody tries a few doors: steps that are not hers, that are not open yet, that are done."""
        steps = select(ApprovalStep.id).order_by(ApprovalStep.id)
        with self.app.app_context(), reading():
            doors = list(db.session.scalars(steps))
        for door in data.draw(st.lists(st.sampled_from(doors), min_size=1, max_size=4), "doors"):
            with self.trying("out of turn"):
                step = db.session.get_one(ApprovalStep, door)
                approval.approve(self._anybody(data), step, None, step.requisition.content_hash or "")

    @act(5, "waiting")
    def say_yes_to_all(self, data: st.DataObject) -> None:
        """Whoever is asked says yes, one after the other, until the orders are placed; others sit down in between."""
        with self.app.app_context(), reading():
            chosen = self.one(data, self._requisitions(RequisitionState.SUBMITTED), "requisition").id
        for _ in range(8):
            with self.trying("yes"):
                found = db.session.get_one(Requisition, chosen)
                seat = self._asked(data, found)
                others = self._town(found.organisation_id).approvers
                who = person(self.one(data, [seat.user_id] * 4 + others, "who"))
                approval.approve(who, seat.step, None, found.content_hash or "")

    @act(4, "waiting", why_not=st.sampled_from(["_under_her", "_biased", "_lowered", "_used_up", "_own"]))
    def say_yes_although(self, data: st.DataObject, why_not: str) -> None:
        """Between the question and the answer something happens that takes her right away; she answers all the same."""
        with self.app.app_context(), reading():
            chosen = self.one(data, self._requisitions(RequisitionState.SUBMITTED), "requisition")
            seat_id = self._asked(data, chosen).id
        who = 0
        with self.trying(f"make it {why_not}"):
            who = getattr(self, why_not)(data, db.session.get_one(ApprovalCandidate, seat_id)).id
        with self.trying("yes although"):
            step = db.session.get_one(ApprovalCandidate, seat_id).step
            approval.approve(self._known(who), step, None, step.requisition.content_hash or "")

    def _under_her(self, data: st.DataObject, seat: ApprovalCandidate) -> User:
        """The orderer becomes her superior."""
        requisition, who = seat.step.requisition, seat.user
        admin, orderer = person(self._town(requisition.organisation_id).admin), requisition.orderer
        edit_user(admin, who, Person(who.name, who.email, superior=orderer.email), requisition.organisation)
        return who

    def _biased(self, data: st.DataObject, seat: ApprovalCandidate) -> User:
        """She has an interest in one of the suppliers."""
        requisition = seat.step.requisition
        supplier = db.session.get_one(Supplier, self.one(data, requisition.lines, "line").supplier_id)
        declare(seat.user, requisition.organisation, seat.user, supplier)
        return seat.user

    def _lowered(self, data: st.DataObject, seat: ApprovalCandidate) -> User:
        """Her limit becomes lower than what is asked."""
        return self._limited(seat, seat.step.net_amount - 1)

    def _used_up(self, data: st.DataObject, seat: ApprovalCandidate) -> User:
        """Her limit for the month becomes lower than what is asked."""
        return self._limited(seat, None, seat.step.net_amount - 1, LimitPeriod.MONTH)

    def _limited(self, seat: ApprovalCandidate, limit: Decimal | None, *period: Any) -> User:
        organisation_id = seat.step.requisition.organisation_id
        for right in seat.user.memberships:
            if right.role is Role.APPROVER and right.organisation_id == organisation_id:
                admin = person(self._town(organisation_id).admin)
                change_membership(admin, right, right.unit, limit, None, *(period or (None, None)))
        return seat.user

    def _own(self, data: st.DataObject, seat: ApprovalCandidate) -> User:
        """The orderer stands in for her."""
        return self._stood_in_for(seat, seat.step.requisition.orderer)

    def _stood_in_for(self, seat: ApprovalCandidate, other: User) -> User:
        organisation = seat.step.requisition.organisation
        admin = person(self._town(organisation.id).admin)
        substitute(admin, seat.user, other, organisation, today(), today() + timedelta(days=9))
        return other

    @act(3, "waiting")
    def say_yes_twice(self, data: st.DataObject) -> None:
        """Somebody says yes, comes to stand in for another who is asked, and says yes again."""
        with self.app.app_context(), reading():
            waiting = self._requisitions(RequisitionState.SUBMITTED)
            several = [each for each in waiting if sum(len(step.candidates) for step in steps_of(each)) > 1]
            chosen = self.one(data, several, "requisition").id
        who = 0
        with self.trying("yes once"):
            seat = self._asked(data, db.session.get_one(Requisition, chosen))
            approval.approve(seat.user, seat.step, None, seat.step.requisition.content_hash or "")
            who = seat.user_id
        with self.trying("make it her turn again"):
            seat = self._asked(data, db.session.get_one(Requisition, chosen))
            self._stood_in_for(seat, self._known(who))
        with self.trying("yes twice"):
            seat = self._asked(data, db.session.get_one(Requisition, chosen))
            approval.approve(self._known(who), seat.step, None, seat.step.requisition.content_hash or "")

    def _known(self, who: int) -> User:
        """The person of an id, where the step before has found one."""
        if not who:
            raise Nothing
        return person(who)

    def _asked(self, data: st.DataObject, requisition: Requisition) -> ApprovalCandidate:
        """One of those who are asked now."""
        pending = [step for step in steps_of(requisition) if step.state is ApprovalState.PENDING]
        return self.one(data, [seat for step in pending for seat in step.candidates if seat.is_open], "seat")

    def _decide(self, data: st.DataObject, who: User, step: ApprovalStep, act: str) -> None:
        seen = step.requisition.content_hash or ""
        if act == "approve":
            approval.approve(who, step, None, seen)
        elif act == "refuse":
            line = self.one(data, step.requisition.lines, "line")
            approval.approve(who, step, "Den raden behövs inte.", seen, [line.id])
        else:
            getattr(approval, act)(who, step, "Inte nu.", seen)

    def _stand_in(self, data: st.DataObject) -> None:
        days = data.draw(st.integers(0, 9), "days")
        with self.trying("substitute"):
            town = self.one(data, self.world.towns, "town")
            absent = person(self.one(data, [*town.approvers * 3, *town.people], "absent"))
            other = person(self.one(data, [*town.approvers * 3, *town.people], "other"))
            organisation = db.session.get_one(Organisation, town.organisation)
            actor = person(self.one(data, [absent.id, absent.id, town.admin, other.id], "actor"))
            substitute(actor, absent, other, organisation, today(), today() + timedelta(days=days))

    def _be_back(self, data: st.DataObject) -> None:
        with self.trying("end substitution"):
            made = self.one(data, list(db.session.scalars(select(Substitution))), "substitution")
            end_substitution(made.absent, made)

    def _have_an_interest(self, data: st.DataObject) -> None:
        with self.trying("conflict"):
            town = self.one(data, self.world.towns, "town")
            who = person(self.one(data, town.people, "who"))
            supplier = db.session.get_one(Supplier, self.one(data, self.world.suppliers, "supplier"))
            declare(who, db.session.get_one(Organisation, town.organisation), who, supplier)

    def _have_it_no_more(self, data: st.DataObject) -> None:
        with self.trying("withdraw conflict"):
            declared = self.one(data, list(db.session.scalars(select(Conflict))), "conflict")
            withdraw_conflict(declared.user, declared)

    # Administrators

    @act(2, act=st.sampled_from(["_hand_over", "_hand_over", "_change_right", "_come_and_go", "_promote"]))
    def administer(self, data: st.DataObject, act: str) -> None:
        getattr(self, act)(data)

    @act(
        2,
        act=st.sampled_from(
            [
                *("_new_prices", "_state_limit", "_run_agreement", "_block_or_unblock", "_end_right_to_call_off"),
                *("_open_ceiling", "_call_off_elsewhere", "_take_back_external"),
            ]
        ),
    )
    def govern(self, data: st.DataObject, act: str) -> None:
        getattr(self, act)(data)

    def _hand_over(self, data: st.DataObject) -> None:
        with self.trying("reassign"):
            seats = select(ApprovalCandidate).where(ApprovalCandidate.decided_at.is_(None))
            seat = self.one(data, list(db.session.scalars(seats)), "seat")
            town = self._town(seat.step.requisition.organisation_id)
            to = person(self.one(data, [*town.approvers * 3, *town.people], "to"))
            reassign(person(self.one(data, [*[town.admin] * 20, *town.people], "actor")), seat, to, "Sjuk.")

    def _change_right(self, data: st.DataObject) -> None:
        limit = data.draw(st.sampled_from([None, Decimal(3000), Decimal(300)]), "limit")
        monthly = data.draw(st.booleans(), "monthly")
        with self.trying("change right"):
            town = self.one(data, self.world.towns, "town")
            rights = select(Membership).where(
                Membership.organisation_id == town.organisation, Membership.role == Role.APPROVER
            )
            right = self.one(data, list(db.session.scalars(rights.order_by(Membership.id))), "right")
            period = (limit, LimitPeriod.MONTH) if monthly and limit else (None, None)
            change_membership(person(town.admin), right, right.unit, limit, None, *period)

    def _come_and_go(self, data: st.DataObject) -> None:
        with self.trying("come and go"):
            town = self.one(data, self.world.towns, "town")
            who = person(self.one(data, [*town.approvers, *town.orderers], "who"))
            organisation = db.session.get_one(Organisation, town.organisation)
            (disable_user if who.is_active else enable_user)(person(town.admin), who, organisation)

    def _promote(self, data: st.DataObject) -> None:
        """Somebody becomes somebody's superior, whatever waits."""
        with self.trying("promote"):
            town = self.one(data, self.world.towns, "town")
            who, over = (person(self.one(data, town.people, "who")) for _ in range(2))
            organisation = db.session.get_one(Organisation, town.organisation)
            edit_user(person(town.admin), who, Person(who.name, who.email, superior=over.email), organisation)

    def _run_agreement(self, data: st.DataObject) -> None:
        act = data.draw(st.sampled_from(["pause", "resume", "resume", "end"]), "act")
        with self.trying(f"{act} agreement"):
            found = db.session.get_one(Agreement, self.one(data, self.world.agreements, "agreement"))
            reason = () if act == "resume" else ("Leverantören har problem.",)
            getattr(agreements, act)(person(self.world.buyer), found, *reason)

    def _block_or_unblock(self, data: st.DataObject) -> None:
        with self.trying("block"):
            found = db.session.get_one(Supplier, self.one(data, self.world.suppliers, "supplier"))
            act = suppliers.unblock if found.is_blocked else suppliers.block
            act(person(self.world.buyer), found, "Skatteskulder.")

    def _state_limit(self, data: st.DataObject) -> None:
        limit = data.draw(st.sampled_from([Decimal(9000), Decimal(1500), Decimal(100), None]), "limit")
        with self.trying("state ceiling"):
            found = db.session.get_one(Ceiling, self.one(data, self.world.ceilings, "ceiling"))
            decision = {"file_name": "beslut.txt", "content": b"Optionen utnyttjas."}
            option = Unlocking(ground=Ground.CLAUSE, reason="Optionen.", decided_on=today(), **decision)
            state_ceiling(person(self.world.buyer), found, found.agreement.version, limit=limit, unlocking=option)

    def _open_ceiling(self, data: st.DataObject) -> None:
        """One more ceiling, which begins with what is called off already: an organisation's part, or a number of
        packages."""
        limit = data.draw(st.sampled_from([Decimal(900), Decimal(40), None]), "limit")
        is_part, is_of_lot = data.draw(st.booleans(), "part"), data.draw(st.booleans(), "of the lot")
        with self.trying("open ceiling"):
            lot = db.session.get_one(Lot, self.one(data, self.world.lots, "lot"))
            town = self.one(data, self.world.towns, "town")
            made = open_ceiling(
                person(self.world.buyer),
                lot.agreement,
                lot.agreement.version,
                limit=limit,
                lot=lot if is_of_lot else None,
                organisation=db.session.get_one(Organisation, town.organisation) if is_part else None,
                measure=data.draw(st.sampled_from([SEK, "XPK"]), "measure"),
            )
            self.world.ceilings.append(made.id)

    def _call_off_elsewhere(self, data: st.DataObject) -> None:
        with self.trying("external"):
            award = db.session.get_one(Award, self.one(data, self.world.awards, "award"))
            town = self.one(data, [None, *self.world.towns], "town")
            facts = external.ExternalFacts(
                called_off_on=today(),
                amount=Decimal(data.draw(st.sampled_from([70, 700]), "amount")),
                award=award,
                organisation=db.session.get_one(Organisation, town.organisation) if town else None,
                unit_code="XPK",
                quantity=Decimal(5),
                reference=f"fax {unique()}",
            )
            external.enter(person(self.world.buyer), award.lot.agreement, facts)

    def _take_back_external(self, data: st.DataObject) -> None:
        with self.trying("take back external"):
            row = self.one(data, list(db.session.scalars(select(ExternalCallOff))), "row")
            external.take_back(person(self.world.buyer), row, "Stod två gånger.")

    def _end_right_to_call_off(self, data: st.DataObject) -> None:
        with self.trying("end entitlement"):
            found = db.session.get_one(Agreement, self.one(data, self.world.agreements, "agreement"))
            which = self.one(data, found.entitlements, "entitlement")
            end_entitlement(person(self.world.buyer), which, today() - timedelta(days=1), found.version)

    def _new_prices(self, data: st.DataObject) -> None:
        price = data.draw(st.sampled_from([Decimal("9.90"), Decimal(120), Decimal(840)]), "price")
        award = self.one(data, self.world.awards, "award")
        with self.trying("new prices"):
            rows = [{"price": price, **GOODS[0]}]
            price_list = make_price_list(db.session.get_one(Award, award), rows)
            found = db.session.scalars(select(Article.id).where(Article.price_list_id == price_list.id))
            self.world.articles += found

    # The supplier's part

    @act(5, standstill=st.booleans(), prices=st.lists(st.integers(1, 90), min_size=3, max_size=3))
    def compete(self, data: st.DataObject, standstill: bool, prices: list[int]) -> None:
        """Begin a competition, or take one a step further."""
        with self.trying("compete"):
            running = select(Competition).order_by(Competition.id)
            known: list[Competition | None] = [None, *db.session.scalars(running)]
            found = self.one(data, known, "competition")
            if found is None:
                self._announce(data)
            elif found.state is CompetitionState.INVITED and found.deadline_at > now():
                for price, invitation in zip(prices, invitations_of(found), strict=False):
                    make_bid(invitation, str(price), "1")
                self.now = max(self.now, found.deadline_at)
            elif found.opened_at is None:
                opening.name_witness(person(self.world.buyer), found, found.requester)
                opening.open_bids(found.requester, found)
            elif found.state is CompetitionState.DECIDED:
                who = self._somebody(data, found.requester_id)
                competition.take_to_basket(who, found)
                if data.draw(st.booleans(), "sent"):
                    town = self._town(found.organisation_id)
                    requisition.submit(who, found.organisation, self._checkout(data, town, 40))
            else:
                best = min(bids_of(found), key=lambda each: each.net_amount, default=None)
                chosen = best.id if best else 0
                weighing.decide(person(self.world.buyer), found, chosen, "Lägst pris.", standstill=standstill)

    def _announce(self, data: st.DataObject) -> None:
        town = self.one(data, self.world.towns, "town")
        lots = [db.session.get_one(Lot, lot) for lot in self.world.lots]
        lot = self.one(data, [lot for lot in lots if lot.may_be_competed], "lot")
        orderer, organisation = person(town.orderers[0]), db.session.get_one(Organisation, town.organisation)
        place = Place(organisation, unit_of(town), db.session.get_one(DeliveryAddress, town.address), orderer, orderer)
        facts = request_facts(place, estimated_value=Decimal(90_000), valid_until=today() + timedelta(days=120))
        competition.announce(orderer, organisation, lot, facts)

    @act(4, "order", part=st.sampled_from([Decimal(1), Decimal(1), Decimal("0.5"), Decimal("-0.5"), Decimal(11)]))
    def take_in(self, data: st.DataObject, part: Decimal) -> None:
        with self.trying("receive"):
            order = self.one(data, self._orders(), "order")
            line = self.one(data, order.lines, "line")
            said = {line.id: Received(line.quantity * part, note="Rättat." if part < 0 else None)}
            receive(self._somebody(data, order.orderer_id), order, said, "Rättat.", f"receipt-{unique()}")

    @act(2, "blanket", amount=st.sampled_from([Decimal(60), Decimal(400), Decimal(-30)]))
    def draw_from_blanket(self, data: st.DataObject, amount: Decimal) -> None:
        with self.trying("draw"):
            order = self.one(data, [each for each in self._orders() if each.blanket], "order")
            who = self._somebody(data, order.orderer_id)
            draw(who, order, amount, today(), "Veckans leverans.", f"draw-{unique()}")

    @act(2, "order", act=st.sampled_from([cancel, close]))
    def end_order(self, data: st.DataObject, act: Callable[[User, Order, str], None]) -> None:
        with self.trying(act.__name__):
            order = self.one(data, self._orders(), "order")
            act(self._somebody(data, order.orderer_id), order, "Behövs inte.")

    @act(1, "order")
    def force_a_line(self, data: st.DataObject) -> None:
        """A line is written straight into the database, as if there were no Avrop: of somebody else's award, or of a
        row that is not published."""
        with self.trying("force"):
            order = self.one(data, self._orders(), "order")
            article = db.session.get_one(Article, self.one(data, self.world.articles, "article"))
            award = db.session.get_one(Award, self.one(data, self.world.awards, "award"))
            is_lawful = article.award_id == award.id and article.price_list.is_in_force(today())
            if is_lawful and award.lot.agreement_id == order.agreement_id:
                raise Nothing
            copied = {c.key: getattr(order.lines[0], c.key) for c in OrderLine.__table__.columns if c.key != "id"}
            forced = {"position": 900, "article_id": article.id, "award_id": award.id}
            forced |= {"bid_line_id": None, "free_text_id": None}
            try:
                with db.session.begin_nested():
                    db.session.execute(insert(OrderLine).values(**copied | forced))
            except DBAPIError:
                return
            raise AssertionError(f"the database took a line of {article.name} under award {award.id}")

    # The clock

    @act(2, hours=st.sampled_from([1, 5, 26, 50, 24 * 8, 24 * 45]))
    def wait(self, data: st.DataObject, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @act(2, job=st.sampled_from(JOBS))
    def work(self, data: st.DataObject, job: Callable[[], int]) -> None:
        with self.app.app_context(), frozen(self.now):
            self.tally[job.__name__, "done" if job() else "nothing"] += 1

    # What is there

    def _basket(self, data: st.DataObject) -> Basket:
        filled = select(Basket).where(Basket.lines.any()).order_by(Basket.id)
        found = self.one(data, list(db.session.scalars(filled)), "basket")
        held = basket_of(found.user, found.organisation, lock=True)
        assert held is not None  # it was there a moment ago, and nobody else is
        return held

    def _checkout(self, data: st.DataObject, town: Town, share: int) -> requisition.Checkout:
        said = None
        if town.dimensions:
            first = SaidPart({town.dimensions[0]: "100"}, str(share))
            rest = SaidPart({town.dimensions[0]: "200", town.dimensions[1]: "7"})
            coding = [None, Said(SaidCoding((SaidPart({town.dimensions[0]: "100"}),))), Said(SaidCoding((first, rest)))]
            said = data.draw(st.sampled_from(coding), "coding")
        return requisition.Checkout(
            unit=unit_of(town),
            address=db.session.get_one(DeliveryAddress, town.address),
            key=f"key-{unique()}",
            coding=said,
        )

    def _requisitions(self, *states: RequisitionState) -> list[Requisition]:
        query = select(Requisition).order_by(Requisition.id)
        return list(db.session.scalars(query.where(Requisition.state.in_(states)) if states else query))

    def _orders(self) -> list[Order]:
        return list(db.session.scalars(select(Order).order_by(Order.id)))

    def _town(self, organisation_id: int) -> Town:
        return next(town for town in self.world.towns if town.organisation == organisation_id)

    def _somebody(self, data: st.DataObject, right_one: int) -> User:
        """Mostly whoever it should be, and else anybody."""
        return person(self.one(data, [right_one] * 30 + self.world.people, "who"))

    def _anybody(self, data: st.DataObject) -> User:
        return person(self.one(data, self.world.people, "who"))


class Nothing(AvropError):
    """There is nothing to do such a thing with yet."""

    code = "nothing"

    def __init__(self) -> None:
        super().__init__("nothing")
