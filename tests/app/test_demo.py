"""The demo is a whole small world: complete, consistent, and the same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import pytest
from sqlalchemy import func, select

from app.demo import LOGINS, PASSWORD, make_demo
from app.demo.articles import ASSORTMENTS
from app.demo.articles.grammar import items_of, product
from app.demo.chronicle import Chronicle, working_hours
from auth.journal import JournalEntry, verify
from auth.organisation import DeliveryAddress, Organisation, OrganisationIdentifier, OrganisationKind, Unit
from auth.permission import Role
from auth.user import Membership, User, password_matches, stored_hash
from catalog.agreement import Agreement, AgreementState, Award, CallOffMethod, Lot
from catalog.category import Category
from catalog.ceiling import Ceiling, everybodys_amount
from catalog.price_list import Article, PriceList, PriceListState, VatClass
from catalog.steering import Ask, findings, stops
from catalog.supplier import Supplier
from core import sealing
from core.checkdigits import gs1_ok, organisation_number
from core.clock import frozen, local, now, today
from core.db import TransactionalFlask, db, reading
from core.errors import AvropError
from exchange.outbox import MessageState, OutboxMessage
from exchange.units import UNITS
from orders.actions.order import draws_not_come
from orders.approval import ApprovalState, ApprovalStep
from orders.approval_queries import steps_to_decide
from orders.basket import Basket
from orders.ceiling_sums import wrong_counters
from orders.competition import Competition, CompetitionState
from orders.condition import Need
from orders.conflict import Conflict
from orders.directory import directory_of
from orders.favourite import Favourite
from orders.need import NeedAnswer, NeedReport, NeedState
from orders.need_queries import inbox_page
from orders.order import FileKind, Order, OrderFile, OrderLine, OrderState
from orders.order_queries import received_quantities
from orders.proposal_queries import propose, wishes_of_list
from orders.ranking import RankingRefusal
from orders.receipt import Deviation, ReceiptLine
from orders.requisition import Requisition, RequisitionState
from orders.route import find_route
from orders.shopping_list_queries import lists_for
from tests.database import new_app

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

# What is drawn by `secrets`, or carries what is: passwords, links and message ids are never the same twice.
SECRET = {"password_hash", "token_hash", "message_id", "text", "html"}


@pytest.fixture(scope="module")
def demo(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TransactionalFlask]:
    """The whole demo, made once per engine; the clock stands still on a Monday morning."""
    with new_app(engine, tmp_path_factory.mktemp(f"demo-{engine}")) as app, frozen(MONDAY):
        with app.app_context():
            began = perf_counter()
            make_demo()
            print(f"\ndemo on {engine}: {perf_counter() - began:.1f} s")
        yield app


@pytest.fixture(autouse=True)
def looking(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests of the whole demo look and change nothing."""
    if "demo" not in request.fixturenames:
        yield
        return
    app: TransactionalFlask = request.getfixturevalue("demo")
    with app.app_context(), reading():
        yield


def count(thing: type[object], *conditions: object) -> int:
    return db.session.scalar(select(func.count()).select_from(thing).where(*conditions)) or 0  # type: ignore[arg-type]


def by_state(thing: type[Order] | type[Requisition] | type[PriceList] | type[Agreement]) -> dict[object, int]:
    return dict(db.session.execute(select(thing.state, func.count()).group_by(thing.state)).all())


def contents() -> str:
    """A hash over every row of every table, secrets apart."""
    told = sha256()
    for table in db.metadata.sorted_tables:
        columns = [c for c in table.columns if c.name not in SECRET]
        for row in db.session.execute(select(*columns).order_by(*table.primary_key.columns)):
            told.update(repr((table.name, tuple(row))).encode())
    return told.hexdigest()


# What is there


def test_fourteen_organisations_and_the_real_numbers_of_jamtland(demo: TransactionalFlask) -> None:
    kinds = dict(db.session.execute(select(Organisation.kind, func.count()).group_by(Organisation.kind)).all())
    assert kinds == {
        OrganisationKind.OFFICE: 1,
        OrganisationKind.MUNICIPALITY: 8,
        OrganisationKind.COMPANY: 3,
        OrganisationKind.FEDERATION: 2,
    }
    numbers = set(
        db.session.scalars(
            select(Organisation.organisation_number).where(Organisation.kind == OrganisationKind.MUNICIPALITY)
        )
    )
    assert numbers == {f"2120002{n}" for n in ("452", "460", "478", "486", "494", "502", "510", "528")}


