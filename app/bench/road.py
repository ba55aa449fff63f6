"""The road: one order of five lines over HTTP to one worker process, from the first click to the goods in."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from statistics import median
from time import monotonic, perf_counter, sleep
from typing import Any
from urllib.parse import urlencode

from lxml import html
from sqlalchemy import select

from app.bench.approvals import QUANTITY
from app.bench.documents import bare_canvas, bare_lxml, make_document
from app.bench.measure import Figure, milliseconds, timed
from app.bench.world import Counter, bench_app, make_counter
from auth.user import User
from core.clock import now
from core.db import db, unit_of_work
from exchange import ubl

WARM_UP = 12  # PostgreSQL plans a statement anew ten times before it keeps a plan
PASSWORD = "norrsken-kaffe-7"  # of two people in a database that lives for a minute


def bench_road(database: str | None, _seconds: float, quick: bool) -> Iterator[Figure]:
    """Ten orders when quick, else fifty, after those that warm up."""
    with bench_app(database) as (_app, url, folder):
        counter = make_counter()
        engine = db.engine.dialect.name
        with unit_of_work() as session:
            for person in session.scalars(select(User)):
                person.set_password(PASSWORD, now())
        db.session.remove()
        db.engine.dispose()
        environment = {"AVROP_DATABASE_URL": url, "AVROP_DATA_DIR": str(folder), "AVROP_SECRET_KEY": "x" * 40}
        with _server(environment) as port:
            orderer, approver = Browser(port), Browser(port)
            orderer.log_in("kim@prov.example")
            approver.log_in("robin@prov.example")
            for _ in range(WARM_UP):
                _order_once(counter, orderer, approver)
            roads = [_order_once(counter, orderer, approver) for _ in range(10 if quick else 50)]
            bare = median(orderer.request("GET", "/health/live")[1] for _ in range(100)) * len(NEEDED)
        document = make_document(len(counter.articles))
        draw, write = bare_canvas(document), bare_lxml(ubl.render_order(document))
        bare += median(timed(draw) + timed(write) for _ in range(10))
        road = median(sum(_by_name(times)[name] for name in NEEDED) for times in roads)
        yield milliseconds("road", f"five lines, {len(NEEDED)} requests, {engine}", road, bare)
        yield milliseconds("road", f"and with what is read in between, {engine}", median(map(sum, roads)), bare)
        for name in STEPS:
            yield milliseconds("road", f"{name}, {engine}", median(_by_name(times)[name] for times in roads))


STEPS = (
    *("add 1", "add 2", "add 3", "add 4", "add 5", "basket", "checkout", "submit", "requisition"),
    *("approvals", "decide", "approve", "approved", "requisition after", "order", "receive", "received", "order after"),
)
# What the road cannot do without; the others are pages that people look at on the way.
NEEDED = tuple(
    step
    for step in STEPS
    if step not in ("requisition", "approvals", "approved", "requisition after", "order", "order after")
)


def _by_name(times: list[float]) -> dict[str, float]:
    return dict(zip(STEPS, times, strict=True))


def _order_once(counter: Counter, orderer: Browser, approver: Browser) -> list[float]:
    """The seconds of each of STEPS."""
    spent: list[float] = []
    token = orderer.token
    for article in counter.articles:
        fields = {"article_id": str(article), "quantity": str(QUANTITY), "csrf_token": token}
        spent.append(orderer.request("POST", "/basket/add", fields)[1])
    spent.append(orderer.request("GET", "/basket")[1])
    page, seconds = orderer.request("GET", "/checkout")
    spent.append(seconds)
    requisition, seconds = orderer.send(page, "/checkout")
    spent.append(seconds)
    spent.append(orderer.request("GET", requisition)[1])

    page, seconds = approver.request("GET", "/approvals")
    spent.append(seconds)
    found = re.search(r'href="(/approvals/\d+)"', page)
    if found is None:
        raise RuntimeError("the requisition does not wait for its approver")
    page, seconds = approver.request("GET", found.group(1))
    spent.append(seconds)
    place, seconds = approver.send(page, found.group(1), decision="approve")
    spent.append(seconds)
    spent.append(approver.request("GET", place)[1])

    page, seconds = orderer.request("GET", requisition)
    spent.append(seconds)
    found = re.search(r'href="(/orders/[\w-]+)"', page)
    if found is None:
        raise RuntimeError("the requisition became no order")
    order = found.group(1)
    spent.append(orderer.request("GET", order)[1])
    page, seconds = orderer.request("GET", f"{order}/receive")
    spent.append(seconds)
    place, seconds = orderer.send(page, f"{order}/receive", all="1")
    spent.append(seconds)
    spent.append(orderer.request("GET", place)[1])
    return spent


class Browser:
    """Just enough of one: a connection that stays, cookies, forms."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        self.token = ""

    def request(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[str, float]:
        """The page, or the place it sends to; and the seconds until the last byte."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = perf_counter()
        self.connection.request(method, path, urlencode(fields) if fields is not None else None, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        seconds = perf_counter() - began
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path} was answered with {answer.status}")
        return (answer.headers["Location"] if answer.status in (302, 303) else content.decode()), seconds

    def send(self, page: str, path: str, **pressed: str) -> tuple[str, float]:
        """Send the page's form for this path as it is filled in, with the button that was pressed."""
        form = next(form for form in _tree(page).forms if self._leads(form, path))
        fields = {name: value for name, value in form.form_values() if name not in pressed}
        return self.request("POST", path, fields | pressed)

    def log_in(self, email: str) -> None:
        page, _ = self.request("GET", "/login")
        form = next(form for form in _tree(page).forms if "password" in form.fields)
        self.request("POST", "/login", dict(form.form_values()) | {"email": email, "password": PASSWORD})
        page, _ = self.request("GET", "/")
        self.token = _tree(page).xpath('//input[@name="csrf_token"]/@value')[0]

    @staticmethod
    def _leads(form: Any, path: str) -> bool:
        return form.method == "POST" and (form.action or path) == path


def _tree(page: str) -> Any:
    return html.fromstring(page)


@contextmanager
def _server(environment: dict[str, str]) -> Iterator[int]:
    """`avrop serve` with one worker on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AVROP_")}
    server = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--workers", "1", "--port", str(port)],
        env=inherited | environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = monotonic() + 30
    while monotonic() < deadline and server.poll() is None:
        try:
            Browser(port).request("GET", "/health/live")
            return
        except (OSError, HTTPException):
            sleep(0.05)
    raise RuntimeError("the server did not start")
