"""`avrop search`: what an organisation finds in the catalogue."""

from __future__ import annotations

import click
from sqlalchemy import select

from app.commands import with_app
from auth.organisation import Organisation
from catalog.search import Hit, SearchRequest, SearchResult, update_index
from catalog.search import search as find
from core.clock import today
from core.db import db, reading
from core.language import speaking
from core.web import price
from exchange.units import unit_name

NAME_WIDTH = 60


@click.command()
@click.argument("text")
@click.option("--organisation", required=True, metavar="ORGNR", help="Organisation number of who is asking.")
@click.option("--limit", default=20, type=click.IntRange(1, 500), show_default=True, help="Articles to print.")
@click.option("--all", "show_all", is_flag=True, help="Also what it may not order, each with the reason.")
@with_app
def search(text: str, organisation: str, limit: int, show_all: bool) -> None:
    """Search the catalogue as an organisation sees it.

    Brings the search index of this machine up to date first. Exit code 1 when nothing is found.
    """
    with reading(), speaking("sv"):
        number = organisation.replace("-", "")
        buyer = db.session.scalar(select(Organisation).where(Organisation.organisation_number == number))
        if buyer is None:
            raise click.ClickException(f"there is no organisation {organisation}")
        update_index()
        result = find(SearchRequest(text, buyer, today(), size=limit, include_not_orderable=show_all))
        if not result.hits:
            raise click.ClickException(f"nothing found for “{text}”")
        _print(result)


def _print(result: SearchResult) -> None:
    if result.suggestion:
        click.echo(f"Read as: {result.suggestion}")
    rows = [_row(hit) for hit in result.hits]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for number, name, cost, rest in rows:
        click.echo(f"{number:<{widths[0]}}  {name:<{widths[1]}}  {cost:>{widths[2]}}  {rest}")
    click.echo(f"{len(rows)} of {result.total}")


def _row(hit: Hit) -> tuple[str, str, str, str]:
    article = hit.article
    base = "" if article.base_quantity == 1 else f"{article.base_quantity.normalize():f} "
    cost = f"{price(article.price)}/{base}{unit_name(article.unit_code)}"
    stop = f"  ! {hit.stop.text}" if hit.stop else ""
    name = article.name if len(article.name) <= NAME_WIDTH else article.name[: NAME_WIDTH - 1] + "…"
    return article.supplier_number, name, cost, f"{hit.award.supplier.name}, {hit.award.lot.agreement.number}{stop}"
