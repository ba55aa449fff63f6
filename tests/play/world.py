"""The world of a play: two organisations with their people and rules, four lots with suppliers, prices and ceilings.

What is drawn is a plan of plain values, which a failure prints; the world is built of it by the factories, and keeps
ids alone, because each step of a play has a session of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from auth.organisation import Organisation, Unit
from auth.permission import Role
from auth.user import LimitPeriod, User
from catalog.agreement import CallOffMethod
from catalog.price_list import Article
from core.db import db
from orders.approval import Quorum, StepKind, Turn
from tests.factories.auth import make_address, make_member, make_organisation, make_unit
from tests.factories.catalog import make_agreement, make_award, make_ceiling, make_lot, make_price_list
from tests.factories.coding import make_dimension
from tests.factories.needs import make_buyer
from tests.factories.orders import make_group, make_rule

# The same goods at every supplier; only the first are in every list
GOODS = (
    {"supplier_number": "V0", "name": "Vara 0", "gtin": "07350000000017"},
    {"supplier_number": "V1", "name": "Vara 1", "gtin": "07350000000024"},
)
GROUNDS = "Kortare leveranstid\nPassar det som redan finns"


@dataclass(frozen=True)
class LotPlan:
    """A lot of an agreement of its own. Limits are SEK excl. VAT; none is unknown, or for the award no ceiling."""

    method: CallOffMethod
    prices: tuple[Decimal, ...]  # one supplier each
    agreement_limit: Decimal | None
    lot_limit: Decimal | None
    award_limit: Decimal | None  # of the first supplier
    fee: Decimal | None  # for orders under 500 kr
    freight: Decimal | None
    competition_above: Decimal | None
    free_text_cap: Decimal | None  # for an estimate or an hour's work; none: no free text


@dataclass(frozen=True)
class OrganisationPlan:
    """How an organisation approves."""

    union_from: Decimal | None
    limit: Decimal  # of the approver at the school
    month: Decimal | None  # of the same approver
    small: tuple[dict[str, object], ...]  # the steps below 2,000 kr
    large: tuple[dict[str, object], ...]
    is_coded: bool


@dataclass(frozen=True)
class Plan:
    lots: tuple[LotPlan, ...]
    organisations: tuple[OrganisationPlan, OrganisationPlan]


kronor = st.decimals(1, 300, places=2)
limits = st.none() | st.sampled_from([Decimal(1200), Decimal(5000), Decimal(40_000)])
STEPS: tuple[dict[str, object], ...] = (
    {"kind": StepKind.UNIT_APPROVER},
    {"kind": StepKind.UNIT_APPROVER, "quorum": Quorum.ALL},
    {"kind": StepKind.PARENT_APPROVER},
    {"kind": StepKind.GROUP},
    {"kind": StepKind.GROUP, "quorum": Quorum.ALL, "turn": Turn.BESIDE},
    {"kind": StepKind.UNIT_APPROVER, "turn": Turn.BESIDE},
    {"kind": StepKind.PARENT_APPROVER, "turn": Turn.EITHER},
)
OFTEN = (CallOffMethod.RANKING, CallOffMethod.RANKING, CallOffMethod.COMBINATION, CallOffMethod.CHOICE)
steps = st.lists(st.sampled_from(STEPS), min_size=1, max_size=3).map(tuple)
lots = st.builds(
    LotPlan,
    method=st.sampled_from([*CallOffMethod, *OFTEN]),
    prices=st.lists(kronor, min_size=1, max_size=3).map(tuple),
    agreement_limit=limits,
    lot_limit=limits,
    award_limit=limits,
    fee=st.none() | st.just(Decimal(75)),
    freight=st.none() | st.just(Decimal("49.50")),
    competition_above=st.sampled_from([Decimal(500), Decimal(2500)]),
    free_text_cap=st.sampled_from([Decimal(2000), Decimal(2000), None]),
)
organisations = st.builds(
    OrganisationPlan,
    union_from=st.none() | st.just(Decimal(1500)),
    limit=st.sampled_from([Decimal(1000), Decimal(5000)]),
    month=st.none() | st.just(Decimal(4000)),
    small=st.just((STEPS[0],)) | steps,
    large=steps,
    is_coded=st.booleans(),
)
plans = st.builds(
    Plan,
    lots=st.lists(lots, min_size=3, max_size=4).map(tuple),
    organisations=st.tuples(organisations, organisations),
)


@dataclass
class Town:
    """An organisation, by ids."""

    organisation: int
    school: int
    address: int
    orderers: list[int]
    approvers: list[int]
    group: int
    admin: int
    dimensions: list[int]

    @property
    def people(self) -> list[int]:
        return [*self.orderers, *self.approvers, self.admin]


@dataclass
class World:
    """What there is when the play begins, by ids."""

    buyer: int
    towns: list[Town] = field(default_factory=list)
    agreements: list[int] = field(default_factory=list)
    lots: list[int] = field(default_factory=list)
    awards: list[int] = field(default_factory=list)
    free_awards: list[int] = field(default_factory=list)  # those that may be ordered free text from
    suppliers: list[int] = field(default_factory=list)
    articles: list[int] = field(default_factory=list)
    ceilings: list[int] = field(default_factory=list)

    @property
    def people(self) -> list[int]:
        return [self.buyer, *(person for town in self.towns for person in town.people)]


def build(plan: Plan) -> World:
    """The world that a plan says; in the transaction that is open."""
    world = World(make_buyer().id)
    for of_town in plan.organisations:
        world.towns.append(_town(of_town))
    entitled = [db.session.get_one(Organisation, town.organisation) for town in world.towns]
    for number, of_lot in enumerate(plan.lots):
        _lot(world, of_lot, entitled if number else entitled[:1])
    return world


def _town(plan: OrganisationPlan) -> Town:
    organisation = make_organisation(union_from=plan.union_from, remind_after_days=3, escalate_after_days=6)
    root = make_unit(organisation)
    school = make_unit(organisation, root, emergency_cap=Decimal(2500), emergency_hours=48)
    orderers = [make_member(Role.ORDERER, organisation, school) for _ in range(2)]
    limited = {"amount_limit": plan.limit, "superior_id": orderers[1].id}
    at_school = make_member(Role.APPROVER, organisation, school, **limited)  # type: ignore[arg-type]
    if plan.month is not None:
        at_school.memberships[0].period_limit, at_school.memberships[0].limit_period = plan.month, LimitPeriod.MONTH
    both = make_member(Role.APPROVER, organisation, school, user=orderers[0])  # who orders and approves
    chiefs = [make_member(Role.APPROVER, organisation, root), make_member(Role.APPROVER, organisation)]
    group = make_group(organisation, *chiefs, both)
    for steps_, low, high in ((plan.small, Decimal(0), Decimal(2000)), (plan.large, Decimal(2000), None)):
        kinds = [{**step, "group": group} if step["kind"] is StepKind.GROUP else step for step in steps_]
        first = {**kinds[0], "turn": Turn.AFTER}
        make_rule(organisation, first, *kinds[1:], amount_from=low, amount_below=high)
    dimensions = []
    if plan.is_coded:
        dimensions = [
            make_dimension(organisation, "Ansvar", "100", "200"),
            make_dimension(organisation, "Projekt", is_mandatory=False),
        ]
    return Town(
        organisation=organisation.id,
        school=school.id,
        address=make_address(school).id,
        orderers=[person.id for person in orderers],
        approvers=[at_school.id, *(chief.id for chief in chiefs)],
        group=group.id,
        admin=make_member(Role.ORGANISATION_ADMIN, organisation).id,
        dimensions=[dimension.id for dimension in dimensions],
    )


def _lot(world: World, plan: LotPlan, entitled: list[Organisation]) -> None:
    agreement = make_agreement(*entitled)
    lot = make_lot(
        agreement,
        method=plan.method,
        choice_grounds=GROUNDS,
        competition_above=plan.competition_above if plan.method is CallOffMethod.COMBINATION else None,
    )
    prices = plan.prices[:1] if plan.method is CallOffMethod.SINGLE else plan.prices
    share = Decimal(100 // len(prices)) if plan.method is CallOffMethod.ALLOCATION else None
    terms: dict[str, Any] = {
        "minimum_order": Decimal(500) if plan.fee else None,
        "small_order_fee": plan.fee,
        "freight": plan.freight,
    }
    if plan.free_text_cap is not None:
        terms |= {"free_text_cap": plan.free_text_cap, "free_text_by_estimate": True, "free_text_by_hour": True}
        terms["free_text_rate"] = Decimal(400)
    for number, price in enumerate(prices):
        award = make_award(lot, rank=number + 1, share=share, **terms)
        has_own = number == 0 or share is not None
        if has_own:
            world.ceilings.append(make_ceiling(agreement, plan.award_limit, lot=lot, award=award).id)
        rows = [{"price": price, **goods} for goods in GOODS]
        price_list = make_price_list(award, rows)
        world.awards.append(award.id)
        if award.free_text_prices and not lot.is_competed:
            world.free_awards.append(award.id)
        world.suppliers.append(award.supplier_id)
        found = db.session.query(Article.id).filter_by(price_list_id=price_list.id).order_by(Article.id)
        world.articles += [row.id for row in found]
    world.ceilings.append(make_ceiling(agreement, plan.agreement_limit).id)
    world.ceilings.append(make_ceiling(agreement, plan.lot_limit, lot=lot).id)
    world.agreements.append(agreement.id)
    world.lots.append(lot.id)


def unit_of(town: Town) -> Unit:
    return db.session.get_one(Unit, town.school)


def person(user_id: int) -> User:
    return db.session.get_one(User, user_id)
