"""An agreement owner brings a price list in, chooses its columns, refuses a row, and publishes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from auth.permission import Role
from catalog.actions.price_list import approve, import_price_list
from core.clock import today
from core.db import unit_of_work
from tests.browser.conftest import NewPage, Site
from tests.factories.auth import make_member, make_office
from tests.factories.catalog import make_agreement, make_award, make_lot

pytestmark = pytest.mark.browser

BEFORE = "Artikelnummer;Benämning;Enhet;Pris;Moms\n1;Penna;st;10;25\n2;Block;st;20;25\n"
ODD = "Id;Vad det är;Frp;Kr;Sats\n1;Penna;st;12;25\n2;Block;st;19;25\n3;Gem;st;5;25\n"
FIELDS = ("supplier_number", "name", "unit", "price", "vat")
DROP = """([text]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], "udda.csv", { type: "text/csv" }));
    const form = document.querySelector("form[data-upload]");
    form.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def prepare(site: Site) -> tuple[int, int]:
    """An agreement owner, and an award whose list is in force; gives their ids."""
    with site.app.app_context(), unit_of_work():
        office = make_office()
        owner = make_member(Role.AGREEMENT_OWNER, office)
        award = make_award(make_lot(make_agreement(owner=office)))
        listed = import_price_list(None, award, BEFORE.encode(), "lista.csv", today()).price_list
        assert listed is not None
        approve(None, listed)
        return owner.id, award.id


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_list_with_odd_columns_is_read_reviewed_and_published(
    site: Site, new_page: NewPage, check_page: Callable[[Page], None], scripts: bool
) -> None:
    owner, award = prepare(site)
    page = new_page(java_script_enabled=scripts)
    check = check_page if scripts else lambda page: None
    site.log_in(page, owner)
    page.goto(f"/admin/awards/{award}/price-lists")
    check(page)
    if scripts:
        page.evaluate(DROP, [ODD])
        expect(page.locator(".drop-here")).to_have_text("udda.csv")
    else:
        page.set_input_files("#file", {"name": "udda.csv", "mimeType": "text/csv", "buffer": ODD.encode()})
    page.get_by_role("button", name="Läs in").click()
    expect(page).to_have_url(f"{site.url}/admin/awards/{award}/columns")
    check(page)
    for number, field in enumerate(FIELDS):
        page.select_option(f"#column-{number}", field)
    page.get_by_role("button", name="Läs in med de här kolumnerna").click()
    page.get_by_role("link", name="Se alla ändringar och avböj rader").click()
    check(page)
    page.get_by_label("Välj Penna").check()
    page.get_by_label("Skäl att avböja").fill("Högst 2 procent")
    page.get_by_role("button", name="Avböj de valda").click()
    expect(page.get_by_role("status").first).to_have_text("1 rad är avböjd.")
    check(page)
    page.get_by_role("link", name="Version 2", exact=True).click()
    check(page)
    page.get_by_role("button", name="Publicera").click()
    expect(page.get_by_text("Prislistan är publicerad")).to_be_visible()
    rows = page.locator("section", has=page.get_by_role("heading", name="De första artiklarna")).locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("10,00")


def test_refused_file_is_told_where_the_script_sent_it_and_can_be_sent_again(site: Site, new_page: NewPage) -> None:
    owner, award = prepare(site)
    page = new_page()
    site.log_in(page, owner)
    page.goto(f"/admin/awards/{award}/price-lists")
    for text in (BEFORE.replace("10", "-1"), BEFORE.replace("20", "x")):
        page.set_input_files("#file", {"name": "fel.csv", "mimeType": "text/csv", "buffer": text.encode()})
        page.get_by_role("button", name="Läs in").click()
        expect(page.get_by_role("heading", name="Filen går inte att läsa in")).to_be_visible()
        expect(page.get_by_text("-1" if "-1" in text else "x", exact=True)).to_be_visible()
    page.set_input_files("#file", {"name": "rätt.csv", "mimeType": "text/csv", "buffer": BEFORE.encode()})
    page.get_by_role("button", name="Läs in").click()
    expect(page.get_by_role("heading", name="Prislista, version 2")).to_be_visible()
