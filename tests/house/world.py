"""A small world of two municipalities, to ask of every route who sees what.

Every text that belongs to somebody carries a canary, `KANARIE-<unit>-<secret>`: `order` for what is bought, `staff`
for people and places. A response in which a canary sings for the wrong person is a leak, whatever its status.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from auth.organisation import Organisation, OrganisationIdentifier, Unit
from auth.permission import ROLE_PERMISSIONS, Permission, Role
from auth.substitution import Substitution
from auth.user import User
from catalog.agreement import AgreementDocument, AgreementState, CallOffMethod, ExtensionOption
from catalog.price_list import Article, PriceListState
from catalog.supplier import Supplier
from catalog.upload import PRICES, Upload
from core.clock import frozen, now, today
from core.db import db
from exchange.outbox import messages_about
from orders.actions import need as needs
from orders.actions.approval import approve
from orders.actions.basket import add
from orders.actions.conflict import declare
from orders.actions.order import cancel
from orders.actions.ranking import note_refusal
from orders.actions.requisition import submit, withdraw
from orders.actions.shopping_list import ListTerms, create
from orders.basket_queries import basket_of
from orders.coding_rule import Effect
from orders.competition_queries import bids_of
from orders.conflict import Conflict
from orders.conflict_queries import conflicts_of
from orders.direct_procurement import AskedAnswer, ProcurementLaw
from orders.need import NeedReport
from orders.order_queries import orders_of
from orders.requisition import Requisition
from orders.sent_file import SentFile
from orders.shopping_list import Sharing
from tests.factories import unique
from tests.factories.auth import make_address, make_member, make_office, make_organisation, make_substitution, make_unit
from tests.factories.catalog import (
    make_agreement,
    make_award,
    make_category,
    make_ceiling,
    make_external,
    make_lot,
    make_offer,
    make_picture,
    make_price_list,
    make_synonym,
)
from tests.factories.coding import make_code, make_combination, make_default, make_dimension
from tests.factories.competitions import (
    Scene,
    invitations_of,
    links_of,
    make_bid,
    make_competition,
    open_together,
)
from tests.factories.free_texts import make_free_requisition
from tests.factories.orders import Place, checkout_at, make_group, make_requisition, make_rule, pending_step

# How near a thing is to the actors, who all work at unit A1.
OWN, UNIT, ORGANISATION, OTHER, MISSING = "own", "same unit", "same organisation", "other organisation", "missing"
NEARNESS = (OWN, UNIT, ORGANISATION, OTHER, MISSING)
NOT_THERE = {int: 987_654_321, str: "FINNS-INTE-2026-99999"}


@dataclass
class Actor:
    """Somebody who asks: what she may do, and how far she sees."""

    name: str
    user: User | None
    role: Role | None = None
    sees: frozenset[str] = frozenset()  # how near the things of the road must be for her to see them
    blind_to: str = "KANARIE"  # the canaries she must never hear
    may_log_in: bool = True

    @property
    def permissions(self) -> frozenset[Permission]:
        return ROLE_PERMISSIONS[self.role] if self.role else frozenset()

    def hears(self, text: str) -> str | None:
        """The first canary in a response that she must not hear."""
        found = re.search(self.blind_to, text)
        return found.group() if found else None


@dataclass
class World:
    """The actors by name, and of every kind of thing one at each distance."""

    actors: dict[str, Actor] = field(default_factory=dict)
    things: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, kind: str, nearness: str, value: Any) -> None:
        here = self.things.setdefault(kind, {MISSING: NOT_THERE[type(value)]})
        here[nearness] = value


def canary(place: str, secret: str) -> str:
    return f"KANARIE-{place}-{secret}"


def _unit(organisation: Organisation, name: str) -> Unit:
    unit = make_unit(organisation, name=canary(name, "staff"))
    make_address(unit, name=canary(name, "staff"), instructions=canary(name, "staff"))
    return unit


def _person(role: Role, organisation: Organisation, unit: Unit | None, place: str, **values: Any) -> User:
    return make_member(role, organisation, unit, name=f"Kim {canary(place, 'staff')}", **values)


def _link(requisition: Requisition) -> str:
    """The secret of the approval link, as it stands in the newest mail."""
    mail = messages_about(f"requisition:{requisition.id}")[-1]
    found = re.search(r"/approve/([\w-]+)", mail.text)
    assert found is not None
    return found.group(1)


def _catalogue(world: World, nearness: str, owner: Organisation, state: AgreementState, title: str) -> None:
    """An agreement of an organisation's own, with one of everything that belongs to it."""
    agreement = make_agreement(owner, owner=owner, title=title, state=state)
    lot = make_lot(agreement, title=title)
    award = make_award(lot)
    is_public = state is AgreementState.PUBLISHED
    price_list = make_price_list(
        award,
        [{"name": title, "picture_url": f"https://img.example/{nearness}.jpg"}],
        state=PriceListState.PUBLISHED if is_public else PriceListState.DRAFT,
    )
    make_picture(f"https://img.example/{nearness}.jpg", b"\xff\xd8\xff" + title.encode())
    extension = ExtensionOption(agreement=agreement, ends_on=agreement.ends_on + timedelta(days=365))
    content = title.encode()
    document = AgreementDocument(
        agreement=agreement,
        name=f"{title}.txt",
        media_type="text/plain",
        sha256=sha256(content).hexdigest(),
        size=len(content),
        content=content,
        added_at=now(),
    )
    db.session.add_all([extension, document])
    db.session.flush()
    for kind, value in {
        "agreement number": agreement.number,
        "agreement": agreement.id,
        "lot": lot.id,
        "award": award.id,
        "ceiling": make_ceiling(agreement, Decimal(100_000)).id,
        "external call-off": make_external(agreement).id,
        "entitlement": agreement.entitlements[0].id,
        "extension": extension.id,
        "document": document.id,
        "price list": price_list.id,
        "article": db.session.scalars(select(Article.id).where(Article.price_list_id == price_list.id)).one(),
        "supplier": award.supplier_id,
        "category": make_category().id,
        "synonym": make_synonym().id,
    }.items():
        world.add(kind, nearness, value)


