"""Something that stands in no price list: from the agreement's page through basket, till and approval to the order."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.demo.free_text import award_of as award_under
from core.db import reading
from tests.browser.conftest import Site

pytestmark = pytest.mark.browser

Check = Callable[[Page], None]
Picture = Callable[[Page, str], None]


@pytest.fixture
def site(demo: Site) -> Site:
    return demo


def award_of(site: Site, number: str) -> int:
    with site.app.app_context(), reading():
        return award_under(number).id


def empty_basket(page: Page) -> None:
    page.goto("/basket")
    while page.get_by_role("button", name=re.compile("^Ta bort")).count():
        page.get_by_role("button", name=re.compile("^Ta bort")).first.click()


def test_free_text_from_the_agreement_to_the_order(
    site: Site, page: Page, check_page: Check, screenshot: Picture
) -> None:
    site.log_in(page, "anna@ostersund.example")
    empty_basket(page)
    page.goto("/agreements/UK25-018")
    check_page(page)
    screenshot(page, "free-text-agreement")
    page.get_by_role("link", name="Beställ något som inte står i prislistan").click()
    expect(page.get_by_text("25\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}kr utan moms")).to_be_visible()
    check_page(page)
    screenshot(page, "free-text-new")
    page.get_by_role("textbox", name="Vad ska beställas?").fill("Byte av strömbrytare i aulan")
    page.get_by_label("Beskrivning").fill("Fyra stycken, vid scenen.")
    page.get_by_label("Antal, eller timmar").fill("3")
    page.get_by_label("Pris för en enhet").fill("700")
    page.get_by_role("button", name="Lägg i varukorgen").click()
    expect(page.get_by_role("alert")).to_contain_text("Timpriset på avtalet är högst 640,00")
    check_page(page)
    screenshot(page, "free-text-refused")
    page.get_by_role("radio", name="uppskattat pris").check()
    page.get_by_label("Offert eller annat underlag").set_input_files(
        {"name": "skiss.txt", "mimeType": "text/plain", "buffer": b"Vid scenen"}
    )
    page.get_by_role("checkbox", name="Skicka underlaget").check()
    page.get_by_role("button", name="Lägg i varukorgen").click()
    expect(page.get_by_role("status").first).to_contain_text("ligger i varukorgen")
    expect(page.get_by_text("Uppskattat pris.")).to_be_visible()
    check_page(page)
    screenshot(page, "free-text-basket")
    page.get_by_role("link", name="Till kassan").click()
    check_page(page)
    screenshot(page, "free-text-checkout")
    page.get_by_role("button", name="Skicka för godkännande").click()
    expect(page.get_by_text("Väntar på beslut").first).to_be_visible()
    check_page(page)
    address = page.url

    site.log_in(page, "maria@ostersund.example")
    page.goto("/approvals")
    page.get_by_role("link", name=re.compile(address.rpartition("/")[2])).first.click()
    expect(page.get_by_role("link", name="skiss.txt")).to_be_visible()
    expect(page.get_by_text("Uppskattat pris.")).to_be_visible()
    check_page(page)
    screenshot(page, "free-text-decide")
    page.get_by_role("button", name="Godkänn", exact=True).click()

    site.log_in(page, "anna@ostersund.example")
    page.goto(address)
    page.get_by_role("link", name=re.compile("^OSD-")).first.click()
    expect(page.get_by_text("(skickas till leverantören)")).to_be_visible()
    check_page(page)
    screenshot(page, "free-text-order")
    page.get_by_role("link", name="Beställ samma igen").click()
    expect(page.get_by_text("Det här stod inte i prislistan")).to_be_visible()
    check_page(page)
    screenshot(page, "free-text-again")


def test_where_free_text_is_not_allowed_the_legal_way_on_is_shown(site: Site, page: Page, check_page: Check) -> None:
    site.log_in(page, "anna@ostersund.example")
    page.goto("/agreements/UK24-031")
    expect(page.get_by_role("link", name="Beställ något som inte står i prislistan")).to_have_count(0)
    page.goto(f"/free-text/new/{award_of(site, 'UK24-031')}")
    expect(page.get_by_text("får bara det som står i prislistan beställas").first).to_be_visible()
    check_page(page)
    page.get_by_role("main").get_by_role("link", name="Anmäl behov").click()
    expect(page.get_by_text("Det som hindrade: avtalet medger inte fritext.")).to_be_visible()


def test_the_office_says_what_an_award_allows(site: Site, page: Page, check_page: Check, screenshot: Picture) -> None:
    site.log_in(page, "lars@upphandling.example")
    page.goto(f"/admin/awards/{award_of(site, 'UK25-018')}")
    expect(page.get_by_label("Högsta timpris, kr")).to_have_value("640")
    check_page(page)
    screenshot(page, "free-text-award")


def test_a_blanket_order_is_drawn_from(site: Site, page: Page, check_page: Check, screenshot: Picture) -> None:
    site.log_in(page, "anna@ostersund.example")
    page.goto(f"/free-text/new/{award_of(site, 'UK25-018')}")
    page.get_by_role("link", name="Lägg en ramorder för en tid").click()
    check_page(page)
    screenshot(page, "blanket-new")
    page.goto("/orders?q=Ljuspunkten")
    row = page.get_by_role("row").filter(has_text="Ramorder")
    check_page(page)
    row.get_by_role("link").first.click()
    expect(page.get_by_text("29 %")).to_be_visible()
    check_page(page)
    screenshot(page, "blanket-order")
    page.get_by_role("link", name="Anteckna en leverans").click()
    check_page(page)
    screenshot(page, "blanket-draw")
    page.get_by_label("Belopp").fill("20000")
    page.get_by_role("button", name="Spara").click()
    expect(page.get_by_role("alert")).to_contain_text("kvar av ramordern")
    page.get_by_label("Belopp").fill("590")
    page.get_by_role("button", name="Spara").click()
    expect(page.get_by_role("status").first).to_contain_text("Leveransen är antecknad.")


def test_an_emergency_order_leaves_at_once_and_is_approved_after(
    site: Site, page: Page, check_page: Check, screenshot: Picture
) -> None:
    site.log_in(page, "anna@ostersund.example")
    empty_basket(page)
    page.goto(f"/free-text/new/{award_of(site, 'UK25-018')}")
    page.get_by_role("textbox", name="Vad ska beställas?").fill("Jourutryckning, proppskåp")
    page.get_by_label("Antal, eller timmar").fill("2")
    page.get_by_role("button", name="Lägg i varukorgen").click()
    page.get_by_role("link", name="Till kassan").click()
    page.get_by_text("Kan det inte vänta?").click()
    page.get_by_role("checkbox", name="Nödbeställning").check()
    page.get_by_role("button", name="Skicka för godkännande").click()
    expect(page.get_by_role("alert")).to_contain_text("Skriv varför det inte kan vänta.")
    check_page(page)
    screenshot(page, "emergency-checkout")
    page.get_by_label("Varför kan det inte vänta").fill("Köket är strömlöst.")
    page.get_by_role("button", name="Skicka för godkännande").click()
    expect(page.get_by_text("Beställd, väntar på godkännande i efterhand")).to_be_visible()
    check_page(page)
    screenshot(page, "emergency-requisition")
    address = page.url
    page.get_by_role("link", name=re.compile("^OSD-")).first.click()
    expect(page.get_by_text("Skäl: ”Köket är strömlöst.”")).to_be_visible()
    check_page(page)
    screenshot(page, "emergency-order")

    site.log_in(page, "maria@ostersund.example")
    page.goto("/approvals")
    check_page(page)
    page.get_by_role("link", name=re.compile(address.rpartition("/")[2])).first.click()
    expect(page.get_by_role("button", name="Skicka tillbaka")).to_have_count(0)
    check_page(page)
    screenshot(page, "emergency-decide")
    page.get_by_role("button", name="Godkänn", exact=True).click()

    site.log_in(page, "birgitta@ostersund.example")
    page.goto("/emergencies")
    expect(page.get_by_text("Köket är strömlöst.")).to_be_visible()
    check_page(page)
    screenshot(page, "emergency-report")
    page.goto("/emergencies?first=2000-01-01&last=2000-01-02")
    expect(page.get_by_text("Inga nödbeställningar")).to_be_visible()
