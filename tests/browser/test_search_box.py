"""The search box that suggests, by keyboard, by pointer and without scripts; and the pages of the search words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from auth.permission import Role
from catalog.search import update_index
from core.db import unit_of_work
from tests.browser.conftest import NARROW, NewPage, Site
from tests.factories.auth import make_member, make_office
from tests.factories.catalog import make_agreement, make_award, make_lot, make_price_list, make_synonym

pytestmark = pytest.mark.browser


@pytest.fixture
def owner(site: Site) -> int:
    """Somebody at the office, which may order three things."""
    with site.app.app_context(), unit_of_work():
        office = make_office()
        goods = [{"name": name} for name in ("Toalettpapper 2-lags", "Toalettborste vit", "Dammsugare")]
        make_price_list(make_award(make_lot(make_agreement(office))), goods)
        make_synonym("dasspapper", "toalettpapper")
        return make_member(Role.AGREEMENT_OWNER, office).id


def indexed(site: Site) -> None:
    with site.app.app_context():
        update_index(anew=True)


def test_the_box_suggests_and_the_keyboard_chooses(
    site: Site, owner: int, page: Page, check_page: Callable[[Page], None]
) -> None:
    indexed(site)
    site.log_in(page, owner)
    page.goto("/agreements")
    box = page.get_by_role("combobox", name="Sök vara, avtal eller leverantör")
    expect(box).to_have_attribute("aria-expanded", "false")
    box.press_sequentially("toa")
    options = page.get_by_role("listbox", name="Förslag").get_by_role("option")
    expect(options).to_have_count(2)
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.locator("[aria-live]", has_text="2 förslag")).to_be_attached()
    box.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", options.first.get_attribute("id") or "")
    check_page(page)
    box.press("ArrowUp")
    expect(box).to_have_value("toa")
    box.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(box).to_have_value("toa")
    box.press_sequentially("lettp")
    expect(options).to_have_count(1)
    box.press("ArrowDown")
    box.press("Enter")
    expect(page).to_have_url(f"{site.url}/search?q=toalettpapper")


def test_a_suggestion_is_chosen_with_the_pointer_on_a_narrow_start_page(
    site: Site, owner: int, new_page: NewPage, check_page: Callable[[Page], None]
) -> None:
    indexed(site)
    page = new_page(viewport=NARROW)
    site.log_in(page, owner)
    page.goto("/")
    page.get_by_role("combobox").press_sequentially("damm")
    option = page.get_by_role("option", name="dammsugare")
    expect(option).to_be_visible()
    check_page(page)
    option.click()
    expect(page).to_have_url(f"{site.url}/search?q=dammsugare")


def test_without_scripts_the_box_searches(site: Site, owner: int, new_page: NewPage) -> None:
    indexed(site)
    page = new_page(java_script_enabled=False)
    site.log_in(page, owner)
    page.goto("/agreements")
    box = page.get_by_role("searchbox", name="Sök vara, avtal eller leverantör")
    box.fill("dammsugare")
    box.press("Enter")
    expect(page.get_by_role("heading", name="Dammsugare", exact=True)).to_be_visible()


def test_from_a_search_without_a_hit_to_a_synonym(
    site: Site, owner: int, page: Page, check_page: Callable[[Page], None]
) -> None:
    indexed(site)
    site.log_in(page, owner)
    page.goto("/search?q=snusnäsduk")
    check_page(page)
    page.goto("/admin/searches")
    check_page(page)
    page.get_by_role("link", name="Lägg till synonym snusnäsduk").click()
    page.get_by_label("ska också hitta").fill("dammsugare")
    page.get_by_role("button", name="Prova först").click()
    expect(page.get_by_role("complementary").get_by_text("Dammsugare")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Spara").click()
    check_page(page)
    page.goto("/admin/synonyms/import")
    check_page(page)
    page.goto("/search?q=snusnäsduk")
    expect(page.get_by_role("heading", name="Dammsugare", exact=True)).to_be_visible()