def _second_in_rank(*entitled: Organisation) -> Article:
    """An article of the supplier that comes second: the first must have refused."""
    lot = make_lot(make_agreement(*entitled), method=CallOffMethod.RANKING)
    make_award(lot)
    price_list = make_price_list(make_award(lot), [{"name": "Andrahandspapper"}])
    return db.session.scalars(select(Article).where(Article.price_list_id == price_list.id)).one()


def _identifier(organisation: Organisation) -> OrganisationIdentifier:
    identifier = OrganisationIdentifier(
        organisation=organisation, scheme="0088", value=f"73500{unique():08d}", use="invoice"
    )
    db.session.add(identifier)
    db.session.flush()
    return identifier


def _substitution(place: Place) -> Substitution:
    days = {"starts_on": today() - timedelta(days=9), "ends_on": today() - timedelta(days=1)}
    return make_substitution(place.organisation, place.approver, place.orderer, **days)


def _conflict(place: Place, name: str, supplier: Supplier) -> Conflict:
    """An approver's own, which is over; the orderer's where two share an approver."""
    over = today() - timedelta(days=1)
    person = place.approver if not conflicts_of(place.approver) else place.orderer
    return declare(person, place.organisation, person, supplier, over, over, canary(name, "staff"))


def _upload(actor: Actor, award_id: int) -> Upload:
    """A file of hers that waits for its columns to be chosen."""
    assert actor.user is not None
    return Upload(
        kind=PRICES,
        award_id=award_id,
        file_name="lista.csv",
        effective_from=today(),
        content=b"Id;Vad;Frp;Kr;Sats",
        headings=["Id", "Vad", "Frp", "Kr", "Sats"],
        samples=[[]] * 5,
        uploaded_at=now(),
        user_id=actor.user.id,
    )


