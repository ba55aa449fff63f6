"""Call-offs with their reasons: to place 2 and below, by the orderer's choice, by totals not compared in full.

What a contract controller asks for: which orders did not go to the first, who was passed over, how, and what was said.
The words are those kept when the order was sent and noted in the ranking log; nothing is judged anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from auth.organisation import Organisation
from auth.user import User
from catalog.agreement import RANKED, Agreement, Award, CallOffMethod, Lot
from catalog.why import WHY_PASSED
from core.clock import local, midnight
from core.db import db, mentions
from exchange.tablefile import Sheet
from orders.order import Order, OrderLine
from orders.policy import visible
from orders.ranking import SILENT, RankingRefusal

MOST = 10_000


class Kind(str, Enum):
    RANK = "rank"
    CHOICE = "choice"
    TOTAL = "total"


KIND_NAMES = {
    Kind.RANK: _l("till plats 2 och sämre, eller när den som stod på tur inte kunde"),
    Kind.CHOICE: _l("efter beställarens val"),
    Kind.TOTAL: _l("där totalpriserna inte kunde jämföras fullt ut"),
}


@dataclass(frozen=True, slots=True)
class Reasoned:
    """What an order calls off under one award, in SEK excl. VAT, and why there: a sentence for each supplier passed
    over, or each ground. Without any, nobody has said why."""

    order: Order
    award: Award
    net_amount: Decimal
    reasons: tuple[str, ...]


def reasoned_call_offs(
    user: User, organisation: Organisation, kind: Kind, first: date, last: date, agreement: str = ""
) -> list[Reasoned]:
    """The call-offs of a kind between two days, both included, of what she may see; the latest first. Three queries.

    `agreement`: a number, or a part of one or of a title.
    """
    conditions = [
        visible(user, organisation, Order),
        Order.placed_at >= midnight(first),
        Order.placed_at < midnight(last + timedelta(days=1)),
        OrderLine.bid_line_id.is_(None),  # a competition has its own reasons
        *_of_kind(kind),
    ]
    if agreement:
        named = (mentions(column, agreement) for column in (Agreement.number, Agreement.title))
        conditions.append(or_(*named))
    rows = db.session.execute(_called_off(conditions)).all()
    log = _log([order.requisition_id for order, _award, _net in rows]) if kind is Kind.RANK else {}
    grounds = _grounds([order.id for order, _award, _net in rows]) if kind is not Kind.RANK else {}
    return [
        Reasoned(
            order,
            award,
            net,
            _passed(order, award, log.get(order.requisition_id, ()))
            if kind is Kind.RANK
            else grounds.get((order.id, award.id), ()),
        )
        for order, award, net in rows
    ]


def _called_off(conditions: Iterable[ColumnElement[bool]]) -> Select[Order, Award, Decimal]:
    """The latest orders of some lines, with each award that they lie under and the sum of its lines."""
    to_award = select(Order.id, OrderLine.award_id, func.sum(OrderLine.net_amount).label("net"))
    called = (
        to_award.join(OrderLine, OrderLine.order_id == Order.id)
        .join(Award, Award.id == OrderLine.award_id)
        .join(Lot, Lot.id == Award.lot_id)
        .join(Agreement, Agreement.id == Lot.agreement_id)
        .where(*conditions)
        .group_by(Order.id, OrderLine.award_id)
        .order_by(Order.id.desc())
        .limit(MOST)
        .subquery()
    )
    return (
        select(Order, Award, called.c.net)
        .join(called, called.c.id == Order.id)
        .join(Award, Award.id == called.c.award_id)
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .options(
            joinedload(Order.requisition),
            joinedload(Order.organisation),
            joinedload(Order.orderer),
            joinedload(Award.supplier),
            joinedload(Award.lot).joinedload(Lot.agreement),
        )
    )


def _of_kind(kind: Kind) -> list[ColumnElement[bool]]:
    if kind is Kind.RANK:
        before = aliased(Award)
        said_no = select(RankingRefusal.id).join(before, before.id == RankingRefusal.award_id)
        said_no = said_no.where(RankingRefusal.requisition_id == Order.requisition_id, before.lot_id == Award.lot_id)
        return [or_(and_(Lot.method.in_(RANKED), Award.rank > 1), said_no.exists())]
    if kind is Kind.CHOICE:
        return [Lot.method == CallOffMethod.CHOICE]
    return [Lot.method == CallOffMethod.DYNAMIC_RANKING, OrderLine.choice_ground.is_not(None)]


def _log(requisition_ids: Sequence[int]) -> dict[int, list[RankingRefusal]]:
    """The entries of the ranking log, by requisition."""
    found: dict[int, list[RankingRefusal]] = {}
    to_award = joinedload(RankingRefusal.award)
    loaded = (to_award.joinedload(Award.supplier), to_award.joinedload(Award.lot), joinedload(RankingRefusal.noted_by))
    for start in range(0, len(requisition_ids), 500):
        some = requisition_ids[start : start + 500]
        query = select(RankingRefusal).where(RankingRefusal.requisition_id.in_(some)).order_by(RankingRefusal.id)
        for refusal in db.session.scalars(query.options(*loaded)):
            found.setdefault(refusal.requisition_id or 0, []).append(refusal)
    return found


def _grounds(order_ids: Sequence[int]) -> dict[tuple[int, int], tuple[str, ...]]:
    """The stated grounds, each once, by order and award."""
    found: dict[tuple[int, int], dict[str, None]] = {}
    for start in range(0, len(order_ids), 500):
        some = order_ids[start : start + 500]
        query = select(OrderLine.order_id, OrderLine.award_id, OrderLine.choice_ground)
        wanted = (OrderLine.order_id.in_(some), OrderLine.choice_ground.is_not(None))
        for order_id, award_id, ground in db.session.execute(query.where(*wanted).order_by(OrderLine.id)):
            found.setdefault((order_id, award_id), {})[ground or ""] = None
    return {key: tuple(grounds) for key, grounds in found.items()}


def _passed(order: Order, award: Award, log: Iterable[RankingRefusal]) -> tuple[str, ...]:
    """A sentence for each supplier that stood before, by the kept choice and the log; an older order has the log."""
    entries: dict[int, list[RankingRefusal]] = {}
    for refusal in log:
        if refusal.award.lot_id == award.lot_id and refusal.award_id != award.id:
            entries.setdefault(refusal.award_id, []).append(refusal)
    kept = next((choice for choice in order.requisition.choices if choice.award_id == award.id), None)
    told: list[str] = []
    for passed in kept.passed if kept else ():
        if not entries.get(passed["award"]):
            told.append(_how(passed))
    return (*(_entry(refusal) for of_one in entries.values() for refusal in of_one), *told)


def _how(passed: Mapping[str, Any]) -> str:
    said = {"supplier": passed["supplier"], "rank": passed["rank"], "how": WHY_PASSED[passed["how"]]}
    return str(_("%(supplier)s (plats %(rank)s) %(how)s.", **said))


def _entry(refusal: RankingRefusal) -> str:
    said = {
        "supplier": _name(refusal.award),
        "asked": f"{local(refusal.asked_at):%Y-%m-%d %H:%M}",
        "channel": refusal.channel_name,
        "reason": refusal.reason,
        "person": refusal.noted_by.name,
    }
    if refusal.answer == SILENT:
        told = _("%(supplier)s svarade inte i tid: ”%(reason)s”", **said)
    else:
        told = _("%(supplier)s tackade nej: ”%(reason)s”", **said)
    noted = _("Frågad %(asked)s (%(channel)s), antecknat av %(person)s.", **said)
    return f"{told} {noted}"


def _name(award: Award) -> str:
    said = {"supplier": award.supplier.name, "rank": award.rank}
    return str(_("%(supplier)s (plats %(rank)s)", **said)) if award.lot.is_ranked else award.supplier.name


def reasoned_sheet(found: Iterable[Reasoned]) -> Sheet:
    """The call-offs as a table to write, amounts excl. VAT."""
    headings = [
        *(_("Beställning"), _("Datum"), _("Organisation"), _("Beställare"), _("Avtal"), _("Delområde")),
        *(_("Avtalspunkt"), _("Leverantör"), _("Plats"), _("Belopp utan moms"), _("Skäl")),
    ]
    rows: list[list[Any]] = [
        [
            *(one.order.number, local(one.order.placed_at).date().isoformat(), one.order.organisation.name),
            *(one.order.orderer.name, f"{one.award.lot.agreement.number} {one.award.lot.agreement.title}"),
            *(f"{one.award.lot.number} {one.award.lot.title}", one.award.lot.clause, one.award.supplier.name),
            *(one.award.rank, one.net_amount, "\n".join(one.reasons) or str(_("Inget skäl är antecknat."))),
        ]
        for one in found
    ]
    widths = (16, 12, 24, 22, 30, 26, 20, 26, 7, 16, 60)
    return Sheet(str(_("Avrop med skäl")), headings, rows, widths, amounts=frozenset({9}))
