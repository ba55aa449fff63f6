"""What a person meets where she may not go on: what is refused, why, and the way on. Every such page is checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from auth.organisation import Organisation
from auth.user import User
from catalog.actions.agreement import pause
from catalog.agreement import Agreement, Award, Lot
from catalog.price_list import Article, PriceList, PriceListState
from catalog.queries import articles_by_id
from catalog.supplier import Supplier
from core.clock import today
from core.db import db, unit_of_work
from orders.actions.basket import add
from orders.actions.rule import set_rule_active
from orders.approval import ApprovalRule
from tests.browser.conftest import Site
from tests.factories.catalog import make_price_list

pytestmark = pytest.mark.browser

Check = Callable[[Page], None]
Picture = Callable[[Page, str], None]


@pytest.fixture
def site(demo: Site) -> Site:
    return demo


def user(email: str) -> User:
    return db.session.scalars(select(User).where(User.email == email)).one()


def first_article(agreement: str, supplier: str) -> Article:
    """The first that a supplier sells today under an agreement of the demo."""
    statement = (
        select(Article.id)
        .join(PriceList, PriceList.id == Article.price_list_id)
        .join(Award, Award.id == Article.award_id)
        .join(Lot, Lot.id == Award.lot_id)
        .join(Agreement, Agreement.id == Lot.agreement_id)
        .join(Supplier, Supplier.id == Award.supplier_id)
        .where(PriceList.state == PriceListState.PUBLISHED, PriceList.effective_from <= today())
        .where(Agreement.number == agreement, Supplier.name == supplier)
        .order_by(Article.id)
        .limit(1)
    )
    article_id = db.session.scalars(statement).one()
    return articles_by_id([article_id])[article_id]


def put_into_basket(orderer: User, article: Article) -> None:
    quantity = article.minimum_quantity or article.quantity_multiple or Decimal(1)
    add(orderer, orderer.organisations()[0], article, quantity)


def stop(page: Page) -> Locator:
    """What is refused: it says so in words, and names its clause in brackets and the way on."""
    finding = page.locator(".finding-stop")
    expect(finding).to_have_count(1)
    expect(finding).to_contain_text("Går inte:")
    expect(finding.locator(".clause")).to_have_text(re.compile(r"^\(.+\)$"))
    expect(finding.locator(".way-on")).not_to_be_empty()
    return finding


def test_an_article_of_somebody_elses_agreement_can_be_read_but_not_ordered(
    site: Site, page: Page, check_page: Check, screenshot: Picture
) -> None:
    with site.app.app_context():
        article_id = first_article("UK24-045", "Härjebygg Trävaror AB").id
    site.log_in(page, "anna@ostersund.example")
    page.goto(f"/articles/{article_id}")
    expect(stop(page)).to_contain_text("Östersunds kommun får inte avropa på avtalet UK24-045. (LOU 7 kap. 3 §)")
    expect(page.get_by_role("button", name=re.compile("varukorg"))).to_have_count(0)
    check_page(page)
    screenshot(page, "refusal-not-entitled")


def test_a_paused_agreement_stops_the_basket_until_the_line_is_gone(
    site: Site, page: Page, check_page: Check, screenshot: Picture
) -> None:
    with site.app.app_context(), unit_of_work():
        article = first_article("UK25-018", "Ljuspunkten Armatur AB")
        put_into_basket(user("ulla@ostersund.example"), article)
        pause(user("karin@upphandling.example"), article.award.lot.agreement, "Priserna granskas.")
    site.log_in(page, "ulla@ostersund.example")
    page.goto("/basket")
    expect(stop(page)).to_contain_text("Avtalet UK25-018 är pausat just nu.")
    expect(page.get_by_role("button", name="Till kassan")).to_be_disabled()
    check_page(page)
    screenshot(page, "refusal-paused")
    page.goto("/checkout")
    expect(page.get_by_role("button", name="Skicka för godkännande")).to_be_disabled()
    check_page(page)
    page.get_by_role("link", name="Se vad som återstår").click()
    page.get_by_role("button", name=re.compile("Ta bort")).click()
    expect(page.get_by_text("Varukorgen är tom")).to_be_visible()
    check_page(page)


def test_a_noted_refusal_opens_the_next_place_in_the_ranking(
    site: Site, page: Page, check_page: Check, screenshot: Picture
) -> None:
    with site.app.app_context():
        article_id = first_article("UK24-011", "Skrivlagret Sverige AB").id
    site.log_in(page, "david@ostersund.example")
    page.goto(f"/articles/{article_id}")
    expect(stop(page)).to_contain_text("Norrkontor AB")
    check_page(page)
    page.get_by_role("button", name=re.compile("Lägg i varukorgen")).click()
    page.goto("/basket")
    expect(stop(page)).to_contain_text("Avtalet punkt 4.2")
    check_page(page)
    screenshot(page, "refusal-ranking")
    page.get_by_role("link", name="Anteckna att Norrkontor AB inte kan leverera").click()
    check_page(page)
    page.get_by_role("button", name="Spara svaret").click()
    expect(page.locator(".error-summary")).to_be_focused()
    check_page(page)
    screenshot(page, "refusal-noting")
    page.get_by_label("Kan inte leverera").check()
    page.get_by_label("Tillfrågad den").fill((today() - timedelta(days=1)).isoformat())
    page.get_by_label("Klockan").fill("09:30")
    page.get_by_label("Vad sa de?").fill("Slut i lager till nästa månad.")
    page.get_by_role("button", name="Spara svaret").click()
    expect(page.get_by_role("status")).to_contain_text("Svaret från Norrkontor AB är antecknat.")
    expect(page.locator(".finding-stop")).to_have_count(0)
    check_page(page)
    page.get_by_role("link", name="Till kassan").click()
    expect(page.get_by_role("button", name="Skicka för godkännande")).to_be_enabled()


def test_a_changed_price_is_shown_and_accepted(site: Site, page: Page, check_page: Check, screenshot: Picture) -> None:
    with site.app.app_context(), unit_of_work():
        article = first_article("UK25-012", "Fjälltele AB")
        put_into_basket(user("linnea@ostersund.example"), article)
        row = {name: getattr(article, name) for name in ("supplier_number", "name", "unit_code", "vat_class")}
        make_price_list(article.award, [{**row, "price": article.price + 100}])
    site.log_in(page, "linnea@ostersund.example")
    page.goto("/basket")
    expect(stop(page)).to_contain_text(re.compile(r"2\s345,00.*2\s445,00"))
    check_page(page)
    screenshot(page, "refusal-price")
    page.get_by_role("button", name=re.compile("Godta nytt pris")).click()
    expect(page.locator(".finding-stop")).to_have_count(0)
    expect(page.get_by_role("link", name="Till kassan")).to_be_visible()


def test_where_nobody_can_approve_the_till_says_so_before_anything_is_sent(
    site: Site, page: Page, check_page: Check, screenshot: Picture
) -> None:
    with site.app.app_context(), unit_of_work() as session:
        put_into_basket(user("siv@harjedalen.example"), first_article("UK24-011", "Pappershuset i Mitt AB"))
        rules = session.scalars(
            select(ApprovalRule)
            .join(Organisation, Organisation.id == ApprovalRule.organisation_id)
            .where(Organisation.name.startswith("Härjedalen"))
        )
        for rule in rules:
            set_rule_active(user("tore@harjedalen.example"), rule, False)
    site.log_in(page, "siv@harjedalen.example")
    page.goto("/checkout")
    refusal = page.locator(".finding-stop")
    expect(refusal).to_contain_text("Ingen attestregel passar den här beställningen")
    expect(refusal.locator(".way-on")).to_contain_text("Be organisationens administratör")
    expect(page.get_by_role("button", name="Skicka för godkännande")).to_be_disabled()
    check_page(page)
    screenshot(page, "refusal-nobody")
