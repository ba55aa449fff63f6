"""`avrop bench`: the speed of Avrop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import signature
from pathlib import Path
from typing import Any

import click

from app.bench.approvals import bench_approvals
from app.bench.categories import bench_categories
from app.bench.documents import bench_documents
from app.bench.measure import Figure
from app.bench.outbox import bench_outbox
from app.bench.pages import bench_pages
from app.bench.prices import bench_import
from app.bench.publication import bench_publish
from app.bench.road import bench_road
from app.bench.search import bench_search
from app.bench.search_quality import bench_search_quality
from app.bench.steering import bench_steering

Bench = Callable[..., Iterator[Figure]]
BENCHES: dict[str, Bench] = {
    "road": bench_road,
    "documents": bench_documents,
    "pages": bench_pages,
    "approvals": bench_approvals,
    "outbox": bench_outbox,
    "search": bench_search,
    "search-quality": bench_search_quality,
    "steering": bench_steering,
    "categories": bench_categories,
    "import": bench_import,
    "publish": bench_publish,
}
IN_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("what", type=click.Choice(list(BENCHES)))
@click.option("--database", metavar="URL", help="Where to make the database of the measurement; default a SQLite file.")
@click.option("--articles", type=int, metavar="N", help="For search: how many articles there are; default a million.")
@click.option("--quick", is_flag=True, help="Under 30 seconds, with rougher figures.")
@click.option("--titles", type=IN_FILE, help="For categories: a CSV of titles with their CPV codes (query, cpv).")
@click.option("--codes", type=IN_FILE, help="For categories: a CSV of the CPV codes and their names (code, name_sv).")
@click.option("--rows", type=click.IntRange(100, 1_000_000), help="How long the price list is: of import and publish.")
@click.option("--format", "form", type=click.Choice(["csv", "xlsx"]), help="Of the price list: of import.")
def bench(what: str, database: str | None, quick: bool, **given: Any) -> None:
    """Measure Avrop, each figure beside its own floor.

    One JSON object a line: name, variant, value, unit, floor, ratio, queries. Works in a database of its own, which
    it removes afterwards; data that is there is never touched.
    """
    seconds = 1.5 if quick else 8.0
    chosen = {name: value for name, value in given.items() if value is not None}
    if unknown := chosen.keys() - signature(BENCHES[what]).parameters.keys():
        raise click.UsageError(f"{what} has no choice of {', '.join(sorted(unknown))}")
    for figure in BENCHES[what](database, seconds, quick, **chosen):
        click.echo(str(figure))
