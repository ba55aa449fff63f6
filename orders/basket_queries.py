"""Queries about baskets: a person's own, what it becomes, and what the till offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import contains_eager, joinedload

from auth.organisation import DeliveryAddress, Organisation, Unit
from auth.permission import Role
from auth.user import User
from catalog.agreement import Award, Lot
from catalog.case import Case, cases_of
from catalog.finding import Ask, Finding
from catalog.parameter import vat_rates
from catalog.rules import judge_cases
from catalog.steering import blocking, load_facts
from catalog.why import Why, explain
from core.clock import today
from core.db import db, locks_rows, prepared
from core.types import line_net, sort_key
from orders.basket import Basket, BasketLine
from orders.free_text import free_of
from orders.ranking import RankingRefusal, refused_by_line
from orders.ranking_queries import refusals_of
from orders.split import OrderDraft, PricedLine, draft_orders
from orders.supplier_choice import OfferRow, ShareRow, SupplierChoice, choice_of
from orders.won import won_prices


@dataclass(frozen=True, slots=True)
class BasketView:
    """A basket with what it becomes: the findings of each line, and the orders it splits into."""

    basket: Basket
    findings: dict[int, tuple[Finding, ...]]  # by basket line id
    drafts: list[OrderDraft]
    refusals: Sequence[RankingRefusal]
    whys: dict[int, Why]  # by award id: why that supplier
    to_ask_first: dict[int, list[Award]]  # by basket line id: the better-placed suppliers that have not answered

    @property
    def awards(self) -> list[Award]:
        """The awards that something is asked of, each once."""
        return list({line.article.award_id: line.article.award for line in self.basket.lines}.values())

    def choice(self, award: Award) -> SupplierChoice:
        """Why an award, as it is told now."""
        return choice_of(self.whys[award.id])

    def next_in_turn(self, award: Award) -> list[OfferRow | ShareRow]:
        """Who should have what is asked of an award instead: lowest total of all, or furthest behind its share."""
        choice = self.choice(award)
        rows: list[OfferRow | ShareRow] = [offer for offer in choice.offers[:1] if not offer.lacking]
        rows += [share for share in choice.shares if share.is_next]
        return [row for row in rows if row.award_id != award.id]

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
    def to_compete_for(self) -> Lot | None:
        """The first lot whose lines demand a competition."""
        for line in self.basket.lines:
            if any(finding.code == "competition-required" for finding in self.findings[line.id]):
                return line.article.award.lot
        return None

    @property
    def is_stopped(self) -> bool:
        """Whether some line keeps the basket from being sent."""
        return bool(blocking(self.findings.values()))


def basket_of(user: User, organisation: Organisation, *, lock: bool = False) -> Basket | None:
    """Her basket for an organisation, its lines with their articles. Their terms are read by the steering.

    With `lock`, one transaction at a time has it: a second one waits here, and then reads what the first has left. One
    that is made between the lock and the reading is none: this transaction does not hold it.
    """
    if lock and locks_rows() and db.session.scalar(*_lock_of(user.id, organisation.id)) is None:
        return None
    statement, values = _with_articles(user.id, organisation.id)
    found = db.session.scalars(statement, values, execution_options={"populate_existing": lock})
    return found.unique().one_or_none()


@prepared
def _lock_of(user_id: int, organisation_id: int) -> Select[Any]:
    hers = (Basket.user_id == user_id, Basket.organisation_id == organisation_id)
    return select(Basket.id).where(*hers).with_for_update()


@prepared
def _with_articles(user_id: int, organisation_id: int) -> Select[Any]:
    return (
        select(Basket)
        .where(Basket.user_id == user_id, Basket.organisation_id == organisation_id)
        .options(joinedload(Basket.lines).options(joinedload(BasketLine.article), joinedload(BasketLine.free_text)))
    )


def view_basket(basket: Basket, deliver_on: date | None = None) -> BasketView:
    """Ask the steering about the whole basket, and split it into orders, freight and fees included.

    `deliver_on` is the day she wants it, when she has said one.
    """
    on = today()
    rates = vat_rates(on)
    won = won_prices(basket.lines, basket.organisation, basket.requisition_id)
    facts = load_facts([Ask(line.article) for line in basket.lines], basket.organisation, on)
    asks_in_turn = any(award.lot.asks_in_turn for award in facts.awards.values())
    refusals = refusals_of(basket) if asks_in_turn else ()
    refused = refused_by_line(refusals, basket.lines)
    asks = [
        Ask(
            line.article,
            line.quantity,
            line.choice_ground,
            deliver_on,
            won.get(line.article_id),
            free=free_of(line),
            refused=refused_it,
        )
        for line, refused_it in zip(basket.lines, refused, strict=True)
    ]
    priced = [
        PricedLine(
            line=line,
            award=line.article.award,  # which has come with the facts
            net_amount=line_net(line.quantity, line.article.price_for(line.quantity), line.article.base_quantity),
            vat_percent=rates[line.article.vat_class],
        )
        for line in basket.lines
    ]
    drafts = draft_orders(priced)
    cases = cases_of(asks, facts, charges=charges_by_award(drafts))
    found = judge_cases(cases)
    by_line = {line.id: tuple(of_line) for line, of_line in zip(basket.lines, found, strict=True)}
    return BasketView(
        basket=basket,
        findings=by_line,
        drafts=drafts,
        refusals=refusals,
        whys=explain(cases),
        to_ask_first=_to_ask_first(cases, basket.lines, by_line),
    )


def _to_ask_first(
    cases: Sequence[Case], lines: Sequence[BasketLine], found: Mapping[int, tuple[Finding, ...]]
) -> dict[int, list[Award]]:
    """For each line whose turn has not come: the suppliers before it in the ranking who are still to answer."""
    return {
        line.id: [award for award in case.rivals if award.rank < case.award.rank]
        for line, case in zip(lines, cases, strict=True)
        if any(finding.code == "not-next-in-rank" for finding in found[line.id])
    }


def charges_by_award(drafts: Iterable[OrderDraft]) -> dict[int, Decimal]:
    """What freight and fees add to each award, for the ceilings."""
    added: dict[int, Decimal] = {}
    for draft in drafts:
        for charge in draft.charges:
            added[charge.award.id] = added.get(charge.award.id, Decimal(0)) + charge.amount
    return added


def units_and_addresses(user: User, organisation: Organisation) -> tuple[list[Unit], list[DeliveryAddress]]:
    """The units she may order for, and where the organisation can have goods delivered, by name."""
    branches = tuple(
        membership.unit.path if membership.unit else "/"
        for membership in user.current_memberships()
        if membership.organisation_id == organisation.id and membership.role is Role.ORDERER
    )
    rows = db.session.execute(*_units_with_addresses(organisation.id)).all()
    units = dict.fromkeys(unit for unit, _ in rows if unit.is_active and unit.path.startswith(branches))
    addresses = [address for _, address in rows if address is not None]
    return list(units), sorted(addresses, key=lambda address: sort_key(address.name))


@prepared
def _units_with_addresses(organisation_id: int) -> Select[Unit, DeliveryAddress]:
    in_use = and_(DeliveryAddress.unit_id == Unit.id, DeliveryAddress.is_active)
    return (
        select(Unit, DeliveryAddress)
        .outerjoin(DeliveryAddress, in_use)
        .where(Unit.organisation_id == organisation_id)
        .order_by(Unit.path, DeliveryAddress.id)
        .options(contains_eager(DeliveryAddress.unit))
    )
