"""What the pages of the road read: every query that shows something to a person is scoped by who asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from auth.journal import JournalEntry
from auth.organisation import DeliveryAddress, Organisation, Unit
from auth.permission import Role
from auth.user import User
from catalog.agreement import RANKED, Agreement, Award, Lot
from catalog.ceiling import Ceiling
from catalog.parameter import vat_rates
from catalog.price_list import Article
from catalog.rules import judge
from catalog.steering import Ask, Finding, findings, load_facts, stops
from catalog.supplier import Supplier
from core.clock import today
from core.db import db
from core.errors import NotFound
from core.types import line_net
from core.web import Page
from orders.approval import ApprovalCandidate, ApprovalState, ApprovalStep
from orders.basket import Basket, BasketLine, RankingRefusal
from orders.order import Order, OrderLine, OrderState
from orders.policy import absent_of, seat_of, visible
from orders.receipt import Receipt, ReceiptLine
from orders.requisition import Requisition, RequisitionCharge, RequisitionLine, RequisitionState
from orders.split import Charge, OrderDraft, PricedLine, draft_orders

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class BasketView:
    """A basket with what it becomes: the findings of each line, and the orders it splits into."""

    basket: Basket
    findings: dict[int, tuple[Finding, ...]]  # by basket line id
    drafts: list[OrderDraft]
    refusals: Sequence[RankingRefusal]
    to_ask_first: dict[int, list[Award]]  # by basket line id: the better-placed suppliers that have not answered

    @property
    def net_amount(self) -> Decimal:
        return sum((draft.totals.net for draft in self.drafts), Decimal("0.00"))

    @property
    def vat_amount(self) -> Decimal:
        return sum((draft.totals.vat for draft in self.drafts), Decimal("0.00"))

    @property
    def gross_amount(self) -> Decimal:
        return self.net_amount + self.vat_amount

    @property
    def is_stopped(self) -> bool:
        """Whether some line keeps the basket from being sent."""
        return any(finding.level.value != "inform" for found in self.findings.values() for finding in found)


def basket_of(user: User, organisation: Organisation, *, lock: bool = False) -> Basket | None:
    """Her basket for an organisation, its lines with articles, awards, lots, agreements and suppliers loaded.

    With `lock`, one transaction at a time has it: a second one waits here, and then reads what the first has left.
    """
    hers = (Basket.user_id == user.id, Basket.organisation_id == organisation.id)
    if lock:
        db.session.execute(select(Basket.id).where(*hers).with_for_update())
    to_award = joinedload(Basket.lines).joinedload(BasketLine.article).joinedload(Article.award)
    wanted = (
        select(Basket)
        .where(*hers)
        .execution_options(populate_existing=lock)
        .options(
            to_award.joinedload(Award.supplier),
            to_award.joinedload(Award.lot).options(
                joinedload(Lot.agreement).joinedload(Agreement.category), joinedload(Lot.category)
            ),
        )
    )
    return db.session.scalars(wanted).unique().one_or_none()


def view_basket(basket: Basket, deliver_on: date | None = None) -> BasketView:
    """Ask the steering about the whole basket, and split it into orders, freight and fees included.

    `deliver_on` is the day she wants it, when she has said one.
    """
    on = today()
    rates = vat_rates(on)
    priced = [
        PricedLine(
            line=line,
            award=line.article.award,
            net_amount=line_net(line.quantity, line.article.price, line.article.base_quantity),
            vat_percent=rates[line.article.vat_class],
        )
        for line in basket.lines
    ]
    drafts = draft_orders(priced)
    asks = [Ask(line.article, line.quantity, line.seen_price, line.choice_ground, deliver_on) for line in basket.lines]
    is_ranked = any(line.article.award.lot.method in RANKED for line in basket.lines)
    refusals = refusals_of(basket) if is_ranked else ()
    refused = {refusal.award_id for refusal in refusals}
    found = findings(asks, basket.organisation, on, refused=refused, charges=charges_by_award(drafts))
    by_line = {line.id: tuple(of_line) for line, of_line in zip(basket.lines, found, strict=True)}
    return BasketView(
        basket=basket,
        findings=by_line,
        drafts=drafts,
        refusals=refusals,
        to_ask_first=_to_ask_first(basket, by_line, refused),
    )


def _to_ask_first(
    basket: Basket, found: Mapping[int, tuple[Finding, ...]], refused: Collection[int]
) -> dict[int, list[Award]]:
    """For each line whose turn has not come: the suppliers before it in the ranking who are still to answer."""
    out_of_turn = [line for line in basket.lines if any(f.code == "not-next-in-rank" for f in found[line.id])]
    if not out_of_turn:
        return {}
    on = today()
    awards = db.session.scalars(
        select(Award)
        .where(Award.lot_id.in_({line.article.award.lot_id for line in out_of_turn}))
        .order_by(Award.rank)
        .options(joinedload(Award.supplier))
    ).all()
    asked = [a for a in awards if a.id not in refused and a.is_active(on) and not a.supplier.is_blocked]
    return {
        line.id: [a for a in asked if a.lot_id == line.article.award.lot_id and a.rank < line.article.award.rank]
        for line in out_of_turn
    }


def charges_by_award(drafts: Iterable[OrderDraft]) -> dict[int, Decimal]:
    """What freight and fees add to each award, for the ceilings."""
    added: dict[int, Decimal] = {}
    for draft in drafts:
        for charge in draft.charges:
            added[charge.award.id] = added.get(charge.award.id, Decimal(0)) + charge.amount
    return added


def refusals_of(need: Basket | Requisition) -> Sequence[RankingRefusal]:
    """The noted refusals of better-placed suppliers for one need."""
    column = RankingRefusal.basket_id if isinstance(need, Basket) else RankingRefusal.requisition_id
    return db.session.scalars(
        select(RankingRefusal)
        .where(column == need.id)
        .order_by(RankingRefusal.id)
        .options(
            joinedload(RankingRefusal.award).joinedload(Award.supplier),
            joinedload(RankingRefusal.award).joinedload(Award.lot),
            joinedload(RankingRefusal.noted_by),
        )
    ).all()


def refused_awards(need: Basket | Requisition) -> set[int]:
    """The awards that declined or stayed silent for one need."""
    return {refusal.award_id for refusal in refusals_of(need)}


def units_to_order_for(user: User, organisation: Organisation) -> Sequence[Unit]:
    """The units she may order for, in the order of the tree."""
    places = [
        membership.unit.path if membership.unit else "/"
        for membership in user.current_memberships()
        if membership.organisation_id == organisation.id and membership.role is Role.ORDERER
    ]
    if not places:
        return []
    return db.session.scalars(
        select(Unit)
        .where(
            Unit.organisation_id == organisation.id,
            Unit.is_active,
            or_(*(Unit.path.startswith(place) for place in places)),
        )
        .order_by(Unit.path)
    ).all()


def addresses_of(organisation: Organisation) -> Sequence[DeliveryAddress]:
    """Where the organisation can have goods delivered, in the order of its units."""
    return db.session.scalars(
        select(DeliveryAddress)
        .join(DeliveryAddress.unit)
        .where(Unit.organisation_id == organisation.id, DeliveryAddress.is_active)
        .order_by(Unit.path, DeliveryAddress.id)
        .options(contains_eager(DeliveryAddress.unit))
    ).all()


def requisition_for(user: User, organisation: Organisation, requisition_id: int) -> Requisition:
    """A requisition she may see, with its lines. Raises NotFound."""
    found = db.session.scalar(
        select(Requisition)
        .where(Requisition.id == requisition_id, visible(user, organisation, Requisition))
        .options(*_whole())
    )
    if found is None:
        raise NotFound(_l("Begäran finns inte, eller så får du inte se den."))
    return found


def requisition_made_with(key: str) -> Requisition | None:
    """What a form has made already, when its button is pressed a second time."""
    return db.session.scalar(select(Requisition).where(Requisition.key == key))


def load_requisition(requisition_id: int, *, lock: bool = False) -> Requisition:
    """A requisition with all that its lines point at, as the database has it now: three queries, however many lines.

    With `lock`, one transaction at a time decides about it: the others wait here, and then see what was decided.
    PostgreSQL locks the row; on SQLite the transaction is alone since its BEGIN IMMEDIATE.
    """
    if lock:
        db.session.execute(select(Requisition.id).where(Requisition.id == requisition_id).with_for_update())
    return db.session.scalars(
        select(Requisition)
        .where(Requisition.id == requisition_id)
        .options(*_whole())
        .execution_options(populate_existing=True)
    ).one()


def _whole() -> tuple[ORMOption, ...]:
    """What to load with a requisition so that no line asks the database again."""
    lines = selectinload(Requisition.lines)
    to_award = lines.joinedload(RequisitionLine.award)
    return (
        to_award.joinedload(Award.supplier),
        to_award.joinedload(Award.lot).options(
            joinedload(Lot.category), joinedload(Lot.agreement).joinedload(Agreement.category)
        ),
        lines.joinedload(RequisitionLine.article),
        selectinload(Requisition.charges),
        joinedload(Requisition.orderer),
        joinedload(Requisition.unit),
        joinedload(Requisition.organisation).selectinload(Organisation.identifiers),
    )


def requisition_drafts(requisition: Requisition) -> list[OrderDraft]:
    """The orders a requisition becomes, from its own frozen lines and charges."""
    return draft_orders(requisition_lines(requisition), [priced_charge(charge) for charge in requisition.charges])


def requisition_lines(requisition: Requisition) -> list[PricedLine]:
    """A requisition's lines as the split wants them."""
    return [
        PricedLine(line=line, award=line.award, net_amount=line.net_amount, vat_percent=line.vat_percent)
        for line in requisition.lines
    ]


