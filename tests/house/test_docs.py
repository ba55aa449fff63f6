"""Every command, setting, permission and role is named where people look for it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import click
import pytest

from app.cli import COMMANDS, cli
from auth.permission import ROLE_PERMISSIONS, Permission, Role
from tests.house.source import ROOT, nodes

README = (ROOT / "README.md").read_text("utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")


def commands(group: click.Group, prefix: str = "avrop") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


def settings() -> set[str]:
    """Every name of a setting that stands in the code."""
    strings = [node.value for _, node in nodes(ast.Constant) if isinstance(node, ast.Constant)]
    return {text for text in strings if isinstance(text, str) and re.fullmatch(r"AVROP_[A-Z_]+", text)}


def test_every_setting_is_in_the_table_of_the_readme() -> None:
    missing = [name for name in sorted(settings()) if not re.search(rf"^\| `{name}`", README, re.M)]
    assert missing == []


def test_the_readme_names_no_setting_that_is_not_there() -> None:
    assert set(re.findall(r"^\| `(AVROP_[A-Z_]+)`", README, re.M)) <= settings()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_in_the_docs_and_helps(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert isinstance(command, click.Command)
    assert command.get_short_help_str(limit=100) == COMMANDS[name]
    leaves = (
        dict(commands(command, f"avrop {name}")) if isinstance(command, click.Group) else {f"avrop {name}": command}
    )
    for path, leaf in leaves.items():
        assert leaf.help, f"{path} has no help"
        assert f"`{path}" in README, f"{path} is not in README.md"
        assert f"`{path}" in OPERATIONS, f"{path} is not in docs/operations.md"


def test_every_permission_and_role_is_in_the_docs() -> None:
    missing = [p.value for p in [*Permission, *Role] if f"`{p.value}`" not in OPERATIONS]
    assert missing == []


def test_decisions_are_numbered_without_gaps_and_can_be_found() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
    assert "docs/decisions" in (ROOT / "ARCHITECTURE.md").read_text("utf-8")


def test_the_table_of_roles_is_the_table_of_the_code() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (`[a-z]+:.*) \|$", OPERATIONS, re.M))
    told = {role: set(re.findall(r"`([a-z:-]+)`", permissions)) for role, permissions in rows.items()}
    assert told == {role.value: {p.value for p in permissions} for role, permissions in ROLE_PERMISSIONS.items()}
