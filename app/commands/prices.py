"""`avrop prices`: price lists of the suppliers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click
from sqlalchemy import select

from app.commands import with_app
from app.commands.problems import show_problem
from auth.queries import user_by_email
from auth.user import User
from catalog.actions.price_list import approve, import_price_list
from catalog.actions.price_review import difference_of
from catalog.actions.price_review import refuse as refuse_rows
from catalog.actions.price_review import restore as restore_list
from catalog.agreement import Agreement, Award, Lot
from catalog.managing import in_force, price_lists_of
from catalog.price_change import Kind, Totals
from catalog.price_list import PriceList, PriceListState
from catalog.price_row import rows_of
from catalog.price_sheets import changes_sheet, refused_sheet
from catalog.supplier import Supplier
from core.checkdigits import organisation_number
from core.clock import today
from core.db import db, reading, unit_of_work
from core.state import state_name
from exchange import pricesheet
from exchange.csvtext import Unreadable
from exchange.groceries import generate_prices
from exchange.pricefile import TRUSTED
from exchange.tablefile import Form, write_table

IN_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT_FILE = click.Path(dir_okay=False, path_type=Path)


Command = TypeVar("Command", bound=Callable[..., object])


def _of_award(command: Command) -> Command:
    """The options that name a supplier's place on an agreement."""
    for option in (
        click.option("--lot", help="The number of the lot, where the supplier is on several."),
        click.option("--supplier", required=True, help="The supplier's organisation number."),
        click.option("--agreement", required=True, help="The number of the agreement."),
    ):
        command = option(command)
    return command


BY = click.option("--actor", metavar="E-MAIL", help="Who does it, by the address of her log-in; the journal says so.")


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
@BY
@with_app
def import_(
    file: Path,
    agreement: str,
    supplier: str,
    lot: str | None,
    effective_from: datetime | None,
    publish: bool,
    actor: str | None,
) -> None:
    """Bring a price list in as a draft: all of it, or nothing.

    CSV, XLSX, XLS, ODS or Peppol Catalogue 3 (XML); docs/prislistor.md has the columns. Each row that cannot be used is
    named with line, column and reason on stderr. A CSV file may have a million rows and 500 MB, a
    spreadsheet 50 MB. Where the agreement wants a second person for a list, that is anybody but the --actor;
    without one, anybody.
    """
    click.echo(f"Reading {file.name} ({file.stat().st_size:,} bytes) …")
    first_day = effective_from.date() if effective_from else today()
    with unit_of_work(), file.open("rb") as data:
        award = _award(agreement, supplier, lot)
        person = _person(actor)
        outcome = import_price_list(person, award, data, file.name, first_day, TRUSTED)
        for problem in outcome.problems:
            is_warning = problem.severity == "warning"
            show_problem(problem.line, problem.column, problem.value, problem.text, is_warning=is_warning)
        if outcome.price_list is None:
            raise click.ClickException(f"{file.name} has problems: nothing was stored")
        if publish:
            approve(person, outcome.price_list)
        told = (
            f"{award.supplier.name}, version {outcome.price_list.version}: "
            f"{outcome.price_list.article_count} articles, {state_name(outcome.price_list.state)}, "
            f"from {outcome.price_list.effective_from}"
        )
    click.echo(told)


@prices.command("changes")
@_of_award
@click.option("--version", type=int, help="Which list; the newest if not given.")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="Only these changes.")
@click.option("--out", type=OUT_FILE, help="Write all of them here (.xlsx or .csv) instead of showing the first.")
@with_app
def changes(
    agreement: str, supplier: str, lot: str | None, version: int | None, kind: str | None, out: Path | None
) -> None:
    """Show what a list changes against the one that it follows: what costs the most first."""
    form = _form(out) if out else None
    with reading():
        price_list = _price_list(_award(agreement, supplier, lot), version)
        difference, wanted = difference_of(price_list), Kind(kind) if kind else None
        _show_totals(price_list, difference.totals)
        if out and form:
            out.write_bytes(write_table(form, changes_sheet(price_list, wanted)))
            click.echo(f"{out}: the changes")
            return
        for change in difference.page(wanted, 1).items:
            percent = "" if change.percent is None else f" {change.percent:+} %"
            effect = "" if not change.effect else f", {change.effect:+} SEK a year"
            refused = f", refused: {change.refusal}" if change.refusal else ""
            article = change.article
            click.echo(f"{article.supplier_number} {article.name}: {change.kind.value}{percent}{effect}{refused}")


