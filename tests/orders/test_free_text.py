"""Free text: only where the award allows it and within its cap, through every gate and document of an article."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import etree
from pypdf import PdfReader
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from auth.permission import Role
from auth.user import User
from catalog.agreement import Award, FreeTextPrice
from catalog.category import Category
from catalog.ceiling import Ceiling
from catalog.price_list import Article, PriceListState
from core.clock import now
from core.db import TransactionalFlask, commit, db, reading, unit_of_work
from core.errors import RuleBroken
from exchange.outbox import messages_about
from orders.actions.approval import approve, send_back
from orders.actions.basket import add, change
from orders.actions.free_text import state
from orders.actions.requisition import mend, submit
from orders.basket import BasketLine
from orders.basket_queries import basket_of, view_basket
from orders.free_text import FreeText
from orders.order import FileKind, Order, OrderLine
from orders.order_queries import orders_of
from orders.proposal_queries import propose, wishes_of_order
from orders.requisition import Requisition, RequisitionLine
from orders.sent_file import SentFile
from tests.concurrency import at_once
from tests.factories.auth import make_member
from tests.factories.catalog import make_ceiling, make_offer, make_price_list
from tests.factories.free_texts import free_facts, make_free_award, make_free_line, make_free_requisition
from tests.factories.orders import Place, checkout_at, make_place, pending_step

CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
OFFER = SentFile("offert.pdf", b"%PDF-1.7\nOffert")


def codes(error: RuleBroken) -> list[str]:
    return [finding.code for finding in error.findings]


def refused(place: Place, award: Award, **values: Any) -> RuleBroken:
    with pytest.raises(RuleBroken) as caught:
        make_free_line(place, award, **values)
    return caught.value


def ordered(place: Place, award: Award | None = None, **values: Any) -> Order:
    requisition = make_free_requisition(place, award, **values)
    approve(place.approver, pending_step(requisition), None, requisition.content_hash or "")
    commit()
    return orders_of(requisition)[0]


# What the award allows


def test_an_award_without_a_cap_allows_no_free_text(place: Place) -> None:
    error = refused(place, make_free_award(place.organisation, cap=None))
    assert codes(error) == ["free-text-not-allowed"] and "Anmäl behovet" in str(error.way_on)
    assert db.session.scalar(select(func.count()).select_from(FreeText)) == 0


def test_only_the_grounds_that_the_award_states_are_taken(place: Place) -> None:
    award = make_free_award(place.organisation, free_text_by_estimate=False)
    assert codes(refused(place, award, price_kind=FreeTextPrice.ESTIMATE)) == ["free-text-not-allowed"]
    assert make_free_line(place, award).quantity == 2


def test_a_rate_that_binds_is_not_passed(place: Place) -> None:
    award = make_free_award(place.organisation, free_text_rate=Decimal(500))
    assert codes(refused(place, award, price=Decimal("500.01"))) == ["free-text-not-allowed"]
    assert make_free_line(place, award, price=Decimal(500)).article.unit_code == "HUR"


def test_a_mark_up_that_binds_is_not_passed_and_is_in_the_price(place: Place) -> None:
    award = make_free_award(place.organisation, free_text_mark_up=Decimal(12))
    said = {"price_kind": FreeTextPrice.MARK_UP, "price": Decimal("33.33"), "unit_code": "C62"}
    assert codes(refused(place, award, mark_up=Decimal("12.01"), **said)) == ["free-text-not-allowed"]
    line = make_free_line(place, award, mark_up=Decimal(12), **said)
    assert line.article.price == Decimal("37.3296")


def test_an_offer_that_is_demanded_must_be_attached(place: Place) -> None:
    award = make_free_award(place.organisation, free_text_needs_file=True)
    assert codes(refused(place, award)) == ["free-text-not-allowed"]
    assert make_free_line(place, award, file=OFFER).free_text.file_name == "offert.pdf"


def test_a_file_is_read_and_not_believed(place: Place) -> None:
    error = refused(place, make_free_award(place.organisation), file=SentFile("offert.pdf", b"MZ\x00\x01program"))
    assert "går inte att bifoga" in str(error)


def test_the_cap_counts_the_free_texts_of_an_order_together(place: Place) -> None:
    award = make_free_award(place.organisation, cap="1000")
    make_free_line(place, award, quantity=Decimal(1), price=Decimal("600"))
    assert codes(refused(place, award, quantity=Decimal(1), price=Decimal("400.01"))) == ["free-text-over-cap"]
    make_free_line(place, award, quantity=Decimal(1), price=Decimal("400"))
    other = make_free_award(place.organisation, cap="1000")
    make_free_line(place, other, quantity=Decimal(1), price=Decimal("1000"))  # a cap of its own


def test_articles_do_not_count_on_the_cap(place: Place) -> None:
    award = make_free_award(place.organisation, cap="1000")
    price_list = make_price_list(award, [{"price": Decimal(5000)}])
    article = db.session.scalars(select(Article).where(Article.price_list_id == price_list.id)).one()
    add(place.orderer, place.organisation, article, Decimal(1))
    make_free_line(place, award, quantity=Decimal(1), price=Decimal("1000"))
    submit(place.orderer, place.organisation, checkout_at(place))


def test_more_in_the_basket_than_the_cap_is_not_sent(place: Place) -> None:
    line = make_free_line(place, make_free_award(place.organisation, cap="1000"))
    change(place.orderer, line, Decimal("2.5"))
    with pytest.raises(RuleBroken) as caught:
        submit(place.orderer, place.organisation, checkout_at(place))
    assert codes(caught.value) == ["free-text-over-cap"]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda award: setattr(award.lot.agreement, "ends_on", award.lot.agreement.starts_on), "agreement-not-active"),
        (lambda award: award.lot.agreement.entitlements.clear(), "not-entitled"),
        (lambda award: (setattr(award.supplier, "blocked_at", now()), setattr(award.supplier, "blocked_reason", "x")),
         "supplier-blocked"),
        (lambda award: setattr(award.lot, "competition_above", Decimal(999)), "competition-required"),
        (lambda award: make_ceiling(award.lot.agreement, Decimal(999)), "ceiling-reached"),
        (lambda award: setattr(award.lot, "category", _closed()), "category-closed"),
    ],
)  # fmt: skip
def test_every_gate_of_an_article_holds(place: Place, spoil: Callable[[Award], object], code: str) -> None:
    award = make_free_award(place.organisation)
    spoil(award)
    db.session.flush()
    db.session.expire_all()
    assert code in codes(refused(place, award))


def _closed() -> Category:
    category = Category(code="C-stängd", name="Skyddsvärt", is_closed=True)
    db.session.add(category)
    db.session.flush()
    category.path = f"/{category.id}/"
    return category


def test_a_double_click_states_it_once(place: Place) -> None:
    award, facts = make_free_award(place.organisation), free_facts()
    first = state(place.orderer, place.organisation, award, facts)
    assert state(place.orderer, place.organisation, award, facts) is first
    assert db.session.scalar(select(func.count()).select_from(FreeText)) == 1


# The road


def test_it_takes_the_road_of_an_article_and_says_what_it_is(place: Place) -> None:
    award = make_free_award(place.organisation)
    ceiling = make_ceiling(award.lot.agreement, Decimal(5000))
    order = ordered(place, award, description="Köket, plan 2", file=OFFER, is_file_sent=True)
    [line] = order.lines
    assert (line.name, line.quantity, line.unit_price, line.net_amount) == ("Byte av kran", 2, 500, 1000)
    assert line.supplier_number == "" and line.free_text.author_id == place.orderer.id
    assert (ceiling.reserved, ceiling.ordered) == (0, 1000)
    [letter] = messages_about(f"order:{order.number}")
    assert [(file.name, file.content) for file in letter.attachments][2:] == [("1 offert.pdf", OFFER.content)]


def test_a_file_that_is_ours_alone_is_not_sent(place: Place) -> None:
    order = ordered(place, file=OFFER)
    [letter] = messages_about(f"order:{order.number}")
    assert len(letter.attachments) == 2


@pytest.mark.parametrize("kind", FreeTextPrice)
def test_it_is_valid_peppol_without_an_article_number(
    place: Place, official_findings: Callable[[bytes], list[Any]], kind: FreeTextPrice
) -> None:
    mark_up = Decimal("12.5") if kind is FreeTextPrice.MARK_UP else None
    order = ordered(place, price_kind=kind, mark_up=mark_up, description="Två\nrader & <tecken>", unit_code="C62")
    xml = next(file.content for file in order.documents if file.kind is FileKind.UBL)
    assert official_findings(xml) == []
    item = etree.fromstring(xml).find(".//{*}Item")
    assert item is not None and item.findtext(f"{CBC}Name") == "Byte av kran"
    assert item.find("{*}SellersItemIdentification") is None


def test_the_pdf_says_that_it_is_free_text(place: Place) -> None:
    order = ordered(place, price_kind=FreeTextPrice.ESTIMATE)
    pdf = next(file.content for file in order.documents if file.kind is FileKind.PDF)
    told = " ".join(PdfReader(BytesIO(pdf)).pages[0].extract_text().split())
    assert "Byte av kran" in told and "uppskattat pris" in told and "fritext-" not in told


def test_it_is_kept_when_a_requisition_is_mended(place: Place) -> None:
    requisition = make_free_requisition(place)
    send_back(place.approver, pending_step(requisition), "Dela upp.", requisition.content_hash or "")
    assert mend(place.orderer, requisition) == []
    again = submit(place.orderer, place.organisation, checkout_at(place))
    assert again.lines[0].free_text_id is not None
    approve(place.approver, pending_step(again), None, again.content_hash or "")
    assert orders_of(again)[0].net_amount == 1000


def test_what_was_allowed_when_it_was_sent_may_be_closed_when_it_is_approved(place: Place) -> None:
    award = make_free_award(place.organisation)
    requisition = make_free_requisition(place, award)
    award.free_text_cap = Decimal(999)
    db.session.flush()
    with pytest.raises(RuleBroken, match="Fritext hos"):
        approve(place.approver, pending_step(requisition), None, requisition.content_hash or "")


def test_it_is_not_ordered_again_at_an_old_price(place: Place) -> None:
    order = ordered(place)
    [row] = propose(wishes_of_order(order), place.organisation)
    assert not row.choices and [stop.code for stop in row.stops] == ["free-text-anew"]
    assert row.stated_under is order.lines[0].award


def test_the_steering_asks_no_more_of_a_basket_with_free_text(place: Place, count_queries: Callable[[], Any]) -> None:
    award = make_free_award(place.organisation)
    make_free_line(place, award)
    commit()
    with count_queries() as one:
        view_basket(basket_of(place.orderer, place.organisation))  # type: ignore[arg-type]
    for _ in range(5):
        make_free_line(place, make_free_award(place.organisation))
        add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
    commit()
    db.session.expire_all()
    with count_queries() as many:
        view_basket(basket_of(place.orderer, place.organisation))  # type: ignore[arg-type]
    assert len(many) <= len(one)


# What the database holds


def unsealed(place: Place, award: Award) -> tuple[Order, RequisitionLine]:
    """An order without lines or documents yet, and the line of a requisition that waits for one."""
    former = ordered(place, award)
    requisition = make_free_requisition(place, award)
    order = Order(
        **{
            name: getattr(former, name)
            for name in (
                *("year", "organisation_id", "unit_id", "orderer_id", "supplier_id", "agreement_id", "placed_at"),
                *("lines_amount", "charges_amount", "net_amount", "vat_amount", "gross_amount"),
            )
        },
        number="X-1",
        serial=999_999,
        requisition_id=requisition.id,
    )
    db.session.add(order)
    db.session.flush()
    return order, requisition.lines[0]


def placed_on(order: Order, line: RequisitionLine, **values: Any) -> OrderLine:
    same = ("award_id", "article_id", "supplier_number", "name", "unit_code", "quantity", "unit_price", "base_quantity",
            "net_amount", "vat_percent", "free_text_id")  # fmt: skip
    return OrderLine(order_id=order.id, position=1, **{**{n: getattr(line, n) for n in same}, **values})


@pytest.mark.parametrize(
    "lie",
    [
        {"free_text_id": None},
        {"free_text_id": 987_654},
        {"unit_price": Decimal("499.99")},
        {"net_amount": Decimal("20000.01")},
    ],
    ids=["no statement", "another's", "another price", "over the cap"],
)
def test_the_database_refuses_an_order_line_that_its_statement_does_not_carry(
    place: Place, lie: dict[str, Any]
) -> None:
    order, line = unsealed(place, make_free_award(place.organisation))
    with pytest.raises(DatabaseError, match="an order line must stand"), db.session.begin_nested():
        db.session.add(placed_on(order, line, **lie))
        db.session.flush()
    db.session.add(placed_on(order, line))
    db.session.flush()


def test_the_database_refuses_free_text_where_the_award_no_longer_allows_it(place: Place) -> None:
    award = make_free_award(place.organisation)
    order, line = unsealed(place, award)
    award.free_text_cap = None
    db.session.flush()
    with pytest.raises(DatabaseError, match="an order line must stand"), db.session.begin_nested():
        db.session.add(placed_on(order, line))
        db.session.flush()


def test_the_database_sums_the_free_text_of_an_order(place: Place) -> None:
    award = make_free_award(place.organisation, cap="1500")
    order, line = unsealed(place, award)
    db.session.add(placed_on(order, line))
    db.session.flush()
    second = make_free_line(place, award, quantity=Decimal(1), price=Decimal(501))
    dear = {"unit_price": Decimal(501), "quantity": Decimal(1), "net_amount": Decimal(501)}
    more = placed_on(order, line, article_id=second.article_id, free_text_id=second.free_text_id, **dear)
    more.position = 2
    with pytest.raises(DatabaseError, match="an order line must stand"), db.session.begin_nested():
        db.session.add(more)
        db.session.flush()


def test_the_database_refuses_a_requisition_line_without_its_statement(place: Place) -> None:
    requisition = make_free_requisition(place)
    line = requisition.lines[0]
    with pytest.raises(DatabaseError, match="a requisition line must stand"), db.session.begin_nested():
        line.free_text_id = None
        db.session.flush()


def test_the_database_keeps_a_statement_as_it_is(place: Place) -> None:
    free_text_id = make_free_line(place).free_text_id
    for statement in (
        "UPDATE free_text SET key = 'x' WHERE id = :id",
        "DELETE FROM free_text WHERE id = :id",
    ):
        with pytest.raises(DatabaseError, match="stays as it was"), db.session.begin_nested():
            db.session.execute(text(statement), {"id": free_text_id})


def test_the_row_of_a_statement_is_nobodys_article(place: Place, login_as: Callable[[User], FlaskClient]) -> None:
    line = make_free_line(place)
    assert line.article.price_list.state is PriceListState.FREE and line.article.price_list.version == 0
    commit()
    client = login_as(make_member(Role.ORDERER, place.organisation, place.unit))
    assert client.get(f"/articles/{line.article_id}").status_code == 404


def test_orderers_at_once_state_under_one_award(fresh_app: TransactionalFlask) -> None:
    """The list that holds the statements is made once, and each has her own row."""
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        award = make_free_award(place.organisation)
        people = [make_member(Role.ORDERER, place.organisation, place.unit).id for _ in range(16)]
        award_id, organisation_id, facts = award.id, place.organisation.id, free_facts()

    def state_one(number: int) -> None:
        user = db.session.get_one(User, people[number])
        organisation = db.session.get_one(type(place.organisation), organisation_id)
        state(user, organisation, db.session.get_one(Award, award_id), replace(facts, key=f"k{number}"))

    assert at_once(fresh_app, state_one, 16) == Counter({"done": 16})
    with fresh_app.app_context(), reading():
        assert db.session.scalar(select(func.count()).select_from(FreeText)) == 16


def test_free_text_racing_for_the_last_room_of_a_ceiling(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        award = make_free_award(place.organisation)
        ceiling_id = make_ceiling(award.lot.agreement, Decimal(5000)).id
        people = [make_member(Role.ORDERER, place.organisation, place.unit) for _ in range(16)]
        for person in people:
            state(person, place.organisation, award, free_facts())
        keys = [person.id for person in people]
        unit_id, address_id, organisation_id = place.unit.id, place.address.id, place.organisation.id

    def send(number: int) -> None:
        here = Place(
            db.session.get_one(type(place.organisation), organisation_id),
            db.session.get_one(type(place.unit), unit_id),
            db.session.get_one(type(place.address), address_id),
            *[db.session.get_one(User, keys[number])] * 2,
        )
        submit(here.orderer, here.organisation, checkout_at(here))

    assert at_once(fresh_app, send, 16) == Counter({"done": 5, "rule-broken": 11})
    with fresh_app.app_context(), reading():
        assert db.session.get_one(Ceiling, ceiling_id).reserved == 5000
        assert db.session.scalar(select(func.count()).select_from(Requisition)) == 5
        assert db.session.scalar(select(func.count()).select_from(BasketLine)) == 11
