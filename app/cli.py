"""The command line: `avrop COMMAND …`. A command is imported only when it is asked for, so that help is instant."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import NoReturn

import click

# Command → its line in `avrop --help`, the first sentence of its own help; tests/app/test_cli.py holds them equal.
COMMANDS = {
    "agreements": "Framework agreements from a register.",
    "bench": "Measure Avrop, each figure beside its own floor.",
    "categories": "The office's own tree of what is bought, mapped to CPV.",
    "coding": "An organisation's code lists and allowed combinations as files.",
    "db": "Prepare the database, or ask whether it is prepared.",
    "demo": "Fill an empty database with an invented region.",
    "entitlements": "Which organisations may call off, as a register.",
    "journal": "The journal of everything that was done.",
    "order": "A purchase order, as it was sent.",
    "prices": "Price lists of the suppliers.",
    "search": "Search the catalogue as an organisation sees it.",
    "serve": "Serve the pages, for production.",
    "start": "Start everything on this machine, with demo data.",
    "suppliers": "The suppliers, as a register.",
    "user": "The people who may log in.",
    "worker": "Send the mail that waits, until stopped.",
}


class LazyGroup(click.Group):
    """A group that knows the names and short helps of its commands, and imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"app.commands.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="avrop", message="%(prog)s %(version)s")
def cli() -> None:
    """Orders under framework agreements.

    Settings are read from the environment (AVROP_DATABASE_URL, AVROP_SMTP_URL …; the README lists them).
    """


def main() -> NoReturn:
    """The console script. Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted."""
    try:
        code = cli.main(prog_name="avrop", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "avrop"
        message = error.format_message()
        _fail(f"{message}{'' if message.endswith(('.', '?')) else '.'} See `{command} --help`.", code=2)
    except click.ClickException as error:
        _fail(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:  # `avrop search … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get("AVROP_DEBUG"):
            raise
        _fail(_explain(error))
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int = 1) -> NoReturn:
    click.echo("avrop: " + " ".join(message.split()), err=True)
    sys.exit(code)


def _explain(error: Exception) -> str:
    """What to tell the person at the keyboard. Imports here, because most calls of `avrop` need none of it."""
    from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

    from core.config import SettingError
    from core.errors import AvropError

    match error:
        case SettingError():
            return str(error)
        case AvropError():
            return f"{error.message} {error.way_on or ''}"
        case DBAPIError() if _lacks_table(error):
            return "the database has no tables yet: run `avrop db upgrade`"
        case IntegrityError() if getattr(error.orig, "sqlstate", "") == "23505":
            return "somebody else entered the same thing at the same moment; nothing was stored: run it again"
        case OperationalError() | InterfaceError():
            reason = (str(error.orig).strip() or "no reason given").splitlines()[0]
            return f"the database does not answer ({reason}); AVROP_DATABASE_URL says where it is"
        case OSError() if error.filename:
            return f"{error.filename}: {error.strerror}"
    first_line = (str(error).strip() or "no more is known").splitlines()[0]
    return f"{type(error).__name__}: {first_line} (AVROP_DEBUG=1 shows where)"


def _lacks_table(error: Exception) -> bool:
    cause = getattr(error, "orig", None)
    return type(cause).__name__ == "UndefinedTable" or "no such table" in str(cause)


if __name__ == "__main__":
    main()
