"""Stories in a real Chromium, against a real server on a database of its own.

`site` is the running application on an empty database, `demo` the same filled with the demo: either way it is one
story's own. `page` is a browser window
in it and `new_page` opens more, each with cookies of its own; `check_page(page)` asks of any page what every page must
fulfil, and `screenshot(page, name)` leaves a wide and a narrow picture in `pictures/` for people to look at.
"""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import Blueprint
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from app.demo import PASSWORD, make_demo
from app.worker import run_once
from auth.session import begin_session
from auth.user import User
from core.db import TransactionalFlask, unit_of_work
from tests.database import application, migrated, new_app, new_database

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
NewPage = Callable[..., Page]
CHECKS = (Path(__file__).parent / "checks.js").read_text("utf-8")


@dataclass
class Site:
    """The running application and its address."""

    app: TransactionalFlask
    url: str

    def log_in(self, page: Page, user: int | str) -> None:
        """Give the window a log-in session without the form, for an id or an address."""
        whose = User.id == user if isinstance(user, int) else User.email == user
        with self.app.app_context(), unit_of_work() as session:
            token = begin_session(session.scalars(select(User).where(whose)).one(), "test")
        signer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        cookie = {"name": self.app.config["SESSION_COOKIE_NAME"], "value": signer.dumps({"_user_id": token})}
        page.context.add_cookies([{**cookie, "url": self.url}])  # type: ignore[typeddict-item, list-item]


def engine_of(config: pytest.Config) -> str:
    """The stories run on SQLite unless `--db postgres` says otherwise."""
    return "postgres" if config.getoption("--db") == "postgres" else "sqlite"


@contextmanager
def serving(
    config: pytest.Config, folder: Path, blueprints: Iterable[Blueprint] = (), mould: str | None = None
) -> Iterator[Site]:
    """The application behind a threaded server on a free port, on a new database or a copy of one."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with listener, new_app(engine_of(config), folder, mould, AVROP_BASE_URL=url) as app:
        app.config.update(TESTING=False, WTF_CSRF_ENABLED=True)
        for blueprint in blueprints:
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


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """The application on a database of its own, empty."""
    with serving(request.config, tmp_path, getattr(request.module, "BLUEPRINTS", ())) as site:
        yield site


@dataclass(frozen=True)
class Mould:
    """An application that stands still, to be copied: its database and its folder."""

    url: str
    folder: Path


@pytest.fixture(scope="package")
def demo_mould(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mould]:
    """A shorter demo, made once."""
    folder = tmp_path_factory.mktemp("demo")
    with new_database(engine_of(request.config), folder, migrated(engine_of(request.config))) as url:
        with application(url, folder) as app:
            with app.app_context():
                make_demo(purchases=10)
            run_once(app, threading.Event())
        yield Mould(url, folder)


@pytest.fixture
def demo(request: pytest.FixtureRequest, demo_mould: Mould, tmp_path: Path) -> Iterator[Site]:
    """The application filled with the demo, for this story alone."""
    shutil.copytree(demo_mould.folder, tmp_path, dirs_exist_ok=True)
    with serving(request.config, tmp_path, mould=demo_mould.url) as site:
        yield site


@pytest.fixture(scope="package")  # it runs an event loop in this thread, which no other test should meet
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("NO CHROMIUM: the pages are NOT CHECKED in a browser; install the chromium package")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser, site: Site) -> Iterator[NewPage]:
    """Opens windows, each with cookies of its own. The test fails when anything complained in a console of theirs."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_page(**options: Any) -> Page:
        usual = {"viewport": WIDE, "locale": "sv-SE", "base_url": site.url, "reduced_motion": "reduce"}
        context = browser.new_context(**{**usual, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: complaints.append(message.text) if _is_complaint(message) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(new_page: NewPage) -> Page:
    return new_page()


def log_in_by_form(page: Page, email: str) -> None:
    """Log in as somebody of the demo, on the log-in page that the window shows."""
    page.get_by_label("E-postadress").fill(email)
    page.get_by_label("Lösenord").fill(PASSWORD)
    page.get_by_role("button", name="Logga in", exact=True).click()


def _is_complaint(message: Any) -> bool:
    """The browser also tells every 4xx page that a test asks for on purpose: not a complaint about the page."""
    return message.type in ("error", "warning") and "the server responded with a status of" not in message.text


def faults_of(page: Page) -> list[str]:
    """What axe and our own checks find on a page, wide and narrow, and what does not fit a zoomed window."""
    page.wait_for_load_state()
    page.evaluate(AXE_SCRIPT)
    faults = []
    for viewport in (NARROW, WIDE):
        page.set_viewport_size(viewport)
        faults += [f"{viewport['width']} px: {fault}" for fault in page.evaluate(f"({CHECKS})()") + _axe(page)]
    page.set_viewport_size(ZOOMED)
    faults += [f"zoomed: {fault}" for fault in page.evaluate(f"({CHECKS})({{onlyWidth: true}})")]
    page.set_viewport_size(WIDE)
    return faults


def _axe(page: Page) -> list[str]:
    options = {"runOnly": {"type": "tag", "values": AXE_TAGS}, "resultTypes": ["violations"]}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"axe {violation['id']}: {violation['help']}: "
        + json.dumps([node["html"] for node in violation["nodes"]], ensure_ascii=False)
        for violation in found["violations"]
    ]


@pytest.fixture
def check_page() -> Callable[[Page], None]:
    """What every page must fulfil: axe finds nothing, nor do our own checks, and it fits a narrow window."""

    def check(page: Page) -> None:
        faults = faults_of(page)
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