def asks_of(requisition: Requisition) -> list[Ask]:
    """A requisition's lines as questions to the steering."""
    return [
        Ask(line.article, line.quantity, line.unit_price, line.choice_ground, requisition.wanted_on)
        for line in requisition.lines
    ]


def priced_charge(charge: RequisitionCharge) -> Charge:
    """A frozen charge as the split wants it."""
    return Charge(charge.award, charge.kind, charge.reason, charge.amount, charge.vat_percent)


def steps_of(requisition: Requisition) -> Sequence[ApprovalStep]:
    """The route of a requisition, former rounds first, with the names and decisions."""
    found = db.session.scalars(
        select(ApprovalStep)
        .where(ApprovalStep.requisition_id == requisition.id)
        .order_by(ApprovalStep.round, ApprovalStep.position)
        .options(
            joinedload(ApprovalStep.candidates).options(
                joinedload(ApprovalCandidate.decided_by), joinedload(ApprovalCandidate.user)
            )
        )
    )
    return found.unique().all()


def steps_to_decide(user: User, organisation: Organisation) -> Sequence[ApprovalStep]:
    """The steps that wait for her, in her own name or for somebody she stands in for; oldest first."""
    people = {user.id, *absent_of(user, organisation.id, today())}
    return db.session.scalars(
        select(ApprovalStep)
        .join(ApprovalStep.requisition)
        .where(
            ApprovalStep.state == ApprovalState.PENDING,
            Requisition.organisation_id == organisation.id,
            Requisition.orderer_id != user.id,
            ApprovalStep.id.in_(
                select(ApprovalCandidate.step_id).where(
                    ApprovalCandidate.user_id.in_(people), ApprovalCandidate.decided_at.is_(None)
                )
            ),
        )
        .order_by(ApprovalStep.opened_at, ApprovalStep.id)
        .options(
            joinedload(ApprovalStep.requisition).joinedload(Requisition.orderer),
            joinedload(ApprovalStep.requisition).joinedload(Requisition.unit),
            selectinload(ApprovalStep.candidates),
        )
        .limit(100)
    ).all()


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """What an approver decides with: the requisition as orders, its findings today, the ceilings, the route."""

    step: ApprovalStep
    requisition: Requisition
    seat: ApprovalCandidate | None  # from which she may decide; none when she may only look
    drafts: list[OrderDraft]
    findings: dict[int, tuple[Finding, ...]]  # by requisition line id, as of today
    ceilings: list[Ceiling]
    steps: Sequence[ApprovalStep]
    refusals: Sequence[RankingRefusal]

    @property
    def is_stopped(self) -> bool:
        """Whether a gate has closed since it was submitted, so that a yes would be refused."""
        return bool(stops(self.findings.values()))


