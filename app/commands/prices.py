"""`avrop prices`: price lists of the suppliers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import select

from app.commands import with_app
from app.commands.problems import show_problem
from catalog.actions.price_list import approve, import_price_list
from catalog.agreement import Agreement, Award, Lot
from catalog.managing import in_force
from catalog.price_row import rows_of
from catalog.supplier import Supplier
from core.checkdigits import organisation_number
from core.clock import today
from core.db import db, reading, unit_of_work
from core.state import state_name
from exchange import pricesheet
from exchange.csvtext import Unreadable
from exchange.groceries import generate_prices
from exchange.pricefile import TRUSTED
from exchange.pricesheet import Form

IN_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def prices() -> None:
    """Price lists of the suppliers."""


@prices.command("import")
@click.argument("file", type=IN_FILE)
@click.option("--agreement", required=True, help="The number of the agreement.")
@click.option("--supplier", required=True, help="The supplier's organisation number.")
@click.option("--lot", help="The number of the lot, where the supplier is on several.")
@click.option("--effective-from", type=click.DateTime(formats=["%Y-%m-%d"]), help="First day; today if not given.")
@click.option("--publish", is_flag=True, help="Put it in force, from its first day on.")
@with_app
def import_(
    file: Path, agreement: str, supplier: str, lot: str | None, effective_from: datetime | None, publish: bool
) -> None:
    """Bring a price list in as a draft: all of it, or nothing.

    CSV, XLSX, XLS, ODS or Peppol Catalogue 3 (XML); docs/prislistor.md has the columns. Each row that cannot be used is
    named with line, column and reason on stderr. A CSV file may have a million rows, ten times as many as on the page.
    """
    click.echo(f"Reading {file.name} ({file.stat().st_size:,} bytes) …")
    first_day = effective_from.date() if effective_from else today()
    with unit_of_work(), file.open("rb") as data:
        award = _award(agreement, supplier, lot)
        outcome = import_price_list(None, award, data, file.name, first_day, TRUSTED)
        for problem in outcome.problems:
            is_warning = problem.severity == "warning"
            show_problem(problem.line, problem.column, problem.value, problem.text, is_warning=is_warning)
        if outcome.price_list is None:
            raise click.ClickException(f"{file.name} has problems: nothing was stored")
        if publish:
            approve(None, outcome.price_list)
        told = (
            f"{award.supplier.name}, version {outcome.price_list.version}: "
            f"{outcome.price_list.article_count} articles, {state_name(outcome.price_list.state)}, "
            f"from {outcome.price_list.effective_from}"
        )
    click.echo(told)


@prices.command("template")
@click.option("--out", required=True, type=OUT_FILE, help="Where to write: .xlsx or .csv.")
def template_(out: Path) -> None:
    """Write an empty price list for a supplier to fill in: headings, an example row, the units."""
    out.write_bytes(pricesheet.template(_form(out)))
    click.echo(f"{out}: the template")


@prices.command("export")
@click.option("--agreement", required=True, help="The number of the agreement.")
@click.option("--supplier", required=True, help="The supplier's organisation number.")
@click.option("--lot", help="The number of the lot, where the supplier is on several.")
@click.option("--out", required=True, type=OUT_FILE, help="Where to write: .xlsx or .csv.")
@with_app
def export(agreement: str, supplier: str, lot: str | None, out: Path) -> None:
    """Write the list in force in the form in which it is imported."""
    form = _form(out)
    with reading():
        price_list = in_force(_award(agreement, supplier, lot))
        if price_list is None:
            raise click.ClickException(f"{supplier} has no list in force on {agreement}")
        out.write_bytes(pricesheet.price_list(rows_of(price_list), form))
        click.echo(f"{out}: version {price_list.version}, {price_list.article_count} articles")


@prices.command("from-groceries")
@click.argument("file", type=IN_FILE)
@click.option("--out", required=True, type=OUT_FILE, help="Where to write.")
def from_groceries(file: Path, out: Path) -> None:
    """Make a price list of real groceries.

    The prices are generated, and every article says so. FILE is a CSV with gtin13, product_name and ingredients. What
    is left out is named on stderr.
    """
    try:
        made = generate_prices(file.read_bytes())
    except Unreadable as error:
        raise click.ClickException(f"{file.name} is no CSV file ({error.code})") from None
    except ValueError as error:
        raise click.ClickException(f"{file.name}: {error}") from None
    for line, why in made.dropped:
        click.echo(f"{file.name}:{line}: {why}", err=True)
    out.write_text(made.text, encoding="utf-8-sig", newline="")
    click.echo(f"{out}: {made.articles} articles; {len(made.dropped)} left out")


def _form(out: Path) -> Form:
    if out.suffix == ".xlsx":
        return "xlsx"
    if out.suffix == ".csv":
        return "csv"
    raise click.ClickException(f"{out}: write a .xlsx or a .csv")


def _award(agreement: str, supplier: str, lot: str | None) -> Award:
    """The supplier's place on the agreement. Raises click.ClickException naming what is not found."""
    try:
        number = organisation_number(supplier)
    except ValueError as error:
        raise click.ClickException(f"--supplier {supplier}: {error}") from None
    query = (
        select(Award)
        .join(Lot, Lot.id == Award.lot_id)
        .join(Agreement, Agreement.id == Lot.agreement_id)
        .join(Supplier, Supplier.id == Award.supplier_id)
        .where(Agreement.number == agreement)
    )
    if db.session.scalar(select(Agreement.id).where(Agreement.number == agreement)) is None:
        raise click.ClickException(f"there is no agreement {agreement}")
    awards = db.session.scalars(query.where(Supplier.organisation_number == number).order_by(Lot.number)).all()
    if lot is not None:
        awards = [award for award in awards if award.lot.number == lot]
    if not awards:
        raise click.ClickException(f"{supplier} is not on agreement {agreement}" + (f", lot {lot}" if lot else ""))
    if len(awards) > 1:
        numbers = ", ".join(award.lot.number for award in awards)
        raise click.ClickException(f"{supplier} is on several lots ({numbers}): say which with --lot")
    return awards[0]
