"""Kill the worker at any point of publishing and indexing: people see one list or the other, and it heals by itself."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from auth.organisation import Organisation
from catalog.actions.price_list import import_price_list
from catalog.agreement import Award
from catalog.price_list import PriceList, PriceListState
from catalog.search import SearchRequest, SearchResult, finder, index_state, search
from core.clock import today
from core.db import TransactionalFlask, db, reading, unit_of_work
from core.state import advance
from tests.crash.system import ROOT
from tests.database import SECRET, new_app
from tests.factories.auth import make_organisation
from tests.factories.catalog import make_agreement, make_award, make_lot

pytestmark = pytest.mark.crash

SEED = 20261124
ARTICLES, OTHERS = 400, 2_500  # so that the index follows a new list, and is not made anew for it
EDITIONS, KILLS = 3, 8  # at least
MOST_EDITIONS = 40
PUBLISHING = 0.05  # seconds, in which every other kill falls


class Worker:
    """Whoever publishes: a process that starts a new one each time."""

    def __init__(self, app: TransactionalFlask) -> None:
        settings = app.config["AVROP"]
        env = os.environ | {
            "AVROP_DATABASE_URL": settings.database_url,
            "AVROP_DATA_DIR": str(settings.data_dir),
            "AVROP_SECRET_KEY": SECRET,
        }
        command = [sys.executable, "-m", "tests.crash.publisher"]
        self.process = subprocess.Popen(
            command, env=env, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def run(self, killed_after: float | None = None) -> str:
        """Publish and index: done, killed or failed."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("\n" if killed_after is None else f"{killed_after}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@pytest.fixture
def site(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TransactionalFlask]:
    monkeypatch.setattr(finder, "SMALL", -1)  # nobody brings the index up by asking
    with new_app(engine, tmp_path) as app:
        yield app


@pytest.fixture
def worker(site: TransactionalFlask) -> Iterator[Worker]:
    worker = Worker(site)
    with worker.process as process:
        yield worker
        process.kill()


def test_whenever_the_worker_is_killed_people_see_one_list_or_the_other(
    site: TransactionalFlask, worker: Worker
) -> None:
    dice = random.Random(SEED)
    with site.app_context():
        town, award = make_world()
        began = time.perf_counter()
        assert worker.run() == "done"  # makes the index
        longest = (time.perf_counter() - began) / 4
        killed = edition = 0
        while killed < KILLS or edition < EDITIONS:
            edition += 1
            assert edition <= MOST_EDITIONS, f"the kills have no power: {killed} in {edition} editions"
            review_edition(award, edition)
            for number in range(KILLS):
                end = worker.run(dice.uniform(0, PUBLISHING if number % 2 else longest))
                check_one_or_the_other(town, award, edition)
                killed += end == "killed"
                if end == "done":
                    longest = max(longest / 2, PUBLISHING)  # too late for this machine
                    break
            assert worker.run() == "done"
            assert index_lags() == 0
            assert seen(town, award) == (ARTICLES, {edition})


def make_world() -> tuple[int, int]:
    """A town that may order from two suppliers; ids of the town and of the award whose list changes."""
    with unit_of_work():
        town = make_organisation()
        bring_in(make_award(make_lot(make_agreement(town))), "Penna", OTHERS, edition=0)
        award = make_award(make_lot(make_agreement(town)))
        bring_in(award, "Servettduk", ARTICLES, edition=0)
        return town.id, award.id


def bring_in(award: Award, name: str, count: int, edition: int) -> None:
    """A list whose first day has come: the next worker puts it in force. The price tells the edition."""
    rows = [f"A{number};{name} {number};st;{10 + edition};25" for number in range(count)]
    data = "\n".join(["Artikelnummer;Benämning;Enhet;Pris;Moms", *rows]).encode()
    price_list = import_price_list(None, award, data, "lista.csv", today()).price_list
    assert price_list is not None
    advance(price_list, "review")


def review_edition(award: int, edition: int) -> None:
    with unit_of_work() as session:
        bring_in(session.get_one(Award, award), "Servettduk", ARTICLES, edition)


def check_one_or_the_other(town: int, award: int, edition: int) -> None:
    with reading() as session:
        published = session.scalars(
            select(PriceList.version)
            .where(PriceList.award_id == award, PriceList.state == PriceListState.PUBLISHED)
            .order_by(PriceList.version)
        ).all()
    assert len(published) == 1
    count, editions = seen(town, award)
    in_force = {published[0] - 1}
    assert in_force <= {edition - 1, edition}
    # the index may lag: then it shows nothing of the award, but never a part, and never what is not in force
    assert (count, editions) in [(ARTICLES, in_force), (0, set())]
    assert whole(town).total in (OTHERS, OTHERS + ARTICLES)


def seen(town: int, award: int) -> tuple[int, set[int]]:
    """How many articles of the award a search finds, and which editions their prices are of."""
    result = ask(town, "servettduk", size=ARTICLES)
    assert {hit.award.id for hit in result.hits} <= {award}
    assert len(result.hits) == result.total
    return result.total, {int(hit.article.price) - 10 for hit in result.hits}


def whole(town: int) -> SearchResult:
    return ask(town, "", size=1)


def ask(town: int, text: str, size: int) -> SearchResult:
    with reading() as session:
        return search(SearchRequest(text, session.get_one(Organisation, town), today(), size=size))


def index_lags() -> int:
    with reading():
        lags = index_state().lists_behind
    db.session.remove()
    return lags