def approval_view(step: ApprovalStep, user: User) -> ApprovalView:
    """Load what the approval page shows, with a constant number of queries."""
    to_line = joinedload(Requisition.lines)
    wanted = (
        select(Requisition)
        .where(Requisition.id == step.requisition_id)
        .options(
            to_line.joinedload(RequisitionLine.award).options(
                joinedload(Award.supplier), joinedload(Award.lot).joinedload(Lot.agreement)
            ),
            to_line.joinedload(RequisitionLine.article),
            joinedload(Requisition.orderer),
            joinedload(Requisition.unit),
            joinedload(Requisition.organisation),
        )
        .execution_options(populate_existing=True)
    )
    requisition = db.session.scalars(wanted).unique().one()
    lines = requisition.lines
    drafts = requisition_drafts(requisition)
    refusals = refusals_of(requisition) if any(line.award.lot.method in RANKED for line in lines) else ()
    asks = asks_of(requisition)
    facts = load_facts(asks, requisition.organisation, today())
    found = judge(
        asks,
        facts,
        refused={refusal.award_id for refusal in refusals},
        charges=charges_by_award(drafts),
        reserved=requisition.state is RequisitionState.SUBMITTED,
    )
    ceilings = {c.id: c for line in lines for c in facts.ceilings.get(line.award_id, ())}
    return ApprovalView(
        step=step,
        requisition=requisition,
        seat=seat_of(user, step) if step.state is ApprovalState.PENDING else None,
        drafts=drafts,
        findings={line.id: of_line for line, of_line in zip(lines, found, strict=True)},
        ceilings=list(ceilings.values()),
        steps=steps_of(requisition),
        refusals=refusals,
    )


