"""What is true after every step of a play, asked of the database and of nothing that decides in Avrop.

Each function says what is wrong, in words. What can only be judged at the moment (was the agreement active, had the
approver a right?) is asked of what is new since the last step, while nothing else has moved.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple

from lxml import etree
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from auth.journal import JournalEntry, verify
from auth.permission import Role
from auth.substitution import Substitution
from auth.user import LimitPeriod, Membership, User
from catalog.agreement import AgreementState, Award, CallOffMethod, FreeTextPrice, Lot
from catalog.ceiling import SEK, Ceiling
from catalog.external import ExternalCallOff
from catalog.price_list import Article, PriceList, PriceListState
from core.clock import local, today
from core.db import db
from core.types import line_net
from exchange.outbox import messages_about
from orders.approval import ApprovalCandidate, ApprovalState, ApprovalStep
from orders.bid import Bid, BidLine, CompetitionDecision
from orders.blanket import BlanketOrder
from orders.competition import Competition, CompetitionState
from orders.conflict import Conflict
from orders.mail import about
from orders.order import FileKind, NumberSeries, Order, OrderFile, OrderLine, OrderState
from orders.ranking import RankingRefusal
from orders.receipt import ReceiptLine
from orders.requisition import Requisition, RequisitionCharge, RequisitionLine, RequisitionState

ZERO = Decimal(0)
COPIED = (
    "position", "award_id", "supplier_number", "gtin", "name", "description", "classification", "unit_code",
    "quantity", "unit_price", "base_quantity", "net_amount", "is_approximate", "vat_percent", "choice_ground", "note",
    "bid_line_id", "free_text_id", "coding",
)  # fmt: skip
# Read with what is looked at of each after every step: one query for a kind of thing, not one for a thing.
ORDERS = select(Order).options(
    joinedload(Order.requisition),
    joinedload(Order.blanket),
    selectinload(Order.lines).options(joinedload(OrderLine.award), joinedload(OrderLine.free_text)),
    selectinload(Order.charges),
    selectinload(Order.documents).undefer(OrderFile.content),
)
REQUISITIONS = select(Requisition).options(
    selectinload(Requisition.lines).options(joinedload(RequisitionLine.lot), joinedload(RequisitionLine.free_text)),
    selectinload(Requisition.charges).joinedload(RequisitionCharge.award).joinedload(Award.lot),
    joinedload(Requisition.organisation),
)
DECIDED = select(ApprovalCandidate).where(ApprovalCandidate.decision.is_not(None))
WORTH_ROOM = (RequisitionState.SUBMITTED, RequisitionState.APPROVED)


@dataclass
class Memory:
    """What had happened by the end of the step before."""

    orders: set[int] = field(default_factory=set)
    submitted: set[tuple[int, object]] = field(default_factory=set)
    decisions: set[int] = field(default_factory=set)
    promised: dict[int, Decimal] = field(default_factory=dict)  # reserved and ordered, by ceiling


def broken(memory: Memory) -> list[str]:
    """Everything that is not as it must be; and remembers this step."""
    requisitions = list(db.session.scalars(REQUISITIONS))
    orders = list(db.session.scalars(ORDERS))
    decided = list(db.session.scalars(DECIDED.options(joinedload(ApprovalCandidate.step))))
    new = [sent for sent in requisitions if (sent.id, sent.submitted_at) not in memory.submitted]
    found = [
        *(fault for order in orders if order.id not in memory.orders for fault in _unlawful(order)),
        *(fault for order in orders for fault in _not_as_approved(order)),
        *(fault for sent in new for fault in (*_not_the_lowest(sent), *_out_of_turn(sent))),
        *(fault for seat in decided if seat.id not in memory.decisions for fault in _unlawful_decision(seat)),
        *_decided_twice(decided),
        *(fault for requisition in requisitions for fault in _content(requisition)),
        *_ceilings(memory, orders, requisitions),
        *_numbers(orders),
        *_journal(),
    ]
    memory.submitted |= {(sent.id, sent.submitted_at) for sent in new}
    memory.orders |= {order.id for order in orders}
    memory.decisions |= {seat.id for seat in decided}
    return found


# No order line outside an active award, and the ranking kept or explained


def _unlawful(order: Order) -> Iterator[str]:
    agreement, day = order.agreement, today()
    if agreement.state is not AgreementState.PUBLISHED or not agreement.starts_on <= day <= agreement.ends_on:
        yield f"{order.number} is placed under {agreement.number}, which is not active"
    if order.supplier.is_blocked:
        yield f"{order.number} is placed with a blocked supplier"
    if order.requisition.state is not RequisitionState.APPROVED and not _is_lawful_emergency(order):
        yield f"{order.number} is placed and its requisition is {order.requisition.state.value}"
    for line in order.lines:
        yield from _unlawful_line(order, line, day)
    of_lot: defaultdict[Lot, Decimal] = defaultdict(Decimal)
    for asked in order.requisition.lines:
        if asked.bid_line_id is None:
            of_lot[asked.lot] += asked.net_amount
    for lot, amount in of_lot.items():
        if lot.competition_above is not None and amount > lot.competition_above:
            yield f"{order.number} takes {amount} without competition, demanded above {lot.competition_above}"


def _is_lawful_emergency(order: Order) -> bool:
    """Ordered at once and approved after: with a reason, where the unit may, for as much as it may."""
    requisition, cap = order.requisition, order.unit.emergency_cap
    if not requisition.emergency_reason or requisition.state is not RequisitionState.SUBMITTED or cap is None:
        return False
    return requisition.net_amount <= cap and requisition.emergency_due_at is not None and order.is_emergency


def _unlawful_line(order: Order, line: OrderLine, day: date) -> Iterator[str]:
    award, lot = line.award, line.award.lot
    where = f"line {line.position} of {order.number}"
    if (award.supplier_id, lot.agreement_id) != (order.supplier_id, order.agreement_id):
        yield f"{where} stands on an award of somebody else"
    if not _is_on(award.starts_on, award.ends_on, day):
        yield f"{where} stands on an award that is not active"
    ours = [e for e in order.agreement.entitlements if e.organisation_id == order.organisation_id]
    if not any(e.lot_id in (None, lot.id) and _is_on(e.starts_on, e.ends_on, day) for e in ours):
        yield f"{where} is not the organisation's to order"
    if line.bid_line_id is not None:
        yield from _not_won(order, line)
        return
    row = db.session.get_one(Article, line.article_id)
    if line.free_text is not None:
        yield from _not_free(order, line, row)
    elif row.award_id != award.id or row.price_list.state is not PriceListState.PUBLISHED:
        yield f"{where} stands on no published row"
    if line.unit_price != row.price_for(line.quantity):
        yield f"{where} costs {line.unit_price} and the list says {row.price_for(line.quantity)}"
    if lot.method in (CallOffMethod.COMPETITION, CallOffMethod.DYNAMIC_PURCHASING):
        yield f"{where} is ordered without the competition that the lot demands"
    if lot.method in (CallOffMethod.RANKING, CallOffMethod.COMBINATION):
        for other in lot.awards:
            if other.rank < award.rank and _could_take(other, order.requisition, day) and not _refused(other, order):
                yield f"{where} passes {other.supplier.name}, who was not asked"
    others = [other for other in lot.awards if other is not award and _could_take(other, order.requisition, day)]
    if lot.method is CallOffMethod.CHOICE and others and line.choice_ground not in lot.grounds:
        yield f"{where} is chosen on no ground of the lot"


def _not_free(order: Order, line: OrderLine, row: Article) -> Iterator[str]:
    award, stated = line.award, line.free_text
    assert stated is not None  # or nobody would ask
    where = f"the free text in line {line.position} of {order.number}"
    if (stated.award_id, stated.article_id, stated.organisation_id) != (award.id, row.id, order.organisation_id):
        yield f"{where} was stated for something else"
    cap = award.free_text_cap
    free = sum((other.net_amount for other in order.lines if other.free_text and other.award_id == award.id), ZERO)
    if cap is None or free > cap:
        yield f"{where}: {free} of free text where {cap} is allowed"
    if stated.price_kind is FreeTextPrice.HOURLY and line.unit_price > (award.free_text_rate or line.unit_price):
        yield f"{where}: an hour costs {line.unit_price}"


def _is_on(first: date | None, last: date | None, day: date) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)


def _could_take(award: Award, requisition: Requisition, day: date) -> bool:
    """Whether a supplier could have had what was asked: active, not blocked, with room under its own ceiling."""
    if not _is_on(award.starts_on, award.ends_on, day) or award.supplier.is_blocked:
        return False
    own = db.session.scalar(select(Ceiling).where(Ceiling.award_id == award.id))
    if own is None or own.limit is None:
        return True
    of_lot = [line for line in requisition.lines if line.lot_id == award.lot_id]
    charges = [charge for charge in requisition.charges if charge.award.lot_id == award.lot_id]
    asked = sum((line.net_amount for line in of_lot), ZERO) + sum((charge.amount for charge in charges), ZERO)
    return own.limit - own.used > 0 and own.limit - own.used >= asked


def _refused(award: Award, order: Order) -> bool:
    noted = select(RankingRefusal.id).where(
        RankingRefusal.award_id == award.id, RankingRefusal.requisition_id == order.requisition_id
    )
    return db.session.scalar(noted.limit(1)) is not None


def _not_won(order: Order, line: OrderLine) -> Iterator[str]:
    bid_line = db.session.get_one(BidLine, line.bid_line_id)
    won = db.session.execute(
        select(CompetitionDecision, Competition)
        .join(Competition, Competition.id == CompetitionDecision.competition_id)
        .join(Bid, Bid.id == CompetitionDecision.bid_id)
        .where(Bid.id == bid_line.bid_id)
    ).one_or_none()
    if won is None:
        yield f"{order.number} stands on a bid that has not won"
        return
    decision, competition = won
    if competition.organisation_id != order.organisation_id or competition.state is not CompetitionState.DECIDED:
        yield f"{order.number} stands on somebody else's competition, or an abandoned one"
    if decision.standstill_until is not None and today() <= decision.standstill_until:
        yield f"{order.number} was placed during the standstill"


def _not_the_lowest(requisition: Requisition) -> Iterator[str]:
    """Dynamic ranking: nobody who could deliver all that is asked of the lot's lists takes less for it."""
    for lot in {line.lot for line in requisition.lines if line.lot.method is CallOffMethod.DYNAMIC_RANKING}:
        listed = [line for line in requisition.lines if line.lot is lot and not line.bid_line_id and not line.free_text]
        takers = {line.award for line in listed}
        asked = sum((line.net_amount for line in listed), ZERO)
        asked += sum((_charges(award, [x for x in listed if x.award is award]) for award in takers), ZERO)
        for other in lot.awards:
            total = _total_at(other, listed)
            if listed and total is not None and total < asked and _could_take(other, requisition, today()):
                yield f"{requisition.number} is to cost {asked}, and {other.supplier.name} takes {total}"