def _walk(world: World, nearness: str, place: Place, name: str, article: Article, second: Article) -> None:
    """An order, a requisition that waits, and a full basket, of one orderer."""
    secret = canary(name, "order")
    said = {"message_to_supplier": secret, "message_to_approver": secret, "accounting_cost": secret}
    goods = [(article, Decimal(2))]
    done = make_requisition(place, goods, **said)
    approve(place.approver, pending_step(done), secret, done.content_hash or "")
    undone = make_requisition(place, goods, **said)
    approve(place.approver, pending_step(undone), secret, undone.content_hash or "")
    cancel(place.orderer, orders_of(undone)[0], secret)
    waiting = make_requisition(place, goods, **said)
    offer = SentFile("offert.txt", secret.encode())
    free = make_free_requisition(place, name=secret, description=secret, file=offer)
    world.add("free text", nearness, free.lines[0].free_text_id)
    blanket = make_free_requisition(place, name=secret, period=(today(), today()))
    approve(place.approver, pending_step(blanket), secret, blanket.content_hash or "")
    world.add("blanket order", nearness, orders_of(blanket)[0].number)
    _passed_over(world, nearness, place, second, secret)
    add(place.orderer, place.organisation, article, Decimal(1))
    basket = basket_of(place.orderer, place.organisation)
    assert basket is not None
    world.add("basket line", nearness, basket.lines[0].id)
    add(place.orderer, place.organisation, second, Decimal(1))
    world.add("ranked line", nearness, basket.lines[1].id)
    world.add("better award", nearness, second.award.lot.awards[0].id)
    letter = messages_about(f"order:{orders_of(done)[0].number}")[0]
    world.add("message", nearness, letter.id)
    world.add("attachment", nearness, letter.attachments[0].id)
    world.add("order", nearness, orders_of(done)[0].number)
    world.add("cancelled order", nearness, orders_of(undone)[0].number)
    world.add("requisition", nearness, waiting.id)
    world.add("requisition line", nearness, waiting.lines[0].id)
    world.add("step", nearness, pending_step(waiting).id)
    world.add("seat", nearness, pending_step(waiting).candidates[0].id)
    unit_list = ListTerms(secret, Sharing.UNIT, place.unit, place.unit, place.address, accounting_cost=secret)
    world.add("shopping list", nearness, create(place.orderer, place.organisation, unit_list, goods).id)
    world.add("approval link", nearness, _link(waiting))
    world.add("substitution", nearness, _substitution(place).id)
    world.add("conflict", nearness, _conflict(place, name, second.award.supplier).id)
    world.add("user", nearness, place.orderer.id)
    world.add("unit", nearness, place.unit.id)
    world.add("address", nearness, place.address.id)
    world.add("organisation", nearness, place.organisation.id)
    world.add("membership", nearness, place.orderer.memberships[0].id)
    world.add("identifier", nearness, _identifier(place.organisation).id)


def _passed_over(world: World, nearness: str, place: Place, second: Article, secret: str) -> None:
    """A requisition to the second in rank, with the first one's answer and its file; taken back."""
    line = add(place.orderer, place.organisation, second, Decimal(1))
    file = SentFile("svar.txt", secret.encode())
    first = second.award.lot.awards[0]
    refusal = note_refusal(place.orderer, line.basket, first, now(), "telefon", "declined", secret, file)
    requisition = submit(place.orderer, place.organisation, checkout_at(place))
    withdraw(place.orderer, requisition)
    world.add("ranked requisition", nearness, requisition.id)
    world.add("ranking refusal", nearness, refusal.id)


def _needs(world: World, nearness: str, place: Place, name: str, buyer: User) -> None:
    """A need that waits, with a file, and one that was answered with a documented direct procurement."""
    secret = canary(name, "order")
    category = make_category()

    def report(**more: Any) -> NeedReport:
        facts = needs.NeedFacts(key=f"{secret}-{unique()}", title=secret, reason=secret, category=category, **more)
        return needs.report(place.orderer, place.organisation, facts)

    waiting = report(unit=place.unit, files=(SentFile("behov.txt", secret.encode()),))
    world.add("need report", nearness, waiting.id)
    world.add("need attachment", nearness, waiting.attachments[0].id)
    done = report(unit=place.unit)
    offer = needs.Asked(secret, None, AskedAnswer.OFFER, Decimal(100), is_chosen=True)
    facts = needs.ProcurementFacts(law=ProcurementLaw.LOU, category=category, value=Decimal(100), asked=[offer])
    needs.answer_directly(buyer, done, facts)
    world.add("documented need", nearness, done.id)


def _competitions(world: World, nearness: str, place: Place, name: str, buyer: User, witness: User) -> None:
    """A competition whose bids are open, and the link to one that still takes bids."""
    secret = canary(name, "order")
    scene = Scene(place, make_lot(make_agreement(place.organisation), method=CallOffMethod.COMPETITION), buyer, witness)
    make_award(scene.lot)
    file = SentFile("krav.txt", secret.encode())
    with frozen(now() - timedelta(days=30)):
        opened = make_competition(scene, title=secret, specification=secret, file=file)
        drawing = SentFile("anbud.pdf", b"%PDF-1.7\n" + secret.encode())
        make_bid(invitations_of(opened)[0], "900", "500", message=secret, file=drawing)
    open_together(scene, opened)
    world.add("competition", nearness, opened.id)
    world.add("bid", nearness, bids_of(opened)[0].id)
    world.add("bid link", nearness, links_of(make_competition(scene, file=SentFile("krav.txt", b"Krav")))[0])


def _coding(world: World, nearness: str, organisation: Organisation, secret: str) -> None:
    """Two dimensions that nobody must fill in, a default and a rule."""
    one, other = (
        make_dimension(organisation, f"{secret} {n}"[-40:], is_mandatory=False, is_listed=True) for n in (1, 2)
    )
    make_code(one, "100", name=secret)
    world.add("coding dimension", nearness, one.id)
    world.add(
        "coding default", nearness, make_default(one, "100", user_id=make_member(Role.ORDERER, organisation).id).id
    )
    world.add("coding rule", nearness, make_combination(one, Effect.FORBIDDEN, other, name=secret).id)


