"""The till where an organisation codes: filled in, changed, split, kept as a favourite, refused and mended."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from auth.permission import Role
from auth.user import User
from core.db import commit, db
from orders.actions.approval import send_back
from orders.actions.basket import add
from orders.actions.requisition import mend
from orders.basket import BasketLine
from orders.basket_queries import basket_of
from orders.coding import CodingFavourite, Dimension
from orders.coding_rule import Effect
from orders.requisition import Requisition
from tests.factories.auth import make_address, make_member, make_unit
from tests.factories.catalog import make_offer
from tests.factories.coding import make_combination, make_default, make_dimension
from tests.factories.orders import Place, pending_step

LogIn = Callable[[User], FlaskClient]


@pytest.fixture
def ansvar(place: Place) -> Dimension:
    return make_dimension(place.organisation, "Ansvar", "100", "200")


@pytest.fixture
def browser(place: Place, ansvar: Dimension, login_as: LogIn) -> FlaskClient:
    for name in ("Pärm", "Penna"):
        add(place.orderer, place.organisation, make_offer(place.organisation, name=name), Decimal(1))
    commit()
    return login_as(place.orderer)


def lines_of(place: Place) -> list[BasketLine]:
    basket = basket_of(place.orderer, place.organisation)
    return list(basket.lines) if basket else []


def till(place: Place) -> dict[str, Any]:
    told = {"key": "a-key-of-the-form", "unit_id": place.unit.id, "address_id": place.address.id}
    return {**told, "coding_unit": place.unit.id}


def code(group: object, dimension: Dimension, text: str, part: int = 0) -> dict[str, str]:
    return {f"coding-{group}-{part}-{dimension.id}": text}


def sent() -> Requisition | None:
    return db.session.scalars(select(Requisition).order_by(Requisition.id.desc())).first()


def test_without_dimensions_the_free_text_is_asked_for(place: Place, login_as: LogIn) -> None:
    add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
    commit()
    page = login_as(place.orderer).get("/checkout").text
    assert 'name="accounting_cost"' in page
    assert 'name="coding_unit"' not in page


def test_the_lines_own_coding_is_closed_until_somebody_says_something(
    place: Place, ansvar: Dimension, browser: FlaskClient
) -> None:
    line = lines_of(place)[0]
    make_default(ansvar, "100", award_id=line.article.award_id, supplier_number=line.article.supplier_number)
    commit()
    closed, opened = (
        '<details class="coding-more"><summary>Kontera',
        '<details class="coding-more" open><summary>Kontera',
    )
    page = browser.get("/checkout").text
    assert closed in page and f'name="coding-{line.id}-0-{ansvar.id}"' in page
    said = till(place) | code("all", ansvar, "999") | code(line.id, ansvar, "100")
    answer = browser.post("/checkout", data=said)
    assert answer.status_code == 422 and opened in answer.text


def test_the_till_is_filled_in_and_says_where_from(place: Place, ansvar: Dimension, browser: FlaskClient) -> None:
    make_default(ansvar, "100", unit_id=place.unit.id)
    commit()
    page = browser.get("/checkout").text
    assert 'name="accounting_cost"' not in page
    assert f'name="coding-all-0-{ansvar.id}" value="100"' in page
    assert f"Kod 100, från enheten {place.unit.name}" in page


def test_one_coding_for_all_lines_is_the_quick_case(place: Place, ansvar: Dimension, browser: FlaskClient) -> None:
    answer = browser.post("/checkout", data=till(place) | code("all", ansvar, "200 Kod 200"))
    assert answer.status_code == 303
    requisition = sent()
    assert requisition is not None
    assert [line.coding[0].codes[0].code for line in requisition.lines] == ["200", "200"]
    page = browser.get(answer.location).text
    assert page.count("Ansvar 200 Kod 200") == 2


def test_a_line_can_be_coded_by_itself(place: Place, ansvar: Dimension, browser: FlaskClient) -> None:
    line = lines_of(place)[1]
    browser.post("/checkout", data=till(place) | code("all", ansvar, "200") | code(line.id, ansvar, "100"))
    requisition = sent()
    assert requisition is not None
    assert [line.coding[0].codes[0].code for line in requisition.lines] == ["200", "100"]


def test_what_is_missing_is_told_and_what_was_written_stays(
    place: Place, ansvar: Dimension, browser: FlaskClient
) -> None:
    projekt = make_dimension(place.organisation, "Projekt")
    commit()
    answer = browser.post("/checkout", data=till(place) | code("all", ansvar, "100"))
    assert answer.status_code == 422
    assert "Projekt saknas." in answer.text
    assert f'name="coding-all-0-{ansvar.id}" value="100"' in answer.text
    assert f'name="coding-all-0-{projekt.id}" value=""' in answer.text
    assert sent() is None


def test_a_combination_is_refused_by_name(place: Place, ansvar: Dimension, browser: FlaskClient) -> None:
    projekt = make_dimension(place.organisation, "Projekt", is_mandatory=False)
    make_combination(ansvar, Effect.REQUIRED, projekt, from_code="100", to_code="199", name="Investeringar")
    commit()
    answer = browser.post("/checkout", data=till(place) | code("all", ansvar, "100"))
    assert answer.status_code == 422
    assert "Investeringar: Ansvar 100–199 ska ha Projekt." in answer.text


def test_a_split_is_asked_for_by_a_button_and_gives_the_whole(
    place: Place, ansvar: Dimension, browser: FlaskClient
) -> None:
    values = till(place) | code("all", ansvar, "100")
    page = browser.post("/checkout", data=values | {"split": "all"})
    assert page.status_code == 200
    assert f'name="coding-all-1-{ansvar.id}" value="100"' in page.text
    assert sent() is None
    values |= code("all", ansvar, "200", part=1) | {"coding-all-0-share": "33,33", "coding-all-1-share": ""}
    assert browser.post("/checkout", data=values).status_code == 303
    requisition = sent()
    assert requisition is not None
    for line in requisition.lines:
        assert [part.codes[0].code for part in line.coding] == ["100", "200"]
        assert sum(part.amount for part in line.coding) == line.net_amount


def test_a_split_that_is_not_the_whole_is_refused(place: Place, ansvar: Dimension, browser: FlaskClient) -> None:
    line = lines_of(place)[0]
    own = code(line.id, ansvar, "100") | code(line.id, ansvar, "200", part=1)
    shares = {f"coding-{line.id}-0-share": "60", f"coding-{line.id}-1-share": "60"}
    answer = browser.post("/checkout", data=till(place) | code("all", ansvar, "100") | own | shares)
    assert answer.status_code == 422
    assert "Delarna är 120 %, men ska vara 100 %." in answer.text
    undone = browser.post(
        "/checkout", data=till(place) | code("all", ansvar, "100") | own | shares | {"unsplit": line.id}
    )
    assert f"coding-{line.id}-1-{ansvar.id}" not in undone.text


def test_a_favourite_is_kept_used_and_removed(place: Place, ansvar: Dimension, browser: FlaskClient) -> None:
    values = till(place) | code("all", ansvar, "200")
    page = browser.post("/checkout", data=values | {"save_favourite": "1", "favourite_name": "Åk 7"})
    assert "Favoriten Åk 7 är sparad." in page.text
    favourite = db.session.scalars(select(CodingFavourite)).one()
    page = browser.post(
        "/checkout", data=till(place) | {"favourite": favourite.id, "use_favourite": "1"} | code("all", ansvar, "")
    )
    assert f'name="coding-all-0-{ansvar.id}" value="200"' in page.text
    browser.post("/checkout", data=values | {"favourite": favourite.id, "remove_favourite": "1"})
    db.session.expire_all()
    assert db.session.scalars(select(CodingFavourite)).all() == []


def test_a_favourite_of_another_person_is_not_hers(place: Place, ansvar: Dimension, browser: FlaskClient) -> None:
    other = make_member(Role.ORDERER, place.organisation)
    kept = CodingFavourite(user_id=other.id, organisation_id=place.organisation.id, name="Hemlig", codes={})
    db.session.add(kept)
    commit()
    page = browser.post(
        "/checkout", data=till(place) | code("all", ansvar, "1") | {"favourite": kept.id, "remove_favourite": "1"}
    )
    assert "Hemlig" not in page.text
    assert db.session.get(CodingFavourite, kept.id) is not None


def test_another_unit_is_not_charged_to_the_one_she_left(place: Place, ansvar: Dimension, browser: FlaskClient) -> None:
    other = make_unit(place.organisation, place.unit)
    address = make_address(other)
    make_default(ansvar, "100", unit_id=place.unit.id)
    make_default(ansvar, "200", unit_id=other.id)
    commit()
    values = till(place) | code("all", ansvar, "100") | {"unit_id": other.id, "address_id": address.id}
    answer = browser.post("/checkout", data=values)
    assert answer.status_code == 422
    assert "Konteringen är nu ifylld för" in answer.text
    assert f'name="coding-all-0-{ansvar.id}" value="200"' in answer.text
    assert sent() is None
    values |= {"coding_unit": other.id}  # she has seen it, and means the old one
    assert browser.post("/checkout", data=values).status_code == 303


def test_a_mended_requisition_keeps_its_coding(place: Place, ansvar: Dimension, browser: FlaskClient) -> None:
    line = lines_of(place)[1]
    browser.post("/checkout", data=till(place) | code("all", ansvar, "200") | code(line.id, ansvar, "100"))
    requisition = sent()
    assert requisition is not None
    step = pending_step(requisition)
    send_back(step.candidates[0].user, step, "Ändra", requisition.content_hash or "")
    mend(place.orderer, requisition)
    commit()
    page = browser.get("/checkout").text
    for line, expected in zip(lines_of(place), ("200", "100"), strict=True):
        assert f'name="coding-{line.id}-0-{ansvar.id}" value="{expected}"' in page


@pytest.mark.parametrize("text", ["x" * 500, "\x00", "<script>alert(1)</script>", "1;2", "٣"])
def test_nonsense_is_refused_and_shown_harmlessly(
    place: Place, ansvar: Dimension, browser: FlaskClient, text: str
) -> None:
    answer = browser.post("/checkout", data=till(place) | code("all", ansvar, text))
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text


def test_the_till_asks_as_often_for_ten_lines_as_for_two(
    place: Place, ansvar: Dimension, browser: FlaskClient, count_queries: Any
) -> None:
    make_default(ansvar, "100", unit_id=place.unit.id)
    commit()
    browser.get("/checkout")
    with count_queries() as few:
        browser.get("/checkout")
    for _ in range(8):
        add(place.orderer, place.organisation, make_offer(place.organisation), Decimal(1))
    commit()
    with count_queries() as many:
        browser.get("/checkout")
    assert len(many) <= len(few) + 2  # more agreements, not more lines, may cost a page of them
