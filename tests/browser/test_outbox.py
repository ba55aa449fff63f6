"""The mailbox and the queue in a real browser: readable, accessible, and no wider than a telephone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from auth.permission import Role
from core.clock import now
from core.db import unit_of_work
from exchange.outbox import MessageState
from tests.browser.conftest import Site
from tests.exchange.test_outbox import put
from tests.factories.auth import make_member, make_organisation
from tests.factories.orders import make_order

pytestmark = pytest.mark.browser

Check = Callable[[Page], None]
Picture = Callable[[Page, str], None]


def test_the_mailbox_leads_from_the_list_to_the_letter_and_its_files(
    site: Site, page: Page, check_page: Check, screenshot: Picture
) -> None:
    with site.app.app_context(), unit_of_work():
        order = make_order()
        number, person = order.number, order.orderer.id
        put(recipient=f"{'lång-adress.' * 6}@leverantor.example", subject="Ett brev med ett ganska långt ämne " * 5)
    site.log_in(page, person)
    page.goto("/mailbox")
    expect(page.get_by_text("Inget lämnar den här datorn.")).to_be_visible()
    check_page(page)
    screenshot(page, "mailbox")
    page.get_by_role("link", name=f"Beställning {number}").click()
    check_page(page)
    screenshot(page, "mailbox-letter")
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile(r"Ladda ner .*\.xml")).click()
    assert download.value.suggested_filename.endswith(".xml")
    page.get_by_role("link", name="Visa formaterat").click()
    expect(page.get_by_text(number).first).to_be_visible()
    screenshot(page, "mailbox-formatted")


def test_a_link_in_a_formatted_letter_opens_its_page(site: Site, page: Page) -> None:
    with site.app.app_context(), unit_of_work():
        person = make_member(Role.ORDERER, make_organisation()).id
        letter = put(html=f'<p><a href="{site.url}/mailbox">Läs och besluta</a></p>').id
    site.log_in(page, person)
    page.goto(f"/mailbox/{letter}/letter")
    page.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("E-postlåda")


def test_the_queue_shows_what_failed_and_sends_it_again(
    site: Site, page: Page, check_page: Check, screenshot: Picture
) -> None:
    with site.app.app_context(), unit_of_work():
        person = make_member(Role.SYSTEM_ADMIN, make_organisation()).id
        put(subject="Väntar")
        sent, failed = put(subject="Framme"), put(subject="Kom inte fram")
        sent.state, sent.sent_at = MessageState.SENT, now()
        failed.state, failed.attempts = MessageState.FAILED, 3
        failed.last_error = "Mejlservern säger nej: 550 5.1.1 <order@leverantor.example>: Recipient address rejected"
    site.log_in(page, person)
    page.goto("/admin/outbox")
    check_page(page)
    screenshot(page, "outbox")
    row = page.get_by_role("row").filter(has_text="Kom inte fram")
    row.get_by_role("button", name="Skicka igen").click()
    expect(page.get_by_role("status")).to_contain_text("skickas igen")
    row = page.get_by_role("row").filter(has_text="Framme")
    row.get_by_text("Skicka igen", exact=True).click()
    check_page(page)
    row.get_by_role("button", name="Ja, skicka igen").click()
    expect(page.get_by_role("row").filter(has_text="Framme")).to_contain_text("I kö")
