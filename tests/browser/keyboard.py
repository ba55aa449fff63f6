"""Somebody who uses the pages without a pointer."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import Locator, Page

from app.demo import PASSWORD

# Where the focus is hidden or unseen; nothing when all is well (WCAG 2.4.7 and 2.4.11).
FOCUS = """() => {
  const focused = document.activeElement, style = getComputedStyle(focused);
  if (focused === document.body) return "nothing";
  const told = focused.outerHTML.slice(0, 120);
  if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) return "no outline: " + told;
  const box = focused.getClientRects()[0];
  const hit = document.elementFromPoint(box.left + box.width / 2, Math.min(box.top + box.height / 2, innerHeight - 1));
  if (!hit || !(focused.contains(hit) || hit.contains(focused))) return "covered: " + told;
  return "";
}"""


class Keyboard:
    """Somebody who has no pointer. Wherever she comes she must see where she is."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def log_in(self, email: str) -> None:
        self.walk_to(self.page.get_by_label("E-postadress"))
        self.write(email)
        self.walk_to(self.page.get_by_label("Lösenord"))
        self.write(PASSWORD)
        self.press_enter()

    def walk_to(self, target: Locator, *, most: int = 80) -> None:
        """Press Tab until the target has the focus."""
        for _step in range(most):
            self.page.keyboard.press("Tab")
            fault = self.page.evaluate(FOCUS)
            assert fault in ("", "nothing"), f"{self.page.url}: {fault}"
            if target.evaluate("element => element === document.activeElement"):
                return
        pytest.fail(f"{self.page.url}: {most} steps with Tab do not reach {target}")

    def skip_to_content(self) -> None:
        """The first stop of every page leads past its head."""
        self.walk_to(self.page.locator(".skip-link"), most=1)
        self.page.keyboard.press("Enter")

    def write(self, text: str) -> None:
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def write_day(self, target: Locator, day: date) -> None:
        """Fill the day field that has the focus. Which of its parts comes first is the browser's choice."""
        for parts in (f"{day:%m%d%Y}", f"{day:%d%m%Y}", f"{day:%Y}\t{day:%m%d}"):
            for part in parts.split("\t"):
                self.page.keyboard.type(part)
                self.page.keyboard.press("ArrowRight")
            if target.input_value() == day.isoformat():
                return
            for _part in range(3):
                self.page.keyboard.press("ArrowLeft")
        pytest.fail(f"{self.page.url}: the field takes no day from the keyboard")

    def press_enter(self) -> None:
        """Follow the link, press the button or send the form, and wait for the page."""
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
