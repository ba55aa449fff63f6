"""Columns chosen by hand: once for each row of headings, and remembered for the supplier."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
import xlsxwriter
from flask import Flask

from auth.permission import Role
from auth.user import Membership, User
from catalog.actions.column_map import ask_for_columns, choose, forget
from catalog.actions.price_list import import_price_list
from catalog.actions.upload import KEPT, sweep_uploads
from catalog.agreement import Award
from catalog.column_map import column_maps
from catalog.price_list import PriceList
from catalog.price_row import rows_of
from catalog.upload import PRICES, Upload, upload_of
from core.clock import frozen, now, today
from core.db import commit, db
from core.errors import NotAllowed, RuleBroken
from exchange.header import guess_header
from tests.factories import hostile
from tests.factories.auth import make_member, make_organisation
from tests.factories.catalog import make_agreement, make_award, make_lot

ROWS = [
    ("Varukorg 2026",),
    (),
    ("Id", "Vad det är", "Frp", "Kr", "Sats", "Kod", "Kr"),
    ("0012", "Penna", "st", "9,50", "25", 73513537, "x"),
    ("0013", "Block", "st", "20", "25", None, "y"),
]
FIELDS = ["supplier_number", "name", "unit", "price", "vat", "gtin", ""]


def as_csv() -> bytes:
    return "\n".join(";".join("" if c is None else str(c) for c in row) for row in ROWS).encode()


def as_xlsx(gtin: int = 73513537) -> bytes:
    out = BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate(ROWS):
            sheet.write_row(line, 0, [gtin if type(cell) is int else cell for cell in row])
    return out.getvalue()


@pytest.fixture
def award(app: Flask) -> Award:
    return make_award(make_lot(make_agreement()))


@pytest.fixture
def owner(award: Award) -> User:
    return make_member(Role.AGREEMENT_OWNER, award.lot.agreement.owner)


def waiting(owner: User, award: Award, data: bytes, name: str) -> Upload:
    problems = import_price_list(owner, award, data, name, today()).problems
    upload = ask_for_columns(owner, award, data, name, today(), problems)
    assert upload is not None, problems
    return upload


def chosen(owner: User, award: Award, data: bytes, name: str) -> PriceList | None:
    return choose(owner, award, waiting(owner, award, data, name).id, FIELDS).price_list


@pytest.mark.parametrize(("data", "name"), [(as_csv(), "lista.csv"), (as_xlsx(), "lista.xlsx")], ids=["csv", "xlsx"])
def test_columns_are_chosen_once(owner: User, award: Award, data: bytes, name: str) -> None:
    upload = waiting(owner, award, data, name)
    assert upload.headings == [str(cell) for cell in ROWS[2]]
    assert upload.samples[1] == ["Penna", "Block"]
    first = choose(owner, award, upload.id, FIELDS).price_list
    assert first is not None
    assert [(r.supplier_number, r.name, r.price) for r in rows_of(first)] == [
        ("0012", "Penna", Decimal("9.5")),
        ("0013", "Block", Decimal(20)),
    ]
    assert upload_of(owner, PRICES, award) is None
    again = import_price_list(None, award, data, name, today())
    assert again.price_list is not None and again.price_list.version == 2
    assert again.problems == []  # nor a word about the column that she left out


def test_number_without_its_zeros_in_a_chosen_gtin_column_gets_them_back(owner: User, award: Award) -> None:
    data = as_xlsx(gtin=1234565)
    made = chosen(owner, award, data, "lista.xlsx")
    assert made is not None and [row.gtin for row in rows_of(made)] == ["01234565", None]


def test_choice_is_the_suppliers_and_of_those_headings(owner: User, award: Award) -> None:
    chosen(owner, award, as_csv(), "lista.csv")
    sister = make_award(make_lot(make_agreement()), award.supplier)
    assert import_price_list(None, sister, as_csv(), "lista.csv", today()).price_list is not None
    neighbours = make_award(make_lot(make_agreement(owner=make_organisation())), award.supplier)
    assert import_price_list(None, neighbours, as_csv(), "lista.csv", today()).price_list is None
    stranger = make_award(make_lot(make_agreement()))
    assert import_price_list(None, stranger, as_csv(), "lista.csv", today()).price_list is None
    other = as_csv().replace(b"Sats", b"Momsen")
    assert import_price_list(None, award, other, "lista.csv", today()).price_list is None


def test_choice_is_kept_though_the_rows_are_wrong(owner: User, award: Award) -> None:
    bad = as_csv().replace(b"9,50", b"-1")
    assert chosen(owner, award, bad, "lista.csv") is None
    assert len(column_maps(award)) == 1
    assert import_price_list(None, award, as_csv(), "lista.csv", today()).price_list is not None


def test_forgotten_choice_is_asked_again(owner: User, award: Award) -> None:
    chosen(owner, award, as_csv(), "lista.csv")
    other = make_award(make_lot(make_agreement(owner=make_organisation())), award.supplier)
    owner.memberships.append(
        Membership(organisation=other.lot.agreement.owner, role=Role.AGREEMENT_OWNER, starts_on=today())
    )
    db.session.flush()
    [known] = column_maps(award)
    forget(owner, other, known.id)
    assert column_maps(award) == [known]
    forget(owner, award, known.id)
    assert import_price_list(None, award, as_csv(), "lista.csv", today()).price_list is None


@pytest.mark.parametrize("fields", [FIELDS[:3] + [""] * 4, [*FIELDS[:6], "price"]], ids=["missing", "twice"])
def test_every_needed_column_is_chosen_and_none_twice(owner: User, award: Award, fields: list[str]) -> None:
    upload = waiting(owner, award, as_csv(), "lista.csv")
    with pytest.raises(RuleBroken):
        choose(owner, award, upload.id, fields)
    assert upload_of(owner, PRICES, award) is upload


def test_only_who_manages_the_agreement_chooses(owner: User, award: Award) -> None:
    upload = waiting(owner, award, as_csv(), "lista.csv")
    stranger = make_member(Role.AGREEMENT_OWNER, make_organisation())
    with pytest.raises(NotAllowed):
        choose(stranger, award, upload.id, FIELDS)


def test_only_who_sent_a_file_chooses_and_only_for_its_award(owner: User, award: Award) -> None:
    upload = waiting(owner, award, as_csv(), "lista.csv")
    colleague = make_member(Role.AGREEMENT_OWNER, award.lot.agreement.owner)
    sister = make_award(make_lot(make_agreement(owner=award.lot.agreement.owner)), award.supplier)
    for actor, other in ((colleague, award), (owner, sister)):
        with pytest.raises(RuleBroken):
            choose(actor, other, upload.id, FIELDS)
    waiting(colleague, award, as_csv(), "lista.csv")
    waiting(owner, sister, as_csv(), "lista.csv")
    assert db.session.query(Upload).count() == 3  # nobody's gave way


def test_choice_for_a_file_that_gave_way_to_another_is_not_taken(owner: User, award: Award) -> None:
    seen = waiting(owner, award, as_csv(), "lista.csv").id
    waiting(owner, award, as_csv().replace(b"Sats;Kod", b"Kod;Sats"), "ny.csv")
    with pytest.raises(RuleBroken):
        choose(owner, award, seen, FIELDS)


def test_no_hostile_file_is_kept(owner: User, award: Award) -> None:
    for file_name, make in hostile.FILES.values():
        data = make()
        problems = import_price_list(owner, award, data, file_name, today()).problems
        ask_for_columns(owner, award, data, file_name, today(), problems)
        assert upload_of(owner, PRICES, award) is None, make.__name__


def test_file_with_other_faults_than_its_columns_does_not_wait(owner: User, award: Award) -> None:
    data = b"Artikelnummer;Ben\xc3\xa4mning;Enhet;Pris;Moms\nA1;Penna;st;-1;25"
    problems = import_price_list(owner, award, data, "lista.csv", today()).problems
    assert ask_for_columns(owner, award, data, "lista.csv", today(), problems) is None


def test_file_that_nobody_came_back_to_is_thrown_away(owner: User, award: Award) -> None:
    waiting(owner, award, as_csv(), "lista.csv")
    waiting(owner, award, as_csv(), "ny.csv")  # takes the other one's place
    commit()
    assert sweep_uploads() == 0
    with frozen(now() + KEPT + timedelta(minutes=1)):
        assert sweep_uploads() == 1
    assert db.session.query(Upload).count() == 0


@pytest.mark.parametrize("text", ["", "Rubrik\n", "1;2;3\n4;5;6\n", "\x00\n"])
def test_what_has_no_headings_is_no_table(text: str) -> None:
    assert guess_header(text) is None