def _out_of_turn(requisition: Requisition) -> Iterator[str]:
    """Allocation key: nobody else who could have taken it lacks more of its share, this order counted."""
    for lot in {line.lot for line in requisition.lines if line.lot.method is CallOffMethod.ALLOCATION}:
        takers = {line.award for line in requisition.lines if line.lot is lot and not line.bid_line_id}
        asked = {award: _asked_of(award, requisition) for award in lot.awards}
        could = [award for award in lot.awards if award in takers or _could_take(award, requisition, today())]
        before = {award: _own(award).used - asked[award] for award in could}
        whole, shared = sum(before.values(), sum(asked.values(), ZERO)), sum((a.share or ZERO for a in could), ZERO)
        lacks = {award: whole * (award.share or ZERO) / shared - before[award] for award in could}
        for taker in takers:
            if max(lacks.values()) - lacks[taker] > Decimal("0.01"):
                yield f"{requisition.number} goes to {taker.supplier.name}, and others lack more of their share"


def _own(award: Award) -> Ceiling:
    return db.session.scalars(select(Ceiling).where(Ceiling.award_id == award.id, Ceiling.measure == SEK)).one()


def _asked_of(award: Award, requisition: Requisition) -> Decimal:
    lines = sum((line.net_amount for line in requisition.lines if line.award_id == award.id), ZERO)
    return lines + sum((charge.amount for charge in requisition.charges if charge.award_id == award.id), ZERO)