def test_every_organisation_has_an_orderer_whom_somebody_can_approve(demo: TransactionalFlask) -> None:
    orderers = db.session.scalars(select(Membership).where(Membership.role == Role.ORDERER)).all()
    assert {m.organisation_id for m in orderers} == set(db.session.scalars(select(Organisation.id)))
    for membership in orderers:
        assert membership.unit is not None
        directory = directory_of(membership.organisation, today())
        for amount in (Decimal(500), Decimal(60_000), Decimal(140_000)):
            need = Need(
                unit=membership.unit,
                amount=amount,
                categories=(),
                orderer=membership.user,
                barred=frozenset({membership.user_id}),
            )
            route = find_route(need, directory)
            assert route
            assert all(person != membership.user for step in route for person in step.people)


def test_every_role_is_held_and_the_logins_work(demo: TransactionalFlask) -> None:
    assert {role for (role,) in db.session.execute(select(Membership.role).distinct())} == set(Role)
    assert {login.role for login in LOGINS} == set(Role)
    for login in LOGINS:
        user = db.session.scalars(select(User).where(User.email == login.email)).one()
        assert user.name == login.name
        assert login.role in {m.role for m in user.current_memberships()}
        assert login.password == PASSWORD
        assert login.name in login.who
    assert password_matches(stored_hash(user), PASSWORD)


def test_the_shelves_are_full(demo: TransactionalFlask) -> None:
    offered = select(Article.name).join(PriceList, PriceList.id == Article.price_list_id)
    offered = offered.where(PriceList.state == PriceListState.PUBLISHED)
    names = list(db.session.scalars(offered))
    assert len(names) >= 5000
    assert len(set(names)) >= 5000
    assert 30 <= count(Agreement) <= 40
    assert 40 <= count(Supplier) <= 55
    assert 35 <= count(Category) <= 50
    assert 55 <= count(User) <= 90


def test_agreements_show_every_method_and_every_fate(demo: TransactionalFlask) -> None:
    methods = {method for (method,) in db.session.execute(select(Lot.method).distinct())}
    assert methods >= set(CallOffMethod)
    assert set(by_state(Agreement)) == set(AgreementState)
    published = select(Agreement).where(Agreement.state == AgreementState.PUBLISHED)
    agreements = db.session.scalars(published).all()
    assert any(today() <= a.ends_on <= today() + timedelta(days=60) for a in agreements)
    assert any(a.starts_on > today() for a in agreements)
    assert any(a.published_at and a.published_at > now() - timedelta(days=60) for a in agreements)
    assert {s for s in PriceListState if s is not PriceListState.WITHDRAWN} == set(by_state(PriceList))
    used = [c.percent_used for c in db.session.scalars(select(Ceiling)) if c.percent_used is not None]
    assert any(85 <= percent < 95 for percent in used)
    assert any(95 <= percent < 100 for percent in used)
    assert count(Ceiling, Ceiling.limit.is_(None), Ceiling.lot_id.is_(None)) >= 2
    assert count(Supplier, Supplier.blocked_at.is_not(None)) == 3


def test_orders_tell_why_by_every_method_that_orders_from_a_list(demo: TransactionalFlask) -> None:
    choices = [choice for order in db.session.scalars(select(Order)) for choice in order.choices]
    from_a_list = set(CallOffMethod) - {CallOffMethod.COMPETITION, CallOffMethod.DYNAMIC_PURCHASING}
    assert {CallOffMethod(choice.method) for choice in choices} >= from_a_list - {CallOffMethod.COMBINATION}
    assert any(len(choice.offers) > 1 for choice in choices)
    assert any(len(choice.shares) > 1 for choice in choices)
    assert any(row["how"] == "refused" for choice in choices for row in choice.passed)


