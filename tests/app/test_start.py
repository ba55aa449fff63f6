"""The start page: what waits for a person, what is new, what she often needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.start import MOST_LISTS, favourite_articles, new_agreements
from auth.permission import Role
from auth.user import User
from catalog.agreement import AgreementState
from core.clock import now, today
from core.db import db
from orders.actions.approval import send_back
from orders.actions.basket import add
from orders.actions.favourite import keep
from orders.actions.shopping_list import ListTerms, create
from orders.favourite import Favourite
from orders.shopping_list import Sharing
from tests.factories.auth import make_member, make_office, make_organisation, make_unit, make_user
from tests.factories.catalog import make_agreement, make_offer
from tests.factories.orders import make_order, make_place, make_requisition, pending_step

pytestmark = pytest.mark.usefixtures("app")

LogIn = Callable[[User], FlaskClient]


def test_nobody_is_led_to_the_login(client: FlaskClient) -> None:
    response = client.get("/")
    assert response.status_code == 303 and response.headers["Location"].startswith("/login")


def test_first_visit_explains_how_to_order(login_as: LogIn) -> None:
    page = login_as(make_place().orderer).get("/").text
    assert "Så beställer du" in page
    assert "Väntar på dig" not in page


def test_person_without_organisation_is_told_what_to_do(login_as: LogIn) -> None:
    page = login_as(make_user()).get("/")
    assert page.status_code == 200 and "Be din administratör" in page.text


def test_everything_that_waits_is_shown_in_at_most_ten_queries(
    login_as: LogIn, count_queries: Callable[[], Any]
) -> None:
    place = make_place()
    order = make_order(place)
    returned = make_requisition(place)
    step = pending_step(returned)
    send_back(place.approver, step, "Fel enhet.", returned.content_hash or "")
    submitted = make_requisition(place)
    add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
    browser = login_as(place.orderer)
    with count_queries() as queries:
        page = browser.get("/").text
    assert len(queries) <= 10
    for text in (returned.number, submitted.number, order.number, "1 rad ligger i varukorgen", "Beställ igen"):
        assert text in page
    assert "Så beställer du" not in page
    assert "1 inköp väntar på ditt beslut" in login_as(place.approver).get("/").text


def test_another_organisations_orders_do_not_show(login_as: LogIn) -> None:
    order = make_order()
    other = make_member(Role.ORDERER, make_organisation())
    assert order.number not in login_as(other).get("/").text


def test_new_agreements_are_those_she_may_use_for_sixty_days() -> None:
    organisation = make_organisation()
    agreement = make_agreement(organisation, published_at=now() - timedelta(days=59))
    make_agreement(make_organisation(), published_at=now())
    assert list(new_agreements(organisation)) == [agreement]
    assert agreement in new_agreements(make_office())
    agreement.published_at = now() - timedelta(days=61)
    db.session.flush()
    assert list(new_agreements(organisation)) == []


@pytest.mark.parametrize("state", [AgreementState.DRAFT, AgreementState.PAUSED, AgreementState.ENDED])
def test_agreement_that_cannot_be_used_is_not_new(state: AgreementState) -> None:
    organisation = make_organisation()
    make_agreement(organisation, published_at=now(), state=state)
    assert list(new_agreements(organisation)) == []


def test_favourite_that_may_no_longer_be_ordered_is_left_out() -> None:
    place = make_place()
    article = make_offer(place.organisation)
    foreign = make_offer(make_organisation())
    for wanted in (article, foreign):
        favourite = Favourite(
            user_id=place.orderer.id,
            award_id=wanted.award_id,
            supplier_number=wanted.supplier_number,
            added_at=now(),
        )
        db.session.add(favourite)
    db.session.flush()
    assert list(favourite_articles(place.orderer, place.organisation)) == [article]
    article.award.ends_on = today() - timedelta(days=1)
    db.session.flush()
    assert list(favourite_articles(place.orderer, place.organisation)) == []


def test_lists_and_favourites_are_one_click_away(login_as: LogIn) -> None:
    place = make_place()
    colleague = make_member(Role.ORDERER, place.organisation, place.unit)
    for number in range(MOST_LISTS):
        create(place.orderer, place.organisation, ListTerms(f"Min lista {number}"))
    shared = create(colleague, place.organisation, ListTerms("Allas lista", Sharing.ORGANISATION))
    create(colleague, place.organisation, ListTerms("Hennes egen"))
    paper = make_offer(place.organisation)
    keep(place.orderer, paper)
    page = login_as(place.orderer).get("/").text
    assert page.count("Min lista") == MOST_LISTS and "Allas lista" not in page  # her own first
    assert "Visa alla inköpslistor" in page and "Visa alla favoriter" in page
    assert f'href="/articles/{paper.id}"' in page
    page = login_as(colleague).get("/").text
    assert f'href="/lists/{shared.id}"' in page and "Hennes egen" in page and "Min lista" not in page
    assert "Spara som favorit" in page  # how to get one


def test_who_has_ordered_but_keeps_nothing_is_told_how(login_as: LogIn) -> None:
    place = make_place()
    browser = login_as(place.orderer)
    assert "Gör en lista" not in browser.get("/").text  # one thing at a time
    make_order(place)
    page = browser.get("/").text
    assert "Gör en lista" in page and "Spara som favorit" in page
    assert "Gör en lista" not in login_as(place.approver).get("/").text


def test_a_receiver_is_shown_what_her_units_wait_for(login_as: LogIn) -> None:
    place = make_place()
    order = make_order(place)
    below = make_member(Role.RECEIVER, place.organisation, place.unit)
    beside = make_member(Role.RECEIVER, place.organisation, make_unit(place.organisation))
    assert f"Ta emot {order.number}" in login_as(below).get("/").text
    assert f"Ta emot {order.number}" not in login_as(beside).get("/").text