def _total_at(award: Award, lines: list[RequisitionLine]) -> Decimal | None:
    """What a supplier takes for the same goods; none where it lacks some."""
    in_force = select(Article).join(Article.price_list)
    in_force = in_force.where(Article.award_id == award.id, PriceList.state == PriceListState.PUBLISHED)
    sold = {row.gtin: row for row in db.session.scalars(in_force)}
    if not all(line.gtin in sold for line in lines):
        return None
    net = sum((line_net(line.quantity, sold[line.gtin].price, Decimal(1)) for line in lines), ZERO)
    return net + _fees(award, net)


def _charges(award: Award, lines: list[RequisitionLine]) -> Decimal:
    return _fees(award, sum((line.net_amount for line in lines), ZERO))


def _fees(award: Award, net: Decimal) -> Decimal:
    fee = award.small_order_fee if award.minimum_order and net < award.minimum_order else None
    return (award.freight or ZERO) + (fee or ZERO)


# What was approved is what was sent


def _not_as_approved(order: Order) -> Iterator[str]:
    approved = [line for line in order.requisition.lines if line.supplier_id == order.supplier_id]
    approved = [line for line in approved if line.agreement_id == order.agreement_id]
    sent = [[getattr(line, name) for name in COPIED[1:]] for line in order.lines]
    if sent != [[getattr(line, name) for name in COPIED[1:]] for line in approved]:
        yield f"the lines of {order.number} are not those that were approved"
    charges = sum((charge.amount for charge in order.charges), ZERO)
    if order.net_amount != sum((line.net_amount for line in order.lines), ZERO) + charges:
        yield f"{order.number}: {order.net_amount} is not the sum of its lines"
    for line in order.lines:
        if line.coding and sum((part.amount for part in line.coding), ZERO) != line.net_amount:
            yield f"the coding of line {line.position} of {order.number} does not sum"
    yield from _not_as_sent(order)


