"""People at their browsers: they order, approve twice at once, and press the button again when nothing comes back."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from http.client import HTTPConnection, HTTPException
from threading import Barrier, Thread
from urllib.parse import urlencode

PATIENCE = 60  # seconds


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    text: str

    def value(self, name: str) -> str:
        """What a hidden field holds."""
        found = re.search(rf'<input[^>]*\bname="{name}"[^>]*>', self.text)
        assert found is not None, f"no field {name}"
        value = re.search(r'value="([^"]*)"', found.group())
        return unescape(value.group(1)) if value else ""


@dataclass(frozen=True)
class Browser:
    """A logged-in window. Asks again until there is an answer that is not an error of the server's."""

    port: int
    cookie: str
    csrf_token: str

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None)

    def post(self, path: str, **fields: object) -> Answer:
        return self._ask("POST", path, urlencode({"csrf_token": self.csrf_token, **fields}))

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        end = time.monotonic() + PATIENCE
        while True:
            answer = self._once(method, path, body)
            if answer is not None and answer.status < 500:
                return answer
            assert time.monotonic() < end, f"{method} {path}: {answer.text if answer else 'no answer'}"
            time.sleep(0.2)

    def _once(self, method: str, path: str, body: str | None) -> Answer | None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers.get("Location", ""), response.read().decode())
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()


@dataclass
class Told:
    """What the system has promised to somebody, kept outside of it."""

    submitted: set[int] = field(default_factory=set)
    approved: set[int] = field(default_factory=set)
    refused: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Buyer:
    """An orderer, and the two who may both approve what she orders."""

    browser: Browser
    approvers: tuple[Browser, Browser]
    articles: tuple[int, ...]
    unit_id: int
    address_id: int
    steps_of: Callable[[int], list[tuple[int, str]]]  # requisition → (step, content hash) that are pending
    told: Told
    random: random.Random

    def buy(self, times: int) -> None:
        for _ in range(times):
            try:
                self._buy()
            except AssertionError as fault:
                self.told.faults.append(str(fault))

    def _buy(self) -> None:
        article = self.random.choice(self.articles)
        quantity = self.random.randint(1, 9)
        added = self.browser.post("/basket/add", article_id=article, quantity=quantity, next="/basket")
        if added.status == 422:
            self.told.refused += 1
            return
        till = self.browser.get("/checkout")
        if till.status != 200:
            return  # the basket is empty: she had pressed twice
        form = {"key": till.value("key"), "unit_id": self.unit_id, "address_id": self.address_id}
        answer = self.browser.post("/checkout", **form)
        if answer.status == 422:
            self.told.refused += 1
            self._empty_basket()
            return
        assert answer.status == 303, f"checkout: {answer.status}"
        requisition = _number(answer.location)
        if requisition is None:
            return
        self.told.submitted.add(requisition)
        if self.random.random() < 0.2:
            again = self.browser.post("/checkout", **form)
            assert again.location == answer.location, f"replay: {again.location} for {answer.location}"
        for step, content_hash in self.steps_of(requisition):
            self._approve_twice_at_once(requisition, step, content_hash)

    def _approve_twice_at_once(self, requisition: int, step: int, content_hash: str) -> None:
        ready = Barrier(2)

        def decide(browser: Browser) -> None:
            ready.wait()
            try:
                answer = browser.post(f"/approvals/{step}", seen_hash=content_hash, decision="approve", comment="")
            except AssertionError as fault:
                self.told.faults.append(str(fault))
                return
            if answer.status == 303:
                self.told.approved.add(requisition)
            elif answer.status not in (403, 404, 409, 422):
                self.told.faults.append(f"approve: {answer.status}")

        threads = [Thread(target=decide, args=(browser,)) for browser in self.approvers]
        [t.start() for t in threads]
        [t.join() for t in threads]

    def _empty_basket(self) -> None:
        for path in set(re.findall(r'"(/basket/\d+/remove)"', self.browser.get("/basket").text)):
            self.browser.post(path)


def _number(location: str) -> int | None:
    found = re.fullmatch(r"/requisitions/(\d+)", location)
    return int(found.group(1)) if found else None