@prices.command("refuse")
@_of_award
@click.argument("numbers", nargs=-1)
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="All changes of this kind.")
@click.option("--reason", required=True, help="Why; the supplier gets to read it.")
@click.option("--out", type=OUT_FILE, help="Write all refused rows here (.xlsx or .csv), to send to the supplier.")
@BY
@with_app
def refuse(
    agreement: str,
    supplier: str,
    lot: str | None,
    numbers: tuple[str, ...],
    kind: str | None,
    reason: str,
    out: Path | None,
    actor: str | None,
) -> None:
    """Refuse changes of the newest draft, by the supplier's NUMBERS or by kind.

    A refused change keeps the row in force, a refused new article is left out, and one that was taken out stays.
    """
    if bool(numbers) == bool(kind):
        raise click.UsageError("name the articles, or a --kind")
    form = _form(out) if out else None
    with unit_of_work():
        draft = _draft(_award(agreement, supplier, lot))
        wanted = Kind(kind) if kind else None
        count = refuse_rows(_person(actor), draft, reason, numbers=numbers or None, kind=wanted)
        if out and form:
            out.write_bytes(write_table(form, refused_sheet(draft)))
    click.echo(f"{count} refused" + (f"; all of them are in {out}" if out else ""))


@prices.command("publish")
@_of_award
@with_app
def publish(agreement: str, supplier: str, lot: str | None) -> None:
    """Approve the newest draft: in force at once, or from its first day on.

    Above the agreement's limits a person must do it, on the page: a command is nobody's second pair of eyes, and so it
    asks for no --actor.
    """
    with unit_of_work():
        draft = _draft(_award(agreement, supplier, lot))
        approve(None, draft)
        told = f"version {draft.version}: {state_name(draft.state)}, from {draft.effective_from}"
    click.echo(told)


@prices.command("restore")
@_of_award
@click.option("--version", type=int, required=True, help="Which former list.")
@click.option("--publish", is_flag=True, help="Put it in force at once.")
@BY
@with_app
def restore(agreement: str, supplier: str, lot: str | None, version: int, publish: bool, actor: str | None) -> None:
    """Take up a former list again, as a new draft with the same rows."""
    with unit_of_work():
        person = _person(actor)
        draft = restore_list(person, _price_list(_award(agreement, supplier, lot), version))
        if publish:
            approve(person, draft)
        told = f"version {draft.version}: {draft.article_count} articles as in {version}, {state_name(draft.state)}"
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


def _person(email: str | None) -> User | None:
    """Who acts, if anybody is named. Raises click.ClickException for an address that nobody logs in with."""
    if email is None:
        return None
    found = user_by_email(email)
    if found is None or not found.is_active:
        raise click.ClickException(f"--actor {email}: nobody logs in with this address")
    return found


def _price_list(award: Award, version: int | None) -> PriceList:
    """The list of that version, or the newest. Raises click.ClickException where there is none."""
    lists = price_lists_of(award)
    found = next((each for each in lists if version in (None, each.version)), None)
    if found is None:
        raise click.ClickException("there is no such list")
    return found


def _draft(award: Award) -> PriceList:
    found = next((each for each in price_lists_of(award) if each.state is PriceListState.DRAFT), None)
    if found is None:
        raise click.ClickException("there is no draft")
    return found


def _show_totals(price_list: PriceList, totals: Totals) -> None:
    click.echo(
        f"version {price_list.version}: {totals.new} new, {totals.gone} gone, {totals.dearer} dearer, "
        f"{totals.cheaper} cheaper, {totals.reworded} with another text or unit; {totals.refused} refused"
    )
    click.echo(
        f"{totals.effect:+} SEK a year: {totals.dearer_effect:+} dearer, {totals.cheaper_effect:+} cheaper; "
        f"largest change {totals.largest_percent} %, {totals.share} % of the rows"
    )
    if totals.breaking:
        click.echo(f"{totals.breaking} raises that the agreement does not allow", err=True)


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
