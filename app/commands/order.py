"""`avrop order`: a placed order's documents."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import undefer

from app.commands import with_app
from core.db import reading
from orders.order import FileKind, Order, OrderFile


@click.group()
def order() -> None:
    """A purchase order, as it was sent."""


@order.command()
@click.argument("number")
@click.option("--format", "kind", type=click.Choice(["pdf", "ubl"]), required=True, help="Which of its documents.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where to write it.")
@with_app
def export(number: str, kind: str, out: Path) -> None:
    """Write a document of order NUMBER to a file.

    Byte for byte as it is stored, and as the supplier got it.
    """
    with reading() as session:
        file = session.scalar(
            select(OrderFile)
            .join(OrderFile.order)
            .where(Order.number == number, OrderFile.kind == FileKind(kind))
            .options(undefer(OrderFile.content))
        )
        if file is None:
            raise click.ClickException(f"there is no order {number}")
        out.write_bytes(file.content)
        click.echo(f"{out}: {len(file.content)} bytes, sha256 {file.sha256}")
