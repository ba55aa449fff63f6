"""`avrop user`: the people who may log in."""

from __future__ import annotations

import sys

import click
from sqlalchemy import func, select

from app.commands import with_app
from auth.actions.organisation import Identity, Particulars, create_organisation
from auth.actions.user import Grant, Person, create_user
from auth.organisation import Organisation, OrganisationKind, Unit
from auth.permission import Role
from auth.queries import organisation_by_number
from auth.user import User, check_password
from core.checkdigits import organisation_number
from core.clock import now
from core.db import db, unit_of_work
from core.email import is_email


@click.group()
def user() -> None:
    """The people who may log in."""


@user.command()
@click.option("--email", required=True, help="What the person logs in with.")
@click.option("--name", required=True, help="First name and family name.")
@click.option("--system-admin", is_flag=True, help="A system administrator, at the office if no other is named.")
@click.option("--organisation", "number", metavar="ORGNR", help="Where the role is: an organisation number.")
@click.option("--organisation-name", metavar="NAME", help="Found it as the office, if it is the first organisation.")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="Needs --organisation.")
@click.option("--unit", "code", metavar="CODE", help="The role holds at this unit and below it.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_app
def create(
    email: str,
    name: str,
    system_admin: bool,
    number: str | None,
    organisation_name: str | None,
    role: str | None,
    code: str | None,
    password_stdin: bool,
) -> None:
    """Make a person with a role and a password.

    The first one on a new installation: avrop user create --email me@kommun.se --name "Eva Ek" --system-admin
    --organisation 222900-0019 --organisation-name "Upphandlingskontoret".
    """
    if not is_email(email.strip()):
        raise click.BadParameter("this is no e-mail address", param_hint="--email")
    if system_admin == bool(role):
        raise click.UsageError("Say either --system-admin, or --role with --organisation.")
    wanted = Role.SYSTEM_ADMIN if system_admin else Role(role)
    password = _password(password_stdin, User(email=email, name=name))
    with unit_of_work():
        organisation = _organisation(number, organisation_name)
        place = Grant(wanted, organisation, _unit(organisation, code))
        made = create_user(None, Person(name, email), place, invite=False)
        made.set_password(password, now())
        told = f"{made.name} ({made.email}) is {wanted.value} at {organisation.name}."
    click.echo(told)


def _password(from_stdin: bool, person: User) -> str:
    """Asked for before the database is written to: nobody should wait for somebody who thinks."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    check_password(password, person)
    return password


def _organisation(number: str | None, name: str | None) -> Organisation:
    if number is None:
        office = db.session.scalar(select(Organisation).where(Organisation.kind == OrganisationKind.OFFICE))
        if office is None:
            raise click.UsageError("There is no office yet: name one with --organisation and --organisation-name.")
        return office
    try:
        digits = organisation_number(number)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--organisation") from None
    found = organisation_by_number(digits)
    if found is not None:
        return found
    if name is None or db.session.scalar(select(func.count(Organisation.id))):
        raise click.ClickException(f"there is no organisation with the number {number}")
    return create_organisation(None, Identity(digits, name, OrganisationKind.OFFICE, "UPK"), Particulars())


def _unit(organisation: Organisation, code: str | None) -> Unit | None:
    if code is None:
        return None
    unit = db.session.scalar(select(Unit).where(Unit.organisation_id == organisation.id, Unit.code == code))
    if unit is None:
        raise click.ClickException(f"{organisation.name} has no unit with the code {code}")
    return unit
