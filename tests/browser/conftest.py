"""Stories in a real Chromium, against a real server on a database of its own.

`site` is the running application, `page` a browser window in it, `check_page(page)` asks of any page what every page
must fulfil, and `screenshot(page, name)` leaves a wide and a narrow picture in `pictures/` for people to look at.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from werkzeug.serving import make_server

from auth.session import begin_session
from auth.user import User
from core.db import TransactionalFlask, unit_of_work
from tests.conftest import new_app

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
PICTURES = Path(__file__).parent / "pictures"
WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 320, "height": 640}
ZOOMED: ViewportSize = {"width": 320, "height": 256}  # what 1280 × 1024 leaves at 400 % (WCAG 1.4.10)
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHECKS = (Path(__file__).parent / "checks.js").read_text("utf-8")


@dataclass
class Site:
    """The running application and its address."""

    app: TransactionalFlask
    url: str

    def log_in(self, page: Page, user_id: int) -> None:
        """Give the window a log-in session without the form."""
        with self.app.app_context(), unit_of_work() as session:
            token = begin_session(session.get_one(User, user_id), "test")
        signer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        cookie = {"name": self.app.config["SESSION_COOKIE_NAME"], "value": signer.dumps({"_user_id": token})}
        page.context.add_cookies([{**cookie, "url": self.url}])  # type: ignore[typeddict-item, list-item]


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """The application behind a threaded server on a free port; on SQLite unless `--db postgres` says otherwise."""
    engine = "postgres" if request.config.getoption("--db") == "postgres" else "sqlite"
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with listener, new_app(engine, tmp_path, AVROP_BASE_URL=url) as app:
        app.config.update(TESTING=False, WTF_CSRF_ENABLED=True)
        for blueprint in getattr(request.module, "BLUEPRINTS", ()):
            app.register_blueprint(blueprint)
        server = make_server("127.0.0.1", port, app, threaded=True, fd=listener.fileno())
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Site(app, url)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("NO CHROMIUM: the pages are NOT CHECKED in a browser; install the chromium package")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A window of its own cookies. The test fails when anything complained in its console, above all the policy."""
    context = browser.new_context(viewport=WIDE, locale="sv-SE", base_url=site.url)
    page = context.new_page()
    page.set_default_timeout(10_000)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if _is_complaint(message) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def _is_complaint(message: Any) -> bool:
    """The browser also tells every 4xx page that a test asks for on purpose: not a complaint about the page."""
    return message.type in ("error", "warning") and "the server responded with a status of" not in message.text


@pytest.fixture
def check_page() -> Callable[[Page], None]:
    """What every page must fulfil: axe finds nothing, nor do our own checks, and it fits a narrow window."""

    def check(page: Page) -> None:
        page.wait_for_load_state()
        faults = page.evaluate(f"({CHECKS})()")
        found = Axe().run(page, options={"runOnly": {"type": "tag", "values": AXE_TAGS}})
        for violation in found.response["violations"]:
            nodes = [node["html"] for node in violation["nodes"]]
            faults.append(f"axe {violation['id']}: {violation['help']}: {json.dumps(nodes, ensure_ascii=False)}")
        page.set_viewport_size(ZOOMED)
        faults += page.evaluate(f"({CHECKS})({{onlyWidth: true}})")
        page.set_viewport_size(WIDE)
        assert faults == [], f"{page.url}:\n" + "\n".join(faults)

    return check


@pytest.fixture
def screenshot() -> Callable[[Page, str], None]:
    """Leave pictures of the whole page, wide and narrow, in `pictures/` (not kept in the repository)."""

    def take(page: Page, name: str) -> None:
        PICTURES.mkdir(exist_ok=True)
        for viewport in (NARROW, WIDE):
            page.set_viewport_size(viewport)
            page.screenshot(path=PICTURES / f"{name}-{viewport['width']}.png", full_page=True)

    return take