def decided_by(user: User, organisation: Organisation) -> Sequence[ApprovalCandidate]:
    """The last ten decisions she took, for herself or somebody else, newest first; the requisitions loaded."""
    to_requisition = joinedload(ApprovalCandidate.step).joinedload(ApprovalStep.requisition)
    return db.session.scalars(
        select(ApprovalCandidate)
        .join(ApprovalCandidate.step)
        .join(ApprovalStep.requisition)
        .where(ApprovalCandidate.decided_by_id == user.id, Requisition.organisation_id == organisation.id)
        .order_by(ApprovalCandidate.decided_at.desc(), ApprovalCandidate.id.desc())
        .limit(10)
        .options(to_requisition.joinedload(Requisition.orderer), to_requisition.joinedload(Requisition.unit))
    ).all()


def step_to_decide(user: User, step_id: int) -> ApprovalStep:
    """A step she was asked about, in her own name or for somebody she stands in for, whatever its state.

    Raises NotFound.
    """
    wanted = (
        select(ApprovalStep)
        .where(ApprovalStep.id == step_id)
        .options(joinedload(ApprovalStep.requisition), joinedload(ApprovalStep.candidates))
    )
    step = db.session.scalars(wanted).unique().one_or_none()
    if step is not None:
        asked = {candidate.user_id for candidate in step.candidates}
        if user.id in asked or asked & absent_of(user, step.requisition.organisation_id, today()):
            return step
    raise NotFound(_l("Begäran finns inte, eller så får du inte se den."))


def requisitions_of(user: User, organisation: Organisation, *states: RequisitionState) -> Sequence[Requisition]:
    """Her own requisitions in some states, newest first."""
    return db.session.scalars(
        select(Requisition)
        .where(
            Requisition.orderer_id == user.id,
            Requisition.organisation_id == organisation.id,
            Requisition.state.in_(states),
        )
        .order_by(Requisition.id.desc())
        .options(joinedload(Requisition.unit))
        .limit(50)
    ).all()