def _not_as_sent(order: Order) -> Iterator[str]:
    files = {file.kind: file for file in order.documents}
    if not {FileKind.PDF, FileKind.UBL} <= files.keys():
        yield f"{order.number} lacks a document"
        return
    for file in order.documents:
        if sha256(file.content).hexdigest() != file.sha256:
            yield f"{file.name} is not what it was"
    mails = [message for message in messages_about(about(order)) if message.kind == "order"]
    kept = sorted(files[kind].sha256 for kind in (FileKind.PDF, FileKind.UBL))
    if [sorted(attachment.sha256 for attachment in mail.attachments) for mail in mails] != [kept]:
        yield f"{order.number} is not mailed once with its two documents"
    total = etree.fromstring(files[FileKind.UBL].content).findtext(".//{*}AnticipatedMonetaryTotal/{*}PayableAmount")
    if Decimal(total or 0) != order.gross_amount:
        yield f"{order.number} is {order.gross_amount} and its XML says {total}"


def _content(requisition: Requisition) -> Iterator[str]:
    """The hash covers what is there, and whoever said yes last said it to that."""
    if requisition.state not in WORTH_ROOM:
        return
    if requisition.content_hash != requisition.compute_hash():
        yield f"{requisition.number} has been changed behind its hash"
    for line in requisition.lines:
        if line.coding and sum((part.amount for part in line.coding), ZERO) != line.net_amount:
            yield f"the coding of line {line.position} of {requisition.number} does not sum"
    if requisition.state is not RequisitionState.APPROVED:
        return
    route = list(db.session.scalars(select(ApprovalStep).where(ApprovalStep.requisition_id == requisition.id)))
    last = [step for step in route if step.round == max(step.round for step in route)]
    if any(step.state not in (ApprovalState.APPROVED, ApprovalState.SKIPPED) for step in last):
        yield f"{requisition.number} is approved before its route has ended"
    yes = [seat for step in last for seat in step.candidates if seat.decision == "approve"]
    union = requisition.organisation.union_from
    needed = 2 if union is not None and requisition.net_amount >= union else 1
    if len({seat.decided_by_id for seat in yes}) < needed:
        yield f"{requisition.number} is approved by {len(yes)} and needs {needed}"
    told = select(JournalEntry).where(
        JournalEntry.thing == "requisition", JournalEntry.thing_id == str(requisition.id), JournalEntry.act == "approve"
    )
    final = db.session.scalars(told.order_by(JournalEntry.number.desc()).limit(1)).one_or_none()
    if final is None or final.details["content_hash"] != requisition.content_hash:
        yield f"{requisition.number}: what was approved last is not what it holds"


