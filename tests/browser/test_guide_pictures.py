"""The pictures of the guides in `docs/`, taken of the demo in Swedish.

They are taken in every run, so that no guide shows a page that is gone, and kept in `docs/pictures` only when asked to:

    AVROP_KEEP_PICTURES=1 ./avrop test tests/browser/test_guide_pictures.py -n 0
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page
from sqlalchemy import select

from auth.user import User
from catalog.agreement import Agreement, Award, Lot
from catalog.price_list import Article, PriceList, PriceListState
from catalog.supplier import Supplier
from core.db import reading
from orders.approval import ApprovalCandidate, ApprovalState, ApprovalStep
from tests.browser.conftest import NewPage, Site

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent.parent
KEPT = ROOT / "docs" / "pictures"
WIDTH = 1000  # pixels
COLOURS = 48
LARGEST = 90_000  # bytes of one picture

# A Swedish browser writes days like this; the one of the tests may not know the language.
AS_IN_SWEDISH = """() => document.querySelectorAll("input[type=date]").forEach(field => {
  field.type = "text";
  field.placeholder = "åååå-mm-dd";
})"""


@pytest.fixture
def site(demo: Site) -> Site:
    return demo


@pytest.fixture
def taken(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Where the pictures of a guide go; its name and what they begin with come from the test. What was taken must be
    what the guide shows, no more and no less."""
    name, prefix = request.param
    folder = KEPT if os.environ.get("AVROP_KEEP_PICTURES") else tmp_path
    yield folder
    guide = (ROOT / "docs" / name).read_text("utf-8")
    shown = {path.name for path in KEPT.glob(f"{prefix}-*.png") if f"(pictures/{path.name})" in guide}
    assert shown == {path.name for path in folder.glob(f"{prefix}-*.png")}


def keep(shown: Locator, path: Path, below: Locator | None = None) -> None:
    """A part of the page as a small PNG: few colours, as a page has. What lies below a place is left out."""
    shown.page.evaluate(AS_IN_SWEDISH)
    with Image.open(BytesIO(shown.screenshot())) as picture:
        if below is not None:
            box = shown.bounding_box(), below.bounding_box()
            assert box[0] and box[1]
            picture = picture.crop((0, 0, picture.width, int(box[1]["y"] - box[0]["y"])))
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
    assert path.stat().st_size < LARGEST, path.name


@pytest.mark.parametrize("taken", [("attest.md", "attest")], indirect=True)
def test_the_pictures_of_the_guide_to_approval(site: Site, new_page: NewPage, taken: Path) -> None:
    page = new_page(viewport={"width": WIDTH, "height": 900})
    main = page.locator("main")
    site.log_in(page, "birgitta@ostersund.example")

    page.goto("/admin/approval-rules")
    keep(main.locator(".rules"), taken / "attest-regler.png")
    page.get_by_label("Beställare").select_option(label="Anna Lindqvist")
    choose(page, "Enhet", "Björkbackens skola")
    page.get_by_label("Belopp utan moms").fill("30 000")
    choose(page, "Kategori", "IT")
    page.get_by_role("button", name="Pröva").click()
    for closed in page.locator("#try details").all():
        closed.locator("summary").click()
    keep(page.locator("#try"), taken / "attest-prova.png")

    page.get_by_role("link", name="Ändra 25 000 till 100 000 kr").click()
    keep(main, taken / "attest-regel.png", below=page.get_by_text("Steg 3", exact=True))
    page.goto("/admin/approval-rules")
    page.get_by_role("link", name="Ändra IT under 25 000 kr").click()
    page.get_by_label("Till under (kr utan moms)").fill("1 000")
    page.get_by_role("button", name="Se vad som ändras").click()
    keep(page.locator("#effect"), taken / "attest-effekt.png")

    page.goto("/admin/conflicts")
    keep(main, taken / "attest-jav.png")
    page.goto("/admin/delegation/register")
    keep(main, taken / "attest-forteckning.png")
    page.goto(f"/approvals/seats/{seat_of(site, 'maria@ostersund.example')}/reassign")
    page.get_by_label("Vem ska besluta?").select_option(index=1)
    page.get_by_label("Skäl").fill("Maria har blivit sjuk och går inte att nå.")
    keep(main, taken / "attest-lamna-over.png")

    site.log_in(page, "camilla@krokom.example")
    page.goto("/admin/approval-rules/settings")
    keep(main, taken / "attest-installningar.png")


@pytest.mark.parametrize("taken", [("avropsordningar.md", "avrop")], indirect=True)
def test_the_pictures_of_the_guide_to_call_offs(site: Site, new_page: NewPage, taken: Path) -> None:
    page = new_page(viewport={"width": 1280, "height": 900})
    main = page.locator("main")
    site.log_in(page, "anna@ostersund.example")
    page.goto("/basket")
    while page.get_by_role("button", name="Ta bort").count():
        page.get_by_role("button", name="Ta bort").first.click()

    order_of = main.locator(".panel").first
    put(site, page, "Varselboden AB", "Vinteroverall dam svart S")  # which another one undercuts
    keep(order_of, taken / "avrop-totaler.png")
    page.get_by_role("button", name="Ta bort").click()
    put(site, page, "Stadia Hygien AB")  # the third in rank
    keep(order_of, taken / "avrop-tur.png")
    page.get_by_role("link", name="Anteckna att").first.click()
    keep(main, taken / "avrop-nej.png")

    page.goto("/agreements/UK25-016")
    keep(
        page.locator("section", has=page.get_by_role("heading", name="Leverantörer")).first, taken / "avrop-andelar.png"
    )

    site.log_in(page, "karin@upphandling.example")
    page.set_viewport_size({"width": WIDTH, "height": 900})
    page.goto(f"/admin/lots/{lot_of(site, 'UK22-008')}")
    keep(main, taken / "avrop-delomrade.png")
    page.goto("/call-offs")
    keep(main, taken / "avrop-skal.png")


def put(site: Site, page: Page, supplier: str, name: str = "") -> None:
    """The supplier's first article, or the first of a name, into the basket."""
    with site.app.app_context(), reading() as session:
        sold = select(Article.id).join(Article.price_list).join(Award, Award.id == Article.award_id)
        sold = sold.join(Supplier, Supplier.id == Award.supplier_id).where(Supplier.name == supplier)
        sold = sold.where(PriceList.state == PriceListState.PUBLISHED, Article.name.startswith(name))
        article_id = session.scalars(sold.order_by(Article.id)).first()
    page.goto(f"/articles/{article_id}")
    page.get_by_role("button", name="Lägg i varukorgen").first.click()
    page.goto("/basket")


def lot_of(site: Site, number: str) -> int:
    """The first lot of an agreement."""
    with site.app.app_context(), reading() as session:
        lots = select(Lot.id).join(Lot.agreement).where(Agreement.number == number)
        return session.scalars(lots.order_by(Lot.number)).first() or 0


def choose(page: Page, label: str, text: str) -> None:
    """Choose the first that holds a text, in a list that is indented like a tree."""
    field = page.get_by_label(label, exact=True)
    field.select_option(field.locator("option", has_text=text).first.get_attribute("value"))


def seat_of(site: Site, email: str) -> int:
    """The id of somebody's place in a step that waits."""
    with site.app.app_context(), reading() as session:
        waits = (ApprovalStep.state == ApprovalState.PENDING, ApprovalCandidate.handed_over_at.is_(None))
        hers = select(ApprovalCandidate.id).join(ApprovalStep).join(ApprovalCandidate.user).where(User.email == email)
        return session.scalars(hers.where(*waits).order_by(ApprovalCandidate.id)).first() or 0
