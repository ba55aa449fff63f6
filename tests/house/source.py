"""The source of the packages, as syntax trees: what the rules of the house are asked of."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("app", "auth", "catalog", "core", "exchange", "followup", "orders")


class Module(NamedTuple):
    """One file of ours: `name` is its path from the root."""

    name: str
    tree: ast.Module


@cache
def modules() -> tuple[Module, ...]:
    """Every Python file of the packages, and wsgi.py."""
    paths = [ROOT / "wsgi.py", *(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))]
    return tuple(Module(str(p.relative_to(ROOT)), ast.parse(p.read_text("utf-8"), str(p))) for p in paths)


def nodes(*kinds: type[ast.AST]) -> Iterator[tuple[Module, ast.AST]]:
    """Every node of these kinds, with the module it stands in."""
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, kinds):
                yield module, node


def place(module: Module, node: ast.AST) -> str:
    """`orders/basket.py:17`."""
    return f"{module.name}:{getattr(node, 'lineno', 0)}"