# Nobody approves own, nobody twice, nobody beyond a right


def _unlawful_decision(seat: ApprovalCandidate) -> Iterator[str]:
    step, requisition, by = seat.step, seat.step.requisition, seat.decided_by
    assert by is not None  # a decision has its person
    where = f"{by.name} decided {requisition.number}"
    if by.id in (requisition.orderer_id, requisition.created_by_id, requisition.edited_by_id):
        yield f"{where}, which is her own"
    if by.superior_id == requisition.orderer_id:
        yield f"{where}, which is her superior's"
    if by.id != seat.user_id and not _stands_in(by, seat, requisition):
        yield f"{where} for {seat.name}, for whom she does not stand in"
    suppliers = {line.supplier_id for line in requisition.lines}
    if any(_has_interest(user_id, suppliers) for user_id in (by.id, seat.user_id)):
        yield f"{where} and has an interest in a supplier"
    if seat.decision == "approve":
        rights = [m for m in seat.user.memberships if m.organisation_id == requisition.organisation_id]
        rights = [m for m in rights if m.role is Role.APPROVER and _is_on(m.starts_on, m.ends_on, today())]
        if not any(_reaches(m, step) for m in rights):
            yield f"{where}, which is beyond the right of {seat.name}"


def _stands_in(by: User, seat: ApprovalCandidate, requisition: Requisition) -> bool:
    rows = db.session.scalars(
        select(Substitution).where(
            Substitution.substitute_id == by.id,
            Substitution.absent_id == seat.user_id,
            Substitution.organisation_id == requisition.organisation_id,
        )
    )
    return any(row.ended_at is None and _is_on(row.starts_on, row.ends_on, today()) for row in rows)


def _has_interest(user_id: int, suppliers: set[int]) -> bool:
    declared = db.session.scalars(select(Conflict).where(Conflict.user_id == user_id)).all()
    withdrawn = {row.withdraws_id for row in declared}
    return any(
        row.withdraws_id is None
        and row.id not in withdrawn
        and row.supplier_id in suppliers
        and _is_on(row.starts_on, row.ends_on, today())
        for row in declared
    )


def _reaches(right: Membership, step: ApprovalStep) -> bool:
    """Whether a right holds the amount, alone and with all else that it was used for this month."""
    if right.amount_limit is not None and step.net_amount > right.amount_limit:
        return False
    if right.period_limit is None:
        return True
    assert right.limit_period is LimitPeriod.MONTH  # the plays know no other
    hers = select(ApprovalCandidate).where(
        ApprovalCandidate.user_id == right.user_id, ApprovalCandidate.decision == "approve"
    )
    amounts = {
        seat.step.requisition_id: seat.step.net_amount
        for seat in db.session.scalars(hers)
        if seat.decided_at
        and (local(seat.decided_at).year, local(seat.decided_at).month) == (today().year, today().month)
        and seat.step.requisition.state in WORTH_ROOM
    }
    return sum(amounts.values(), ZERO) <= right.period_limit


def _decided_twice(decided: list[ApprovalCandidate]) -> Iterator[str]:
    times = Counter((seat.step.requisition_id, seat.step.round, seat.decided_by_id) for seat in decided)
    for (requisition_id, number, user_id), count in times.items():
        if count > 1:
            yield f"person {user_id} decided requisition {requisition_id} {count} times in round {number}"


# No ceiling is passed, and each counts what is there


