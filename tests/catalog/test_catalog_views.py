"""The pages of search, article and agreements: what they show to whom, and how much they ask of the database."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from flask.testing import FlaskClient

from auth.organisation import Organisation
from auth.permission import Role
from auth.user import User
from catalog.agreement import Agreement, AgreementDocument, AgreementState, CallOffMethod, LegalRegime
from catalog.price_list import Article
from catalog.search.index import index_folder
from core.clock import now, today
from core.db import TransactionalFlask, db
from tests.factories.auth import make_member, make_office, make_organisation, make_user
from tests.factories.catalog import (
    make_agreement,
    make_award,
    make_category,
    make_ceiling,
    make_lot,
    make_offer,
    make_price_list,
    make_supplier,
)

Browser = Callable[[User], FlaskClient]


@pytest.fixture(autouse=True)
def no_index(app: TransactionalFlask) -> Iterator[None]:
    shutil.rmtree(index_folder(), ignore_errors=True)
    yield


@pytest.fixture
def town(app: TransactionalFlask) -> Organisation:
    return make_organisation()


@pytest.fixture
def karin(town: Organisation, login_as: Browser) -> FlaskClient:
    """The browser of an orderer."""
    return login_as(make_member(Role.ORDERER, town))


def page(browser: FlaskClient, path: str, status: int = 200) -> str:
    response = browser.get(path)
    assert response.status_code == status, response.text
    return response.text


# Search


def test_the_catalogue_demands_a_log_in(client: FlaskClient) -> None:
    for path in ("/search", "/articles/1", "/agreements", "/agreements/x", "/agreements/x/documents/1"):
        assert client.get(path).status_code == 303


def test_a_system_administrator_has_no_catalogue(town: Organisation, login_as: Browser) -> None:
    browser = login_as(make_member(Role.SYSTEM_ADMIN, town))
    assert [browser.get(path).status_code for path in ("/search", "/agreements")] == [403, 403]


def test_search_shows_price_supplier_and_a_way_into_the_basket(town: Organisation, karin: FlaskClient) -> None:
    article = make_offer(town, name="Kopieringspapper A4", price=Decimal("49.90"), minimum_quantity=Decimal(5))
    text = page(karin, "/search?q=papper")
    assert "Kopieringspapper A4" in text
    assert "49,90\xa0kr per förp" in text
    assert article.award.supplier.name in text
    assert 'name="quantity"' in text and 'value="5"' in text
    assert f'name="article_id" value="{article.id}"' in text


def test_only_orderers_get_a_basket(town: Organisation, login_as: Browser) -> None:
    make_offer(town, name="Kopieringspapper A4")
    text = page(login_as(make_member(Role.APPROVER, town)), "/search?q=papper")
    assert "Kopieringspapper A4" in text
    assert 'name="article_id"' not in text


def test_the_front_of_the_catalogue_lists_categories(town: Organisation, karin: FlaskClient) -> None:
    root = make_category(name="Kontor")
    lot = make_lot(make_agreement(town), category=make_category(name="Papper och block", parent=root))
    make_price_list(make_award(lot), [{}, {}])
    make_category(name="Tom gren")
    text = page(karin, "/search")
    assert "Kontor" in text and "Papper och block" in text and "2 artiklar" in text
    assert "Tom gren" not in text
    assert "Kopieringspapper" in page(karin, f"/search?category={root.id}")


def test_nothing_found_says_what_to_do(town: Organisation, karin: FlaskClient) -> None:
    make_offer(town)
    text = page(karin, "/search?q=helikopter")
    assert "Inget hittades" in text
    assert "/agreements" in text


def test_what_cannot_be_ordered_is_shown_greyed_when_asked(town: Organisation, karin: FlaskClient) -> None:
    make_offer(make_organisation(), name="Granskog")
    assert "Granskog</a>" not in page(karin, "/search?q=granskog")
    text = page(karin, "/search?q=granskog&show=all")
    assert "Granskog" in text and "Går inte att beställa" in text and 'name="article_id"' not in text


def test_the_text_of_a_question_is_escaped(town: Organisation, karin: FlaskClient) -> None:
    assert "<script>alert" not in page(karin, "/search?q=<script>alert(1)</script>&mark=<script>alert(1)</script>")


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=99999999999999", "page=x", "supplier=x", "supplier=9" + "9" * 30, "sort=x"]
)
def test_odd_values_in_the_address_do_no_harm(town: Organisation, karin: FlaskClient, query: str) -> None:
    make_offer(town)
    page(karin, f"/search?q=papper&{query}")
    page(karin, f"/agreements?q=papper&category=x&{query}")


def test_pages_of_the_catalogue_take_few_queries(
    town: Organisation, karin: FlaskClient, count_queries: Callable[[], Any]
) -> None:
    agreement = make_agreement(town, number="UK-Q")
    counted: dict[str, list[int]] = {}
    for _ in range(3):
        for _ in range(4):
            lot = make_lot(agreement, category=make_category(parent=make_category()), method=CallOffMethod.RANKING)
            for _ in range(2):
                make_price_list(make_award(lot), [{"name": "Papper"} for _ in range(4)])
            make_ceiling(agreement, Decimal(10**6), lot=lot)
            make_agreement(town)
        article_id = db.session.query(Article.id).order_by(Article.id.desc()).limit(1).scalar()
        for path in ("/search?q=papper", "/search", f"/articles/{article_id}", "/agreements", "/agreements/UK-Q"):
            page(karin, path)  # the first one indexes
            with count_queries() as queries:
                page(karin, path)
            counted.setdefault(path.split("/")[1] + path[-2:].strip("0123456789"), []).append(len(queries))
    assert all(len(set(of_page)) == 1 and of_page[0] <= 10 for of_page in counted.values()), counted


# Article


def test_an_article_tells_price_terms_and_why_this_supplier(town: Organisation, karin: FlaskClient) -> None:
    lot = make_lot(make_agreement(town), method=CallOffMethod.RANKING, clause="Avtalet punkt 7.3")
    make_price_list(make_award(lot, make_supplier(name="Först AB")), [{}])
    second = make_award(lot, make_supplier(name="Sedan AB"), freight=Decimal(95))
    make_price_list(second, [{"name": "Pärm", "gtin": "7350000000012", "description": "<b>A4</b>"}])
    article = db.session.query(Article).filter_by(award_id=second.id).one()
    text = page(karin, f"/articles/{article.id}")
    for part in ("Pärm", "7350000000012", "Avtalet punkt 7.3", "Först AB", "95,00", "&lt;b&gt;A4"):
        assert part in text
    assert "ska få frågan före" in text
    assert 'name="article_id"' in text  # the answer of the first is noted in the basket


def test_a_superseded_row_leads_to_the_one_in_force(town: Organisation, karin: FlaskClient) -> None:
    article = make_offer(town, supplier_number="KP-1")
    make_price_list(article.award, [{"supplier_number": "KP-1"}])
    new = db.session.query(Article).filter_by(award_id=article.award_id).order_by(Article.id.desc()).first()
    assert new is not None
    text = page(karin, f"/articles/{article.id}")
    assert "äldre rad" in text and f'href="/articles/{new.id}"' in text
    assert "Godkänn ändringen i varukorgen" not in text and "Lägg i varukorgen" not in text
    assert "äldre rad" not in page(karin, f"/articles/{new.id}")


def test_unknown_and_hidden_articles_do_not_exist(town: Organisation, karin: FlaskClient, login_as: Browser) -> None:
    article = make_offer(town)
    agreement_id = article.award.lot.agreement_id
    set_state(agreement_id, AgreementState.DRAFT)
    assert page(karin, "/articles/999999999", 404) != ""
    page(karin, f"/articles/{article.id}", 404)
    page(karin, f"/articles/{10**30}", 404)


def set_state(agreement_id: int, state: AgreementState) -> None:
    db.session.execute(db.update(Agreement).where(Agreement.id == agreement_id).values(state=state))
    db.session.expire_all()


# Agreements


def test_all_staff_find_all_agreements(town: Organisation, karin: FlaskClient) -> None:
    ours = make_agreement(town, title="Åkgräsklippare", number="UK-1A")
    make_award(make_lot(ours), make_supplier(name="Ängens Maskin AB"))
    make_agreement(title="Städ", number="UK-2B")
    text = page(karin, "/agreements")
    assert "Åkgräsklippare" in text and "Städ" in text and "Ängens Maskin AB" in text
    for query in ("q=åkgräs", "q=uk-1a", "q=ängens", "scope=mine"):
        found = page(karin, f"/agreements?{query}")
        assert "UK-1A" in found and "UK-2B" not in found, query
    assert "Inga avtal hittades" in page(karin, "/agreements?q=100%25")


def test_the_list_is_narrowed_by_category_and_time(town: Organisation, karin: FlaskClient) -> None:
    from_today = today()
    branch = make_category()
    make_agreement(town, number="UK-GREN", category=make_category(parent=branch))
    make_agreement(town, number="UK-SLUT", ends_on=from_today)
    make_agreement(town, number="UK-NY", starts_on=from_today)
    make_agreement(town, number="UK-FÖRR", state=AgreementState.ENDED)

    def numbers(query: str) -> set[str]:
        text = page(karin, f"/agreements?{query}")
        return {n for n in ("UK-GREN", "UK-SLUT", "UK-NY", "UK-FÖRR") if n in text}

    assert numbers(f"category={branch.id}") == {"UK-GREN"}
    assert numbers("scope=ending") == {"UK-SLUT"}
    assert numbers("scope=new") == {"UK-NY"}
    assert numbers("scope=ended") == {"UK-FÖRR"}
    assert numbers("") == {"UK-GREN", "UK-SLUT", "UK-NY"}


def test_an_agreement_tells_what_who_how_and_how_much(town: Organisation, karin: FlaskClient) -> None:
    buyer = make_user(name="Maj Holm", email="maj.holm@kontor.example")
    agreement = make_agreement(town, number="UHK 2025/118-3", responsible=buyer, how_to_order="Beställ före lunch.")
    lot = make_lot(agreement, clause="Punkt 4.2", title="Papper")
    make_price_list(make_award(lot, make_supplier(name="Pappersbruket AB")), [{}, {}])
    make_ceiling(agreement, Decimal(1000), ordered=Decimal(250))
    make_ceiling(agreement, None, lot=lot)
    text = page(karin, "/agreements/UHK%202025/118-3")
    for part in (
        *(town.name, "Beställ före lunch.", "Punkt 4.2", "Pappersbruket AB", "2 artiklar", "Maj Holm"),
        *("maj.holm@kontor.example", "25 %", "Takvolymen är okänd", "Vi får beställa"),
    ):
        assert part in text, part


@pytest.mark.parametrize(
    ("regime", "clause"),
    [(LegalRegime.LOU, "(LOU 7 kap. 3 §)"), (LegalRegime.LUF, "(LUF 7 kap. 3 §)"), (LegalRegime.LOU_19, "")],
)
def test_an_agreement_names_the_law_that_it_was_procured_under(
    regime: LegalRegime, clause: str, karin: FlaskClient
) -> None:
    text = page(karin, f"/agreements/{make_agreement(legal_regime=regime).number}")
    assert ("7 kap. 3 §" in text) is bool(clause) and clause in text


@pytest.mark.parametrize("method", [CallOffMethod.RANKING, CallOffMethod.COMBINATION])
def test_an_agreement_shows_the_places_of_every_ranking(method: CallOffMethod, karin: FlaskClient) -> None:
    agreement = make_agreement()
    make_award(make_lot(agreement, method=method), rank=7)
    assert "<strong>7.</strong>" in page(karin, f"/agreements/{agreement.number}")


def test_an_agreement_without_a_ceiling_says_so(town: Organisation, karin: FlaskClient) -> None:
    make_agreement(number="UK-UTAN")
    text = page(karin, "/agreements/UK-UTAN")
    assert "Takvolymen är inte angiven" in text
    assert "Vi får inte beställa" in text


def test_drafts_are_seen_by_those_who_manage_them_and_nobody_else(
    app: TransactionalFlask, town: Organisation, login_as: Browser
) -> None:
    office = make_office()
    make_agreement(town, owner=office, number="UK-HEMLIGT", title="Hemligt", state=AgreementState.DRAFT)
    orderer = make_member(Role.ORDERER, town)
    owner = make_member(Role.AGREEMENT_OWNER, office)
    browser = login_as(orderer, app.test_client())  # type: ignore[call-arg]
    page(browser, "/agreements/UK-HEMLIGT", 404)
    assert "UK-HEMLIGT" not in page(browser, "/agreements?q=hemligt")
    assert "UK-HEMLIGT" not in page(browser, "/search?q=hemligt&show=all")
    browser = login_as(owner, app.test_client())  # type: ignore[call-arg]
    assert "Hemligt" in page(browser, "/agreements/UK-HEMLIGT")
    assert "UK-HEMLIGT" in page(browser, "/agreements?q=hemligt")


def test_documents_are_downloads_of_their_own_agreement(town: Organisation, karin: FlaskClient) -> None:
    agreement, other = make_agreement(number="UK-DOK"), make_agreement(number="UK-ANNAT")
    content = b"<script>alert(1)</script>"
    document = AgreementDocument(
        agreement=agreement,
        name="Avtal å.html",
        media_type="text/html",
        sha256=sha256(content).hexdigest(),
        size=len(content),
        content=content,
        added_at=now(),
    )
    db.session.add(document)
    db.session.flush()
    response = karin.get(f"/agreements/{agreement.number}/documents/{document.id}")
    assert response.data == content
    assert response.mimetype == "application/octet-stream"
    assert response.headers["Content-Disposition"].startswith("attachment")
    page(karin, f"/agreements/{other.number}/documents/{document.id}", 404)
    set_state(agreement.id, AgreementState.DRAFT)
    page(karin, f"/agreements/{agreement.number}/documents/{document.id}", 404)


@pytest.mark.parametrize(
    "path",
    [
        *("/search?category=99999999999999999999", "/search?supplier=99999999999999999999", "/search?q=a%00b&mark=%00"),
        *("/search?page=99999999999999999999", "/agreements?q=%00", "/agreements?category=99999999999999999999"),
        *("/agreements/%00", "/agreements/%ED%A0%80"),
    ],
)
def test_no_address_makes_a_fault(path: str, karin: FlaskClient) -> None:
    assert karin.get(path).status_code < 500
