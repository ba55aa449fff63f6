"""From a search that finds nothing to the answer: a need is reported, weighed against the law's limit, and answered."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from catalog.search import update_index
from core.db import unit_of_work
from tests.browser.conftest import Site

pytestmark = pytest.mark.browser

Check = Callable[[Page], None]
Picture = Callable[[Page, str], None]


@pytest.fixture
def site(demo: Site) -> Site:
    with demo.app.app_context(), unit_of_work():
        update_index(anew=True)
    return demo


def test_a_need_from_the_empty_search_to_its_answer(
    site: Site, page: Page, check_page: Check, screenshot: Picture
) -> None:
    site.log_in(page, "anna@ostersund.example")
    page.goto("/search?q=xylofonklubba")
    page.get_by_role("main").get_by_role("link", name="Anmäl behov").first.click()
    expect(page.get_by_label("Vad behöver ni?")).to_have_value("xylofonklubba")
    check_page(page)
    screenshot(page, "need-new")
    page.get_by_role("button", name="Skicka anmälan").click()
    expect(page.get_by_role("alert")).to_contain_text("Fyll i det här fältet.")
    check_page(page)
    page.get_by_label("Varför, och till vad?").fill("Musiksalen har xylofoner men inga klubbor.")
    page.get_by_label("Ungefärligt värde").fill("750 000")
    page.get_by_label("Kategori").select_option(label="\N{EM SPACE}Skolmaterial")
    page.get_by_label("Bifoga en fil").set_input_files(
        {"name": "klubbor.txt", "mimeType": "text/plain", "buffer": b"Mjuka, 30 cm"}
    )
    page.get_by_role("button", name="Skicka anmälan").click()
    expect(page.get_by_role("status").first).to_contain_text("Tack! Du får svar senast")
    expect(page.get_by_text("Johanna Sandvik svarar senast")).to_be_visible()
    check_page(page)
    screenshot(page, "need-sent")
    address = page.url

    site.log_in(page, "johanna@upphandling.example")
    page.goto("/needs/inbox")
    check_page(page)
    screenshot(page, "need-inbox")
    page.get_by_role("link", name="xylofonklubba").click()
    page.get_by_role("button", name="Jag tar hand om den").click()
    check_page(page)
    screenshot(page, "need-taken")
    page.get_by_role("link", name="Skriv svaret").click()
    check_page(page)
    screenshot(page, "need-answer")
    page.get_by_role("link", name="Dokumentera en direktupphandling").click()
    check_page(page)
    fill_procurement(page, "750 000")
    page.get_by_role("button", name="Besluta och skicka svaret").click()
    expect(page.get_by_role("alert")).to_contain_text("Gränsen för direktupphandling är 700\N{NO-BREAK SPACE}000")
    expect(page.get_by_role("alert")).to_contain_text("ny upphandling")
    check_page(page)
    screenshot(page, "need-direct-refused")
    fill_procurement(page, "150 000")
    page.get_by_role("button", name="Besluta och skicka svaret").click()
    expect(page.get_by_role("alert")).to_contain_text("Skriv skälen")
    page.get_by_role("group", name=re.compile("^Vald")).get_by_label("Leverantör 1").check()
    page.get_by_label("Skäl").fill("Bara en leverantör tillverkar klubborna.")
    page.get_by_role("button", name="Besluta och skicka svaret").click()
    expect(page.get_by_text("Svar: Direktupphandling")).to_be_visible()
    page.get_by_role("link", name="Dokumentation av direktupphandlingen").click()
    expect(page.get_by_text("555990-0716").first).to_be_visible()
    check_page(page)
    screenshot(page, "need-documentation")
    correct_procurement(page, check_page, screenshot)
    page.goto("/needs/overview")
    check_page(page)
    screenshot(page, "need-overview")

    site.log_in(page, "anna@ostersund.example")
    page.goto(address)
    expect(page.get_by_text("Svar: Direktupphandling")).to_be_visible()
    check_page(page)
    screenshot(page, "need-answered")
    page.goto("/needs")
    check_page(page)
    screenshot(page, "need-mine")


def correct_procurement(page: Page, check_page: Check, screenshot: Picture) -> None:
    """A figure was noted wrong: on the page of the documentation."""
    pdf = page.request.get(str(page.get_by_role("link", name="Visa som PDF").get_attribute("href")))
    assert (pdf.headers["content-type"], pdf.body()[:5]) == ("application/pdf", b"%PDF-")
    page.get_by_role("link", name="Rätta uppgifterna").click()
    check_page(page)
    page.get_by_label("Värde, kronor utan moms").fill("15 000")
    page.get_by_role("button", name="Rätta uppgifterna").click()
    expect(page.get_by_role("alert")).to_contain_text("Vad var fel? – Fyll i det här fältet.")
    check_page(page)
    screenshot(page, "need-correct")
    page.get_by_label("Vad var fel?").fill("En nolla för mycket.")
    page.get_by_role("button", name="Rätta uppgifterna").click()
    expect(page.get_by_role("region", name="Rättelser")).to_contain_text("150\N{NO-BREAK SPACE}000,00")
    check_page(page)
    screenshot(page, "need-corrected")


def fill_procurement(page: Page, value: str) -> None:
    page.get_by_label("Värde, kronor utan moms").fill(value)
    first = page.get_by_role("group", name="Leverantör 1")
    first.get_by_label("Leverantör", exact=True).fill("Klangfabriken AB")
    first.get_by_label("Organisationsnummer").fill("555990-0716")
    first.get_by_label("Pris utan moms").fill(value)
    page.get_by_role("radio", name="Leverantör 1").check()


def test_the_owner_of_a_category_is_asked_from_article_and_agreement(site: Site, page: Page, check_page: Check) -> None:
    site.log_in(page, "anna@ostersund.example")
    page.goto("/agreements/UK24-011")
    page.get_by_role("link", name="Fråga den som ansvarar för kategorin").click()
    expect(page.get_by_text("Om avtal UK24-011 Kontorsmaterial och papper.")).to_be_visible()
    page.get_by_label("Din fråga").fill("Finns miljömärkta kuvert?")
    check_page(page)
    page.get_by_role("button", name="Skicka frågan").click()
    expect(page.get_by_text("Karin Wikström svarar senast")).to_be_visible()