def _ceilings(memory: Memory, orders: list[Order], requisitions: list[Requisition]) -> Iterator[str]:
    ordered = [part for order in orders for part in _taken_by(order)]
    waiting = [each for each in requisitions if each.state is RequisitionState.SUBMITTED and not each.emergency_reason]
    reserved = [part for each in waiting for part in _asked_by(each)]
    elsewhere = [
        Taken(row.agreement_id, row.lot_id, row.award_id, row.organisation_id, row.amount, row.unit_code, row.quantity)
        for row in db.session.scalars(select(ExternalCallOff))
    ]
    for ceiling in db.session.scalars(select(Ceiling)):
        for name, counter, parts in (
            ("ordered", ceiling.ordered, ordered),
            ("reserved", ceiling.reserved, reserved),
            ("external", ceiling.external, elsewhere),
        ):
            if counter != (real := _on(ceiling, parts)):
                yield f"{ceiling.scope_name} in {ceiling.measure} counts {counter} as {name} and it is {real}"
        promised = ceiling.reserved + ceiling.ordered
        grows = promised > memory.promised.get(ceiling.id, promised)
        if grows and ceiling.limit is not None and ceiling.used > ceiling.limit:
            yield f"{ceiling.scope_name} in {ceiling.measure} is passed: {ceiling.used} of {ceiling.limit}"
        memory.promised[ceiling.id] = promised
    for blanket in db.session.scalars(select(BlanketOrder)):
        if blanket.drawn != sum((each.amount for each in blanket.draws), ZERO) or not 0 <= blanket.drawn <= blanket.cap:
            yield f"{blanket.order.number}: {blanket.drawn} is drawn of {blanket.cap}"


class Taken(NamedTuple):
    """A part of what is called off: SEK excl. VAT, and how many of what unit."""

    agreement: int
    lot: int | None
    award: int | None
    organisation: int | None
    amount: Decimal
    unit: str | None = None
    quantity: Decimal | None = None


def _on(ceiling: Ceiling, parts: list[Taken]) -> Decimal:
    """What a ceiling must count: in the plays a unit compares with itself alone."""
    return sum(
        (
            part.amount if ceiling.measure == SEK else part.quantity or ZERO
            for part in parts
            if ceiling.agreement_id == part.agreement
            and ceiling.lot_id in (None, part.lot)
            and ceiling.award_id in (None, part.award)
            and ceiling.organisation_id in (None, part.organisation)
            and ceiling.measure in (SEK, part.unit)
        ),
        ZERO,
    )


def _asked_by(requisition: Requisition) -> Iterator[Taken]:
    whose = requisition.organisation_id
    for line in requisition.lines:
        scope = line.agreement_id, line.lot_id, line.award_id, whose
        yield Taken(*scope, line.net_amount, line.unit_code, line.quantity)
    for charge in requisition.charges:
        lot = charge.award.lot
        yield Taken(lot.agreement_id, lot.id, charge.award_id, whose, charge.amount)


def _taken_by(order: Order) -> Iterator[Taken]:
    """What an order takes of the ceilings: all of it, or when it is closed what came, or when cancelled nothing."""
    if order.state in (OrderState.CANCELLED, OrderState.DECLINED):
        return
    came, is_closed = _came(order), order.state is OrderState.CLOSED
    for line in order.lines:
        amount, quantity = line.net_amount, line.quantity
        if is_closed and order.blanket:
            amount = order.blanket.drawn
        elif is_closed:
            quantity = min(came[line.id], line.quantity)
            amount = line_net(quantity, line.unit_price, line.base_quantity)
        scope = order.agreement_id, line.award.lot_id, line.award_id, order.organisation_id
        yield Taken(*scope, amount, line.unit_code, quantity)
    for charge in order.charges:
        if not is_closed or any(came.values()):
            lot = db.session.get_one(Award, charge.award_id).lot_id
            yield Taken(order.agreement_id, lot, charge.award_id, order.organisation_id, charge.amount)


def _came(order: Order) -> defaultdict[int, Decimal]:
    came: defaultdict[int, Decimal] = defaultdict(Decimal)
    rows = select(ReceiptLine).where(ReceiptLine.order_line_id.in_([line.id for line in order.lines]))
    for row in db.session.scalars(rows):
        came[row.order_line_id] += row.quantity
    return came


# Every number once, and the chain whole


def _numbers(orders: list[Order]) -> Iterator[str]:
    serials: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for order in orders:
        serials[order.organisation_id, order.year].append(order.serial)
    last = {(series.organisation_id, series.year): series.last for series in db.session.scalars(select(NumberSeries))}
    for place in serials.keys() | last.keys():
        if sorted(serials[place]) != list(range(1, last.get(place, 0) + 1)):
            yield f"series {place} has {sorted(serials[place])} and stands at {last.get(place)}"


def _journal() -> Iterator[str]:
    _, first_broken = verify()
    if first_broken is not None:
        yield f"the journal is broken at {first_broken}"
