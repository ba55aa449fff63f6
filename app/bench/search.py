"""Search: words asked of a catalogue of a million articles, half of which the organisation may order.

*Index time* is what the index takes to find a page of hits with exact facets, in one thread; the floor beside it is
one bare look-up of the commonest word in the same index. Reading the hits again, steering and the page come on top.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import median
from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient
from tantivy import Query

from app.bench.catalogue import Catalogue, make_catalogue
from app.bench.measure import Figure, counted, milliseconds, p95, p99, timed
from app.bench.world import bench_app, logged_in, open_page, settings_for
from app.factory import create_app
from auth.organisation import Organisation
from catalog.queries import offers
from catalog.search import SearchRequest, finder, suggest, update_index
from catalog.search.analyser import stem, words
from catalog.search.index import open_index
from core.clock import today
from core.db import db, reading

EACH = 80  # questions of a kind
SEED = 7
HARD = ("words to fill up with", "two letters")


def bench_search(database: str | None, _seconds: float, quick: bool, *, articles: int = 1_000_000) -> Iterator[Figure]:
    """Index time, the whole page, type-ahead, mending, the time to build, and the memory of a process that searches."""
    articles = min(articles, 20_000) if quick else articles
    with bench_app(database) as (app, url, folder):
        catalogue = make_catalogue(articles)
        variant = f"{articles:,} articles, {db.engine.dialect.name}"
        with reading():
            yield milliseconds("search", f"index made anew, {variant}", timed(lambda: update_index(anew=True)))
        asked = questions(catalogue)
        gc.collect()
        gc.freeze()  # as the server does when everything is loaded
        yield from _index_times(catalogue, asked, variant)
        yield from _small_times(catalogue, asked, variant)
        client = logged_in(app, catalogue.orderer)
        easy = [text for kind, texts in asked.items() if kind not in HARD for text in texts]
        times = [timed(lambda text=text: _search(client, text)) for text in easy]  # type: ignore[misc]
        with counted(db.engine) as queries:
            _search(client, easy[0])
        yield milliseconds("search", f"whole page, p95, {variant}", p95(times), median(times), len(queries))
        db.session.remove()
        resident, before = _in_another_process(url, folder, catalogue.orderer, easy)
        yield Figure(
            "search", f"memory of a web process, {variant}", resident, "MB", before, round(resident / before, 2)
        )


def questions(catalogue: Catalogue) -> dict[str, list[str]]:
    """What is asked, by kind."""
    chance = Random(SEED)
    names = [[word for word in words(item.name) if word.isalpha() and len(word) >= 4] for item in catalogue.items]
    names = [name for name in names if name]
    common = sorted({name[0] for name in names})

    def some(make: Callable[[], str]) -> list[str]:
        return [make() for _ in range(EACH)]

    def name() -> list[str]:
        return chance.choice(names)

    return {
        "rare word": some(lambda: chance.choice(catalogue.series)),
        "common word": some(lambda: name()[0]),
        "two words": some(lambda: " ".join(name()[:2])),
        "thing and series": some(lambda: f"{name()[0]} {chance.choice(catalogue.series)}"),
        "beginning": some(lambda: name()[0][:4]),
        "article number": some(lambda: chance.choice(catalogue.numbers)),
        "typing error": some(lambda: _mistyped(chance.choice([w for w in common if len(w) >= 6]), chance)),
        "words to fill up with": some(lambda: f"{chance.choice(catalogue.series)} {name()[0]} {name()[0]}"),
        "two letters": some(lambda: name()[0][:2]),
    }


def _mistyped(word: str, chance: Random) -> str:
    """Two letters in the wrong order, or one too few."""
    at = chance.randrange(1, len(word) - 2)
    return word[:at] + (word[at + 1] + word[at] + word[at + 2 :] if chance.random() < 0.5 else word[at + 1 :])


def _index_times(catalogue: Catalogue, asked: dict[str, list[str]], variant: str) -> Iterator[Figure]:
    with reading() as session:
        organisation = session.get_one(Organisation, catalogue.organisation)
        known = [offer for offer in offers(organisation, today()) if offer.price_list_id]
        mine = [offer for offer in known if offer.is_orderable]
        reader = open_index()
        if reader is None:
            raise RuntimeError("there is no index")

        def ask(text: str) -> None:
            finder._ask(reader, SearchRequest(text, organisation, today()), mine, mine)

        def bare(text: str) -> None:
            reader.searcher.search(Query.term_query(reader.schema, "name", stem(text)), limit=20)

        floor = [timed(lambda text=text: bare(text)) for text in asked["common word"]]  # type: ignore[misc]
        times = {kind: [timed(lambda text=text: ask(text)) for text in texts] for kind, texts in asked.items()}  # type: ignore[misc]
    for kind, taken in times.items():
        yield milliseconds("search", f"index time, {kind}, p95, {variant}", p95(taken))
    easy = [seconds for kind, taken in times.items() if kind not in HARD for seconds in taken]
    hard = [seconds for kind in HARD for seconds in times[kind]]
    yield milliseconds("search", f"index time, p95, {variant}", p95(easy), p95(floor))
    yield milliseconds("search", f"index time, p99, {variant}", p99(easy), p99(floor))
    yield milliseconds("search", f"index time of the worst, p99, {variant}", p99(hard), p99(floor))


def _small_times(catalogue: Catalogue, asked: dict[str, list[str]], variant: str) -> Iterator[Figure]:
    """Type-ahead while each of the common words is written, and the mending of a typing error."""
    with reading() as session:
        organisation = session.get_one(Organisation, catalogue.organisation)
        begun = [text[:length] for text in asked["common word"] for length in range(2, min(7, len(text)))]
        first, ahead = (
            [timed(lambda text=text: suggest(text, organisation, today())) for text in begun]  # type: ignore[misc]
            for _ in range(2)
        )
        reader = open_index()
        if reader is None:
            raise RuntimeError("there is no index")
        vocabulary = reader.vocabulary
        mended = [timed(lambda text=text: vocabulary.corrections(text)) for text in asked["typing error"]]  # type: ignore[misc]
    yield milliseconds("search", f"type-ahead of what nobody has begun before, p95, {variant}", p95(first))
    yield milliseconds("search", f"type-ahead, p95, {variant}", p95(ahead))
    yield milliseconds("search", f"mending of a typing error, p95, {variant}", p95(mended))


def _search(client: FlaskClient, text: str) -> None:
    open_page(client, f"/search?q={quote(text)}")


def _in_another_process(url: str, folder: Path, user_id: int, texts: Sequence[str]) -> tuple[float, float]:
    """The resident megabytes of a process that has served every question, and of the same one before the first."""
    context = multiprocessing.get_context("spawn")
    told: Any = context.Queue()
    process = context.Process(target=_serve_all, args=(url, folder, user_id, list(texts), told))
    process.start()
    resident: tuple[float, float] = told.get(timeout=600)
    process.join()
    return resident


def _serve_all(url: str, folder: Path, user_id: int, texts: list[str], told: Any) -> None:
    app = create_app(settings_for(url, folder))
    with app.app_context():
        client = logged_in(app, user_id)
    before = _resident()
    for text in texts:
        _search(client, text)
    told.put((_resident(), before))


def _resident() -> float:
    """The resident megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
