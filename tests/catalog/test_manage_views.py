"""The pages of those who manage suppliers, categories, agreements and price lists."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from python_calamine import load_workbook
from sqlalchemy import select

from auth.organisation import Organisation
from auth.permission import Role
from auth.user import User
from catalog.actions.agreement import AgreementFacts, add_extension, create
from catalog.actions.document import attach
from catalog.actions.entitlement import entitle
from catalog.actions.lot import AwardFacts, LotFacts, add_award, add_lot
from catalog.actions.price_list import import_price_list
from catalog.agreement import Agreement, AgreementState, CallOffMethod
from catalog.category import Category
from catalog.ceiling import Ceiling
from catalog.price_list import PriceList, PriceListState
from catalog.supplier import Supplier
from core.clock import today
from core.db import commit, db
from tests.factories.auth import make_member, make_office, make_organisation
from tests.factories.catalog import make_category, make_supplier

GOOD = "Artikelnummer;Benämning;Enhet;Pris;Moms\nA1;Penna;st;9,50;25\nA2;Block;st;20;25\n".encode()
BAD = "Artikelnummer;Benämning;Enhet;Pris;Moms;Hylla\nA1;Penna;st;-9,50;25;7\nA2;Block;st;20;24;7\n".encode()


@dataclass
class Office:
    """A buyer at the office, logged in, and a draft that lacks nothing."""

    user: User
    organisation: Organisation
    browser: FlaskClient
    agreement: Agreement

    def get(self, path: str) -> str:
        answer = self.browser.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, *, expected: int = 303, **data: Any) -> str:
        answer = self.browser.post(path, data=data, content_type="multipart/form-data")
        answer.request.environ["wsgi.input"].close()  # a large upload is a file of the test client's own
        assert answer.status_code == expected, answer.text
        db.session.expire_all()
        return answer.text

    @property
    def path(self) -> str:
        return f"/admin/agreements/{self.agreement.id}"

    @property
    def version(self) -> int:
        db.session.expire_all()
        return self.agreement.version


@pytest.fixture
def office(app: object, login_as: Callable[[User], FlaskClient]) -> Office:
    organisation = make_office()
    user = make_member(Role.AGREEMENT_OWNER, organisation)
    facts = AgreementFacts(
        number="UK-1",
        title="Kontorsmaterial & annat <b>",
        owner=organisation,
        starts_on=date(2026, 1, 1),
        ends_on=date(2029, 12, 31),
        summary="Papper.",
    )
    agreement = create(user, facts)
    lot_facts = LotFacts(number="1", title="Papper", method=CallOffMethod.SINGLE, clause="p 4")
    lot = add_lot(user, agreement, lot_facts, agreement.version)
    award = add_award(user, lot, make_supplier(), AwardFacts(freight=Decimal(90)), agreement.version)
    entitle(user, agreement, [make_organisation(name="Ragunda kommun")], agreement.version)
    add_extension(user, agreement, agreement.version, ends_on=date(2031, 12, 31), reason="Avskrivning")
    attach(user, agreement, agreement.version, name="avtal.txt", content=b"text")
    import_price_list(user, award, GOOD, "lista.csv", today())
    make_category(name="Kontor", code="K")
    return Office(user, organisation, login_as(user), agreement)


def edit_fields(office: Office, **values: object) -> dict[str, Any]:
    return {
        "version": office.version,
        "number": "UK-1",
        "title": "Nytt namn",
        "summary": "Papper.",
        "owner": office.organisation.id,
        "responsible": 0,
        "category": 0,
        "legal_regime": "lou",
        "starts_on": "2026-01-01",
        "ends_on": "2029-12-31",
        "payment_terms": "30 dagar netto",
        "follow_up_class": "C",
        **values,
    }


def every_page(office: Office) -> list[str]:
    agreement = office.agreement
    lot = agreement.lots[0]
    award = lot.awards[0]
    ceilings = db.session.scalars(select(Ceiling).order_by(Ceiling.id)).all()
    price_list = db.session.scalars(select(PriceList)).one()
    category = db.session.scalars(select(Category)).one()
    return [
        "/admin/suppliers",
        "/admin/suppliers?q=lev&blocked=1",
        "/admin/suppliers/new",
        f"/admin/suppliers/{award.supplier_id}",
        f"/admin/suppliers/{award.supplier_id}/edit",
        f"/admin/suppliers/{award.supplier_id}/block",
        f"/admin/suppliers/{award.supplier_id}/unblock",
        "/admin/categories",
        "/admin/categories/new",
        f"/admin/categories/{category.id}",
        "/admin/agreements",
        "/admin/agreements?q=kontor&state=draft&page=7",
        "/admin/agreements/new",
        office.path,
        *(f"{office.path}/{act}" for act in ("edit", "pause", "end", "lots/new", "entitlements/new")),
        *(f"{office.path}/{act}" for act in ("extensions/new", "documents/new")),
        f"/admin/lots/{lot.id}",
        f"/admin/lots/{lot.id}/awards/new",
        f"/admin/awards/{award.id}",
        f"/admin/awards/{award.id}/price-lists",
        f"/admin/entitlements/{agreement.entitlements[0].id}/end",
        f"/admin/extensions/{agreement.extensions[0].id}/take",
        *(f"/admin/ceilings/{ceiling.id}" for ceiling in ceilings),
        "/admin/price-lists",
        "/admin/price-lists?state=draft",
        f"/admin/price-lists/{price_list.id}",
        f"/admin/price-lists/{price_list.id}/withdraw",
    ]


def test_every_page_shows_and_escapes(office: Office) -> None:
    for path in every_page(office):
        text = office.get(path)
        assert "<h1>" in text
        assert "annat <b>" not in text, path


def test_pages_are_closed_to_an_orderer(office: Office, login_as: Callable[[User], FlaskClient]) -> None:
    browser = login_as(make_member(Role.ORDERER, make_organisation()))
    assert {browser.get(path).status_code for path in every_page(office)} == {403}


def test_another_organisations_agreement_is_not_there(office: Office, login_as: Callable[[User], FlaskClient]) -> None:
    paths = [p for p in every_page(office) if any(c.isdigit() for c in p) and "suppliers" not in p and "?" not in p]
    browser = login_as(make_member(Role.AGREEMENT_OWNER, make_organisation()))
    answers = {path: browser.get(path) for path in paths}
    assert {
        path: a.status_code for path, a in answers.items() if "categories" not in path and a.status_code != 404
    } == {}
    assert all("UK-1" not in a.text for a in answers.values())


def test_agreement_is_published_paused_opened_and_ended(office: Office) -> None:
    assert "Avtalet kan publiceras." in office.get(office.path)
    office.post(f"{office.path}/publish")
    assert office.agreement.state is AgreementState.PUBLISHED
    office.post(f"{office.path}/pause", reason="", expected=422)
    office.post(f"{office.path}/pause", reason="Tvist om priset")
    assert office.agreement.state is AgreementState.PAUSED
    office.post(f"{office.path}/resume")
    office.post(f"{office.path}/end", reason="Uppsagt")
    assert office.agreement.state is AgreementState.ENDED
    office.post(f"{office.path}/publish", expected=409)
    text = office.get(office.path)
    assert "Tvist om priset" in text and "Pausade avtal UK-1" in text


def test_edit_saves_and_an_older_page_is_refused(office: Office) -> None:
    seen = office.version
    office.post(f"{office.path}/edit", **edit_fields(office))
    assert office.agreement.title == "Nytt namn"
    text = office.post(f"{office.path}/edit", expected=409, **edit_fields(office, version=seen, title="Annat"))
    assert "Någon annan" in text
    assert "Ändrade uppgifterna i avtal UK-1" in office.get(office.path)


def test_refusal_is_shown_on_the_form_and_saves_nothing(office: Office) -> None:
    text = office.post(f"{office.path}/edit", expected=422, **edit_fields(office, ends_on="2035-01-01"))
    assert "LOU 7 kap. 2 §" in text and "2035-01-01" in text
    assert office.agreement.ends_on == date(2029, 12, 31)
    text = office.post(f"{office.path}/edit", expected=422, **edit_fields(office, starts_on="i går"))
    assert "ÅÅÅÅ-MM-DD" in text


def test_new_agreement_is_laid_up(office: Office) -> None:
    office.post("/admin/agreements/new", **edit_fields(office, number="UK-2"))
    made = db.session.scalars(select(Agreement).where(Agreement.number == "UK-2")).one()
    assert "behövs" in office.get(f"/admin/agreements/{made.id}")
    text = office.post("/admin/agreements/new", expected=422, **edit_fields(office, number="UK-2"))
    assert "finns redan" in text


def test_lot_and_award_are_added_changed_and_removed(office: Office) -> None:
    lot_fields = {
        "number": "2",
        "title": "Pennor",
        "category": 0,
        "method": "ranking",
        "clause": "p 5",
        "answer_hours": 24,
    }
    office.post(f"{office.path}/lots/new", version=office.version, **lot_fields)
    lot = office.agreement.lots[1]
    supplier = make_supplier()
    commit()
    award_fields = {"supplier": supplier.id, "rank": 1, "minimum_order": "1 000,50"}
    office.post(f"/admin/lots/{lot.id}/awards/new", version=office.version, **award_fields)
    award = lot.awards[0]
    assert award.minimum_order == Decimal("1000.50")
    office.post(f"/admin/awards/{award.id}", version=office.version, supplier=supplier.id, rank=3)
    assert (award.rank, award.minimum_order) == (3, None)
    office.post(f"/admin/lots/{lot.id}", version=office.version, **lot_fields | {"title": "Kritor"})
    assert lot.title == "Kritor"
    office.post(f"/admin/awards/{award.id}/remove", version=office.version)
    office.post(f"/admin/lots/{lot.id}/remove", version=office.version)
    assert len(office.agreement.lots) == 1


def test_all_municipalities_are_entitled_with_one_box(office: Office) -> None:
    make_organisation(name="Bergs kommun")
    commit()
    path = f"{office.path}/entitlements/new"
    assert "Alla 2 kommuner" in office.get(path)
    office.post(path, version=office.version, all_municipalities="y", lot=0)
    assert {e.organisation.name for e in office.agreement.entitlements} == {"Ragunda kommun", "Bergs kommun"}
    assert "minst en organisation" in office.post(path, version=office.version, lot=0, expected=422)
    first = office.agreement.entitlements[0]
    office.post(f"/admin/entitlements/{first.id}/end", version=office.version, ends_on=today().isoformat())
    assert len(office.agreement.entitlements) == 1


def test_ceiling_is_stated_but_its_counters_are_not_fields(office: Office) -> None:
    ceiling = db.session.scalars(select(Ceiling).where(Ceiling.lot_id.is_(None))).one()
    path = f"/admin/ceilings/{ceiling.id}"
    office.post(path, version=office.version, limit="5 000 000", external="99", ordered="99", reserved="99")
    assert (ceiling.limit, ceiling.external) == (Decimal(5_000_000), 0)
    assert (ceiling.ordered, ceiling.reserved) == (0, 0)
    office.post(f"{office.path}/publish")
    text = office.post(path, version=office.version, limit="6 000 000", reason="Mer", expected=422)
    assert "17 kap." in text
    decision = {"ground": "17:10", "decided_on": today().isoformat(), "reason": "Klausul 3.2", "limit": "6 000 000"}
    office.post(path, version=office.version, file=(BytesIO(b"%PDF-1.7 beslut"), "beslut.pdf"), **decision)
    assert ceiling.limit == Decimal(6_000_000)
    for page in (office.path, f"/agreements/{office.agreement.number}"):
        text = office.get(page)
        assert "17 kap. 10 §" in text and "Klausul 3.2" in text and "beslut.pdf" in text


def test_extension_is_taken(office: Office) -> None:
    option = office.agreement.extensions[0]
    office.post(f"/admin/extensions/{option.id}/take", version=office.version, expected=422)
    decision = {"number": "UPK 2026/17", "decided_on": today().isoformat(), "ends_on": option.ends_on.isoformat()}
    path = f"/admin/extensions/{option.id}/take"
    office.post(path, version=office.version, reason="Avskrivning", **decision)
    assert office.agreement.ends_on == date(2031, 12, 31)
    office.post(f"{office.path}/extensions/new", version=office.version, ends_on="2032-12-31", reason="Mer")
    office.post(f"/admin/extensions/{office.agreement.extensions[1].id}/remove", version=office.version)
    assert len(office.agreement.extensions) == 1


def test_document_goes_up_and_comes_down_as_a_download(office: Office) -> None:
    path = f"{office.path}/documents/new"
    office.post(path, version=office.version, expected=422)
    office.post(path, version=office.version, file=(BytesIO(b"\x00\x01"), "x.pdf"), expected=422)
    office.post(path, version=office.version, file=(BytesIO(b"%PDF-1.7"), "../../Bilaga 1.exe"))
    document = office.agreement.documents[1]
    assert document.name == "Bilaga 1.pdf"
    answer = office.browser.get(f"/agreements/UK-1/documents/{document.id}")
    assert answer.status_code == 200
    assert answer.data == b"%PDF-1.7"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    office.post(f"/admin/documents/{document.id}/remove", version=office.version)
    assert len(office.agreement.documents) == 1


def test_price_list_goes_from_file_to_published(office: Office) -> None:
    award = office.agreement.lots[0].awards[0]
    path = f"/admin/awards/{award.id}/price-lists"
    draft = db.session.scalars(select(PriceList)).one()
    office.post(f"/admin/price-lists/{draft.id}/approve")
    assert draft.state is PriceListState.PUBLISHED
    dearer = GOOD.replace(b"9,50", b"19") + b"A3;Gem;st;1;25\n"
    office.post(path, effective_from=today().isoformat(), file=(BytesIO(dearer), "ny.csv"))
    new = db.session.scalars(select(PriceList).where(PriceList.version == 2)).one()
    text = office.get(f"/admin/price-lists/{new.id}/changes")
    assert "+100,0 %" in text and "Penna" in text
    office.post(f"/admin/price-lists/{new.id}/approve")
    office.post(f"/admin/price-lists/{new.id}/approve", expected=409)
    assert draft.state is PriceListState.SUPERSEDED
    office.post(f"/admin/price-lists/{new.id}/withdraw", reason="Fel priser")
    assert new.state is PriceListState.WITHDRAWN


def test_bad_price_file_is_told_row_by_row_and_stores_nothing(office: Office) -> None:
    path = f"/admin/awards/{office.agreement.lots[0].awards[0].id}/price-lists"
    text = office.post(path, effective_from="2026-12-01", file=(BytesIO(BAD), "lista.csv"), expected=422)
    assert "Filen har 2 fel." in text and "(varning)" in text
    assert "Talet är negativt." in text and "-9,50" in text and "Momssatsen" in text
    for content in (b"", b"\x89PNG\x00", b"x" * 20_000_001, b'"' + b"x" * 10_000_000):
        office.post(path, effective_from="2026-12-01", file=(BytesIO(content), "lista.csv"), expected=422)
    office.post(path, effective_from="2026-12-01", expected=422)
    assert len(db.session.scalars(select(PriceList)).all()) == 1


def test_remarks_about_a_list_that_was_read_tell_their_place(office: Office) -> None:
    path = f"/admin/awards/{office.agreement.lots[0].awards[0].id}/price-lists"
    extra = "".join(f";Hylla {n}" for n in range(6))
    data = GOOD.replace(b"Moms\n", f"Staffelpris;Moms{extra}\n".encode()).replace(b"9,50;", b"9,50;10: 12;")
    data = data.replace(b"st;20;", b"st;20;;")
    office.post(path, effective_from=today().isoformat(), file=(BytesIO(data), "n.csv"))
    new = db.session.scalars(select(PriceList).where(PriceList.version == 2)).one()
    text = office.get(f"/admin/price-lists/{new.id}")
    assert "Hylla 0: Kolumnen känns inte igen och läses inte." in text
    assert "Och 2 anmärkningar till." in text


def test_a_remark_about_a_cell_tells_its_line_and_column(office: Office) -> None:
    path = f"/admin/awards/{office.agreement.lots[0].awards[0].id}/price-lists"
    data = "Artikelnummer;Benämning;Enhet;Pris;Staffelpris;Moms\nA1;Penna;st;9,50;10: 12;25\n".encode()
    office.post(path, effective_from=today().isoformat(), file=(BytesIO(data), "n.csv"))
    new = db.session.scalars(select(PriceList).where(PriceList.version == 2)).one()
    assert "Rad 2, Staffelpris: Priset stiger" in office.get(f"/admin/price-lists/{new.id}")


def test_errors_of_a_refused_file_come_as_files_to_send_back(office: Office) -> None:
    path = f"/admin/awards/{office.agreement.lots[0].awards[0].id}/price-lists"
    text = office.post(path, effective_from="2026-12-01", file=(BytesIO(BAD), "lista.csv"), expected=422)
    made = dict(re.findall(r'href="data:[^"]*;base64,([^"]*)" download="fel-i-prislistan\.([a-z]+)"', text))
    files = {form: b64decode(data) for data, form in made.items()}
    written = files["csv"].decode("utf-8-sig")
    assert "Rad;Kolumn;Värde;Vad som är fel" in written
    assert "2;Pris;'-9,50;Talet är negativt." in written
    rows = load_workbook(BytesIO(files["xlsx"])).get_sheet_by_index(0).to_python()
    assert [2.0, "Pris", "'-9,50", "Talet är negativt."] in rows


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_template_and_list_are_taken_home_and_put_back(office: Office, form: str) -> None:
    path = f"/admin/awards/{office.agreement.lots[0].awards[0].id}/price-lists"
    for file in (f"price-lists/template.{form}", "price-lists/{id}." + form):
        draft = db.session.scalars(select(PriceList)).first()
        assert draft is not None
        answer = office.browser.get("/admin/" + file.format(id=draft.id))
        assert answer.headers["Content-Disposition"].startswith("attachment")
        is_template = "template" in file
        data = (BytesIO(answer.data), f"lista.{form}")
        text = office.post(path, effective_from="2026-12-01", file=data, expected=422 if is_template else 303)
        assert ("exempelraden" in text) == is_template
    new = db.session.scalars(select(PriceList).where(PriceList.version == 2)).one()
    assert "Penna" in office.get(f"/admin/price-lists/{new.id}")


def test_list_for_a_coming_day_is_approved_now(office: Office) -> None:
    award = office.agreement.lots[0].awards[0]
    day = today() + timedelta(days=10)
    office.post(f"/admin/awards/{award.id}/price-lists", effective_from=day.isoformat(), file=(BytesIO(GOOD), "n.csv"))
    new = db.session.scalars(select(PriceList).where(PriceList.version == 2)).one()
    assert f"publiceras {day}" in office.get(f"/admin/price-lists/{new.id}")
    office.post(f"/admin/price-lists/{new.id}/approve")
    assert new.state is PriceListState.REVIEWED


def test_supplier_is_entered_changed_blocked_and_let_free(office: Office) -> None:
    fields = {"name": "Åre Papper AB", "organisation_number": "556000-0167", "channel": "email", "peppol_scheme": ""}
    office.post("/admin/suppliers/new", expected=422, **fields | {"organisation_number": "556000-0168"})
    office.post("/admin/suppliers/new", expected=422, **fields | {"order_email": "a@b.se\r\nBcc: c@d.se"})
    office.post("/admin/suppliers/new", **fields)
    supplier = db.session.scalars(select(Supplier).where(Supplier.organisation_number == "5560000167")).one()
    path = f"/admin/suppliers/{supplier.id}"
    office.post(f"{path}/edit", version=supplier.version, **fields | {"order_email": "order@papper.example"})
    office.post(f"{path}/edit", version=1, expected=409, **fields)
    assert supplier.order_email == "order@papper.example"
    office.post(f"{path}/block", reason="Konkurs")
    assert "Konkurs" in office.get(path)
    office.post(f"{path}/unblock", reason="Rekonstruerat")
    assert not supplier.is_blocked


def test_category_is_added_and_moved(office: Office) -> None:
    root = db.session.scalars(select(Category)).one()
    fields = {"code": "KP", "name": "Papper", "cpv": "30197", "parent": root.id, "owner": 0}
    office.post("/admin/categories/new", **fields)
    paper = db.session.scalars(select(Category).where(Category.code == "KP")).one()
    assert paper.path == f"/{root.id}/{paper.id}/"
    office.post(f"/admin/categories/{paper.id}", **fields | {"parent": 0, "is_closed": "y"})
    assert (paper.path, paper.is_closed) == (f"/{paper.id}/", True)
    office.post(f"/admin/categories/{root.id}", expected=422, code="KP", name="X", parent=0, owner=0)


@pytest.mark.parametrize(
    ("path", "most"), [("/admin/agreements", 10), ("/admin/suppliers", 8), ("/admin/price-lists", 9)]
)
def test_lists_ask_as_little_for_many_as_for_one(
    office: Office, count_queries: Callable[[], Any], path: str, most: int
) -> None:
    office.get(path)
    with count_queries() as few:
        office.get(path)
    for number in range(8):
        facts = AgreementFacts.of(office.agreement)
        made = create(office.user, AgreementFacts(**{**facts.__dict__, "number": f"M-{number}"}))
        lot = add_lot(office.user, made, LotFacts(number="1", title="x", method=CallOffMethod.SINGLE, clause="x"), 1)
        import_price_list(
            office.user, add_award(office.user, lot, make_supplier(), AwardFacts(), made.version), GOOD, "x", today()
        )
    commit()
    with count_queries() as many:
        office.get(path)
    assert len(many) <= len(few) <= most, many


def test_agreement_page_asks_as_little_for_many_parts_as_for_one(
    office: Office, count_queries: Callable[[], Any]
) -> None:
    office.get(office.path)
    with count_queries() as few:
        office.get(office.path)
    agreement = office.agreement
    for number in range(2, 8):
        facts = LotFacts(number=str(number), title="x", method=CallOffMethod.RANKING, clause="x")
        lot = add_lot(office.user, agreement, facts, agreement.version)
        for rank in (1, 2):
            award = add_award(office.user, lot, make_supplier(), AwardFacts(rank=rank), agreement.version)
            import_price_list(office.user, award, GOOD, "x", today())
        entitle(office.user, agreement, [make_organisation()], agreement.version)
    commit()
    with count_queries() as many:
        office.get(office.path)
    assert len(many) <= len(few), many
