"""From an agreement that demands competition to the won price in the basket: asked, sealed, opened by two, decided."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.clock import frozen
from core.db import reading
from exchange.outbox import messages_about
from orders.competition import Competition
from orders.competition_mail import about
from tests.browser.conftest import NewPage, Site

pytestmark = pytest.mark.browser

Check = Callable[[Page], None]
Picture = Callable[[Page, str], None]


@pytest.fixture
def site(demo: Site) -> Site:
    return demo


def newest(site: Site) -> tuple[Competition, list[str]]:
    """The latest competition, and the suppliers' links to it."""
    with site.app.app_context(), reading() as session:
        found = session.scalars(select(Competition).order_by(Competition.id.desc())).first()
        assert found is not None
        mails = [mail.text for mail in messages_about(about(found)) if "/bids/" in mail.text]
        session.expunge(found)
    links = [match.group() for text in mails if (match := re.search(r"/bids/\S+", text))]
    return found, links


def test_a_competition_from_the_request_to_the_basket(
    site: Site, page: Page, new_page: NewPage, check_page: Check, screenshot: Picture
) -> None:
    site.log_in(page, "anna@ostersund.example")
    page.goto("/agreements/UK25-030")
    page.get_by_role("link", name="Begär anbud").click()
    check_page(page)
    page.get_by_role("button", name="Skicka till leverantörerna").click()
    expect(page.get_by_role("alert")).to_contain_text("Fyll i det här fältet.")
    check_page(page)
    page.get_by_label("Vad gäller det?").fill("Podier till aulan")
    page.get_by_label("Krav och beskrivning").fill("Fyra podier i björk, 100 x 200 cm, som går att stapla.")
    page.get_by_role("group", name="Rad 1").get_by_label("Vad", exact=True).fill("Podium")
    page.get_by_role("group", name="Rad 1").get_by_label("Antal").fill("4")
    screenshot(page, "competition-new")
    page.get_by_role("button", name="Skicka till leverantörerna").click()
    expect(page.get_by_role("status").first).to_contain_text("Förfrågan är skickad")
    expect(page.get_by_text("Till dess är svaren förseglade")).to_be_visible()
    check_page(page)
    screenshot(page, "competition-running")
    address = page.url
    competition, links = newest(site)

    supplier = new_page()
    for link, price in zip(links, ("3 900", "4 250"), strict=False):
        supplier.goto(link)
        check_page(supplier)
        screenshot(supplier, "bid-new")
        supplier.get_by_role("button", name="Försegla och skicka svaret").click()
        expect(supplier.get_by_role("alert")).to_contain_text("Ange ett pris på varje rad")
        check_page(supplier)
        supplier.get_by_role("group", name="1. Podium").get_by_label("Pris per enhet").fill(price)
        supplier.get_by_role("button", name="Försegla och skicka svaret").click()
        expect(supplier.get_by_role("heading", name="Ert svar är mottaget och förseglat")).to_be_visible()
        check_page(supplier)
    page.reload()
    expect(page.get_by_role("main")).not_to_contain_text("3 900")

    with frozen(competition.deadline_at + timedelta(hours=10)):
        supplier.goto(links[2])
        expect(supplier.get_by_role("heading", name="Tiden har gått ut")).to_be_visible()
        check_page(supplier)
        open_and_decide(site, page, address, check_page, screenshot)
        site.log_in(page, "anna@ostersund.example")
        page.goto(address)
        page.get_by_role("button", name="Lägg det vunna anbudet i varukorgen").click()
        won = page.get_by_role("listitem").filter(has_text="Podium")
        expect(won).to_contain_text("Vunnet anbud")
        expect(won).to_contain_text("15\N{NO-BREAK SPACE}600,00")
        check_page(page)
        screenshot(page, "competition-basket")


def open_and_decide(site: Site, page: Page, address: str, check_page: Check, screenshot: Picture) -> None:
    site.log_in(page, "lars@upphandling.example")
    page.goto(address)
    page.get_by_role("link", name="Öppna anbuden tillsammans med").click()
    check_page(page)
    page.get_by_label("Den andra personen").select_option(label="Karin Wikström")
    page.get_by_role("button", name="Fråga").click()
    expect(page.get_by_text("De öppnas när Karin Wikström trycker på knappen")).to_be_visible()

    site.log_in(page, "karin@upphandling.example")
    page.goto(address)
    check_page(page)
    page.get_by_role("button", name="Öppna anbuden").click()
    expect(page.get_by_text("av Lars Hedenstedt och Karin Wikström")).to_be_visible()
    check_page(page)
    screenshot(page, "competition-opened")
    for number, grade in enumerate(("8", "6")):
        page.locator("details.bid > summary").nth(number).click()
        page.get_by_role("link", name="Bedöm anbudet").first.click()
        check_page(page)
        page.get_by_label("Betyg").fill(grade)
        page.get_by_label("Motivering").fill("Tydlig plan." if number == 0 else "Kort plan.")
        page.get_by_role("button", name="Spara bedömningen").click()
    page.get_by_role("link", name="Besluta vem som vinner").click()
    check_page(page)
    screenshot(page, "competition-decide")
    page.get_by_label("Skäl till beslutet").fill("Bäst pris och bäst plan.")
    page.get_by_role("button", name="Besluta och skicka besked").click()
    expect(page.get_by_role("heading", name=re.compile("vann med 15"))).to_be_visible()
    check_page(page)
    screenshot(page, "competition-decided")
