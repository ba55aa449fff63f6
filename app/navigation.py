"""Navigation: what the head of every page offers the person who reads it.

The menu is data. An entry is shown when its page exists (a floor such as follow-up can be taken away) and when she
holds the permission its page demands, so the menu never leads to a refusal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import Select, func, select

from auth.login import has_permission
from auth.organisation import Organisation
from auth.permission import Permission
from auth.user import User
from core.clock import today
from core.db import db, prepared
from core.web import permission_of
from orders.approval_queries import waiting_for
from orders.basket import Basket, BasketLine

MAIN = (
    ("agreements.index", _l("Avtal")),
    ("orders.index", _l("Beställningar")),
    ("approvals.index", _l("Attestera")),
)
PERSONAL = (
    ("shopping_lists.index", _l("Inköpslistor")),
    ("favourites.index", _l("Favoriter")),
    ("quick_entry.index", _l("Snabbinmatning")),
    ("auth.substitutions", _l("Ersättare")),
    ("auth.password", _l("Byt lösenord")),
    ("outbox.mailbox", _l("E-postlåda")),
)
OFFICE = (
    ("followup.index", _l("Uppföljning")),
    ("manage.agreements", _l("Avtal och prislistor")),
    ("manage.suppliers", _l("Leverantörer")),
    ("manage.categories", _l("Kategorier")),
    ("manage.searches", _l("Sökord")),
    ("admin.organisations", _l("Organisationer")),
    ("admin.units", _l("Enheter och adresser")),
    ("admin.users", _l("Personer")),
    ("rules.index", _l("Attestregler")),
    ("admin.journal", _l("Journal")),
    ("outbox.queue", _l("E-post ut")),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What waits for a person where she acts: lines in her basket, and steps that ask for her decision."""

    basket_lines: int
    steps_to_decide: int


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the menu; `count` is what waits behind it."""

    url: str
    label: Any
    is_here: bool
    count: int = 0
    count_label: Any = ""


def counts(user: User, organisation: Organisation) -> Counts:
    """The numbers in the head of every page, in one query. A substitute sees the steps of those who are absent."""
    return Counts(*db.session.execute(*_counts(user.id, organisation.id, today())).one())


@prepared
def _counts(user_id: int, organisation_id: int, on: date) -> Select[Any]:
    lines = (
        select(func.count())
        .select_from(BasketLine)
        .join(Basket)
        .where(Basket.user_id == user_id, Basket.organisation_id == organisation_id)
    )
    steps = select(func.count()).select_from(waiting_for(user_id, organisation_id, on).subquery())
    return select(lines.scalar_subquery(), steps.scalar_subquery())


class Navigation:
    """The head and foot of a page, worked out when the template asks."""

    @cached_property
    def user(self) -> User:
        return current_user._get_current_object()  # type: ignore[no-any-return]

    @cached_property
    def is_signed_in(self) -> bool:
        return bool(current_user.is_authenticated) and "login_session" in g

    @cached_property
    def organisation(self) -> Organisation | None:
        return g.login_session.organisation if self.is_signed_in else None

    @cached_property
    def organisations(self) -> list[Organisation]:
        return self.user.organisations() if self.is_signed_in else []

    @cached_property
    def counts(self) -> Counts:
        return counts(self.user, self.organisation) if self.organisation else Counts(0, 0)

    @cached_property
    def main(self) -> list[Link]:
        steps = self.counts.steps_to_decide
        decides = steps or has_permission(Permission.ORDER_APPROVE)  # a substitute may decide without the role
        entries = [entry for entry in MAIN if decides or entry[0] != "approvals.index"]
        return list(_links(entries, {"approvals.index": (steps, _l("väntar på dig"))}))

    @cached_property
    def personal(self) -> list[Link]:
        return list(_links(PERSONAL))

    @cached_property
    def office(self) -> list[Link]:
        return list(_links(OFFICE))

    @cached_property
    def basket(self) -> Link | None:
        lines = (self.counts.basket_lines, _l("rader"))
        return next(_links([("basket.show", _l("Varukorg"))], {"basket.show": lines}), None)

    @property
    def search_url(self) -> str | None:
        return _url("catalog.search")

    @property
    def switch_url(self) -> str | None:
        return _url("auth.switch")

    @property
    def language_url(self) -> str | None:
        return _url("auth.language")

    @property
    def login_url(self) -> str | None:
        return None if request.endpoint == "auth.login" else _url("auth.login")

    @property
    def logout_url(self) -> str | None:
        return _url("auth.logout")


def init_navigation(app: Flask) -> None:
    """Give every template `nav`; it costs nothing until it is used."""
    app.context_processor(lambda: {"nav": Navigation()})


def _url(endpoint: str) -> str | None:
    """The page's path, or none where there is no such page or it is not hers."""
    if endpoint not in current_app.view_functions:
        return None
    permission = permission_of(current_app, endpoint)
    free = permission in (Permission.PUBLIC, Permission.SIGNED_IN)
    return _path(request.script_root, endpoint) if free or has_permission(Permission(permission)) else None


@lru_cache(256)
def _path(_root: str, endpoint: str) -> str:
    """The path of a page without parameters: it never changes, and every page shows two dozen of them."""
    return url_for(endpoint)


def _links(entries: Iterable[tuple[str, Any]], waiting: dict[str, tuple[int, Any]] | None = None) -> Iterator[Link]:
    for endpoint, label in entries:
        if url := _url(endpoint):
            count, count_label = (waiting or {}).get(endpoint, (0, ""))
            yield Link(url, label, request.endpoint == endpoint, count, count_label)
