"""Who may say yes when things go wrong: approvers who fall ill, and amounts that need two people in union."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from threading import Event

import pytest
from playwright.sync_api import Page, expect

from app.worker import run_once
from core.clock import today
from tests.browser.conftest import NewPage, Site, log_in_by_form
from tests.browser.keyboard import Keyboard

pytestmark = pytest.mark.browser

Check = Callable[[Page], None]
Picture = Callable[[Page, str], None]


@pytest.fixture
def site(demo: Site) -> Site:
    return demo


def send_in(site: Site, page: Page, email: str, quantity: str | None = None) -> str:
    """Somebody orders paper; the address of the requisition, which waits."""
    site.log_in(page, email)
    page.goto("/search?q=skrivarpapper")
    if quantity:
        page.locator(".hit").first.get_by_role("textbox", name=re.compile("Antal")).fill(quantity)
    page.locator(".hit").first.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("ligger i varukorgen")
    page.goto("/checkout")
    page.get_by_role("button", name="Skicka för godkännande").click()
    expect(page.get_by_role("heading", name="Väntar på beslut")).to_be_visible()
    return page.url


def mailed_link(page: Page, email: str) -> str:
    """The link in somebody's newest request for a decision; `page` is the window of anybody who is logged in."""
    page.goto(f"/mailbox?to={email}")
    page.get_by_role("link", name=re.compile("^Att godkänna: ")).first.click()
    return str(page.locator("main a[href*='/approve/']").get_attribute("href"))


def decide_from(link: str, page: Page, email: str) -> None:
    """Somebody who is not logged in follows her link, and logs in."""
    page.goto(link)
    expect(page).to_have_url(re.compile("/login"))
    log_in_by_form(page, email)
    expect(page.get_by_role("heading", name="Ditt beslut")).to_be_visible()


