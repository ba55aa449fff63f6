"""Every route, as every role, for things of one's own, of the unit, of the organisation, of another one, and missing.

The routes are taken from the application itself: a new one is tested the moment it is registered. What is expected
follows from the permission it declares and from SCOPES, the table of who sees what. A route with an object that the
table does not know fails, and says what to add.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import unified_diff
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import quote
from zipfile import ZipFile

import pytest
from flask import Flask, got_request_exception
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select
from werkzeug.routing import Rule

from auth.permission import Permission, Role
from auth.session import begin_session
from core.db import TransactionalFlask, commit, db
from core.web import permission_of
from tests.house.world import ACTORS, MISSING, NEARNESS, ORGANISATION, OTHER, OWN, UNIT, Actor, World, make_world

READING = "GET"
Scope = Callable[[Actor, str], bool]


def on_the_road(actor: Actor, nearness: str) -> bool:
    """Requisitions and orders: as far as her role reaches."""
    return nearness in actor.sees


def only_own(actor: Actor, nearness: str) -> bool:
    return nearness == OWN


def reported(actor: Actor, nearness: str) -> bool:
    """Need reports: one's own, and those of the organisation for whoever answers, administers or audits there."""
    readers = (Role.AGREEMENT_OWNER, Role.ORGANISATION_ADMIN, Role.AUDITOR)
    return nearness in actor.sees if actor.role in readers else actor.name == "orderer" and nearness == OWN


def competed(actor: Actor, nearness: str) -> bool:
    """Competitions: one's own, and the organisation's for whoever owns agreements, administers or audits there."""
    return reported(actor, nearness)


def of_the_approver(actor: Actor, nearness: str) -> bool:
    """Steps and absences of the approver at A1, who is asked about her unit."""
    return actor.name == "approver" and nearness in (OWN, UNIT)


def administered(actor: Actor, nearness: str) -> bool:
    """Places and people: of her organisation, and all of them for the system administrator."""
    if actor.role is Role.SYSTEM_ADMIN:
        return nearness != MISSING
    return actor.role is Role.ORGANISATION_ADMIN and nearness in (OWN, UNIT, ORGANISATION)


def of_the_absent(actor: Actor, nearness: str) -> bool:
    return of_the_approver(actor, nearness) or administered(actor, nearness)


def published_or_managed(actor: Actor, nearness: str) -> bool:
    """Her organisation's agreement is published; the other one's is a draft, which those who manage it see."""
    return nearness == OWN or managed(actor, nearness)


def managed(actor: Actor, nearness: str) -> bool:
    """What is under an organisation's own agreement; the office's owners manage all of them."""
    if actor.name == "office_owner":
        return nearness != MISSING
    return actor.role is Role.AGREEMENT_OWNER and nearness == OWN


def of_the_administrator(actor: Actor, nearness: str) -> bool:
    """Approval rules and coding: the organisation's own administrator's, and not the system's."""
    return actor.role is Role.ORGANISATION_ADMIN and nearness == OWN


def of_the_organisations_orderer(actor: Actor, nearness: str) -> bool:
    """What whoever orders must know of the organisation, whatever her unit."""
    return nearness in (OWN, UNIT, ORGANISATION)


def of_the_organisations_administrator(actor: Actor, nearness: str) -> bool:
    return actor.role is Role.ORGANISATION_ADMIN and nearness in (OWN, UNIT, ORGANISATION)


def declared(actor: Actor, nearness: str) -> bool:
    """Conflicts of interest: the approver's own, and the organisation's administrator's to withdraw."""
    if actor.role is Role.ORGANISATION_ADMIN:
        return nearness in (OWN, UNIT, ORGANISATION)
    return actor.name == "approver" and nearness == OWN


def of_who_reads_rules(actor: Actor, nearness: str) -> bool:
    """What an approval rule has said: also the organisation's own auditor's."""
    return actor.role in (Role.ORGANISATION_ADMIN, Role.AUDITOR) and nearness == OWN


def everybody(actor: Actor, nearness: str) -> bool:
    return nearness != MISSING


