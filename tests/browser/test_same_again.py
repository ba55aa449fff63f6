"""Buying the same again, as people do it: comparing, lists, an old order and pasted numbers. Every page is checked."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, NewPage, Site

pytestmark = pytest.mark.browser

Check = Callable[[Page], None]
Picture = Callable[[Page, str], None]


@pytest.fixture
def site(demo: Site) -> Site:
    return demo


def test_two_papers_are_compared_and_one_is_bought_without_scripts(
    site: Site, new_page: NewPage, check_page: Check, screenshot: Picture
) -> None:
    page = new_page(java_script_enabled=False)
    site.log_in(page, "ahmed@ostersund.example")
    page.goto("/search?q=papper")
    for hit in (0, 1):
        page.locator(".hit").nth(hit).get_by_label("Jämför").check()
    page.get_by_role("button", name="Jämför markerade").click()
    expect(page).to_have_url(re.compile(r"/compare\?id=\d+&id=\d+$"))
    expect(page.get_by_role("row", name=re.compile("^Jämförpris olika"))).to_contain_text("lägst")
    address = page.url
    page.get_by_label("Sök en till att jämföra med").fill("pärm")
    page.locator("form", has=page.get_by_label("Sök en till att jämföra med")).get_by_role("button").click()
    expect(page.locator(".compare-bar")).to_contain_text("2 artiklar är redan valda")
    page.locator(".hit").first.get_by_label("Jämför").check()
    page.get_by_role("button", name="Jämför markerade").click()
    expect(page.locator(".compare thead th")).to_have_count(4)
    page.get_by_role("button", name="Lägg i varukorgen").first.click()
    expect(page.get_by_role("status")).to_contain_text("ligger i varukorgen")

    shared = new_page()  # the address is for others, too
    site.log_in(shared, "tommy@ostersund.example")
    shared.goto(address)
    expect(shared.locator(".compare thead th")).to_have_count(3)
    check_page(shared)
    screenshot(shared, "compare")
    shared.set_viewport_size(NARROW)
    expect(shared.get_by_role("row", name="Artiklar")).to_be_visible()


def test_a_basket_becomes_a_list_that_a_colleague_orders_from(
    site: Site, page: Page, new_page: NewPage, check_page: Check, screenshot: Picture
) -> None:
    def look(name: str, shown: Page = page) -> None:
        check_page(shown)
        screenshot(shown, name)

    site.log_in(page, "fatima@ostersund.example")
    page.goto("/search?q=penna")
    for hit in (0, 1):
        page.locator(".hit").nth(hit).get_by_role("button").click()
    page.goto("/basket")
    page.get_by_role("link", name="Spara varukorgen som lista").click()
    page.get_by_label("Listans namn").fill("Pennor till alla")
    page.get_by_label("Hela organisationen").check()
    page.get_by_text("Kom ihåg leverans och referens").click()
    expect(page.get_by_label("Kontering")).to_have_count(0)  # this organisation codes at the till
    page.get_by_label("Er referens").fill("311999")
    look("list-new")
    page.get_by_role("button", name="Spara listan").click()
    expect(page.get_by_role("status")).to_contain_text("Listan Pennor till alla är sparad")
    look("list")

    # by keyboard alone: the second row goes first
    page.get_by_role("link", name="Ändra listan").click()
    second = page.locator(".line-what").nth(1).text_content() or ""
    page.get_by_role("button", name=re.compile("^Upp")).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".line-what").first).to_have_text(second)
    look("list-edit")

    colleague = new_page()
    site.log_in(colleague, "oskar@ostersund.example")
    colleague.goto("/lists")
    look("lists", colleague)
    colleague.get_by_role("link", name="Pennor till alla").click()
    expect(colleague.get_by_role("link", name="Ändra listan")).to_have_count(0)
    colleague.get_by_role("checkbox").last.uncheck()
    colleague.get_by_role("button", name="Lägg markerade i varukorgen").click()
    expect(colleague.get_by_role("status")).to_contain_text("1 rad ligger i varukorgen")
    colleague.get_by_role("link", name="Till kassan").click()
    expect(colleague.get_by_label("Er referens")).to_have_value("311999")


def test_an_old_order_is_ordered_again_at_todays_prices(
    site: Site, page: Page, check_page: Check, screenshot: Picture
) -> None:
    site.log_in(page, "anna@ostersund.example")
    page.goto("/orders")
    page.locator("tbody a").last.click()
    page.get_by_role("link", name="Beställ samma igen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Beställ igen")
    check_page(page)
    screenshot(page, "again")
    page.get_by_role("link", name="Spara som lista").click()
    expect(page.get_by_label("Listans namn")).to_have_value(re.compile("^Som OSD-"))


def test_numbers_pasted_from_a_spreadsheet_are_looked_up_mended_and_put_in_the_basket(
    site: Site, page: Page, check_page: Check, screenshot: Picture
) -> None:
    site.log_in(page, "robin@krokom.example")
    page.goto("/search?q=penna")
    number = page.locator(".hit-facts").first.inner_text().split("art.nr ")[1].split()[0]
    page.goto("/quick")
    check_page(page)
    page.get_by_label("Artikelnummer och antal").fill(f"Artikelnr\tAntal\n{number}\tmånga\nFINNS-INTE\t2")
    page.get_by_role("button", name="Sök upp raderna").click()
    expect(page.get_by_role("status")).to_contain_text("1 av 2 rader kan beställas")
    expect(page.locator("main")).to_contain_text("Ingen artikel på avtalen har det numret.")
    check_page(page)
    screenshot(page, "quick")
    page.get_by_role("button", name="Lägg markerade i varukorgen").click()
    expect(page.get_by_role("alert")).to_contain_text("Kontrollera de markerade raderna")
    check_page(page)
    screenshot(page, "quick-mend")
    for chosen in page.get_by_role("radio").all()[:1]:
        chosen.check()
    page.get_by_label("Antal").first.fill("10")
    page.get_by_role("button", name="Lägg markerade i varukorgen").click()
    expect(page.get_by_role("status")).to_contain_text("1 rad ligger i varukorgen")
