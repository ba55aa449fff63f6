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
def taken(tmp_path: Path) -> Iterator[Path]:
    """Where the pictures go. What was taken must be what the guides show, no more and no less."""
    folder = KEPT if os.environ.get("AVROP_KEEP_PICTURES") else tmp_path
    yield folder
    guide = (ROOT / "docs" / "attest.md").read_text("utf-8")
    shown = {name for name in (path.name for path in KEPT.glob("attest-*.png")) if f"(pictures/{name})" in guide}
    assert shown == {path.name for path in folder.glob("attest-*.png")}


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
