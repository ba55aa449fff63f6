"""Call-offs with their reasons: which are listed, what is said of them, and to whom."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from auth.permission import Role
from auth.user import User
from catalog.agreement import CallOffMethod, Lot
from catalog.ceiling import Ceiling
from catalog.price_list import Article
from core.clock import now, today
from core.db import commit, db
from orders.actions.approval import approve
from orders.actions.basket import add, state_ground
from orders.actions.ranking import note_refusal
from orders.actions.requisition import submit
from orders.order import Order
from orders.order_queries import orders_of
from orders.reasoned import Kind, Reasoned, reasoned_call_offs
from tests.factories.auth import make_member, make_office
from tests.factories.catalog import make_agreement, make_award, make_ceiling, make_lot, make_price_list
from tests.factories.orders import Place, checkout_at, make_place, pending_step

LogIn = Callable[[User], FlaskClient]


def sold(lot: Lot) -> Article:
    made = make_award(lot)
    make_ceiling(lot.agreement, None, lot=lot, award=made)
    make_price_list(made, [{"price": Decimal(10)}])
    return db.session.scalars(select(Article).where(Article.award_id == made.id)).one()


def placed(place: Place) -> Order:
    requisition = submit(place.orderer, place.organisation, checkout_at(place))
    approve(place.approver, pending_step(requisition), None, requisition.content_hash or "")
    commit()
    [order] = orders_of(requisition)
    return order


def ranked(place: Place, **values: Any) -> list[Article]:
    lot = make_lot(make_agreement(place.organisation, **values), method=CallOffMethod.RANKING)
    return [sold(lot) for _ in range(3)]


def to_second(place: Place, articles: list[Article], answer: str = "declined", hours: int = 1) -> Order:
    line = add(place.orderer, place.organisation, articles[1], Decimal(4))
    asked_at = now() - timedelta(hours=hours)
    note_refusal(place.orderer, line.basket, articles[0].award, asked_at, "telefon", answer, "Slut till mars")
    return placed(place)


def found(place: Place, kind: Kind = Kind.RANK, user: User | None = None, **days: Any) -> list[Reasoned]:
    reader = user or make_member(Role.AUDITOR, place.organisation)
    first, last = days.get("first", today()), days.get("last", today())
    return reasoned_call_offs(reader, place.organisation, kind, first, last, days.get("agreement", ""))


def test_a_call_off_to_place_two_is_listed_with_the_answer(place: Place) -> None:
    articles = ranked(place)
    order = to_second(place, articles)
    [one] = found(place)
    assert (one.order, one.award, one.net_amount) == (order, articles[1].award, Decimal(40))
    [reason] = one.reasons
    for told in (articles[0].award.supplier.name, "plats 1", "tackade nej", "Slut till mars", place.orderer.name):
        assert told in reason


def test_silence_is_told_as_silence(place: Place) -> None:
    to_second(place, ranked(place), "silent", 48)
    assert "svarade inte i tid" in found(place)[0].reasons[0]


def test_a_full_ceiling_is_told(place: Place) -> None:
    articles = ranked(place)
    counter = db.session.scalars(select(Ceiling).where(Ceiling.award_id == articles[0].award_id)).one()
    counter.limit = Decimal(5)
    add(place.orderer, place.organisation, articles[1], Decimal(1))
    placed(place)
    [reason] = found(place)[0].reasons
    assert "takvolym" in reason


def test_the_first_in_rank_and_other_methods_are_no_news(place: Place) -> None:
    add(place.orderer, place.organisation, ranked(place)[0], Decimal(1))
    placed(place)
    lot = make_lot(make_agreement(place.organisation), method=CallOffMethod.CHOICE, choice_grounds="Närhet")
    sold(lot)
    line = add(place.orderer, place.organisation, sold(lot), Decimal(1))
    state_ground(place.orderer, line, "Närhet")
    order = placed(place)
    assert found(place) == []
    [one] = found(place, Kind.CHOICE)
    assert (one.order, one.reasons) == (order, ("Närhet",))


def test_an_order_from_before_the_choice_was_kept_has_its_log(place: Place) -> None:
    order = to_second(place, ranked(place))
    order.requisition.choices = ()
    commit()
    assert "Slut till mars" in found(place)[0].reasons[0]


def test_days_and_agreement_narrow_the_list(place: Place) -> None:
    to_second(place, ranked(place, title="Fisk"))
    yesterday = today() - timedelta(days=1)
    assert found(place, first=yesterday, last=yesterday) == []
    assert found(place, agreement="kött") == []
    assert len(found(place, agreement="fis")) == 1


def test_each_sees_her_own_and_the_office_all(place: Place) -> None:
    to_second(place, ranked(place))
    foreign = make_place()
    assert found(foreign) == []
    office = make_office()
    owner = make_member(Role.AGREEMENT_OWNER, office)
    assert len(reasoned_call_offs(owner, office, Kind.RANK, today(), today())) == 1


def test_queries_do_not_grow_with_the_list(place: Place, count_queries: Any) -> None:
    articles, counted = ranked(place), []
    reader = make_member(Role.AUDITOR, place.organisation)
    for _more in range(2):
        to_second(place, articles)
        db.session.expire_all()
        with count_queries() as queries:
            found(place, user=reader)
        counted.append(len(queries))
        to_second(place, articles)
    assert counted[1] <= counted[0]


def test_page_and_file(place: Place, login_as: LogIn) -> None:
    order = to_second(place, ranked(place))
    reader = login_as(make_member(Role.AUDITOR, place.organisation))
    page = reader.get("/call-offs").text
    assert order.number in page and "Slut till mars" in page
    assert "Inga sådana avrop" in reader.get("/call-offs?kind=choice").text
    assert reader.get("/call-offs?first=nonsens&kind=nonsens").status_code == 200
    rows = list(csv.reader(StringIO(reader.get("/call-offs/file").text.lstrip("\ufeff")), delimiter=";"))
    assert [rows[1][0], rows[1][8]] == [order.number, "2"]
    assert "Slut till mars" in rows[1][10]
    assert reader.get("/call-offs/file?form=xlsx").data.startswith(b"PK")
    assert reader.get("/call-offs/file?form=exe").status_code == 404
    assert login_as(place.orderer).get("/call-offs").status_code == 403
