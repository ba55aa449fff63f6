"""`avrop agreements`: framework agreements from a register."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import select

from app.commands import with_app
from app.commands.problems import show_problem
from app.commands.registers import IN_FILE, OUT_FILE, take_in, write_out
from auth.organisation import Organisation
from catalog.actions.intake import RegisterRefused
from catalog.actions.register import RegisterOutcome, import_register
from core.db import reading, unit_of_work
from exchange.csvtext import Unreadable, decode
from exchange.registerfile import read_register
from exchange.table import MAX_BYTES
from exchange.uhm import PROCUREMENTS, TENDERS, VALUES, Assumptions, convert, write_register

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def agreements() -> None:
    """Framework agreements from a register."""


@agreements.command("import")
@click.argument("file", type=IN_FILE)
@click.option("--publish", is_flag=True, help="Publish every draft of the file that is complete; refuse all otherwise.")
@with_app
def import_(file: Path, publish: bool) -> None:
    """Bring a register in: all of it, or nothing.

    CSV, XLSX, XLS or ODS. One row for each agreement, lot and supplier; docs/avtalsregister.md has the columns.
    Importing again updates drafts. Problems are named with line and column on stderr.
    """
    read = read_register(file.read_bytes(), file.name)
    for problem in read.problems:
        is_warning = problem.severity == "warning"
        show_problem(problem.line, problem.column, problem.value, problem.text, is_warning=is_warning)
    if not read.is_clean:
        raise click.ClickException(f"{file.name} has problems: nothing was imported")
    click.echo(f"Importing {len(read.rows)} rows …")
    try:
        with unit_of_work():
            outcome = import_register(None, read.rows, publish=publish)
            told = _told(outcome)  # while what it names is at hand
    except RegisterRefused as refused:
        for refusal in refused.refusals:
            show_problem(refusal.line, refusal.column, "", str(refusal.text))
        raise click.ClickException(f"{file.name} has problems: nothing was imported") from None
    click.echo(told)


@agreements.command("export")
@click.option("--out", required=True, type=OUT_FILE, help="Where to write: .xlsx or .csv.")
@with_app
def export(out: Path) -> None:
    """Write all agreements in the form in which they are imported."""
    write_out("agreements", out)


@agreements.command("external")
@click.argument("file", type=IN_FILE)
@click.option("--dry-run", is_flag=True, help="Only tell what would be entered.")
@with_app
def external(file: Path, dry_run: bool) -> None:
    """Enter what was called off outside Avrop: all of a file, or nothing.

    CSV, XLSX, XLS or ODS; docs/tak.md has the columns. Each row counts on the ceilings; one that is there already is
    not entered again. Problems are named with line and column on stderr.
    """
    take_in("external", file, dry_run=dry_run)


@agreements.command("export-external")
@click.option("--out", required=True, type=OUT_FILE, help="Where to write: .xlsx or .csv.")
@with_app
def export_external(out: Path) -> None:
    """Write what was called off outside Avrop, in the form in which it is entered."""
    write_out("external", out)


@agreements.command("from-uhm")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--register", "out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to.")
@click.option("--suppliers", type=IN_FILE, help="A CSV with the columns namn and organisationsnummer.")
@click.option("--invent-numbers", is_flag=True, help="Give other suppliers numbers that no company has (00…).")
@click.option("--starts-on", type=DAY, help="First day of every agreement; else the day of publication.")
@with_app
def from_uhm(folder: Path, out: Path, suppliers: Path | None, invent_numbers: bool, starts_on: datetime | None) -> None:
    """Make a register of open procurement statistics.

    The statistics are those of Upphandlingsmyndigheten, the register is for `avrop agreements import`. FOLDER holds
    procurements.csv, contracted_tenders_with_suppliers.csv and contracted_value.csv. Every row that is left out is
    named on stderr with the reason; docs/real-data.md tells what is assumed.
    """
    with reading() as session:
        known = set(session.scalars(select(Organisation.organisation_number)))
    assumed = Assumptions(known, _numbers(suppliers), invent_numbers, starts_on.date() if starts_on else None)
    try:
        done = convert({name: (folder / name).read_bytes() for name in (PROCUREMENTS, TENDERS, VALUES)}, assumed)
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise click.ClickException(f"{folder} is not in the expected form: {error}") from None
    for skipped in sorted(done.skipped):
        click.echo(f"{skipped.file}:{skipped.line}: {skipped.about}: {skipped.why}", err=True)
    reasons = Counter(skipped.why for skipped in done.skipped)
    if not done.rows:
        commonest = f": {reasons.most_common(1)[0][0]}" if reasons else ""
        raise click.ClickException(
            f"no agreement came out of {folder}, and {out} was not written; {len(done.skipped)} left out{commonest}"
        )
    out.write_text(write_register(done.rows), encoding="utf-8-sig", newline="")
    click.echo(
        f"{out}: {len({row['agreement'] for row in done.rows})} agreements, "
        f"{len({(row['agreement'], row['lot']) for row in done.rows})} lots, "
        f"{len({row['supplier'] for row in done.rows})} suppliers, {len(done.rows)} rows; {len(done.skipped)} left out"
    )
    for why, count in reasons.most_common():
        click.echo(f"  {count:>4}  {why}")


def _numbers(file: Path | None) -> dict[str, str]:
    """Supplier's name, casefolded → organisation number as written."""
    if file is None:
        return {}
    try:
        text = decode(file.read_bytes(), file.name, max_bytes=MAX_BYTES)
    except Unreadable as error:
        raise click.ClickException(f"{file.name} is no CSV file ({error.code})") from None
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    if not rows or not {"namn", "organisationsnummer"} <= rows[0].keys():
        raise click.ClickException(f"{file.name} lacks the columns namn and organisationsnummer")
    return {" ".join((row["namn"] or "").split()).casefold(): row["organisationsnummer"] or "" for row in rows}


def _told(outcome: RegisterOutcome) -> str:
    lines = [f"{name}: changed\n    " + "\n    ".join(map(str, changes)) for name, changes in outcome.changed.items()]
    lines += [str(remark) for remark in outcome.remarks]
    lines.append(
        f"{len(outcome.created)} agreements new, {len(outcome.changed)} changed, {len(outcome.unchanged)} as before, "
        f"{len(outcome.published)} published; {len(outcome.new_suppliers)} suppliers new"
    )
    return "\n".join(lines)
