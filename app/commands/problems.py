"""How the commands name what is wrong in a file: one problem a line on stderr, as a compiler would."""

from __future__ import annotations

import click


def show_problem(line: int | None, column: str, value: str, text: str, *, is_warning: bool = False) -> None:
    """`rad 3: Pris: ”-1”: Talet är negativt.`"""
    parts = ["varning"] if is_warning else []
    parts += [f"rad {line}"] if line else []
    parts += [column] if column else []
    parts += [f"”{value}”"] if value else []
    click.echo(": ".join([*parts, text]), err=True)