def test_history_shows_every_state(demo: TransactionalFlask) -> None:
    orders = by_state(Order)
    assert set(orders) == set(OrderState)
    assert sum(orders.values()) >= 150
    assert set(by_state(Requisition)) == set(RequisitionState) - {RequisitionState.DRAFT}
    deviations = {kind for (kind,) in db.session.execute(select(ReceiptLine.deviation).distinct())}
    assert deviations == set(Deviation)
    messages = {state for (state,) in db.session.execute(select(OutboxMessage.state).distinct())}
    assert messages == {MessageState.SENT, MessageState.FAILED}
    assert count(RankingRefusal) >= 2
    assert count(Basket) >= 2
    assert count(Favourite) >= 5
    first, last = db.session.execute(select(func.min(Order.placed_at), func.max(Order.placed_at))).one()
    assert last - first > timedelta(days=300)


def test_the_demo_approver_has_something_to_decide(demo: TransactionalFlask) -> None:
    maria = db.session.scalars(select(User).where(User.email == "maria@ostersund.example")).one()
    steps: list[ApprovalStep] = list(steps_to_decide(maria, maria.organisations()[0]))
    assert len(steps) >= 3
    assert any(step.requisition.net_amount > 25_000 for step in steps)


def test_one_waits_for_its_second_yes_in_union(demo: TransactionalFlask) -> None:
    steps = db.session.scalars(select(ApprovalStep).where(ApprovalStep.state == ApprovalState.PENDING)).all()
    [step] = [step for step in steps if step.yes_needed == 2]
    assert step.lacks_yes == 1
    assert len([seat for seat in step.candidates if seat.is_open]) > 1


def test_interests_are_declared_and_one_is_withdrawn(demo: TransactionalFlask) -> None:
    declared = db.session.scalars(select(Conflict).where(Conflict.withdraws_id.is_(None))).all()
    assert {conflict.user.name: conflict.is_current(today()) for conflict in declared} == {
        "Ingrid Ljung": True,
        "Kerstin Wallin": True,
        "Ulrika Sandgren": False,
    }


def test_a_decision_is_handed_over_to_who_is_not_ill(demo: TransactionalFlask) -> None:
    lena = db.session.scalars(select(User).where(User.email == "lena@ostersund.example")).one()
    handed = [seat for step in steps_to_decide(lena, lena.organisations()[0]) for seat in step.candidates]
    assert "Ingrid Ljung" in [seat.instead_of for seat in handed]


def test_the_demo_orderer_may_order_what_lies_in_her_basket(demo: TransactionalFlask) -> None:
    anna = db.session.scalars(select(User).where(User.email == "anna@ostersund.example")).one()
    basket = db.session.scalars(select(Basket).where(Basket.user_id == anna.id)).one()
    asks = [Ask(line.article, line.quantity, line.choice_ground) for line in basket.lines]
    assert len(asks) >= 3
    assert not stops(findings(asks, basket.organisation, today()))


# What must hold


def test_two_lists_are_shared_and_one_shows_what_is_gone(demo: TransactionalFlask) -> None:
    anna = db.session.scalars(select(User).where(User.email == "anna@ostersund.example")).one()
    organisation = anna.memberships[0].organisation
    hers, everybodys = [row.shopping_list for row in lists_for(anna, organisation).items]
    assert hers.owner is anna and hers.remembers and everybodys.owner is not anna
    for kept, gone in ((hers, 1), (everybodys, 0)):
        rows = propose(wishes_of_list(kept), organisation)
        assert len([row for row in rows if not row.is_taken]) == gone < len(rows)


def test_competitions_show_one_won_one_to_open_and_one_that_takes_bids(demo: TransactionalFlask) -> None:
    found = db.session.scalars(select(Competition).order_by(Competition.announced_at)).all()
    assert [(c.state, c.takes_bids) for c in found] == [
        (CompetitionState.DECIDED, False),
        (CompetitionState.INVITED, False),
        (CompetitionState.INVITED, True),
    ]
    assert count(OrderLine, OrderLine.bid_line_id.is_not(None)) == 2


def test_needs_show_every_state_and_every_answer(demo: TransactionalFlask) -> None:
    assert set(db.session.scalars(select(NeedReport.state))) == set(NeedState)
    answers = set(db.session.scalars(select(NeedReport.answer).where(NeedReport.answer.is_not(None))))
    assert answers == set(NeedAnswer)
    karin = db.session.scalars(select(User).where(User.email == "karin@upphandling.example")).one()
    office = karin.memberships[0].organisation
    assert inbox_page(karin, office, mine=True, page=1).total >= 3


