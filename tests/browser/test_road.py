"""The road of an order as people walk it: search, basket, till, approval, mail, receipt. Every page is checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from threading import Event

import pytest
from playwright.sync_api import Page, expect

from app.worker import run_once
from tests.browser.conftest import NewPage, Site, log_in_by_form
from tests.browser.keyboard import Keyboard

pytestmark = pytest.mark.browser

Check = Callable[[Page], None]
Picture = Callable[[Page, str], None]


@pytest.fixture
def site(demo: Site) -> Site:
    return demo


def test_from_search_to_received_goods(
    site: Site, page: Page, new_page: NewPage, check_page: Check, screenshot: Picture
) -> None:
    def look(name: str, shown: Page = page) -> None:
        check_page(shown)
        screenshot(shown, f"road-{name}")

    # the orderer finds paper and sends her basket
    page.goto("/")
    look("login")
    log_in_by_form(page, "anna@ostersund.example")
    look("start")
    page.get_by_role("combobox").fill("papper")
    page.get_by_role("button", name="Sök").click()
    look("search")
    hit = page.locator(".hit").first
    name = hit.get_by_role("heading").inner_text()
    hit.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("ligger i varukorgen")
    page.get_by_role("link", name=name).first.click()
    look("article")
    page.get_by_role("link", name="Varukorg").click()
    look("basket")
    page.get_by_role("link", name="Till kassan").click()
    look("checkout")
    page.get_by_role("button", name="Skicka för godkännande").click()
    expect(page.get_by_role("status")).to_contain_text("Skickad för godkännande")
    look("requisition")
    requisition = page.url

    # her approver follows the link in the mail, which asks who she is
    page.goto("/mailbox?to=maria@ostersund.example")
    page.get_by_role("link", name=re.compile("^Att godkänna: ")).first.click()
    look("letter")
    link = page.locator("main a[href*='/approve/']").get_attribute("href")
    approver = new_page()
    approver.goto(str(link))
    expect(approver).to_have_url(re.compile("/login"))
    log_in_by_form(approver, "maria@ostersund.example")
    expect(approver.get_by_role("heading", name="Ditt beslut")).to_be_visible()
    look("decide", approver)
    approver.get_by_role("button", name="Godkänn", exact=True).click()
    look("decided", approver)
    approver.goto("/approvals")
    look("approvals", approver)

    # she opens her order, with its files
    page.goto(requisition)
    look("approved")
    page.locator("#verdict + .list").get_by_role("link").first.click()
    look("order")
    expect(page.locator("main")).to_contain_text("skickas snart")
    pdf = page.request.get(str(page.get_by_role("link", name="Visa PDF").get_attribute("href")))
    assert (pdf.headers["content-type"], pdf.body()[:5]) == ("application/pdf", b"%PDF-")
    with page.expect_download() as download:
        page.get_by_role("link", name="Hämta XML").click()
    assert b"<Order" in download.value.path().read_bytes()

    # the worker hands it to the supplier, and the goods come
    run_once(site.app, Event())
    page.reload()
    expect(page.get_by_label("Om beställningen")).to_contain_text("Skickad till order@")
    page.get_by_role("link", name="Ta emot varor").click()
    look("receive")
    page.get_by_role("button", name="Allt kom").click()
    expect(page.locator("main")).to_contain_text("Avslutad")
    look("received")
    page.get_by_role("link", name="Beställningar").first.click()
    look("orders")


def test_the_road_by_keyboard_alone(site: Site, page: Page, new_page: NewPage) -> None:
    orderer = Keyboard(page)
    page.goto("/")
    orderer.log_in("sara@ostersund.example")
    orderer.walk_to(page.get_by_role("combobox"))
    orderer.write("papper")
    orderer.press_enter()
    orderer.skip_to_content()
    orderer.walk_to(page.locator(".hit .add-quantity").first)
    orderer.walk_to(page.locator(".hit button").first)
    orderer.press_enter()
    expect(page.get_by_role("status")).to_contain_text("ligger i varukorgen")
    orderer.walk_to(page.get_by_role("link", name="Till varukorgen"))
    orderer.press_enter()
    orderer.skip_to_content()
    orderer.walk_to(page.get_by_role("link", name="Till kassan"))
    orderer.press_enter()
    orderer.skip_to_content()
    orderer.walk_to(page.get_by_label("Meddelande till den som ska godkänna"))
    orderer.write("Till skolstarten.")
    orderer.walk_to(page.get_by_role("button", name="Skicka för godkännande"))
    orderer.press_enter()
    expect(page.get_by_role("heading", name="Väntar på beslut")).to_be_visible()

    window = new_page()
    approver = Keyboard(window)
    window.goto("/")
    approver.log_in("jonas@ostersund.example")
    approver.walk_to(window.get_by_role("link", name="Attestera"))
    approver.press_enter()
    approver.skip_to_content()
    approver.walk_to(window.locator(".task", has_text="Till skolstarten.").get_by_role("link", name="Läs och besluta"))
    approver.press_enter()
    approver.skip_to_content()
    approver.walk_to(window.get_by_role("button", name="Godkänn", exact=True))
    approver.press_enter()
    approver.walk_to(window.locator("details.menu > summary"))
    window.keyboard.press("Enter")
    approver.walk_to(window.get_by_role("button", name="Logga ut"))
    approver.press_enter()
    expect(window).to_have_url(re.compile("/login"))

    orderer.walk_to(page.get_by_role("link", name="Beställningar", exact=True).first)
    orderer.press_enter()
    orderer.skip_to_content()
    orderer.walk_to(page.locator("tbody a").first)
    orderer.press_enter()
    orderer.skip_to_content()
    orderer.walk_to(page.get_by_role("link", name="Ta emot varor"))
    orderer.press_enter()
    orderer.skip_to_content()
    orderer.walk_to(page.get_by_role("button", name="Allt kom"))
    orderer.press_enter()
    expect(page.locator("main")).to_contain_text("Avslutad")


def test_the_road_without_scripts(site: Site, new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    page.goto("/")
    log_in_by_form(page, "ida@are.example")
    page.get_by_role("searchbox").fill("papper")
    page.get_by_role("button", name="Sök").click()
    page.locator(".hit button").first.click()
    expect(page.get_by_role("status")).to_contain_text("ligger i varukorgen")
    page.get_by_role("link", name="Till varukorgen").click()
    line = page.locator(".line").first
    line.get_by_role("textbox", name=re.compile("Antal")).fill("25")
    line.get_by_role("button", name="Ändra").click()
    expect(line.get_by_role("textbox", name=re.compile("Antal"))).to_have_value("25")
    page.get_by_role("link", name="Till kassan").click()
    page.get_by_role("button", name="Skicka för godkännande").click()
    expect(page.get_by_role("heading", name="Väntar på beslut")).to_be_visible()
    expect(page.get_by_text("Henrik Dahl har fått frågan.")).to_be_visible()