def approve(page: Page) -> None:
    page.get_by_role("button", name="Godkänn", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Du har godkänt")


def open_order(page: Page, requisition: str) -> None:
    page.goto(requisition)
    page.locator("#verdict + .list").get_by_role("link").first.click()


def test_the_administrator_appoints_a_substitute_for_an_approver_who_has_fallen_ill(
    site: Site, page: Page, new_page: NewPage, check_page: Check, screenshot: Picture
) -> None:
    requisition = send_in(site, page, "fatima@ostersund.example")
    expect(page.get_by_text("Per Ängman har fått frågan.")).to_be_visible()

    administrator = new_page()
    site.log_in(administrator, "birgitta@ostersund.example")
    administrator.goto(requisition)
    check_page(administrator)
    administrator.get_by_role("link", name="Låt någon annan än Per Ängman besluta").click()
    administrator.get_by_role("main").get_by_role("link", name="Ersättare").click()
    check_page(administrator)
    administrator.get_by_label("Vem är borta?").select_option(label="Per Ängman (per@ostersund.example)")
    administrator.get_by_label("Vem ersätter?").select_option(label="Kerstin Wallin (kerstin@ostersund.example)")
    administrator.get_by_label("Från och med").fill(today().isoformat())
    administrator.get_by_label("Till och med").fill((today() + timedelta(days=5)).isoformat())
    administrator.get_by_label("Beslut").fill("VON § 12")
    screenshot(administrator, "substitute-appoint")
    administrator.get_by_role("button", name="Utse ersättare").click()
    expect(administrator.get_by_role("status")).to_contain_text("Kerstin Wallin ersätter Per Ängman.")
    expect(administrator.get_by_role("row", name="Per Ängman")).to_contain_text("gäller nu")
    check_page(administrator)
    screenshot(administrator, "substitute-appointed")

    run_once(site.app, Event())  # the worker asks whoever stands in from now on
    substitute = new_page()
    decide_from(mailed_link(page, "kerstin@ostersund.example"), substitute, "kerstin@ostersund.example")
    expect(substitute.get_by_text("Du beslutar som ersättare för Per Ängman. Båda namnen sparas.")).to_be_visible()
    check_page(substitute)
    screenshot(substitute, "substitute-decides")
    approve(substitute)

    open_order(page, requisition)
    expect(page.locator("main")).to_contain_text("Kerstin Wallin (för Per Ängman) godkände")
    check_page(page)
    screenshot(page, "substitute-order")


def test_the_administrator_hands_one_decision_to_somebody_else(
    site: Site, page: Page, new_page: NewPage, check_page: Check, screenshot: Picture
) -> None:
    requisition = send_in(site, page, "linnea@ostersund.example")
    expect(page.get_by_text("Ingrid Ljung har fått frågan.")).to_be_visible()

    administrator = new_page()
    site.log_in(administrator, "birgitta@ostersund.example")
    administrator.goto("/admin/approval-rules")
    administrator.get_by_role("link", name="Väntar på beslut").click()
    check_page(administrator)
    screenshot(administrator, "waiting")
    number = requisition.rsplit("/", 1)[1]
    row = administrator.get_by_role("row").filter(has_text=f"R{number:0>6}")
    row.get_by_role("link", name="Låt någon annan än Ingrid Ljung besluta").click()
    administrator.get_by_role("button", name="Lämna över").click()
    expect(administrator.get_by_role("alert")).to_contain_text("Fyll i det här fältet.")
    check_page(administrator)
    screenshot(administrator, "reassign")
    administrator.get_by_label("Vem ska besluta?").select_option(label="Lena Åkesson (lena@ostersund.example)")
    administrator.get_by_label("Skäl").fill("Ingrid ligger på sjukhus.")
    administrator.get_by_role("button", name="Lämna över").click()
    expect(administrator.get_by_role("status")).to_contain_text("Lena Åkesson har fått frågan.")
    check_page(administrator)
    screenshot(administrator, "reassigned")

    other = new_page()
    decide_from(mailed_link(page, "lena@ostersund.example"), other, "lena@ostersund.example")
    check_page(other)
    approve(other)
    former = new_page()
    former.goto(mailed_link(page, "ingrid@ostersund.example"))
    log_in_by_form(former, "ingrid@ostersund.example")
    expect(former.get_by_role("button", name="Godkänn", exact=True)).to_have_count(0)
    check_page(former)

    page.goto(requisition)
    expect(page.locator(".route")).to_contain_text("Lena Åkesson i stället för Ingrid Ljung, enligt Birgitta Sjödin")
    open_order(page, requisition)
    expect(page.locator("main")).to_contain_text("Birgitta Sjödin lät Lena Åkesson besluta i stället för Ingrid Ljung.")
    expect(page.locator("main")).to_contain_text("Lena Åkesson godkände")
    check_page(page)


def test_an_approver_goes_away_at_once_by_keyboard_alone(
    site: Site, page: Page, new_page: NewPage, check_page: Check
) -> None:
    requisition = send_in(site, page, "tommy@ostersund.example")
    expect(page.get_by_text("Mats Hedlund har fått frågan.")).to_be_visible()

    window = new_page()
    ill = Keyboard(window)
    window.goto("/")
    ill.log_in("mats@ostersund.example")
    ill.walk_to(window.locator("details.menu > summary"))
    window.keyboard.press("Enter")
    ill.walk_to(window.get_by_role("link", name="Ersättare"))
    ill.press_enter()
    check_page(window)
    ill.skip_to_content()
    ill.walk_to(window.get_by_role("link", name="Jag är borta nu"))
    ill.press_enter()
    check_page(window)
    ill.skip_to_content()
    ill.walk_to(window.get_by_label("Vem ersätter?"))
    window.keyboard.type("Ingrid")
    ill.walk_to(window.get_by_label("Till och med"))
    ill.write_day(window.get_by_label("Till och med"), today() + timedelta(days=2))
    ill.walk_to(window.get_by_role("button", name="Jag är borta nu"))
    ill.press_enter()
    expect(window.get_by_role("status")).to_contain_text("Ingrid Ljung")
    check_page(window)

    run_once(site.app, Event())
    substitute = new_page()
    decide_from(mailed_link(page, "ingrid@ostersund.example"), substitute, "ingrid@ostersund.example")
    approve(substitute)
    open_order(page, requisition)
    expect(page.locator("main")).to_contain_text("Ingrid Ljung (för Mats Hedlund) godkände")


def test_two_in_union_place_what_one_cannot(
    site: Site, page: Page, new_page: NewPage, check_page: Check, screenshot: Picture
) -> None:
    administrator = new_page()
    site.log_in(administrator, "camilla@krokom.example")
    administrator.goto("/admin/approval-rules/settings")
    check_page(administrator)
    administrator.get_by_label("Två i förening").fill("3 000")
    administrator.get_by_role("button", name="Spara").click()
    expect(administrator.get_by_role("main")).to_contain_text("tas det sista beslutet av två olika personer")
    check_page(administrator)
    screenshot(administrator, "union-settings")

    requisition = send_in(site, page, "lisa@krokom.example", "100")
    expect(page.get_by_text("Frågan är hos Patrik Nordin och Margareta Olofsson, i förening.")).to_be_visible()
    check_page(page)
    first = new_page()
    decide_from(mailed_link(page, "patrik@krokom.example"), first, "patrik@krokom.example")
    expect(first.get_by_text("Efter ditt ja behövs ett ja till från någon annan.")).to_be_visible()
    check_page(first)
    screenshot(first, "union-first")
    decision = first.url
    first.get_by_role("button", name="Godkänn", exact=True).click()
    expect(first.get_by_role("status")).to_contain_text("Någon till behöver också säga ja.")
    page.goto(requisition)
    expect(page.get_by_role("heading", name="Väntar på beslut")).to_be_visible()
    expect(page.get_by_text("Margareta Olofsson har fått frågan.")).to_be_visible()
    expect(page.locator(".route")).to_contain_text("Patrik Nordin")
    check_page(page)
    screenshot(page, "union-half")

    # the same person cannot give both, not even when she is appointed to stand in for the other
    second = new_page()
    site.log_in(second, "margareta@krokom.example")
    second.goto("/substitutions/now")
    second.get_by_label("Vem ersätter?").select_option(label="Patrik Nordin (patrik@krokom.example)")
    second.get_by_label("Till och med").fill(today().isoformat())
    second.get_by_role("button", name="Jag är borta nu").click()
    first.goto(decision)
    expect(first.get_by_role("button", name="Godkänn", exact=True)).to_have_count(0)
    check_page(first)

    second.context.clear_cookies()
    decide_from(mailed_link(page, "margareta@krokom.example"), second, "margareta@krokom.example")
    expect(second.get_by_text("Ditt ja är det sista.")).to_be_visible()
    check_page(second)
    screenshot(second, "union-second")
    approve(second)
    open_order(page, requisition)
    expect(page.locator("main")).to_contain_text("Patrik Nordin godkände")
    expect(page.locator("main")).to_contain_text("Margareta Olofsson godkände")
    check_page(page)


def test_two_administrators_change_one_rule(
    site: Site, new_page: NewPage, check_page: Check, screenshot: Picture
) -> None:
    """The second one is told what the first one changed; what she wrote stands, and she saves it knowing."""
    first, second = new_page(), new_page()
    for page in (first, second):
        site.log_in(page, "birgitta@ostersund.example")
        page.goto("/admin/approval-rules")
        page.get_by_role("link", name=re.compile("^Ändra ")).first.click()
    first.get_by_label("Till under").fill("50000000")
    first.get_by_label("Vem ska godkänna?").nth(1).select_option(label="Attestant för enheten ovanför")
    first.get_by_role("button", name="Spara regeln").click()
    expect(first.get_by_role("status")).to_contain_text("Regeln är sparad.")
    second.get_by_label("Namn", exact=True).fill("Inköp till köken")
    second.get_by_role("button", name="Spara regeln").click()
    told = second.get_by_role("alert")
    expect(told).to_contain_text("Någon annan har ändrat uppgifterna")
    expect(told).to_contain_text("Steg 2, Vem ska godkänna? är nu: Attestant för enheten ovanför")
    expect(second.get_by_label("Namn", exact=True)).to_have_value("Inköp till köken")
    check_page(second)
    screenshot(second, "rule-changed-meanwhile")
    second.get_by_role("button", name="Spara regeln").click()
    expect(second.get_by_role("link", name="Ändra Inköp till köken")).to_be_visible()
