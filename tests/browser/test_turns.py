"""Whose turn it is, as an orderer, an approver and a controller meet it; every page checked, wide and narrow."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from catalog.agreement import Agreement, Award, CallOffMethod, Lot
from catalog.lowest_total import same_goods
from catalog.price_list import Article, PriceList, PriceListState
from core.clock import today
from core.db import db
from orders.order import Order
from tests.browser.conftest import Site

pytestmark = pytest.mark.browser

Check = Callable[[Page], None]
Picture = Callable[[Page, str], None]


@pytest.fixture
def site(demo: Site) -> Site:
    return demo


def dearer_goods() -> Article:
    """An article of the demo's lot of dynamic ranking that costs less at the lot's other supplier."""
    awards = db.session.scalars(
        select(Award).join(Lot).join(Agreement).where(Lot.method == CallOffMethod.DYNAMIC_RANKING)
    ).all()
    rows = db.session.scalars(
        select(Article)
        .join(PriceList, PriceList.id == Article.price_list_id)
        .where(Article.award_id.in_([a.id for a in awards]), PriceList.state == PriceListState.PUBLISHED)
        .where(Article.minimum_quantity.is_(None), Article.quantity_multiple.is_(None))
    ).all()
    found = same_goods(rows, [award.id for award in awards], today())
    award_of = {award.id: award for award in awards}

    def cost(article: Article) -> Decimal:
        return article.price + award_of[article.award_id].charges_on(article.price)

    by_id = {row.id: row for row in rows}
    return max(
        (by_id[article_id] for article_id, _award in found),
        key=lambda row: cost(row) - min(cost(other) for key, other in found.items() if key[0] == row.id),
    )


def test_the_basket_compares_totals_and_moves_the_lines(
    site: Site, page: Page, check_page: Check, screenshot: Picture
) -> None:
    with site.app.app_context():
        article_id = dearer_goods().id
    site.log_in(page, "anna@ostersund.example")
    page.goto("/basket")
    while page.get_by_role("button", name=re.compile("^Ta bort")).count():
        page.get_by_role("button", name=re.compile("^Ta bort")).first.click()
    page.goto(f"/articles/{article_id}")
    check_page(page)
    page.get_by_role("button", name=re.compile("Lägg i varukorgen")).click()
    page.goto("/basket")
    expect(page.locator(".finding-stop")).to_contain_text("har lägst totalpris")
    expect(page.get_by_role("region", name="Totalpris hos varje leverantör")).to_be_visible()
    check_page(page)
    screenshot(page, "turn-lowest-total")
    page.get_by_role("button", name=re.compile("^Byt till ")).first.click()
    expect(page.locator(".finding-stop")).to_have_count(0)
    check_page(page)
    screenshot(page, "turn-lowest-total-moved")
    expect(page.get_by_role("link", name="Till kassan")).to_be_visible()


def test_the_standing_is_on_the_agreements_page(site: Site, page: Page, check_page: Check, screenshot: Picture) -> None:
    site.log_in(page, "anna@ostersund.example")
    page.goto("/agreements/UK25-016")
    expect(page.get_by_role("region", name="Ställningen i fördelningen")).to_be_visible()
    check_page(page)
    screenshot(page, "turn-standing")


def test_the_controller_finds_why_and_the_order_tells_it(
    site: Site, page: Page, check_page: Check, screenshot: Picture
) -> None:
    with site.app.app_context():
        number = next(
            order.number
            for order in db.session.scalars(select(Order).order_by(Order.id.desc()))
            if any(row["how"] == "refused" for choice in order.choices for row in choice.passed)
        )
    site.log_in(page, "karin@upphandling.example")
    page.goto("/call-offs?first=2020-01-01")
    expect(page.get_by_role("table")).to_contain_text("tackade nej")
    check_page(page)
    screenshot(page, "turn-report")
    page.goto(f"/orders/{number}")
    expect(page.get_by_role("heading", name="Varför just den leverantören")).to_be_visible()
    check_page(page)
    screenshot(page, "turn-order")
