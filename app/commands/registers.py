"""What the commands that bring registers in and out have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from app.commands.problems import show_problem
from catalog.actions.intake import Alteration, Outcome, RegisterRefused
from catalog.actions.registers import KINDS, RegisterKind, preview
from core.db import reading, unit_of_work
from exchange.tablefile import Form

IN_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT_FILE = click.Path(dir_okay=False, path_type=Path)


def take_in(kind: str, file: Path, *, dry_run: bool) -> None:
    """Bring a file in, or only tell what that would do. Raises click.ClickException after naming every problem."""
    take_in_as(KINDS[kind], file, dry_run=dry_run)


def take_in_as(register: RegisterKind, file: Path, *, dry_run: bool) -> None:
    """`take_in` of a register that is not the same for everybody."""
    read = register.read(file.read_bytes(), file.name)
    for problem in read.problems:
        is_warning = problem.severity == "warning"
        show_problem(problem.line, problem.column, problem.value, problem.text, is_warning=is_warning)
    refused = click.ClickException(f"{file.name} has problems: nothing was imported")
    if not read.is_clean:
        raise refused
    try:
        with unit_of_work():
            if dry_run:
                outcome, refusals = preview(register, None, read.rows)
                if refusals:
                    raise RegisterRefused(refusals)
            else:
                outcome = register.bring_in(None, read.rows)
            told = _told(outcome)  # while what it names is at hand
    except RegisterRefused as error:
        for refusal in error.refusals:
            show_problem(refusal.line, refusal.column, "", str(refusal.text))
        raise refused from None
    click.echo(told + (" (dry run: nothing was imported)" if dry_run else ""))


def write_out(kind: str, out: Path) -> None:
    """Write a register in the form in which it is imported."""
    write_out_as(lambda: KINDS[kind], out)


def write_out_as(register: Callable[[], RegisterKind], out: Path) -> None:
    """`write_out` of a register that is found in the database."""
    form = form_of(out)
    with reading():
        out.write_bytes(register().write(None, form))
    click.echo(f"{out}: written")


def form_of(out: Path) -> Form:
    """The form that the name of a file asks for. Raises click.ClickException."""
    if out.suffix == ".xlsx":
        return "xlsx"
    if out.suffix == ".csv":
        return "csv"
    raise click.ClickException(f"{out}: write a .xlsx or a .csv")


def _told(outcome: Outcome) -> str:
    lines = [f"+ {each.name}" for each in outcome.new]
    lines += [_line(each) for each in outcome.changed]
    lines += [str(remark) for remark in outcome.remarks]
    lines.append(
        f"{len(outcome.new)} new, {len(outcome.changed)} changed, {outcome.unchanged} as before; "
        f"{outcome.missing} stand in Avrop but not in the file"
    )
    return "\n".join(lines)


def _line(each: Alteration) -> str:
    return "\n    ".join([f"{each.name}: changed", *map(str, each.changes)])
