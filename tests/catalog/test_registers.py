"""Registers out as files and in again, by the actions and on the pages."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from python_calamine import load_workbook
from sqlalchemy import func, select

from auth.journal import entries_about
from auth.permission import Role
from auth.user import User
from catalog.actions.intake import Outcome, RegisterRefused
from catalog.actions.registers import KINDS, preview
from catalog.actions.upload import KEPT, sweep_uploads
from catalog.agreement import Agreement, AgreementState, CallOffMethod, Entitlement, LegalRegime
from catalog.category import Category
from catalog.supplier import Channel, Supplier
from catalog.upload import Upload
from core.checkdigits import luhn_check_digit
from core.clock import today
from core.db import db, rollback
from core.types import sort_key
from exchange.plaintext import clean
from exchange.tablefile import MEDIA_TYPES, Form
from tests.exchange.generated import TIMES
from tests.factories.auth import make_member, make_office, make_organisation
from tests.factories.catalog import (
    make_agreement,
    make_award,
    make_category,
    make_ceiling,
    make_external,
    make_lot,
    make_supplier,
)

pytestmark = pytest.mark.usefixtures("app")

ODD = [
    "=1+1",
    "+46 63",
    "-",
    "- punkt",
    "@SUM(A1)",
    "'",
    "'=1",
    "''x",
    "'-",
    "a;b",
    'a"b',
    "a\nb",
    "a\tb",
    " x ",
    "007",
]
ODD += ["\u200fvänd", "a\x07b", "_x0041_", "é", "e\u0301", "1 234,50", "2026-01-01", "x" * 35, "NaN", "ja", "\u2028x"]
texts = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=35),
)
forms = st.sampled_from([*MEDIA_TYPES])
generated = settings(
    max_examples=15 * TIMES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # to shrink an example through the database takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def bring_in(kind: str, data: bytes | str, actor: User | None = None) -> Outcome:
    """Read and bring in, as a command does; every problem of the file itself fails the test."""
    read = KINDS[kind].read(data.encode() if isinstance(data, str) else data, "")
    assert [p for p in read.problems if p.severity == "error"] == []
    outcome = KINDS[kind].bring_in(actor, read.rows)
    db.session.flush()
    return outcome


def refused(kind: str, data: str, actor: User | None = None) -> list[tuple[int, str]]:
    with pytest.raises(RegisterRefused) as error:
        bring_in(kind, data, actor)
    rollback()
    return [(refusal.line, refusal.column) for refusal in error.value.refusals]


def out(kind: str, form: Form = "csv", user: User | None = None) -> bytes:
    return KINDS[kind].write(user, form)


@contextmanager
def aside() -> Iterator[None]:
    """A database for one generated example: nothing of it is left for the next."""
    savepoint = db.session.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()
        db.session.expunge_all()


def check_same(kind: str, form: Form) -> None:
    """What is written and read again changes nothing."""
    rows = KINDS[kind].read(data := out(kind, form), f"register.{form}")
    assert [p for p in rows.problems if p.severity == "error"] == []
    outcome = bring_in(kind, data)
    assert (outcome.new, outcome.changed, outcome.missing) == ([], [], 0)


def _orgnr(number: int) -> str:
    digits = f"5561{number:05d}"
    return digits + luhn_check_digit(digits)


def tell(data: bytes) -> list[list[str]]:
    return [line.split(";") for line in data.decode("utf-8-sig").splitlines()]


@given(st.lists(st.tuples(texts, texts, texts, texts), min_size=1, max_size=4), forms)
@generated
def test_suppliers_come_back_as_they_were(rows: list[tuple[str, ...]], form: Form) -> None:
    with aside():
        for name, contact, phone, street in rows:
            make_supplier(name=clean(name) or "x", contact_name=contact, phone=phone, street=street)
        make_supplier(channel=Channel.PEPPOL, peppol_scheme="0007", peppol_id="0912345678", order_email=None)
        check_same("suppliers", form)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=5, unique_by=lambda row: row[0].strip()), forms)
@generated
def test_categories_come_back_as_they_were(rows: list[tuple[str, ...]], form: Form) -> None:
    with aside():
        office = make_office()
        owner = make_member(Role.AGREEMENT_OWNER, office)
        parent = None
        for at, (name, name_en) in enumerate(rows):
            parent = make_category(
                name=clean(name) or "x", name_en=name_en, parent=parent, owner=owner, cpv="03", is_closed=at % 2 == 0
            )
        make_category(code="=K;1", name="Kod som ser ut som en formel", parent=parent)
        check_same("categories", form)


@given(st.lists(st.tuples(texts, texts, texts, texts), min_size=1, max_size=3), forms, st.booleans())
@generated
def test_agreements_come_back_as_they_were(rows: list[tuple[str, ...]], form: Form, is_draft: bool) -> None:
    state = AgreementState.DRAFT if is_draft else AgreementState.PUBLISHED
    with aside():
        make_office()
        entitled = make_organisation(), make_organisation()
        for title, summary, clause, grounds in rows:
            agreement = make_agreement(
                *entitled, title=clean(title) or "x", summary=summary, how_to_order=grounds, state=state
            )
            agreement.category = make_category(code=f"-{agreement.id}")
            make_ceiling(agreement, Decimal("1200.50"))
            lot = make_lot(
                agreement,
                title=clean(title) or "x",
                clause=clean(clause) or "x",
                choice_grounds=f"{grounds}\n|{title}",
            )
            lot.method, lot.competition_above = CallOffMethod.CHOICE, Decimal("99.95")
            make_ceiling(agreement, None, lot=lot)
            make_award(lot, make_supplier(name=clean(title) or "x"), share=Decimal("33.33"))
            make_award(lot, make_supplier())
            make_ceiling(agreement, None, lot=make_lot(agreement))  # a lot without suppliers
        make_ceiling(make_agreement(state=AgreementState.DRAFT, legal_regime=LegalRegime.EXTERNAL), None)
        check_same("agreements", form)


@pytest.mark.parametrize("form", [*MEDIA_TYPES])
def test_entitlements_come_back_as_they_were(form: Form) -> None:
    organisation = make_organisation(name="'=Kommun")
    agreement = make_agreement(organisation, make_organisation())
    lot = make_lot(agreement, number="-1")
    agreement.entitlements.append(
        Entitlement(organisation=organisation, lot=lot, starts_on=today(), ends_on=today() + timedelta(days=9))
    )
    db.session.flush()
    check_same("entitlements", form)


@pytest.mark.parametrize("kind", [*KINDS])
def test_no_cell_of_an_export_is_a_formula(kind: str) -> None:
    evil = "=HYPERLINK(1)"
    organisation = make_organisation(name=evil)
    agreement = make_agreement(organisation, title=evil, summary=evil)
    make_award(make_lot(agreement, title=evil), make_supplier(name=evil, city=evil))
    make_category(name=evil)
    make_external(agreement, note=evil)
    cells = [cell.strip('"') for line in tell(out(kind)) for cell in line]
    sheet = load_workbook(io.BytesIO(out(kind, "xlsx"))).get_sheet_by_index(0)
    cells += [str(cell) for row in sheet.to_python() for cell in row]
    assert "'" + evil in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_supplier_is_entered_edited_and_emptied_field_by_field() -> None:
    known = make_supplier(name="Fjäll AB", city="Åre", phone="063-1")
    number = known.organisation_number
    outcome = bring_in(
        "suppliers",
        f"Organisationsnummer;Namn;Ort;Telefon\n{number};Fjäll & Co AB;Åre;\n556000-0167;Ny AB;Umeå;+46 63 10 00 00\n",
    )
    assert [entry.name for entry in outcome.new] == ["Ny AB"]
    assert [(c.field, c.before, c.after) for c in outcome.changed[0].changes] == [  # type: ignore[union-attr]
        ("name", "Fjäll AB", "Fjäll & Co AB"),
        ("phone", "063-1", None),
    ]
    assert (known.name, known.phone, known.order_email is None) == ("Fjäll & Co AB", None, False)
    assert known.sort_name == sort_key("Fjäll & Co AB")
    made = db.session.scalars(select(Supplier).where(Supplier.organisation_number == "5560000167")).one()
    assert (made.city, made.phone, made.country) == ("Umeå", "+46 63 10 00 00", "SE")


def test_supplier_change_is_told_to_the_journal() -> None:
    known = make_supplier(order_email="a@x.example")
    bring_in("suppliers", f"Orgnr;Namn;E-post\n{known.organisation_number};{known.name};b@x.example\n")
    db.session.commit()
    assert db.session.get_one(Supplier, known.id).order_email == "b@x.example"


def test_block_is_not_changed_by_a_file() -> None:
    known = make_supplier()
    data = f"Organisationsnummer;Namn;Spärrad\n{known.organisation_number};{known.name};Konkurs\n"
    assert refused("suppliers", data) == [(2, "Spärrad")]


def test_supplier_of_another_organisation_is_refused() -> None:
    make_office()
    ours, theirs = make_organisation(), make_organisation()
    actor = make_member(Role.AGREEMENT_OWNER, ours)
    supplier = make_supplier()
    make_award(make_lot(make_agreement(owner=theirs)), supplier)
    data = f"Orgnr;Namn\n{supplier.organisation_number};Annat namn\n"
    assert refused("suppliers", data, actor) == [(2, "Organisationsnummer")]


def test_tree_is_built_whatever_order_the_file_has() -> None:
    owner = make_member(Role.AGREEMENT_OWNER, make_office(), email="kim@kontoret.example")
    outcome = bring_in(
        "categories",
        "Kod;Namn;Ligger under;CPV;Kategoriägare;Stängd\nK3;Pennor;K2;30192121-5;;\n"
        "K2;Papper;K1;301976;;nej\nK1;Kontor;;30;KIM@kontoret.example;ja\n",
    )
    assert [entry.name for entry in outcome.new] == ["K1 Kontor", "K2 Papper", "K3 Pennor"]
    k1, k2, k3 = db.session.scalars(select(Category).order_by(Category.code)).all()
    assert (k3.path, k3.cpv, k2.parent) == (f"/{k1.id}/{k2.id}/{k3.id}/", "30192121", k1)
    assert (k1.owner, k1.is_closed, k3.is_closed) == (owner, True, False)


def test_parent_and_child_can_change_places() -> None:
    above = make_category(code="A")
    below = make_category(code="B", parent=above)
    bring_in("categories", f"Kod;Namn;Ligger under\nA;{above.name};B\nB;{below.name};\n")
    assert (above.path, below.path) == (f"/{below.id}/{above.id}/", f"/{below.id}/")


def test_categories_below_themselves_are_refused() -> None:
    make_category(code="A", name="A")
    data = "Kod;Namn;Ligger under\nA;A;B\nB;B;C\nC;C;B\n"
    assert {line for line, _ in refused("categories", data)} >= {3, 4}


@pytest.mark.parametrize(
    ("row", "column"), [("K1;Kontor;SAKNAS;", "Ligger under"), ("K1;Kontor;;nobody@x.example", "Kategoriägare")]
)
def test_category_names_what_it_cannot_find(row: str, column: str) -> None:
    assert refused("categories", f"Kod;Namn;Ligger under;Ägare\n{row}\n") == [(2, column)]


def test_only_the_office_changes_categories() -> None:
    make_office()
    actor = make_member(Role.AGREEMENT_OWNER, make_organisation())
    assert refused("categories", "Kod;Namn\nK1;Kontor\n", actor) == [(2, "Kod")]


def test_entitlement_is_given_and_drawn_in() -> None:
    old, new = make_organisation(), make_organisation()
    agreement = make_agreement(old)
    lot = make_lot(agreement)
    ends = (today() + timedelta(days=30)).isoformat()
    first = agreement.starts_on.isoformat()
    outcome = bring_in(
        "entitlements",
        "Avtalsnummer;Delområde;Organisationsnummer;Från;Till;Anges i upphandlingen\n"
        f"{agreement.number};;{old.organisation_number};{first};{ends};\n"
        f"{agreement.number};{lot.number};{new.organisation_number};;;AFS punkt 1\n",
    )
    assert (len(outcome.new), len(outcome.changed)) == (1, 1)
    given_ = {e.organisation_id: e for e in agreement.entitlements}
    assert given_[old.id].ends_on == date.fromisoformat(ends)
    assert (given_[new.id].lot, given_[new.id].starts_on) == (lot, agreement.starts_on)


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"reason": ""}, "Avtalsnummer"),  # published: says where it was procured
        ({"agreement": "FINNS-INTE"}, "Avtalsnummer"),
        ({"lot": "99"}, "Delområde"),
        ({"organisation": "556000-0167"}, "Organisationsnummer"),
        ({"name": "Någon annan"}, "Organisation"),
    ],
)
def test_entitlement_is_refused_with_its_reason(values: dict[str, str], column: str) -> None:
    organisation, agreement = make_organisation(), make_agreement()
    row = {"agreement": agreement.number, "lot": "", "organisation": organisation.organisation_number, "name": ""}
    row |= {"reason": "AFS punkt 1", **values}
    data = "Avtalsnummer;Delområde;Organisationsnummer;Organisation;Anges i upphandlingen\n" + ";".join(row.values())
    assert refused("entitlements", data) == [(2, column)]


def test_entitlement_with_a_last_day_does_not_lose_it() -> None:
    agreement = make_agreement(organisation := make_organisation())
    agreement.entitlements[0].ends_on = today() + timedelta(days=9)
    row = f"{agreement.number};{organisation.organisation_number};"
    assert refused("entitlements", f"Avtal;Orgnr;Till\n{row}\n") == [(2, "Till")]
    later = (today() + timedelta(days=99)).isoformat()
    assert refused("entitlements", f"Avtal;Orgnr;Till\n{row}{later}\n") == [(2, "Avtalsnummer")]


def test_agreements_of_others_are_neither_written_nor_changed() -> None:
    make_office()
    ours, theirs = make_organisation(), make_organisation()
    actor = make_member(Role.AGREEMENT_OWNER, ours)
    mine, other = make_agreement(owner=ours), make_agreement(theirs, owner=theirs)
    make_ceiling(mine, None)
    for kind in ("agreements", "entitlements"):
        assert other.number not in out(kind, user=actor).decode()
    assert mine.number in out("agreements", user=actor).decode()
    make_ceiling(other, None)
    db.session.commit()
    assert refused("agreements", out("agreements").decode("utf-8-sig"), actor) == [(3, "Avtalsnummer")]
    assert refused("entitlements", out("entitlements").decode("utf-8-sig"), actor) == [(2, "Avtalsnummer")]


def test_every_refused_row_is_named_and_nothing_is_stored() -> None:
    supplier = make_supplier()
    db.session.commit()
    data = (
        f"Organisationsnummer;Namn;Kanal\n556000-0167;Ny AB;e-post\n556000-3468;Utan id AB;Peppol\n"
        f"{supplier.organisation_number};X;Peppol\n"
    )
    assert refused("suppliers", data) == [(3, "Organisationsnummer"), (4, "Organisationsnummer")]
    assert db.session.scalars(select(Supplier.name)).all() == [supplier.name]


def test_preview_leaves_nothing_behind() -> None:
    supplier = make_supplier(name="Förut AB")
    db.session.commit()
    data = f"Organisationsnummer;Namn\n{supplier.organisation_number};Nu AB\n556000-0167;Ny AB\n".encode()
    outcome, refusals = preview(KINDS["suppliers"], None, KINDS["suppliers"].read(data, "").rows)
    assert (len(outcome.new), len(outcome.changed), refusals) == (1, 1, ())
    db.session.commit()
    assert db.session.scalars(select(Supplier.name)).all() == ["Förut AB"]
    assert entries_about("supplier", supplier.id) == []


@pytest.mark.parametrize("kind", [*KINDS])
def test_rows_that_change_nothing_cost_no_queries(kind: str, count_queries: Callable[[], Any]) -> None:
    def cost() -> int:
        data = out(kind)
        db.session.expire_all()
        with count_queries() as queries:
            bring_in(kind, data)
        return len(queries)

    def fill(number: int) -> None:
        for _ in range(number):
            agreement = make_agreement(make_organisation())
            make_ceiling(agreement, None)
            make_ceiling(agreement, None, lot=(lot := make_lot(agreement)))
            make_award(lot)
            make_category()
            make_external(agreement)

    make_office()
    fill(2)
    few = cost()
    fill(10)
    assert cost() == few


@pytest.mark.parametrize("kind", ["suppliers", "categories", "entitlements"])
def test_rows_that_change_something_cost_few_queries_each(kind: str, count_queries: Callable[[], Any]) -> None:
    owner_id = make_member(Role.AGREEMENT_OWNER, make_office()).id
    agreement_number = make_agreement().number

    def rows(number: int) -> str:
        if kind == "suppliers":
            return "Orgnr;Namn\n" + "".join(f"{_orgnr(at)};Bolag {at}\n" for at in range(number))
        if kind == "categories":
            return "Kod;Namn;Ligger under\nR;Rot;\n" + "".join(f"K{at};Kategori {at};R\n" for at in range(number))
        given_ = (make_organisation().organisation_number for _ in range(number))
        return "Avtal;Orgnr;Skäl\n" + "".join(f"{agreement_number};{orgnr};punkt 1\n" for orgnr in given_)

    def cost(number: int) -> int:
        data = rows(number)
        with aside():
            actor = db.session.get_one(User, owner_id)
            with count_queries() as queries:
                bring_in(kind, data, actor)
            return len(queries)

    assert cost(20) - cost(10) <= 50


# The pages


@pytest.fixture
def owner(login_as: Callable[[User], FlaskClient]) -> FlaskClient:
    return login_as(make_member(Role.AGREEMENT_OWNER, make_office()))


def send(client: FlaskClient, kind: str, data: str, name: str = "register.csv") -> Any:
    return client.post(f"/admin/{kind}/register", data={"file": (io.BytesIO(data.encode()), name)})


def confirm(client: FlaskClient, kind: str, seen: str) -> Any:
    upload = db.session.scalar(select(Upload.id)) or 0
    return client.post(f"/admin/{kind}/register/confirm", data={"upload": upload, "seen": seen})


def digest_on(page: Any) -> str:
    return str(page.text).partition('name="seen" value="')[2].partition('"')[0]


def test_page_shows_what_changes_and_stores_nothing_before_yes(owner: FlaskClient) -> None:
    supplier = make_supplier(name="Förut AB")
    page = send(owner, "suppliers", f"Orgnr;Namn\n{supplier.organisation_number};Nu AB\n556000-0167;Ny AB\n")
    assert page.status_code == 200
    assert "från Förut AB till Nu AB" in page.text and "Ny AB" in page.text
    assert set(db.session.scalars(select(Supplier.name))) == {"Förut AB"}
    done = confirm(owner, "suppliers", digest_on(page))
    assert done.status_code == 303
    assert set(db.session.scalars(select(Supplier.name))) == {"Nu AB", "Ny AB"}
    assert db.session.scalar(select(func.count()).select_from(Upload)) == 0


def test_page_names_line_column_and_reason(owner: FlaskClient) -> None:
    page = send(owner, "suppliers", "Orgnr;Namn;Land\n556000-0168;Ny AB;Sverige\n")
    assert page.status_code == 422
    assert "kontrollsiffra" in page.text and "två bokstäver" in page.text
    assert db.session.scalar(select(func.count()).select_from(Upload)) == 0


def test_yes_to_something_else_than_was_seen_stores_nothing(owner: FlaskClient) -> None:
    supplier = make_supplier(name="Förut AB")
    page = send(owner, "suppliers", f"Orgnr;Namn\n{supplier.organisation_number};Nu AB\n")
    supplier.name = "Mellan AB"
    db.session.commit()
    assert confirm(owner, "suppliers", digest_on(page)).status_code == 303
    assert db.session.scalars(select(Supplier.name)).all() == ["Mellan AB"]


def test_file_of_somebody_else_is_not_found(owner: FlaskClient, app: Any, login_as: Callable[..., FlaskClient]) -> None:
    page = send(owner, "suppliers", "Orgnr;Namn\n556000-0167;Ny AB\n")
    other = login_as(make_member(Role.AGREEMENT_OWNER, make_organisation()), app.test_client())
    assert confirm(other, "suppliers", digest_on(page)).status_code == 404
    assert db.session.scalars(select(Supplier.name)).all() == []


def test_municipal_owner_sees_the_tree_but_cannot_bring_one_in(login_as: Callable[[User], FlaskClient]) -> None:
    make_office()
    client = login_as(make_member(Role.AGREEMENT_OWNER, make_organisation()))
    assert client.get("/admin/categories/register.xlsx").status_code == 200
    assert "Visa vad som ändras" not in client.get("/admin/categories/register").text
    assert send(client, "categories", "Kod;Namn\nK1;Kontor\n").status_code == 403
    assert db.session.scalar(select(func.count()).select_from(Category)) == 0


def test_whole_register_of_agreements_through_the_page(owner: FlaskClient) -> None:
    agreement = make_agreement(make_organisation(), state=AgreementState.DRAFT)
    make_ceiling(agreement, None)
    make_ceiling(agreement, None, lot=(lot := make_lot(agreement)))
    make_award(lot)
    data = owner.get("/admin/agreements/register.csv").data.decode("utf-8-sig")
    assert "Inget ändras" in send(owner, "agreements", data).text
    page = send(owner, "agreements", data.replace(agreement.title, "Nytt namn"))
    assert "till Nytt namn" in page.text
    assert confirm(owner, "agreements", digest_on(page)).status_code == 303
    assert db.session.scalars(select(Agreement.title)).all() == ["Nytt namn"]


@pytest.mark.parametrize(
    ("name", "data"), [("a.xlsx", b"PK\x03\x04"), ("a.xml", b"<?xml version='1.0'?><a/>"), ("a.csv", b"\0")]
)
def test_strange_file_is_refused_on_the_page(owner: FlaskClient, name: str, data: bytes) -> None:
    page = owner.post("/admin/suppliers/register", data={"file": (io.BytesIO(data), name)})
    assert page.status_code == 422 and "Filen går inte att läsa in" in page.text


def test_file_that_nobody_said_yes_to_is_removed(owner: FlaskClient) -> None:
    send(owner, "suppliers", "Orgnr;Namn\n556000-0167;Ny AB\n")
    assert sweep_uploads() == 0
    upload = db.session.scalars(select(Upload)).one()
    upload.uploaded_at -= KEPT + timedelta(minutes=1)
    db.session.commit()
    assert sweep_uploads() == 1