def order_for(user: User, organisation: Organisation, number: str) -> Order:
    """An order she may see, with its lines. Raises NotFound."""
    found = db.session.scalar(
        select(Order)
        .where(Order.number == number, visible(user, organisation, Order))
        .options(
            selectinload(Order.lines),
            selectinload(Order.charges),
            selectinload(Order.documents),
            joinedload(Order.requisition),
            joinedload(Order.organisation),
            joinedload(Order.unit),
            joinedload(Order.orderer),
            joinedload(Order.supplier),
            joinedload(Order.agreement),
        )
    )
    if found is None:
        raise NotFound(_l("Beställningen finns inte, eller så får du inte se den."))
    return found


def orders_page(
    user: User,
    organisation: Organisation,
    *,
    scope: str = "mine",
    text: str = "",
    state: OrderState | None = None,
    page: int = 1,
) -> Page:
    """A page of orders she may see, newest first: `mine`, my `unit`'s, or all of the `organisation` she may see."""
    condition = [visible(user, organisation, Order)]
    if scope == "mine":
        condition = [Order.organisation_id == organisation.id, Order.orderer_id == user.id]
    elif scope == "unit":
        units = {m.unit_id for m in user.current_memberships() if m.organisation_id == organisation.id and m.unit_id}
        condition.append(Order.unit_id.in_(units))
    if state is not None:
        condition.append(Order.state == state)
    if text:
        suppliers = select(Supplier.id).where(Supplier.name.icontains(text, autoescape=True))
        condition.append(or_(Order.number.icontains(text, autoescape=True), Order.supplier_id.in_(suppliers)))
    wanted = select(Order).where(*condition)
    total = db.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    rows = db.session.scalars(
        wanted.order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(PAGE_SIZE)
        .offset((max(1, page) - 1) * PAGE_SIZE)
        .options(joinedload(Order.supplier), joinedload(Order.unit), joinedload(Order.orderer))
    ).all()
    return Page(items=rows, number=max(1, page), size=PAGE_SIZE, total=total)


def orders_of(requisition: Requisition) -> Sequence[Order]:
    """The orders a requisition became."""
    return db.session.scalars(
        select(Order)
        .where(Order.requisition_id == requisition.id)
        .order_by(Order.id)
        .options(joinedload(Order.supplier))
    ).all()


def orders_to_receive(user: User, organisation: Organisation) -> Sequence[Order]:
    """Her own orders that are still awaited, those wanted first on top."""
    return db.session.scalars(
        select(Order)
        .where(
            Order.orderer_id == user.id,
            Order.organisation_id == organisation.id,
            Order.state.in_([OrderState.PLACED, OrderState.CONFIRMED]),
        )
        .order_by(Order.wanted_on.is_(None), Order.wanted_on, Order.id)
        .options(joinedload(Order.supplier))
        .limit(20)
    ).all()


def received_quantities(order: Order) -> dict[int, Decimal]:
    """How much of each line has come, by order line id: the sum of the receipts."""
    rows = db.session.execute(
        select(ReceiptLine.order_line_id, func.sum(ReceiptLine.quantity))
        .join(OrderLine, OrderLine.id == ReceiptLine.order_line_id)
        .where(OrderLine.order_id == order.id)
        .group_by(ReceiptLine.order_line_id)
    )
    return {row[0]: row[1] for row in rows}


def receipts_of(order: Order) -> Sequence[Receipt]:
    """The deliveries taken in for an order, oldest first."""
    return db.session.scalars(
        select(Receipt)
        .where(Receipt.order_id == order.id)
        .order_by(Receipt.id)
        .options(joinedload(Receipt.received_by), selectinload(Receipt.lines).joinedload(ReceiptLine.order_line))
    ).all()


def entries_of(order: Order) -> Sequence[JournalEntry]:
    """What the journal tells of an order and of the requisition it comes from, oldest first."""
    of_order = and_(JournalEntry.thing == "order", JournalEntry.thing_id == order.number)
    of_requisition = and_(JournalEntry.thing == "requisition", JournalEntry.thing_id == str(order.requisition_id))
    return db.session.scalars(
        select(JournalEntry).where(or_(of_order, of_requisition)).order_by(JournalEntry.number)
    ).all()
