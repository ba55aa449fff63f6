"""`avrop bench`: the speed of Avrop."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import click

from app.bench.approvals import bench_approvals
from app.bench.documents import bench_documents
from app.bench.measure import Figure
from app.bench.outbox import bench_outbox
from app.bench.pages import bench_pages
from app.bench.road import bench_road
from app.bench.search import bench_search
from app.bench.search_quality import bench_search_quality

Bench = Callable[..., Iterator[Figure]]
BENCHES: dict[str, Bench] = {
    "road": bench_road,
    "documents": bench_documents,
    "pages": bench_pages,
    "approvals": bench_approvals,
    "outbox": bench_outbox,
    "search": bench_search,
    "search-quality": bench_search_quality,
}


@click.command()
@click.argument("what", type=click.Choice(list(BENCHES)))
@click.option("--database", metavar="URL", help="Where to make the database of the measurement; default a SQLite file.")
@click.option("--articles", type=int, metavar="N", help="For search: how many articles there are; default a million.")
@click.option("--quick", is_flag=True, help="Under 30 seconds, with rougher figures.")
def bench(what: str, database: str | None, articles: int | None, quick: bool) -> None:
    """Measure Avrop, each figure beside its own floor.

    One JSON object a line: name, variant, value, unit, floor, ratio, queries. Works in a database of its own, which
    it removes afterwards; data that is there is never touched.
    """
    seconds = 1.5 if quick else 8.0
    sizes = {"articles": articles} if articles and what == "search" else {}
    for figure in BENCHES[what](database, seconds, quick, **sizes):
        click.echo(str(figure))