def make_world() -> World:
    """Make it all, by the real use cases. Needs an application context."""
    world = World()
    a, b, office = make_organisation(name="Kommun A"), make_organisation(name="Kommun B"), make_office()
    article, second = make_offer(a, b, office), _second_in_rank(a, b)
    units = {name: _unit(o, name) for o, name in ((a, "A1"), (a, "A2"), (b, "B1"), (b, "B2"))}
    for nearness, organisation in ((OWN, a), (OTHER, b)):
        group = make_group(organisation, name=canary("A1" if organisation is a else "B1", "staff"))
        world.add("approval rule", nearness, make_rule(organisation).id)
        world.add("approval group", nearness, group.id)
        _coding(world, nearness, organisation, canary("A1" if organisation is a else "B1", "staff"))

    def place(name: str, approver: User | None = None) -> Place:
        unit = units[name]
        return Place(
            organisation=unit.organisation,
            unit=unit,
            address=make_address(unit, name=canary(name, "staff")),
            orderer=_person(Role.ORDERER, unit.organisation, unit, name),
            approver=approver or _person(Role.APPROVER, unit.organisation, unit, name),
        )

    own = place("A1")
    buyer, witness = make_member(Role.AGREEMENT_OWNER, office), make_member(Role.AGREEMENT_OWNER, office)
    for nearness, name, where in (
        (OWN, "A1", own),
        (UNIT, "A1", place("A1", own.approver)),
        (ORGANISATION, "A2", place("A2")),
        (OTHER, "B1", place("B1")),
    ):
        _walk(world, nearness, where, name, article, second)
        _needs(world, nearness, where, name, buyer)
        _competitions(world, nearness, where, name, buyer, witness)

    _catalogue(world, OWN, a, AgreementState.PUBLISHED, "Papper till Kommun A")
    _catalogue(world, OTHER, b, AgreementState.DRAFT, canary("B1", "order"))
    _people(world, own, units["A1"], office)
    world.things["reset link"] = {MISSING: NOT_THERE[str]}
    return world


def _people(world: World, own: Place, unit: Unit, office: Organisation) -> None:
    a = own.organisation
    at_unit, everywhere, all_of_them = frozenset({OWN, UNIT}), frozenset({OWN, UNIT, ORGANISATION}), frozenset(NEARNESS)
    others = r"KANARIE-(B\d-\w+|A2-order)"
    foreign = r"KANARIE-B\d-\w+"
    nothing = r"KANARIE-(B\d-\w+|A\d-order)"

    def actor(name: str, user: User | None, role: Role | None, sees: frozenset[str], blind_to: str) -> None:
        may_log_in = user is not None and user.is_active
        world.actors[name] = Actor(name, user, role, sees - {MISSING}, blind_to, may_log_in)

    actor("nobody", None, None, frozenset(), "KANARIE")
    actor("orderer", own.orderer, Role.ORDERER, at_unit, others)
    actor("approver", own.approver, Role.APPROVER, at_unit, others)
    actor("receiver", _person(Role.RECEIVER, a, unit, "A1"), Role.RECEIVER, at_unit, others)
    for role in (Role.AGREEMENT_OWNER, Role.ORGANISATION_ADMIN, Role.AUDITOR):
        actor(role.value, _person(role, a, None, "A1"), role, everywhere, foreign)
    actor("system_admin", make_member(Role.SYSTEM_ADMIN, office), Role.SYSTEM_ADMIN, frozenset(), r"KANARIE-\w\d-order")
    actor(
        "office_owner",
        make_member(Role.AGREEMENT_OWNER, office),
        Role.AGREEMENT_OWNER,
        all_of_them,
        "nothing is hidden",
    )
    db.session.add(_upload(world.actors["office_owner"], world.things["award"][OWN]))
    disabled = _person(Role.ORDERER, a, unit, "A1")
    disabled.is_active = False
    actor("disabled", disabled, None, frozenset(), "KANARIE")
    ended = _person(Role.ORDERER, a, unit, "A1", ends_on=today() - timedelta(days=1))
    actor("ended", ended, None, frozenset(), nothing)
    db.session.flush()


ACTORS = (
    *("nobody", "orderer", "approver", "receiver", "agreement_owner", "organisation_admin", "auditor"),
    *("system_admin", "office_owner", "disabled", "ended"),
)
