"""The pages of the need reports: the ways in, the report, the answers and the lists."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from auth.permission import Role
from auth.user import User
from catalog.agreement import AgreementState, CallOffMethod
from catalog.category import Category
from catalog.search.miss import SearchMiss
from core.clock import now, today
from core.db import commit, db
from orders.actions.basket import add
from orders.actions.need import Answer, answer, answer_directly
from orders.need import NeedAnswer, NeedReport, NeedState
from orders.sent_file import SentFile
from tests.factories.auth import make_member
from tests.factories.catalog import make_agreement, make_category, make_offer
from tests.factories.needs import make_need, procurement_facts
from tests.factories.orders import Place, make_place

LogIn = Callable[[User], FlaskClient]


@pytest.fixture
def category(buyer: User) -> Category:
    return make_category(owner=buyer, name="Möbler")


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, path
    return str(response.get_data(as_text=True))


def newest() -> NeedReport:
    return db.session.scalars(select(NeedReport).order_by(NeedReport.id.desc())).first()  # type: ignore[return-value]


def sent(html: str) -> dict[str, str]:
    """What the form of a page says by itself."""
    fields = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', html))
    selects = re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', html, re.S)
    for name, options in selects:
        chosen = re.search(r'<option selected value="([^"]*)"', options) or re.search(r'value="([^"]*)"', options)
        fields[name] = chosen.group(1) if chosen else ""
    return fields


# The ways in


def test_a_search_without_a_hit_fills_in_the_report(place: Place, login_as: LogIn) -> None:
    client = login_as(place.orderer)
    html = page(client, "/needs/new?q=gyromagnetisk&code=no-hit")
    assert 'value="gyromagnetisk"' in html and "sökningen gav ingen träff" in html


def test_a_refusal_on_the_article_and_in_the_basket_offers_the_report(place: Place, login_as: LogIn) -> None:
    article = make_offer(place.organisation)
    add(place.orderer, place.organisation, article, Decimal(3))
    article.award.lot.method = CallOffMethod.COMPETITION
    client = login_as(place.orderer)
    link = f"/needs/new?code=competition-required&amp;article={article.id}"
    assert link in page(client, f"/articles/{article.id}")
    assert f"{link}&amp;quantity=3" in page(client, "/basket")
    html = page(client, f"/needs/new?code=competition-required&article={article.id}&quantity=3")
    assert f'value="{article.name}"' in html and 'value="3"' in html
    assert "förnyad konkurrensutsättning krävs" in html


def test_article_and_agreement_lead_to_the_category_owner(place: Place, login_as: LogIn) -> None:
    article = make_offer(place.organisation)
    agreement = article.award.lot.agreement
    client = login_as(place.orderer)
    asked = f"/needs/new?article={article.id}&amp;question=1"
    assert asked in page(client, f"/articles/{article.id}")
    assert f"/needs/new?agreement={agreement.number}&amp;question=1" in page(client, f"/agreements/{agreement.number}")
    html = page(client, asked.replace("&amp;", "&"))
    assert "Din fråga" in html and "Ungefärligt värde" not in html


def test_whoever_only_reads_is_offered_nothing(place: Place, login_as: LogIn) -> None:
    article = make_offer(place.organisation)
    client = login_as(make_member(Role.AUDITOR, place.organisation))
    assert "/needs/new" not in page(client, f"/articles/{article.id}")
    page(client, "/needs/new", 403)


# Reporting


def test_a_report_is_sent_with_where_it_came_from(
    place: Place, buyer: User, category: Category, login_as: LogIn
) -> None:
    article = make_offer(place.organisation)
    article.award.lot.category = category
    client = login_as(place.orderer)
    path = f"/needs/new?article={article.id}&code=ceiling-reached&q=bord"
    form = sent(page(client, path))
    assert form["category"] == str(category.id)
    body: dict[str, Any] = {
        **form,
        "reason": "Eleverna växer.",
        "estimated_value": "12 500,50",
        "needed_on": (today() + timedelta(days=30)).isoformat(),
        "file": (BytesIO("Höjd 70–120 cm".encode()), "krav.txt"),
    }
    response = client.post(path, data=body)
    made = newest()
    assert (response.status_code, response.location) == (303, f"/needs/{made.id}")
    assert (made.title, made.estimated_value, made.receiver) == (article.name, Decimal("12500.50"), buyer)
    assert (made.article, made.agreement) == (article, article.award.lot.agreement)
    assert (made.refusal_code, made.search_text, made.unit) == ("ceiling-reached", "bord", place.unit)
    (file,) = made.attachments
    got = client.get(f"/needs/{made.id}/attachments/{file.id}")
    assert got.data.decode() == "Höjd 70–120 cm"
    assert got.headers["Content-Disposition"] == "attachment; filename=krav.txt"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.mimetype == "application/octet-stream"
    again = client.post(path, data={**body, "file": (BytesIO(b"abc"), "krav.txt")})
    assert again.location == f"/needs/{made.id}"


def test_the_category_is_suggested_by_the_words(place: Place, buyer: User, login_as: LogIn) -> None:
    chairs = make_category(owner=buyer, name="Stolar och fåtöljer")
    make_category(name="Livsmedel")
    client = login_as(place.orderer)
    form = sent(page(client, "/needs/new"))
    assert form["category"] == "0"
    client.post("/needs/new", data={**form, "title": "Fåtöljer", "reason": "Till biblioteket"})
    assert newest().category_id == chairs.id
    assert sent(page(client, "/needs/new?q=stolar"))["category"] == str(chairs.id)


def test_what_is_missing_or_too_much_is_said_at_the_field(place: Place, login_as: LogIn) -> None:
    client = login_as(place.orderer)
    form = sent(page(client, "/needs/new"))
    response = client.post("/needs/new", data={**form, "title": " ", "needed_on": "2020-01-01"})
    assert response.status_code == 422
    html = response.get_data(as_text=True)
    assert html.count("Fyll i det här fältet.") >= 2 and "Dagen har redan varit." in html
    response = client.post("/needs/new", data={**form, "title": "Bord", "reason": "x", "file": (BytesIO(b"MZ\0"), "a")})
    assert response.status_code == 422 and "går inte att bifoga" in response.get_data(as_text=True)
    assert db.session.scalar(select(NeedReport.id)) is None


def test_withdrawing_with_the_button(place: Place, login_as: LogIn) -> None:
    need = make_need(place)
    client = login_as(place.orderer)
    assert "Ta tillbaka anmälan" in page(client, f"/needs/{need.id}")
    assert client.post(f"/needs/{need.id}/withdraw").status_code == 303
    db.session.refresh(need)
    assert need.state is NeedState.WITHDRAWN
    assert client.post(f"/needs/{need.id}/withdraw").status_code == 409


# Answering


def test_an_answer_with_agreement_and_article(place: Place, buyer: User, login_as: LogIn) -> None:
    need, article = make_need(place), make_offer(place.organisation)
    agreement = article.award.lot.agreement
    client = login_as(buyer)
    path = f"/needs/{need.id}/answer"
    for number, part, problem in (
        ("finns-inte", "", "Det finns inget avtal finns-inte."),
        (agreement.number, "X-1", "Artikeln X-1 finns inte på avtalet."),
        ("", "", "Ange ett avtal som gäller i dag."),
        (make_agreement().number, "", "får inte avropa på avtalet"),
    ):
        body = {"answer": "agreement", "agreement_number": number, "article_number": part}
        response = client.post(path, data=body)
        assert response.status_code == 422 and problem in response.get_data(as_text=True)
    body = {"answer": "agreement", "agreement_number": agreement.number, "article_number": article.supplier_number}
    assert client.post(path, data=body).status_code == 303
    html = page(login_as(place.orderer), f"/needs/{need.id}")
    assert f'href="/agreements/{agreement.number}"' in html and f'href="/articles/{article.id}"' in html


def test_taking_and_passing_on(place: Place, buyer: User, category: Category, login_as: LogIn) -> None:
    need = make_need(place)
    client = login_as(buyer)
    assert client.post(f"/needs/{need.id}/take").status_code == 303
    page(client, f"/needs/{need.id}/pass-on")
    assert client.post(f"/needs/{need.id}/pass-on", data={"category": str(category.id)}).status_code == 303
    db.session.refresh(need)
    assert (need.state, need.category_id) == (NeedState.SENT, category.id)


def test_the_running_sum_is_shown_before_the_answer(
    place: Place, buyer: User, category: Category, login_as: LogIn
) -> None:
    answer_directly(buyer, make_need(place), procurement_facts(category, Decimal(650_000)))
    need = make_need(place, category=category)
    client = login_as(buyer)
    path = f"/needs/{need.id}/direct-procurement"
    html = page(client, path).replace("\xa0", " ")
    assert "650 000,00 kr" in html and "49 999,99 kr" in html
    recounted = client.post(path, data={"recount": "1", "category": str(category.id), "law": "luf"})
    assert recounted.status_code == 200
    assert "1 200 000 kr" in recounted.get_data(as_text=True).replace("\xa0", " ")
    body = {
        "law": "lou",
        "category": str(category.id),
        "value": "60 000",
        "chosen": "2",
        "supplier-1-name": "Tyst AB",
        "supplier-1-answer": "silent",
        "supplier-2-name": "Bordsbutiken AB",
        "supplier-2-organisation_number": "555990-0716",
        "supplier-2-answer": "offer",
        "supplier-2-price": "60 000",
    }
    refused = client.post(path, data=body)
    assert refused.status_code == 422
    html = refused.get_data(as_text=True).replace("\xa0", " ")
    assert "60 000,00 kr till går inte" in html and "ny upphandling" in html
    assert 'value="Bordsbutiken AB"' in html
    wrong = client.post(path, data={**body, "supplier-2-organisation_number": "555990-0717"})
    assert wrong.status_code == 422 and "Organisationsnumret stämmer inte" in wrong.get_data(as_text=True)
    done = client.post(path, data={**body, "value": "40 000"})
    assert done.status_code == 303
    html = page(client, f"/needs/{need.id}/documentation").replace("\xa0", " ")
    for told in ("Tyst AB", "svarade inte", "Bordsbutiken AB", "555990-0716", "40 000,00 kr", place.organisation.name):
        assert told in html, told


def test_a_report_that_is_answered_is_not_answered_again(place: Place, buyer: User, login_as: LogIn) -> None:
    need = make_need(place)
    answer(buyer, need, Answer(answer=NeedAnswer.NO, text="Nej."))
    client = login_as(buyer)
    for path in ("answer", "direct-procurement", "pass-on"):
        page(client, f"/needs/{need.id}/{path}", 409)
    page(client, f"/needs/{need.id}/documentation", 404)


# Lists


def test_the_inbox_tells_what_is_late(place: Place, buyer: User, login_as: LogIn) -> None:
    need = make_need(place)
    need.due_on = today() - timedelta(days=1)
    html = page(login_as(buyer), "/needs/inbox")
    assert 'tag-bad">Försenad' in html


def test_the_start_page_tells_the_buyer_what_waits(place: Place, buyer: User, login_as: LogIn) -> None:
    make_need(place)
    assert "1 anmält behov väntar på ditt svar." in page(login_as(buyer), "/")
    assert "väntar på ditt svar" not in page(login_as(place.orderer), "/")


def test_her_own_reports_and_all_of_them(place: Place, login_as: LogIn) -> None:
    make_need(place, title="Mitt bord")
    client = login_as(place.orderer)
    assert "Mitt bord" in page(client, "/needs") and "scope=all" not in page(client, "/needs")
    assert "Mitt bord" not in page(login_as(place.approver), "/needs?scope=all")
    auditor = login_as(make_member(Role.AUDITOR, place.organisation))
    assert "Mitt bord" in page(auditor, "/needs?scope=all") and "Mitt bord" not in page(auditor, "/needs")


def test_the_overview_shows_needs_beside_searches(
    place: Place, buyer: User, category: Category, login_as: LogIn
) -> None:
    make_need(place, category=category)
    at = now()
    db.session.add(SearchMiss(organisation_id=place.organisation.id, text="svävare", count=7, first_at=at, last_at=at))
    html = page(login_as(buyer), "/needs/overview")
    assert "Möbler" in html and "svävare" in html
    ours = login_as(make_member(Role.AGREEMENT_OWNER, make_place().organisation))
    assert "svävare" not in page(ours, "/needs/overview")


def test_the_file_has_no_formula(place: Place, buyer: User, login_as: LogIn) -> None:
    make_need(place, title='=HYPERLINK("http://ont.example")', reason="Rad ett\n@rad två", how_much="-1")
    make_need(make_place(), title="Någon annans")
    response = login_as(make_member(Role.AGREEMENT_OWNER, place.organisation)).get("/needs/overview.csv")
    rows = response.data.decode("utf-8-sig").splitlines()
    assert len(rows) == 2 and rows[0].startswith("Nummer;Anmäld;Organisation")
    assert "\"'=HYPERLINK(" in rows[1] and ";'-1;" in rows[1] and ";Rad ett @rad två;" in rows[1]
    assert response.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("path", ["/needs", "/needs?scope=all", "/needs/inbox?scope=all", "/needs/overview"])
def test_a_page_asks_as_often_for_many_as_for_few(
    path: str, place: Place, buyer: User, login_as: LogIn, count_queries: Any
) -> None:
    def make(count: int) -> None:
        for _ in range(count):
            own = make_category(owner=buyer)
            make_need(make_place(), category=own, unit=None)
            make_need(place, category=own, unit=place.unit)
        commit()

    make(2)
    client = login_as(buyer)
    page(client, path)
    with count_queries() as few:
        page(client, path)
    make(6)
    with count_queries() as many:
        page(client, path)
    assert len(many) == len(few) <= 14


def test_a_report_with_a_file_is_shown_in_few_queries(place: Place, login_as: LogIn, count_queries: Any) -> None:
    need = make_need(place, files=tuple(SentFile(f"{n}.txt", b"abc") for n in range(5)))
    client = login_as(place.orderer)
    with count_queries() as queries:
        page(client, f"/needs/{need.id}")
    assert len(queries) <= 12


def test_the_answers_day_is_told(place: Place, login_as: LogIn) -> None:
    need = make_need(place)
    need.due_on = date(2026, 12, 1)
    assert "svarar senast 1 december 2026" in page(login_as(place.orderer), f"/needs/{need.id}")


def test_agreements_page_asks_about_itself(place: Place, login_as: LogIn) -> None:
    agreement = make_agreement(place.organisation, title="Kopiering")
    assert "Kopiering" in page(login_as(place.orderer), f"/needs/new?agreement={agreement.number}")
    draft = make_agreement(place.organisation, state=AgreementState.DRAFT)
    page(login_as(place.orderer), f"/needs/new?agreement={draft.number}", 404)
