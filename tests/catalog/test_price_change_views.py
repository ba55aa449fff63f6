"""The pages of a price list under review: what changes, refused rows, the price rule, chosen columns."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import load_workbook
from sqlalchemy import select

from auth.permission import Role
from auth.user import User
from catalog.actions.price_list import approve, import_price_list
from catalog.agreement import Award
from catalog.column_map import ColumnMap
from catalog.price_list import Article, PriceList, PriceListState
from catalog.price_rule import PriceRule
from catalog.upload import Upload
from core.clock import today
from core.db import db
from tests.factories.auth import make_member, make_office
from tests.factories.catalog import make_agreement, make_award, make_lot

HEADER = "Artikelnummer;Benämning;Enhet;Pris;Moms\n"
BEFORE = "up;Penna <b>;st;10;25\ngone;Gem;st;5;25\n"
AFTER = "up;Penna <b>;st;12;25\nnew;Block;st;20;25\n"


class Desk:
    """Two agreement owners, logged in, and a draft that the first one brought in."""

    def __init__(self, login_as: Callable[[User], FlaskClient]) -> None:
        office = make_office()
        self.first, self.second = (make_member(Role.AGREEMENT_OWNER, office) for _ in range(2))
        self.log_in = login_as  # one window, for one person at a time
        self.award: Award = make_award(make_lot(make_agreement(owner=office)))
        for actor, rows in ((None, BEFORE), (self.first, AFTER)):
            made = import_price_list(actor, self.award, (HEADER + rows).encode(), "lista.csv", today()).price_list
            assert made is not None
            self.draft = made
            if actor is None:
                approve(None, made)
                self.former = made

    def get(self, path: str, person: User | None = None) -> str:
        answer = self.log_in(person or self.first).get(f"/admin/{path}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, person: User | None = None, *, expected: int = 303, **data: Any) -> Any:
        browser = self.log_in(person or self.first)
        answer = browser.post(f"/admin/{path}", data=data, content_type="multipart/form-data")
        answer.request.environ["wsgi.input"].close()
        assert answer.status_code == expected, answer.text
        db.session.expire_all()
        return answer


@pytest.fixture
def desk(app: Flask, login_as: Callable[[User], FlaskClient]) -> Desk:
    return Desk(login_as)


def test_changes_are_shown_and_filtered(desk: Desk) -> None:
    path = f"price-lists/{desk.draft.id}/changes"
    text = desk.get(path)
    assert "Penna &lt;b&gt;" in text and "+20,0 %" in text and "Gem" in text and "Block" in text
    dearer = desk.get(f"{path}?kind=dearer")
    assert "Penna" in dearer and "Gem" not in dearer
    assert "Inga ändringar" in desk.get(f"{path}?kind=cheaper")
    assert "Penna" in desk.get(f"{path}?kind=nonsense&page=99")


def test_a_row_that_came_back_dearer_says_what_it_cost(desk: Desk) -> None:
    db.session.add(PriceRule(agreement_id=desk.award.lot.agreement_id, largest_raise=Decimal(50)))
    approve(desk.second, desk.draft)
    rows = f"{HEADER}up;Penna <b>;st;12;25\ngone;Gem;st;9;25\n"
    back = import_price_list(desk.first, desk.award, rows.encode(), "lista.csv", today()).price_list
    assert back is not None
    text = desk.get(f"price-lists/{back.id}/changes?kind=breaking")
    assert f"Priset prövas också mot 5,00\xa0kr (st) i listan från {today()}." in text and "Penna" not in text


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_changes_come_as_a_file(desk: Desk, form: str) -> None:
    answer = desk.log_in(desk.first).get(f"/admin/price-lists/{desk.draft.id}/changes.{form}?kind=dearer")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    if form == "csv":
        assert "dyrare;up;Penna <b>;10;1;12;1;20;0;0;;" in answer.data.decode("utf-8-sig")
    else:
        [_, row] = load_workbook(BytesIO(answer.data)).get_sheet_by_index(0).to_python()
        assert row[:8] == ["dyrare", "up", "Penna <b>", 10, 1, 12, 1, 20]


def test_rows_are_refused_and_taken_back_on_the_page(desk: Desk) -> None:
    path = f"price-lists/{desk.draft.id}/changes"
    assert "Välj minst en rad." in desk.post(path, act="refuse", reason="Nej", expected=422).text
    assert "Skriv varför" in desk.post(path, act="refuse", number="up", expected=422).text
    desk.post(path, act="refuse", number=["up", "new"], reason="Avtalet säger <nej>")
    text = desk.get(path)
    assert "2 rader är avböjda." in text and "Avtalet säger &lt;nej&gt;" in text
    desk.post(path, act="accept", number="new")
    desk.post(f"{path}?kind=gone", act="refuse-all", reason="Behövs")
    written = desk.log_in(desk.first).get(f"/admin/price-lists/{desk.draft.id}/refused.csv").data.decode("utf-8-sig")
    assert "up;Penna <b>;dyrare;12;1;10;1;Avtalet säger <nej>" in written and "gone;Gem" in written
    desk.post(f"price-lists/{desk.draft.id}/approve")
    found = db.session.scalars(select(Article).where(Article.price_list_id == desk.draft.id))
    assert {article.supplier_number: article.price for article in found} == {"up": 10, "new": 20, "gone": 5}
    assert "Avböj rader" not in desk.get(path)
    desk.post(path, act="refuse", number="new", reason="Nej", expected=409)
    assert "2 rader är avböjda." in desk.get(f"price-lists/{desk.draft.id}")


def test_all_that_was_refused_is_taken_back(desk: Desk) -> None:
    path = f"price-lists/{desk.draft.id}/changes"
    desk.post(path, act="refuse", number=["up", "new"], reason="Nej")
    desk.post(path, act="accept-all")
    assert "Att skicka tillbaka" not in desk.get(f"price-lists/{desk.draft.id}")


def test_second_person_is_asked_for_and_approves(desk: Desk) -> None:
    agreement = desk.award.lot.agreement
    desk.post(
        f"agreements/{agreement.id}/price-rule",
        desk.second,
        version=agreement.version,
        index_clause="KPI",
        limit_percent="10",
        limit_effect="1 000,50",
    )
    rule = db.session.get_one(PriceRule, agreement.id)
    assert (rule.index_clause, rule.limit_percent, rule.limit_effect) == ("KPI", 10, Decimal("1000.5"))
    page = f"price-lists/{desk.draft.id}"
    text = desk.get(page)
    assert "En annan person måste godkänna" in text and f"{page}/approve" not in text
    desk.post(f"{page}/approve", expected=403)
    assert desk.draft.state is PriceListState.DRAFT
    assert "Du är den andra personen" in desk.get(page, desk.second)
    desk.post(f"{page}/approve", desk.second)
    assert desk.draft.state is PriceListState.PUBLISHED
    assert f"av {desk.second.name}" in desk.get(page)


def test_anybody_may_approve_what_nobody_is_known_to_have_brought_in(desk: Desk) -> None:
    db.session.add(PriceRule(agreement_id=desk.award.lot.agreement_id, limit_percent=Decimal(1)))
    made = import_price_list(None, desk.award, (HEADER + AFTER).encode(), "lista.csv", today()).price_list
    assert made is not None
    text = desk.get(f"price-lists/{made.id}")
    assert "vem som helst som sköter avtalet" in text and "Du är den andra personen" not in text
    assert "med ett kommando" in text
    desk.post(f"price-lists/{made.id}/approve")


def test_forbidden_raise_is_named_with_the_way_to_it(desk: Desk) -> None:
    agreement = desk.award.lot.agreement
    desk.post(f"agreements/{agreement.id}/price-rule", version=agreement.version, largest_raise="5")
    page = f"price-lists/{desk.draft.id}"
    assert "changes?kind=breaking" in desk.get(page)
    assert "höjs mer än avtalet tillåter" in desk.get(f"{page}/changes?kind=breaking")
    assert "Avböj de raderna" in desk.post(f"{page}/approve", expected=422).text


def test_share_of_a_list_that_has_grown_is_explained(desk: Desk) -> None:
    text = desk.get(f"price-lists/{desk.draft.id}")
    assert "100 %" in text and "hade bara" not in text
    rows = "".join(f"{n};Ny;st;1;25\n" for n in range(50))
    grown = import_price_list(desk.first, desk.award, (HEADER + BEFORE + rows).encode(), "lista.csv", today())
    assert grown.price_list is not None
    assert "96,15 %. Den förra listan hade bara 2 av artiklarna." in desk.get(f"price-lists/{grown.price_list.id}")


def test_limit_is_not_raised_without_a_reason(desk: Desk) -> None:
    agreement = desk.award.lot.agreement
    path = f"agreements/{agreement.id}/price-rule"
    desk.post(path, desk.second, version=agreement.version, limit_share="10")
    text = desk.post(path, desk.second, version=agreement.version, limit_share="20", expected=422).text
    assert "Skriv varför" in text
    desk.post(path, desk.second, version=agreement.version - 1, limit_share="5", expected=409)
    desk.post(path, desk.second, version=agreement.version, limit_share="20", reason="Ny lista <varje> år")
    assert "väntar på en andra person" in desk.get(f"agreements/{agreement.id}")
    again = desk.post(path, desk.second, version=agreement.version, limit_share="30", expected=422).text
    assert "Skriv varför" in again and "Ny lista &lt;varje&gt; år" in again
    own = desk.get(path, desk.second)
    assert "Du har själv föreslagit" in own and f"{path}/approve" not in own
    desk.post(f"{path}/approve", desk.second, version=agreement.version, expected=403)
    text = desk.get(path)
    assert "granskas över, procent av raderna: 10 → 20" in text and "Ny lista &lt;varje&gt; år" in text
    desk.post(f"{path}/approve", version=agreement.version - 1, expected=409)
    desk.post(f"{path}/approve", version=agreement.version)
    assert db.session.get_one(PriceRule, agreement.id).limit_share == 20
    assert "Ny lista &lt;varje&gt; år" in desk.get(f"agreements/{agreement.id}")


def test_proposed_rule_is_dropped_on_its_page(desk: Desk) -> None:
    agreement = desk.award.lot.agreement
    path = f"agreements/{agreement.id}/price-rule"
    desk.post(path, version=agreement.version, limit_share="10")
    desk.post(path, version=agreement.version, limit_share="20", reason="Ny lista")
    desk.post(f"{path}/drop", version=agreement.version)
    assert "Ta bort förslaget" not in desk.get(path)
    assert db.session.get_one(PriceRule, agreement.id).limit_share == 10
    desk.post(f"{path}/drop", version=agreement.version, expected=409)


def test_former_list_is_taken_up_again_on_its_page(desk: Desk) -> None:
    desk.post(f"price-lists/{desk.draft.id}/approve")
    assert "Ta upp listan igen" in desk.get(f"price-lists/{desk.former.id}")
    assert "Ta upp listan igen" not in desk.get(f"price-lists/{desk.draft.id}")
    desk.post(f"price-lists/{desk.former.id}/restore")
    again = db.session.scalars(select(PriceList).where(PriceList.version == 3)).one()
    assert "upptagen igen" in desk.get(f"price-lists/{again.id}")
    desk.post(f"price-lists/{again.id}/approve")
    assert again.state is PriceListState.PUBLISHED
    desk.post(f"price-lists/{again.id}/restore", expected=409)


def test_columns_are_chosen_on_the_page_and_remembered(desk: Desk) -> None:
    upload = f"awards/{desk.award.id}/price-lists"
    data = b"Id;Vad <i>;Frp;Kr;Sats;\n1;Penna;st;9,50;25;\n"
    answer = desk.post(upload, effective_from="2027-01-01", file=(BytesIO(data), "ny.csv"))
    assert answer.location == f"/admin/awards/{desk.award.id}/columns"
    text = desk.get(f"awards/{desk.award.id}/columns")
    assert "Vad &lt;i&gt;" in text and "9,50" in text
    fields: dict[str, Any] = {"upload": db.session.scalars(select(Upload.id)).one()}
    fields |= {f"column-{n}": f for n, f in enumerate(["supplier_number", "name", "unit", "price", "vat"])}
    wrong = desk.post(f"awards/{desk.award.id}/columns", expected=422, **{**fields, "column-4": "price"})
    assert "vald för två kolumner" in wrong.text
    desk.post(f"awards/{desk.award.id}/columns", **fields)
    made = db.session.scalars(select(PriceList).where(PriceList.version == 3)).one()
    assert made.effective_from.isoformat() == "2027-01-01" and db.session.query(Upload).count() == 0
    answer = desk.post(upload, effective_from="2027-01-01", file=(BytesIO(data), "ny.csv"))
    assert answer.location.startswith("/admin/price-lists/")
    answer = desk.log_in(desk.first).get(f"/admin/awards/{desk.award.id}/columns")
    assert answer.status_code == 303  # no file waits
    known = db.session.scalars(select(ColumnMap)).one()
    assert "Vad &lt;i&gt;" in desk.get(upload)
    desk.post(f"awards/{desk.award.id}/columns/forget", column_map=known.id)
    assert db.session.query(ColumnMap).count() == 0


def test_column_with_a_number_may_be_the_price_from_that_quantity(desk: Desk) -> None:
    data = "Id;Vad;Frp;Kr;Sats;Pris från 10;Storköp 100\n1;Penna;st;9,50;25;9;8\n".encode()
    desk.post(f"awards/{desk.award.id}/price-lists", effective_from="2027-01-01", file=(BytesIO(data), "ny.csv"))
    text = desk.get(f"awards/{desk.award.id}/columns")
    assert '<option value="tier:10" selected>Pris från 10</option>' in text
    assert '<option value="tier:100">Pris från 100</option>' in text
    asked = ["supplier_number", "name", "unit", "price", "vat", "tier:10", "tier:100"]
    fields: dict[str, Any] = {"upload": db.session.scalars(select(Upload.id)).one()}
    fields |= {f"column-{n}": f for n, f in enumerate(asked)}
    strange = desk.post(f"awards/{desk.award.id}/columns", expected=422, **{**fields, "column-3": "tier:7"})
    assert "Välj vilken kolumn som är Pris." in strange.text
    desk.post(f"awards/{desk.award.id}/columns", **fields)
    made = db.session.scalars(select(PriceList).where(PriceList.version == 3)).one()
    article = db.session.scalars(select(Article).where(Article.price_list_id == made.id)).one()
    assert article.tiers == ((Decimal(10), Decimal(9)), (Decimal(100), Decimal(8)))


def test_chosen_columns_are_kept_though_the_rows_are_wrong(desk: Desk) -> None:
    data = b"Id;Vad;Frp;Kr;Sats\n1;Penna;st;-1;25\n"
    desk.post(f"awards/{desk.award.id}/price-lists", effective_from="2027-01-01", file=(BytesIO(data), "ny.csv"))
    fields: dict[str, Any] = {"upload": db.session.scalars(select(Upload.id)).one()}
    fields |= {f"column-{n}": f for n, f in enumerate(["supplier_number", "name", "unit", "price", "vat"])}
    text = desk.post(f"awards/{desk.award.id}/columns", expected=200, **fields).text
    assert "Talet är negativt." in text
    assert db.session.query(ColumnMap).count() == 1


def test_article_page_tells_the_history_of_its_price(desk: Desk) -> None:
    row = select(Article.id).where(Article.supplier_number == "up", Article.price_list_id == desk.former.id)
    path = f"/articles/{db.session.scalar(row)}"
    assert "Så har priset ändrats" not in desk.log_in(desk.first).get(path).text
    desk.post(f"price-lists/{desk.draft.id}/approve")
    text = desk.log_in(desk.first).get(path).text
    assert "Så har priset ändrats" in text and "<polyline" in text and "+20,0 %" in text