# `endpoint.argument` or `blueprint.argument` → the kind of thing in World.things, and who sees it.
SCOPES: dict[str, tuple[str, Scope]] = {
    "orders.number": ("order", on_the_road),
    "orders.cancellation.number": ("cancelled order", on_the_road),
    "requisitions.requisition_id": ("requisition", on_the_road),
    "requisitions.evidence.requisition_id": ("ranked requisition", on_the_road),
    "requisitions.refusal_id": ("ranking refusal", on_the_road),
    "approvals.step_id": ("step", of_the_approver),
    "approvals.token": ("approval link", everybody),  # 43 random characters, and personal
    "auth.token": ("reset link", everybody),
    "auth.substitution_id": ("substitution", of_the_absent),
    "admin.organisation_id": ("organisation", administered),
    "admin.identifier_id": ("identifier", administered),
    "admin.unit_id": ("unit", administered),
    "admin.address_id": ("address", administered),
    "admin.user_id": ("user", administered),
    "admin.membership_id": ("membership", administered),
    "basket.line_id": ("basket line", only_own),
    "basket.refusal.line_id": ("ranked line", only_own),
    "basket.switch_supplier.line_id": ("ranked line", only_own),
    "basket.award_id": ("better award", everybody),
    "orders.message_id": ("message", on_the_road),
    "agreements.number": ("agreement number", published_or_managed),
    "agreements.document_id": ("document", published_or_managed),
    "catalog.article_id": ("article", published_or_managed),
    "favourites.article_id": ("article", published_or_managed),
    "orders.draw.number": ("blanket order", on_the_road),
    "free_texts.award_id": ("award", published_or_managed),
    "free_texts.free_text_id": ("free text", on_the_road),
    "shopping_lists.list_id": ("shopping list", on_the_road),
    "shopping_lists.article_id": ("article", published_or_managed),
    "needs.report_id": ("need report", reported),
    "needs.attachment_id": ("need attachment", reported),
    "needs.documentation.report_id": ("documented need", reported),
    "needs.documentation_pdf.report_id": ("documented need", reported),
    "needs.correct.report_id": ("documented need", reported),
    "competitions.lot_id": ("lot", published_or_managed),
    "competitions.competition_id": ("competition", competed),
    "competitions.bid_id": ("bid", competed),
    "bids.token": ("bid link", everybody),  # 43 random characters
    "approvals.seat_id": ("seat", of_the_organisations_administrator),
    "conflicts.conflict_id": ("conflict", declared),
    "rules.history.rule_id": ("approval rule", of_who_reads_rules),
    "rules.rule_id": ("approval rule", of_the_administrator),
    "rules.group_id": ("approval group", of_the_administrator),
    "coding.dimension_id": ("coding dimension", of_the_administrator),
    "codes.dimension_id": ("coding dimension", of_the_organisations_orderer),
    "coding.default_id": ("coding default", of_the_administrator),
    "coding.rule_id": ("coding rule", of_the_administrator),
    "manage.agreement_id": ("agreement", managed),
    "manage.lot_id": ("lot", managed),
    "manage.award_id": ("award", managed),
    "blocks.supplier_id": ("supplier", everybody),
    "ceilings.agreement_id": ("agreement", managed),
    "manage.external_id": ("external call-off", managed),
    "manage.ceiling_id": ("ceiling", managed),
    "manage.entitlement_id": ("entitlement", managed),
    "manage.extension_id": ("extension", managed),
    "manage.document_id": ("document", managed),
    "manage.price_list_id": ("price list", managed),
    "manage.supplier_id": ("supplier", everybody),
    "manage.category_id": ("category", everybody),
    "manage.synonym_id": ("synonym", everybody),
    "outbox.message_id": ("message", everybody),  # the permission decides; see OPEN_MAIL
    "outbox.attachment_id": ("attachment", everybody),
}

# Files and style sheets hold nothing of anybody.
NO_THINGS = {"static", "roof.bootstrap"}
# While no mail server is set, everybody who logs in reads every letter, and each page of it says so. With one, these
# routes are not there.
OPEN_MAIL = {"outbox.mailbox", "outbox.message", "outbox.letter", "outbox.attachment"}
# What a search box must not find for the wrong person; small letters, so that an echo is not taken for a leak.
# An address with two things that do not belong together: her own, and of it one that is another's.
CROSSED = "crossed"
HERS = "is hers to see, and is not found"
CURIOUS = "?q=kanarie&text=kanarie&scope=organisation&organisation=2&unit=3&page=1"


def scope_of(rule: Rule, argument: str) -> tuple[str, Scope] | None:
    """The kind of thing that an argument of an address names, and who sees it."""
    return SCOPES.get(f"{rule.endpoint}.{argument}") or SCOPES.get(f"{rule.endpoint.split('.')[0]}.{argument}")


