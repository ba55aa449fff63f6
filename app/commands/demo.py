"""`avrop demo`: data to look at."""

from __future__ import annotations

from time import perf_counter

import click
from sqlalchemy import select

from app.commands import with_app
from app.demo import LOGINS, make_demo
from auth.organisation import Organisation
from auth.user import User
from core.db import reading


@click.command()
@with_app
def demo() -> None:
    """Fill an empty database with an invented region.

    Thirteen organisations, their agreements and price lists, and a year of orders. Refuses a database that is not
    empty.
    """
    fill()
    show_logins()


def is_empty() -> bool:
    """Whether nobody has begun to use the database."""
    with reading() as session:
        return session.scalar(select(Organisation.id).limit(1)) is None


def is_there() -> bool:
    """Whether the database holds the demo, so that its log-ins are worth printing."""
    with reading() as session:
        return session.scalar(select(User.id).where(User.email == LOGINS[0].email)) is not None


def fill() -> None:
    """Make the demo data. Raises AvropError when the database is not empty."""
    began = perf_counter()
    make_demo(lambda text: click.echo(f"  {text}"))
    click.echo(f"  Demo data made in {perf_counter() - began:.0f} s.")


def show_logins() -> None:
    """Print who can log in with the demo data."""
    width = max(len(login.email) for login in LOGINS)
    for login in LOGINS:
        click.echo(f"  {login.email:<{width}}  {login.password}  {login.who}")
