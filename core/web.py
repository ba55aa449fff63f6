"""Web plumbing that knows nothing of the trade: the permission on a route, filters, paging, safe redirects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, has_request_context, request, url_for
from flask_babel import format_date, format_datetime, format_decimal
from markupsafe import Markup
from werkzeug.routing import IntegerConverter, Map

from core.clock import local
from core.language import language
from core.state import state_name
from core.types import rounded

View = TypeVar("View", bound=Callable[..., Any])


def requires(permission: Enum) -> Callable[[View], View]:
    """Declare the one permission that a route demands. `create_app` refuses to start on a route without it."""

    def declare(view: View) -> View:
        if hasattr(view, "permission"):
            raise TypeError(f"{view.__name__} declares a second permission")
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return declare


def download(name: str | None, content: bytes | None) -> Response:
    """A file that came from outside, always to be saved: it is never shown in our pages. `name` and `content` are
    there together (a constraint of what it belongs to)."""
    response = Response(content, mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def permission_of(app: Flask, endpoint: str) -> Enum:
    """The permission that the endpoint's view declares. Raises LookupError where none is declared."""
    permission = getattr(app.view_functions[endpoint], "permission", None)
    if permission is None:
        raise LookupError(f"the route {endpoint} declares no permission")
    return permission  # type: ignore[no-any-return]


LARGEST_KEY = 2**31 - 1  # what a key column holds


class KeyConverter(IntegerConverter):
    """`<int:…>` in a route: a number that a key column can hold. Any other is no such page, not a database error."""

    def __init__(self, url_map: Map, max: int = LARGEST_KEY) -> None:
        super().__init__(url_map, max=max)


def read_key(text: str) -> int | None:
    """A key that somebody sent in a query or a body; none for what a key column cannot hold."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    return key if 0 < (key := int(text)) <= LARGEST_KEY else None


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of a long list: `items` are those of page `number` (from 1), `total` counts them all."""

    items: Sequence[Any]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def has_next(self) -> bool:
        return self.number < self.pages


def external_url(endpoint: str, **values: Any) -> str:
    """A full address for mail and documents, from AVROP_BASE_URL and never from the Host header of a request."""
    base = urlsplit(current_app.config["AVROP"].base_url)
    if has_request_context():
        path = url_for(endpoint, **values)
    else:
        path = current_app.url_map.bind(base.hostname or "localhost").build(endpoint, values)
    return f"{base.scheme}://{base.netloc}{base.path}{path}"


def _remembered_links() -> Callable[..., str]:
    """`url_for` of one application's templates: what leads where never changes, and a page asks for some thirty."""

    @lru_cache(10_000, typed=True)
    def path(_root: str, endpoint: str, **values: Any) -> str:
        return url_for(endpoint, **values)

    def link(endpoint: str, **values: Any) -> str:
        if not has_request_context():
            return url_for(endpoint, **values)  # with our own name in it, for mail
        return path(request.script_root, endpoint, **values)

    return link


def kr(amount: Decimal | None, places: int = 2) -> str:
    """An amount as people read it: `1 234,50 kr`. Nothing where there is none."""
    if amount is None:
        return ""
    return f"{number(rounded(amount, places), places)}\N{NO-BREAK SPACE}kr"


def price(amount: Decimal) -> str:
    """A unit price: two decimals, up to four where they matter."""
    exact = amount.normalize()
    places = max(2, min(4, -int(exact.as_tuple().exponent)))
    return kr(amount, places)


def number(value: Decimal | int, places: int | None = None) -> str:
    """A number in the reader's language, without needless decimals unless `places` says how many."""
    pattern = "#,##0.###"
    if places is not None:
        pattern = "#,##0." + "0" * places if places else "#,##0"
    return _written(language(), Decimal(value or 0), pattern)


@lru_cache(10_000)  # a page shows dozens of numbers, often the same ones, and writing one takes 20 microseconds
def _written(_language: str, value: Decimal, pattern: str) -> str:
    return str(format_decimal(value, format=pattern))


@lru_cache(1000, typed=True)  # a list says the same state in every row; states of two things may be equal as texts
def _state_text(_language: str, state: Enum) -> str:
    return str(state_name(state))


def day(value: date | None) -> str:
    """A day, the Swedish way: 2026-04-01."""
    return "" if value is None else value.isoformat()


def long_day(value: date | None) -> str:
    """A day in words: 1 april 2026."""
    return "" if value is None else str(format_date(value, format="long"))


def moment(instant: datetime | None) -> str:
    """An instant on a Stockholm clock: 2026-04-01 14:03."""
    return "" if instant is None else f"{local(instant):%Y-%m-%d %H:%M}"


def weekday(value: date) -> str:
    """The name of the day: onsdag."""
    return str(format_date(value, format="EEEE"))


def orgnr(value: str | None) -> str:
    """An organisation number with its hyphen: 212000-2528."""
    return f"{value[:6]}-{value[6:]}" if value and len(value) == 10 else value or ""


def lines(text: str | None) -> Markup:
    """Text with its line breaks kept, everything else escaped."""
    return Markup("<br>").join(Markup.escape(part) for part in (text or "").splitlines())


def init_filters(app: Flask) -> None:
    """Make the filters known to the templates."""
    for filter_ in (kr, price, number, day, long_day, moment, weekday, orgnr, lines):
        app.add_template_filter(filter_)
    app.add_template_filter(format_datetime, "datetime")
    app.add_template_global(_remembered_links(), "url_for")
    app.add_template_global(lambda state: _state_text(language(), state), "state_name")
    app.jinja_env.policies["ext.i18n.trimmed"] = True


def is_local_path(target: str | None) -> bool:
    """Whether a `next=` value is a path within this site, and nothing a browser could read as another host."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return False
    return not any(c in target for c in "\\\r\n\t\0") and target.isprintable()