def unknown(rule: Rule) -> list[str]:
    """The arguments of an address that SCOPES does not know."""
    return [argument for argument in sorted(rule.arguments) if scope_of(rule, argument) is None]


class Door(NamedTuple):
    """One route and one method."""

    rule: Rule
    method: str
    permission: Permission

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule} ({self.rule.endpoint})"

    def sees(self, actor: Actor, nearness: str) -> bool:
        """Whether she may see all the things in the address."""
        return nearness != CROSSED and all(scope(actor, nearness) for _, scope in self._things())

    def address(self, world: World, nearness: str) -> str | None:
        """The path with the things at this distance; nothing where there is none so near."""
        path = self.rule.rule
        arguments = re.findall(r"<(?:[^<>:]+:)?(\w+)>", path)
        for argument in arguments:
            here = world.things[(scope_of(self.rule, argument) or ("",))[0]]
            distance = nearness
            if nearness == CROSSED:
                distance = OTHER if argument == arguments[-1] else OWN
                if len(arguments) == 1 or here.get(OWN) == here.get(OTHER):
                    return None
            if distance not in here:
                return None
            path = re.sub(rf"<(?:[^<>:]+:)?{argument}>", quote(str(here[distance]), safe=""), path)
        return path

    def _things(self) -> list[tuple[str, Scope]]:
        return [found for argument in self.rule.arguments if (found := scope_of(self.rule, argument))]


def doors(app: Flask) -> Iterator[Door]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint in NO_THINGS or unknown(rule):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Door(rule, method, Permission(permission_of(app, rule.endpoint)))


class Browser(NamedTuple):
    """A browser that keeps the cookie it was given, also when it is told to forget it."""

    client: FlaskClient
    headers: dict[str, str]

    def open(self, door: Door, path: str) -> Any:
        return self.client.open(path, method=door.method, headers=self.headers, buffered=True)


def log_in(app: TransactionalFlask, actor: Actor) -> Browser:
    client = app.test_client()
    if actor.user is None:
        return Browser(client, {})
    token = begin_session(actor.user, "test")
    commit()
    with client.session_transaction() as session:
        session["_user_id"] = token
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    return Browser(app.test_client(use_cookies=False), {"Cookie": f"{cookie.key}={cookie.value}"})


def ask(browser: Browser, door: Door, path: str) -> Any:
    """One request that leaves the world as it was, whatever it did."""
    commit()
    db.session.remove()
    attempt = db.session.get_bind().begin_nested()  # type: ignore[union-attr]  # the test's own connection
    try:
        return browser.open(door, path)
    finally:
        db.session.remove()
        attempt.rollback()


def problem(door: Door, actor: Actor, nearness: str, status: int, location: str) -> str | None:
    """What is wrong with an answer's status, or nothing."""
    if status >= 500:
        return "a fault of ours"
    if door.permission is Permission.PUBLIC:
        return None
    if not actor.may_log_in:
        return None if status == 303 and "/login" in location else "must lead to the log-in"
    if door.permission is not Permission.SIGNED_IN and door.permission not in actor.permissions:
        return None if status == 403 else "her role must not pass: 403"
    if not door.sees(actor, nearness):
        if status == 404 or status == 403 and nearness == CROSSED:  # she may not do it anywhere
            return None
        return "must not be found: 404"
    if door.rule.arguments and status == 404:
        return HERS
    return None


def text_of(response: Any) -> str:
    """What a person reads in an answer, be it a page, a PDF or a workbook."""
    if response.mimetype == "application/pdf":
        return "\n".join(page.extract_text() for page in PdfReader(BytesIO(response.data)).pages)
    if response.mimetype.endswith(".spreadsheetml.sheet"):
        with ZipFile(BytesIO(response.data)) as book:
            return "\n".join(book.read(name).decode() for name in book.namelist())
    if response.mimetype.startswith("image/"):
        return str(response.data.decode("latin-1"))
    return str(response.get_data(as_text=True))


def told(response: Any, path: str) -> str:
    """A refusal without what belongs to the request: its own address and the one-time values of forms."""
    text = text_of(response)
    for own in (path, quote(path, safe="")):
        text = text.replace(own, "")
    return re.sub(r'(name="csrf_token"[^>]*value=|nonce=|content=)"[^"]*"', "", text)


