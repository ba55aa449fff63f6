"""The pages on which an organisation says how it codes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from auth.journal import entries_about
from auth.permission import Role
from auth.user import User
from core.clock import today
from core.db import commit, db
from orders.coding import Code, CodingDefault, Dimension
from orders.coding_queries import dimensions_of
from orders.coding_rule import CodingRule
from tests.factories.auth import make_member
from tests.factories.catalog import make_category, make_offer
from tests.factories.coding import make_code, make_dimension
from tests.factories.orders import Place, make_order, make_place

LogIn = Callable[[User], FlaskClient]


@pytest.fixture
def admin(place: Place, login_as: LogIn) -> FlaskClient:
    person = make_member(Role.ORGANISATION_ADMIN, place.organisation)
    commit()
    return login_as(person)


@pytest.fixture
def ansvar(place: Place) -> Dimension:
    dimension = make_dimension(place.organisation, "Ansvar", "100")
    commit()
    return dimension


def test_a_dimension_is_made_changed_and_moved(place: Place, admin: FlaskClient) -> None:
    for name in ("Ansvar", "Konto"):
        assert admin.post("/admin/coding/new", data={"name": name, "is_mandatory": "y"}).status_code == 303
    ansvar, konto = dimensions_of(place.organisation)
    assert (ansvar.is_mandatory, ansvar.is_listed) == (True, False)
    admin.post(f"/admin/coding/{konto.id}/move", data={"direction": "up"})
    admin.post(f"/admin/coding/{ansvar.id}", data={"name": "Enhet", "code_length": "5", "is_listed": "y"})
    db.session.expire_all()
    assert [(d.name, d.code_length, d.is_listed) for d in dimensions_of(place.organisation)] == [
        ("Konto", None, False),
        ("Enhet", 5, True),
    ]
    assert [entry.act for entry in entries_about("coding-dimension", ansvar.id)] == ["create", "edit"]
    page = admin.get("/admin/coding").text
    assert page.index(">Konto</a>") < page.index(">Enhet</a>")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"name": "ansvar"}, "Det finns redan en koddel som heter ansvar."),
        ({"name": "Konto", "code_pattern": "(a+)+"}, "för invecklat"),
        ({"name": "Konto", "starts_on": "2026-02-01", "ends_on": "2026-01-01"}, "Sista dagen"),
        ({"name": ""}, "Fyll i"),
        ({"name": "Konto", "code_length": "21"}, "20"),
    ],
)
def test_a_dimension_that_cannot_be_is_refused(
    place: Place, ansvar: Dimension, admin: FlaskClient, values: dict[str, str], why: str
) -> None:
    answer = admin.post("/admin/coding/new", data=values)
    assert answer.status_code == 422
    assert why in answer.text
    assert len(dimensions_of(place.organisation)) == 1


def test_a_code_is_added_changed_and_found(ansvar: Dimension, admin: FlaskClient) -> None:
    where = f"/admin/coding/{ansvar.id}/codes"
    assert admin.post(where, data={"code": "200", "name": "Skola"}).status_code == 303
    admin.post(where, data={"code": "200", "name": "Skolan", "ends_on": "2030-01-31"})
    db.session.expire_all()
    code = db.session.scalars(select(Code).where(Code.code == "200")).one()
    assert (code.name, str(code.ends_on)) == ("Skolan", "2030-01-31")
    page = admin.get(where + "?q=skol").text
    assert "Skolan" in page
    assert "Kod 100" not in page
    assert admin.post(where, data={"code": "2 00", "name": "x"}).status_code == 422


@pytest.mark.parametrize("kind", ["user", "unit", "category", "agreement", "article"])
def test_a_default_is_made_for_each_kind_of_thing_and_removed(
    place: Place, ansvar: Dimension, admin: FlaskClient, kind: str
) -> None:
    article = make_offer(place.organisation)
    agreement = article.award.lot.agreement_id
    things = {
        "user": {"user": place.orderer.id},
        "unit": {"unit": place.unit.id},
        "category": {"category": make_category().id},
        "agreement": {"agreement": agreement},
        "article": {"agreement": agreement, "supplier_number": article.supplier_number},
    }
    commit()
    where = f"/admin/coding/defaults/new?kind={kind}"
    assert admin.get(where).status_code == 200
    said = {"dimension": ansvar.id, "code": "100"}
    assert admin.post(where, data={**said, "code": "999", **things[kind]}).status_code == 422
    assert admin.post(where, data=said).status_code == 422
    assert admin.post(where, data={**said, **things[kind]}).status_code == 303
    assert admin.post(where, data={**said, **things[kind]}).status_code == 303  # the same once more is the same one
    default = db.session.scalars(select(CodingDefault)).one()
    assert "Ansvar 100" in admin.get("/admin/coding").text
    admin.post(f"/admin/coding/defaults/{default.id}/remove")
    assert db.session.scalars(select(CodingDefault)).all() == []


@pytest.mark.parametrize("kind", ["user", "unit", "agreement", "article"])
def test_a_default_for_another_organisations_thing_is_refused(
    place: Place, ansvar: Dimension, admin: FlaskClient, kind: str
) -> None:
    other = make_place()
    article = make_offer(other.organisation)
    agreement = article.award.lot.agreement_id
    foreign = {"user": other.orderer.id, "unit": other.unit.id, "agreement": agreement, "supplier_number": "1"}
    commit()
    said = {"dimension": ansvar.id, "code": "100", **foreign}
    assert admin.post(f"/admin/coding/defaults/new?kind={kind}", data=said).status_code == 422
    assert db.session.scalars(select(CodingDefault)).all() == []


def test_a_combination_is_made_changed_and_removed(place: Place, ansvar: Dimension, admin: FlaskClient) -> None:
    projekt = make_dimension(place.organisation, "Projekt")
    commit()
    said = {"name": "K1", "if_dimension": ansvar.id, "from_code": "100", "effect": "required"}
    said["then_dimension"] = projekt.id
    assert admin.post("/admin/coding/combinations/new", data=said).status_code == 303
    rule = db.session.scalars(select(CodingRule)).one()
    assert "K1: Ansvar 100 ska ha Projekt." in admin.get("/admin/coding").text
    where = f"/admin/coding/combinations/{rule.id}"
    admin.post(where, data={**said, "to_code": "199", "effect": "forbidden"})
    assert "K1: Ansvar 100–199 får inte ha Projekt." in admin.get("/admin/coding").text
    assert admin.post(where, data={**said, "then_dimension": ansvar.id}).status_code == 422
    assert admin.post("/admin/coding/combinations/new", data=said).status_code == 422  # of the same name
    rule_id = rule.id
    assert admin.post(f"{where}/remove").status_code == 303
    assert db.session.scalars(select(CodingRule)).all() == []
    assert [entry.act for entry in entries_about("coding-rule", rule_id)] == ["create", "edit", "remove"]


def test_a_file_of_codes_is_looked_at_before_it_is_taken(ansvar: Dimension, admin: FlaskClient) -> None:
    text = "Koddel;Kod;Namn\nAnsvar;100;Kansliet\nAnsvar;200;Skola\n"
    page = admin.post("/admin/coding/codes/register", data={"file": (BytesIO(text.encode()), "koder.csv")})
    assert page.status_code == 200
    assert "Nya: 1. Ändrade: 1." in page.text
    assert db.session.scalars(select(Code.name)).all() == ["Kod 100"]
    upload = page.text.split('name="upload" value="')[1].split('"')[0]
    seen = page.text.split('name="seen" value="')[1].split('"')[0]
    where = "/admin/coding/codes/register/confirm"
    assert admin.post(where, data={"upload": upload, "seen": "else"}).status_code == 303
    assert len(db.session.scalars(select(Code)).all()) == 1
    assert admin.post(where, data={"upload": upload, "seen": seen}).status_code == 303
    db.session.expire_all()
    assert db.session.scalars(select(Code.name).order_by(Code.code)).all() == ["Kansliet", "Skola"]


def test_a_file_with_a_wrong_row_is_told_by_line(ansvar: Dimension, admin: FlaskClient) -> None:
    text = "Koddel;Kod;Namn\nAnsvar;200;Skola\nOkänd;1;Fel\n"
    page = admin.post("/admin/coding/codes/register", data={"file": (BytesIO(text.encode()), "koder.csv")})
    assert page.status_code == 422
    assert "Koddelen ”Okänd” finns inte" in page.text
    assert 'name="upload"' not in page.text


@pytest.mark.parametrize("path", ["codes/register.csv", "codes/register.xlsx", "combinations/register.csv"])
def test_lists_are_handed_out_as_files(ansvar: Dimension, admin: FlaskClient, path: str) -> None:
    answer = admin.get(f"/admin/coding/{path}")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]


def test_the_orders_of_a_period_are_handed_out(place: Place, admin: FlaskClient) -> None:
    order = make_order(place, [(make_offer(place.organisation), Decimal(1))])
    commit()
    assert admin.get("/admin/coding/export").status_code == 200
    days = f"starts_on={today() - timedelta(days=1)}&ends_on={today()}"
    assert order.number in admin.get(f"/admin/coding/export?{days}&form=csv").text
    assert admin.get(f"/admin/coding/export?{days}&form=xlsx").data[:2] == b"PK"
    assert admin.get(f"/admin/coding/export?starts_on={today()}&ends_on=2020-01-01&form=csv").status_code == 422
    assert admin.get("/admin/coding/export?starts_on=&ends_on=&form=csv").status_code == 422


@pytest.mark.parametrize("role", [Role.ORDERER, Role.APPROVER, Role.SYSTEM_ADMIN])
def test_who_only_orders_takes_no_orders_out(place: Place, login_as: LogIn, role: Role) -> None:
    person = make_member(role, place.organisation)
    commit()
    assert login_as(person).get("/admin/coding/export").status_code == 403


def test_the_front_page_asks_as_often_for_many_codes_and_defaults_as_for_few(
    place: Place, ansvar: Dimension, admin: FlaskClient, count_queries: Any
) -> None:
    def more(number: int) -> None:
        for n in range(number):
            dimension = make_dimension(place.organisation)
            make_code(dimension, "1")
            db.session.add(CodingDefault(dimension_id=dimension.id, code=str(n), unit_id=place.unit.id))
        commit()

    more(1)
    admin.get("/admin/coding")
    with count_queries() as few:
        admin.get("/admin/coding")
    more(5)
    with count_queries() as many:
        admin.get("/admin/coding")
    assert len(many) == len(few)
