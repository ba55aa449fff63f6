"""A round through the pages of every role of the demo: whatever the menus and the pages behind them lead to is checked.

Pages are found, not listed, so a new one is checked from its first day. Everybody opens the pages of her own menu; what
lies behind them is checked once for each route, for the first who comes there.
"""

from __future__ import annotations

from collections import deque
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error, Page

from app.demo import LOGINS
from auth.permission import Role
from tests.browser.conftest import NewPage, Site, faults_of

pytestmark = pytest.mark.browser

# Those who manage come first: they see the most of a page.
ROLES = (Role.AGREEMENT_OWNER, Role.ORGANISATION_ADMIN, Role.SYSTEM_ADMIN, Role.AUDITOR, Role.APPROVER, Role.ORDERER)
EMAILS = {login.role: login.email for login in LOGINS}
FEWEST = 60  # routes; fewer means that the round has lost its way
NO_PAGES = {"outbox.letter", "approvals.by_token"}  # a mail as its reader sees it; a link that is somebody else's
OPEN_ALL = "document.querySelectorAll('main details').forEach(details => details.open = true)"


@pytest.fixture
def site(demo: Site) -> Site:
    return demo


def test_every_page_that_the_menus_lead_to_fulfils_every_check(site: Site, new_page: NewPage) -> None:
    seen: set[str] = set(NO_PAGES)
    faults: list[str] = []
    for role in ROLES:
        page = new_page()
        site.log_in(page, EMAILS[role])
        page.goto("/")
        menu = routes(site, page, ".site-head a")
        seen.update(menu)
        ahead = deque(menu.values())
        while ahead:
            faults += [f"{role.value}: {fault}" for fault in visit(page, ahead.popleft())]
            for route, path in routes(site, page, "main a").items():
                if route not in seen:
                    seen.add(route)
                    ahead.append(path)
    assert faults == [], "\n".join(faults)
    assert len(seen) >= FEWEST, sorted(seen)


def routes(site: Site, page: Page, links: str) -> dict[str, str]:
    """The routes that the links of a page lead to, with the first address of each."""
    adapter = site.app.url_map.bind("")
    found: dict[str, str] = {}
    for href in page.eval_on_selector_all(links, "links => links.map(link => link.href)"):
        address = urlsplit(href)
        if href.startswith(f"{site.url}/"):
            route, _values = adapter.match(address.path)
            found.setdefault(route, f"{address.path}?{address.query}")
    return found


def visit(page: Page, path: str) -> list[str]:
    """The faults of a page, with everything on it that folds out. A file has none."""
    try:
        response = page.goto(path)
    except Error as error:
        if "Download is starting" in error.message:
            return []
        raise
    if response is None or response.status != 200:
        return [f"{path} answers {response and response.status}"]
    if not response.headers["content-type"].startswith("text/html"):
        return []
    page.evaluate(OPEN_ALL)
    return [f"{path}: {fault}" for fault in faults_of(page)]