def test_every_address_is_understood(app: TransactionalFlask) -> None:
    """A new route with a new kind of thing fails here until somebody has said who sees it."""
    missing = [
        f"{rule} ({rule.endpoint}): what is <{argument}>, and who sees it? Add it to SCOPES here, and one at each "
        "distance to tests/house/world.py."
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in NO_THINGS
        for argument in unknown(rule)
    ]
    assert missing == [], "\n".join(missing)


@contextmanager
def noting_faults(app: TransactionalFlask) -> Iterator[list[str]]:
    """Faults become answers with status 500, as in production; what they were stands in the list."""
    seen: list[str] = []

    def note(_app: Flask, exception: Exception) -> None:
        seen.append(f"{type(exception).__name__}: {exception}")

    former = app.config["PROPAGATE_EXCEPTIONS"]
    app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        with got_request_exception.connected_to(note, app):
            yield seen
    finally:
        app.config["PROPAGATE_EXCEPTIONS"] = former


@pytest.fixture
def faults(app: TransactionalFlask) -> Iterator[list[str]]:
    with noting_faults(app) as seen:
        yield seen


@pytest.mark.parametrize("name", ACTORS)
def test_every_route_for(name: str, app: TransactionalFlask, faults: list[str]) -> None:
    world = make_world()
    actor = world.actors[name]
    browser = log_in(app, actor)
    wrong: list[str] = []
    for door in doors(app):
        not_found: dict[str, str] = {}
        for nearness in (*NEARNESS, CROSSED) if door.rule.arguments else (OWN,):
            path = door.address(world, nearness)
            if path is None:
                continue
            for query in ("", CURIOUS) if door.method == READING and nearness == OWN else ("",):
                response = ask(browser, door, path + query)
                case = f"{name}, {nearness}: {door}{query and ' searching'} → {response.status_code}"
                fault = problem(door, actor, nearness, response.status_code, response.headers.get("Location", ""))
                if fault == HERS and query:
                    fault = None  # the question names something of another organisation
                if fault:
                    wrong.append(f"{case}: {fault} {faults.pop() if faults else ''}")
                heard = actor.hears(str(response.headers)) or actor.hears(text_of(response))
                if heard and door.rule.endpoint not in OPEN_MAIL:
                    wrong.append(f"{case}: tells {heard}")
                if response.status_code == 404 and not query and nearness != CROSSED:
                    not_found[nearness] = told(response, path)
        if len({*not_found.values()}) > 1 and door.permission is not Permission.PUBLIC:
            different = "\n".join(unified_diff(*(text.splitlines() for text in [*{*not_found.values()}][:2]), n=0))
            wrong.append(f"{name}: {door}: what is missing and what is hidden can be told apart:\n{different}")
    assert wrong == [], "\n".join(["", *wrong])


@pytest.mark.usefixtures("faults")
def test_every_page_opens_for_somebody(app: TransactionalFlask) -> None:
    """Guards the test above against a world in which every door is closed."""
    world = make_world()
    browsers = [log_in(app, actor) for actor in world.actors.values()]
    closed = []
    for door in doors(app):
        if door.method != READING or door.rule.endpoint in OPEN_WITH_MORE:
            continue
        paths = [path for near in NEARNESS if (path := door.address(world, near))]
        if not any(ask(browser, door, path).status_code == 200 for browser in browsers for path in paths):
            closed.append(str(door))
    assert closed == []


# Pages that need more than an address: what, and where they are tested instead.
OPEN_WITH_MORE = {
    "auth.reset": "a link from a mail, which shows whose it is: tests/auth",
}


@pytest.mark.usefixtures("faults")
def test_a_refused_write_changes_nothing(app: TransactionalFlask) -> None:
    """As the orderer, against what is not hers, and as somebody without the permission."""
    world = make_world()
    for browser in [log_in(app, world.actors[name]) for name in ("orderer", "ended")]:
        for door in doors(app):
            path = door.address(world, OTHER if door.rule.arguments else OWN)
            if door.method == READING or path is None or door.permission is Permission.PUBLIC:
                continue
            before = contents()
            response = browser.open(door, path)
            if response.status_code >= 400:
                assert contents() == before, f"{door} said {response.status_code} and yet changed something"
            db.session.remove()


def contents() -> dict[str, list[Any]]:
    """Every row of every table but those that note who asked."""
    return {
        table.name: sorted(map(repr, db.session.execute(select(table))))
        for table in db.metadata.sorted_tables
        if table.name not in ("login_session", "attempt")
    }
