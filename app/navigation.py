"""Navigation: what the head of every page offers the person who reads it.

The menu is data. An entry is shown when its page exists (a floor such as follow-up can be taken away) and when she
holds the permission its page demands, so the menu never leads to a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext
from flask_babel.speaklater import LazyString
from flask_login import current_user
from sqlalchemy import Select, func, select

from auth.login import has_permission
from auth.organisation import Organisation
from auth.permission import Permission
from auth.user import User
from core.clock import today
from core.db import db, prepared
from core.language import language
from core.web import permission_of
from orders.approval_queries import waiting_for
from orders.basket import Basket, BasketLine

Entries = tuple[tuple[str, LazyString], ...]  # endpoint, label

MENUS: dict[str, Entries] = {
    "basket": (("basket.show", _l("Varukorg")),),
    "main": (
        ("agreements.index", lazy_pgettext("flera", "Avtal")),
        ("orders.index", _l("Beställningar")),
        ("approvals.index", _l("Attestera")),
    ),
    "personal": (
        ("shopping_lists.index", _l("Inköpslistor")),
        ("favourites.index", _l("Favoriter")),
        ("quick_entry.index", _l("Snabbinmatning")),
        ("needs.index", _l("Behovsanmälningar")),
        ("competitions.index", _l("Konkurrensutsättningar")),
        ("auth.substitutions", _l("Ersättare")),
        ("conflicts.mine", _l("Mina jäv")),
        ("auth.password", _l("Byt lösenord")),
        ("outbox.mailbox", _l("E-postlåda")),
    ),
    "office": (
        ("followup.index", _l("Uppföljning")),
        ("manage.agreements", _l("Avtal och prislistor")),
        ("manage.dates", _l("Kommande datum")),
        ("manage.ceilings", _l("Tak som fylls")),
        ("splitting.index", _l("Sannolik uppdelning")),
        ("manage.suppliers", _l("Leverantörer")),
        ("manage.categories", _l("Kategorier")),
        ("manage.searches", _l("Sökord")),
        ("manage.parameters", _l("Gränser och satser")),
        ("needs.inbox", _l("Behov att svara på")),
        ("admin.organisations", _l("Organisationer")),
        ("admin.units", _l("Enheter och adresser")),
        ("admin.users", _l("Personer")),
        ("rules.index", _l("Attestregler")),
        ("coding.index", _l("Kontering")),
        ("coding.export", _l("Beställningar som fil")),
        ("reasoned.index", _l("Avrop med skäl")),
        ("conflicts.index", _l("Jäv")),
        ("admin.journal", _l("Journal")),
        ("outbox.queue", _l("E-post ut")),
    ),
}


@dataclass(frozen=True, slots=True)
class Counts:
    """What waits for a person where she acts: lines in her basket, and steps that ask for her decision."""

    basket_lines: int
    steps_to_decide: int


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the menu; `count` is what waits behind it."""

    endpoint: str
    url: str
    label: str
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
        links = _links("main", {"approvals.index": (steps, _l("väntar på dig"))})
        return [link for link in links if decides or link.endpoint != "approvals.index"]

    @cached_property
    def personal(self) -> list[Link]:
        return _links("personal")

    @cached_property
    def office(self) -> list[Link]:
        return _links("office")

    @cached_property
    def basket(self) -> Link | None:
        return next(iter(_links("basket", {"basket.show": (self.counts.basket_lines, _l("rader"))})), None)

    @property
    def search_url(self) -> str | None:
        return _url("catalog.search")

    @property
    def need_url(self) -> str | None:
        """Where a need is reported, which is the way on from every refusal."""
        return _url("needs.new")

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


class Ways:
    """Where the entries lead for each set of permissions, worked out once: every page shows two dozen."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.path = lru_cache(2048)(self._path)
        self.open_to = lru_cache(512)(self._open_to)

    def _path(self, _root: str, endpoint: str, permissions: frozenset[Permission]) -> str | None:
        if endpoint not in self._app.view_functions:
            return None
        wanted = permission_of(self._app, endpoint)
        free = wanted in (Permission.PUBLIC, Permission.SIGNED_IN)
        return url_for(endpoint) if free or wanted in permissions else None

    def _open_to(
        self, root: str, menu: str, permissions: frozenset[Permission], _language: str
    ) -> list[tuple[str, str, str]]:
        """A menu's entries that lead somewhere, with their texts: the same for all like her."""
        found = [(endpoint, self.path(root, endpoint, permissions), str(label)) for endpoint, label in MENUS[menu]]
        return [(endpoint, url, label) for endpoint, url, label in found if url]


def init_navigation(app: Flask) -> None:
    """Give every template `nav`; it costs nothing until it is used."""
    app.extensions["ways"] = Ways(app)
    app.context_processor(lambda: {"nav": Navigation()})


def _ways() -> Ways:
    return current_app.extensions["ways"]  # type: ignore[no-any-return]


def _url(endpoint: str) -> str | None:
    """The page's path, or none where there is no such page or it is not hers."""
    return _ways().path(request.script_root, endpoint, _permissions())


def _links(menu: str, waiting: dict[str, tuple[int, Any]] | None = None) -> list[Link]:
    here = request.endpoint
    return [
        Link(endpoint, url, label, here == endpoint, *(waiting or {}).get(endpoint, (0, "")))
        for endpoint, url, label in _ways().open_to(request.script_root, menu, _permissions(), language())
    ]


def _permissions() -> frozenset[Permission]:
    return g.get("permissions", frozenset())  # type: ignore[no-any-return]