def test_every_check_digit_is_right(demo: TransactionalFlask) -> None:
    for thing in (Organisation, Supplier):
        numbers = list(db.session.scalars(select(thing.organisation_number)))
        assert [organisation_number(n) for n in numbers] == numbers
    glns = [
        *db.session.scalars(select(OrganisationIdentifier.value)),
        *db.session.scalars(select(DeliveryAddress.gln).where(DeliveryAddress.gln.is_not(None))),
    ]
    assert len(glns) > 20
    assert all(gs1_ok(gln or "") for gln in glns)
    gtins = set(db.session.scalars(select(Article.gtin)))
    assert None in gtins
    assert all(len(gtin) == 13 and gs1_ok(gtin) for gtin in gtins if gtin)


def test_every_article_can_be_sent_in_a_peppol_order(demo: TransactionalFlask) -> None:
    units = set(db.session.scalars(select(Article.unit_code).distinct()))
    units |= set(db.session.scalars(select(Article.pack_unit).where(Article.pack_unit.is_not(None)).distinct()))
    assert units <= set(UNITS)
    assert count(Article, Article.base_quantity != Decimal(1)) >= 20
    classes = {kind for (kind,) in db.session.execute(select(Article.vat_class).distinct())}
    assert classes == {VatClass.STANDARD, VatClass.FOOD, VatClass.REDUCED_6}


def test_published_agreements_are_complete(demo: TransactionalFlask) -> None:
    for agreement in db.session.scalars(select(Agreement).where(Agreement.state == AgreementState.PUBLISHED)):
        agreement.check_publishable()
        assert agreement.how_to_order
        assert agreement.responsible
        assert agreement.documents
        assert agreement.registry_number


def test_nothing_is_written_to_a_real_address(demo: TransactionalFlask) -> None:
    addresses = [
        *db.session.scalars(select(User.email)),
        *db.session.scalars(select(Supplier.order_email)),
        *db.session.scalars(select(OutboxMessage.recipient)),
    ]
    assert all(address and address.endswith(".example") for address in addresses)


def test_the_journal_holds_and_runs_in_the_order_of_time(demo: TransactionalFlask) -> None:
    entries, broken = verify()
    assert broken is None
    assert entries > 1000
    instants = list(db.session.scalars(select(JournalEntry.at).order_by(JournalEntry.number)))
    assert instants == sorted(instants)
    assert instants[-1] <= now()


def test_ceilings_hold_exactly_what_was_ordered_and_reserved(demo: TransactionalFlask) -> None:
    standing = select(Order).where(Order.state.not_in([OrderState.CANCELLED, OrderState.DECLINED]))
    waiting = select(Requisition).where(Requisition.state == RequisitionState.SUBMITTED)
    waiting = waiting.where(Requisition.emergency_reason.is_(None))  # what is ordered first reserves nothing
    ordered: dict[int, Decimal] = {}
    reserved: dict[int, Decimal] = {}
    for sums, things in ((ordered, db.session.scalars(standing)), (reserved, db.session.scalars(waiting))):
        for thing in things:
            parts = [(line.award_id, line.net_amount) for line in thing.lines]
            parts += [(charge.award_id, charge.amount) for charge in thing.charges]
            assert sum(amount for _, amount in parts) == thing.net_amount
            for award_id, amount in parts:
                sums[award_id] = sums.get(award_id, Decimal(0)) + amount
            if isinstance(thing, Order) and thing.state is OrderState.CLOSED:  # what never came is given back
                for draw in draws_not_come(thing, received_quantities(thing)):
                    sums[draw.award_id] -= draw.amount
    assert ordered
    assert reserved
    awards = {award.id: award.lot for award in db.session.scalars(select(Award))}
    assert wrong_counters() == []  # those of an organisation's part and of quantities too
    for ceiling in db.session.scalars(select(Ceiling).where(*everybodys_amount())):
        scope = [
            award_id
            for award_id, lot in awards.items()
            if lot.agreement_id == ceiling.agreement_id
            and ceiling.lot_id in (None, lot.id)
            and ceiling.award_id in (None, award_id)
        ]
        assert ceiling.ordered == sum((ordered.get(award_id, Decimal(0)) for award_id in scope), Decimal(0))
        assert ceiling.reserved == sum((reserved.get(award_id, Decimal(0)) for award_id in scope), Decimal(0))
        assert ceiling.limit is None or ceiling.used <= ceiling.limit


