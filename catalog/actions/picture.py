"""Pictures: which addresses the published price lists name, and what stands there. Work of the worker.

A picture is claimed by an UPDATE that one of several workers wins; the claim itself already sets when it is tried
again, so one that dies in between leaves nothing to mend. What was fetched is asked for again when it has become old,
and shown until there is another.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, CompoundSelect, Select, delete, false, func, or_, select, update

from catalog.picture import ArticlePicture, version_of
from catalog.price_list import Article, PriceList, PriceListState
from core.clock import now
from core.db import AnySelect, insert_with_conflict, reading, unit_of_work
from exchange.picture import NoPicture, Picture

log = logging.getLogger(__name__)

Fetch = Callable[[str], Picture]

AT_ONCE = 20  # pictures between two pauses
NOTED_AT_ONCE = 5_000  # addresses in one transaction
AGE = timedelta(days=30)  # a supplier may put another picture at the same address
# after the first try that gave nothing, the second …; the last one again and again
PAUSES = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=7))
_NOTED = "avrop-pictures-noted"


def note_pictures(hosts: Collection[str]) -> int:
    """Want what published lists name, of the allowed hosts, and forget what none of them names any more.

    Returns how many were noted or forgotten. All articles are read, so it is done only when lists or hosts are others
    than when this process last did it; as long as more is left than is done at once, the next call goes on.
    """
    with reading() as session:
        seen = (tuple(sorted(hosts)), *session.execute(_published()).one())
        if current_app.extensions.get(_NOTED) == seen:
            return 0
        new = list(session.scalars(_new(hosts).limit(NOTED_AT_ONCE)))
        gone = list(session.scalars(_gone(hosts).limit(NOTED_AT_ONCE)))
    if new or gone:
        with unit_of_work() as session:
            for start in range(0, len(gone), 500):
                part = gone[start : start + 500]
                session.execute(delete(ArticlePicture).where(ArticlePicture.address.in_(part)))
            if new:
                rows = [{"address": address, "tries": 0, "next_try_at": now()} for address in new]
                session.execute(insert_with_conflict(ArticlePicture).on_conflict_do_nothing(), rows)
    if max(len(new), len(gone)) < NOTED_AT_ONCE:
        current_app.extensions[_NOTED] = seen
    return len(new) + len(gone)


def fetch_due(fetch: Fetch, stopped: Callable[[], bool]) -> int:
    """Fetch some of the pictures whose time has come; returns how many were tried. No transaction is open meanwhile."""
    due = select(ArticlePicture.id, ArticlePicture.address, ArticlePicture.tries)
    due = due.where(ArticlePicture.next_try_at <= now()).order_by(ArticlePicture.next_try_at, ArticlePicture.id)
    with reading() as session:
        waiting = session.execute(due.limit(AT_ONCE)).all()
    return sum(_try(fetch, *row) for row in waiting if not stopped())


def _try(fetch: Fetch, picture_id: int, address: str, tries: int) -> bool:
    """Whether this worker got to try it."""
    this = ArticlePicture.id == picture_id
    claim = update(ArticlePicture).where(this, ArticlePicture.tries == tries, ArticlePicture.next_try_at <= now())
    again = now() + PAUSES[min(tries, len(PAUSES) - 1)]
    with unit_of_work() as session:
        won: Any = session.execute(claim.values(tries=tries + 1, next_try_at=again))
    if won.rowcount != 1:
        return False
    found: dict[str, Any]
    try:
        picture = fetch(address)
    except NoPicture as none:
        found = {"problem": none.code[:200]}
        log.info("no picture at %s: %s", address, none.code)
    else:
        found = {
            "media_type": picture.media_type,
            "content": picture.content,
            "version": version_of(picture.content),
            "fetched_at": now(),
            "tries": 0,
            "next_try_at": now() + AGE,
            "problem": None,
        }
    with unit_of_work() as session:
        session.execute(update(ArticlePicture).where(this, ArticlePicture.tries == tries + 1).values(**found))
    return True


def _published() -> AnySelect:
    """What tells whether any list came into force or left it."""
    counted = select(func.count(), func.max(PriceList.publication), func.max(PriceList.published_at))
    return counted.where(PriceList.state == PriceListState.PUBLISHED)


def _named(hosts: Collection[str]) -> Select[Any]:
    """The addresses that published lists name on allowed hosts; the fetching looks more closely."""
    published = select(PriceList.id).where(PriceList.state == PriceListState.PUBLISHED)
    is_allowed: ColumnElement[bool] = or_(false(), *(_on(host) for host in hosts))
    return select(Article.picture_url).where(
        Article.picture_url.is_not(None), is_allowed, Article.price_list_id.in_(published)
    )


def _on(host: str) -> ColumnElement[bool]:
    name, _, port = host.partition(":")
    start = f"https://{name.replace('*', '%')}{f':{port}' if port else ''}"
    address = func.lower(Article.picture_url)
    return or_(address.like(f"{start}/%"), address.like(f"{start}:443/%")) if not port else address.like(f"{start}/%")


def _new(hosts: Collection[str]) -> CompoundSelect[Any]:
    return _named(hosts).except_(select(ArticlePicture.address))


def _gone(hosts: Collection[str]) -> CompoundSelect[Any]:
    return select(ArticlePicture.address).except_(_named(hosts))
