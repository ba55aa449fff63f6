"""The pages: who gets in, where a form leads, what is ignored in it, and that long lists cost no more queries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from auth.journal import JournalEntry, record
from auth.organisation import Organisation, OrganisationKind, Unit
from auth.permission import Role
from auth.queries import user_by_email
from auth.substitution import Substitution
from auth.user import Membership, User
from core.clock import today
from core.db import commit, db
from tests.auth.conftest import World
from tests.factories.auth import make_address, make_member, make_organisation, make_substitution, make_unit

LogIn = Callable[..., FlaskClient]

PERSON = {"name": "Eva Ek", "email": "eva@kommun.example", "role": "orderer", "unit": "0", "starts_on": "2026-01-01"}
ORGANISATION = {
    "name": "Ånge kommun",
    "organisation_number": "212000-2528",
    "kind": "municipality",
    "order_prefix": "ANG",
}


@pytest.mark.parametrize(
    ("path", "orderer", "admin", "auditor", "system_admin"),
    [
        ("/admin/", 200, 200, 200, 200),
        ("/admin/organisations", 403, 200, 403, 200),
        ("/admin/organisations/new", 403, 403, 403, 200),
        ("/admin/units", 403, 200, 403, 200),
        ("/admin/users", 403, 200, 403, 200),
        ("/admin/users/new", 403, 200, 403, 200),
        ("/admin/journal", 403, 200, 200, 200),
        ("/substitutions", 200, 200, 200, 200),
        ("/password", 200, 200, 200, 200),
    ],
)
def test_pages_open_by_role(
    world: World, login_as: LogIn, path: str, orderer: int, admin: int, auditor: int, system_admin: int
) -> None:
    expected = {"orderer": orderer, "admin": admin, "auditor": auditor, "system_admin": system_admin}
    seen = {name: login_as(getattr(world, name)).get(path).status_code for name in expected}
    assert seen == expected


def test_a_key_that_no_column_holds_is_no_such_page(world: World, login_as: LogIn) -> None:
    client = login_as(world.system_admin)
    for number in ("99999999999999999999", "2147483648", "-1", "0"):
        assert client.get(f"/admin/users/{number}").status_code == 404
    assert client.get("/admin/units?organisation=99999999999999999999").status_code == 404
    assert client.get("/admin/users?organisation=99999999999999999999&page=99999999999999999999").status_code == 200


def test_the_administrator_makes_a_person_who_is_invited(world: World, login_as: LogIn) -> None:
    answer = login_as(world.admin).post("/admin/users/new", data=PERSON)
    made = user_by_email("eva@kommun.example")
    assert made is not None
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/admin/users/{made.id}")
    assert [(m.role, m.organisation) for m in made.memberships] == [(Role.ORDERER, world.organisation)]


def test_what_the_form_does_not_ask_is_ignored(world: World, login_as: LogIn) -> None:
    extra = {"id": "1", "is_active": "", "password_hash": "x", "organisation_id": world.neighbour.id, "is_admin": "1"}
    login_as(world.admin).post("/admin/users/new", data=PERSON | extra)
    made = user_by_email("eva@kommun.example")
    assert made is not None
    assert (made.is_active, made.password_hash, made.organisations()) == (True, None, [world.organisation])
    client = login_as(world.admin)
    particulars = {"street": "Nya gatan", "name": "Storbyn", "order_prefix": "XX", "kind": "office", "is_active": ""}
    assert client.post(f"/admin/organisations/{world.organisation.id}/edit", data=particulars).status_code == 303
    db.session.expire_all()
    kept = world.organisation
    assert (kept.street, kept.name, kept.kind) == ("Nya gatan", "Åre kommun", OrganisationKind.MUNICIPALITY)
    assert kept.is_active and kept.order_prefix != "XX"


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "system_admin"},
        {"role": "emperor"},
        {"unit": "neighbour"},
        {"email": "ingen adress"},
        {"email": "a@b.example\r\nBcc: x@y.example"},
        {"amount_limit": "NaN"},
        {"amount_limit": "-1"},
        {"starts_on": "2026-02-30"},
        {"ends_on": "2025-01-01"},
        {"name": "   "},
    ],
)
def test_a_wrong_field_is_told_and_nothing_stored(world: World, login_as: LogIn, wrong: dict[str, str]) -> None:
    if wrong == {"unit": "neighbour"}:
        wrong = {"unit": str(world.neighbour_unit.id)}
    before = db.session.scalar(select(func.count(User.id)))
    answer = login_as(world.admin).post("/admin/users/new", data=PERSON | {"role": "approver"} | wrong)
    assert answer.status_code == 422
    assert "error-summary" in answer.text
    assert db.session.scalar(select(func.count(User.id))) == before


def test_a_person_is_edited_disabled_and_let_in_again(world: World, login_as: LogIn) -> None:
    client, path = login_as(world.admin), f"/admin/users/{world.orderer.id}"
    assert client.get(f"{path}/edit").status_code == 200
    assert client.post(f"{path}/edit", data={"name": "Nytt Namn", "email": world.orderer.email}).status_code == 303
    assert client.post(f"{path}/disable").status_code == 303
    db.session.expire_all()
    assert (world.orderer.name, world.orderer.is_active) == ("Nytt Namn", False)
    assert client.post(f"{path}/enable").status_code == 303
    assert client.post(f"{path}/invite").status_code == 303
    assert client.post(f"{path}/log-out").status_code == 303
    assert "Nytt Namn" in client.get(path).text


def test_a_role_is_given_changed_and_ended(world: World, login_as: LogIn) -> None:
    client, person = login_as(world.admin), world.orderer
    path = f"/admin/users/{person.id}/memberships/new"
    assert client.get(path).status_code == 200
    role = {"role": "approver", "unit": str(world.unit.id), "amount_limit": "10 000,50", "starts_on": "2026-01-01"}
    assert client.post(path, data=role).status_code == 303
    made = db.session.scalars(
        select(Membership).where(Membership.user == person, Membership.role == Role.APPROVER)
    ).one()
    assert str(made.amount_limit) == "10000.50"
    assert client.get(f"/admin/memberships/{made.id}/edit").status_code == 200
    ends_on = (today() + timedelta(days=9)).isoformat()
    assert client.post(f"/admin/memberships/{made.id}/edit", data={"unit": "0", "ends_on": ends_on}).status_code == 303
    db.session.expire_all()
    assert (made.unit, made.amount_limit, made.role) == (None, None, Role.APPROVER)
    assert client.post(f"/admin/memberships/{made.id}/end").status_code == 303
    db.session.expire_all()
    assert made.ends_on is not None and made.ends_on < today()


def test_her_own_roles_are_not_hers_to_change(world: World, login_as: LogIn) -> None:
    client, own = login_as(world.admin), world.admin.memberships[0].id
    assert client.get(f"/admin/memberships/{own}/edit").status_code == 403
    assert client.post(f"/admin/memberships/{own}/end").status_code == 403
    assert client.post(f"/admin/users/{world.admin.id}/memberships/new", data={"role": "approver"}).status_code == 403
    assert client.post(f"/admin/users/{world.admin.id}/disable").status_code == 403


def test_what_is_a_neighbours_is_missing(world: World, login_as: LogIn) -> None:
    client, address = login_as(world.admin), make_address(world.neighbour_unit)
    commit()
    hidden = [
        f"/admin/organisations/{world.neighbour.id}",
        f"/admin/units?organisation={world.neighbour.id}",
        f"/admin/units/{world.neighbour_unit.id}",
        f"/admin/addresses/{address.id}/edit",
        f"/admin/users/{world.stranger.id}",
        f"/admin/users/new?organisation={world.neighbour.id}",
        f"/admin/memberships/{world.stranger.memberships[0].id}/edit",
        f"/admin/organisations/{world.neighbour.id}/substitutions",
    ]
    missing = client.get("/admin/users/2147483647")
    for path in hidden:
        answer = client.get(path)
        assert answer.status_code == 404
        assert _body(answer.text) == _body(missing.text)
    for path in ("/admin/organisations", "/admin/units", "/admin/users", "/admin/users?q=kanarie"):
        assert "KANARIE" not in client.get(path).text


def _body(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


def test_the_system_administrator_keeps_organisations(world: World, login_as: LogIn) -> None:
    client = login_as(world.system_admin)
    answer = client.post("/admin/organisations/new", data=ORGANISATION)
    assert answer.status_code == 303
    made = db.session.scalars(select(Organisation).where(Organisation.order_prefix == "ANG")).one()
    path = f"/admin/organisations/{made.id}"
    assert client.get(f"{path}/edit").status_code == 200
    assert client.post(f"{path}/edit", data=ORGANISATION | {"name": "Ånge"}).status_code == 303
    assert client.post(f"{path}/identifiers", data={"scheme": "0088", "value": "7350000000016"}).status_code == 303
    assert client.post(f"{path}/identifiers", data={"scheme": "0088", "value": "7350000000010"}).status_code == 422
    assert "7350000000016" in client.get(path).text
    db.session.expire_all()
    gone = made.identifiers[0].id
    assert client.post(f"{path}/identifiers/{gone}/remove").status_code == 303
    assert client.post(f"{path}/identifiers/{gone}/remove").status_code == 404
    assert client.post(f"{path}/close").status_code == 303
    db.session.expire_all()
    assert (made.name, made.is_active) == ("Ånge", False)
    assert client.post(f"{path}/reopen").status_code == 303


@pytest.mark.parametrize(
    "wrong",
    [
        {"organisation_number": "212000-2529"},
        {"order_prefix": "åäö"},
        {"order_prefix": "A1"},
        {"kind": "kingdom"},
        {"postal_code": "8313"},
        {"reference_pattern": "[0-9"},
        {"reference_pattern": "[0-9]{5}", "reference_trial": "12a"},
        {"link_decides_up_to": "1e3"},
    ],
)
def test_a_wrong_organisation_is_told_and_not_stored(world: World, login_as: LogIn, wrong: dict[str, str]) -> None:
    answer = login_as(world.system_admin).post("/admin/organisations/new", data=ORGANISATION | wrong)
    assert answer.status_code == 422
    assert "error-summary" in answer.text
    assert db.session.scalar(select(Organisation.id).where(Organisation.name == "Ånge kommun")) is None


def test_units_and_addresses_are_kept(world: World, login_as: LogIn) -> None:
    client = login_as(world.admin)
    path = f"/admin/organisations/{world.organisation.id}/units/new"
    assert client.get(f"{path}?parent={world.unit.id}").status_code == 200
    unit = {"code": "900", "name": "Köket", "parent": str(world.unit.id)}
    assert client.post(path, data=unit).status_code == 303
    assert client.post(path, data=unit).status_code == 422
    assert client.post(path, data=unit | {"code": "901", "parent": str(world.neighbour_unit.id)}).status_code == 422
    made = db.session.scalars(select(Unit).where(Unit.code == "900")).one()
    assert made.parent == world.unit
    assert client.get(f"/admin/units/{made.id}").status_code == 200
    assert client.post(f"/admin/units/{made.id}/edit", data=unit | {"parent": "0"}).status_code == 303
    address = {"name": "Porten", "street": "Gatan 1", "postal_code": "83131", "city": "Östersund"}
    assert client.post(f"/admin/units/{made.id}/addresses/new", data=address | {"gln": "123"}).status_code == 422
    assert client.post(f"/admin/units/{made.id}/addresses/new", data=address).status_code == 303
    page = client.get(f"/admin/units/{made.id}").text
    assert "Porten" in page and "831 31 Östersund" in page
    assert client.post(f"/admin/units/{made.id}/close").status_code == 303
    assert client.post(f"/admin/units/{made.id}/reopen").status_code == 303


def test_an_approver_appoints_and_ends_on_her_own_page(world: World, login_as: LogIn) -> None:
    client = login_as(world.approver)
    days = {"starts_on": today().isoformat(), "ends_on": today().isoformat()}
    assert client.post("/substitutions", data={"substitute": str(world.stranger.id), **days}).status_code == 422
    assert client.post("/substitutions", data={"substitute": str(world.orderer.id), **days}).status_code == 303
    made = db.session.scalars(select(Substitution)).one()
    assert (made.absent, made.substitute) == (world.approver, world.orderer)
    assert login_as(world.orderer).post(f"/substitutions/{made.id}/end").status_code == 404
    assert login_as(world.approver).post(f"/substitutions/{made.id}/end").status_code == 303


def test_the_administrator_appoints_for_others(world: World, login_as: LogIn) -> None:
    client, path = login_as(world.admin), f"/admin/organisations/{world.organisation.id}/substitutions"
    people = {"absent": str(world.approver.id), "substitute": str(world.orderer.id)}
    days = {"starts_on": today().isoformat(), "ends_on": today().isoformat()}
    assert client.post(path, data=people | days | {"substitute": str(world.admin.id)}).status_code == 422
    assert client.post(path, data=people | days).status_code == 303
    assert world.orderer.name in client.get(path).text


def test_the_journal_page_tells_in_sentences(world: World, login_as: LogIn) -> None:
    client = login_as(world.admin)
    client.post(f"/admin/users/{world.orderer.id}/disable")
    page = client.get("/admin/journal").text
    assert f"Stängde av {world.orderer.name}." in page
    assert "Stängde av" not in client.get("/admin/journal?thing=unit").text
    for query in ("from_day=nonsens", "thing=nonsens", "page=nonsens", "thing_id=%00", "actor=%25"):
        assert client.get(f"/admin/journal?{query}").status_code == 200


def test_the_system_administrator_reads_no_order_in_the_journal(world: World, login_as: LogIn) -> None:
    for thing in ("order", "requisition", "agreement"):
        record(world.orderer, "place", thing, "KANARIE-1", organisation_id=world.organisation.id)
    commit()
    client = login_as(world.system_admin)
    for query in ("", "?thing=order", "?thing_id=KANARIE-1", "?actor=Karin"):
        assert "requisition" not in _body(client.get(f"/admin/journal{query}").text)
        assert "order KANARIE" not in _body(client.get(f"/admin/journal{query}").text)
    assert "KANARIE-1" in login_as(world.auditor).get("/admin/journal").text


def _more_people(world: World) -> None:
    make_member(Role.ORDERER, world.organisation, world.unit)


def _more_units(world: World) -> None:
    make_unit(world.organisation, world.unit)


def _more_organisations(world: World) -> None:
    make_organisation()


def _more_addresses(world: World) -> None:
    make_address(world.unit)


def _more_entries(world: World) -> None:
    record(world.orderer, "edit", "unit", 1, organisation_id=world.organisation.id)


def _more_substitutions(world: World) -> None:
    absent, substitute = (make_member(Role.APPROVER, world.organisation) for _person in range(2))
    make_substitution(world.organisation, absent, substitute)


@pytest.mark.parametrize(
    ("more", "path"),
    [
        (_more_people, "/admin/users"),
        (_more_units, "/admin/units"),
        (_more_organisations, "/admin/organisations"),
        (_more_addresses, "/admin/units/{world.unit.id}"),
        (_more_entries, "/admin/journal"),
        (_more_substitutions, "/admin/organisations/{world.organisation.id}/substitutions"),
    ],
)
def test_thirty_rows_cost_as_many_queries_as_three(
    world: World, login_as: LogIn, count_queries: Callable[[], Any], more: Callable[[World], None], path: str
) -> None:
    client, counts = login_as(world.system_admin if "journal" not in path else world.admin), []
    for rows in (3, 27):
        for _ in range(rows):
            more(world)
        commit()
        address = path.format(world=world)
        with count_queries() as queries:
            assert client.get(address).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 10


def test_reading_pages_write_nothing_into_the_journal(world: World, login_as: LogIn) -> None:
    client = login_as(world.admin)
    for path in ("/admin/", "/admin/users", "/admin/units", "/admin/journal", "/substitutions", "/password"):
        client.get(path)
    assert db.session.scalar(select(func.count(JournalEntry.number))) == 0