def test_order_numbers_have_no_gaps(demo: TransactionalFlask) -> None:
    series: dict[tuple[int, int], list[int]] = {}
    for row in db.session.execute(select(Order.organisation_id, Order.year, Order.serial).order_by(Order.id)):
        series.setdefault((row.organisation_id, row.year), []).append(row.serial)
    assert all(serials == list(range(1, len(serials) + 1)) for serials in series.values())


def test_every_order_has_its_documents_and_its_message(demo: TransactionalFlask) -> None:
    orders = count(Order)
    for kind in (FileKind.PDF, FileKind.UBL):
        assert count(OrderFile, OrderFile.kind == kind) == orders
    assert count(OutboxMessage, OutboxMessage.kind == "order") == orders
    cancelled = count(Order, Order.state == OrderState.CANCELLED)
    assert count(OutboxMessage, OutboxMessage.kind == "cancellation") == cancelled


def test_a_full_database_is_refused(demo: TransactionalFlask) -> None:
    before = count(Unit)
    with pytest.raises(AvropError, match="inte tom"):
        make_demo()
    assert count(Unit) == before


# The same in every run, on any day


def test_two_runs_make_the_same_world(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "token_bytes", bytes)  # or no two envelopes have the same fingerprint
    worlds = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with new_app(engine, tmp_path / name) as app, app.app_context(), frozen(MONDAY):
            make_demo(purchases=25)
            with reading():
                worlds.append(contents())
    assert worlds[0] == worlds[1]


@pytest.mark.parametrize(
    "day",
    [
        datetime(2027, 2, 28, 22, 30, tzinfo=UTC),
        datetime(2027, 3, 28, 6, tzinfo=UTC),
        datetime(2028, 2, 29, tzinfo=UTC),
    ],
    ids=["saturday-night", "summer-time-begins", "leap-day"],
)
def test_the_demo_can_be_made_on_any_day(tmp_path: Path, day: datetime) -> None:
    with new_app("sqlite", tmp_path) as app, app.app_context(), frozen(day):
        told: list[str] = []
        make_demo(told.append, purchases=40)
        assert told
        with reading():
            assert verify()[1] is None
            assert count(Order) >= 40


# The grammar and the chronicle


def test_a_product_becomes_every_combination_of_its_options() -> None:
    pen = product("Penna {colour}, {n}-pack", "20.00", "XPK", colour="blå|röd", n="1|10=8", marks="Svanen")
    items = list(items_of(pen))
    assert [item.name for item in items] == [
        "Penna blå, 1-pack",
        "Penna blå, 10-pack",
        "Penna röd, 1-pack",
        "Penna röd, 10-pack",
    ]
    assert Decimal(19) < items[0].price < Decimal(21)
    assert Decimal(150) < items[1].price < Decimal(170)
    assert items == list(items_of(pen))


def test_no_assortment_has_the_same_name_twice() -> None:
    for products in ASSORTMENTS.values():
        names = [item.name for product in products for item in items_of(product)]
        assert len(names) == len(set(names))
        assert all(name and len(name) <= 200 and "{" not in name for name in names)


def test_acts_happen_in_the_order_of_time_with_the_clock_at_their_instant() -> None:
    chronicle = Chronicle(MONDAY.date())
    seen: list[tuple[str, datetime]] = []
    chronicle.at(chronicle.instant(1, 9), lambda: seen.append(("later", now())))
    chronicle.at(chronicle.instant(2, 9), lambda: seen.append(("sooner", now())))
    chronicle.play()
    assert [name for name, _ in seen] == ["sooner", "later"]
    assert [local(instant).hour for _, instant in seen] == [9, 9]


def test_nobody_works_at_night_or_on_a_sunday() -> None:
    friday_evening = datetime(2026, 11, 20, 19, 12, tzinfo=UTC)
    assert local(working_hours(friday_evening)).strftime("%a %H:%M") == "Mon 07:12"
